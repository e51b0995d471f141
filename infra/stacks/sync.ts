import { ArnFormat, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  DomainName,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { DeployConfig } from '#contracts/config.ts'
import { acknowledge } from '../acknowledge.ts'
import type { QueueWithDlq } from '../constructs/queue-with-dlq.ts'
import { SyncFunction } from '../constructs/sync-function.ts'
import { customerKey, SENDER_KEY_ACTIONS, TABLE_KEY_ACTIONS } from '../customer-key.ts'
import { OUTPUT_NAMES } from '../output-names.ts'
import { secretNames } from '../secret-names.ts'
import type { Stage } from '../stages.ts'
import type { TargetTopology, Topology } from '../topology.ts'

/** HTTP API gives up on an integration after 30 s; the bridge gives up sooner. */
const WEBHOOK_TIMEOUT_SECONDS = 10
const CONFIG_DIR = './config'
const WEBHOOK_PATH = '/v1/shops/{shop}/events'

/** What a delivery does with the ledger's table. */
export const LEDGER_OPERATIONS = ['GetItem', 'PutItem', 'UpdateItem'] as const

export interface SyncStackProps extends StackProps {
  readonly stage: Stage
  readonly config: Topology
  readonly buildDir: string
  readonly table: Table
  readonly deliveries: ReadonlyMap<string, QueueWithDlq>
}

export interface SyncFunctions {
  readonly webhook: SyncFunction<'shop-webhook'>
  /** By target. */
  readonly delivers: ReadonlyMap<string, SyncFunction<'erp-deliver'>>
}

/** What runs: it can be replaced at any time and loses nothing. */
export class SyncStack extends Stack {
  readonly functions: SyncFunctions
  readonly api: HttpApi
  readonly #props: SyncStackProps
  readonly #key: IKey | undefined

  constructor(scope: Construct, id: string, props: SyncStackProps) {
    super(scope, id, props)
    this.#props = props
    this.#key = customerKey(this, props.config)
    const webhook = this.#shopWebhook()
    this.api = this.#webhookApi(webhook)
    const delivers = Object.entries(props.config.targets).map(
      ([target, config]) => [target, this.#erpDeliver(target, config)] as const,
    )
    this.functions = { webhook, delivers: new Map(delivers) }
  }

  #shopWebhook() {
    const { stage, config, deliveries, buildDir } = this.#props
    const queues = [...deliveries].map(([target, { queue }]) => [target, queue] as const)
    const webhook = new SyncFunction(this, 'ShopWebhook', {
      stage,
      buildDir,
      key: this.#key,
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
    this.#grantKey(webhook, SENDER_KEY_ACTIONS)
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
      key: this.#key,
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
        actions: LEDGER_OPERATIONS.map((operation) => `dynamodb:${operation}`),
        resources: [table.tableArn],
      }),
    )
    // A replay reads the shop anew: its bridge's key, and which of its epochs is the newest.
    const names = secretNames(stage.name)
    const shops = Object.entries(this.#props.config.shops)
      .filter(([, { targets }]) => targets.includes(target))
      .flatMap(([shop]) => [names.shop(shop), names.bridge(shop)])
    this.#grantSecrets(deliver, [names.target(target), ...shops])
    this.#grantKey(deliver, TABLE_KEY_ACTIONS)
    return deliver
  }

  #grantKey(to: SyncFunction<'shop-webhook'> | SyncFunction<'erp-deliver'>, actions: string[]) {
    if (this.#key === undefined) return
    to.function.addToRolePolicy(new PolicyStatement({ actions, resources: [this.#key.keyArn] }))
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

  #webhookApi(webhook: SyncFunction<'shop-webhook'>): HttpApi {
    const { stage, config } = this.#props
    const domain = config.deploy?.domain
    const api = new HttpApi(this, 'Api', {
      apiName: `ecshop-erp-sync-${stage.name}`,
      createDefaultStage: false,
    })
    const routes = api.addRoutes({
      path: WEBHOOK_PATH,
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('ShopWebhookIntegration', webhook.function),
    })
    for (const route of routes)
      acknowledge(
        route,
        'AwsSolutions::AwsSolutions-APIG4',
        'A shop has no AWS identity and no token: shop-webhook verifies a signature over the very bytes, with the secret of that shop, before it reads them.',
      )
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(this.#key && { encryptionKey: this.#key }),
    })
    new HttpStage(this, 'ApiStage', {
      httpApi: api,
      autoDeploy: true,
      throttle: { rateLimit: stage.requestsPerSecond, burstLimit: stage.requestBurst },
      ...(domain && { domainMapping: { domainName: this.#domain(domain) } }),
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
    new CfnOutput(this, OUTPUT_NAMES.webhookUrl, { value: `${api.apiEndpoint}${WEBHOOK_PATH}` })
    return api
  }

  /** Beside the API's own address, which works before any DNS record does. */
  #domain({ name, certificateArn }: NonNullable<DeployConfig['domain']>): DomainName {
    const domain = new DomainName(this, 'Domain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
    })
    new CfnOutput(this, OUTPUT_NAMES.domainWebhookUrl, { value: `https://${name}${WEBHOOK_PATH}` })
    new CfnOutput(this, OUTPUT_NAMES.domainTarget, { value: domain.regionalDomainName })
    return domain
  }
}

const milliseconds = (seconds: number) => String(seconds * 1000)
