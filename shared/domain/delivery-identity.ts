import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { identityOf } from './identity.ts'

/** The reference is not asked for: what stands in for a hash is never seen. */
const unhashed = () => ''

/** Messages of equal group keep their order. */
export function groupKeyOf(message: DeliveryMessage): string {
  return [message.shop, message.kind, identityOf(message.subject, unhashed).sourceId].join('|')
}

/** Messages of equal key say the same: version and wireHash fix the content (protocol §3, Batches). */
export function dedupKeyOf(message: DeliveryMessage): string {
  const { epoch, seq } = message.version
  return [groupKeyOf(message), epoch, seq, message.wireHash].join('|')
}
