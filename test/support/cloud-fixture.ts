import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as z from 'zod'
import { type Cloud, type CloudOptions, startCloud } from '../../local/cloud/cloud.ts'

/** Seconds after which a message that nobody deleted comes back. */
export const VISIBILITY_SECONDS = 2
export const HTTP_TIMEOUT_SECONDS = 1
export const RECEIVE_LIMIT = 5

interface Resource {
  Type: string
  Properties: Record<string, unknown>
}

export interface FixtureTemplates {
  data: { Resources: Record<string, Resource>; Outputs: Record<string, unknown> }
  app: { Resources: Record<string, Resource>; Outputs: Record<string, unknown> }
}

export interface Fixture {
  readonly assembly: string
  readonly dataDir: string
  /** What the queue function did, one entry a try and step. */
  journal(): JournalEntry[]
  start(options?: Partial<CloudOptions>): Promise<Cloud>
  remove(): void
}

const JournalEntrySchema = z.object({
  name: z.string(),
  what: z.enum(['began', 'ended']),
  tries: z.number(),
  group: z.string(),
  pid: z.number(),
  /** The invocation it was part of. */
  batch: z.string(),
  at: z.number(),
  record: z.record(z.string(), z.unknown()),
})
export type JournalEntry = z.infer<typeof JournalEntrySchema>

