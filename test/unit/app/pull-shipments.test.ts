import { describe, expect, it } from 'vitest'
import type { Line } from '#contracts/order.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'
import { quantitiesOf, ShipmentWorld, TARGET } from '../../support/shipment-world.ts'

const [template] = canonicalOrder().lines
if (!template) throw new Error('an order has lines')
const goods = (recId: string, sku: string, quantity: number): Line => ({ ...template, recId, sku, quantity })

/** The shop has carried it out. */
async function recorded(world: ShipmentWorld, id: string, change: Partial<WritebackRow> = {}): Promise<void> {
  const row = await world.row(id)
  if (!row) throw new Error('there is no row')
  await world.writebacks.put({ ...row, rev: row.rev + 1, writer: 'shop', status: 'done', ...change })
}

describe('a shipment in the ERP', () => {
  it('becomes a command for the shop, and a row with all that was told', async () => {
    const world = new ShipmentWorld({
      config: { carriers: { SF: { shippingCode: 'sf_express', name: '顺丰速运' } } },
    })
    const reference = await world.order('1001')
    const shipment = world.ship(reference, 'OUT-1', [['TEE-L', 1, '10011']], {
      carrier: { code: 'SF', name: 'SF Express' },
      lines: [{ recId: '10011', sku: 'TEE-L', quantity: 1, serials: ['SN-1'] }],
    })
    expect(await world.pull()).toEqual({
      is: 'done',
      counts: { read: 1, queued: 1, parked: 0, known: 0, foreign: 0, acknowledged: 0 },
    })
    const [message, ...others] = world.commands()
    expect(others).toEqual([])
    expect(message).toMatchObject({
      shop: 'A1',
      target: TARGET,
      id: 'OUT-1',
      cause: 'run',
      command: {
        is: 'shipment',
        no: '2026112001001',
        ref: reference,
        shipment: {
          shipment_id: 'erp/OUT-1',
          order: { order_id: '1001', order_sn: '2026112001001', add_time: 1_763_600_000 },
          shipped_at: new Date(shipment.shippedAt).toISOString(),
          carrier: { shipping_code: 'sf_express', name: '顺丰速运' },
          tracking: ['SF-OUT-1'],
          lines: [{ rec_id: '10011', quantity: 1 }],
          origin: TARGET,
        },
      },
    })
    expect(await world.row('OUT-1')).toMatchObject({
      status: 'open',
      shop: 'A1',
      told: shipment,
      command: message?.command,
    })
  })

  it('of a later generation belongs to its order', async () => {
    const world = new ShipmentWorld()
    const reference = await world.order('1001', undefined, 2)
    expect(reference).toMatch(/-2$/)
    world.ship(reference, 'OUT-1', [['TEE-L', 1]])
    await world.pull()
    expect(world.commands().map(quantitiesOf)).toEqual([{ '10011': 1 }])
  })

  it('goes by the ERP’s name for a carrier that is not mapped, and by none where it has none', async () => {
    const world = new ShipmentWorld()
    const reference = await world.order('1001', [goods('1', 'A', 2)])
    world.ship(reference, 'OUT-1', [['A', 1]], { carrier: { code: 'ZT', name: '中通'.repeat(40) } })
    world.ship(reference, 'OUT-2', [['A', 1]])
    await world.pull()
    const [first, second] = world
      .commands()
      .map(({ command }) => command.is === 'shipment' && command.shipment)
    expect(first && first.carrier).toEqual({ name: '中通'.repeat(30) })
    expect(second).not.toHaveProperty('carrier')
  })

  it('in several parcels keeps as many numbers as the shop can hold; the row keeps all', async () => {
    const world = new ShipmentWorld()
    const tracking = [...Array.from({ length: 12 }, (_, index) => `SF${index}`), 'x'.repeat(51)]
    world.ship(await world.order('1001'), 'OUT-1', [['TEE-L', 1]], {
      tracking: ['x'.repeat(51), ...tracking],
    })
    await world.pull()
    const [message] = world.commands()
    expect(message?.command.is === 'shipment' && message.command.shipment.tracking).toEqual(
      tracking.slice(0, 10),
    )
    expect((await world.row('OUT-1'))?.told?.tracking).toHaveLength(14)
  })

  it('in two parts of two lines of one SKU fills the second line with the second part', async () => {
    const world = new ShipmentWorld()
    const reference = await world.order('1001', [goods('1', 'A', 2), goods('2', 'A', 3)])
    world.ship(reference, 'OUT-1', [['A', 2]])
    world.ship(reference, 'OUT-2', [['A', 1]])
    await world.pull()
    await recorded(world, 'OUT-1')
    world.ship(reference, 'OUT-3', [['A', 2]])
    await world.pull()
    expect(world.commands().map(quantitiesOf)).toEqual([{ '1': 2 }, { '2': 1 }, { '2': 2 }])
  })

  it('that was told before is queued once, however often the page is read', async () => {
    const world = new ShipmentWorld()
    world.erp.overlap = 5
    const reference = await world.order('1001', [goods('1', 'A', 9)])
    for (let id = 1; id <= 5; id += 1) world.ship(reference, `OUT-${id}`, [['A', 1]])
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { queued: 5 } })
    world.clock.advance(600_000)
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { queued: 0 } })
    expect(world.commands()).toHaveLength(5)
  })

  it('that was changed before the shop had it is queued anew; afterwards it is parked', async () => {
    const world = new ShipmentWorld()
    world.erp.overlap = 9
    const reference = await world.order('1001', [goods('1', 'A', 9)])
    world.ship(reference, 'OUT-1', [['A', 1]], { tracking: [] })
    await world.pull()
    const change = (tracking: string) => {
      world.erp.listed.length = 0
      return world.ship(reference, 'OUT-1', [['A', 1]], { tracking: [tracking] })
    }
    change('SF1')
    await world.pull()
    expect(world.commands()).toHaveLength(2)
    await recorded(world, 'OUT-1')
    const told = change('SF2')
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { parked: 1 } })
    expect(await world.row('OUT-1')).toMatchObject({
      status: 'parked',
      reason: { code: 'shipment-changed' },
      told,
    })
    expect(world.commands()).toEqual([])
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { parked: 0, known: 1 } })
  })
})

