import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'
import { acknowledge } from '../acknowledge.ts'
import { QueueWithDlq } from '../constructs/queue-with-dlq.ts'
import { customerKey } from '../customer-key.ts'
import { OUTPUT_NAMES } from '../output-names.ts'
import { secretNames } from '../secret-names.ts'
import type { Stage } from '../stages.ts'
import type { Topology } from '../topology.ts'

export interface StatefulStackProps extends StackProps {
  readonly stage: Stage
  readonly config: Topology
}

/** What must outlive every deploy: the ledger, the deliveries and write-backs under way, the names of the secrets. */
export class StatefulStack extends Stack {
  readonly table: Table
  readonly deliveries: ReadonlyMap<string, QueueWithDlq>
  readonly writebacks: QueueWithDlq

  constructor(scope: Construct, id: string, { stage, config, ...props }: StatefulStackProps) {
    super(scope, id, { ...props, terminationProtection: stage.keepsData })
    const key = customerKey(this, config)
    this.table = this.#ledger(stage, key)
    this.deliveries = new Map(
      Object.keys(config.targets).map((target) => [
        target,
        new QueueWithDlq(this, `Deliveries-${target}`, { stage, name: `deliveries-${target}`, key }),
      ]),
    )
    this.writebacks = new QueueWithDlq(this, 'Writebacks', { stage, name: 'writebacks', key })
    this.#secrets(stage, config, key)

    new CfnOutput(this, OUTPUT_NAMES.tableName, { value: this.table.tableName })
    for (const [target, { queue, dlq }] of this.deliveries) {
      new CfnOutput(this, OUTPUT_NAMES.queueUrl(target), { value: queue.queueUrl })
      new CfnOutput(this, OUTPUT_NAMES.deadLetterQueueUrl(target), { value: dlq.queueUrl })
    }
    new CfnOutput(this, OUTPUT_NAMES.writebackQueueUrl, { value: this.writebacks.queue.queueUrl })
    new CfnOutput(this, OUTPUT_NAMES.writebackDeadLetterQueueUrl, { value: this.writebacks.dlq.queueUrl })
  }

  #ledger(stage: Stage, key: IKey | undefined): Table {
    const table = new Table(this, 'Ledger', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: stage.keepsData },
      deletionProtection: stage.keepsData,
      ...(key && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }),
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

  /** Those of shops and targets are empty until an operator puts a value; the L2 construct would fill each with a random one. */
  #secrets(stage: Stage, config: Topology, key: IKey | undefined) {
    const scope = new Construct(this, 'Secrets')
    acknowledge(
      scope,
      'AwsSolutions::AwsSolutions-SMG4',
      'Only the other side can issue these: the bridge in the shop, and the ERP. Two values are valid at once, so that an operator renews them without a gap.',
    )
    const names = secretNames(stage.name)
    const secrets = [
      ...Object.keys(config.shops).map((shop) => [`Shop-${shop}`, names.shop(shop)] as const),
      ...Object.keys(config.shops).map((shop) => [`Bridge-${shop}`, names.bridge(shop)] as const),
      ...Object.keys(config.targets).map((target) => [`Target-${target}`, names.target(target)] as const),
    ]
    for (const [id, name] of secrets) {
      new CfnSecret(scope, id, { name, ...(key && { kmsKeyId: key.keyArn }) }).applyRemovalPolicy(
        stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      )
    }
    // Keys the hashes that people are known by. Nobody needs to know it, and under another one nobody would be known again.
    new CfnSecret(scope, 'PersonKey', {
      name: names.personKey,
      generateSecretString: { passwordLength: 43, excludePunctuation: true },
      ...(key && { kmsKeyId: key.keyArn }),
    }).applyRemovalPolicy(stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY)
  }
}
