import { join } from 'node:path'
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { EnvOf } from '#runtime/env.ts'
import type { AftersalePullEnvSchema } from '../../functions/aftersale-pull/env.ts'
import type { ErpDeliverEnvSchema } from '../../functions/erp-deliver/env.ts'
import type { OrderSweepEnvSchema } from '../../functions/order-sweep/env.ts'
import type { ShipmentPullEnvSchema } from '../../functions/shipment-pull/env.ts'
import type { ShopWebhookEnvSchema } from '../../functions/shop-webhook/env.ts'
import type { ShopWritebackEnvSchema } from '../../functions/shop-writeback/env.ts'
import type { StockReconcileEnvSchema } from '../../functions/stock-reconcile/env.ts'
import type { TargetCallbackEnvSchema } from '../../functions/target-callback/env.ts'
import type { Stage } from '../stages.ts'
import type { QueueWithDlq } from './queue-with-dlq.ts'

/** Every function by its folder, with the environment it parses: leaving a variable out does not compile. */
interface Environments {
  'shop-webhook': EnvOf<typeof ShopWebhookEnvSchema>
  'erp-deliver': EnvOf<typeof ErpDeliverEnvSchema>
  'shop-writeback': EnvOf<typeof ShopWritebackEnvSchema>
  'stock-reconcile': EnvOf<typeof StockReconcileEnvSchema>
  'shipment-pull': EnvOf<typeof ShipmentPullEnvSchema>
  'target-callback': EnvOf<typeof TargetCallbackEnvSchema>
  'aftersale-pull': EnvOf<typeof AftersalePullEnvSchema>
  'order-sweep': EnvOf<typeof OrderSweepEnvSchema>
}

export interface SyncFunctionProps<Name extends keyof Environments> {
  readonly stage: Stage
  readonly name: Name
  readonly description: string
  readonly environment: Environments[Name]
  readonly timeoutSeconds: number
  /** Where `infra/bundle.ts` has put the bundles. */
  readonly buildDir: string
  readonly key: IKey | undefined
}

/** A function that may do nothing but write its log until it is granted more, one thing at a time. */
export class SyncFunction<Name extends keyof Environments = keyof Environments> extends Construct {
  readonly function: LambdaFunction
  readonly logGroup: LogGroup
  readonly #key: IKey | undefined

  constructor(scope: Construct, id: string, props: SyncFunctionProps<Name>) {
    super(scope, id)
    this.#key = props.key
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.key && { encryptionKey: props.key }),
    })
    // The managed policy for Lambda would let it write to every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    this.logGroup.grantWrite(role)
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(join(props.buildDir, props.name)),
      handler: 'index.handler',
      memorySize: 512,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: props.environment,
      role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
    })
  }

  /** Runs it on batches of a queue, takes each batch apart, and lets it put aside what can never be read. */
  takeFrom(
    id: string,
    { queue, dlq }: QueueWithDlq,
    { batchSize, maxConcurrency }: { readonly batchSize: number; readonly maxConcurrency: number },
  ): void {
    // SqsEventSource would grant sqs:GetQueueUrl too, which nobody calls.
    this.function.addEventSourceMapping(id, {
      eventSourceArn: queue.queueArn,
      batchSize,
      maxConcurrency,
      reportBatchItemFailures: true,
    })
    queue.grant(
      this.function,
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ChangeMessageVisibility',
    )
    // What can never be read goes there at once, so that its group goes on.
    dlq.grant(this.function, 'sqs:SendMessage')
  }

  /** Not through `table.grant`, which adds every index. */
  grantTable(table: Table, operations: readonly string[], index?: string): void {
    this.#allow(
      operations.map((operation) => `dynamodb:${operation}`),
      [index === undefined ? table.tableArn : `${table.tableArn}/index/${index}`],
    )
  }

  /** By name, so that a shop can leave the configuration without an export still in use. */
  grantSecrets(names: readonly string[]): void {
    if (names.length === 0) return
    this.#allow(
      ['secretsmanager:GetSecretValue'],
      // Secrets Manager ends an ARN with six characters of its own.
      names.map((name) =>
        Stack.of(this).formatArn({
          service: 'secretsmanager',
          resource: 'secret',
          resourceName: `${name}-??????`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ),
    )
  }

  /** The merchant's own key, where there is one. */
  grantKey(actions: readonly string[]): void {
    if (this.#key !== undefined) this.#allow(actions, [this.#key.keyArn])
  }

  #allow(actions: readonly string[], resources: readonly string[]): void {
    this.function.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }))
  }
}
