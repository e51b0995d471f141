import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { Stack } from '../../local/cloud/assembly.ts'
import { ACCOUNT, type Naming, namings, REGION } from '../../local/cloud/identity.ts'
import { TemplateResolver } from '../../local/cloud/template.ts'
import { identityPolicy, PolicyNotUnderstood, resourcePolicy, type Statement } from './iam.ts'

/** What IAM is asked when a function calls AWS, or when Lambda does with the function's role. */
export interface AwsCall {
  readonly functionName: string
  readonly action: string
  readonly resource: string
}

export interface FunctionPermissions {
  /** Of the function; of what a schedule assumes, the role’s own. */
  readonly name: string
  readonly role: string
  readonly statements: readonly Statement[]
}

export interface Permissions {
  readonly functions: readonly FunctionPermissions[]
  /** Of the policies attached to resources; each statement names its resource itself. */
  readonly resourceStatements: readonly Statement[]
  /** What Lambda itself calls with a function's role, for its log group and its event sources, and Scheduler with a schedule's. */
  readonly implied: readonly AwsCall[]
}

/** A role that this service may assume, for the own account only where it acts for many. */
const roleOf = (service: string, condition?: object) =>
  z.strictObject({
    AssumeRolePolicyDocument: z.strictObject({
      Version: z.literal('2012-10-17'),
      Statement: z.tuple([
        z.strictObject({
          Effect: z.literal('Allow'),
          Action: z.literal('sts:AssumeRole'),
          Principal: z.strictObject({ Service: z.literal(service) }),
          ...(condition && {
            Condition: z.unknown().refine((given) => isDeepStrictEqual(given, condition)),
          }),
        }),
      ]),
    }),
    Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: z.unknown() })).default([]),
    RoleName: z.string().optional(),
    Description: z.string().optional(),
    Tags: z.unknown().optional(),
  })
const LambdaRoleSchema = roleOf('lambda.amazonaws.com')
const SchedulerRoleSchema = roleOf('scheduler.amazonaws.com', {
  StringEquals: { 'aws:SourceAccount': ACCOUNT },
})
const ScheduleSchema = z.object({ Target: z.object({ Arn: z.string(), RoleArn: z.string() }) })
const PolicySchema = z.strictObject({
  PolicyName: z.string(),
  PolicyDocument: z.unknown(),
  Roles: z.array(z.string()).min(1),
})
const QueuePolicySchema = z.strictObject({ PolicyDocument: z.unknown(), Queues: z.array(z.string()).min(1) })
const FunctionSchema = z.object({ Role: z.string(), LoggingConfig: z.object({ LogGroup: z.string() }) })
const EventSourceSchema = z.object({
  FunctionName: z.string(),
  EventSourceArn: z.string().startsWith('arn:aws:sqs:'),
})

const LOGS = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group`

/** What the embedded cloud has no use for, and so no name. */
const named: ReadonlyMap<string, Naming> = new Map<string, Naming>([
  ...namings,
  [
    'AWS::IAM::Role',
    {
      property: 'RoleName',
      identify: (name) => ({
        name,
        ref: name,
        attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${name}` },
      }),
    },
  ],
  ['AWS::Scheduler::ScheduleGroup', { identify: (name) => ({ name, ref: name, attributes: {} }) }],
  [
    'AWS::Logs::LogGroup',
    {
      property: 'LogGroupName',
      identify: (name) => ({ name, ref: name, attributes: { Arn: `${LOGS}:${name}:*` } }),
    },
  ],
])

/** Types that decide about calls in ways this does not read. */
const unread =
  /^AWS::(IAM::(?!Role$|Policy$)|SQS::QueueInlinePolicy|DynamoDB::ResourcePolicy|SecretsManager::ResourcePolicy)/
/** Properties that decide about calls, or cause more of them, in ways this does not read. */
const unreadProperties: Readonly<Record<string, readonly string[]>> = {
  'AWS::DynamoDB::Table': ['ResourcePolicy', 'SSESpecification'],
  'AWS::SQS::Queue': ['KmsMasterKeyId'],
  'AWS::SecretsManager::Secret': ['KmsKeyId'],
  'AWS::Lambda::Function': [
    'TracingConfig',
    'VpcConfig',
    'DeadLetterConfig',
    'FileSystemConfigs',
    'KmsKeyArn',
  ],
  'AWS::Lambda::EventSourceMapping': ['DestinationConfig', 'KmsKeyArn'],
}

/**
 * Reads from the templates what every function's role may do, with the names of the embedded cloud.
 * @throws {PolicyNotUnderstood} for whatever could change the answer and is not implemented.
 */
