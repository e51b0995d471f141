import * as z from 'zod'
import {
  type DeliveryMessage,
  DeliveryMessageSchema,
  MAX_MESSAGE_BYTES,
} from '#contracts/delivery-message.ts'
import { dedupKeyOf, groupKeyOf } from '#domain/delivery-identity.ts'
import type { DeliveryQueue, Enqueue, Enqueued } from '#ports/delivery-queue.ts'
import type { Clock } from '#ports/runtime.ts'

/** As long as a FIFO queue of SQS remembers a deduplication id. */
const DEDUP_MS = 300_000

/** The queues of the targets as arrays, for tests and trials. */
export class MemoryDeliveryQueue implements DeliveryQueue {
  readonly #bodies = new Map<string, { body: string; group: string }[]>()
  readonly #seen = new Map<string, number>()
  readonly #clock: Clock

  constructor({ clock, targets }: { clock: Clock; targets: readonly string[] }) {
    this.#clock = clock
    for (const target of targets) this.#bodies.set(target, [])
  }

  async enqueue(messages: readonly Enqueue[]): Promise<Enqueued[]> {
    const sends = messages.map((enqueue) => ({ ...enqueue, queue: this.#queue(enqueue.message.target) }))
    return sends.map(({ message, dedupId, queue }) => {
      const body = JSON.stringify(z.encode(DeliveryMessageSchema, message))
      if (Buffer.byteLength(body) > MAX_MESSAGE_BYTES) return 'too-large'
      const key = `${message.target}|${dedupId ?? dedupKeyOf(message)}`
      const now = this.#clock.now()
      const known = (this.#seen.get(key) ?? Number.NEGATIVE_INFINITY) + DEDUP_MS > now
      if (!known) {
        this.#seen.set(key, now)
        queue.push({ body, group: groupKeyOf(message) })
      }
      return 'queued'
    })
  }

  /** Takes everything out of a target's queue, oldest first. */
  drain(target: string): { message: DeliveryMessage; group: string }[] {
    return this.#queue(target)
      .splice(0)
      .map(({ body, group }) => ({ message: DeliveryMessageSchema.parse(JSON.parse(body)), group }))
  }

  #queue(target: string): { body: string; group: string }[] {
    const queue = this.#bodies.get(target)
    if (!queue) throw new Error(`no delivery queue is configured for ${target}`)
    return queue
  }
}
