import type { SQSClient } from '@aws-sdk/client-sqs'
import * as z from 'zod'
import { DeliveryMessageSchema } from '#contracts/delivery-message.ts'
import { dedupKeyOf, groupKeyOf } from '#domain/delivery-identity.ts'
import type { DeliveryQueue, Enqueue, Enqueued } from '#ports/delivery-queue.ts'
import type { Log } from '#ports/runtime.ts'
import { sendFifo } from './fifo-sender.ts'

export interface SqsDeliveryQueueDeps {
  readonly client: SQSClient
  /** Target → URL of its queue. A message for any other target is a bug and throws. */
  readonly queueUrls: Readonly<Record<string, string>>
  readonly log: Log
}

/** The FIFO queues of the targets. */
export class SqsDeliveryQueue implements DeliveryQueue {
  readonly #client: SQSClient
  readonly #queueUrls: ReadonlyMap<string, string>
  readonly #log: Log

  constructor({ client, queueUrls, log }: SqsDeliveryQueueDeps) {
    this.#client = client
    this.#queueUrls = new Map(Object.entries(queueUrls))
    this.#log = log
  }

  async enqueue(messages: readonly Enqueue[]): Promise<Enqueued[]> {
    const outgoing = messages.map(({ message, dedupId }) => ({
      queueUrl: this.#queueUrl(message.target),
      message: z.encode(DeliveryMessageSchema, message),
      group: groupKeyOf(message),
      dedup: dedupId ?? dedupKeyOf(message),
    }))
    return sendFifo(this.#client, outgoing, this.#log)
  }

  #queueUrl(target: string): string {
    const queueUrl = this.#queueUrls.get(target)
    if (queueUrl === undefined) throw new Error(`no delivery queue is configured for ${target}`)
    return queueUrl
  }
}
