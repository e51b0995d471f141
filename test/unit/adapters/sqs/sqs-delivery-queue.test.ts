import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import { aDelivery } from '../../../support/a-delivery.ts'
import { RecordingLog } from '../../../support/recording-log.ts'
import { type StubAnswer, type StubServer, startStub } from '../../../support/stub-server.ts'

const BatchSchema = z.object({
  Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })),
})
type BatchEntry = z.infer<typeof BatchSchema>['Entries'][number]

const stubs: StubServer[] = []
afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.stop()
})

/** A queue behind a server that answers SendMessageBatch as told. */
async function open(answer: (entries: BatchEntry[]) => StubAnswer | undefined) {
  const stub = await startStub(({ body }) => answer(BatchSchema.parse(JSON.parse(body)).Entries))
  stubs.push(stub)
  const client = createSqsClient({
    endpoint: stub.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    connectTimeoutMs: 300,
    requestTimeoutMs: 300,
    maxAttempts: 1,
  })
  const log = new RecordingLog()
  const queueUrls = { 'erp-one': `${stub.endpoint}/1/erp-one.fifo` }
  return { stub, log, queue: new SqsDeliveryQueue({ client, queueUrls, log }) }
}

const accept = ({ Id, MessageBody }: BatchEntry) => ({
  Id,
  MessageId: `message-${Id}`,
  MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
})
const messages = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    message: aDelivery({ version: { epoch: 'epoch-one', seq: index + 1, epochNo: 0 } }),
  }))

describe('a delivery queue in trouble', () => {
  it('reports the messages of a batch that SQS refused, and no others', async () => {
    const { queue, log } = await open((entries) => ({
      status: 200,
      body: {
        Successful: entries.filter(({ Id }) => Id !== '1').map(accept),
        Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }],
      },
    }))
    expect(await queue.enqueue(messages(3))).toEqual(['queued', 'failed', 'queued'])
    expect(log.lines).toMatchObject([
      { code: 'DELIVERY_NOT_QUEUED', fields: { count: 1, error: 'InternalError' } },
    ])
  })

  it('takes a message that the answer does not mention for failed', async () => {
    const { queue } = await open((entries) => ({
      status: 200,
      body: { Successful: entries.slice(1).map(accept) },
    }))
    expect(await queue.enqueue(messages(2))).toEqual(['failed', 'queued'])
  })

  it('keeps what was queued before it went away, and asks it no more', async () => {
    let batch = 0
    const { queue, stub } = await open((entries) => {
      batch += 1
      return batch === 1
        ? { status: 200, body: { Successful: entries.map(accept) } }
        : { status: 503, body: {} }
    })
    const results = await queue.enqueue(messages(30))
    expect(results.slice(0, 10)).toEqual(Array(10).fill('queued'))
    expect(results.slice(10)).toEqual(Array(20).fill('failed'))
    expect(stub.requests).toHaveLength(2)
  })

  it('fails within its timeout when the queue does not answer', async () => {
    const { queue, log } = await open(() => undefined)
    expect(await queue.enqueue(messages(2))).toEqual(['failed', 'failed'])
    expect(log.lines).toMatchObject([{ fields: { count: 2, error: 'TimeoutError' } }])
  })

  it('fails when nobody listens', async () => {
    const { queue, stub } = await open(() => undefined)
    await stub.stop()
    stubs.splice(0)
    expect(await queue.enqueue(messages(1))).toEqual(['failed'])
  })

  it('logs no content', async () => {
    const { queue, log } = await open(() => ({
      status: 400,
      body: { __type: 'AccessDenied', message: 'no' },
    }))
    await queue.enqueue(messages(1))
    expect(log.lines.map(({ level }) => level)).toEqual(['warn'])
    const order = messages(1)[0]?.message.subject
    if (order?.is !== 'snapshot') throw new Error('not a snapshot')
    expect(JSON.stringify(log.lines)).not.toContain(order.order.consignee.name)
  })
})
