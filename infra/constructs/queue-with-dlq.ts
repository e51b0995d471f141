import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  type QueueProps,
} from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { RECEIVE_LIMIT, RETENTION_DAYS, type Stage } from '../stages.ts'

/** A FIFO queue whose groups do not slow each other, with the queue that takes what nobody could handle. */
export class QueueWithDlq extends Construct {
  readonly queue: Queue
  readonly dlq: Queue

  constructor(
    scope: Construct,
    id: string,
    { stage, name, key }: { stage: Stage; name: string; key: IKey | undefined },
  ) {
    super(scope, id)
    const defaults: QueueProps = {
      fifo: true,
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      // Two snapshots may have the same bytes and both count; senders give the id.
      contentBasedDeduplication: false,
      retentionPeriod: Duration.days(RETENTION_DAYS),
      enforceSSL: true,
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(key && { encryption: QueueEncryption.KMS, encryptionMasterKey: key }),
    }
    this.dlq = new Queue(this, 'Dlq', {
      ...defaults,
      queueName: `ecshop-erp-sync-${stage.name}-${name}-dlq.fifo`,
    })
    this.queue = new Queue(this, 'Queue', {
      ...defaults,
      queueName: `ecshop-erp-sync-${stage.name}-${name}.fifo`,
      visibilityTimeout: Duration.seconds(stage.visibilitySeconds),
      deadLetterQueue: { queue: this.dlq, maxReceiveCount: RECEIVE_LIMIT },
    })
  }
}
