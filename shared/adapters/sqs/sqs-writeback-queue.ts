import type { SQSClient } from '@aws-sdk/client-sqs'
import * as z from 'zod'
import { type WritebackMessage, WritebackMessageSchema } from '#contracts/writeback.ts'
import { writebackDedup, writebackGroup } from '#domain/writeback-identity.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { Log } from '#ports/runtime.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'
import { sendFifo } from './fifo-sender.ts'

export interface SqsWritebackQueueDeps {
  readonly client: SQSClient
  readonly queueUrl: string
  readonly log: Log
}

/** The FIFO queue of commands for the shops. */
export class SqsWritebackQueue implements WritebackQueue {
  readonly #deps: SqsWritebackQueueDeps

  constructor(deps: SqsWritebackQueueDeps) {
    this.#deps = deps
  }

  async enqueue(messages: readonly WritebackMessage[]): Promise<Enqueued[]> {
    const { client, queueUrl, log } = this.#deps
    const outgoing = messages.map((message) => ({
      queueUrl,
      message: z.encode(WritebackMessageSchema, message),
      group: writebackGroup(message),
      dedup: writebackDedup(message),
    }))
    return sendFifo(client, outgoing, log)
  }
}
