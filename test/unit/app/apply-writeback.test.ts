import { describe, expect, it } from 'vitest'
import { MAX_AGE_MS } from '#domain/retry-delay.ts'
import { aToldShipment } from '../../support/a-writeback.ts'
import { Crash, type Mishap, TIMES, WritebackWorld } from '../../support/writeback-world.ts'

const HOUR_MS = 3_600_000

describe('a shipment', () => {
  it('is recorded in the shop, and its row says so', async () => {
    const world = new WritebackWorld()
    const order = world.place([2, 1])
    const message = world.shipment(order, 'OUT-1', [2, 0])
    expect(await world.receive(message)).toEqual({ is: 'done', flavour: 'applied' })
    expect(world.sent(order)).toEqual([2, 0])
    const row = await world.row(message)
    expect(row).toMatchObject({
      status: 'done',
      result: 'recorded',
      shop: 'A1',
      no: order.no,
      command: message.command,
      history: [{ event: 'claimed', correlationId: message.correlationId }, { event: 'recorded' }],
    })
    expect(row).not.toHaveProperty('claim')
  })

  it('that comes again is a duplicate, and the shop is not asked', async () => {
    const world = new WritebackWorld()
    const message = world.shipment(world.place(), 'OUT-1', [1])
    await world.receive(message)
    const before = await world.row(message)
    expect(await world.receive(message)).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(world.calls).toEqual(['shipment'])
    expect(await world.row(message)).toEqual(before)
  })

  it('is replayed even when it is done: the shop knows it by its id', async () => {
    const world = new WritebackWorld()
    const order = world.place([2])
    const message = world.shipment(order, 'OUT-1', [1])
    await world.receive(message)
    expect(await world.receive({ ...message, cause: 'replay' })).toMatchObject({ is: 'done' })
    expect(world.calls).toHaveLength(2)
    expect(world.sent(order)).toEqual([1])
    expect(await world.row(message)).toMatchObject({ status: 'done', result: 'duplicate' })
  })

  it('is left to another worker while its claim lasts, and taken over afterwards', async () => {
    const world = new WritebackWorld({ mishaps: ['crash-after'] })
    const order = world.place([2])
    const message = world.shipment(order, 'OUT-1', [2])
    await expect(world.receive(message)).rejects.toThrow(Crash)
    world.clock.advance(TIMES.leaseMs - 10)
    expect(await world.receive(message)).toEqual({
      is: 'retry',
      afterMs: 60,
      why: 'claimed by another worker',
    })
    expect(world.calls).toHaveLength(1)
    world.clock.advance(60)
    expect(await world.receive(message)).toMatchObject({ is: 'done' })
    expect(world.parcels(order)).toEqual(['SF-OUT-1'])
  })

  it('that the shop refuses is parked with the shop’s word and fix', async () => {
    const world = new WritebackWorld()
    const order = world.place([1])
    world.shop.cancel(order.no)
    const message = world.shipment(order, 'OUT-1', [1])
    expect(await world.receive(message)).toEqual({ is: 'park', code: 'order-closed' })
    expect(await world.row(message)).toMatchObject({
      status: 'parked',
      reason: {
        code: 'order-closed',
        message: 'The order was cancelled or returned.',
        remedy: 'Stop the parcel, or ask the shop.',
      },
      command: message.command,
    })
    expect((await world.row(message))?.claim).toBeUndefined()
  })

  it('of which more is asked than is left is parked, and goes through with another content once it is corrected', async () => {
    const world = new WritebackWorld()
    const order = world.place([1])
    const message = world.shipment(order, 'OUT-1', [3])
    expect(await world.receive(message)).toEqual({ is: 'park', code: 'quantity-exceeds' })
    expect((await world.row(message))?.reason?.field).toBe('lines')
    expect(await world.receive(world.shipment(order, 'OUT-1', [1]))).toMatchObject({ is: 'done' })
    expect(world.sent(order)).toEqual([1])
    expect(await world.row(message)).not.toHaveProperty('reason')
  })

  it('that the ERP changed after the shop recorded it is parked once, with what is told now', async () => {
    const world = new WritebackWorld()
    const order = world.place([2])
    const told = aToldShipment({ tracking: [] })
    const message = { ...world.shipment(order, 'OUT-1', [1]), told }
    await world.receive(message)
    expect(await world.receive(message)).toEqual({ is: 'done', flavour: 'duplicate' })
    const changed = {
      ...world.shipment(order, 'OUT-1', [2]),
      told: aToldShipment({ tracking: ['SF9'] }),
    }
    expect(await world.receive(changed)).toEqual({ is: 'park', code: 'shipment-changed' })
    const row = await world.row(message)
    expect(row).toMatchObject({ status: 'parked', command: message.command, told: changed.told })
    expect(world.sent(order)).toEqual([1])
    // A person has compared them.
    expect(await world.receive({ ...message, told: changed.told, cause: 'replay' })).toMatchObject({
      is: 'done',
    })
    expect(await world.receive(changed)).toEqual({ is: 'done', flavour: 'duplicate' })
  })

  it.each<[Mishap, string]>([
    ['not-sent', 'econnrefused'],
    ['denied', 'bad-signature'],
    ['lost-before', 'timeout'],
    ['lost-after', 'econnreset'],
  ])('is tried again after %s, and takes effect once', async (mishap, why) => {
    const world = new WritebackWorld({ mishaps: [mishap, mishap] })
    const order = world.place([2])
    const message = world.shipment(order, 'OUT-1', [1])
    expect(await world.receive(message)).toEqual({ is: 'retry', afterMs: TIMES.retryFloorMs, why })
    expect(await world.row(message)).toMatchObject({ status: 'open' })
    expect(await world.row(message)).not.toHaveProperty('claim')
    expect(await world.settle(message)).toMatchObject({ is: 'done', flavour: 'applied' })
    expect(world.sent(order)).toEqual([1])
    expect(world.parcels(order)).toHaveLength(1)
  })

  it('comes back soon while the shop is busy with it', async () => {
    const world = new WritebackWorld({ mishaps: ['busy'] })
    const message = world.shipment(world.place(), 'OUT-1', [1])
    message.firstSeenAt = new Date(world.clock.now() - HOUR_MS).toISOString()
    expect(await world.receive(message)).toEqual({ is: 'retry', afterMs: TIMES.retryFloorMs, why: 'busy' })
  })

  it('waits longer the older it is', async () => {
    const world = new WritebackWorld({ mishaps: ['not-sent'] })
    const message = world.shipment(world.place(), 'OUT-1', [1])
    world.clock.advance(HOUR_MS)
    expect(await world.receive(message)).toMatchObject({ is: 'retry', afterMs: HOUR_MS / 10 })
  })

  it('older than ten days is parked without a call, unless it is done', async () => {
    const world = new WritebackWorld()
    const order = world.place([2])
    const [old, done] = [world.shipment(order, 'OUT-1', [1]), world.shipment(order, 'OUT-2', [1])]
    await world.receive(done)
    world.clock.advance(MAX_AGE_MS + 1)
    expect(await world.receive(old)).toEqual({ is: 'park', code: 'too-old' })
    expect(await world.receive(done)).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(world.calls).toHaveLength(1)
    // A replay starts its age anew.
    const replay = {
      ...old,
      cause: 'replay' as const,
      firstSeenAt: new Date(world.clock.now()).toISOString(),
    }
    expect(await world.receive(replay)).toMatchObject({ is: 'done' })
    expect(await world.row(old)).toMatchObject({ firstSeenAt: world.clock.now() })
  })

  it('waits at the shop’s gate after a denial: neither its row nor the shop is touched', async () => {
    const world = new WritebackWorld({ mishaps: ['denied'] })
    const order = world.place([2])
    await world.receive(world.shipment(order, 'OUT-1', [1]))
    const second = world.shipment(order, 'OUT-2', [1])
    expect(await world.receive(second)).toMatchObject({ is: 'retry', why: 'gate closed' })
    expect(world.calls).toHaveLength(1)
    expect(await world.row(second)).toBeUndefined()
    expect(await world.gate.state('shop:A1')).toMatchObject({ breaker: 'open', why: 'AuthDenied' })
  })

  it('never closes the gate for what is wrong with it alone', async () => {
    const world = new WritebackWorld({ mishaps: Array.from({ length: 12 }, () => 'busy' as const) })
    const order = world.place([1])
    for (let count = 0; count < 12; count += 1)
      await world.receive(world.shipment(order, `OUT-${count}`, [1]))
    await world.receive(world.shipment(order, 'OUT-20', [9]))
    expect(await world.gate.state('shop:A1')).toMatchObject({ breaker: 'closed' })
  })
})

