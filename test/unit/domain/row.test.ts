import { describe, expect, it } from 'vitest'
import { contentOf } from '#domain/content.ts'
import { reason, WAKES } from '#domain/reasons.ts'
import { freshRow, inheritedCause, linesSent, rowSeeing, withHistory } from '#domain/row.ts'
import { compareVersions, isOlder, newerOf } from '#domain/version.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'
import { World } from '../../support/world.ts'

const world = new World()
const seen = (row = aRow(), change = {}, extra = {}) =>
  rowSeeing(row, world.order(canonicalOrder(change), extra), 5_000)

describe('versions', () => {
  const at = (epochNo: number, seq: number) => ({ epoch: `e-${epochNo}`, epochNo, seq })
  it('order by the position of their epoch, then by seq', () => {
    expect(compareVersions(at(0, 9), at(1, 1))).toBeLessThan(0)
    expect(compareVersions(at(1, 2), at(1, 1))).toBeGreaterThan(0)
    expect(compareVersions(at(1, 2), at(1, 2))).toBe(0)
    expect(isOlder(at(0, 9), at(1, 1))).toBe(true)
    expect(isOlder(at(1, 1), at(1, 1))).toBe(false)
    expect(newerOf(at(0, 9), at(1, 1))).toEqual(at(1, 1))
    expect(newerOf(at(1, 2), at(1, 1))).toEqual(at(1, 2))
  })
})

describe('a row that sees a message', () => {
  it('raises seen and never lowers it', () => {
    const newer = seen(
      aRow(),
      {},
      { version: { epoch: 'e-1', epochNo: 0, seq: 8 }, wireHash: '1'.repeat(64) },
    )
    expect(newer.seen).toEqual({ version: { epoch: 'e-1', epochNo: 0, seq: 8 }, wireHash: '1'.repeat(64) })
    expect(seen(newer, {}, { version: { epoch: 'e-1', epochNo: 0, seq: 2 } }).seen).toEqual(newer.seen)
  })

  it('keeps what was sent of a line, by rec_id and SKU, and starts anew for a line that is another one', () => {
    const first = seen()
    const sent = { ...first, lines: linesSent(first.lines, 9_000) }
    const edited = seen(sent, { quantity: 4 })
    expect(edited.lines[0]).toMatchObject({ recId: '10011', sku: 'TEE-L', qty: 4, sentQty: 1, at: 9_000 })
    expect(seen(sent, { sku: 'TEE-M' }).lines[0]).toMatchObject({
      recId: '10011',
      sku: 'TEE-M',
      sentQty: 0,
      at: 5_000,
    })
  })

  const shirt = ({ lines }: ReturnType<typeof seen>) => lines.filter(({ recId }) => recId === '10011')
  const withoutLines = (row: ReturnType<typeof seen>, at: number) =>
    rowSeeing(row, world.order({ ...canonicalOrder(), lines: [] }), at)

  it('keeps a removed line while the ERP has it, and a day longer', () => {
    const first = seen()
    const sent = { ...first, lines: linesSent(first.lines, 9_000) }
    const removed = withoutLines(sent, 10_000)
    expect(shirt(removed)).toMatchObject([{ recId: '10011', sku: 'TEE-L', qty: 0, sentQty: 1 }])
    expect(shirt(withoutLines(removed, 10 * 86_400_000))).toHaveLength(1)

    const confirmed = { ...removed, lines: linesSent(removed.lines, 20_000) }
    expect(shirt(confirmed)).toMatchObject([{ qty: 0, sentQty: 0, at: 20_000 }])
    const again = { ...confirmed, lines: linesSent(confirmed.lines, 50_000_000) }
    expect(shirt(withoutLines(again, 20_000 + 86_399_999))).toHaveLength(1)
    expect(withoutLines(again, 20_000 + 86_400_000).lines).toEqual([])
  })

  it('remembers the most that a write without a clear answer may have asked for, until one is clear', () => {
    const intent = {
      op: 'place' as const,
      step: 'create',
      generation: 0,
      hash: { v: 1, source: '', mapped: '' },
      version: { epoch: 'e-1', epochNo: 0, seq: 8 },
      deadline: 6_000,
      calls: 1,
    }
    const asked = { ...seen(aRow(), { quantity: 5 }), intent }
    const cut = seen(asked, { quantity: 2 })
    expect(shirt(cut)).toMatchObject([{ qty: 2, sentQty: 0, askedQty: 5 }])
    expect(shirt(seen({ ...cut, intent }, { quantity: 3 }))).toMatchObject([{ qty: 3, askedQty: 5 }])
    expect(shirt(withoutLines({ ...cut, intent }, 10 * 86_400_000))).toMatchObject([{ qty: 0, askedQty: 5 }])

    const { intent: _answered, ...settled } = cut
    expect(seen(settled, { quantity: 3 }).lines[0]).not.toHaveProperty('askedQty')
    expect(seen({ ...settled, unsettledUntil: 5_001 }, { quantity: 3 }).lines[0]).toHaveProperty(
      'askedQty',
      5,
    )
    expect(linesSent(cut.lines, 9_000)[0]).not.toHaveProperty('askedQty')
  })

  it('counts the members of a package and leaves promotions out', () => {
    const order = canonicalOrder()
    const [line] = order.lines
    if (!line) throw new Error('no line')
    const part = { goodsId: '8', productId: '0', sku: 'CUP', name: 'Cup', quantity: 6, net: 1 }
    const message = world.order({
      ...order,
      lines: [
        { ...line, kind: 'package', sku: '', parts: [part] },
        { ...line, kind: 'promotion' },
      ],
    })
    expect(rowSeeing(aRow(), message, 1).lines).toEqual([
      { recId: '10011', sku: 'CUP', qty: 6, sentQty: 0, shipped: 0, reserved: 0, at: 1 },
    ])
  })

  it('remembers that an order was open, and that a payment revived it until it ends again', () => {
    const draft = freshRow(
      aRow().key,
      world.order(canonicalOrder({ state: 'void', payment: 'unpaid' })),
      { no: '1', reference: 'EC' },
      1,
    )
    expect(draft.shopState).toMatchObject({ everOpen: false, revived: false })
    expect(seen({ ...draft, rev: 1 }).shopState).toMatchObject({ everOpen: true, revived: false })

    const cancelled = seen(aRow({ shopState: { ...aRow().shopState, payment: 'unpaid' } }), {
      state: 'cancelled',
      payment: 'unpaid',
    })
    expect(cancelled.shopState).toMatchObject({ everOpen: true, revived: false })
    expect(seen(cancelled, { payment: 'unpaid' }).shopState.revived).toBe(false)
    const revived = seen(cancelled)
    expect(revived.shopState.revived).toBe(true)
    expect(seen(revived, { quantity: 2 }).shopState.revived).toBe(true)
    expect(seen(revived, { state: 'cancelled' }).shopState.revived).toBe(false)
    const paidWhenCancelled = seen(aRow(), { state: 'cancelled', payment: 'paid' })
    expect(seen(paidWhenCancelled).shopState.revived).toBe(false)
  })

  it('keeps the last state of a thing that is gone, unless its tombstone knows better', () => {
    const tombstone = (state: 'cancelled' | null) =>
      world.message({
        is: 'tombstone',
        tombstone: {
          shop: 'demo',
          orderId: '1001',
          orderSn: '1',
          addTime: 5,
          recIds: [],
          state,
          mergedInto: null,
        },
      })
    const row = aRow({ lines: seen().lines, shopState: { ...aRow().shopState, state: 'confirmed' } })
    expect(rowSeeing(row, tombstone(null), 1)).toMatchObject({
      shopState: { state: 'confirmed', payment: 'paid', gone: true },
      lines: row.lines,
    })
    expect(rowSeeing(row, tombstone('cancelled'), 1).shopState).toMatchObject({
      state: 'cancelled',
      everOpen: true,
      gone: true,
    })
    expect(freshRow(row.key, tombstone(null), { no: '1', reference: 'EC' }, 1).shopState).toMatchObject({
      state: 'void',
      payment: 'unpaid',
      everOpen: false,
    })
  })

  it('inherits the cause of a replay that has not ended', () => {
    const event = world.order(canonicalOrder())
    expect(inheritedCause(aRow({ status: 'open', cause: 'replay' }), event)).toBe('replay')
    expect(inheritedCause(aRow({ status: 'open', cause: 'repair' }), event)).toBe('repair')
    expect(inheritedCause(aRow({ status: 'open', cause: 'event' }), event)).toBe('event')
    expect(inheritedCause(aRow({ status: 'parked', cause: 'replay' }), event)).toBe('event')
    expect(inheritedCause(aRow({ status: 'open', cause: 'repair' }), { ...event, cause: 'replay' })).toBe(
      'replay',
    )
  })
})

