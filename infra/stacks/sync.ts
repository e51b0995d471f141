import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
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
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { Construct } from 'constructs'
import type { DeployConfig } from '#contracts/config.ts'
import { acknowledge } from '../acknowledge.ts'
import { MinuteSchedules } from '../constructs/minute-schedules.ts'
import type { QueueWithDlq } from '../constructs/queue-with-dlq.ts'
import { SyncFunction } from '../constructs/sync-function.ts'
import { customerKey, SENDER_KEY_ACTIONS, TABLE_KEY_ACTIONS } from '../customer-key.ts'
import { OUTPUT_NAMES } from '../output-names.ts'
import { type RunKind, type ScheduledRun, scheduledRuns } from '../scheduled-runs.ts'
import { secretNames } from '../secret-names.ts'
import type { Stage } from '../stages.ts'
import type { TargetTopology, Topology } from '../topology.ts'

/** HTTP API gives up on an integration after 30 s; the bridge gives up sooner. */
const WEBHOOK_TIMEOUT_SECONDS = 10
const CONFIG_DIR = './config'
const WEBHOOK_PATH = '/v1/shops/{shop}/events'
const CALLBACK_PATH = '/v1/targets/{target}/progress'

const FUNCTION_OF = {
  stock: 'stock-reconcile',
  shipments: 'shipment-pull',
  aftersales: 'aftersale-pull',
  sweep: 'order-sweep',
} as const

/** What a delivery does with the ledger's table. */
export const LEDGER_OPERATIONS = ['GetItem', 'PutItem', 'UpdateItem'] as const
/** And what the way back does. */
const ROW_OPERATIONS = ['GetItem', 'PutItem'] as const

export interface SyncStackProps extends StackProps {
  readonly stage: Stage
  readonly config: Topology
  readonly buildDir: string
  readonly table: Table
  readonly deliveries: ReadonlyMap<string, QueueWithDlq>
  readonly writebacks: QueueWithDlq
}

export interface SyncFunctions {
  readonly webhook: SyncFunction
  /** By target. */
  readonly delivers: ReadonlyMap<string, SyncFunction>
  readonly writeback: SyncFunction
  /** Where a target may tell how far a return or a ticket has got. */
  readonly callback: SyncFunction | undefined
  /** Where the configuration asks for such a run. */
  readonly runners: ReadonlyMap<RunKind, SyncFunction>
}

/** What runs: it can be replaced at any time and loses nothing. */
export class SyncStack extends Stack {
  readonly functions: SyncFunctions
  readonly api: HttpApi
  readonly #props: SyncStackProps
  readonly #key: IKey | undefined
  readonly #secrets: ReturnType<typeof secretNames>