describe('a worker that dies', () => {
  const moments = [1, 2].flatMap((write) =>
    (['before', 'after'] as const).map((when) => ({
      name: `${when} write ${write}`,
      crashes: [{ write, when }],
    })),
  )
  const calls = (['crash-before', 'crash-after'] as const).map((mishap) => ({
    name: mishap,
    mishaps: [mishap],
  }))

  it.each([...moments, ...calls])(
    'at $name of its row, or in its call, leaves one effect',
    async (options) => {
      const world = new WritebackWorld(options)
      const order = world.place([2])
      const message = world.shipment(order, 'OUT-1', [1])
      await expect(world.receive(message)).rejects.toThrow(Crash)
      world.clock.advance(TIMES.leaseMs)
      expect(await world.settle(message)).toMatchObject({ is: 'done' })
      expect(world.sent(order)).toEqual([1])
      expect(world.parcels(order)).toEqual(['SF-OUT-1'])
      expect(await world.row(message)).toMatchObject({ status: 'done' })
    },
  )
})

describe('a cancel', () => {
  it('is carried out once, lost answer or not', async () => {
    const world = new WritebackWorld({ mishaps: ['lost-after'] })
    const order = world.place()
    const message = world.cancel(order, 'C1')
    expect(await world.settle(message)).toMatchObject({ is: 'done' })
    expect(world.shop.order(order.no)).toMatchObject({ status: 'cancelled', toBuyer: '仓库缺货' })
    expect(await world.row(message)).toMatchObject({ status: 'done', result: 'duplicate' })
  })

  it('of what has left is parked as too late', async () => {
    const world = new WritebackWorld()
    const order = world.place([1])
    await world.receive(world.shipment(order, 'OUT-1', [1]))
    expect(await world.receive(world.cancel(order, 'C1'))).toEqual({ is: 'park', code: 'too-late' })
    expect(world.shop.order(order.no)?.status).toBe('confirmed')
  })

  it('of a paid order is parked, and says how the operator decides about the money', async () => {
    const world = new WritebackWorld()
    const order = world.place([1])
    world.shop.pay(order.no)
    const undecided = world.cancel(order, 'C1')
    expect(await world.receive(undecided)).toEqual({ is: 'park', code: 'needs-a-person' })
    expect(await world.row(undecided)).toMatchObject({
      reason: { code: 'needs-a-person', field: 'refund', remedy: expect.stringContaining('--refund') },
    })
  })

  it('of what a guest paid is parked with the shop’s own remedy, for a guest has no balance', async () => {
    const world = new WritebackWorld()
    const order = world.shop.place({ userId: '0' })
    world.shop.pay(order.no)
    const { command, ...message } = world.cancel(order, 'C1')
    if (command.is !== 'cancel') throw new Error('it is no cancel')
    const refunded = {
      ...message,
      command: { ...command, cancel: { ...command.cancel, refund: 'balance' as const } },
    }
    await world.receive(refunded)
    expect((await world.row(refunded))?.reason).toMatchObject({
      code: 'needs-a-person',
      remedy: expect.not.stringContaining('--refund'),
    })
  })
})

