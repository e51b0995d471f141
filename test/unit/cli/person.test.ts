import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { personHash } from '#app/person-hash.ts'
import { DeliveryMessageSchema, type Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import { peopleOf } from '#domain/people-of.ts'
import { type SamplePerson, thingsOf } from '#domain/sample-person.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { aCli } from '../../support/cli.ts'

const WANG: SamplePerson = {
  login: 'xm_wang',
  name: '王小明',
  phone: '13900001234',
  email: 'xm.wang@example.com',
  district: '玄武区',
  street: '示例路 7 号',
  zipcode: '210018',
  birthday: '1990-03-07',
  invoiceTitle: '王小明',
  words: '我是王小明',
}
const things = thingsOf('A1', WANG)
const SECRETS = [WANG.name, WANG.phone, WANG.email, WANG.street]

type Cli = ReturnType<typeof aCli>

async function hold(cli: Cli, subject: Subject, kind: DocumentKind, change: Partial<LedgerRow> = {}) {
  const row = aRow({
    key: { shop: 'A1', kind, sourceId: `${kind}.1`, target: 'erp' },
    ref: `ECA1-${kind}`,
    no: `no-${kind}`,
    status: 'done',
    erp: { id: `doc-${kind}`, no: 'S1', generation: 0, step: 'create', state: 'live' },
    ...change,
  })
  const hash = await personHash(new MemorySecrets())
  await cli.ledger.put(row)
  await cli.ledger.putSubject(
    row.key,
    subject,
    86_400,
    peopleOf(subject).map(({ of, value }) => hash(of, value)),
  )
  return row
}

async function holdAll(cli: Cli) {
  const order = await hold(cli, things.order, 'order')
  await cli.ledger.putRequest(order.key, 'r1', JSON.stringify({ to: WANG.name }), 86_400)
  await hold(cli, things.customer, 'customer')
  await hold(cli, things.return, 'return')
  const ticket = await hold(cli, things.ticket, 'ticket', {
    status: 'parked',
    reason: { code: 'refused', message: `${WANG.name} is unknown`, remedy: 'Mend it.' },
  })
  await hold(cli, things.parts, 'parts', { no: ticket.ref })
  await cli.writebacks.put(aStep(ticket.ref))
}

function aStep(ref: string, id = 's1'): WritebackRow {
  return {
    v: 1,
    key: { target: 'erp', kind: 'progress', id },
    rev: 1,
    writer: 'w',
    shop: 'A1',
    no: 'T301',
    ref,
    status: 'parked',
    reason: { code: 'refused', message: WANG.name, remedy: '' },
    command: {
      is: 'progress',
      no: 'T301',
      ref,
      progress: {
        of: 'ticket',
        id,
        reference: ref,
        at: '2026-11-22T09:00:00Z',
        person: '李师傅',
        note: `${WANG.name}的衣服`,
        parcels: [{ carrier: 'SF', tracking: 'SF1', events: [] }],
        step: 'accepted',
        parts: [],
      },
    },
    firstSeenAt: 1,
    updatedAt: 1,
    history: [{ at: 1, event: 'parked', detail: WANG.name }],
  }
}

function aDeadLetter(subject: Subject): string {
  return JSON.stringify(
    z.encode(DeliveryMessageSchema, {
      v: 1,
      shop: 'A1',
      target: 'erp',
      kind: 'order',
      cause: 'event',
      firstSeenAt: '2026-11-21T08:00:00Z',
      correlationId: 'c',
      version: { epoch: 'epoch-one', epochNo: 0, seq: 1 },
      wireHash: '',
      subject,
    }),
  )
}

/** Everything that is held, as text. */
async function held(cli: Cli): Promise<string> {
  const kinds = ['order', 'customer', 'return', 'ticket', 'parts'] as const
  const rows = await Promise.all(
    kinds.map(async (kind) => {
      const key = { shop: 'A1', kind, sourceId: `${kind}.1`, target: 'erp' }
      return [await cli.ledger.get(key), await cli.ledger.getSubject(key), await cli.ledger.getRequests(key)]
    }),
  )
  const notes = await cli.notes.read('erasures')
  const steps = await cli.writebacks.get({ target: 'erp', kind: 'progress', id: 's1' })
  return JSON.stringify([rows, notes, steps])
}

describe('person export', () => {
  it('tells everything that is held, and where it was sent', async () => {
    const cli = aCli()
    await holdAll(cli)
    cli.deadLetters.put('erp', aDeadLetter(things.order))
    cli.deadLetters.put('erp', `not JSON, ${WANG.phone}`)
    cli.deadLetters.put('erp', 'not JSON, nobody')
    const run = await cli.run(['person', 'export', '+86 139-0000-1234', '--json'])
    expect(run.exit).toBe(0)
    expect(run.json()).toMatchObject({
      people: [
        { of: 'phone', value: WANG.phone },
        { of: 'user', value: 'A1:7001' },
        { of: 'email', value: WANG.email },
      ],
      alsoNamed: [],
      things: expect.arrayContaining([
        expect.objectContaining({
          kind: 'order',
          state: expect.objectContaining({ is: 'snapshot' }),
          requests: { r1: { to: WANG.name } },
        }),
        expect.objectContaining({
          kind: 'ticket',
          writebacks: [expect.objectContaining({ command: expect.objectContaining({ is: 'progress' }) })],
        }),
        expect.objectContaining({ kind: 'parts' }),
      ]),
      sentTo: expect.arrayContaining([
        { target: 'erp', kind: 'order', reference: 'ECA1-order', id: 'doc-order', no: 'S1', state: 'live' },
      ]),
      deadLetters: [expect.objectContaining({ shop: 'A1' }), `not JSON, ${WANG.phone}`],
      erasedBefore: [],
    })
  })

  it('finds the same by e-mail address and by user id', async () => {
    const cli = aCli()
    await holdAll(cli)
    for (const who of [WANG.email.toUpperCase(), '7001']) {
      const run = await cli.run(['person', 'export', who, '--json'])
      expect(run.json()).toMatchObject({ things: { length: 5 } })
    }
  })

  it('says that nothing is held, that nobody is meant, and that there is no such shop', async () => {
    const cli = aCli()
    const nobody = await cli.run(['person', 'export', '13911112222'])
    expect(nobody).toMatchObject({ exit: 1, out: expect.stringContaining('Nothing is held') })
    const strange = await cli.run(['person', 'export', 'Wang'])
    expect(strange).toMatchObject({ exit: 2, err: expect.stringContaining('no phone number') })
    expect(strange.err).not.toContain('Wang')
    expect((await cli.run(['person', 'export', '13911112222', '--shop', 'B2'])).err).toContain('B2')
  })

  it('does not take whoever gets a present for the one who sends it', async () => {
    const cli = aCli()
    const sent = thingsOf('A1', { ...WANG, words: '' }).order
    if (sent.is !== 'snapshot') throw new Error('not an order')
    const consignee = { ...sent.order.consignee, phone: '13700007777', mobile: '13700007777', email: '' }
    await hold(cli, { is: 'snapshot', order: { ...sent.order, consignee } }, 'order')
    await hold(cli, things.customer, 'customer')
    const run = await cli.run(['person', 'export', '13700007777', '--json'])
    expect(run.json()).toMatchObject({
      people: [{ of: 'phone', value: '13700007777' }],
      alsoNamed: expect.arrayContaining([{ of: 'user', value: 'A1:7001' }]),
      things: [{ kind: 'order' }],
    })
  })
})

describe('person erase', () => {
  it('says what would go, and erases nothing', async () => {
    const cli = aCli()
    await holdAll(cli)
    const before = await held(cli)
    const run = await cli.run(['person', 'erase', WANG.phone])
    expect(run.exit).toBe(0)
    expect(run.out).toContain('ECA1-ticket')
    expect(run.out).toContain('1 of these orders are still open in the shop')
    expect(run.out).toContain('--yes')
    expect(await held(cli)).toBe(before)
    expect((await cli.run(['person', 'erase', '13911112222'])).exit).toBe(1)
  })

  it('leaves nothing of the person but a receipt, which names nobody', async () => {
    const cli = aCli()
    await holdAll(cli)
    cli.deadLetters.put('erp', aDeadLetter(things.order))
    cli.deadLetters.put('erp', 'not JSON, nobody')
    const run = await cli.run(['person', 'erase', WANG.phone, '--yes', '--json'])
    expect(run.exit).toBe(0)
    const receipt = run.json()
    expect(receipt).toMatchObject({
      v: 1,
      people: { length: 3 },
      shop: null,
      removed: {
        things: { order: 1, customer: 1, return: 1, ticket: 1, parts: 1 },
        states: 5,
        requests: 1,
        steps: 1,
        deadLetters: 1,
      },
      unread: 0,
      kept: { rows: 5, documents: { length: 5 } },
    })
    const left = (await held(cli)) + run.out
    for (const secret of [...SECRETS, '李师傅']) expect(left).not.toContain(secret)
    expect((await cli.ledger.findByNo('no-order'))[0]).toMatchObject({
      status: 'erased',
      erp: { id: 'doc-order' },
    })
    const again = await cli.run(['person', 'export', WANG.phone, '--json'])
    expect(again).toMatchObject({ exit: 1 })
    expect(again.json()).toMatchObject({ things: [], deadLetters: [], erasedBefore: { length: 1 } })
    expect((await cli.run('person receipts')).out).toContain('doc-ticket')
    expect((await cli.run('replay ECA1-order')).out).toContain('was erased')
  })

  it('erases in one shop only where it is told so', async () => {
    const cli = aCli()
    await holdAll(cli)
    const hash = await personHash(new MemorySecrets())
    await cli.run(['person', 'erase', WANG.phone, '--shop', 'A1', '--yes'])
    expect(await cli.erasures.latest([hash('phone', WANG.phone)], 'A1')).toBe(
      cli.clock.now() - cli.connection.times.leaseMs,
    )
    expect(await cli.erasures.latest([hash('phone', WANG.phone)], 'B2')).toBeUndefined()
  })

  it('waits for deliveries that had begun, and removes what they brought', async () => {
    const cli = aCli()
    await hold(cli, things.customer, 'customer')
    let brought = false
    const run = await cli.run(['person', 'erase', '7001', '--yes', '--json'], {
      pause: async (ms) => {
        expect(ms).toBe(cli.connection.times.leaseMs)
        if (!brought) await hold(cli, things.order, 'order')
        brought = true
      },
    })
    expect(run.json()).toMatchObject({ removed: { things: { customer: 1, order: 1 } } })
    expect(await held(cli)).not.toContain(WANG.phone)
  })

  it('wins against whoever writes a row meanwhile', async () => {
    const cli = aCli()
    const row = await hold(cli, things.order, 'order')
    const put = cli.ledger.put.bind(cli.ledger)
    let raced = false
    cli.ledger.put = async (next) => {
      if (!raced && next.status === 'erased') {
        raced = true
        await put({ ...row, rev: row.rev + 1, writer: 'other', status: 'held' })
      }
      return put(next)
    }
    await cli.run(['person', 'erase', WANG.phone, '--yes'])
    expect(await cli.ledger.get(row.key)).toMatchObject({ status: 'erased', rev: row.rev + 2 })
  })

  it('of somebody nobody knows lets what is on its way end, and says that nothing was there', async () => {
    const cli = aCli()
    const run = await cli.run(['person', 'erase', '13911112222', '--yes', '--json'])
    expect(run).toMatchObject({ exit: 0 })
    expect(run.json()).toMatchObject({ removed: { things: {}, states: 0 }, people: { length: 1 } })
    const hash = await personHash(new MemorySecrets())
    expect(await cli.erasures.latest([hash('phone', '13911112222')], 'A1')).toBeDefined()
  })

  it('says in Chinese what was done', async () => {
    const cli = aCli()
    await holdAll(cli)
    const run = await cli.run(['person', 'erase', WANG.phone, '--yes'], { language: 'zh' })
    expect(run.out).toContain('税务与会计法规')
    expect(run.err).toContain('等待')
  })
})
