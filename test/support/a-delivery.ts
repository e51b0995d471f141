import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import type { Order, Tombstone } from '#contracts/order.ts'
import { canonicalOrder } from './canonical-order.ts'

/** A canonical order under the identity that `aTombstone` and `aRowKey` share. */
export function anOrderSnapshot(overrides: Partial<Order> = {}): Order {
  const order = canonicalOrder()
  const money = { ...order.money, balance: 5, due: -105 }
  return { ...order, shop: 'A1', orderId: '10086', addTime: 1_763_712_000, money, ...overrides }
}

/** The same with a thousand lines. */
export function aLongOrder(): Order {
  const order = anOrderSnapshot()
  const lines = order.lines.slice(0, 1)
  return {
    ...order,
    lines: Array.from({ length: 1_000 }, (_, index) =>
      lines.map((line) => ({ ...line, recId: String(index) })),
    ).flat(),
  }
}

export function aTombstone(overrides: Partial<Tombstone> = {}): Tombstone {
  return {
    shop: 'A1',
    orderId: '10086',
    orderSn: '2026112112345',
    addTime: 1_763_712_000,
    recIds: ['501'],
    state: 'void',
    mergedInto: null,
    ...overrides,
  }
}

export const snapshotOf = (order: Order): Subject => ({ is: 'snapshot', order })
export const tombstoneOf = (tombstone: Tombstone): Subject => ({ is: 'tombstone', tombstone })

export function aDelivery(overrides: Partial<DeliveryMessage> = {}): DeliveryMessage {
  return {
    v: 1,
    shop: 'A1',
    target: 'erp-one',
    kind: 'order',
    cause: 'event',
    firstSeenAt: '2026-11-21T08:30:00Z',
    correlationId: 'correlation-1',
    version: { epoch: 'epoch-one', seq: 7, epochNo: 0 },
    wireHash: 'c0ffee',
    subject: snapshotOf(anOrderSnapshot()),
    ...overrides,
  }
}