describe('a shipment no command can be made of', () => {
  it('is parked with a fix, and the others of its page go on', async () => {
    const world = new ShipmentWorld()
    world.erp.pageSize = 10
    const reference = await world.order('1001')
    world.ship('ECA1-nobody-1', 'OUT-1', [['TEE-L', 1]])
    world.ship(reference, 'OUT-2', [['GONE', 1]])
    world.erp.listed.push({ id: 'OUT-3', why: 'it names no goods that left' })
    world.ship(reference, 'OUT-4', [['TEE-L', 1]])
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { read: 4, queued: 1, parked: 3 } })
    const { rows } = await world.writebacks.list(TARGET, 'parked')
    expect(rows.map(({ key, reason }) => [key.id, reason?.code])).toEqual([
      ['OUT-1', 'shipment-unknown-order'],
      ['OUT-2', 'shipment-unknown-line'],
      ['OUT-3', 'shipment-unreadable'],
    ])
    for (const { reason } of rows) expect(reason?.remedy).not.toBe('')
    expect(rows[0]?.told?.reference).toBe('ECA1-nobody-1')
    expect(rows[1]).toMatchObject({ shop: 'A1', no: '2026112001001', ref: reference })
    expect(rows[2]?.reason?.message).toContain('it names no goods that left')
    expect(world.log.lines.map(({ code }) => code)).toEqual(Array(3).fill('SHIPMENT_PARKED'))
  })

  it('is made one once it was corrected in the ERP', async () => {
    const world = new ShipmentWorld()
    world.erp.overlap = 9
    const reference = await world.order('1001')
    world.ship(reference, 'OUT-1', [['GONE', 1]])
    world.erp.listed.push({ id: 'OUT-2', why: 'no id' })
    await world.pull()
    world.erp.listed.length = 0
    world.ship(reference, 'OUT-1', [['TEE-L', 1]])
    world.ship(reference, 'OUT-2', [['MUG-01', 1]])
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { queued: 2 } })
    expect(world.commands().map(({ id }) => id)).toEqual(['OUT-1', 'OUT-2'])
  })

  it('of an order whose state has expired, or that was deleted, says so', async () => {
    const world = new ShipmentWorld()
    const reference = await world.order('1001')
    world.ship(reference, 'OUT-1', [['TEE-L', 1]])
    world.clock.advance(86_400_000)
    await world.pull()
    expect((await world.row('OUT-1'))?.reason?.code).toBe('shipment-forgotten-order')
  })

  it('stays with its page while a worker is at its row', async () => {
    const world = new ShipmentWorld()
    world.erp.overlap = 9
    const reference = await world.order('1001')
    world.ship(reference, 'OUT-1', [['TEE-L', 1]])
    await world.pull()
    const claim = { owner: 'w', leaseUntil: world.clock.now() + 1_000 }
    await recorded(world, 'OUT-1', { claim })
    world.erp.listed.length = 0
    world.ship(reference, 'OUT-1', [['TEE-L', 1]], { tracking: ['SF2'] })
    expect(await world.pull()).toMatchObject({ is: 'saved' })
    world.clock.advance(1_000)
    expect(await world.pull(false)).toMatchObject({ is: 'done', counts: { parked: 1 } })
  })
})

