import { beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { AftersalePullEnvSchema } from '../../functions/aftersale-pull/env.ts'
import { ErpDeliverEnvSchema } from '../../functions/erp-deliver/env.ts'
import { OrderSweepEnvSchema } from '../../functions/order-sweep/env.ts'
import { ShipmentPullEnvSchema } from '../../functions/shipment-pull/env.ts'
import { ShopWebhookEnvSchema } from '../../functions/shop-webhook/env.ts'
import { ShopWritebackEnvSchema } from '../../functions/shop-writeback/env.ts'
import { StockReconcileEnvSchema } from '../../functions/stock-reconcile/env.ts'
import { TargetCallbackEnvSchema } from '../../functions/target-callback/env.ts'
import { RECEIVE_LIMIT, stageNamed } from '../../infra/stages.ts'
import {
  oneWay,
  type Resource,
  resourcesOf,
  synthesized,
  type Template,
  topology,
} from '../support/synthesized.ts'

const targets = Object.keys(topology.targets)
const DAY_SECONDS = 86_400

const StatementSchema = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.union([z.string(), z.array(z.string())]).transform((action) => [action].flat()),
  Resource: z.unknown().transform((resource) => (Array.isArray(resource) ? resource : [resource])),
})
const PolicySchema = z.object({ PolicyDocument: z.looseObject({ Statement: z.array(StatementSchema) }) })
const FunctionSchema = z.looseObject({
  Timeout: z.int(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
})

/** What CloudFormation would put there, as far as a parser can tell. */
function resolved(value: unknown): string {
  if (typeof value === 'string') return value
  const join = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }).safeParse(value)
  if (join.success) return join.data['Fn::Join'][1].map(resolved).join(join.data['Fn::Join'][0])
  return 'https://deployed.example/thing'
}

/** Outputs for people; the others are what one stack takes from another. */
const told = (template: Template) => Object.keys(template.Outputs).filter((key) => !key.startsWith('Exports'))

const environmentOf = (resource: Resource) =>
  Object.fromEntries(
    Object.entries(FunctionSchema.parse(resource.Properties).Environment.Variables).map(([name, value]) => [
      name,
      resolved(value),
    ]),
  )

