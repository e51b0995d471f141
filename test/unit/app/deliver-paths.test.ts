import { describe, expect, it } from 'vitest'
import { canonicalOrder as order } from '../../support/canonical-order.ts'
import { World } from '../../support/world.ts'

/** Every path of an ECShop order at an ERP that can look up, amend and cancel. */
describe('the paths of an order', () => {
  it('holds a new unpaid order and counts its lines', async () => {
    const world = new World()
    await world.send(order({ state: 'placed', payment: 'unpaid' }))
    expect(world.erp.documents).toEqual([])
    expect(await world.row(order())).toMatchObject({ status: 'held', reason: { code: 'unpaid' } })
    expect((await world.row(order())).lines.map(({ sku, qty, sentQty }) => [sku, qty, sentQty])).toEqual([
      ['TEE-L', 1, 0],
      ['MUG-01', 1, 0],
    ])
  })

  it('places unpaid orders where the rule says so', async () => {
    const world = new World({ rules: { unpaid: 'place' } })
    await world.send(order({ state: 'placed', payment: 'unpaid' }))
    expect(world.erp.live()).toHaveLength(1)
  })

  it('says no longer that it holds an order which was paid while the ERP was down', async () => {
    const world = new World()
    await world.send(order({ state: 'placed', payment: 'unpaid' }))
    world.erp.faults.push({ do: 'refuse', failure: { class: 'Transient', message: 'down' } })
    expect(await world.receive(world.order(order()))).toMatchObject({ is: 'retry' })
    const { status, reason } = await world.row(order())
    expect({ status, reason }).toEqual({ status: 'open', reason: undefined })
  })

  it('places an order when its payment arrives, once', async () => {
    const world = new World()
    await world.send(order({ state: 'placed', payment: 'unpaid' }))
    await world.send(order())
    await world.send(order())
    expect(world.erp.documents).toHaveLength(1)
    expect(await world.row(order())).toMatchObject({
      status: 'done',
      erp: { state: 'live' },
      applied: { version: { seq: 3 } },
    })
    expect(world.outcomes.at(-1)).toEqual({ is: 'done', flavour: 'duplicate' })
    expect((await world.row(order())).lines[0]).toMatchObject({ qty: 1, sentQty: 1 })
  })

  it('treats a payment in progress as the rule says', async () => {
    for (const [paying, live] of [
      ['as-paid', 1],
      ['as-unpaid', 0],
    ] as const) {
      const world = new World({ rules: { paying } })
      await world.send(order({ payment: 'paying' }))
      expect(world.erp.live()).toHaveLength(live)
    }
  })

  it('places cash on delivery at once, or on confirmation where the rule says so', async () => {
    const atOnce = new World()
    await atOnce.send(order({ state: 'placed', payment: 'unpaid', cod: true }))
    expect(atOnce.erp.live()).toHaveLength(1)

    const confirmed = new World({ rules: { cod: 'confirmed' } })
    await confirmed.send(order({ state: 'placed', payment: 'unpaid', cod: true }))
    expect(await confirmed.row(order())).toMatchObject({
      status: 'held',
      reason: { code: 'cod-unconfirmed' },
    })
    await confirmed.send(order({ state: 'confirmed', payment: 'unpaid', cod: true }))
    expect(confirmed.erp.live()).toHaveLength(1)
  })

  it('holds a group-buy until it succeeds, although its deposit is paid', async () => {
    const world = new World()
    await world.send(order({ depositOnly: true }))
    expect(await world.row(order())).toMatchObject({ status: 'held', reason: { code: 'deposit' } })
    await world.send(order({ depositOnly: false }))
    expect(world.erp.live()).toHaveLength(1)
  })

  it('takes an edit before the ERP has the order', async () => {
    const world = new World()
    await world.send(order({ state: 'placed', payment: 'unpaid' }))
    await world.send(order({ state: 'placed', payment: 'unpaid', quantity: 3 }))
    await world.send(order({ quantity: 3 }))
    expect(world.erp.documents).toHaveLength(1)
    expect(world.erp.documents[0]?.content).toContain('"TEE-L",3')
  })

  it('amends after the ERP has the order', async () => {
    const world = new World()
    await world.send(order())
    await world.send(order({ quantity: 2 }))
    expect(world.erp.documents).toHaveLength(1)
    expect(world.erp.documents[0]?.content).toContain('"TEE-L",2')
  })

  it('keeps a document up to date whose payment was taken back', async () => {
    const world = new World()
    await world.send(order())
    await world.send(order({ payment: 'unpaid' }))
    expect(world.erp.live()[0]?.content).toContain('unpaid')
  })

  it('parks an edit that comes too late, and a cancel that comes too late', async () => {
    const world = new World()
    await world.send(order())
    world.erp.shipped.add(world.erp.documents[0]?.reference ?? '')
    await world.send(order({ quantity: 2 }))
    expect(await world.row(order())).toMatchObject({
      status: 'parked',
      reason: { code: 'too-late-to-amend' },
    })
    await world.send(order({ state: 'cancelled' }))
    expect(await world.row(order())).toMatchObject({
      status: 'parked',
      reason: { code: 'too-late-to-cancel' },
    })
  })

  it('cancels, and does nothing where the ERP never had the order', async () => {
    const world = new World()
    await world.send(order({ id: '1' }))
    await world.send(order({ id: '1', state: 'cancelled', payment: 'unpaid' }))
    expect(world.erp.live()).toEqual([])
    await world.send(order({ id: '2', state: 'cancelled', payment: 'unpaid' }))
    expect(world.erp.documents).toHaveLength(1)
    expect(await world.row(order({ id: '2' }))).toMatchObject({ status: 'done' })
  })

  it('never sends an admin’s draft, which looks void, and places it when it is saved', async () => {
    const world = new World()
    await world.send(order({ state: 'void', payment: 'unpaid' }))
    expect(world.erp.documents).toEqual([])
    await world.send(order())
    expect(world.erp.live()).toHaveLength(1)
  })

  it('cancels a void order, which keeps its payment', async () => {
    const world = new World()
    await world.send(order())
    await world.send(order({ state: 'void', payment: 'paid' }))
    expect(world.erp.live()).toEqual([])
  })

  it('places a re-confirmed order as a new generation', async () => {
    const world = new World()
    await world.send(order())
    await world.send(order({ state: 'cancelled' }))
    await world.send(order())
    expect(world.erp.documents.map(({ reference, state }) => [reference.slice(-2), state])).toEqual([
      [expect.not.stringMatching(/^-/), 'cancelled'],
      ['-1', 'live'],
    ])
  })

  it('parks a payment that revives a cancelled order, also when its message is delivered twice, until a person replays it', async () => {
    const world = new World()
    await world.send(order({ state: 'placed', payment: 'unpaid' }))
    await world.send(order({ state: 'cancelled', payment: 'unpaid' }))
    const late = world.order(order())
    world.enqueue(late)
    world.enqueue(late)
    await world.drain()
    expect(await world.row(order())).toMatchObject({ status: 'parked', reason: { code: 'late-payment' } })
    await world.send(order({ address: '示例路 2 号' }))
    expect(await world.row(order())).toMatchObject({ status: 'parked', reason: { code: 'late-payment' } })
    await world.send(order({ address: '示例路 2 号' }), { cause: 'replay' })
    expect(world.erp.live()).toHaveLength(1)
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })

  it('leaves the document of a returned order alone', async () => {
    const world = new World()
    await world.send(order())
    await world.send(order({ state: 'returned', payment: 'unpaid', quantity: 1 }))
    expect(world.erp.live()).toHaveLength(1)
    expect(world.erp.live()[0]?.content).toContain('"paid"')
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })

  it('parks totals that do not balance and lines without a code, and cancels such orders all the same', async () => {
    const world = new World()
    await world.send(order({ id: '1', residual: 5 }))
    expect(await world.row(order({ id: '1' }))).toMatchObject({
      status: 'parked',
      reason: { code: 'unbalanced' },
    })
    await world.send(order({ id: '2', sku: '' }))
    expect(await world.row(order({ id: '2' }))).toMatchObject({
      status: 'parked',
      reason: { code: 'missing-sku' },
      wakeAt: expect.any(Number),
    })
    await world.send(order({ id: '3' }))
    await world.send(order({ id: '3', residual: 5, state: 'cancelled' }))
    expect(world.erp.live()).toEqual([])
  })

  it('validates the newer content before it drops the older document', async () => {
    const world = new World({ abilities: { amend: false } })
    await world.send(order())
    await world.send(order({ residual: 5, quantity: 2 }))
    expect(world.erp.live()).toHaveLength(1)
    expect(await world.row(order())).toMatchObject({ status: 'parked', reason: { code: 'unbalanced' } })
    await world.send(order())
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })

  it('parks an unknown SKU with its code, and goes on by replay once the ERP has it', async () => {
    const world = new World()
    world.erp.unknownSkus.add('TEE-L')
    await world.send(order())
    expect(await world.row(order())).toMatchObject({
      status: 'parked',
      reason: { code: 'missing-reference', subject: 'TEE-L' },
      wakeAt: expect.any(Number),
    })
    world.erp.unknownSkus.clear()
    await world.send(order(), { cause: 'replay' })
    expect(world.erp.live()).toHaveLength(1)
    expect((await world.row(order())).reason).toBeUndefined()
  })

  it('replaces a document where the ERP cannot amend, under a new generation', async () => {
    const world = new World({ abilities: { amend: false } })
    await world.send(order())
    await world.send(order({ quantity: 2 }))
    expect(world.erp.documents.map(({ state }) => state)).toEqual(['cancelled', 'live'])
    expect(world.erp.maxLive).toBe(1)
    expect(await world.row(order())).toMatchObject({ generation: 1, erp: { generation: 1 }, status: 'done' })
  })

  it('parks what an ERP without amend or cancel cannot do', async () => {
    const world = new World({ abilities: { amend: false, cancel: false } })
    await world.send(order())
    await world.send(order({ quantity: 2 }))
    expect(await world.row(order())).toMatchObject({ reason: { code: 'amend-unsupported' } })
    await world.send(order({ state: 'cancelled' }))
    expect(await world.row(order())).toMatchObject({ reason: { code: 'cancel-unsupported' } })
  })

  it('creates and confirms as two steps', async () => {
    const world = new World({ abilities: { steps: ['create', 'confirm'] } })
    await world.send(order())
    expect(world.erp.documents).toMatchObject([{ step: 'confirm' }])
    expect(await world.row(order())).toMatchObject({ erp: { step: 'confirm' }, status: 'done' })
  })
})

