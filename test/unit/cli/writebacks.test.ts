import { describe, expect, it } from 'vitest'
import type { WritebackRow } from '#contracts/writeback.ts'
import { reason } from '#domain/reasons.ts'
import { anOrderSnapshot, snapshotOf } from '../../support/a-delivery.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { aShipmentCommand, aToldShipment, aWritebackKey, aWritebackRow } from '../../support/a-writeback.ts'
import { aCli } from '../../support/cli.ts'

const REF = 'ECA1-2026112112345-7s6'
const NO = '2026112112345'
const KEY = { shop: 'A1', kind: 'order', sourceId: '10086.1763712000', target: 'erp' } as const

type Cli = ReturnType<typeof aCli>

async function aStored(cli: Cli, change: Partial<WritebackRow> = {}): Promise<WritebackRow> {
  const row = aWritebackRow({ key: aWritebackKey({ target: 'erp' }), updatedAt: cli.clock.now(), ...change })
  await cli.writebacks.put(row)
  return row
}

/** The order behind it, as deliveries left it. */
async function anOrder(cli: Cli): Promise<void> {
  const row = aRow({ key: KEY, ref: REF, status: 'done', updatedAt: cli.clock.now() })
  await cli.ledger.putSubject(row.key, snapshotOf(anOrderSnapshot()), 3_600)
  await cli.ledger.put(row)
}

const refused: Partial<WritebackRow> = {
  status: 'parked',
  reason: { code: 'order-closed', message: 'The order is cancelled.', remedy: 'Stop the parcel.' },
  history: [{ at: Date.parse('2026-11-21T07:00:00Z'), event: 'parked: order-closed' }],
}

const sent = (cli: Cli) => cli.writebackQueue.drain().map(({ message }) => message)

describe('a write-back', () => {
  it('is found by its order’s number and reference, by its own name and by its id', async () => {
    const cli = aCli()
    await anOrder(cli)
    await aStored(cli, { status: 'done', result: 'recorded' })
    for (const text of [NO, REF]) {
      const run = await cli.run(`find ${text} --json`)
      expect(run.json()).toMatchObject([
        { reference: REF, status: 'done' },
        { reference: 'erp/OUT-1', kind: 'shipment', order: REF, status: 'done', result: 'recorded' },
      ])
    }
    for (const text of ['erp/OUT-1', 'OUT-1']) {
      expect((await cli.run(`find ${text} --json`)).json()).toMatchObject([{ reference: 'erp/OUT-1' }])
    }
    expect((await cli.run(`find ${NO}`)).out).toMatch(/A1 +erp +erp\/OUT-1 +done +shipment/)
  })

  it('is shown with its order: parcels, serial numbers, what became of it', async () => {
    const cli = aCli()
    await anOrder(cli)
    await aStored(cli, refused)
    const { out } = await cli.run(`show ${NO}`)
    expect(out).toContain('erp/OUT-1')
    expect(out).toMatch(/tracking numbers +SF Express SF1001/)
    expect(out).toMatch(/serial numbers +SN-𠮷-1 SN-2/)
    expect(out).toMatch(/goods +2 × TEA-250/)
    expect(out).toContain('order-closed — The order is cancelled.')
    expect(out).toContain('Stop the parcel.')
    expect((await cli.run(`show ${REF} --json`)).json()).toMatchObject([
      { reference: REF, writebacks: [{ reference: 'erp/OUT-1', told: { tracking: ['SF1001'] } }] },
    ])
  })

  it('of no known order is shown by its own name', async () => {
    const cli = aCli()
    const {
      shop: _shop,
      command: _command,
      ...row
    } = aWritebackRow({
      key: aWritebackKey({ target: 'erp' }),
      no: '',
      ref: '',
      status: 'parked',
      reason: reason('shipment-unreadable', { detail: 'it names no goods' }),
    })
    await cli.writebacks.put(row)
    const { out, exit } = await cli.run('show OUT-1')
    expect(exit).toBe(0)
    expect(out).toContain('shipment-unreadable')
    expect((await cli.run('show erp/OUT-1 --json')).json()).toMatchObject([{ shop: null, status: 'parked' }])
    const chinese = await cli.run('show OUT-1', { language: 'zh' })
    expect(chinese.out).toContain('ERP 报告的一次发货无法读取。 it names no goods')
  })

  it('is listed among what is parked, by reason and with its fix', async () => {
    const cli = aCli()
    await aStored(cli, refused)
    await cli.ledger.put(aRow({ key: KEY, status: 'parked', reason: reason('verify') }))
    expect((await cli.run('parked --json')).json()).toMatchObject({
      count: 2,
      groups: [
        { reason: 'verify', rows: [{ reference: REF }] },
        {
          reason: 'order-closed',
          rows: [{ reference: 'erp/OUT-1', kind: 'shipment', since: '2026-11-21T07:00:00.000Z' }],
        },
      ],
    })
    const { out } = await cli.run('parked --reason order-closed')
    expect(out).toContain('order-closed (1) — The order is cancelled.')
    expect(out).toContain('Stop the parcel.')
    expect(out).toMatch(/erp +erp\/OUT-1 +2026112112345/)
  })

  it('counts in the status, with its queue and the gate of each shop', async () => {
    const cli = aCli()
    cli.depths.set('writebacks', { visible: 5, inFlight: 1, delayed: 0, deadLetters: 2 })
    await aStored(cli, refused)
    await aStored(cli, { key: aWritebackKey({ target: 'erp', id: 'OUT-2' }) })
    const entry = await cli.gate.enter('shop:A1', 1)
    if (entry.open) {
      entry.permit.report('AuthDenied')
      await entry.permit.leave()
    }
    expect((await cli.run('status --json')).json()).toMatchObject({
      writebacks: {
        queue: { visible: 5, deadLetters: 2 },
        open: 1,
        parked: 1,
        oldestParked: { reference: 'erp/OUT-1', since: '2026-11-21T07:00:00.000Z' },
      },
      shops: [{ shop: 'A1', gate: { state: 'open', why: 'AuthDenied' } }],
    })
    const { out } = await cli.run('status')
    expect(out).toMatch(/write-backs +5 +1 +0 +2 +1 +1 +erp\/OUT-1/)
    expect(out).toMatch(/A1 .*held back: AuthDenied/)
  })
})