/** A small assembly as `cdk synth` would write it: two stacks, two functions, without CDK. `change` edits it first. */
export function createFixture(change: (templates: FixtureTemplates) => void = () => {}): Fixture {
  const root = mkdtempSync(join(tmpdir(), 'cloud-'))
  const assembly = join(root, 'assembly')
  const dataDir = join(root, 'data')
  const journal = join(root, 'journal')
  mkdirSync(assembly)

  const templates = templatesOf(journal)
  change(templates)
  const write = (file: string, json: unknown) => writeFileSync(join(assembly, file), JSON.stringify(json))
  write('data.template.json', templates.data)
  write('app.template.json', templates.app)
  write('app.assets.json', {
    files: Object.fromEntries(
      ['http', 'queue'].map((name) => [
        name,
        {
          source: {
            path: fileURLToPath(new URL(`./cloud-functions/${name}`, import.meta.url)),
            packaging: 'zip',
          },
          destinations: { here: { objectKey: `${name}.zip` } },
        },
      ]),
    ),
  })
  write('manifest.json', {
    artifacts: {
      Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
      DataStack: stack('data'),
      AppStack: stack('app'),
      'AppStack.assets': { type: 'cdk:asset-manifest', properties: { file: 'app.assets.json' } },
    },
  })

  return {
    assembly,
    dataDir,
    journal: () =>
      existsSync(journal)
        ? readFileSync(journal, 'utf8')
            .split('\n')
            .slice(0, -1)
            .map((line) => JournalEntrySchema.parse(JSON.parse(line)))
        : [],
    start: (options) => startCloud({ assembly, dataDir, ...options }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

function stack(name: string) {
  return {
    type: 'aws:cloudformation:stack',
    properties: { templateFile: `${name}.template.json`, stackName: `fixture-${name}` },
  }
}

function templatesOf(journal: string): FixtureTemplates {
  const fifo = {
    FifoQueue: true,
    ContentBasedDeduplication: false,
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
  }
  const lambda = (name: string, timeout: number, variables: Record<string, unknown>): Resource => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: {
        S3Bucket: { 'Fn::Sub': `cdk-assets-\${AWS::AccountId}-\${AWS::Region}` },
        S3Key: `${name}.zip`,
      },
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Timeout: timeout,
      MemorySize: 256,
      Environment: { Variables: variables },
    },
  })

  return {
    data: {
      Resources: {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            TableName: 'fixture-ledger',
            AttributeDefinitions: ['pk', 'sk', 'ref'].map((name) => ({
              AttributeName: name,
              AttributeType: 'S',
            })),
            KeySchema: [
              { AttributeName: 'pk', KeyType: 'HASH' },
              { AttributeName: 'sk', KeyType: 'RANGE' },
            ],
            GlobalSecondaryIndexes: [
              {
                IndexName: 'byRef',
                KeySchema: [{ AttributeName: 'ref', KeyType: 'HASH' }],
                Projection: { ProjectionType: 'ALL' },
              },
            ],
            BillingMode: 'PAY_PER_REQUEST',
            TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
          },
        },
        DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { ...fifo, QueueName: 'fixture-dead.fifo' } },
        Queue: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            ...fifo,
            VisibilityTimeout: VISIBILITY_SECONDS,
            RedrivePolicy: {
              deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] },
              maxReceiveCount: RECEIVE_LIMIT,
            },
          },
        },
        Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: '/fixture/shop/webhook' } },
      },
      Outputs: {
        QueueUrl: { Value: { Ref: 'Queue' }, Export: { Name: 'fixture:QueueUrl' } },
        QueueArn: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] }, Export: { Name: 'fixture:QueueArn' } },
      },
    },
    app: {
      Resources: {
        Role: { Type: 'AWS::IAM::Role', Properties: {} },
        Http: lambda('http', HTTP_TIMEOUT_SECONDS, {
          GREETING: {
            'Fn::Join': ['', ['{"queue":"', { 'Fn::ImportValue': 'fixture:QueueUrl' }, '"}']],
          },
        }),
        Consumer: lambda('queue', 5, {
          QUEUE_URL: { 'Fn::ImportValue': 'fixture:QueueUrl' },
          JOURNAL: journal,
        }),
        Source: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: { 'Fn::ImportValue': 'fixture:QueueArn' },
            FunctionName: { Ref: 'Consumer' },
            BatchSize: 5,
            FunctionResponseTypes: ['ReportBatchItemFailures'],
            ScalingConfig: { MaximumConcurrency: 2 },
          },
        },
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'fixture', ProtocolType: 'HTTP' } },
        Stage: {
          Type: 'AWS::ApiGatewayV2::Stage',
          Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
        },
        Integration: {
          Type: 'AWS::ApiGatewayV2::Integration',
          Properties: {
            ApiId: { Ref: 'Api' },
            IntegrationType: 'AWS_PROXY',
            IntegrationUri: { 'Fn::GetAtt': ['Http', 'Arn'] },
            PayloadFormatVersion: '2.0',
          },
        },
        Route: {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: {
            ApiId: { Ref: 'Api' },
            RouteKey: 'POST /do/{what}',
            Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
            AuthorizationType: 'NONE',
          },
        },
        Nightly: {
          Type: 'AWS::Scheduler::Schedule',
          Properties: {
            Name: 'fixture-nightly',
            ScheduleExpression: 'rate(1 day)',
            FlexibleTimeWindow: { Mode: 'OFF' },
            Target: {
              Arn: { 'Fn::GetAtt': ['Http', 'Arn'] },
              RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
              Input: '{"what":"log"}',
            },
          },
        },
      },
      Outputs: {
        ApiUrl: {
          Value: {
            'Fn::Join': [
              '',
              [
                'https://',
                { Ref: 'Api' },
                '.execute-api.',
                { Ref: 'AWS::Region' },
                '.',
                { Ref: 'AWS::URLSuffix' },
                '/do',
              ],
            ],
          },
        },
        RoleArn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      },
    },
  }
}

/** What the queue function is told by a message; the name is for the journal, `until` the last try it holds for. */
export interface Task {
  readonly name: string
  readonly act?: 'fail' | 'throw' | 'wait' | 'name-a-stranger'
  readonly until?: number
  readonly retryAfter?: number
  readonly ms?: number
}

export async function sendTask(cloud: Pick<Cloud, 'endpoints' | 'outputs'>, group: string, task: Task) {
  const client = new SQSClient(clientConfig(cloud.endpoints.sqs))
  await client.send(
    new SendMessageCommand({
      QueueUrl: cloud.outputs['QueueUrl'],
      MessageBody: JSON.stringify(task),
      MessageGroupId: group,
      MessageDeduplicationId: `${group}-${task.name}`,
    }),
  )
  client.destroy()
}

export function clientConfig(endpoint: string) {
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}

/** Asks until the answer is neither undefined nor false. */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`Nothing came within ${withinMs} ms.`)
    await delay(20)
  }
}
