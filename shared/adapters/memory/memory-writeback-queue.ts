import * as z from 'zod'
import { MAX_MESSAGE_BYTES } from '#contracts/delivery-message.ts'
import { type WritebackMessage, WritebackMessageSchema } from '#contracts/writeback.ts'
import { writebackDedup, writebackGroup } from '#domain/writeback-identity.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { Clock } from '#ports/runtime.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'

/** As long as a FIFO queue of SQS remembers a deduplication id. */
const DEDUP_MS = 300_000

/** The queue of commands as an array, for tests and trials. */
export class MemoryWritebackQueue implements WritebackQueue {
  readonly #bodies: { body: string; group: string }[] = []
  readonly #seen = new Map<string, number>()
  readonly #clock: Clock

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock
  }

  async enqueue(messages: readonly WritebackMessage[]): Promise<Enqueued[]> {
    return messages.map((message) => {
      const body = JSON.stringify(z.encode(WritebackMessageSchema, message))
      if (Buffer.byteLength(body) > MAX_MESSAGE_BYTES) return 'too-large'
      const key = writebackDedup(message)
      const now = this.#clock.now()
      const known = (this.#seen.get(key) ?? Number.NEGATIVE_INFINITY) + DEDUP_MS > now
      if (!known) {
        this.#seen.set(key, now)
        this.#bodies.push({ body, group: writebackGroup(message) })
      }
      return 'queued'
    })
  }

  /** Takes everything out, oldest first. */
  drain(): { message: WritebackMessage; group: string }[] {
    return this.#bodies
      .splice(0)
      .map(({ body, group }) => ({ message: WritebackMessageSchema.parse(JSON.parse(body)), group }))
  }
}
