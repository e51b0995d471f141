import { createHash } from 'node:crypto'
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import * as z from 'zod'
import {
  type DeliveryMessage,
  DeliveryMessageSchema,
  MAX_MESSAGE_BYTES,
} from '#contracts/delivery-message.ts'
import { dedupKeyOf, groupKeyOf } from '#domain/delivery-identity.ts'
import type { DeliveryQueue, Enqueue, Enqueued } from '#ports/delivery-queue.ts'
import type { Log } from '#ports/runtime.ts'

const MAX_ENTRIES = 10
/** In characters; long enough that no two groups of a queue ever share one. */
const GROUP_ID_LENGTH = 32

interface Entry {
  readonly index: number
  readonly queueUrl: string
  readonly bytes: number
  readonly request: SendMessageBatchRequestEntry
}

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
    const entries = messages.map((message, index) => this.#entry(message, index))
    const sendable = entries.filter((entry) => entry.bytes <= MAX_MESSAGE_BYTES)
    const queued = new Set<number>()
    await Promise.all(
      [...Map.groupBy(sendable, (entry) => entry.queueUrl)].map(async ([queueUrl, ofQueue]) => {
        // One batch after the other, so that messages of a group arrive in their order. A queue that did not answer once
        // is left alone: the caller has seconds, not a timeout per batch.
        for (const batch of batches(ofQueue)) {
          const confirmed = await this.#send(queueUrl, batch)
          if (!confirmed) break
          for (const index of confirmed) queued.add(index)
        }
      }),
    )
    return entries.map((entry) => {
      if (entry.bytes > MAX_MESSAGE_BYTES) return 'too-large'
      return queued.has(entry.index) ? 'queued' : 'failed'
    })
  }

  /** The indexes of the entries that SQS has confirmed; undefined when the call itself failed. */
  async #send(queueUrl: string, batch: readonly Entry[]): Promise<number[] | undefined> {
    try {
      const { Successful = [], Failed = [] } = await this.#client.send(
        new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: batch.map((entry) => entry.request) }),
      )
      if (Failed.length > 0) this.#warn(queueUrl, Failed.length, Failed[0]?.Code ?? 'unknown')
      return Successful.map((entry) => Number(entry.Id))
    } catch (error) {
      this.#warn(queueUrl, batch.length, error instanceof Error ? error.name : 'unknown')
      return undefined
    }
  }

  #entry({ message, dedupId }: Enqueue, index: number): Entry {
    const queueUrl = this.#queueUrls.get(message.target)
    if (queueUrl === undefined) throw new Error(`no delivery queue is configured for ${message.target}`)
    const body = toBody(message)
    return {
      index,
      queueUrl,
      bytes: Buffer.byteLength(body),
      request: {
        Id: String(index),
        MessageBody: body,
        MessageGroupId: sha256(groupKeyOf(message)).slice(0, GROUP_ID_LENGTH),
        MessageDeduplicationId: sha256(dedupId ?? dedupKeyOf(message)),
      },
    }
  }

  #warn(queueUrl: string, count: number, error: string): void {
    this.#log.warn('DELIVERY_NOT_QUEUED', 'The queue did not take messages; their sender tries again.', {
      queueUrl,
      count,
      error,
    })
  }
}

/**
 * Escapes what JSON leaves as it is and a queue may refuse: U+FFFE and U+FFFF everywhere, surrogate pairs (emoji, rare
 * Chinese characters) in fauxqs, the engine of `npm start`.
 */
function toBody(message: DeliveryMessage): string {
  const json = JSON.stringify(z.encode(DeliveryMessageSchema, message))
  return json.replace(
    /[\uD800-\uDFFF\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  )
}

/** SQS counts the bodies of a batch together against the limit of one message. */
function batches(entries: readonly Entry[]): Entry[][] {
  const all: Entry[][] = []
  let batch: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    if (batch.length === MAX_ENTRIES || bytes + entry.bytes > MAX_MESSAGE_BYTES) {
      all.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(entry)
    bytes += entry.bytes
  }
  return batch.length > 0 ? [...all, batch] : all
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
