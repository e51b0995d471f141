import { createHash } from 'node:crypto'
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { MAX_MESSAGE_BYTES } from '#contracts/delivery-message.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { Log } from '#ports/runtime.ts'

const MAX_ENTRIES = 10
/** In characters; long enough that no two groups of a queue ever share one. */
const GROUP_ID_LENGTH = 32

/** A message on its way to a FIFO queue. Group and deduplication are hashed: metadata is in the clear everywhere. */
export interface Outgoing {
  readonly queueUrl: string
  readonly message: unknown
  readonly group: string
  readonly dedup: string
}

interface Entry {
  readonly index: number
  readonly queueUrl: string
  readonly bytes: number
  readonly request: SendMessageBatchRequestEntry
}

/** One result per message, in order. Never throws for an unreachable queue: that is `failed`, and in the log. */
export async function sendFifo(
  client: SQSClient,
  messages: readonly Outgoing[],
  log: Log,
): Promise<Enqueued[]> {
  const entries = messages.map(toEntry)
  const sendable = entries.filter((entry) => entry.bytes <= MAX_MESSAGE_BYTES)
  const queued = new Set<number>()
  await Promise.all(
    [...Map.groupBy(sendable, (entry) => entry.queueUrl)].map(async ([queueUrl, ofQueue]) => {
      // One batch after the other, so that messages of a group arrive in their order. A queue that did not answer once
      // is left alone: the caller has seconds, not a timeout per batch.
      for (const batch of batches(ofQueue)) {
        const confirmed = await send(client, queueUrl, batch, log)
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
async function send(
  client: SQSClient,
  queueUrl: string,
  batch: readonly Entry[],
  log: Log,
): Promise<number[] | undefined> {
  const warn = (count: number, error: string) =>
    log.warn('DELIVERY_NOT_QUEUED', 'The queue did not take messages; their sender tries again.', {
      queueUrl,
      count,
      error,
    })
  try {
    const { Successful = [], Failed = [] } = await client.send(
      new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: batch.map((entry) => entry.request) }),
    )
    if (Failed.length > 0) warn(Failed.length, Failed[0]?.Code ?? 'unknown')
    return Successful.map((entry) => Number(entry.Id))
  } catch (error) {
    warn(batch.length, error instanceof Error ? error.name : 'unknown')
    return undefined
  }
}

function toEntry({ queueUrl, message, group, dedup }: Outgoing, index: number): Entry {
  const body = toBody(message)
  return {
    index,
    queueUrl,
    bytes: Buffer.byteLength(body),
    request: {
      Id: String(index),
      MessageBody: body,
      MessageGroupId: sha256(group).slice(0, GROUP_ID_LENGTH),
      MessageDeduplicationId: sha256(dedup),
    },
  }
}

/**
 * Escapes what JSON leaves as it is and a queue may refuse: U+FFFE and U+FFFF everywhere, surrogate pairs (emoji, rare
 * Chinese characters) in fauxqs, the engine of `npm start`.
 */
function toBody(message: unknown): string {
  return JSON.stringify(message).replace(
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
