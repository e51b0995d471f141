import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'
import { QueueWithDlq } from '../constructs/queue-with-dlq.ts'
import { OUTPUT_NAMES } from '../output-names.ts'
import { secretNames } from '../secret-names.ts'
import type { Stage } from '../stages.ts'
import type { Topology } from '../topology.ts'

export interface StatefulStackProps extends StackProps {
  readonly stage: Stage
  readonly config: Topology
}

/** What must outlive every deploy: the ledger, the deliveries under way, the names of the secrets. */
export class StatefulStack extends Stack {
  readonly table: Table
  readonly deliveries: ReadonlyMap<string, QueueWithDlq>

  constructor(scope: Construct, id: string, { stage, config, ...props }: StatefulStackProps) {
    super(scope, id, { ...props, terminationProtection: stage.keepsData })
    this.table = this.#ledger(stage)
    this.deliveries = new Map(
      Object.keys(config.targets).map((target) => [
        target,
        new QueueWithDlq(this, `Deliveries-${target}`, { stage, name: `deliveries-${target}` }),
      ]),
    )
    this.#secrets(stage, config)

    new CfnOutput(this, OUTPUT_NAMES.tableName, { value: this.table.tableName })
    for (const [target, { queue, dlq }] of this.deliveries) {
      new CfnOutput(this, OUTPUT_NAMES.queueUrl(target), { value: queue.queueUrl })
      new CfnOutput(this, OUTPUT_NAMES.deadLetterQueueUrl(target), { value: dlq.queueUrl })
    }
  }

  #ledger(stage: Stage): Table {
    const table = new Table(this, 'Ledger', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: stage.keepsData },
      deletionProtection: stage.keepsData,
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    table.addGlobalSecondaryIndex({
      indexName: 'byNo',
      partitionKey: { name: 'no', type: AttributeType.STRING },
      sortKey: { name: 'pk', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    })
    table.addGlobalSecondaryIndex({
      indexName: 'byRef',
      partitionKey: { name: 'ref', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    })
    table.addGlobalSecondaryIndex({
      indexName: 'byState',
      partitionKey: { name: 'stateKey', type: AttributeType.STRING },
      sortKey: { name: 'stateAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.ALL,
    })
    return table
  }

  /** Empty until an operator puts a value; the L2 construct would fill each with a random one. */
  #secrets(stage: Stage, config: Topology) {
    const scope = new Construct(this, 'Secrets')
    const names = secretNames(stage.name)
    const secrets = [
      ...Object.keys(config.shops).map((shop) => [`Shop-${shop}`, names.shop(shop)] as const),
      ...Object.keys(config.targets).map((target) => [`Target-${target}`, names.target(target)] as const),
    ]
    for (const [id, name] of secrets) {
      new CfnSecret(scope, id, { name }).applyRemovalPolicy(
        stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      )
    }
  }
}
