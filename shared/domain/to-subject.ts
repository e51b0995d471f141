import type { ShopConfig } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import type { ShortHash } from './reference.ts'
import { type GuestKey, toCustomer, toGuest } from './to-customer.ts'
import { toOrder, toTombstone } from './to-order.ts'
import { toRefunds, toReturn } from './to-return.ts'
import { toTicket } from './to-ticket.ts'

export interface SubjectContext {
  readonly id: string
  readonly config: ShopConfig
  readonly hash: ShortHash
  readonly guestKey: GuestKey
}

/** What deliveries carry of an event, however it reached us: posted by the bridge, or fetched from it. */
export interface Told {
  readonly subject: Subject
  /** What an order says of others: its guest, money that was given back. Delivered to targets that take their kind. */
  readonly besides: readonly Subject[]
  readonly wireHash: string
}

export function toSubject(event: WebhookEvent, shop: SubjectContext): Told {
  return {
    ...subjectsOf(event, shop),
    // Hashes of two versions of the function say nothing about each other.
    wireHash: `${event.hashVersion}:${event.hash}`,
  }
}

function subjectsOf(event: WebhookEvent, shop: SubjectContext): Pick<Told, 'subject' | 'besides'> {
  const alone = (subject: Subject) => ({ subject, besides: [] })
  switch (event.type) {
    case 'order.snapshot': {
      const order = toOrder(event.snapshot, shop)
      const guest = toGuest(order, shop.guestKey)
      return {
        subject: { is: 'snapshot', order },
        besides: [
          ...(guest ? [{ is: 'customer', customer: guest } as const] : []),
          ...toRefunds(event.snapshot, order, shop.hash).map(
            (one) => ({ is: 'return', return: one }) as const,
          ),
        ],
      }
    }
    case 'order.deleted':
      return alone({ is: 'tombstone', tombstone: toTombstone(event.tombstone, shop) })
    case 'customer.snapshot':
      return alone({ is: 'customer', customer: toCustomer(event.snapshot, shop, shop.guestKey) })
    case 'customer.deleted': {
      const { user_id: id, reg_time: stamp } = event.tombstone
      return alone({ is: 'gone', gone: { shop: shop.id, kind: 'customer', id, stamp } })
    }
    case 'return.snapshot':
      return alone({ is: 'return', return: toReturn(event.snapshot, shop, shop.hash) })
    case 'return.deleted': {
      const { back_id: id, return_time: stamp } = event.tombstone
      return alone({ is: 'gone', gone: { shop: shop.id, kind: 'return', id, stamp } })
    }
    case 'ticket.snapshot':
      return alone({ is: 'ticket', ticket: toTicket(event.snapshot, shop, shop.hash) })
    case 'ticket.deleted': {
      const { msg_id: id, msg_time: stamp } = event.tombstone
      return alone({ is: 'gone', gone: { shop: shop.id, kind: 'ticket', id, stamp } })
    }
  }
}
