import { ArnFormat, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { QueueWithDlq } from '../constructs/queue-with-dlq.ts'
import { SyncFunction } from '../constructs/sync-function.ts'
import { OUTPUT_NAMES } from '../output-names.ts'
import { secretNames } from '../secret-names.ts'
import type { Stage } from '../stages.ts'
import type { TargetTopology, Topology } from '../topology.ts'

/** HTTP API gives up on an integration after 30 s; the bridge gives up sooner. */
const WEBHOOK_TIMEOUT_SECONDS = 10
const CONFIG_DIR = './config'

export interface SyncStackProps extends StackProps {
  readonly stage: Stage
  readonly config: Topology
  readonly buildDir: string
  readonly table: Table
  readonly deliveries: ReadonlyMap<string, QueueWithDlq>
}

/** What runs: it can be replaced at any time and loses nothing. */
export class SyncStack extends Stack {
  readonly #props: SyncStackProps

  constructor(scope: Construct, id: string, props: SyncStackProps) {
    super(scope, id, props)
    this.#props = props
    const webhookUrl = this.#api(this.#shopWebhook())
    for (const [target, config] of Object.entries(props.config.targets)) this.#erpDeliver(target, config)
    new CfnOutput(this, OUTPUT_NAMES.webhookUrl, { value: webhookUrl })
  }

  #shopWebhook() {
    const { stage, config, deliveries, buildDir } = this.#props
    const queues = [...deliveries].map(([target, { queue }]) => [target, queue] as const)
    const webhook = new SyncFunction(this, 'ShopWebhook', {
      stage,
      buildDir,
      name: 'shop-webhook',
      description: 'Takes the events of the shops',
      timeoutSeconds: WEBHOOK_TIMEOUT_SECONDS,
      environment: {
        STAGE: stage.name,
        CONFIG_DIR,
        QUEUE_URLS: this.toJsonString(
          Object.fromEntries(queues.map(([target, queue]) => [target, queue.queueUrl])),
        ),
        SECRET_PREFIX: secretNames(stage.name).prefix,
      },
    })
    for (const [, queue] of queues) queue.grant(webhook.function, 'sqs:SendMessage')
    this.#grantSecrets(webhook, Object.keys(config.shops).map(secretNames(stage.name).shop))
    return webhook
  }

  /** One function for each target: a slow one takes nothing from the others. */
  #erpDeliver(target: string, config: TargetTopology) {
    const { stage, table, deliveries, buildDir } = this.#props
    const queues = deliveries.get(target)
    if (!queues) throw new Error(`No queue for target ${target}`)
    const { queue, dlq } = queues
    const deliver = new SyncFunction(this, `ErpDeliver-${target}`, {
      stage,
      buildDir,
      name: 'erp-deliver',
      description: `Delivers to ${target}`,
      timeoutSeconds: stage.deliverTimeoutSeconds,
      environment: {
        STAGE: stage.name,
        TARGET: target,
        CONFIG_DIR,
        SECRET_PREFIX: secretNames(stage.name).prefix,
        TABLE_NAME: table.tableName,
        QUEUE_URL: queue.queueUrl,
        DLQ_URL: dlq.queueUrl,
        CALL_DEADLINE_MS: milliseconds(stage.callDeadlineSeconds),
        SETTLE_MS: milliseconds(config.settleSeconds ?? stage.settleSeconds),
        LEASE_MS: milliseconds(stage.leaseSeconds),
        RETRY_FLOOR_MS: milliseconds(stage.retryFloorSeconds),
      },
    })
    // SqsEventSource would grant sqs:GetQueueUrl too, which nobody calls.
    deliver.function.addEventSourceMapping('Deliveries', {
      eventSourceArn: queue.queueArn,
      batchSize: stage.batchSize,
      maxConcurrency: Math.max(2, Math.min(config.rate.slots, stage.maxConcurrency)),
      reportBatchItemFailures: true,
    })
    queue.grant(
      deliver.function,
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ChangeMessageVisibility',
    )
    // What can never be read goes there at once, so that its group goes on.
    dlq.grant(deliver.function, 'sqs:SendMessage')
    // Not through `table.grant`, which adds every index.
    deliver.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        resources: [table.tableArn],
      }),
    )
    this.#grantSecrets(deliver, [secretNames(stage.name).target(target)])
  }

  /** By name, so that a shop can leave the configuration without an export still in use. */
  #grantSecrets(to: SyncFunction<'shop-webhook'> | SyncFunction<'erp-deliver'>, names: string[]) {
    if (names.length === 0) return
    to.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        // Secrets Manager ends an ARN with six characters of its own.
        resources: names.map((name) =>
          this.formatArn({
            service: 'secretsmanager',
            resource: 'secret',
            resourceName: `${name}-??????`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ),
      }),
    )
  }

  #api(webhook: SyncFunction<'shop-webhook'>): string {
    const { stage } = this.#props
    const api = new HttpApi(this, 'Api', {
      apiName: `ecshop-erp-sync-${stage.name}`,
      createDefaultStage: false,
    })
    api.addRoutes({
      path: '/v1/shops/{shop}/events',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('ShopWebhookIntegration', webhook.function),
    })
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    new HttpStage(this, 'ApiStage', {
      httpApi: api,
      autoDeploy: true,
      throttle: { rateLimit: stage.requestsPerSecond, burstLimit: stage.requestBurst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTime',
            caller: '$context.identity.sourceIp',
            path: '$context.path',
            status: '$context.status',
            latencyMs: '$context.responseLatency',
            error: '$context.error.message',
            integrationError: '$context.integrationErrorMessage',
          }),
        ),
      },
    })
    return `${api.apiEndpoint}/v1/shops/{shop}/events`
  }
}

const milliseconds = (seconds: number) => String(seconds * 1000)