describe('deletions and merges', () => {
  const predecessor = (id: string) => {
    const { orderId, orderSn, addTime, lines } = order({ id })
    return { orderId, orderSn, addTime, recIds: lines.map(({ recId }) => recId) }
  }
  const tombstone = (
    id: string,
    change: { state?: 'cancelled' | 'confirmed' | null; mergedInto?: boolean } = {},
  ) => ({
    is: 'tombstone' as const,
    tombstone: {
      shop: 'demo',
      ...predecessor(id),
      state: change.state ?? null,
      mergedInto: change.mergedInto ? { orderId: '9', orderSn: '2026112000009' } : null,
    },
  })

  it('ends the deletion of an order the ERP never had', async () => {
    const world = new World()
    world.enqueue(world.message(tombstone('1')))
    await world.drain()
    expect(world.outcomes).toEqual([{ is: 'done', flavour: 'applied' }])
  })

  it('cancels when a cancelled order is deleted before its cancel arrived', async () => {
    const world = new World()
    await world.send(order({ id: '1' }))
    world.enqueue(world.message(tombstone('1', { state: 'cancelled' })))
    await world.drain()
    expect(world.erp.live()).toEqual([])
  })

  it('parks a vanished order: a restored database must not cancel what is being packed', async () => {
    const world = new World()
    await world.send(order({ id: '1' }))
    world.enqueue(world.message(tombstone('1', { state: 'confirmed' })))
    await world.drain()
    expect(world.erp.live()).toHaveLength(1)
    expect(await world.row(order({ id: '1' }))).toMatchObject({
      status: 'parked',
      reason: { code: 'vanished' },
    })
  })

  it('brakes a burst of deletions', async () => {
    const world = new World({ rules: { tombstonesPerHour: 2 } })
    for (const id of ['1', '2', '3']) {
      await world.send(order({ id }))
      world.enqueue(world.message(tombstone(id, { state: 'cancelled' })))
      await world.drain()
    }
    expect(world.erp.live()).toHaveLength(1)
    expect(await world.row(order({ id: '3' }))).toMatchObject({
      status: 'parked',
      reason: { code: 'tombstone-burst' },
    })
  })

  it('places a merged order only after its predecessors are cancelled', async () => {
    const world = new World()
    await world.send(order({ id: '1' }))
    await world.send(order({ id: '2' }))
    const merged = world.order(order({ id: '9', mergedFrom: [predecessor('1'), predecessor('2')] }))
    expect(await world.receive(merged)).toMatchObject({ is: 'retry' })
    expect(world.erp.live()).toHaveLength(2)
    world.enqueue(world.message(tombstone('1', { mergedInto: true })))
    world.enqueue(merged)
    world.enqueue(world.message(tombstone('2', { mergedInto: true })))
    await world.drain()
    expect(world.erp.live()).toMatchObject([{ reference: expect.stringContaining('00009') }])
  })

  it('waits for a predecessor nobody has reported yet, and parks behind one that is too late to cancel', async () => {
    const world = new World()
    const merged = world.order(order({ id: '9', mergedFrom: [predecessor('1')] }))
    expect(await world.receive(merged)).toMatchObject({ is: 'retry' })
    await world.send(order({ id: '1' }))
    world.erp.shipped.add(world.erp.documents[0]?.reference ?? '')
    world.enqueue(world.message(tombstone('1', { mergedInto: true })))
    await world.drain()
    expect(await world.receive(merged)).toEqual({ is: 'park', code: 'merge-predecessor' })
  })
})
