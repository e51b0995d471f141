import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { Resource, Template } from './synthesized.ts'

/** The templates of one deployment, by stack. */
export type Templates = Readonly<Record<string, Template>>

export interface Law {
  /** What holds, as the rest of a sentence about a deployment. */
  readonly holds: string
  /** What breaks it, a sentence each; empty where the law is kept. */
  readonly breaches: (deployment: Deployment) => readonly string[]
  /** Ways to break it, each into a copy of good templates: the proof that the law can fail. */
  readonly plants: Readonly<Record<string, (planted: Planting) => void>>
}

interface Placed {
  /** `stack/logicalId`. */
  readonly at: string
  readonly stack: string
  readonly type: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** Wildcards that are right, each with its reason. One that no statement needs any more breaks the law. */
const ARGUED_WILDCARDS = [
  {
    action: 'secretsmanager:GetSecretValue',
    resource: /^:secret:\/ecshop-erp-sync\/[a-z]+\/((shop|target)\/[^*?]+|person-key)-\?{6}$/,
    reason: 'Secrets Manager ends the ARN of a secret in six characters that nobody knows beforehand.',
  },
]

const runbooks = fileURLToPath(new URL('../../docs/runbooks', import.meta.url))

/** Reads templates as CloudFormation would, across stacks. */
export class Deployment {
  readonly #templates: Templates
  readonly resources: readonly Placed[]

  constructor(templates: Templates) {
    this.#templates = templates
    this.resources = Object.entries(templates).flatMap(([stack, { Resources }]) =>
      Object.entries(Resources).map(([id, { Type, Properties }]) => ({
        at: `${stack}/${id}`,
        stack,
        type: Type,
        properties: Properties,
      })),
    )
  }

  get text(): string {
    return JSON.stringify(this.#templates)
  }

  all(...types: string[]): Placed[] {
    return this.resources.filter(({ type }) => types.includes(type))
  }

  /** The resource that a property of `from` names, in whichever stack it stands. */
  target(from: Placed, value: unknown): Placed | undefined {
    const at = this.#locate(from.stack, value)
    return this.resources.find((resource) => resource.at === at)
  }

  #locate(stack: string, value: unknown): string | undefined {
    const ref = z.object({ Ref: z.string() }).safeParse(value)
    if (ref.success) return `${stack}/${ref.data.Ref}`
    const attribute = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).safeParse(value)
    if (attribute.success) return `${stack}/${attribute.data['Fn::GetAtt'][0]}`
    const imported = z.object({ 'Fn::ImportValue': z.string() }).safeParse(value)
    const join = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }).safeParse(value)
    if (join.success) return join.data['Fn::Join'][1].map((part) => this.#locate(stack, part)).find(Boolean)
    if (!imported.success) return undefined
    for (const [producer, { Outputs }] of Object.entries(this.#templates)) {
      for (const output of Object.values(Outputs)) {
        const { data } = z.object({ Export: z.object({ Name: z.string() }) }).safeParse(output)
        if (data?.Export.Name === imported.data['Fn::ImportValue'])
          return this.#locate(producer, output.Value)
      }
    }
    return undefined
  }

  /** Alarms that watch `metric` of a resource. */
  alarmsOf(watched: Placed, namespace: string, metric: string): Placed[] {
    return this.all('AWS::CloudWatch::Alarm').filter((alarm) => {
      const { Namespace, MetricName, Dimensions } = AlarmSchema.parse(alarm.properties)
      return (
        Namespace === namespace &&
        MetricName === metric &&
        Dimensions.some(({ Value }) => this.target(alarm, Value)?.at === watched.at)
      )
    })
  }

  /** Where the function of a schedule writes its log. */
  logOf(schedule: Placed): Placed | undefined {
    const lambda = this.target(schedule, ScheduleSchema.parse(schedule.properties).Target.Arn)
    return lambda && this.target(lambda, FunctionSchema.parse(lambda.properties).LoggingConfig?.LogGroup)
  }

  /** Alarms that count the lines of a log which this pattern of CloudWatch Logs matches. */
  alarmsOnLines(log: Placed, pattern: string): Placed[] {
    const counted = this.all('AWS::Logs::MetricFilter').flatMap((filter) => {
      const { FilterPattern, LogGroupName, MetricTransformations } = FilterSchema.parse(filter.properties)
      const isOfIt = FilterPattern === pattern && this.target(filter, LogGroupName)?.at === log.at
      return isOfIt ? MetricTransformations : []
    })
    return this.all('AWS::CloudWatch::Alarm').filter(({ properties }) => {
      const { Namespace, MetricName } = AlarmSchema.parse(properties)
      return counted.some(
        (metric) => metric.MetricNamespace === Namespace && metric.MetricName === MetricName,
      )
    })
  }
}

