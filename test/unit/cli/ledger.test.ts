import { describe, expect, it } from 'vitest'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { reason } from '#domain/reasons.ts'
import { anOrderSnapshot, snapshotOf } from '../../support/a-delivery.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { aCli } from '../../support/cli.ts'

const REF = 'ECA1-2026112112345-7s6'
const KEY = { shop: 'A1', kind: 'order', sourceId: '10086.1763712000', target: 'erp' } as const
const VERSION = { epoch: 'e-2026-11', seq: 7, epochNo: 0 }
const HASH = { v: 1, source: 's', mapped: 'm' }
const PERSON = anOrderSnapshot().consignee.name

type Cli = ReturnType<typeof aCli>

/** A row as deliveries leave it, and the state it was made of. */
async function aStoredRow(cli: Cli, change: Partial<LedgerRow> = {}): Promise<LedgerRow> {
  const row = aRow({ key: KEY, ref: REF, updatedAt: cli.clock.now(), ...change })
  await cli.ledger.putSubject(row.key, snapshotOf(anOrderSnapshot()), 3_600)
  await cli.ledger.put(row)
  return row
}

const done = {
  status: 'done',
  erp: { id: 'D1', no: 'SO-1001', generation: 0, step: 'create', state: 'live' },
  applied: { version: VERSION, hash: HASH },
} as const satisfies Partial<LedgerRow>

const parkedFor = (sku: string): Partial<LedgerRow> => ({
  status: 'parked',
  reason: reason('missing-reference', { subject: sku, detail: `HTTP 422: there is no item ${sku}` }),
  history: [{ at: Date.parse('2026-11-21T07:00:00Z'), event: 'parked: missing-reference', seq: 7 }],
})

describe('find', () => {
  it('finds an order by number, by reference, and by the reference of a later document', async () => {
    const cli = aCli()
    await aStoredRow(cli, done)
    for (const text of ['2026112112345', REF, `${REF}-1`]) {
      const run = await cli.run(`find ${text} --json`)
      expect(run.exit).toBe(0)
      expect(run.json()).toEqual([
        {
          shop: 'A1',
          target: 'erp',
          reference: REF,
          number: '2026112112345',
          status: 'done',
          erp: { id: 'D1', no: 'SO-1001', state: 'live' },
          changedAt: '2026-11-21T08:30:00.000Z',
        },
      ])
    }
    const { out } = await cli.run('find 2026112112345')
    expect(out).toMatch(/A1 +erp +ECA1-\S+ +done +D1 SO-1001 +2026-11-21 16:30:00$/)
  })

  it('lists every target that has the number', async () => {
    const cli = aCli()
    await aStoredRow(cli, done)
    await aStoredRow(cli, { ...parkedFor('TEE-L'), key: { ...KEY, target: 'crm' } })
    const { out } = await cli.run('find 2026112112345')
    expect(out).toMatch(/crm .*parked +missing-reference/)
    expect(out).toMatch(/erp .*done/)
  })

  it('says when nobody has it, and fails', async () => {
    const run = await aCli().run('find 999')
    expect(run).toMatchObject({ exit: 1, out: 'The ledger knows nothing of "999".' })
    expect((await aCli().run('find 999 --json')).json()).toEqual([])
  })
})

describe('show', () => {
  it('tells the whole life of an order, with the remedy, without people', async () => {
    const cli = aCli()
    await aStoredRow(cli, {
      ...parkedFor('TEE-L'),
      lines: [
        { recId: '501', sku: 'TEE-L', qty: 2, sentQty: 0, shipped: 0, reserved: 0, at: cli.clock.now() },
      ],
      history: [
        { at: cli.clock.now(), event: 'place.create.sent', seq: 7, correlationId: 'corr-1' },
        { at: cli.clock.now(), event: 'parked: missing-reference', seq: 7, correlationId: 'corr-1' },
      ],
    })
    const { exit, out } = await cli.run(`show ${REF}`)
    expect(exit).toBe(0)
    for (const part of [
      'parked',
      'there is no item TEE-L',
      'Create it in the ERP',
      'placed, paid',
      'epoch-one:7',
      'place.create.sent',
      'corr-1',
      '2026-11-21 16:30:00',
    ])
      expect(out).toContain(part)
    expect(out).not.toContain(PERSON)
  })

  it('tells an unknown write, and until when it may take effect', async () => {
    const cli = aCli()
    const deadline = Date.parse('2026-11-21T08:00:00Z')
    const intent = {
      op: 'place',
      step: 'create',
      generation: 0,
      hash: HASH,
      version: VERSION,
      deadline,
      calls: 2,
    } as const
    await aStoredRow(cli, { intent, unsettledUntil: deadline + 300_000 })
    expect((await cli.run(`show ${REF}`)).out).toContain('place create, no answer by 2026-11-21 16:00:00')
    expect((await cli.run(`show ${REF} --json`)).json()).toMatchObject([
      {
        unknown: { op: 'place', step: 'create', calls: 2, deadline: '2026-11-21T08:00:00.000Z' },
        unsettledUntil: '2026-11-21T08:05:00.000Z',
        versions: { seen: 'epoch-one:7' },
      },
    ])
  })

  it('prints the stored state only when asked to', async () => {
    const cli = aCli()
    await aStoredRow(cli, done)
    expect((await cli.run(`show ${REF} --json`)).out).not.toContain(PERSON)
    expect((await cli.run(`show ${REF} --body`)).out).toContain(PERSON)
    expect((await cli.run(`show ${REF} --body --json`)).json()).toMatchObject([
      { body: { is: 'snapshot', order: { orderId: '10086', money: { due: '-1.05' } } } },
    ])
    cli.clock.advance(3_600_001)
    expect((await cli.run(`show ${REF} --body`)).out).toContain('Its stored state has expired.')
    expect((await cli.run(`show ${REF} --body --json`)).json()).toMatchObject([{ body: null }])
  })
})

