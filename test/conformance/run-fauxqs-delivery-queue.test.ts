import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import { changeVisibility } from '#adapters/sqs/sqs-visibility.ts'
import { DeliveryMessageSchema } from '#contracts/delivery-message.ts'
import { aDelivery } from '../support/a-delivery.ts'
import { type SqsEngine, startFauxqs } from '../support/fauxqs-engine.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { deliveryQueueConformance } from './delivery-queue.ts'

let engine: SqsEngine
beforeAll(async () => {
  engine = await startFauxqs()
})
afterAll(() => engine.stop())

async function open(targets: readonly string[]) {
  const urls = await Promise.all(targets.map(async (target) => [target, await engine.createQueue()] as const))
  const queueUrls = Object.fromEntries(urls)
  const queue = new SqsDeliveryQueue({ client: engine.client, queueUrls, log: new RecordingLog() })
  return { queue, urlOf: (target: string) => queueUrls[target] ?? '' }
}

deliveryQueueConformance('fauxqs', async (targets) => {
  const { queue, urlOf } = await open(targets)
  return {
    queue,
    drain: async (target) =>
      (await engine.drain(urlOf(target))).map(({ Body = '', Attributes }) => ({
        message: DeliveryMessageSchema.parse(JSON.parse(Body)),
        group: Attributes?.MessageGroupId ?? '',
      })),
  }
})

describe('the metadata of a queued message', () => {
  it('is made of hashes: 32 hex digits of group, 64 of deduplication', async () => {
    const { queue, urlOf } = await open(['erp-one'])
    await queue.enqueue([{ message: aDelivery() }, { message: aDelivery(), dedupId: '试用 replay' }])
    const sent = await engine.drain(urlOf('erp-one'))
    expect(sent).toHaveLength(2)
    for (const { Attributes } of sent) {
      expect(Attributes?.MessageGroupId).toMatch(/^[0-9a-f]{32}$/)
      expect(Attributes?.MessageDeduplicationId).toMatch(/^[0-9a-f]{64}$/)
    }
  })
})

describe('a changed visibility', () => {
  const receive = async (queueUrl: string) => {
    const { Messages = [] } = await engine.client.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    )
    return Messages.map((message) => message.ReceiptHandle ?? '')
  }

  it('brings messages back at once, in more batches than one', async () => {
    const { queue, urlOf } = await open(['erp-one'])
    const shops = Array.from({ length: 12 }, (_, index) => `S${index}`)
    await queue.enqueue(shops.map((shop) => ({ message: aDelivery({ shop }) })))
    const url = urlOf('erp-one')
    const handles = [...(await receive(url)), ...(await receive(url))]
    expect(handles).toHaveLength(12)
    expect(await receive(url)).toEqual([])
    const changes = handles.map((receiptHandle) => ({ receiptHandle, seconds: 0 }))
    const log = new RecordingLog()
    await changeVisibility({ client: engine.client, queueUrl: url, log }, changes)
    expect(log.lines).toEqual([])
    expect(await receive(url)).toHaveLength(10)
  })

  it('counts what it could not change', async () => {
    const { queue, urlOf } = await open(['erp-one'])
    await queue.enqueue([{ message: aDelivery() }])
    const [receiptHandle = ''] = await receive(urlOf('erp-one'))
    const changes = [
      { receiptHandle, seconds: 1e9 },
      { receiptHandle: 'unknown', seconds: 30 },
    ]
    const log = new RecordingLog()
    const queueUrl = urlOf('erp-one')
    await changeVisibility({ client: engine.client, queueUrl, log }, changes)
    await changeVisibility({ client: engine.client, queueUrl: `${queueUrl}x`, log }, changes)
    expect(log.lines.map(({ code, fields }) => [code, fields])).toEqual([
      ['VISIBILITY_UNCHANGED', { failed: 1 }],
      ['VISIBILITY_UNCHANGED', { failed: 2 }],
    ])
  })
})