/** A copy of good templates, with the means to spoil it. */
export class Planting {
  readonly templates: Templates
  constructor(templates: Templates) {
    this.templates = structuredClone(templates)
  }

  /** The first resource of this type that `which` accepts. */
  one(type: string, which: (properties: Record<string, unknown>) => boolean = () => true): Resource {
    const found = this.#entries().find(([, , { Type, Properties }]) => Type === type && which(Properties))
    if (!found) throw new Error(`There is no ${type} to spoil`)
    return found[2]
  }

  remove(type: string, which: (properties: Record<string, unknown>) => boolean = () => true): void {
    const found = this.#entries().filter(([, , { Type, Properties }]) => Type === type && which(Properties))
    if (found.length === 0) throw new Error(`There is no ${type} to remove`)
    for (const [template, id] of found) delete template.Resources[id]
  }

  add(stack: string, id: string, Type: string, Properties: Record<string, unknown>): void {
    const template = this.templates[stack]
    if (!template) throw new Error(`There is no stack ${stack}`)
    template.Resources[id] = { Type, Properties }
  }

  /** One more statement that allows something. */
  allow(statement: Record<string, unknown>): void {
    this.add('sync', 'Planted', 'AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] },
    })
  }

  /** Other variables for the first function that delivers. */
  deliverWith(variables: Record<string, string>): void {
    this.#runWith(isDelivery, variables)
  }

  /** Other variables for the first function that a schedule runs. */
  scheduleWith(variables: Record<string, string>): void {
    this.#runWith(isScheduled, variables)
  }

  #runWith(which: (properties: Record<string, unknown>) => boolean, variables: Record<string, string>) {
    const { Properties } = this.one('AWS::Lambda::Function', which)
    Properties['Environment'] = { Variables: { ...variablesOf(Properties), ...variables } }
  }

  #entries() {
    return Object.values(this.templates).flatMap((template) =>
      Object.entries(template.Resources).map(([id, resource]) => [template, id, resource] as const),
    )
  }
}

const QueueSchema = z.object({
  VisibilityTimeout: z.number().default(30),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.unknown() }).optional(),
})
const FunctionSchema = z.object({
  Timeout: z.number().default(3),
  LoggingConfig: z.object({ LogGroup: z.unknown() }).optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional(),
})
const AlarmSchema = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
  ActionsEnabled: z.boolean().default(true),
  AlarmDescription: z.string().default(''),
  AlarmActions: z.array(z.unknown()).default([]),
  OKActions: z.array(z.unknown()).default([]),
})
const ScheduleSchema = z.object({
  Name: z.string(),
  State: z.literal('ENABLED').default('ENABLED'),
  ScheduleExpression: z.literal('rate(1 minute)'),
  FlexibleTimeWindow: z.object({ Mode: z.literal('OFF') }),
  Target: z.object({
    Arn: z.unknown(),
    RoleArn: z.unknown(),
    Input: z.string(),
    RetryPolicy: z.object({ MaximumRetryAttempts: z.literal(0), MaximumEventAgeInSeconds: z.literal(60) }),
  }),
})
const FilterSchema = z.object({
  FilterPattern: z.string(),
  LogGroupName: z.unknown(),
  MetricTransformations: z.tuple([z.object({ MetricNamespace: z.string(), MetricName: z.string() })]),
})
const texts = z.union([z.string(), z.array(z.string())]).transform((text) => [text].flat())
const StatementSchema = z.looseObject({
  Effect: z.string(),
  Action: texts.optional(),
  Resource: z.unknown().optional(),
  Principal: z.unknown().optional(),
})
type Statement = z.infer<typeof StatementSchema>
const ThrottleSchema = z.object({
  ThrottlingRateLimit: z.number().positive(),
  ThrottlingBurstLimit: z.number().positive(),
})

