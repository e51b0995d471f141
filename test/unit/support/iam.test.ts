import { describe, expect, it } from 'vitest'
import {
  evaluate,
  identityPolicy,
  PolicyNotUnderstood,
  resourceMatches,
  resourcePolicy,
  type Verdict,
} from '../../support/iam.ts'

const ROLE = 'arn:aws:iam::111122223333:role/examplerole'
const document = (...Statement: object[]) => ({ Version: '2012-10-17', Statement })
const allow = (Action: string | string[], Resource: string | string[]) => ({
  Effect: 'Allow',
  Action,
  Resource,
})
const deny = (Action: string | string[], Resource: string | string[]) => ({
  Effect: 'Deny',
  Action,
  Resource,
})

const ask = (
  policies: { identity?: object; resource?: object },
  action: string,
  resource: string,
  { principal = ROLE, secureTransport = true } = {},
): Verdict =>
  evaluate(
    { principal, action, resource, secureTransport },
    {
      identity: policies.identity ? identityPolicy(policies.identity) : [],
      resource: policies.resource ? resourcePolicy(policies.resource) : [],
    },
  )

describe('the IAM User Guide, page by page:', () => {
  describe('IAM JSON policy elements: Action', () => {
    it.each<[string, string, Verdict]>([
      ['iam:ListAccessKeys', 'IAM:listaccesskeys', 'allowed'],
      ['iam:*AccessKey*', 'iam:CreateAccessKey', 'allowed'],
      ['iam:*AccessKey*', 'iam:ListAccessKeys', 'allowed'],
      ['iam:*AccessKey*', 'iam:ListUsers', 'implicitly denied'],
      ['s3:*', 's3:GetObject', 'allowed'],
      ['s3:*', 's3-outposts:GetObject', 'implicitly denied'],
      ['sqs:SendMessage', 'sqs:SendMessageBatch', 'implicitly denied'],
      ['s3:GetObjec?', 's3:GetObject', 'allowed'],
      ['*', 'ec2:StartInstances', 'allowed'],
    ])('%s against %s', (pattern, action, verdict) => {
      expect(
        ask({ identity: document(allow(pattern, '*')) }, action, 'arn:aws:iam::111122223333:user/Bob'),
      ).toBe(verdict)
    })
  })

  describe('IAM JSON policy elements: Resource', () => {
    const bucket = 'arn:aws:s3:::amzn-s3-demo-bucket'
    const tables = 'arn:aws:dynamodb:us-east-2:111122223333:table'
    const user = 'arn:aws:iam::111122223333:user'
    it.each([
      ...[
        '1/test/object.jpg',
        '1/2/test/object.jpg',
        '1/2/test/3/object.jpg',
        '1/2/3/test/4/object.jpg',
        '1///test///object.jpg',
        '1/test/.jpg',
        '/test/object.jpg',
        '1/test/',
      ].map((key) => [`${bucket}/*/test/*`, `${bucket}/${key}`, true] as const),
      ...['1-test/object.jpg', 'test/object.jpg', '1/2/test.jpg'].map(
        (key) => [`${bucket}/*/test/*`, `${bucket}/${key}`, false] as const,
      ),
      [`${user}/accounting/*`, `${user}/accounting/Bob`, true],
      [`${user}/accounting/*`, `${user}/Bob`, false],
      [`${user}/Bob`, `${user}/bob`, false],
      [`${tables}/books_table`, `${tables}/books_table`, true],
      [`${tables}/books_table`, `${tables}/magazines_table`, false],
      [`${tables}/books_table`, `${tables}/books_table/index/by_title`, false],
    ] as const)('%s against %s', (pattern, arn, matches) => {
      expect(resourceMatches(pattern, arn)).toBe(matches)
    })

    const logs = 'arn:aws:logs:us-east-2:111122223333:log-group:orders'
    const secret = 'arn:aws:secretsmanager:us-east-2:111122223333:secret:orders'
    it.each([
      ['*', secret, true],
      ['arn:aws:s3:*', `${bucket}/key`, true],
      ['arn:aws:s3:::*log*', 'arn:aws:s3:::carlossalazar-logs/key', true],
      [`${logs}:*`, `${logs}:log-stream:2026/11/21/[$LATEST]0123`, true],
      [`${logs}:*`, `${logs}-of-others:log-stream:x`, false],
      ['arn:aws:logs:us-*-2:111122223333:log-group:orders', logs, true],
      ['arn:aws:logs:u*2:log-group:orders', logs, false],
      [`${secret}-??????`, `${secret}-a1B2c3`, true],
      [`${secret}-??????`, `${secret}-a1B2c`, false],
      [`${secret}-??????`, `${secret}-a1B2c3d`, false],
      [`${secret}-??????`, `${secret}-archive-a1B2c3`, false],
      [
        'arn:aws:sqs:us-east-2:111122223333:orders.fifo',
        'arn:aws:sqs:us-east-2:111122223333:orders-fifo',
        false,
      ],
    ])(
      'a wildcard stays within its part unless an asterisk ends it: %s against %s',
      (pattern, arn, matches) => {
        expect(resourceMatches(pattern, arn)).toBe(matches)
      },
    )
  })

  describe('Policy evaluation logic', () => {
    const carlos = { principal: 'arn:aws:iam::123456789012:user/carlossalazar' }
    const identity = document(
      { Sid: 'AllowS3ListRead', ...allow(['s3:GetBucketLocation', 's3:ListAllMyBuckets'], 'arn:aws:s3:::*') },
      {
        Sid: 'AllowS3Self',
        ...allow('s3:*', ['arn:aws:s3:::carlossalazar/*', 'arn:aws:s3:::carlossalazar']),
      },
      { Sid: 'DenyS3Logs', ...deny('s3:*', 'arn:aws:s3:::*log*') },
    )
    const resource = document({
      ...allow('s3:*', ['arn:aws:s3:::carlossalazar/*', 'arn:aws:s3:::carlossalazar']),
      Principal: { AWS: carlos.principal },
    })

    it('denies Carlos the bucket of logs, whatever else allows it', () => {
      expect(ask({ identity, resource }, 's3:PutObject', 'arn:aws:s3:::carlossalazar-logs', carlos)).toBe(
        'explicitly denied',
      )
    })

    it('allows Carlos his own bucket by either policy alone', () => {
      for (const policies of [{ identity, resource }, { identity }, { resource }])
        expect(ask(policies, 's3:PutObject', 'arn:aws:s3:::carlossalazar/report', carlos)).toBe('allowed')
    })

    it('allows a bucket’s policy for nobody it does not name', () => {
      expect(ask({ resource }, 's3:PutObject', 'arn:aws:s3:::carlossalazar/report')).toBe('implicitly denied')
    })

    it.each<[string, Verdict]>([
      ['iam:GetUser', 'allowed'],
      ['iam:ListUsers', 'allowed'],
      ['iam:CreatePolicy', 'implicitly denied'],
      ['iam:GetOrganizationsAccessReport', 'explicitly denied'],
      ['iam:GenerateCredentialReport', 'explicitly denied'],
    ])('tells an implicit deny from an explicit one: %s', (action, verdict) => {
      const getListNoReports = document(
        { Sid: 'AllowGetList', ...allow(['iam:Get*', 'iam:List*'], '*') },
        { Sid: 'DenyReports', ...deny('iam:*Report', '*') },
      )
      expect(ask({ identity: getListNoReports }, action, 'arn:aws:iam::111122223333:user/Bob')).toBe(verdict)
    })
  })

  it.each<[string, string, Verdict]>([
    ['dynamodb:PutItem', 'table/MyTable', 'allowed'],
    ['dynamodb:GetItem', 'table/MyTable', 'allowed'],
    ['dynamodb:DescribeLimits', 'table/Other', 'allowed'],
    ['dynamodb:PutItem', 'table/Other', 'implicitly denied'],
    ['dynamodb:Query', 'table/MyTable/index/ByName', 'implicitly denied'],
    ['dynamodb:RestoreTableFromBackup', 'table/MyTable', 'implicitly denied'],
  ])('Amazon DynamoDB: allows access to a specific table, %s on %s', (action, table, verdict) => {
    const identity = document(
      allow(['dynamodb:List*', 'dynamodb:DescribeLimits'], '*'),
      allow(
        ['dynamodb:Get*', 'dynamodb:Query', 'dynamodb:Delete*', 'dynamodb:PutItem'],
        'arn:aws:dynamodb:*:*:table/MyTable',
      ),
    )
    expect(ask({ identity }, action, `arn:aws:dynamodb:us-east-2:111122223333:${table}`)).toBe(verdict)
  })

  it('AWS global condition context keys, aws:SecureTransport: a Deny that holds without TLS only', () => {
    const queue = 'arn:aws:sqs:us-east-2:111122223333:orders.fifo'
    const identity = document(allow('sqs:SendMessage', queue))
    const resource = document({
      ...deny('sqs:*', queue),
      Principal: { AWS: '*' },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    })
    expect(ask({ identity, resource }, 'sqs:SendMessage', queue)).toBe('allowed')
    expect(ask({ identity, resource }, 'sqs:SendMessage', queue, { secureTransport: false })).toBe(
      'explicitly denied',
    )
  })
})

