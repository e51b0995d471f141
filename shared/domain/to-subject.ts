import type { ShopConfig } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { OrderEvent } from '#contracts/webhook.ts'
import { toOrder, toTombstone } from './to-order.ts'

/** What a delivery carries of an event, however it reached us: posted by the bridge, or fetched from it. */
export function toSubject(
  event: OrderEvent,
  shop: { readonly id: string; readonly config: ShopConfig },
): { readonly subject: Subject; readonly wireHash: string } {
  return {
    subject:
      event.type === 'order.snapshot'
        ? { is: 'snapshot', order: toOrder(event.snapshot, shop) }
        : { is: 'tombstone', tombstone: toTombstone(event.tombstone, shop) },
    // Hashes of two versions of the function say nothing about each other.
    wireHash: `${event.hashVersion}:${event.hash}`,
  }
}