/** Every Allow statement of any policy, wherever a resource holds one. */
function allowed(value: unknown): Statement[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'Statement' in value ? z.array(StatementSchema).parse([value.Statement].flat()) : []
  return [...own.filter(({ Effect }) => Effect === 'Allow'), ...Object.values(value).flatMap(allowed)]
}

const REFERENCES = new Set(['Ref', 'Fn::GetAtt', 'Fn::ImportValue'])

/** The literal texts in a value: all that a wildcard can stand in. */
function literals(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (REFERENCES.has(key) ? [] : literals(inner)))
}

const WILDCARD = /[*?]/

/** A run as its log has it, by the name of its schedule. */
const runPattern = (is: string, schedule: string) => {
  const [, kind = '', subject = ''] =
    /^(stock-reconcile|shipment-pull|aftersale-pull|order-sweep)-(.+)$/.exec(schedule) ?? []
  const run = {
    'stock-reconcile': 'stock',
    'shipment-pull': 'shipments',
    'aftersale-pull': 'aftersales',
    'order-sweep': 'sweep',
  }[kind]
  return `{ $.code = "RUN_ENDED" && $.is = "${is}" && $.run = "${run}:${subject}" }`
}
const RingsAtOnceSchema = z.object({
  Threshold: z.literal(1),
  EvaluationPeriods: z.literal(1),
  ComparisonOperator: z.literal('GreaterThanOrEqualToThreshold'),
})
/** By the next night it is quiet again, or nobody would hear it then; the shops of one night ring together. */
const RingsOnceANightSchema = RingsAtOnceSchema.extend({
  Period: z
    .int()
    .min(3_600)
    .max(12 * 3_600),
  TreatMissingData: z.literal('notBreaching'),
})
const RingsOnSilenceSchema = z.object({
  Threshold: z.literal(1),
  EvaluationPeriods: z.literal(3),
  ComparisonOperator: z.literal('LessThanThreshold'),
  TreatMissingData: z.literal('breaching'),
})

const isOpen = (principal: unknown) => literals(principal).includes('*')

export const runbookOf = (alarm: Placed) =>
  /\bRunbook: docs\/runbooks\/([a-z0-9-]+)\.md$/.exec(
    AlarmSchema.parse(alarm.properties).AlarmDescription,
  )?.[1]

const isAlarm = (kind: string) => (properties: Record<string, unknown>) =>
  String(properties['AlarmName']).includes(`-${kind}-`)
const hasDeadLetterQueue = (properties: Record<string, unknown>) => 'RedrivePolicy' in properties
const watches = (metric: string) => (properties: Record<string, unknown>) =>
  properties['MetricName'] === metric
const isWebhook = (properties: Record<string, unknown>) =>
  'QUEUE_URLS' in variablesOf(properties) && !('TABLE_NAME' in variablesOf(properties))
const isDelivery = (properties: Record<string, unknown>) => 'TARGET' in variablesOf(properties)
/** A write-back takes from the queue that a run writes to. */
const isScheduled = (properties: Record<string, unknown>) =>
  'WRITEBACK_QUEUE_URL' in variablesOf(properties) && 'TABLE_NAME' in variablesOf(properties)
const variablesOf = (properties: Record<string, unknown>): Record<string, unknown> =>
  FunctionSchema.parse(properties).Environment?.Variables ?? {}

