import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { buildApp } from 'fauxqs'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'

export interface SqsEngine {
  readonly client: SQSClient
  /** A new, empty FIFO queue; its URL. */
  createQueue(): Promise<string>
  /** Receives and deletes everything. */
  drain(queueUrl: string): Promise<Message[]>
  stop(): Promise<void>
}

/** An embedded SQS of this process, in memory. */
export async function startFauxqs(): Promise<SqsEngine> {
  const app = buildApp({ logger: false })
  const client = createSqsClient({
    endpoint: await app.listen({ host: '127.0.0.1', port: 0 }),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
    maxAttempts: 3,
  })
  let queues = 0

  const receive = async (QueueUrl: string): Promise<Message[]> => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
    )
    for (const { ReceiptHandle } of Messages) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    }
    return Messages
  }

  return {
    client,
    createQueue: async () => {
      queues += 1
      const { QueueUrl } = await client.send(
        new CreateQueueCommand({ QueueName: `deliveries-${queues}.fifo`, Attributes: { FifoQueue: 'true' } }),
      )
      if (QueueUrl === undefined) throw new Error('the queue has no URL')
      return QueueUrl
    },
    drain: async (queueUrl) => {
      const all: Message[] = []
      for (let some = await receive(queueUrl); some.length > 0; some = await receive(queueUrl))
        all.push(...some)
      return all
    },
    stop: async () => {
      client.destroy()
      await app.close()
    },
  }
}
