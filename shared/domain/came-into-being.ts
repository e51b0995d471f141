import type { Subject } from '#contracts/delivery-message.ts'

/** When something came into being in the shop, as an instant; null where it does not say. */
export function cameIntoBeing(subject: Subject): string | null {
  switch (subject.is) {
    case 'snapshot':
      return subject.order.orderedAt
    case 'customer':
      return subject.customer.registeredAt
    case 'return':
      return subject.return.returnedAt
    case 'ticket':
      return subject.ticket.writtenAt
    case 'parts':
      return subject.parts.requestedAt
    case 'tombstone':
    case 'gone':
      return null
  }
}