describe('parked', () => {
  it('groups by reason, biggest first, with the subject and the age of each', async () => {
    const cli = aCli()
    const at = (id: number) => ({ key: { ...KEY, sourceId: `${id}.1` }, no: `N${id}`, ref: `ECA1-N${id}-1` })
    await aStoredRow(cli, { ...parkedFor('TEE-L'), ...at(1) })
    await aStoredRow(cli, { ...parkedFor('MUG-01'), ...at(2) })
    await aStoredRow(cli, { status: 'parked', reason: reason('verify'), ...at(3) })
    await aStoredRow(cli, { ...done, ...at(4) })
    const run = await cli.run('parked --json')
    expect(run.exit).toBe(0)
    expect(run.json()).toMatchObject({
      count: 3,
      groups: [
        {
          reason: 'missing-reference',
          count: 2,
          rows: [
            { number: 'N1', since: '2026-11-21T07:00:00.000Z', reason: { subject: 'TEE-L' } },
            { number: 'N2' },
          ],
        },
        { reason: 'verify', count: 1 },
      ],
    })
    const { out } = await cli.run('parked', { language: 'zh' })
    expect(out).toMatch(/missing-reference \(2\) — ERP 不认识订单中引用的某项。/)
    expect(out).toMatch(/TEE-L +90 分钟 +HTTP 422: there is no item TEE-L/)
    expect((await cli.run('parked --reason verify --json')).json()).toMatchObject({ count: 1 })
  })

  it('reads every page of a long list', async () => {
    const cli = aCli()
    for (let id = 0; id < 450; id += 1)
      await cli.ledger.put(
        aRow({ ...parkedFor('A'), key: { ...KEY, sourceId: `${id}.1` }, ref: `ECA1-${id}-1` }),
      )
    expect((await cli.run('parked --json')).json()).toMatchObject({ count: 450 })
  })

  it('says when nothing is parked, and which targets there are', async () => {
    expect((await aCli().run('parked')).out).toBe('Nothing is parked.')
    expect(await aCli().run('parked --target crm')).toMatchObject({
      exit: 1,
      err: 'There is no target "crm" in the configuration; it has: erp.',
    })
  })
})

describe('status', () => {
  it('shows queues, ledger, gate and the oldest parked order of each target, and each shop’s epoch', async () => {
    const cli = aCli()
    cli.depths.set('erp', { visible: 3, inFlight: 2, delayed: 1, deadLetters: 4 })
    await aStoredRow(cli, parkedFor('TEE-L'))
    await aStoredRow(cli, { status: 'held', reason: reason('unpaid'), key: { ...KEY, sourceId: '2.1' } })
    const entry = await cli.gate.enter('erp', 1)
    if (entry.open) {
      entry.permit.report('AuthDenied')
      await entry.permit.leave()
    }
    const run = await cli.run('status --json')
    expect(run.exit).toBe(0)
    expect(run.json()).toEqual({
      pools: [],
      targets: [
        {
          target: 'erp',
          queue: { visible: 3, inFlight: 2, delayed: 1, deadLetters: 4 },
          ledger: { open: 0, held: 1, parked: 1 },
          gate: {
            state: 'open',
            why: 'AuthDenied',
            since: '2026-11-21T08:30:00.000Z',
            retryAt: expect.stringMatching(/^2026-11-21T08:3/),
          },
          oldestParked: { reference: REF, since: '2026-11-21T07:00:00.000Z' },
        },
      ],
      shops: [
        {
          shop: 'A1',
          epoch: 'e-2026-11',
          secrets: 1,
          gate: { state: 'closed' },
          sweep: { state: 'sweeps', startedAt: null, differences: null },
        },
      ],
      writebacks: {
        queue: { visible: 0, inFlight: 0, delayed: 0, deadLetters: 0 },
        open: 0,
        parked: 0,
      },
    })
    const { out } = await cli.run('status')
    expect(out).toContain('held back: AuthDenied')
    expect(out).toContain(`${REF} (90 min)`)
  })
})

