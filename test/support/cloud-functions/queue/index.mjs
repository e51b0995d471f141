// Takes the fixture's queue. A message's body says what to do with it; each try is a line in the journal.
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs'

const sqs = new SQSClient({})

export async function handler(event, context) {
  const failed = []
  for (const record of event.Records) {
    const { name, act, until = Number.POSITIVE_INFINITY, retryAfter, ms } = JSON.parse(record.body)
    const tries = Number(record.attributes.ApproximateReceiveCount)
    const write = (what) => {
      const { pid } = process
      const group = record.attributes.MessageGroupId
      const entry = { name, what, tries, group, pid, batch: context.awsRequestId, at: Date.now(), record }
      appendFileSync(process.env.JOURNAL, `${JSON.stringify(entry)}\n`)
    }
    write('began')
    if (act === 'fail' && tries <= until) {
      failed.push({ itemIdentifier: record.messageId })
      if (retryAfter !== undefined) {
        await sqs.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: process.env.QUEUE_URL,
            ReceiptHandle: record.receiptHandle,
            VisibilityTimeout: retryAfter,
          }),
        )
      }
      continue
    }
    if (act === 'wait' && tries <= until) await delay(ms)
    if (act === 'throw' && tries <= until) throw new Error('told to throw')
    if (act === 'name-a-stranger' && tries <= until) failed.push({ itemIdentifier: 'no-such-message' })
    write('ended')
  }
  return { batchItemFailures: failed }
}
