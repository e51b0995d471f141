import { describe, expect, it } from 'vitest'
import type { Order } from '#contracts/order.ts'
import { contentOf, withOtherWriteBacks } from '#domain/content.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'

const same = (change: Partial<Order>) =>
  expect(contentOf({ ...canonicalOrder(), ...change })).toEqual(contentOf(canonicalOrder()))
const other = (change: Partial<Order>) =>
  expect(contentOf({ ...canonicalOrder(), ...change })).not.toEqual(contentOf(canonicalOrder()))

describe('the content of an order', () => {
  const order = canonicalOrder()

  it('is the same after a shipment was recorded in the shop', () => {
    same({ shippedAt: '2026-11-21T04:00:00Z', confirmedAt: '2026-11-21T04:00:00Z' })
    same({ shipping: { ...order.shipping, trackingNos: ['SF100'] } })
    same({ lines: order.lines.map((line) => ({ ...line, sentQuantity: line.quantity })) })
    same({
      deliveries: [{ deliveryId: '1', deliverySn: 'N', status: 0, trackingNos: [], carrier: '', lines: [] }],
    })
  })

  it.each([0, 1, 5, 6])('is the same with order_status %i of an open order', (status) => {
    same({ status: { ...order.status, order: status }, state: status === 0 ? 'placed' : 'confirmed' })
  })

  it.each([0, 1, 2, 3, 4, 5, 6])('is the same with shipping_status %i', (shipping) => {
    same({ status: { ...order.status, shipping } })
  })

  it('is the same however the shop’s clock is read', () => {
    same({ orderedAt: '2026-11-20T15:00:00Z', paidAt: '2026-11-20T15:05:00Z' })
  })

  it('takes its instants from the raw integers', () => {
    expect(contentOf({ ...order, addTime: 1_763_600_000, payTime: 1_763_600_300 })).toMatchObject({
      orderedAt: '2025-11-20T00:53:20.000Z',
      paidAt: '2025-11-20T00:58:20.000Z',
    })
    expect(contentOf({ ...order, payTime: 0 }).paidAt).toBeNull()
  })

  it('holds an instant the contract can write, whatever the shop stored', () => {
    expect(contentOf({ ...order, addTime: Number.MAX_SAFE_INTEGER }).orderedAt).toBe(
      '9999-12-31T23:59:59.000Z',
    )
  })

  it('is another after an edit', () => {
    other({ consignee: { ...order.consignee, address: '示例路 2 号' } })
    other({ money: { ...order.money, total: order.money.total + 1 } })
    other({ lines: order.lines.slice(1) })
    other({ lines: order.lines.map((line) => ({ ...line, quantity: line.quantity + 1 })) })
    other({ addTime: order.addTime + 1 })
    other({ payTime: order.payTime + 1 })
    other({ status: { ...order.status, pay: 0 } })
    other({ shipping: { ...order.shipping, method: { id: '9', code: 'yto', name: '圆通' } } })
  })

  it.each<Order['state']>(['cancelled', 'void', 'returned'])('is another once it is %s', (state) => {
    other({ state })
  })

  it('leaves the order it is given alone', () => {
    const given = canonicalOrder()
    contentOf(given)
    expect(given).toEqual(canonicalOrder())
  })
})

describe('the order under other write-backs', () => {
  const states: Order['state'][] = ['placed', 'confirmed', 'cancelled', 'void', 'returned']

  it.each(states)('has the same content: %s', (state) => {
    for (const payment of ['unpaid', 'paid'] as const) {
      const order = canonicalOrder({ state, payment })
      expect(contentOf(withOtherWriteBacks(order))).toEqual(contentOf(order))
    }
  })

  it('differs in every field a write-back or another reading of the clock changes', () => {
    const order = canonicalOrder()
    const changed = withOtherWriteBacks(order)
    expect(changed.state).not.toBe(order.state)
    expect(changed.status.order).not.toBe(order.status.order)
    expect(changed.status.shipping).not.toBe(order.status.shipping)
    expect(changed.orderedAt).not.toBe(order.orderedAt)
    expect(changed.paidAt).not.toBe(order.paidAt)
    expect(changed.confirmedAt).not.toBe(order.confirmedAt)
    expect(changed.shippedAt).not.toBe(order.shippedAt)
    expect(changed.shipping.trackingNos).not.toEqual(order.shipping.trackingNos)
    expect(changed.deliveries).not.toEqual(order.deliveries)
    changed.lines.forEach((line, index) =>
      expect(line.sentQuantity).not.toBe(order.lines[index]?.sentQuantity),
    )
  })
})
