import { setTimeout as delay } from 'node:timers/promises'
import {
  DeleteMessageBatchCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { SQSMessageAttribute, SQSRecord } from 'aws-lambda'
import * as z from 'zod'
import { type LambdaFunction, PAYLOAD_LIMIT_BYTES } from './functions.ts'
import { REGION } from './identity.ts'
import type { EventSourceResource } from './resources.ts'

export interface EventSourceOptions {
  readonly client: SQSClient
  readonly queueUrl: string
  readonly source: EventSourceResource
  readonly target: LambdaFunction
  readonly onError: (error: unknown) => void
}

export interface EventSource {
  /** Takes no further message; settles once every batch under way has ended. */
  stop(): Promise<void>
}

const ENVELOPE_BYTES = Buffer.byteLength('{"Records":[]}')
const LONG_POLL_SECONDS = 20
const PAUSE_AFTER_ERROR_MS = 1000

const BatchResponseSchema = z.nullish(
  z.object({ batchItemFailures: z.nullish(z.array(z.object({ itemIdentifier: z.string().min(1) }))) }),
)

/**
 * Lambda's poller of one queue: up to the maximum concurrency of batches at a time. A message whose batch failed is
 * left alone: it comes back when its visibility ends, the queue's or the one the function gave it.
 */
export function startEventSource({
  client,
  queueUrl,
  source,
  target,
  onError,
}: EventSourceOptions): EventSource {
  const stopping = new AbortController()
  const batches = new Set<Promise<void>>()

  const receive = async (): Promise<Message[]> => {
    const { Messages } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: source.batchSize,
        WaitTimeSeconds: LONG_POLL_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: stopping.signal },
    )
    return Messages ?? []
  }

  const work = async (records: readonly SQSRecord[]): Promise<void> => {
    const result = await target.invoke({ Records: records })
    if (!result.ok) return
    const succeeded = source.reportsItemFailures ? succeededOf(records, result.payload) : records
    if (succeeded.length === 0) return
    const { Failed } = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: succeeded.map(({ receiptHandle }, index) => ({
          Id: String(index),
          ReceiptHandle: receiptHandle,
        })),
      }),
    )
    if (Failed?.length) onError(new Error(`${Failed.length} messages could not be deleted.`))
  }

  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (batches.size >= source.maximumConcurrency) {
        await Promise.race(batches)
        continue
      }
      try {
        const messages = await receive()
        if (messages.length === 0) continue
        const records = messages.map((message) => toRecord(message, source.queueArn))
        const batch: Promise<void> = inTurn(withinPayloadLimit(records), work)
          .catch(onError)
          .finally(() => batches.delete(batch))
        batches.add(batch)
      } catch (error) {
        if (stopping.signal.aborted) return
        onError(error)
        await delay(PAUSE_AFTER_ERROR_MS)
      }
    }
  }
  const polling = poll()

  return {
    stop: async () => {
      stopping.abort()
      await polling
      await Promise.all(batches)
    },
  }
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item)
}

/** Lambda, too, splits a batch whose event would be too large for one invocation. */
export function withinPayloadLimit(records: readonly SQSRecord[]): SQSRecord[][] {
  const parts: SQSRecord[][] = []
  let size = Number.POSITIVE_INFINITY
  for (const record of records) {
    const bytes = Buffer.byteLength(JSON.stringify(record)) + 1
    if (size + bytes > PAYLOAD_LIMIT_BYTES - ENVELOPE_BYTES) {
      parts.push([])
      size = 0
    }
    parts.at(-1)?.push(record)
    size += bytes
  }
  return parts
}

/** The records to delete. As in AWS, an answer that cannot be read or names a record not sent fails the whole batch. */
export function succeededOf(records: readonly SQSRecord[], payload: string): readonly SQSRecord[] {
  const response = BatchResponseSchema.safeParse(JSON.parse(payload))
  if (!response.success) return []
  const failed = new Set((response.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier))
  const known = new Set(records.map(({ messageId }) => messageId))
  return [...failed].every((id) => known.has(id))
    ? records.filter(({ messageId }) => !failed.has(messageId))
    : []
}

function toRecord(message: Message, queueArn: string): SQSRecord {
  const { Attributes = {}, MessageAttributes = {} } = message
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ...Attributes,
      ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
      SentTimestamp: Attributes.SentTimestamp ?? '',
      SenderId: Attributes.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '',
    },
    messageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, value]) => [name, toRecordAttribute(value)]),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    ...(message.MD5OfMessageAttributes ? { md5OfMessageAttributes: message.MD5OfMessageAttributes } : {}),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  }
}

function toRecordAttribute(value: MessageAttributeValue): SQSMessageAttribute {
  return {
    ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
    ...(value.BinaryValue === undefined
      ? {}
      : { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType ?? 'String',
  }
}
