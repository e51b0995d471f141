import type { Order } from '#contracts/order.ts'

/** 9999-12-31T23:59:59Z: beyond it an instant no longer has four digits for its year. */
const LAST_SECOND = 253_402_300_799

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
  }
}

function instantOf(rawSeconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- converts a number it is given; reads no clock
  return new Date(Math.min(rawSeconds, LAST_SECOND) * 1000).toISOString()
}