describe.each(['local', 'test', 'prod'])('the templates of stage %s', (name) => {
  const stage = stageNamed(name)
  let templates: ReturnType<typeof synthesized>
  const all = (type: string) => Object.values(templates).flatMap((template) => resourcesOf(template, type))
  const functions = () => all('AWS::Lambda::Function').map(([, resource]) => resource)
  const delivers = () => functions().filter((resource) => 'TARGET' in environmentOf(resource))
  const only = (name: string) => {
    const found = all('AWS::Lambda::Function').filter(([id]) => id.startsWith(name))
    expect(found).toHaveLength(1)
    return (found[0] as [string, Resource])[1]
  }

  beforeAll(() => {
    templates = synthesized(stage)
  })

  it('give each target, and the write-backs, a FIFO queue whose groups do not wait for each other, and a dead-letter queue', () => {
    const queues = all('AWS::SQS::Queue')
    expect(queues).toHaveLength(2 * (targets.length + 1))
    for (const [, { Properties }] of queues) {
      expect(Properties).toMatchObject({
        FifoQueue: true,
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
        ContentBasedDeduplication: false,
        MessageRetentionPeriod: 14 * DAY_SECONDS,
      })
      expect(Properties['QueueName']).toMatch(/^.{1,75}\.fifo$/)
    }
    const queueNames = queues.map(([, { Properties }]) => Properties['QueueName'])
    for (const queue of ['deliveries-beta-erp', 'writebacks', 'writebacks-dlq'])
      expect(queueNames).toContain(`ecshop-erp-sync-${name}-${queue}.fifo`)
  })

  it('let no queue lose a message without a dead-letter queue, nor before a thousand receives', () => {
    const queues = all('AWS::SQS::Queue')
    const redrives = queues.flatMap(([id, { Properties }]) =>
      Properties['RedrivePolicy'] === undefined ? [] : [[id, Properties['RedrivePolicy']] as const],
    )
    const dead = redrives.map(([, redrive]) => {
      const { deadLetterTargetArn, maxReceiveCount } = z
        .object({
          deadLetterTargetArn: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
          maxReceiveCount: z.int(),
        })
        .parse(redrive)
      expect(maxReceiveCount).toBe(RECEIVE_LIMIT)
      return deadLetterTargetArn['Fn::GetAtt'][0]
    })
    expect(RECEIVE_LIMIT).toBe(1000)
    const alive = redrives.map(([id]) => id)
    expect([...alive, ...dead].sort()).toEqual(queues.map(([id]) => id).sort())
  })

  it('take every batch apart, from one source for each target and one for the write-backs', () => {
    const sources = all('AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties)
    expect(sources).toHaveLength(targets.length + 1)
    for (const source of sources) {
      expect(source['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures'])
      expect(source['BatchSize']).toBe(stage.batchSize)
    }
    const concurrency = sources.map(
      (source) => z.object({ MaximumConcurrency: z.int() }).parse(source['ScalingConfig']).MaximumConcurrency,
    )
    expect(concurrency).toEqual([2, Math.min(7, stage.maxConcurrency), Math.min(5, stage.maxConcurrency)])
  })

  it('run every function on Node 24 for ARM', () => {
    expect(functions()).toHaveLength(targets.length + 7)
    for (const { Properties } of functions()) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
      })
    }
  })

  it('give each delivery the environment it parses, with times in their safe order', () => {
    expect(delivers().map((deliver) => environmentOf(deliver)['TARGET'])).toEqual(targets)
    for (const deliver of delivers()) {
      const env = ErpDeliverEnvSchema.strict().parse(environmentOf(deliver))
      const timeoutMs = FunctionSchema.parse(deliver.Properties).Timeout * 1000
      expect(env.STAGE).toBe(name)
      expect(env.SECRET_PREFIX).toBe(`/ecshop-erp-sync/${name}`)
      expect(env.CALL_DEADLINE_MS).toBeLessThan(timeoutMs)
      expect(timeoutMs).toBeLessThan(env.LEASE_MS)
      expect(env.RETRY_FLOOR_MS).toBe(stage.retryFloorSeconds * 1000)
      expect(env.SETTLE_MS).toBe(env.TARGET === 'beta-erp' ? 0 : stage.settleSeconds * 1000)
    }
  })

  it('give the webhook and the callback the environment they parse', () => {
    TargetCallbackEnvSchema.strict().parse(environmentOf(only('TargetCallback')))
    const env = ShopWebhookEnvSchema.strict().parse(environmentOf(only('ShopWebhook')))
    expect(Object.keys(env.QUEUE_URLS)).toEqual(targets)
  })

  it('give the write-backs the environment they parse, with the times of a delivery', () => {
    const writeback = only('ShopWriteback')
    const env = ShopWritebackEnvSchema.strict().parse(environmentOf(writeback))
    expect(FunctionSchema.parse(writeback.Properties).Timeout).toBe(stage.deliverTimeoutSeconds)
    expect(env.LEASE_MS).toBe(stage.leaseSeconds * 1000)
  })

  it('give each run the environment it parses, with its own times', () => {
    const runs = {
      StockReconcile: StockReconcileEnvSchema,
      ShipmentPull: ShipmentPullEnvSchema,
      AftersalePull: AftersalePullEnvSchema,
      OrderSweep: OrderSweepEnvSchema,
    }
    for (const [run, schema] of Object.entries(runs)) {
      const found = only(run)
      expect(FunctionSchema.parse(found.Properties).Timeout).toBe(stage.runTimeoutSeconds)
      expect(schema.strict().parse(environmentOf(found)).LEASE_MS).toBe(stage.runLeaseSeconds * 1000)
    }
    const sweep = OrderSweepEnvSchema.strict().parse(environmentOf(only('OrderSweep')))
    expect(Object.keys(sweep.QUEUE_URLS)).toEqual(targets)
  })

  it('invoke each run of the configuration every minute, with what it is about', () => {
    const schedules = all('AWS::Scheduler::Schedule').map(([, { Properties }]) => {
      const { Name, Target } = z
        .object({ Name: z.string().max(64), Target: z.object({ Input: z.string() }) })
        .parse(Properties)
      return [Name, JSON.parse(Target.Input)]
    })
    expect(schedules).toEqual([
      ['stock-reconcile-main', { pool: 'main' }],
      ['stock-reconcile-beta-stock', { pool: 'beta-stock' }],
      ['shipment-pull-beta-erp', { target: 'beta-erp' }],
      ['aftersale-pull-beta-erp', { target: 'beta-erp' }],
      ['order-sweep-ec', { shop: 'ec' }],
    ])
    expect(all('AWS::Scheduler::ScheduleGroup')).toHaveLength(1)
  })

  it('have no schedule and no function for what the configuration does not ask for', () => {
    const { sync } = synthesized(stage, oneWay)
    const names = resourcesOf(sync, 'AWS::Lambda::Function').map(([id]) =>
      id.replace(/Function[0-9A-F]{8}$/, ''),
    )
    expect(names).toEqual(['ShopWebhook', 'ErpDelivererp', 'ShopWriteback'])
    for (const type of ['AWS::Scheduler::Schedule', 'AWS::Scheduler::ScheduleGroup'])
      expect(resourcesOf(sync, type)).toEqual([])
    expect(told(sync)).toEqual(['WebhookUrl'])
  })

  it('name no region, account or partition', () => {
    expect(JSON.stringify(templates)).not.toMatch(
      /arn:aws|\b[a-z]{2}-(east|west|north|south|central)[a-z]*-\d|amazonaws\.com\.cn/,
    )
  })

  it('let each function read the secrets it needs only: of its own targets, and of its own shops', () => {
    const readable = resourcesOf(templates.sync, 'AWS::IAM::Policy').map(([id, { Properties }]) => [
      id.replace(/RoleDefaultPolicy[0-9A-F]{8}$/, ''),
      PolicySchema.parse(Properties)
        .PolicyDocument.Statement.filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue'))
        .flatMap(({ Resource }) => Resource.map(resolved))
        .map((arn) => arn.replace('-??????', '').replace(/^.*:secret:\/ecshop-erp-sync\//, '')),
    ])
    const secret = (path: string) => `${name}/${path}`
    expect(Object.fromEntries(readable)).toEqual({
      ShopWebhook: ['shop/ec/webhook', 'shop/EC2/webhook', 'person-key'].map(secret),
      ErpDeliveralpha: [
        'target/alpha/erp',
        'shop/ec/webhook',
        'shop/ec/bridge',
        'shop/EC2/webhook',
        'shop/EC2/bridge',
        'person-key',
      ].map(secret),
      ErpDeliverbetaerp: ['target/beta-erp/erp', 'shop/EC2/webhook', 'shop/EC2/bridge', 'person-key'].map(
        secret,
      ),
      ShopWriteback: ['shop/ec/bridge', 'shop/EC2/bridge'].map(secret),
      TargetCallback: ['target/beta-erp/erp'].map(secret),
      StockReconcile: ['target/alpha/erp', 'target/beta-erp/erp', 'shop/ec/bridge', 'shop/EC2/bridge'].map(
        secret,
      ),
      StockReconcileSchedules: [],
      ShipmentPull: ['target/beta-erp/erp'].map(secret),
      ShipmentPullSchedules: [],
      AftersalePull: ['target/beta-erp/erp'].map(secret),
      AftersalePullSchedules: [],
      OrderSweep: ['shop/ec/webhook', 'shop/ec/bridge', 'target/alpha/erp', 'person-key'].map(secret),
      OrderSweepSchedules: [],
    })
  })

  it('name the secrets of each shop and the one of each target, and put no value into any but the person key', () => {
    const secrets = all('AWS::SecretsManager::Secret').map(([, { Properties }]) => Properties)
    expect(secrets).toEqual([
      { Name: `/ecshop-erp-sync/${name}/shop/ec/webhook` },
      { Name: `/ecshop-erp-sync/${name}/shop/EC2/webhook` },
      { Name: `/ecshop-erp-sync/${name}/shop/ec/bridge` },
      { Name: `/ecshop-erp-sync/${name}/shop/EC2/bridge` },
      { Name: `/ecshop-erp-sync/${name}/target/alpha/erp` },
      { Name: `/ecshop-erp-sync/${name}/target/beta-erp/erp` },
      {
        Name: `/ecshop-erp-sync/${name}/person-key`,
        GenerateSecretString: { PasswordLength: 43, ExcludePunctuation: true },
      },
    ])
  })

  it('keep the data of a deployment and throw away that of a demo', () => {
    const kept = stage.keepsData ? 'Retain' : 'Delete'
    const stateful = ['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::SecretsManager::Secret'].flatMap(all)
    for (const [id, { DeletionPolicy }] of stateful) expect([id, DeletionPolicy]).toEqual([id, kept])
    const [[, table]] = all('AWS::DynamoDB::Table') as [[string, Resource]]
    expect(table.Properties).toMatchObject({
      DeletionProtectionEnabled: stage.keepsData,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: stage.keepsData },
    })
    expect(name === 'local').toBe(!stage.keepsData)
  })

  it('index the ledger by number, by reference and by state, on demand, with a time to live', () => {
    const [[, table]] = all('AWS::DynamoDB::Table') as [[string, Resource]]
    const index = (indexName: string, hash: string, range?: string) => ({
      IndexName: indexName,
      KeySchema: [
        { AttributeName: hash, KeyType: 'HASH' },
        ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' }]),
      ],
      Projection: { ProjectionType: 'ALL' },
    })
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        index('byNo', 'no', 'pk'),
        index('byRef', 'ref'),
        index('byState', 'stateKey', 'stateAt'),
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    })
    expect(table.Properties['AttributeDefinitions']).toContainEqual({
      AttributeName: 'stateAt',
      AttributeType: 'N',
    })
  })

  it('open a route to the shops and one to the targets, throttled and logged', () => {
    const routes = all('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties['RouteKey'])
    expect(routes).toEqual(['POST /v1/shops/{shop}/events', 'POST /v1/targets/{target}/progress'])
    const [[, api]] = all('AWS::ApiGatewayV2::Stage') as [[string, Resource]]
    expect(api.Properties).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
      AccessLogSettings: {
        DestinationArn: expect.anything(),
        Format: expect.stringContaining('$context.status'),
      },
    })
  })

  it('let every log end some day', () => {
    const logs = all('AWS::Logs::LogGroup')
    expect(logs).toHaveLength(functions().length + 1)
    for (const [, { Properties }] of logs) expect(Properties['RetentionInDays']).toBe(stage.logRetentionDays)
  })

  it('tell where everything is', () => {
    expect(told(templates.sync)).toEqual([
      'CallbackUrl',
      'WebhookUrl',
      'StockFunction',
      'ShipmentsFunction',
      'AftersalesFunction',
      'SweepFunction',
    ])
    expect(told(templates.ops)).toEqual(['AlarmTopicArn'])
    expect(resolved(templates.sync.Outputs['WebhookUrl']?.Value)).toMatch(/\/v1\/shops\/\{shop\}\/events$/)
    expect(Object.keys(templates.stateful.Outputs)).toEqual(
      expect.arrayContaining([
        'TableName',
        'QueueUrlAlpha',
        'DeadLetterQueueUrlAlpha',
        'QueueUrlBetaErp',
        'DeadLetterQueueUrlBetaErp',
        'WritebackQueueUrl',
        'WritebackDeadLetterQueueUrl',
      ]),
    )
  })
})