describe('a life', () => {
  it('keeps its beginning and its end when it is long', () => {
    let row = aRow()
    for (let at = 1; at <= 60; at += 1) row = withHistory(row, { at, event: `e${at}` })
    expect(row.history.map(({ at }) => at)).toEqual([
      ...Array.from({ length: 8 }, (_, index) => index + 1),
      ...Array.from({ length: 32 }, (_, index) => index + 29),
    ])
  })
})

describe('reasons', () => {
  it('carry a sentence, a fix, and what they are about', () => {
    expect(reason('missing-sku', { subject: '12', field: 'lines' })).toEqual({
      code: 'missing-sku',
      message: 'A line has no SKU code.',
      remedy: expect.stringContaining('replay'),
      subject: '12',
      field: 'lines',
    })
    expect(reason('refused', { detail: 'No such term.', remedy: 'Ask.' })).toEqual({
      code: 'refused',
      message: 'The ERP refused the document. No such term.',
      remedy: 'Ask.',
    })
    expect([...WAKES].toSorted()).toEqual(['missing-reference', 'missing-sku'])
  })
})

describe('content', () => {
  const order = canonicalOrder()
  it('ignores everything a write-back writes and how the bridge reads clocks', () => {
    const later = {
      ...order,
      status: { order: 5, shipping: 1, pay: 2 },
      shippedAt: '2026-11-21T00:00:00Z',
      confirmedAt: '2026-11-21T00:00:00Z',
      orderedAt: '2026-11-21T07:00:00Z',
      paidAt: '2026-11-21T08:00:00Z',
      shipping: { ...order.shipping, trackingNos: ['SF1'] },
      deliveries: [
        { deliveryId: '1', deliverySn: '1', status: 0, trackingNos: ['SF1'], carrier: 'SF', lines: [] },
      ],
      lines: order.lines.map((line) => ({ ...line, sentQuantity: 1 })),
    }
    expect(contentOf(later)).toEqual(contentOf(order))
    expect(contentOf(order).orderedAt).toBe(new Date(order.addTime * 1000).toISOString())
    expect(contentOf(order).paidAt).toBe(new Date(order.payTime * 1000).toISOString())
    expect(contentOf({ ...order, payTime: 0 }).paidAt).toBeNull()
  })

  it('sees what people decide', () => {
    for (const change of [
      { state: 'cancelled' as const },
      { payment: 'unpaid' as const },
      { quantity: 2 },
      { address: 'x' },
    ]) {
      expect(contentOf(canonicalOrder(change))).not.toEqual(contentOf(order))
    }
  })
})
