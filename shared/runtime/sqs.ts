import middy from '@middy/core'
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import type { BatchRecord } from './fifo-batch.ts'

/** Time a function keeps for itself to give back slots and set visibilities. */
const MARGIN_MS = 500

/** A Lambda handler behind a FIFO queue with partial batch responses. `run` returns the messageIds that stay. */
export function fifoHandler(
  run: (records: readonly BatchRecord[], endsAt: number) => Promise<readonly string[]>,
) {
  return middy<SQSEvent, SQSBatchResponse>().handler(async (event: SQSEvent, context: Context) => {
    const endsAt = Date.now() + context.getRemainingTimeInMillis() - MARGIN_MS
    const staying = await run(event.Records.map(toRecord), endsAt)
    return { batchItemFailures: staying.map((itemIdentifier) => ({ itemIdentifier })) }
  })
}

function toRecord({ messageId, receiptHandle, body, attributes }: SQSEvent['Records'][number]): BatchRecord {
  return { messageId, receiptHandle, body, groupId: attributes.MessageGroupId ?? messageId }
}
