import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import { orderSourceId } from './reference.ts'

/** What a message is about, as the ledger's key knows it; the same for a snapshot and the tombstone of one order. */
function sourceIdOf(subject: Subject): string {
  const { orderId, addTime } = subject.is === 'snapshot' ? subject.order : subject.tombstone
  return orderSourceId(orderId, addTime)
}

/** Messages of equal group keep their order. */
export function groupKeyOf(message: DeliveryMessage): string {
  return [message.shop, message.kind, sourceIdOf(message.subject)].join('|')
}

/** Messages of equal key say the same: version and wireHash fix the content (protocol §3, Batches). */
export function dedupKeyOf(message: DeliveryMessage): string {
  const { epoch, seq } = message.version
  return [groupKeyOf(message), epoch, seq, message.wireHash].join('|')
}