describe('an ERP that hands shipments out of a queue', () => {
  it('is told to take off what the shop accepted or what is parked, and nothing before', async () => {
    const world = new ShipmentWorld({ queue: true })
    world.erp.pageSize = 10
    const reference = await world.order('1001', [goods('1', 'A', 9)])
    world.ship(reference, 'OUT-1', [['A', 1]])
    world.ship('nobody', 'OUT-2', [['A', 1]])
    world.erp.listed.push({ id: 'OUT-3', why: 'no lines' })
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { acknowledged: 2 } })
    expect(world.erp.acknowledged).toEqual(['OUT-2', 'OUT-3'])
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { known: 1, acknowledged: 0 } })
    await recorded(world, 'OUT-1')
    await world.pull()
    expect(world.erp.acknowledged).toEqual(['OUT-2', 'OUT-3', 'OUT-1'])
  })

  it('is not read in a circle while its first page waits for a shop', async () => {
    const world = new ShipmentWorld({ queue: true })
    const reference = await world.order('1001', [goods('1', 'A', 9)])
    for (let id = 1; id <= 5; id += 1) world.ship(reference, `OUT-${id}`, [['A', 1]])
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { queued: 2 } })
    expect(world.erp.reads).toBeLessThanOrEqual(2)
  })

  it('is told again when it did not take them off', async () => {
    const world = new ShipmentWorld({ queue: true })
    world.ship('nobody', 'OUT-1', [['A', 1]])
    world.erp.fails = 'acknowledge'
    expect(await world.pull()).toMatchObject({ is: 'failed' })
    world.erp.fails = undefined
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { known: 1, acknowledged: 1, parked: 0 } })
  })
})

describe('a shipment of another installation on the same ERP', () => {
  it('is left alone and counted, whether it could be read or not; one of ours without an order is parked', async () => {
    const world = new ShipmentWorld()
    world.erp.pageSize = 10
    const reference = await world.order('1001')
    world.ship('ECdemo-1001-rs', 'OUT-1', [['TEE-L', 1]])
    world.ship('ECA1-nobody-1', 'OUT-2', [['TEE-L', 1]])
    world.ship(reference, 'OUT-3', [['TEE-L', 1]])
    world.erp.listed.push({ id: 'OUT-4', why: 'no lines', reference: 'ECZZ-1002-rt' })
    world.ship('ECA-1003-ru', 'OUT-5', [['TEE-L', 1]])
    expect(await world.pull()).toMatchObject({
      is: 'done',
      counts: { read: 5, queued: 1, parked: 1, foreign: 3 },
    })
    expect((await world.row('OUT-2'))?.reason?.code).toBe('shipment-unknown-order')
    for (const id of ['OUT-1', 'OUT-4', 'OUT-5']) expect(await world.row(id)).toBeUndefined()
    expect(world.commands().map(({ id }) => id)).toEqual(['OUT-3'])
    expect(world.log.lines.at(-1)).toMatchObject({
      code: 'SHIPMENTS_FOREIGN',
      fields: { target: TARGET, shops: ['demo', 'A', 'ZZ'], shipments: 3 },
    })
  })

  it('stays in a queue for that installation', async () => {
    const world = new ShipmentWorld({ queue: true })
    world.ship('ECdemo-1001-rs', 'OUT-1', [['TEE-L', 1]])
    world.ship('ECA1-nobody-1', 'OUT-2', [['TEE-L', 1]])
    world.erp.listed.push({ id: 'OUT-3', why: 'no lines', reference: 'ECdemo-1002-rt' })
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { foreign: 2 } })
    expect(world.erp.acknowledged).toEqual(['OUT-2'])
  })

  it('is waited for where it lies before ours in a queue', async () => {
    const world = new ShipmentWorld({ queue: true })
    for (const id of [1, 2]) world.ship('ECdemo-1001-rs', `OUT-${id}`, [['TEE-L', 1]])
    world.ship(await world.order('1001'), 'OUT-3', [['TEE-L', 1]])
    expect(await world.pull()).toEqual({ is: 'waiting', why: expect.stringContaining('(demo)') })
    expect(world.commands()).toEqual([])
    // The other installation is there.
    world.erp.acknowledged.push('OUT-1', 'OUT-2')
    expect(await world.pull(false)).toMatchObject({ is: 'done', counts: { queued: 1 } })
  })
})

