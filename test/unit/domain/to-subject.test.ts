import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { shortHash } from '#app/content-hash.ts'
import { guestKeyWith, personHashWith } from '#app/person-hash.ts'
import { ShopConfigSchema } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import { SubjectSchema } from '#contracts/delivery-message.ts'
import { type WebhookEvent, WebhookEventSchema } from '#contracts/webhook.ts'
import { identityOf } from '#domain/identity.ts'
import { normalisedPhone } from '#domain/phone.ts'
import { toSubject } from '#domain/to-subject.ts'
import { anOrder, snapshotEvent } from '../../support/an-order.ts'
import { validExamples } from '../../support/webhook-examples.ts'

const BodySchema = z.union([
  z.object({ events: z.array(WebhookEventSchema).min(1) }),
  WebhookEventSchema.transform((event) => ({ events: [event] })),
])
const shop = {
  id: 'A1',
  config: ShopConfigSchema.parse({ targets: ['erp'] }),
  hash: shortHash,
  guestKey: guestKeyWith(personHashWith('a key')),
}
const told = (event: WebhookEvent) => toSubject(event, shop)
const identity = (subject: Subject) => identityOf(subject, shortHash)

function example(name: string): WebhookEvent {
  const [, body] = validExamples.find(([its]) => its === name) ?? []
  const [event] = BodySchema.parse(body).events
  if (!event) throw new Error(`there is no example ${name}`)
  return event
}

describe('the subject of an event', () => {
  it.each(validExamples.filter(([name]) => name !== 'bridge-test'))(
    'of the example %s survives the queue',
    (_name, body) => {
      for (const event of BodySchema.parse(body).events) {
        const { subject, besides } = told(event)
        for (const one of [subject, ...besides]) {
          const sent = JSON.stringify(SubjectSchema.encode(one))
          expect(SubjectSchema.parse(JSON.parse(sent))).toEqual(one)
        }
      }
    },
  )

  it.each([
    ['customer', 'customer-deleted'],
    ['return', 'return-deleted'],
    ['ticket', 'ticket-deleted'],
  ])('has one identity for a %s and its deletion', (snapshot, deletion) => {
    const [before, after] = [told(example(snapshot)), told(example(deletion))]
    expect(identity(after.subject).sourceId).toBe(identity(before.subject).sourceId)
    expect(identity(after.subject).reference).toBe(identity(before.subject).reference)
    expect(after.subject.is).toBe('gone')
  })
})

describe('a guest', () => {
  const ordered = (mobile: string, change: object = {}) =>
    told(
      snapshotEvent(
        anOrder()
          .with({ user_id: '0', mobile, tel: '', ...change })
          .snapshot(),
      ),
    )
  const guestOf = (mobile: string) => {
    const [guest] = ordered(mobile).besides
    if (guest?.is !== 'customer') throw new Error('there is no guest')
    return guest
  }

  it('is one person, however the phone is written', () => {
    const spellings = [
      '13000000001',
      '130 0000 0001',
      '+86 130-0000-0001',
      '0086 13000000001',
      '１３００００００００１',
    ]
    const references = spellings.map((phone) => identity(guestOf(phone)).reference)
    expect(new Set(references).size).toBe(1)
    expect(references[0]).toMatch(/^ECA1-G[0-9a-z]{20}$/)
    expect(references[0]).not.toContain('13000000001')
    expect(identity(guestOf('13000000002')).reference).not.toBe(references[0])
  })

  it('is another one under another key: the hash alone tells nobody who it is', () => {
    const other = toSubject(
      snapshotEvent(anOrder().with({ user_id: '0', mobile: '13000000001' }).snapshot()),
      {
        ...shop,
        guestKey: guestKeyWith(personHashWith('another key')),
      },
    )
    const [guest] = other.besides
    expect(guest && identity(guest).reference).not.toBe(identity(guestOf('13000000001')).reference)
  })

  it('is linked by a member of the same phone, and stays a customer of its own', () => {
    const member = example('customer')
    if (member.type !== 'customer.snapshot') throw new Error('no member')
    const { subject, besides } = told({
      ...member,
      snapshot: { ...member.snapshot, mobile_phone: '+8613000000001' },
    })
    if (subject.is !== 'customer') throw new Error('no customer')
    expect(besides).toEqual([])
    expect(subject.customer.sameAs).toBe(identity(guestOf('13000000001')).reference)
    expect(identity(subject).reference).toBe(`ECA1-U${member.snapshot.user_id}`)
  })

  it('needs a phone to be known by, and is nobody who has an account', () => {
    expect(ordered('', { tel: '' }).besides).toEqual([])
    expect(ordered('12', { tel: '' }).besides).toEqual([])
    expect(ordered('13000000001', { user_id: '7' }).besides).toEqual([])
  })

  it.each([
    ['+1 (202) 555-0100', '+12025550100'],
    ['0571-8000 0000', '057180000000'],
    ['+86 0571 80000000', '057180000000'],
    ['86000000', '86000000'],
    ['nobody', ''],
  ])('has the phone %s as %s', (text, phone) => {
    expect(normalisedPhone(text)).toBe(phone)
    expect(normalisedPhone(phone)).toBe(phone)
  })
})

