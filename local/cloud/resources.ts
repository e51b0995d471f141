import * as z from 'zod'
import type { Assembly, Stack } from './assembly.ts'
import { CloudError } from './cloud-error.ts'
import type { TemplateResolver } from './template.ts'

const KeySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }))
const IndexSchema = z.object({
  IndexName: z.string(),
  KeySchema,
  Projection: z.strictObject({
    ProjectionType: z.enum(['ALL', 'INCLUDE', 'KEYS_ONLY']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
})
const TableSchema = z.strictObject({
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema,
  GlobalSecondaryIndexes: z.array(IndexSchema).optional(),
  LocalSecondaryIndexes: z.array(IndexSchema).optional(),
})
const tableKind = {
  schema: TableSchema,
  // Rows are not expired: the product never relies on the moment DynamoDB deletes one.
  ignored: [
    'TimeToLiveSpecification',
    'BillingMode',
    'ProvisionedThroughput',
    'OnDemandThroughput',
    'WarmThroughput',
    'PointInTimeRecoverySpecification',
    'SSESpecification',
    'DeletionProtectionEnabled',
    'ContributorInsightsSpecification',
    'TableClass',
    'Replicas',
    'Tags',
  ],
}

const queueKind = {
  schema: z.strictObject({
    QueueName: z.string().optional(),
    FifoQueue: z.boolean().optional(),
    ContentBasedDeduplication: z.boolean().optional(),
    DeduplicationScope: z.string().optional(),
    FifoThroughputLimit: z.string().optional(),
    VisibilityTimeout: z.number().optional(),
    MessageRetentionPeriod: z.number().optional(),
    DelaySeconds: z.number().optional(),
    MaximumMessageSize: z.number().optional(),
    ReceiveMessageWaitTimeSeconds: z.number().optional(),
    RedrivePolicy: z
      .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number().int().positive() })
      .optional(),
    RedriveAllowPolicy: z.record(z.string(), z.unknown()).optional(),
  }),
  ignored: ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled', 'Tags'],
}

const secretKind = {
  schema: z.strictObject({
    Name: z.string().optional(),
    GenerateSecretString: z
      .strictObject({ PasswordLength: z.number().int().positive(), ExcludePunctuation: z.literal(true) })
      .optional(),
  }),
  ignored: ['Description', 'KmsKeyId', 'ReplicaRegions', 'Tags'],
}

const functionKind = {
  schema: z.strictObject({
    FunctionName: z.string().optional(),
    Runtime: z.string().regex(/^nodejs\d+\.x$/),
    Handler: z.string().regex(/^[^.]+\.[^.]+$/),
    Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
    Timeout: z.number().positive().default(3),
    MemorySize: z.number().positive().default(128),
    ReservedConcurrentExecutions: z.number().positive().optional(),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()) }).optional(),
  }),
  ignored: [
    'Role',
    'Description',
    'Architectures',
    'LoggingConfig',
    'TracingConfig',
    'RecursiveLoop',
    'RuntimeManagementConfig',
    'EphemeralStorage',
    'KmsKeyArn',
    'VpcConfig',
    'Tags',
  ],
}

const eventSourceKind = {
  schema: z.strictObject({
    EventSourceArn: z.string(),
    FunctionName: z.string(),
    Enabled: z.boolean().default(true),
    // More than 10 needs a batching window, which a FIFO queue cannot have.
    BatchSize: z.number().int().min(1).max(10).default(10),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.number().int().min(2).optional() }).optional(),
  }),
  ignored: ['KmsKeyArn', 'Tags'],
}

const apiKind = {
  schema: z.strictObject({ ProtocolType: z.literal('HTTP') }),
  ignored: ['Name', 'Description', 'DisableExecuteApiEndpoint', 'IpAddressType', 'Tags'],
}

