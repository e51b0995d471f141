import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Subject } from '#contracts/delivery-message.ts'
import type { Disclosures } from '#contracts/privacy.ts'
import { DocumentKindSchema } from '#contracts/scalars.ts'
import { disclosed } from '#domain/disclose.ts'
import { type SamplePerson, thingsOf } from '#domain/sample-person.ts'

const disclosure = fc.constantFrom('full' as const, 'partial' as const, 'none' as const)
const disclosures: fc.Arbitrary<Disclosures> = fc.record({
  name: disclosure,
  phone: disclosure,
  email: disclosure,
  address: disclosure,
  idNumber: disclosure,
})

const phone = fc.oneof(
  fc.constantFrom(
    '13800138000',
    '+86 138-0013-8000',
    '021-62345678',
    '+44 20 7946 0018',
    '88886666',
    '1３8001３8000',
  ),
  fc.integer({ min: 13_000_000_000, max: 19_999_999_999 }).map(String),
)
const name = fc.oneof(
  fc.constantFrom(
    '王小明',
    'Anna Brown',
    '李',
    'O*Brien',
    '**',
    '13800138000',
    'anna@example.com',
    '𠮷田 太郎',
  ),
  fc.string({ maxLength: 12 }),
)
const email = fc.constantFrom('wang.xm@example.com', 'a@b.cn', '', 'a*b@example.com', '***@example.com')
const piece = fc.oneof(
  fc.constantFrom(
    '110101199003077619',
    '110101 19900307 7619',
    '110101900307761',
    '13800138000',
    '0101 ',
    '13800000123 45678901',
    '0571-88886666',
    '400-820-8820',
    'x@y.com',
    '***',
    '王小明',
    ' ',
    '+',
    '-',
    '(',
  ),
  fc.integer({ min: 0, max: 9_999_999 }).map(String),
  fc.string({ maxLength: 6 }),
)
const words = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

const person: fc.Arbitrary<SamplePerson> = fc.record({
  login: name,
  name,
  phone,
  email,
  district: fc.constantFrom('玄武区', ''),
  street: fc.oneof(fc.constantFrom('示例路 1 号 2 幢', 'Baker Street 221b'), fc.string({ maxLength: 20 })),
  zipcode: fc.constantFrom('210000', ''),
  birthday: fc.constantFrom('1990-03-07', ''),
  invoiceTitle: name,
  words,
})
const thing: fc.Arbitrary<Subject> = fc
  .record({ person, kind: fc.constantFrom(...DocumentKindSchema.options) })
  .map(({ person: who, kind }) => thingsOf('A1', who)[kind])

/** What is said in it, but for references and numbers of documents. */
const digitsIn = (subject: Subject): string[] =>
  JSON.stringify(subject, (key, value: unknown) =>
    ['order', 'orderSn', 'reference', 'lines', 'deliverySn', 'email'].includes(key) &&
    subject.is !== 'snapshot'
      ? null
      : ['orderSn', 'email', 'money', 'lines'].includes(key)
        ? null
        : value,
  ).match(/[\d*]{7,}/g) ?? []

describe('what a target may see', { timeout: 120_000 }, () => {
  it('is masked once, however often it is masked', () => {
    fc.assert(
      fc.property(thing, disclosures, (subject, how) => {
        const once = disclosed(subject, how)
        expect(disclosed(once, how)).toEqual(once)
      }),
      { numRuns: 2_000 },
    )
  })

  it('has no digit of a phone that is not disclosed', () => {
    const plain = fc.record({ person, words: fc.constantFrom('', 'Call me', '请尽快') })
    fc.assert(
      fc.property(plain, fc.constantFrom(...DocumentKindSchema.options), disclosures, (who, kind, how) => {
        const { phone: number } = who.person
        const words = `${who.words} ${number}; ${number}`
        const subject = thingsOf('A1', { ...who.person, email: '', login: number, words })[kind]
        // A ticket and a request for parts know no phone by a field: only what looks like one is found there.
        if (number === '88886666' && (kind === 'ticket' || kind === 'parts')) return
        const seen = disclosed(subject, { ...how, phone: 'none' })
        const digits = number.normalize('NFKC').replace(/\D/g, '')
        for (const run of digitsIn(seen)) expect(digits).not.toContain(run.slice(0, 7))
        expect(JSON.stringify(seen)).not.toContain(number)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is the whole thing where everything is disclosed', () => {
    fc.assert(
      fc.property(thing, (subject) => {
        expect(
          disclosed(subject, {
            name: 'full',
            phone: 'full',
            email: 'full',
            address: 'full',
            idNumber: 'full',
          }),
        ).toEqual(subject)
      }),
    )
  })

  it('keeps money, lines, times and references', () => {
    fc.assert(
      fc.property(person, disclosures, (who, how) => {
        const things = thingsOf('A1', who)
        for (const subject of Object.values(things)) {
          const seen = disclosed(subject, how)
          if (subject.is === 'snapshot' && seen.is === 'snapshot') {
            const {
              consignee: _c,
              buyer: _b,
              invoice: _i,
              notes: _n,
              giftWrap: _g,
              extra: _e,
              ...rest
            } = subject.order
            expect(seen.order).toMatchObject(rest)
            expect(seen.order.buyer.userId).toBe(subject.order.buyer.userId)
          }
          if (subject.is === 'return' && seen.is === 'return') {
            const { consignee: _c, note: _n, extra: _e, ...rest } = subject.return
            expect(seen.return).toMatchObject(rest)
          }
          if (subject.is === 'ticket' && seen.is === 'ticket') {
            const { order, type, writtenAt, ticketId } = subject.ticket
            expect(seen.ticket).toMatchObject({ order, type, writtenAt, ticketId })
            expect(seen.ticket.customer.reference).toBe(subject.ticket.customer.reference)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
