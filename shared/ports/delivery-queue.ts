import type { DeliveryMessage } from '#contracts/delivery-message.ts'

export interface Enqueue {
  readonly message: DeliveryMessage
  /** Deduplication id; by default shop, kind, identity, version and wireHash. A replay brings its own. */
  readonly dedupId?: string
}

export type Enqueued = 'queued' | 'failed' | 'too-large'

/** The FIFO queue of each target. Messages of one thing keep their order (group = shop + kind + identity, hashed). */
export interface DeliveryQueue {
  /** One result per message, in order. Never throws for an unreachable queue: that is `failed`. */
  enqueue(messages: readonly Enqueue[]): Promise<Enqueued[]>
}