const stageKind = {
  schema: z.strictObject({ StageName: z.literal('$default') }),
  ignored: [
    'ApiId',
    'AutoDeploy',
    'Description',
    'AccessLogSettings',
    'DefaultRouteSettings',
    'RouteSettings',
    'Tags',
  ],
}

const integrationKind = {
  schema: z.strictObject({
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
    TimeoutInMillis: z.number().max(30_000).default(30_000),
  }),
  ignored: ['ApiId', 'Description', 'IntegrationMethod', 'ConnectionType'],
}

const routeKind = {
  schema: z.strictObject({
    RouteKey: z.union([z.literal('$default'), z.string().regex(/^[A-Z]+ \//)]),
    Target: z.string().startsWith('integrations/'),
    AuthorizationType: z.literal('NONE').optional(),
  }),
  ignored: ['ApiId', 'ApiKeyRequired', 'OperationName'],
}

const scheduleKind = {
  schema: z.strictObject({
    Name: z.string().optional(),
    ScheduleExpression: z.string().transform((expression, context) => {
      const intervalMs = rateMs(expression)
      if (intervalMs === undefined) context.addIssue(`it runs rate(…) only, not ${expression}`)
      return intervalMs ?? 0
    }),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Target: z.strictObject({ Arn: z.string(), Input: z.string().optional() }),
  }),
  // Without retries: the next run repairs what this one missed. A rate has no time zone.
  ignored: [
    'GroupName',
    'Description',
    'FlexibleTimeWindow',
    'KmsKeyArn',
    'ScheduleExpressionTimezone',
    'Target.RoleArn',
    'Target.RetryPolicy',
    'Target.DeadLetterConfig',
  ],
}

/** Types that change nothing a function or its caller could notice on one machine; the API answers here without a domain. */
const withoutEffect =
  /^AWS::(IAM|Logs|CloudWatch|SNS|KMS|CDK)::|^AWS::(ApiGatewayV2::(DomainName|ApiMapping)|Lambda::Permission|SQS::QueuePolicy|Scheduler::ScheduleGroup|DynamoDB::ResourcePolicy|SecretsManager::ResourcePolicy)$/

interface Resource {
  readonly type: string
  readonly logicalId: string
  /** The physical name. */
  readonly name: string
  /** What Ref answers: the URL of a queue, the name of a table or function, the ARN of a secret. */
  readonly ref: string
}

export interface TableResource extends Resource {
  readonly schema: z.infer<typeof TableSchema>
}

export interface QueueResource extends Resource {
  readonly arn: string
  readonly attributes: Readonly<Record<string, string>>
  /** Some other queue's dead letters end here. */
  readonly deadLetter: boolean
}

export interface FunctionResource extends Resource {
  readonly arn: string
  readonly runtime: string
  readonly handler: string
  readonly codeDirectory: string
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly reservedConcurrency: number | undefined
  readonly environment: Readonly<Record<string, string>>
}

export interface EventSourceResource {
  readonly logicalId: string
  readonly queueArn: string
  readonly functionName: string
  readonly enabled: boolean
  readonly batchSize: number
  readonly reportsItemFailures: boolean
  readonly maximumConcurrency: number
}

export interface RouteResource {
  readonly routeKey: string
  readonly functionArn: string
  readonly timeoutMs: number
}

export interface ScheduleResource extends Resource {
  readonly intervalMs: number
  readonly enabled: boolean
  readonly functionArn: string
  readonly input: string | undefined
}

export interface SecretResource extends Resource {
  /** Characters of the value it is made with; undefined: it has none until somebody puts one. */
  readonly generated: number | undefined
}

export interface Resources {
  readonly tables: readonly TableResource[]
  readonly queues: readonly QueueResource[]
  readonly secrets: readonly SecretResource[]
  readonly functions: readonly FunctionResource[]
  readonly eventSources: readonly EventSourceResource[]
  readonly routes: readonly RouteResource[]
  readonly schedules: readonly ScheduleResource[]
  /** By output key. An output about a resource without effect here, an alarm topic for instance, has no value. */
  readonly outputs: Readonly<Record<string, string>>
}

/** The AWS default for an event source without a maximum is far beyond one machine. */
const DEFAULT_CONCURRENCY = 2

/**
 * Reads every resource of an assembly into what the engines need.
 * @throws {CloudError} resource-unsupported, property-unsupported, value-unresolved: nothing is left out in silence.
 */
export function readResources({ stacks, assets }: Assembly, resolver: TemplateResolver): Resources {
  const entries = stacks.flatMap((stack) =>
    Object.entries(stack.Resources)
      .filter(([, { Type }]) => !withoutEffect.test(Type))
      .map(([logicalId, { Type, Properties }]) => ({ stack, logicalId, type: Type, properties: Properties })),
  )
  const unknown = entries.find(({ type }) => !supported.has(type))
  if (unknown) {
    const { type, logicalId } = unknown
    throw new CloudError('resource-unsupported', `The local cloud has no ${type}, which ${logicalId} is.`, {
      type,
      logicalId,
    })
  }

  const ofType = <T>(types: readonly string[], kind: Kind<T>) =>
    entries
      .filter(({ type }) => types.includes(type))
      .map((entry) => ({ ...entry, properties: readProperties(entry, kind, resolver) }))
  const identified = ({ stack, logicalId, type }: Entry) => {
    const { name, ref, attributes } = resolver.identity(stack, logicalId, logicalId)
    return { type, logicalId, name, ref, arn: attributes['Arn'] ?? ref }
  }

  const tables = ofType(['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'], tableKind)
  const queues = ofType(['AWS::SQS::Queue'], queueKind)
  const deadLetterArns = new Set(
    queues.map(({ properties }) => properties.RedrivePolicy?.deadLetterTargetArn),
  )
  const integrations = new Map(
    ofType(['AWS::ApiGatewayV2::Integration'], integrationKind).map((entry) => [
      identified(entry).ref,
      entry.properties,
    ]),
  )
  const apis = ofType(['AWS::ApiGatewayV2::Api'], apiKind)
  if (apis[1]) throw unsupportedProperty(apis[1], 'ProtocolType', 'one API is all the local cloud serves')
  ofType(['AWS::ApiGatewayV2::Stage'], stageKind)

  return {
    tables: tables.map((entry) => ({ ...identified(entry), schema: entry.properties })),
    queues: queues.map((entry) => {
      const identity = identified(entry)
      return {
        ...identity,
        attributes: queueAttributes(entry.properties),
        deadLetter: deadLetterArns.has(identity.arn),
      }
    }),
    secrets: ofType(['AWS::SecretsManager::Secret'], secretKind).map((entry) => ({
      ...identified(entry),
      generated: entry.properties.GenerateSecretString?.PasswordLength,
    })),
    functions: ofType(['AWS::Lambda::Function'], functionKind).map((entry) => {
      const { Runtime, Handler, Code, Timeout, MemorySize, ReservedConcurrentExecutions, Environment } =
        entry.properties
      const codeDirectory = assets.get(Code.S3Key)
      if (!codeDirectory) throw unsupportedProperty(entry, 'Code', 'it is no zipped asset of this assembly')
      return {
        ...identified(entry),
        runtime: Runtime,
        handler: Handler,
        codeDirectory,
        timeoutMs: Timeout * 1000,
        memoryMb: MemorySize,
        reservedConcurrency: ReservedConcurrentExecutions,
        environment: Environment?.Variables ?? {},
      }
    }),
    eventSources: ofType(['AWS::Lambda::EventSourceMapping'], eventSourceKind).map(
      ({ logicalId, properties }) => ({
        logicalId,
        queueArn: properties.EventSourceArn,
        functionName: properties.FunctionName,
        enabled: properties.Enabled,
        batchSize: properties.BatchSize,
        reportsItemFailures: properties.FunctionResponseTypes.length > 0,
        maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
      }),
    ),
    routes: ofType(['AWS::ApiGatewayV2::Route'], routeKind).map((entry) => {
      const integration = integrations.get(entry.properties.Target.replace('integrations/', ''))
      if (!integration) throw unsupportedProperty(entry, 'Target', 'it names no integration')
      return {
        routeKey: entry.properties.RouteKey,
        functionArn: integration.IntegrationUri,
        timeoutMs: integration.TimeoutInMillis,
      }
    }),
    schedules: ofType(['AWS::Scheduler::Schedule'], scheduleKind).map((entry) => ({
      ...identified(entry),
      intervalMs: entry.properties.ScheduleExpression,
      enabled: entry.properties.State === 'ENABLED',
      functionArn: entry.properties.Target.Arn,
      input: entry.properties.Target.Input,
    })),
    outputs: readOutputs(stacks, resolver),
  }
}

interface Entry {
  readonly stack: Stack
  readonly logicalId: string
  readonly type: string
  readonly properties: object
}

interface Kind<T> {
  readonly schema: z.ZodType<T> & { readonly shape: Readonly<Record<string, unknown>> }
  /** Properties, dotted where nested, that make no difference here. They are not resolved either. */
  readonly ignored: readonly string[]
}

const supported = new Set([
  'AWS::DynamoDB::Table',
  'AWS::DynamoDB::GlobalTable',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::Lambda::Function',
  'AWS::Lambda::EventSourceMapping',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Stage',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::Scheduler::Schedule',
])

function readProperties<T>(
  entry: Entry & { readonly properties: Readonly<Record<string, unknown>> },
  { schema, ignored }: Kind<T>,
  resolver: TemplateResolver,
): T {
  const relevant = without(entry.properties, ignored)
  const unknown = Object.keys(relevant).find((property) => !(property in schema.shape))
  if (unknown) throw unsupportedProperty(entry, unknown, 'the local cloud does not know it')

  const parsed = schema.safeParse(resolver.resolve(entry.stack, relevant, entry.logicalId))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw unsupportedProperty(entry, issue?.path.join('.') ?? '', issue?.message ?? 'it does not parse')
  }
  return parsed.data
}

function without(
  properties: Readonly<Record<string, unknown>>,
  ignored: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([key]) => !ignored.includes(key))
      .map(([key, value]) => {
        const nested = ignored
          .filter((path) => path.startsWith(`${key}.`))
          .map((path) => path.slice(key.length + 1))
        const record = z.record(z.string(), z.unknown()).safeParse(value)
        return [key, nested.length > 0 && record.success ? without(record.data, nested) : value]
      }),
  )
}

const unitMs = new Map([
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
])

/** `rate(5 minutes)` in milliseconds; undefined for any other expression. */
function rateMs(expression: string): number | undefined {
  const [, count, unit = ''] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? []
  const ms = unitMs.get(unit)
  return ms && Number(count) * ms
}

function queueAttributes(properties: z.infer<typeof queueKind.schema>): Record<string, string> {
  const { QueueName: _, ...attributes } = properties
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  )
}

function readOutputs(stacks: readonly Stack[], resolver: TemplateResolver): Record<string, string> {
  const outputs: Record<string, string> = {}
  for (const stack of stacks) {
    for (const [key, { Value }] of Object.entries(stack.Outputs)) {
      try {
        outputs[key] = String(resolver.resolve(stack, Value, `Outputs.${key}`))
      } catch (error) {
        if (!(error instanceof CloudError && error.code === 'value-unresolved')) throw error
      }
    }
  }
  return outputs
}

function unsupportedProperty(entry: Entry, property: string, reason: string): CloudError {
  const { type, logicalId } = entry
  return new CloudError(
    'property-unsupported',
    `The local cloud cannot honour ${property} of ${logicalId} (${type}): ${reason}.`,
    { type, logicalId, property, reason },
  )
}
