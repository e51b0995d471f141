import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { DeduplicationScope, FifoThroughputLimit, Queue, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { RECEIVE_LIMIT, RETENTION_DAYS, type Stage } from '../stages.ts'

/** A FIFO queue whose groups do not slow each other, with the queue that takes what nobody could handle. */
export class QueueWithDlq extends Construct {
  readonly queue: Queue
  readonly dlq: Queue

  constructor(scope: Construct, id: string, { stage, name }: { stage: Stage; name: string }) {
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
