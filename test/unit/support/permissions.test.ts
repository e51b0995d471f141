import { describe, expect, it } from 'vitest'
import type { Stack } from '../../../local/cloud/assembly.ts'
import { PolicyNotUnderstood } from '../../support/iam.ts'
import { readPermissions } from '../../support/permissions.ts'

type Resources = Stack['Resources']

const trust = (service: string, more: object = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service }, ...more }],
})
const send = (queue: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': [queue, 'Arn'] } }],
})
const role: Resources[string] = {
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
    Policies: [{ PolicyName: 'inline', PolicyDocument: send('Queue') }],
  },
}
const lambda: Resources[string] = {
  Type: 'AWS::Lambda::Function',
  Properties: { Role: { 'Fn::GetAtt': ['Role', 'Arn'] }, LoggingConfig: { LogGroup: { Ref: 'Logs' } } },
}

const queuePolicy = (PolicyDocument: object): Resources[string] => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: { PolicyDocument, Queues: [{ Ref: 'Queue' }] },
})

const base: Resources = {
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders' } },
  Dlq: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders-dlq' } },
  Logs: { Type: 'AWS::Logs::LogGroup', Properties: {} },
  Role: role,
  Function: lambda,
  Policy: {
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyName: 'attached', PolicyDocument: send('Dlq'), Roles: [{ Ref: 'Role' }] },
  },
  Source: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { FunctionName: { Ref: 'Function' }, EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
  },
}

const read = (change: Resources = {}) =>
  readPermissions([{ name: 'app', Resources: { ...base, ...change }, Outputs: {}, Parameters: {} }])

const altered = (resource: Resources[string] | undefined, properties: Record<string, unknown>) => ({
  Type: resource?.Type ?? '',
  Properties: { ...resource?.Properties, ...properties },
})

describe('what a template permits', () => {
  const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'

  it('is what a role has inline and what is attached to it', () => {
    expect(read().functions).toEqual([
      {
        name: 'app-Function',
        role: 'arn:aws:iam::000000000000:role/app-Role',
        statements: [queue, `${queue}-dlq`].map((resource) => ({
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [resource],
        })),
      },
    ])
  })

  it('goes with what Lambda does in the function’s name', () => {
    const stream = 'arn:aws:logs:us-east-1:000000000000:log-group:app-Logs:log-stream:'
    expect(read().implied).toEqual([
      ...['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({
        functionName: 'app-Function',
        action,
        resource: expect.stringContaining(stream),
      })),
      ...['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].map((action) => ({
        functionName: 'app-Function',
        action,
        resource: queue,
      })),
    ])
  })

  it('is what a queue says about itself', () => {
    const Statement = [
      { Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
    ]
    const Own = queuePolicy({ Version: '2012-10-17', Statement })
    expect(read({ Own }).resourceStatements).toEqual([
      { effect: 'Deny', principals: ['*'], actions: ['sqs:*'], resources: [queue] },
    ])
  })

  it('is not what roles may do that nobody here assumes', () => {
    const Other = altered(role, { AssumeRolePolicyDocument: trust('scheduler.amazonaws.com') })
    expect(read({ Other })).toEqual(read())
  })

  const scheduled = (condition: object = { StringEquals: { 'aws:SourceAccount': '000000000000' } }) => {
    const AssumeRolePolicyDocument = trust('scheduler.amazonaws.com', { Condition: condition })
    const Target = { Arn: { 'Fn::GetAtt': ['Function', 'Arn'] }, RoleArn: { 'Fn::GetAtt': ['Other', 'Arn'] } }
    return {
      Other: altered(role, { AssumeRolePolicyDocument }),
      Schedule: { Type: 'AWS::Scheduler::Schedule', Properties: { Target } },
    }
  }

  it('is what the role of a schedule may do, too, and goes with what the schedule does', () => {
    const { functions, implied } = read(scheduled())
    const { statements } = read().functions[0] ?? {}
    expect(functions.slice(1)).toEqual([
      {
        name: 'app-Other',
        role: 'arn:aws:iam::000000000000:role/app-Other',
        statements: statements?.slice(0, 1),
      },
    ])
    expect(implied.filter(({ functionName }) => functionName === 'app-Other')).toEqual([
      {
        functionName: 'app-Other',
        action: 'lambda:InvokeFunction',
        resource: 'arn:aws:lambda:us-east-1:000000000000:function:app-Function',
      },
    ])
  })

  it.each<[string, Resources]>([
    [
      'a managed policy',
      { Role: altered(role, { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }) },
    ],
    [
      'a boundary',
      { Role: altered(role, { PermissionsBoundary: 'arn:aws:iam::000000000000:policy/limit' }) },
    ],
    [
      'a role Lambda cannot assume',
      { Role: altered(role, { AssumeRolePolicyDocument: trust('ec2.amazonaws.com') }) },
    ],
    ['a schedule’s role that any account can have assumed', scheduled({})],
    [
      'a role from elsewhere',
      { Function: altered(lambda, { Role: 'arn:aws:iam::000000000000:role/other' }) },
    ],
    ['a policy that is a resource of its own', { Own: { Type: 'AWS::IAM::ManagedPolicy', Properties: {} } }],
    ['a policy of a group', { Policy: altered(base['Policy'], { Groups: ['admins'] }) }],
    ['a policy of a secret', { Own: { Type: 'AWS::SecretsManager::ResourcePolicy', Properties: {} } }],
    ['a customer key of a queue', { Queue: altered(base['Queue'], { KmsMasterKeyId: 'alias/own' }) }],
    [
      'a queue’s policy about other queues',
      {
        Own: queuePolicy({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' }],
        }),
      },
    ],
    ['tracing', { Function: altered(lambda, { TracingConfig: { Mode: 'Active' } }) }],
    ['logs in a group of no template', { Function: altered(lambda, { LoggingConfig: {} }) }],
    [
      'a source that is no queue',
      { Source: altered(base['Source'], { EventSourceArn: 'arn:aws:kinesis:::stream/x' }) },
    ],
  ])('is not guessed with %s', (_, change) => {
    expect(() => read(change)).toThrow(PolicyNotUnderstood)
  })
})