export const LAWS: readonly Law[] = [
  {
    holds: 'gives every queue a dead-letter queue, and every dead-letter queue an alarm on its first message',
    breaches: (deployment) => {
      const queues = deployment.all('AWS::SQS::Queue')
      const dead = queues.flatMap((queue) => {
        const { RedrivePolicy } = QueueSchema.parse(queue.properties)
        const found = RedrivePolicy && deployment.target(queue, RedrivePolicy.deadLetterTargetArn)
        return found ? [{ of: queue.at, at: found.at, queue: found }] : []
      })
      return [
        ...queues
          .filter(({ at }) => !dead.some((pair) => pair.of === at || pair.at === at))
          .map(({ at }) => `${at} has no dead-letter queue`),
        ...dead
          .filter(
            ({ queue }) =>
              !deployment
                .alarmsOf(queue, 'AWS/SQS', 'ApproximateNumberOfMessagesVisible')
                .some(({ properties }) => properties['Threshold'] === 1),
          )
          .map(({ at }) => `${at} has no alarm on its first message`),
      ]
    },
    plants: {
      'a queue without a dead-letter queue': (planted) =>
        planted.add('sync', 'Loose', 'AWS::SQS::Queue', { FifoQueue: true }),
      'a dead-letter queue without an alarm': (planted) =>
        planted.remove('AWS::CloudWatch::Alarm', watches('ApproximateNumberOfMessagesVisible')),
      'an alarm on the messages in flight instead': (planted) => {
        planted.one('AWS::CloudWatch::Alarm', watches('ApproximateNumberOfMessagesVisible')).Properties[
          'MetricName'
        ] = 'ApproximateNumberOfMessagesNotVisible'
      },
      'an alarm on the hundredth message': (planted) => {
        planted.one('AWS::CloudWatch::Alarm', watches('ApproximateNumberOfMessagesVisible')).Properties[
          'Threshold'
        ] = 100
      },
    },
  },
  {
    holds: 'lets the log of every function end some day, and tells when a function fails',
    breaches: (deployment) =>
      deployment.all('AWS::Lambda::Function').flatMap((lambda) => {
        const { LoggingConfig } = FunctionSchema.parse(lambda.properties)
        const log = deployment.target(lambda, LoggingConfig?.LogGroup)
        return [
          ...(typeof log?.properties['RetentionInDays'] === 'number'
            ? []
            : [`the log of ${lambda.at} never ends`]),
          ...(deployment.alarmsOf(lambda, 'AWS/Lambda', 'Errors').length > 0
            ? []
            : [`nobody is told when ${lambda.at} fails`]),
        ]
      }),
    plants: {
      'a log without retention': (planted) => {
        delete planted.one('AWS::Logs::LogGroup').Properties['RetentionInDays']
      },
      'a function that writes where Lambda likes': (planted) => {
        delete planted.one('AWS::Lambda::Function', isDelivery).Properties['LoggingConfig']
      },
      'a function nobody watches': (planted) => planted.remove('AWS::CloudWatch::Alarm', watches('Errors')),
    },
  },
  {
    holds: 'takes every batch apart',
    breaches: (deployment) =>
      deployment
        .all('AWS::Lambda::EventSourceMapping')
        .filter(
          ({ properties }) =>
            ![properties['FunctionResponseTypes']].flat().includes('ReportBatchItemFailures'),
        )
        .map(({ at }) => `${at} fails as a whole`),
    plants: {
      'a source that fails as a whole': (planted) => {
        delete planted.one('AWS::Lambda::EventSourceMapping').Properties['FunctionResponseTypes']
      },
    },
  },
  {
    holds: 'allows no action, resource or principal by wildcard, but for those argued here',
    breaches: (deployment) => {
      const used = new Set<(typeof ARGUED_WILDCARDS)[number]>()
      const found = deployment.resources.flatMap((resource) =>
        allowed(resource.properties).flatMap((statement) => {
          const { Action = [], Resource, Principal } = statement
          const wild = literals(Resource).filter((text) => WILDCARD.test(text))
          const unargued = wild.filter((text) => {
            const argued = ARGUED_WILDCARDS.find(
              ({ action, resource: pattern }) => Action.every((one) => one === action) && pattern.test(text),
            )
            if (argued) used.add(argued)
            return !argued
          })
          return [
            ...Action.filter((action) => WILDCARD.test(action)).map(
              (action) => `${resource.at} allows ${action}`,
            ),
            ...unargued.map((text) => `${resource.at} allows it on ${text}`),
            ...(isOpen(Principal) ? [`${resource.at} allows it to everybody`] : []),
            ...('NotAction' in statement || 'NotResource' in statement || 'NotPrincipal' in statement
              ? [`${resource.at} allows all but something`]
              : []),
          ]
        }),
      )
      const managed = deployment
        .all('AWS::IAM::Role')
        .filter(({ properties }) => 'ManagedPolicyArns' in properties)
        .map(({ at }) => `${at} has a managed policy, which is written for everybody`)
      const idle = ARGUED_WILDCARDS.filter((argued) => !used.has(argued)).map(
        ({ action }) => `nobody needs the wildcard argued for ${action}`,
      )
      return [...found, ...managed, ...idle]
    },
    plants: {
      'an action by wildcard': (planted) => planted.allow({ Action: ['sqs:*'], Resource: { Ref: 'Queue' } }),
      'a resource by wildcard': (planted) => planted.allow({ Action: 'sqs:SendMessage', Resource: '*' }),
      'a wildcard at the end of an ARN': (planted) =>
        planted.allow({
          Action: ['dynamodb:Query'],
          Resource: [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Ledger', 'Arn'] }, '/index/*']] }],
        }),
      'the argued wildcard for another action': (planted) =>
        planted.allow({
          Action: 'secretsmanager:PutSecretValue',
          Resource: { 'Fn::Join': ['', [':secret:/ecshop-erp-sync/prod/shop/ec/webhook-??????']] },
        }),
      'an argued wildcard nobody needs': (planted) => planted.remove('AWS::IAM::Policy'),
      'a queue anybody may write to': (planted) =>
        planted.allow({ Action: 'sqs:SendMessage', Resource: { Ref: 'Queue' }, Principal: { AWS: '*' } }),
      'all actions but one': (planted) =>
        planted.allow({ NotAction: 'iam:PassRole', Resource: { Ref: 'Queue' } }),
      'a managed policy': (planted) => {
        planted.one('AWS::IAM::Role').Properties['ManagedPolicyArns'] = ['AWSLambdaBasicExecutionRole']
      },
    },
  },
  {
    holds:
      'ends a call before its function, a function before its claim, and a claim before its message shows',
    breaches: (deployment) => [
      ...deployment.all('AWS::Scheduler::Schedule').flatMap((schedule) => {
        const lambda = deployment.target(schedule, ScheduleSchema.parse(schedule.properties).Target.Arn)
        return lambda ? outlived(lambda) : [`${schedule.at} invokes no function`]
      }),
      ...deployment.all('AWS::Lambda::EventSourceMapping').flatMap((source) => {
        const lambda = deployment.target(source, source.properties['FunctionName'])
        const queue = deployment.target(source, source.properties['EventSourceArn'])
        if (!lambda || !queue) return [`${source.at} joins no function and queue`]
        const { timeout, LEASE_MS } = timesOf(lambda)
        const { VisibilityTimeout } = QueueSchema.parse(queue.properties)
        return [
          ...outlived(lambda),
          ...(LEASE_MS <= VisibilityTimeout * 1000 ? [] : [`a claim may outlive what ${queue.at} hides`]),
          ...(VisibilityTimeout * 1000 >= 6 * timeout ? [] : [`${queue.at} hides less than six timeouts`]),
        ]
      }),
    ],
    plants: {
      'a call as long as its function': (planted) => planted.deliverWith({ CALL_DEADLINE_MS: '60000' }),
      'a claim that ends with its function': (planted) => planted.deliverWith({ LEASE_MS: '60000' }),
      'a call as long as its run': (planted) => planted.scheduleWith({ CALL_DEADLINE_MS: '300000' }),
      'a lock that ends with its run': (planted) => planted.scheduleWith({ LEASE_MS: '300000' }),
      'a claim longer than its message is hidden': (planted) => planted.deliverWith({ LEASE_MS: '360001' }),
      'a message hidden for less than six timeouts': (planted) => {
        planted.one('AWS::SQS::Queue', hasDeadLetterQueue).Properties['VisibilityTimeout'] = 359
      },
    },
  },
  {
    holds: 'invokes each scheduled function every minute, and leaves what was missed to the next minute',
    breaches: (deployment) =>
      deployment.all('AWS::Scheduler::Schedule').flatMap((schedule) => {
        const parsed = ScheduleSchema.safeParse(schedule.properties)
        if (!parsed.success)
          return [`${schedule.at} is another schedule: ${parsed.error.issues[0]?.path.join('.')}`]
        const { Arn, RoleArn } = parsed.data.Target
        const lambda = deployment.target(schedule, Arn)
        const role = deployment.target(schedule, RoleArn)
        const invoked = deployment
          .all('AWS::IAM::Policy')
          .filter((policy) =>
            [policy.properties['Roles']]
              .flat()
              .some((one) => deployment.target(policy, one)?.at === role?.at),
          )
          .flatMap((policy) =>
            allowed(policy.properties).map((statement) => ({
              action: statement.Action?.join(),
              at: deployment.target(policy, statement.Resource)?.at,
            })),
          )
        return [
          ...(lambda?.type === 'AWS::Lambda::Function' ? [] : [`${schedule.at} invokes no function`]),
          ...(isDeepStrictEqual(invoked, [{ action: 'lambda:InvokeFunction', at: lambda?.at }])
            ? []
            : [`the role of ${schedule.at} may not invoke its function, or may more`]),
        ]
      }),
    plants: {
      'a schedule that is switched off': (planted) => {
        planted.one('AWS::Scheduler::Schedule').Properties['State'] = 'DISABLED'
      },
      'a run every hour': (planted) => {
        planted.one('AWS::Scheduler::Schedule').Properties['ScheduleExpression'] = 'rate(1 hour)'
      },
      'a run that is tried again for a day': (planted) => {
        const { Properties } = planted.one('AWS::Scheduler::Schedule')
        Properties['Target'] = { ...ScheduleSchema.parse(Properties).Target, RetryPolicy: undefined }
      },
      'a role that may invoke nothing': (planted) =>
        planted.remove('AWS::IAM::Policy', ({ PolicyDocument }) =>
          allowed(PolicyDocument).some(({ Action }) => Action?.includes('lambda:InvokeFunction')),
        ),
      'a role that may invoke every function': (planted) => {
        const { Properties } = planted.one('AWS::IAM::Policy', ({ PolicyDocument }) =>
          allowed(PolicyDocument).some(({ Action }) => Action?.includes('lambda:InvokeFunction')),
        )
        Properties['PolicyDocument'] = {
          Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { Ref: 'Every' } }],
        }
      },
    },
  },
  {
    holds: 'tells when a scheduled run fails, and when it has not succeeded for three of its periods',
    breaches: (deployment) =>
      deployment.all('AWS::Scheduler::Schedule').flatMap((schedule) => {
        const { Name } = ScheduleSchema.parse(schedule.properties)
        const log = deployment.logOf(schedule)
        const alarms = (is: string) => (log ? deployment.alarmsOnLines(log, runPattern(is, Name)) : [])
        const rings = alarms('failed').some(
          ({ properties }) => RingsAtOnceSchema.safeParse(properties).success,
        )
        const silent = alarms('done').some(
          ({ properties }) => RingsOnSilenceSchema.safeParse(properties).success,
        )
        return [
          ...(rings ? [] : [`nobody is told when ${Name} fails`]),
          ...(silent ? [] : [`nobody is told when ${Name} no longer succeeds`]),
        ]
      }),
    plants: {
      'a run whose failure rings nowhere': (planted) =>
        planted.remove('AWS::CloudWatch::Alarm', isAlarm('run-failed')),
      'a run whose silence rings nowhere': (planted) =>
        planted.remove('AWS::CloudWatch::Alarm', isAlarm('run-overdue')),
      'a silence that counts as good': (planted) => {
        planted.one('AWS::CloudWatch::Alarm', isAlarm('run-overdue')).Properties['TreatMissingData'] =
          'notBreaching'
      },
      'a count of another run': (planted) => {
        planted.one('AWS::Logs::MetricFilter', ({ FilterPattern }) =>
          /"failed"/.test(String(FilterPattern)),
        ).Properties['FilterPattern'] = '{ $.code = "RUN_ENDED" && $.is = "failed" && $.run = "stock:other" }'
      },
      'a count in another log': (planted) => {
        planted.one('AWS::Logs::MetricFilter', ({ FilterPattern }) =>
          /"done"/.test(String(FilterPattern)),
        ).Properties['LogGroupName'] = { Ref: 'Other' }
      },
    },
  },
  {
    holds: 'tells once a night where the comparison of a shop found drift',
    breaches: (deployment) =>
      deployment.all('AWS::Scheduler::Schedule').flatMap((schedule) => {
        const { Name } = ScheduleSchema.parse(schedule.properties)
        if (!Name.startsWith('order-sweep-')) return []
        const log = deployment.logOf(schedule)
        const alarms = log ? deployment.alarmsOnLines(log, '{ $.code = "DRIFT_FOUND" }') : []
        const rings = alarms.some(({ properties }) => RingsOnceANightSchema.safeParse(properties).success)
        return rings ? [] : [`nobody is told of the drift that ${Name} finds`]
      }),
    plants: {
      'a drift that rings nowhere': (planted) => planted.remove('AWS::CloudWatch::Alarm', watches('drift')),
      'a drift that is counted in another log': (planted) => {
        planted.one('AWS::Logs::MetricFilter', ({ FilterPattern }) =>
          /DRIFT_FOUND/.test(String(FilterPattern)),
        ).Properties['LogGroupName'] = { Ref: 'Other' }
      },
      'a drift that rings for each shop of a night': (planted) => {
        planted.one('AWS::CloudWatch::Alarm', watches('drift')).Properties['Period'] = 300
      },
      'a drift that still rings in the next night': (planted) => {
        planted.one('AWS::CloudWatch::Alarm', watches('drift')).Properties['Period'] = 86_400
      },
    },
  },
  {
    holds: 'answers a shop before the API gives up on the function',
    breaches: (deployment) =>
      deployment.all('AWS::ApiGatewayV2::Integration').flatMap((integration) => {
        const lambda = deployment.target(integration, integration.properties['IntegrationUri'])
        if (!lambda) return [`${integration.at} names no function`]
        const { TimeoutInMillis } = z
          .object({ TimeoutInMillis: z.number().default(30_000) })
          .parse(integration.properties)
        return FunctionSchema.parse(lambda.properties).Timeout * 1000 < TimeoutInMillis
          ? []
          : [`${lambda.at} may outlive ${integration.at}`]
      }),
    plants: {
      'a webhook that outlives the API': (planted) => {
        planted.one('AWS::Lambda::Function', isWebhook).Properties['Timeout'] = 30
      },
    },
  },
  {
    holds: 'opens no function to the world but through its API',
    breaches: (deployment) => [
      ...deployment
        .all('AWS::Lambda::Url')
        .filter(({ properties }) => properties['AuthType'] !== 'AWS_IAM')
        .map(({ at }) => `${at} is public`),
      ...deployment
        .all('AWS::Lambda::Permission')
        .filter(({ properties }) => properties['Principal'] === '*')
        .map(({ at }) => `${at} lets everybody call`),
    ],
    plants: {
      'a public function URL': (planted) =>
        planted.add('sync', 'Url', 'AWS::Lambda::Url', { AuthType: 'NONE' }),
      'a function everybody may call': (planted) => {
        planted.one('AWS::Lambda::Permission').Properties['Principal'] = '*'
      },
    },
  },
  {
    holds: 'throttles every route',
    breaches: (deployment) =>
      deployment.all('AWS::ApiGatewayV2::Route').flatMap((route) => {
        const api = deployment.target(route, route.properties['ApiId'])
        const stages = deployment
          .all('AWS::ApiGatewayV2::Stage')
          .filter((stage) => deployment.target(stage, stage.properties['ApiId'])?.at === api?.at)
        if (stages.length === 0) return [`${route.at} is on no stage`]
        return stages
          .filter((stage) => !ThrottleSchema.safeParse(stage.properties['DefaultRouteSettings']).success)
          .map((stage) => `${route.at} is not throttled on ${stage.at}`)
      }),
    plants: {
      'a stage without a throttle': (planted) => {
        delete planted.one('AWS::ApiGatewayV2::Stage').Properties['DefaultRouteSettings']
      },
      'a route of an API without a stage': (planted) => {
        planted.add('sync', 'Other', 'AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' })
        planted.add('sync', 'OtherRoute', 'AWS::ApiGatewayV2::Route', {
          ApiId: { Ref: 'Other' },
          RouteKey: '$default',
        })
      },
    },
  },
  {
    holds: 'names no partition',
    breaches: ({ text }) =>
      (text.match(/arn:aws:[^"]*/g) ?? []).map((arn) => `the partition of ${arn} is fixed`),
    plants: {
      'an ARN of the standard partition': (planted) => {
        planted.one('AWS::Lambda::Function').Properties['Layers'] = ['arn:aws:lambda:eu-west-1:1:layer:x:1']
      },
    },
  },
  {
    holds: 'sends every alarm, when it begins and when it ends, to a topic that CloudWatch may publish to',
    breaches: (deployment) =>
      deployment.all('AWS::CloudWatch::Alarm').flatMap((alarm) => {
        const { ActionsEnabled, AlarmActions, OKActions } = AlarmSchema.parse(alarm.properties)
        const reaches = (actions: readonly unknown[]) =>
          actions.some((action) => {
            const topic = deployment.target(alarm, action)
            return topic?.type === 'AWS::SNS::Topic' && mayPublish(deployment, topic)
          })
        return [
          ...(ActionsEnabled ? [] : [`${alarm.at} is switched off`]),
          ...(reaches(AlarmActions) ? [] : [`nobody hears ${alarm.at} begin`]),
          ...(reaches(OKActions) ? [] : [`nobody hears ${alarm.at} end`]),
        ]
      }),
    plants: {
      'an alarm without an action': (planted) => {
        delete planted.one('AWS::CloudWatch::Alarm').Properties['AlarmActions']
      },
      'an alarm whose end is not told': (planted) => {
        delete planted.one('AWS::CloudWatch::Alarm').Properties['OKActions']
      },
      'an alarm that is switched off': (planted) => {
        planted.one('AWS::CloudWatch::Alarm').Properties['ActionsEnabled'] = false
      },
      'a topic that only refuses': (planted) => {
        planted.one('AWS::SNS::TopicPolicy').Properties['PolicyDocument'] = {
          Statement: [{ Effect: 'Deny', Action: 'sns:Publish', Resource: { Ref: 'Topic' }, Principal: '*' }],
        }
      },
    },
  },
  {
    holds: 'names a runbook there is in every alarm',
    breaches: (deployment) =>
      deployment
        .all('AWS::CloudWatch::Alarm')
        .map((alarm) => ({ at: alarm.at, runbook: runbookOf(alarm) }))
        .filter(({ runbook }) => runbook === undefined || !existsSync(join(runbooks, `${runbook}.md`)))
        .map(({ at, runbook }) => `${at} names no runbook there is (${runbook ?? 'none'})`),
    plants: {
      'an alarm without a runbook': (planted) => {
        planted.one('AWS::CloudWatch::Alarm').Properties['AlarmDescription'] = 'Something happened.'
      },
      'a runbook nobody wrote': (planted) => {
        planted.one('AWS::CloudWatch::Alarm').Properties['AlarmDescription'] =
          'Something happened. Runbook: docs/runbooks/call-somebody.md'
      },
    },
  },
]

function timesOf(lambda: Placed) {
  const { CALL_DEADLINE_MS, LEASE_MS } = z
    .object({ CALL_DEADLINE_MS: z.coerce.number(), LEASE_MS: z.coerce.number() })
    .parse(variablesOf(lambda.properties))
  return { CALL_DEADLINE_MS, LEASE_MS, timeout: FunctionSchema.parse(lambda.properties).Timeout * 1000 }
}

function outlived(lambda: Placed): string[] {
  const { CALL_DEADLINE_MS, LEASE_MS, timeout } = timesOf(lambda)
  return [
    ...(CALL_DEADLINE_MS < timeout ? [] : [`a call may outlive ${lambda.at}`]),
    ...(timeout < LEASE_MS ? [] : [`${lambda.at} may outlive its claim`]),
  ]
}

function mayPublish(deployment: Deployment, topic: Placed): boolean {
  return deployment
    .all('AWS::SNS::TopicPolicy')
    .some(
      (policy) =>
        [policy.properties['Topics']].flat().some((one) => deployment.target(policy, one)?.at === topic.at) &&
        allowed(policy.properties).some(
          ({ Action = [], Principal }) =>
            Action.includes('sns:Publish') && literals(Principal).includes('cloudwatch.amazonaws.com'),
        ),
    )
}
