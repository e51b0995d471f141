import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { DeadLetters } from '#ports/dead-letters.ts'

const BATCH = 10
/** What was read stays out of sight while the rest is read. */
const HIDDEN_SECONDS = 120
/** Without a wait SQS asks some of its servers only, and an empty answer means little. */
const WAIT_SECONDS = 1

/**
 * Of a FIFO queue only the first ten messages of a group can be seen while nobody removes them: what lies behind counts as
 * unread.
 */
export class SqsDeadLetters implements DeadLetters {
  readonly #client: SQSClient
  readonly #urls: Readonly<Record<string, string>>

  constructor({ client, urls }: { client: SQSClient; urls: Readonly<Record<string, string>> }) {
    this.#client = client
    this.#urls = urls
  }

  get queues(): readonly string[] {
    return Object.keys(this.#urls)
  }

  async take(
    queue: string,
    chosen: (body: string) => Promise<boolean>,
    remove: boolean,
  ): Promise<{ chosen: number; unread: number }> {
    const QueueUrl = this.#urls[queue]
    if (QueueUrl === undefined) return { chosen: 0, unread: 0 }
    const seen: Message[] = []
    let count = 0
    try {
      for (
        let batch = await this.#receive(QueueUrl);
        batch.length > 0;
        batch = await this.#receive(QueueUrl)
      ) {
        for (const message of batch) {
          const wanted = await chosen(message.Body ?? '')
          if (wanted) count += 1
          if (wanted && remove) await this.#delete(QueueUrl, message)
          else seen.push(message)
        }
      }
    } finally {
      for (const message of seen.toReversed()) await this.#show(QueueUrl, message)
    }
    return { chosen: count, unread: Math.max(0, (await this.#held(QueueUrl)) - seen.length) }
  }

  async #receive(QueueUrl: string): Promise<Message[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: HIDDEN_SECONDS,
        WaitTimeSeconds: WAIT_SECONDS,
      }),
    )
    return Messages
  }

  async #delete(QueueUrl: string, { ReceiptHandle }: Message): Promise<void> {
    await this.#client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  }

  async #show(QueueUrl: string, { ReceiptHandle }: Message): Promise<void> {
    await this.#client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    )
  }

  /** Approximate, and read once everything is to be seen again. */
  async #held(QueueUrl: string): Promise<number> {
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    )
    return (
      Number(Attributes.ApproximateNumberOfMessages ?? 0) +
      Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0)
    )
  }
}
