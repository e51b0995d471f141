import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Log } from '#ports/runtime.ts'

const MAX_ENTRIES = 10
/** SQS keeps a received message invisible for 12 hours at most. */
const MAX_SECONDS = 43_200

interface VisibilityChange {
  readonly receiptHandle: string
  readonly seconds: number
}

/**
 * Says when messages that must be retried come back. Never throws: one whose visibility did not change comes back when the
 * queue's own timeout ends, and the log counts it.
 */
export async function changeVisibility(
  { client, queueUrl, log }: { readonly client: SQSClient; readonly queueUrl: string; readonly log: Log },
  changes: readonly VisibilityChange[],
): Promise<void> {
  let changed = 0
  for (let from = 0; from < changes.length; from += MAX_ENTRIES) {
    changed += await changeSome(client, queueUrl, changes.slice(from, from + MAX_ENTRIES))
  }
  const failed = changes.length - changed
  if (failed > 0)
    log.warn('VISIBILITY_UNCHANGED', 'Messages come back when their visibility ends.', { failed })
}

async function changeSome(
  client: SQSClient,
  queueUrl: string,
  changes: readonly VisibilityChange[],
): Promise<number> {
  const Entries = changes.map(({ receiptHandle, seconds }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: Math.min(MAX_SECONDS, Math.max(0, Math.round(seconds))),
  }))
  try {
    const { Successful } = await client.send(
      new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }),
    )
    return Successful?.length ?? 0
  } catch {
    return 0
  }
}
