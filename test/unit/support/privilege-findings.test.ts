import { describe, expect, it } from 'vitest'
import type { Statement } from '../../support/iam.ts'
import type { AwsCall, Permissions } from '../../support/permissions.ts'
import { privilegeFindings } from '../../support/privilege-findings.ts'

const statement = (actions: string[], resources: string[], more: Partial<Statement> = {}): Statement => ({
  effect: 'Allow',
  actions,
  resources,
  ...more,
})
const call = (functionName: string, action: string, resource: string): AwsCall => ({
  functionName,
  action,
  resource,
})

/** Two functions with these statements; Lambda polls arn:in for the first. */
const permissions = (
  first: Statement[],
  second: Statement[] = [],
  resourceStatements: Statement[] = [],
): Permissions => ({
  functions: [
    {
      name: 'first',
      role: 'arn:first',
      statements: [statement(['sqs:ReceiveMessage'], ['arn:in']), ...first],
    },
    { name: 'second', role: 'arn:second', statements: second },
  ],
  resourceStatements,
  implied: [call('first', 'sqs:ReceiveMessage', 'arn:in')],
})

describe('the findings about roles', () => {
  const send = statement(['sqs:SendMessage'], ['arn:out'])
  const sent = call('first', 'sqs:SendMessage', 'arn:out')

  it('are none where every call is granted and every grant is called', () => {
    expect(privilegeFindings(permissions([send]), [sent, sent])).toEqual([])
  })

  it.each<[string, Permissions, AwsCall[], string]>([
    [
      'a call without a grant',
      permissions([]),
      [sent],
      'first is implicitly denied sqs:SendMessage on arn:out',
    ],
    [
      'a call that is forbidden',
      permissions([send, statement(['*'], ['arn:out'], { effect: 'Deny' })]),
      [sent],
      'first is explicitly denied sqs:SendMessage on arn:out',
    ],
    ['a grant without a call', permissions([send]), [], 'first never needs sqs:SendMessage on arn:out'],
    [
      'one resource too many',
      permissions([statement(['sqs:SendMessage'], ['arn:out', 'arn:other'])]),
      [sent],
      'first never needs sqs:SendMessage on arn:other',
    ],
    [
      'actions by wildcard',
      permissions([send, statement(['sqs:*'], ['arn:out'])]),
      [sent],
      'first never needs sqs:* on arn:out',
    ],
    [
      'a pattern that takes in what others call',
      permissions([statement(['sqs:SendMessage'], ['arn:*'])], [statement(['sqs:SendMessage'], ['arn:new'])]),
      [sent, call('second', 'sqs:SendMessage', 'arn:new')],
      'first may sqs:SendMessage on arn:new: only others do',
    ],
    [
      'a resource open to all',
      permissions([send], [], [statement(['sqs:PurgeQueue'], ['arn:in'], { principals: ['*'] })]),
      [sent],
      'The policy of arn:in allows sqs:PurgeQueue by itself',
    ],
  ])('name %s', (_, given, made, finding) => {
    expect(privilegeFindings(given, made)).toEqual([finding])
  })

  it('leave services alone that a resource lets in', () => {
    const fromService = statement(['sqs:SendMessage'], ['arn:in'], { principals: [] })
    expect(privilegeFindings(permissions([send], [], [fromService]), [sent])).toEqual([])
  })
})