describe('money that was given back', () => {
  const refund = {
    log_id: '901',
    change_time: 1_795_200_500,
    refunded_at: '2026-11-21T02:48:20Z',
    amount: '12.50',
    to: 'withdrawal' as const,
    reason: 'refund' as const,
    user_id: '7',
  }

  it('is a return of its own, by the row that recorded it', () => {
    const snapshot = anOrder().snapshot()
    const { subject, besides } = told(
      snapshotEvent({
        ...snapshot,
        refunds: [refund, { ...refund, log_id: '902', to: 'balance', reason: 'balance-returned' }],
      }),
    )
    const refunds = besides.flatMap((one) => (one.is === 'return' ? [one] : []))
    expect(refunds.map((one) => [identity(one).reference, identity(one).sourceId])).toEqual([
      ['ECA1-F901', 'f901.1795200500'],
      ['ECA1-F902', 'f902.1795200500'],
    ])
    expect(refunds.map((one) => one.return.refund)).toEqual([
      { amount: 1250, to: 'withdrawal', of: 'payment' },
      { amount: 1250, to: 'balance', of: 'balance' },
    ])
    expect(refunds.map((one) => one.return.order.reference)).toEqual([
      identity(subject).reference,
      identity(subject).reference,
    ])
    expect(identity(subject)).toEqual(identity(told(snapshotEvent(snapshot)).subject))
  })
})

describe('a ticket', () => {
  const ticket = (replies: object[]) => {
    const event = example('ticket-of-a-guest')
    if (event.type !== 'ticket.snapshot') throw new Error('no ticket')
    const row = {
      msg_id: '41',
      msg_time: 1,
      written_at: '2026-11-21T02:50:00Z',
      user_id: '1',
      user_name: 'admin',
      msg_content: '…',
    }
    const parsed = WebhookEventSchema.parse({
      ...event,
      snapshot: { ...event.snapshot, replies: replies.map((reply) => ({ ...row, ...reply })) },
    })
    const { subject } = told(parsed)
    if (subject.is !== 'ticket') throw new Error('no ticket')
    return subject.ticket
  }

  it('does not change by what we write into it', () => {
    const bare = ticket([])
    expect(ticket([{ msg_content: 'ours', by_bridge: true, bridge_reply_ids: ['s1'] }])).toEqual(bare)
    expect(ticket([{ msg_content: 'ours', bridge_reply_ids: ['s1', 's2'] }])).toEqual(bare)
  })

  it('has the words of the shop’s people, also where ours stand in the same row', () => {
    expect(ticket([{ msg_content: 'by hand' }]).replies).toMatchObject([{ replyId: '41', text: 'by hand' }])
    expect(
      ticket([{ msg_content: 'by hand\nours', bridge_reply_ids: ['s1'], own_content: 'by hand' }]).replies,
    ).toMatchObject([{ text: 'by hand' }])
  })

  it('is known by its order, or by its own number', () => {
    expect(ticket([]).order).toBeNull()
    const about = told(example('ticket')).subject
    if (about.is !== 'ticket' || !about.ticket.order) throw new Error('the example is about no order')
    expect(identity(about).no).toBe(about.ticket.order.orderSn)
  })
})
