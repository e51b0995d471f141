import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { SqsWritebackQueue } from '#adapters/sqs/sqs-writeback-queue.ts'
import { WritebackMessageSchema } from '#contracts/writeback.ts'
import { aWriteback } from '../support/a-writeback.ts'
import { type SqsEngine, startFauxqs } from '../support/fauxqs-engine.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { writebackQueueConformance } from './writeback-queue.ts'

let engine: SqsEngine
beforeAll(async () => {
  engine = await startFauxqs()
})
afterAll(() => engine.stop())

writebackQueueConformance('fauxqs', async () => {
  const queueUrl = await engine.createQueue()
  return {
    queue: new SqsWritebackQueue({ client: engine.client, queueUrl, log: new RecordingLog() }),
    drain: async () =>
      (await engine.drain(queueUrl)).map(({ Body = '', Attributes }) => ({
        message: WritebackMessageSchema.parse(JSON.parse(Body)),
        group: Attributes?.MessageGroupId ?? '',
      })),
  }
})

describe('the metadata of a queued command', () => {
  it('is made of hashes: 32 hex digits of group, 64 of deduplication', async () => {
    const queueUrl = await engine.createQueue()
    const queue = new SqsWritebackQueue({ client: engine.client, queueUrl, log: new RecordingLog() })
    await queue.enqueue([aWriteback()])
    const [sent] = await engine.drain(queueUrl)
    expect(sent?.Attributes?.MessageGroupId).toMatch(/^[0-9a-f]{32}$/)
    expect(sent?.Attributes?.MessageDeduplicationId).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('an unreachable queue', () => {
  it('fails every message, and says so in the log', async () => {
    const client = createSqsClient({
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 200,
      requestTimeoutMs: 200,
      maxAttempts: 1,
    })
    const log = new RecordingLog()
    const queue = new SqsWritebackQueue({ client, queueUrl: 'http://127.0.0.1:9/000/gone.fifo', log })
    expect(await queue.enqueue([aWriteback(), aWriteback({ id: 'OUT-2' })])).toEqual(['failed', 'failed'])
    expect(log.lines.map(({ code }) => code)).toEqual(['DELIVERY_NOT_QUEUED'])
    client.destroy()
  })
})