describe('replay', () => {
  it('queues a command once more, under its own id', async () => {
    const cli = aCli()
    const row = await aStored(cli, { status: 'done', result: 'recorded' })
    const run = await cli.run('replay erp/OUT-1 --json')
    expect(run.exit).toBe(0)
    expect(run.json()).toMatchObject({
      replayed: [{ reference: 'erp/OUT-1', target: 'erp', result: 'queued' }],
    })
    expect(sent(cli)).toMatchObject([
      { id: 'OUT-1', cause: 'replay', shop: 'A1', command: row.command, told: row.told },
    ])
  })

  it('makes anew, of the order as it is now, what the shop refused', async () => {
    const cli = aCli()
    const [line] = anOrderSnapshot().lines
    if (!line) throw new Error('an order has lines')
    await anOrder(cli)
    const told = aToldShipment({ lines: [{ sku: line.sku, quantity: 1, serials: [] }] })
    await aStored(cli, {
      ...refused,
      told,
      command: aShipmentCommand({ lines: [{ rec_id: '9', quantity: 1 }] }),
    })
    await cli.run('replay --all-parked --reason order-closed')
    const [message] = sent(cli)
    expect(message?.command).toMatchObject({
      is: 'shipment',
      shipment: { lines: [{ rec_id: line.recId, quantity: 1 }] },
    })
  })

  it('says why still no command can be made of it', async () => {
    const cli = aCli()
    const { command: _command, ...row } = aWritebackRow({
      key: aWritebackKey({ target: 'erp' }),
      status: 'parked',
      reason: reason('shipment-unknown-order'),
    })
    await cli.writebacks.put(row)
    const run = await cli.run('replay OUT-1')
    expect(run.exit).toBe(1)
    expect(run.out).toContain('no order of ours has')
    expect(sent(cli)).toEqual([])
  })

  it('settles what a person did by hand, and only where nobody is at it', async () => {
    const cli = aCli()
    const row = await aStored(cli, {
      ...refused,
      claim: { owner: 'w', leaseUntil: cli.clock.now() + 60_000 },
    })
    expect(await cli.run('replay OUT-1 --was placed')).toMatchObject({
      exit: 1,
      out: expect.stringContaining('A worker is at it'),
    })
    cli.clock.advance(60_000)
    expect(await cli.run('replay OUT-1 --was placed')).toMatchObject({ exit: 0 })
    expect(await cli.writebacks.get(row.key)).toMatchObject({ status: 'done', result: 'by-hand' })
    expect(await cli.writebacks.get(row.key)).not.toHaveProperty('reason')
    expect(sent(cli)).toEqual([])
  })

  it('cannot be rehearsed: the shop is asked only by doing it', async () => {
    const cli = aCli()
    await aStored(cli, refused)
    expect(await cli.run('replay OUT-1 --dry-run')).toMatchObject({
      exit: 1,
      out: expect.stringContaining('cannot be rehearsed'),
    })
    expect(sent(cli)).toEqual([])
  })
})

describe('cancel', () => {
  it('queues a cancel of the order for its shop', async () => {
    const cli = aCli()
    await anOrder(cli)
    const run = await cli.run(`cancel ${NO} --reason 仓库缺货 --json`)
    expect(run.exit).toBe(0)
    const [message] = sent(cli)
    expect(message).toMatchObject({
      shop: 'A1',
      target: 'erp',
      cause: 'operator',
      command: {
        is: 'cancel',
        no: NO,
        ref: REF,
        cancel: {
          order: { order_id: '10086', order_sn: NO, add_time: 1_763_712_000 },
          reason: '仓库缺货',
          refund: 'none',
          origin: 'operator',
        },
      },
    })
    expect(run.json()).toMatchObject({ result: 'queued', order: REF, reference: `erp/${message?.id}` })
    expect(message?.command.is === 'cancel' && message.command.cancel.command_id).toBe(message?.id)
  })

  it('credits the balance only when it is told to', async () => {
    const cli = aCli()
    await anOrder(cli)
    await cli.run(`cancel ${REF} --reason x --refund`)
    expect(sent(cli)).toMatchObject([{ command: { cancel: { refund: 'balance' } } }])
  })

  it('needs a reason, an order, and one order only', async () => {
    const cli = aCli()
    expect(await cli.run(`cancel ${NO}`)).toMatchObject({ exit: 2, err: expect.stringContaining('--reason') })
    expect(await cli.run(`cancel ${NO} --reason x`)).toMatchObject({ exit: 1 })
    await anOrder(cli)
    await cli.ledger.put(
      aRow({ key: { ...KEY, sourceId: '20000.1763800000' }, ref: 'ECA1-2026112112345-ff' }),
    )
    const run = await cli.run(`cancel ${NO} --reason x`)
    expect(run).toMatchObject({ exit: 2, err: expect.stringContaining(REF) })
    expect(sent(cli)).toEqual([])
  })
})
