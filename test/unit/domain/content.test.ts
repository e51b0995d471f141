import { describe, expect, it } from 'vitest'
import type { Order } from '#contracts/order.ts'
import { contentOf, withOtherWriteBacks } from '#domain/content.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'

const contentWith = (change: Partial<Order>) => contentOf({ ...canonicalOrder(), ...change })

describe('the content of an order', () => {
  const order = canonicalOrder()
  const content = contentOf(order)

  it('is the same after a shipment was recorded in the shop', () => {
    expect(contentWith({ shippedAt: '2026-11-21T04:00:00Z', confirmedAt: '2026-11-21T04:00:00Z' })).toEqual(
      content,
    )
    expect(contentWith({ shipping: { ...order.shipping, trackingNos: ['SF100'] } })).toEqual(content)
    expect(
      contentWith({ lines: order.lines.map((line) => ({ ...line, sentQuantity: line.quantity })) }),
    ).toEqual(content)
    expect(
      contentWith({
        deliveries: [
          { deliveryId: '1', deliverySn: 'N', status: 0, trackingNos: [], carrier: '', lines: [] },
        ],
      }),
    ).toEqual(content)
  })

  it.each([0, 1, 5, 6])('is the same with order_status %i of an open order', (status) => {
    expect(
      contentWith({
        status: { ...order.status, order: status },
        state: status === 0 ? 'placed' : 'confirmed',
      }),
    ).toEqual(content)
  })

  it.each([0, 1, 2, 3, 4, 5, 6])('is the same with shipping_status %i', (shipping) => {
    expect(contentWith({ status: { ...order.status, shipping } })).toEqual(content)
  })

  it('is the same however the shop’s clock is read', () => {
    expect(contentWith({ orderedAt: '2026-11-20T15:00:00Z', paidAt: '2026-11-20T15:05:00Z' })).toEqual(
      content,
    )
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
    expect(contentWith({ consignee: { ...order.consignee, address: '示例路 2 号' } })).not.toEqual(content)
    expect(contentWith({ money: { ...order.money, total: order.money.total + 1 } })).not.toEqual(content)
    expect(contentWith({ lines: order.lines.slice(1) })).not.toEqual(content)
    expect(
      contentWith({ lines: order.lines.map((line) => ({ ...line, quantity: line.quantity + 1 })) }),
    ).not.toEqual(content)
    expect(contentWith({ addTime: order.addTime + 1 })).not.toEqual(content)
    expect(contentWith({ payTime: order.payTime + 1 })).not.toEqual(content)
    expect(contentWith({ status: { ...order.status, pay: 0 } })).not.toEqual(content)
    expect(
      contentWith({ shipping: { ...order.shipping, method: { id: '9', code: 'yto', name: '圆通' } } }),
    ).not.toEqual(content)
  })

  it.each<Order['state']>(['cancelled', 'void', 'returned'])('is another once it is %s', (state) => {
    expect(contentWith({ state })).not.toEqual(content)
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