describe('figures of stock', () => {
  it('are written without a row, and counted by what became of them', async () => {
    const world = new WritebackWorld()
    const message = world.stock('LAMP-01', 3)
    expect(await world.receive(message)).toEqual({ is: 'done', flavour: 'applied' })
    expect(world.shop.stockOf('LAMP-01')?.quantity).toBe(3)
    expect(await world.writebacks.list('erp', 'open')).toEqual({ rows: [] })
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({
        code: 'STOCK_WRITTEN',
        fields: expect.objectContaining({ pool: 'main', applied: 1 }),
      }),
    )
  })

  it('whose answer was lost are not written over a sale', async () => {
    const world = new WritebackWorld({ mishaps: ['lost-after'] })
    const message = world.stock('LAMP-01', 3)
    const before = world.shop.stockOf('LAMP-01')?.quantity ?? 0
    await world.receive(message)
    world.shop.setStock('LAMP-01', before)
    expect(await world.settle(message)).toMatchObject({ is: 'done' })
    expect(world.shop.stockOf('LAMP-01')?.quantity).toBe(before)
  })

  it('older than an hour are outdated, whatever the gate says', async () => {
    const world = new WritebackWorld({ mishaps: ['denied'] })
    const message = world.stock('LAMP-01', 3)
    expect(await world.receive(message)).toMatchObject({ is: 'retry' })
    world.clock.advance(HOUR_MS + 1)
    expect(await world.receive(message)).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(world.calls).toHaveLength(1)
    expect(world.log.lines.map(({ code }) => code)).toContain('STOCK_OUTDATED')
  })

  it('that the shop cannot read are said to be so, and leave the queue', async () => {
    const world = new WritebackWorld()
    const message = world.stock('LAMP-01', -1)
    expect(await world.receive(message)).toEqual({ is: 'park', code: 'invalid-field' })
    expect(world.log.lines).toContainEqual(expect.objectContaining({ code: 'STOCK_REFUSED', level: 'error' }))
  })
})
