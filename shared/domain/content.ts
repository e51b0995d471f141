import type { Order } from '#contracts/order.ts'

/** 9999-12-31T23:59:59Z: beyond it an instant no longer has four digits for its year. */
const LAST_SECOND = 253_402_300_799

/** Columns of ECShop 3.x and 4.x that the shop itself moves whenever anything touches an order. */
const BOOKKEEPING = ['lastmodify', 'callback_status']

/**
 * The order as its content hash sees it: without whatever a write-back of ours writes into the shop (a shipment we recorded
 * must not come back as an edit), and with instants taken from the raw integers, which a changed reading of the shop's clock
 * leaves alone.
 */
export function contentOf(order: Order): Order {
  const open = order.state === 'placed' || order.state === 'confirmed'
  return {
    ...order,
    // Recording a shipment confirms an order (1) and marks it as split to delivery notes (5, 6).
    state: open ? 'confirmed' : order.state,
    status: { ...order.status, order: open ? 1 : order.status.order, shipping: 0 },
    orderedAt: instantOf(order.addTime),
    confirmedAt: null,
    paidAt: order.payTime === 0 ? null : instantOf(order.payTime),
    shippedAt: null,
    shipping: { ...order.shipping, trackingNos: [] },
    lines: order.lines.map((line) => ({ ...line, sentQuantity: 0 })),
    deliveries: [],
    extra: Object.fromEntries(Object.entries(order.extra).filter(([name]) => !BOOKKEEPING.includes(name))),
  }
}

const ELSEWHEN = '2000-01-01T00:00:00Z'

/**
 * The same order as it may look after other write-backs and under another reading of the shop's clock: different in each of
 * those fields, equal in its content. What a mapping makes of both alike is free of them.
 */
export function withOtherWriteBacks(order: Order): Order {
  const open = order.state === 'placed' || order.state === 'confirmed'
  const shipping = order.status.shipping === 1 ? 0 : 1
  const toggled = (instant: string | null) => (instant === null ? ELSEWHEN : null)
  return {
    ...order,
    state: !open ? order.state : order.state === 'placed' ? 'confirmed' : 'placed',
    status: {
      ...order.status,
      order: !open ? order.status.order : order.status.order === 0 ? 5 : 0,
      shipping,
    },
    orderedAt: ELSEWHEN,
    confirmedAt: toggled(order.confirmedAt),
    paidAt: order.payTime === 0 ? order.paidAt : toggled(order.paidAt),
    shippedAt: toggled(order.shippedAt),
    shipping: { ...order.shipping, trackingNos: [...order.shipping.trackingNos, 'another'] },
    lines: order.lines.map((line) => ({ ...line, sentQuantity: line.sentQuantity + 1 })),
    deliveries: [
      ...order.deliveries,
      { deliveryId: '0', deliverySn: '', status: 0, trackingNos: [], carrier: '', lines: [] },
    ],
    extra: { ...order.extra, ...Object.fromEntries(BOOKKEEPING.map((name) => [name, ELSEWHEN])) },
  }
}

function instantOf(rawSeconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- converts a number it is given; reads no clock
  return new Date(Math.min(rawSeconds, LAST_SECOND) * 1000).toISOString()
}