describe('a run', () => {
  it('is due every so many minutes, and at once when it is fired', async () => {
    const world = new ShipmentWorld({ config: { everyMinutes: 5 } })
    expect(await world.pull(false)).toMatchObject({ is: 'done' })
    world.clock.advance(60_000)
    expect(await world.pull(false)).toEqual({ is: 'not-due' })
    expect(await world.pull(true)).toMatchObject({ is: 'done' })
    world.clock.advance(300_000)
    expect(await world.pull(false)).toMatchObject({ is: 'done' })
  })

  it('that fails to read leaves the cursor, and reads the same page later', async () => {
    const world = new ShipmentWorld()
    world.ship(await world.order('1001'), 'OUT-1', [['TEE-L', 1]])
    world.erp.fails = 'read'
    expect(await world.pull()).toMatchObject({
      is: 'failed',
      why: expect.stringContaining('the ERP is down'),
    })
    world.erp.fails = undefined
    expect(await world.pull()).toMatchObject({ counts: { queued: 1 } })
  })

  it('whose queue fails does not move on, and keeps no row of what is not queued', async () => {
    let down = true
    const world = new ShipmentWorld({
      deps: ({ queue }) => ({
        queue: {
          enqueue: async (messages) =>
            down ? messages.map(() => 'failed' as const) : queue.enqueue(messages),
        },
      }),
    })
    world.ship(await world.order('1001'), 'OUT-1', [['TEE-L', 1]])
    expect(await world.pull()).toEqual({ is: 'failed', why: 'the queue did not take 1 of 1 commands' })
    expect(await world.row('OUT-1')).toBeUndefined()
    down = false
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { queued: 1 } })
  })

  it('that dies between the queue and its cursor reads the page again, and queues nothing twice', async () => {
    let dies = true
    const world = new ShipmentWorld({
      deps: ({ writebacks }) => ({
        writebacks: {
          get: (key) => writebacks.get(key),
          put: (row) => {
            if (dies) throw new Error('killed')
            return writebacks.put(row)
          },
          findByNo: (no) => writebacks.findByNo(no),
          findByRef: (ref) => writebacks.findByRef(ref),
          list: (...args) => writebacks.list(...args),
        },
      }),
    })
    world.ship(await world.order('1001'), 'OUT-1', [['TEE-L', 1]])
    await expect(world.pull()).rejects.toThrow('killed')
    expect(await world.pull()).toEqual({ is: 'busy' })
    dies = false
    world.clock.advance(331_000)
    expect(await world.pull()).toMatchObject({ is: 'done', counts: { queued: 1 } })
    const ids = world.commands().map(({ id }) => id)
    expect(new Set(ids)).toEqual(new Set(['OUT-1']))
  })

  it('waits while the gate of the target is closed, and tries again the next minute', async () => {
    const world = new ShipmentWorld({
      deps: ({ gate }) => ({
        gate: {
          enter: async () => ({ open: false, why: 'breaker', retryAfterMs: 60_000 }),
          state: (target) => gate.state(target),
          allowTombstone: (...args) => gate.allowTombstone(...args),
        },
      }),
    })
    expect(await world.pull()).toMatchObject({ is: 'waiting' })
    expect(await world.pull(false)).toMatchObject({ is: 'waiting' })
    expect(world.erp.reads).toBe(0)
  })

  it('of a target that cannot tell of shipments fails with the setting to change', async () => {
    const world = new ShipmentWorld({ deps: () => ({ erp: undefined }) })
    expect(await world.pull()).toMatchObject({
      is: 'failed',
      why: expect.stringContaining('sync.config.json'),
    })
  })
})