describe('replay', () => {
  it('queues the newest state under the version it was seen with, once for every call', async () => {
    const cli = aCli()
    await aStoredRow(cli, parkedFor('TEE-L'))
    for (let time = 0; time < 2; time += 1) {
      const run = await cli.run(`replay ${REF}-1 --json`)
      expect(run.exit).toBe(0)
      expect(run.json()).toMatchObject({ replayed: [{ reference: REF, target: 'erp', result: 'queued' }] })
    }
    const messages = cli.queue.drain('erp').map(({ message }) => message)
    expect(messages).toHaveLength(2)
    expect(new Set(messages.map(({ correlationId }) => correlationId)).size).toBe(2)
    expect(messages[0]).toMatchObject({
      cause: 'replay',
      firstSeenAt: '2026-11-21T08:30:00.000Z',
      version: { epoch: 'epoch-one', seq: 7 },
      wireHash: 'c0ffee',
      subject: snapshotOf(anOrderSnapshot()),
    })
    expect(messages[0]).not.toHaveProperty('verdict')
  })

  it('queues everything that is parked for a reason', async () => {
    const cli = aCli()
    for (const id of [1, 2])
      await aStoredRow(cli, { ...parkedFor('A'), key: { ...KEY, sourceId: `${id}.1` } })
    await aStoredRow(cli, { status: 'parked', reason: reason('mapping'), key: { ...KEY, sourceId: '3.1' } })
    expect((await cli.run('replay --all-parked --reason missing-reference')).exit).toBe(0)
    expect(cli.queue.drain('erp')).toHaveLength(2)
    expect(await cli.run('replay --all-parked --reason verify')).toMatchObject({
      exit: 0,
      out: 'Nothing is parked.',
    })
  })

  it('carries a person’s word only where a write is unknown', async () => {
    const cli = aCli()
    await aStoredRow(cli, { status: 'parked', reason: reason('verify') })
    await aStoredRow(cli, { ...done, key: { ...KEY, sourceId: '2.1' }, ref: 'ECA1-2-1' })
    expect(await cli.run(`replay ${REF}`)).toMatchObject({
      exit: 1,
      out: expect.stringContaining('--was placed'),
    })
    expect(await cli.run('replay ECA1-2-1 --was absent')).toMatchObject({
      exit: 1,
      out: expect.stringContaining('No write of it is unknown'),
    })
    expect(cli.queue.drain('erp')).toEqual([])
    expect(await cli.run(`replay ${REF} --was placed`)).toMatchObject({ exit: 0 })
    expect(cli.queue.drain('erp')[0]?.message.verdict).toBe('placed')
  })

  it('says plainly what cannot be replayed, and queues the others', async () => {
    const cli = aCli()
    await aStoredRow(cli, parkedFor('A'))
    await cli.ledger.put(aRow({ key: { ...KEY, sourceId: '2.1' }, ref: 'ECA1-2-1' }))
    await cli.ledger.put(aRow({ key: { ...KEY, sourceId: '3.1' }, ref: 'ECA1-3-1', status: 'erased' }))
    const run = await cli.run(`replay ECA1-9-9 ECA1-2-1 ECA1-3-1 ${REF}`)
    expect(run.exit).toBe(1)
    expect(run.out).toContain('The ledger knows nothing of "ECA1-9-9".')
    expect(run.out).toContain('Save the order once in the shop')
    expect(run.out).toContain('was erased')
    expect(run.out).toContain('queued')
    expect(cli.queue.drain('erp')).toHaveLength(1)
  })

  it.each([
    ['replay', 'Name references'],
    [`replay ${REF} --all-parked --reason mapping`, 'Name references'],
    ['replay --all-parked', 'needs --reason'],
    [`replay ${REF} --reason mapping`, 'goes with --all-parked only'],
    ['replay --all-parked --reason verify --was placed', 'not --all-parked'],
  ])('refuses %s', async (command, sentence) => {
    const { exit, err } = await aCli().run(command)
    expect(exit).toBe(2)
    expect(err).toContain(sentence)
  })

  it('with --dry-run queues nothing and shows what would happen, without people', async () => {
    const cli = aCli()
    await aStoredRow(cli, parkedFor('TEE-L'))
    const run = await cli.run(`replay ${REF} --dry-run --json`)
    expect(run.exit).toBe(0)
    expect(run.json()).toMatchObject({
      plans: [
        {
          action: 'place',
          looksUp: true,
          requests: [{ method: 'POST', url: 'http://127.0.0.1:9/api/orders' }],
        },
      ],
    })
    const text = await cli.run(`replay ${REF} --dry-run`)
    expect(text.out).toContain('supposed here is that it shows what the ledger knows')
    expect(run.out + text.out).not.toContain(PERSON)
    expect((await cli.run(`replay ${REF} --dry-run --body`)).out).toContain(PERSON)
    expect(cli.queue.drain('erp')).toEqual([])
    expect(await cli.run('replay ECA1-9-9 --dry-run')).toMatchObject({ exit: 1 })
  })
})