describe('a policy that says something else', () => {
  const statement = allow('sqs:SendMessage', '*')
  const { Action: _action, ...noAction } = statement
  const { Resource: _resource, ...noResource } = statement

  it.each<[string, unknown]>([
    ['NotAction', document({ ...noAction, NotAction: 'sqs:DeleteQueue' })],
    ['NotResource', document({ ...noResource, NotResource: 'arn:aws:s3:::logs' })],
    ['a principal', document({ ...statement, Principal: '*' })],
    ['no action', document(noAction)],
    ['no resource', document(noResource)],
    [
      'another operator',
      document({ ...statement, Condition: { StringEquals: { 'aws:SecureTransport': 'true' } } }),
    ],
    [
      'another key',
      document({ ...statement, Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
    ],
    [
      'one more key',
      document({
        ...statement,
        Condition: { Bool: { 'aws:SecureTransport': 'true', 'aws:MultiFactorAuthPresent': 'true' } },
      }),
    ],
    ['a policy variable', document(allow('dynamodb:*', 'arn:aws:dynamodb:::table/${aws:username}'))],
    ['an unresolved reference', document({ ...noResource, Resource: { Ref: 'Queue' } })],
    ['something that is no ARN', document(allow('sqs:SendMessage', 'orders.fifo'))],
    ['an effect in small letters', document({ ...statement, Effect: 'allow' })],
    ['an older version', { ...document(statement), Version: '2008-10-17' }],
    ['no version', { Statement: [statement] }],
  ])('on a role gets no answer: %s', (_, policy) => {
    expect(() => identityPolicy(policy)).toThrow(PolicyNotUnderstood)
  })

  it.each<[string, unknown]>([
    ['no principal', document(statement)],
    ['NotPrincipal', document({ ...statement, NotPrincipal: '*' })],
    ['an account', document({ ...statement, Principal: { AWS: '111122223333' } })],
    ['an account’s root', document({ ...statement, Principal: { AWS: 'arn:aws:iam::111122223333:root' } })],
    ['a federated user', document({ ...statement, Principal: { Federated: 'accounts.example.com' } })],
  ])('on a resource gets no answer: %s', (_, policy) => {
    expect(() => resourcePolicy(policy)).toThrow(PolicyNotUnderstood)
  })

  it('about a service says nothing about a role', () => {
    const resource = document({ ...statement, Principal: { Service: 'sns.amazonaws.com' } })
    expect(ask({ resource }, 'sqs:SendMessage', 'arn:aws:sqs:us-east-2:111122223333:orders')).toBe(
      'implicitly denied',
    )
  })
})
