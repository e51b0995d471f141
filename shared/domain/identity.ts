import type { Subject } from '#contracts/delivery-message.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import {
  customerReference,
  orderReference,
  orderSourceId,
  partsReference,
  refundReference,
  returnReference,
  type ShortHash,
  ticketReference,
} from './reference.ts'

/** What a message is about, as the ledger knows it; the same for a snapshot and the end of one thing. */
export interface Identity {
  readonly kind: DocumentKind
  /** Part of the ledger's key. */
  readonly sourceId: string
  /** The number a person knows it by: order_sn where there is an order. */
  readonly no: string
  /** Without generation. */
  readonly reference: string
}

export function identityOf(subject: Subject, hash: ShortHash): Identity {
  switch (subject.is) {
    case 'snapshot':
      return ofOrder(subject.order, hash)
    case 'tombstone':
      return ofOrder(subject.tombstone, hash)
    case 'customer': {
      const { shop, userId, guestKey, regTime } = subject.customer
      const reference = customerReference(shop, { userId, guestKey })
      const sourceId = userId === null ? `g.${guestKey ?? ''}` : `${userId}.${regTime}`
      return { kind: 'customer', sourceId, no: userId === null ? reference : `U${userId}`, reference }
    }
    case 'return': {
      const { shop, type, returnId, rawTime, order } = subject.return
      const goods = type === 'goods'
      return {
        kind: 'return',
        sourceId: `${goods ? '' : 'f'}${returnId}.${rawTime}`,
        no: order.orderSn,
        reference: goods ? returnReference(shop, returnId) : refundReference(shop, returnId),
      }
    }
    case 'ticket': {
      const { shop, ticketId, msgTime, order } = subject.ticket
      return {
        kind: 'ticket',
        sourceId: `${ticketId}.${msgTime}`,
        no: order?.orderSn ?? `T${ticketId}`,
        reference: ticketReference(shop, ticketId),
      }
    }
    case 'parts': {
      const { shop, requestId, ticket } = subject.parts
      // Two desks may count alike.
      const sourceId = `${ticket.target}.${ticket.sourceId}.${requestId}`
      return {
        kind: 'parts',
        sourceId,
        no: ticket.reference,
        reference: partsReference(shop, sourceId, hash),
      }
    }
    case 'gone': {
      const { shop, kind, id, stamp } = subject.gone
      const reference = {
        customer: () => customerReference(shop, { userId: id, guestKey: null }),
        return: () => returnReference(shop, id),
        ticket: () => ticketReference(shop, id),
      }[kind]()
      return { kind, sourceId: `${id}.${stamp}`, no: kind === 'customer' ? `U${id}` : `T${id}`, reference }
    }
  }
}

function ofOrder(
  { shop, orderSn, orderId, addTime }: { shop: string; orderSn: string; orderId: string; addTime: number },
  hash: ShortHash,
): Identity {
  return {
    kind: 'order',
    sourceId: orderSourceId(orderId, addTime),
    no: orderSn,
    reference: orderReference(shop, orderSn, orderId, hash),
  }
}
