import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'

const MAX_ENTRIES = 10
/** SQS keeps a received message invisible for 12 hours at most. */
const MAX_SECONDS = 43_200

export interface VisibilityChange {
  readonly receiptHandle: string
  readonly seconds: number
}

/** Says when a message that must be retried comes back. */
export class SqsVisibility {
  readonly #client: SQSClient

  constructor(client: SQSClient) {
    this.#client = client
  }

  /** Never throws: a message whose visibility did not change comes back when the queue's own timeout ends. */
  async changeVisibility(
    queueUrl: string,
    changes: readonly VisibilityChange[],
  ): Promise<{ changed: number; failed: number }> {
    let changed = 0
    for (let from = 0; from < changes.length; from += MAX_ENTRIES) {
      changed += await this.#change(queueUrl, changes.slice(from, from + MAX_ENTRIES))
    }
    return { changed, failed: changes.length - changed }
  }

  async #change(queueUrl: string, changes: readonly VisibilityChange[]): Promise<number> {
    const Entries = changes.map(({ receiptHandle, seconds }, index) => ({
      Id: String(index),
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: Math.min(MAX_SECONDS, Math.max(0, Math.round(seconds))),
    }))
    try {
      const { Successful } = await this.#client.send(
        new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }),
      )
      return Successful?.length ?? 0
    } catch {
      return 0
    }
  }
}