  constructor(scope: Construct, id: string, props: SyncStackProps) {
    super(scope, id, props)
    this.#props = props
    this.#key = customerKey(this, props.config)
    this.#secrets = secretNames(props.stage.name)
    const webhook = this.#shopWebhook()
    const callback = this.#targetCallback()
    this.api = this.#webhookApi(webhook, callback)
    const delivers = Object.entries(props.config.targets).map(
      ([target, config]) => [target, this.#erpDeliver(target, config)] as const,
    )
    this.functions = {
      webhook,
      delivers: new Map(delivers),
      writeback: this.#shopWriteback(),
      callback,
      runners: this.#runners(scheduledRuns(props.config)),
    }
  }

  #shopWebhook() {
    const { config, deliveries } = this.#props
    const webhook = new SyncFunction(this, 'ShopWebhook', {
      ...this.#common(),
      name: 'shop-webhook',
      description: 'Takes the events of the shops',
      timeoutSeconds: WEBHOOK_TIMEOUT_SECONDS,
      environment: { ...this.#environment(), QUEUE_URLS: this.#deliveryUrls() },
    })
    for (const { queue } of deliveries.values()) queue.grant(webhook.function, 'sqs:SendMessage')
    webhook.grantSecrets([...Object.keys(config.shops).map(this.#secrets.shop), ...this.#guestKey()])
    webhook.grantKey(SENDER_KEY_ACTIONS)
    return webhook
  }

  /** Only for targets that can have something to tell. */
  #targetCallback() {
    const { writebacks } = this.#props
    const targets = [...new Set([...this.#takersOf('return'), ...this.#takersOf('ticket')])]
    if (targets.length === 0) return undefined
    const callback = new SyncFunction(this, 'TargetCallback', {
      ...this.#common(),
      name: 'target-callback',
      description: 'Takes what targets tell of returns and tickets',
      timeoutSeconds: WEBHOOK_TIMEOUT_SECONDS,
      environment: { ...this.#environment(), WRITEBACK_QUEUE_URL: this.#writebackUrl() },
    })
    writebacks.queue.grant(callback.function, 'sqs:SendMessage')
    callback.grantSecrets(targets.map(this.#secrets.target))
    callback.grantKey(SENDER_KEY_ACTIONS)
    return callback
  }

  /** One function for each target: a slow one takes nothing from the others. */
  #erpDeliver(target: string, config: TargetTopology) {
    const { stage, table, deliveries } = this.#props
    const queues = deliveries.get(target)
    if (!queues) throw new Error(`No queue for target ${target}`)
    // What became of spare parts is told to the desks that ask for them, and what was half made is withdrawn.
    const told = config.kinds.includes('parts') ? [...new Set([target, ...this.#takersOf('ticket')])] : []
    const deliver = new SyncFunction(this, `ErpDeliver-${target}`, {
      ...this.#common(),
      name: 'erp-deliver',
      description: `Delivers to ${target}`,
      timeoutSeconds: stage.deliverTimeoutSeconds,
      environment: {
        ...this.#environment(),
        TARGET: target,
        TABLE_NAME: table.tableName,
        QUEUE_URL: queues.queue.queueUrl,
        DLQ_URL: queues.dlq.queueUrl,
        ...(told.length > 0 && { QUEUE_URLS: this.#deliveryUrls(told) }),
        CALL_DEADLINE_MS: milliseconds(stage.callDeadlineSeconds),
        SETTLE_MS: milliseconds(config.settleSeconds ?? stage.settleSeconds),
        LEASE_MS: milliseconds(stage.leaseSeconds),
        RETRY_FLOOR_MS: milliseconds(stage.retryFloorSeconds),
      },
    })
    deliver.takeFrom('Deliveries', queues, {
      batchSize: stage.batchSize,
      maxConcurrency: Math.max(2, Math.min(config.rate.slots, stage.maxConcurrency)),
    })
    deliver.grantTable(table, ROW_OPERATIONS)
    // The hours in which orders were deleted are counted.
    if (config.kinds.includes('order')) deliver.grantTable(table, ['UpdateItem'])
    this.#mayDeliverTo(told, deliver)
    this.#maySurround(config.kinds, deliver)
    // A replay reads the shop anew: its bridge's key, and which of its epochs is the newest.
    const shops = Object.entries(this.#props.config.shops)
      .filter(([, { targets }]) => targets.includes(target))
      .flatMap(([shop]) => [this.#secrets.shop(shop), this.#secrets.bridge(shop)])
    deliver.grantSecrets([this.#secrets.target(target), ...shops, this.#secrets.personKey])
    deliver.grantKey(TABLE_KEY_ACTIONS)
    return deliver
  }

  /** Beside the thing itself a target is told what was bought, and which spare parts its desk asked for. */
  #maySurround(kinds: TargetTopology['kinds'], deliver: SyncFunction) {
    const { table } = this.#props
    const [customers, tickets] = [kinds.includes('customer'), kinds.includes('ticket')]
    const parts = tickets && this.#takersOf('parts').length > 0
    // The orders that name the same people.
    if (customers) deliver.grantTable(table, ['Query'])
    if (customers || parts) deliver.grantTable(table, ['BatchGetItem'])
    // Their shipments.
    if (customers || tickets) deliver.grantTable(table, ['Query'], 'byRef')
    if (parts) deliver.grantTable(table, ['Query'], 'byNo')
  }

  /** There whatever is configured: an operator cancels orders in the shops through it. */
  #shopWriteback() {
    const { stage, config, table, writebacks } = this.#props
    // Steps of a ticket ask for spare parts, and its desk is told of their parcels.
    const takers = this.#takersOf('parts')
    const told = takers.length > 0 ? [...new Set([...takers, ...this.#takersOf('ticket')])] : []
    const writeback = new SyncFunction(this, 'ShopWriteback', {
      ...this.#common(),
      name: 'shop-writeback',
      description: 'Gives the shops their commands',
      timeoutSeconds: stage.deliverTimeoutSeconds,
      environment: {
        ...this.#environment(),
        TABLE_NAME: table.tableName,
        QUEUE_URL: writebacks.queue.queueUrl,
        DLQ_URL: writebacks.dlq.queueUrl,
        ...(told.length > 0 && { QUEUE_URLS: this.#deliveryUrls(told) }),
        CALL_DEADLINE_MS: milliseconds(stage.callDeadlineSeconds),
        LEASE_MS: milliseconds(stage.leaseSeconds),
        RETRY_FLOOR_MS: milliseconds(stage.retryFloorSeconds),
      },
    })
    const slots = Object.values(config.shops).reduce((sum, { rate }) => sum + rate.slots, 0)
    writeback.takeFrom('Writebacks', writebacks, {
      batchSize: stage.batchSize,
      maxConcurrency: Math.max(2, Math.min(slots, stage.maxConcurrency)),
    })
    writeback.grantTable(table, ROW_OPERATIONS)
    this.#mayDeliverTo(told, writeback)
    // Steps come with a reference alone.
    if (this.#takersOf('ticket').length > 0 || this.#takersOf('return').length > 0)
      writeback.grantTable(table, ['Query'], 'byRef')
    writeback.grantSecrets(Object.keys(config.shops).map(this.#secrets.bridge))
    writeback.grantKey(TABLE_KEY_ACTIONS)
    return writeback
  }

  /** One function for each kind of run, and for each run a schedule that invokes it every minute. */
  #runners(runs: readonly ScheduledRun[]) {
    if (runs.length === 0) return new Map<RunKind, SyncFunction>()
    const group = new CfnScheduleGroup(this, 'Schedules', {
      name: `ecshop-erp-sync-${this.#props.stage.name}`,
    })
    const make = {
      stock: () => this.#stockReconcile(),
      shipments: () => this.#shipmentPull(),
      aftersales: () => this.#aftersalePull(),
      sweep: () => this.#orderSweep(),
    }
    return new Map(
      [...Map.groupBy(runs, ({ kind }) => kind)].map(([kind, ofKind]) => {
        const runner = make[kind]()
        const inputs = Object.fromEntries(
          ofKind.map(({ subject, input }) => [`${FUNCTION_OF[kind]}-${subject}`, input]),
        )
        new MinuteSchedules(runner, 'Schedules', { group, function: runner.function, inputs })
        new CfnOutput(this, OUTPUT_NAMES.runner(kind), { value: runner.function.functionName })
        return [kind, runner] as const
      }),
    )
  }

  #stockReconcile() {
    const pools = Object.values(this.#props.config.pools)
    const stock = this.#puller('StockReconcile', 'stock', 'Brings the stock of the ERPs to the shops')
    stock.grantSecrets([
      ...new Set(pools.map(({ target }) => this.#secrets.target(target))),
      ...new Set(pools.flatMap(({ shops }) => Object.keys(shops).map(this.#secrets.bridge))),
    ])
    return stock
  }

  #shipmentPull() {
    const { config, table } = this.#props
    const pull = this.#puller('ShipmentPull', 'shipments', 'Brings the shipments of the ERPs to the shops')
    pull.grantTable(table, ['Query'], 'byRef')
    const targets = Object.keys(config.targets).filter((name) => config.targets[name]?.shipments)
    pull.grantSecrets(targets.map(this.#secrets.target))
    return pull
  }

  #aftersalePull() {
    const { config } = this.#props
    const said = 'Brings the steps of returns and tickets to the shops'
    const pull = this.#puller('AftersalePull', 'aftersales', said)
    const targets = Object.keys(config.targets).filter((name) => config.targets[name]?.aftersales)
    pull.grantSecrets(targets.map(this.#secrets.target))
    return pull
  }

  /** A run that makes commands for the shops of what it reads. */
  #puller(id: string, kind: 'stock' | 'shipments' | 'aftersales', description: string) {
    const { table, writebacks } = this.#props
    const pull = new SyncFunction(this, id, {
      ...this.#common(),
      ...this.#runTimes(),
      name: FUNCTION_OF[kind],
      description,
      environment: { ...this.#runEnvironment(), WRITEBACK_QUEUE_URL: this.#writebackUrl() },
    })
    pull.grantTable(table, ROW_OPERATIONS)
    writebacks.queue.grant(pull.function, 'sqs:SendMessage')
    pull.grantKey(TABLE_KEY_ACTIONS)
    return pull
  }

  #orderSweep() {
    const { config, table, deliveries } = this.#props
    const shops = Object.entries(config.shops).filter(([, { sweepMinutes }]) => sweepMinutes > 0)
    const targets = new Set(shops.flatMap(([, shop]) => shop.targets))
    const sweep = new SyncFunction(this, 'OrderSweep', {
      ...this.#common(),
      ...this.#runTimes(),
      name: FUNCTION_OF.sweep,
      description: 'Finds in the shops what no webhook told',
      environment: { ...this.#runEnvironment(), QUEUE_URLS: this.#deliveryUrls() },
    })
    sweep.grantTable(table, [...ROW_OPERATIONS, 'BatchGetItem'])
    // What waits for a person, or for something else, is looked at again.
    sweep.grantTable(table, ['Query'], 'byState')
    for (const target of targets) deliveries.get(target)?.queue.grant(sweep.function, 'sqs:SendMessage')
    sweep.grantSecrets([
      ...shops.flatMap(([shop]) => [this.#secrets.shop(shop), this.#secrets.bridge(shop)]),
      // Their ERP is asked what it has of the orders.
      ...this.#takersOf('order')
        .filter((target) => targets.has(target))
        .map(this.#secrets.target),
      ...this.#guestKey(),
    ])
    sweep.grantKey(TABLE_KEY_ACTIONS)
    return sweep
  }

  /** Guests are known by a hash of their phone, where somebody takes customers. */
  #guestKey(): string[] {
    const { targets } = this.#props.config
    return Object.values(targets).some(({ kinds }) => kinds.includes('customer'))
      ? [this.#secrets.personKey]
      : []
  }

  #common() {
    const { stage, buildDir } = this.#props
    return { stage, buildDir, key: this.#key }
  }

  #environment() {
    const { stage } = this.#props
    return { STAGE: stage.name, CONFIG_DIR, SECRET_PREFIX: this.#secrets.prefix }
  }

  #runTimes() {
    return { timeoutSeconds: this.#props.stage.runTimeoutSeconds }
  }

  #runEnvironment() {
    const { stage, table } = this.#props
    return {
      ...this.#environment(),
      TABLE_NAME: table.tableName,
      CALL_DEADLINE_MS: milliseconds(stage.callDeadlineSeconds),
      LEASE_MS: milliseconds(stage.runLeaseSeconds),
      RETRY_FLOOR_MS: milliseconds(stage.retryFloorSeconds),
    }
  }

  #takersOf(kind: TargetTopology['kinds'][number]): string[] {
    const { targets } = this.#props.config
    return Object.keys(targets).filter((name) => targets[name]?.kinds.includes(kind))
  }

  #deliveryUrls(targets: readonly string[] = [...this.#props.deliveries.keys()]) {
    return this.toJsonString(
      Object.fromEntries(
        [...this.#props.deliveries]
          .filter(([target]) => targets.includes(target))
          .map(([target, { queue }]) => [target, queue.queueUrl]),
      ),
    )
  }

  #mayDeliverTo(targets: readonly string[], { function: sender }: SyncFunction) {
    for (const target of targets) this.#props.deliveries.get(target)?.queue.grant(sender, 'sqs:SendMessage')
  }

  #writebackUrl() {
    return this.#props.writebacks.queue.queueUrl
  }

  #webhookApi(webhook: SyncFunction, callback: SyncFunction | undefined): HttpApi {
    const { stage, config } = this.#props
    const domain = config.deploy?.domain
    const api = new HttpApi(this, 'Api', {
      apiName: `ecshop-erp-sync-${stage.name}`,
      createDefaultStage: false,
    })
    const route = (path: string, name: string, handler: SyncFunction, why: string) => {
      const integration = new HttpLambdaIntegration(name, handler.function)
      for (const added of api.addRoutes({ path, methods: [HttpMethod.POST], integration }))
        acknowledge(added, 'AwsSolutions::AwsSolutions-APIG4', why)
    }
    route(
      WEBHOOK_PATH,
      'ShopWebhookIntegration',
      webhook,
      'A shop has no AWS identity and no token: shop-webhook verifies a signature over the very bytes, with the secret of that shop, before it reads them.',
    )
    if (callback) {
      route(
        CALLBACK_PATH,
        'TargetCallbackIntegration',
        callback,
        'A target has no AWS identity and no token: target-callback verifies a signature over the very bytes, with the secret of that target, before it reads them.',
      )
      new CfnOutput(this, OUTPUT_NAMES.callbackUrl, { value: `${api.apiEndpoint}${CALLBACK_PATH}` })
    }
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