export function readPermissions(stacks: readonly Stack[]): Permissions {
  const resolver = new TemplateResolver(stacks, { api: 'http://api', sqs: 'http://sqs' }, named)
  const resources = stacks.flatMap((stack) =>
    Object.entries(stack.Resources).map(([logicalId, { Type, Properties }]) => ({
      stack,
      logicalId,
      type: Type,
      properties: Properties,
    })),
  )
  for (const { type, logicalId, properties } of resources) {
    const property = unreadProperties[type]?.find((name) => name in properties)
    if (unread.test(type) || property)
      throw new PolicyNotUnderstood(`${property ?? 'All'} of ${logicalId} (${type}) is not implemented.`)
  }

  const read = <T>(
    { stack, logicalId, type, properties }: (typeof resources)[number],
    schema: z.ZodType<T>,
  ) => {
    const parsed = schema.safeParse(resolver.resolve(stack, properties, logicalId))
    if (parsed.success) return parsed.data
    throw new PolicyNotUnderstood(`${logicalId} (${type}): ${z.prettifyError(parsed.error)}`)
  }
  const ofType = <T>(type: string, schema: z.ZodType<T>) =>
    resources.filter((resource) => resource.type === type).map((resource) => read(resource, schema))

  const policies = ofType('AWS::IAM::Policy', PolicySchema)
  /** Of a role that is used: others are not asked about. */
  const roleNamed = (arn: string, schema: typeof LambdaRoleSchema) => {
    const found = resources.find(
      ({ stack, logicalId, type }) =>
        type === 'AWS::IAM::Role' && resolver.identity(stack, logicalId, logicalId).attributes['Arn'] === arn,
    )
    if (!found) throw new PolicyNotUnderstood(`The role ${arn} is in no template.`)
    const { stack, logicalId } = found
    const { ref } = resolver.identity(stack, logicalId, logicalId)
    const inline = read(found, schema).Policies
    const documents = [...inline, ...policies.filter(({ Roles }) => Roles.includes(ref))]
    const statements = documents.flatMap(({ PolicyDocument }) => identityPolicy(PolicyDocument))
    return { name: ref, role: arn, statements }
  }
  const functions = resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .map((resource) => ({
      name: resolver.identity(resource.stack, resource.logicalId, resource.logicalId).ref,
      ...read(resource, FunctionSchema),
    }))

  const schedules = ofType('AWS::Scheduler::Schedule', ScheduleSchema).map(({ Target }) => ({
    permitted: roleNamed(Target.RoleArn, SchedulerRoleSchema),
    invokes: Target.Arn,
  }))

  return {
    functions: [
      ...functions.map(({ name, Role }) => ({ ...roleNamed(Role, LambdaRoleSchema), name })),
      ...new Map(schedules.map(({ permitted }) => [permitted.role, permitted])).values(),
    ],
    resourceStatements: ofType('AWS::SQS::QueuePolicy', QueuePolicySchema).flatMap(queueStatements),
    implied: [
      ...functions.flatMap(({ name, LoggingConfig }) =>
        calls(name, LOGGING, streamOf(LoggingConfig.LogGroup)),
      ),
      ...ofType('AWS::Lambda::EventSourceMapping', EventSourceSchema).flatMap(
        ({ FunctionName, EventSourceArn }) => calls(FunctionName, POLLING, EventSourceArn),
      ),
      ...schedules.flatMap(({ permitted, invokes }) =>
        calls(permitted.name, ['lambda:InvokeFunction'], invokes),
      ),
    ],
  }
}

/** @throws {PolicyNotUnderstood} for a statement about more than the queues the policy is attached to. */
function queueStatements({ PolicyDocument, Queues }: z.output<typeof QueuePolicySchema>): Statement[] {
  const attached = Queues.map(queueArn)
  const statements = resourcePolicy(PolicyDocument)
  const beyond = statements.flatMap(({ resources }) => resources).find((arn) => !attached.includes(arn))
  if (beyond) throw new PolicyNotUnderstood(`A policy of ${attached.join()} speaks about ${beyond}.`)
  return statements
}

/** Of the queue with this URL. */
export function queueArn(url: string): string {
  const [, account, name] = new URL(url).pathname.split('/')
  return `arn:aws:sqs:${REGION}:${account}:${name}`
}

const LOGGING = ['logs:CreateLogStream', 'logs:PutLogEvents']
/** AWS Lambda Developer Guide, "Using Lambda with Amazon SQS": the permissions of the execution role. */
const POLLING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']

const streamOf = (logGroup: string) => `${LOGS}:${logGroup}:log-stream:2026/11/21/[$LATEST]0123456789abcdef`

const calls = (functionName: string, actions: readonly string[], resource: string): AwsCall[] =>
  actions.map((action) => ({ functionName, action, resource }))
