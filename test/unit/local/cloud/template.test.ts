import { describe, expect, test } from 'vitest'
import type { Stack } from '../../../../local/cloud/assembly.ts'
import { TemplateResolver } from '../../../../local/cloud/template.ts'

const data: Stack = {
  name: 'data',
  Parameters: {
    Size: { Type: 'String', Default: 'large' },
    BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/version' },
  },
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: { TableName: { 'Fn::Sub': `\${AWS::StackName}-rows` } },
    },
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: '/a/b' } },
    Function: { Type: 'AWS::Lambda::Function', Properties: {} },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: {} },
    Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
  },
  Outputs: { Url: { Value: { Ref: 'Queue' }, Export: { Name: { 'Fn::Sub': `\${AWS::StackName}:Url` } } } },
}
const app: Stack = { name: 'app', Parameters: {}, Resources: {}, Outputs: {} }
const resolver = new TemplateResolver([data, app], { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' })

const url = 'http://127.0.0.1:2/000000000000/data-Queue.fifo'

describe('a value of a template', () => {
  test.each<[unknown, unknown]>([
    ['plain', 'plain'],
    [{ Ref: 'Queue' }, url],
    [{ Ref: 'Table' }, 'data-rows'],
    [{ Ref: 'Function' }, 'data-Function'],
    [{ Ref: 'Size' }, 'large'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:data-Queue.fifo'],
    [{ 'Fn::GetAtt': 'Queue.QueueName' }, 'data-Queue.fifo'],
    [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:aws:dynamodb:us-east-1:000000000000:table/data-rows'],
    [{ 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, 'http://127.0.0.1:1'],
    [{ 'Fn::Join': ['', ['{"a":"', { Ref: 'Queue' }, '","n":', 7, '}']] }, `{"a":"${url}","n":7}`],
    [
      { 'Fn::Sub': `\${AWS::Partition}/\${AWS::Region}/\${AWS::AccountId}/\${AWS::URLSuffix}` },
      'aws/us-east-1/000000000000/amazonaws.com',
    ],
    [
      { 'Fn::Sub': [`\${Table} \${x} \${Queue.QueueName} \${!kept}`, { x: { Ref: 'Size' } }] },
      `data-rows large data-Queue.fifo \${kept}`,
    ],
    [{ 'Fn::Select': ['1', { 'Fn::Split': ['-', { Ref: 'Table' }] }] }, 'rows'],
    [{ 'Fn::ImportValue': 'data:Url' }, url],
    [{ list: [1, { Ref: 'AWS::NoValue' }, true], gone: { Ref: 'AWS::NoValue' } }, { list: [1, true] }],
    [
      {
        'Fn::Join': [
          '',
          [
            'https://',
            { Ref: 'Api' },
            '.execute-api.',
            { Ref: 'AWS::Region' },
            '.',
            { Ref: 'AWS::URLSuffix' },
            '/v1',
          ],
        ],
      },
      'http://127.0.0.1:1/v1',
    ],
  ])('%j is %j', (value, expected) => {
    expect(resolver.resolve(data, value, 'here')).toEqual(expected)
  })

  test.each<[unknown, string]>([
    [{ Ref: 'Topic' }, 'Ref Topic'],
    [{ Ref: 'Nothing' }, 'Ref Nothing'],
    [{ Ref: 'BootstrapVersion' }, 'Ref BootstrapVersion'],
    [{ 'Fn::GetAtt': ['Table', 'StreamArn'] }, 'Fn::GetAtt Table.StreamArn'],
    [{ 'Fn::ImportValue': 'data:Other' }, 'Fn::ImportValue data:Other'],
    [{ 'Fn::If': ['C', 1, 2] }, 'Fn::If ["C",1,2]'],
    [{ 'Fn::Select': [4, ['a']] }, 'Fn::Select [4,["a"]]'],
    [{ 'Fn::Join': ['', [{ a: 1 }]] }, 'Fn::Join ["",[{"a":1}]]'],
  ])('%j has none here, and the error says where it stands', (value, expression) => {
    expect(() => resolver.resolve(data, { variable: value }, 'Function')).toThrow(
      expect.objectContaining({
        code: 'value-unresolved',
        fields: { where: 'Function.variable', expression },
      }),
    )
  })

  test('refers to the resources of its own stack only', () => {
    expect(() => resolver.resolve(app, { Ref: 'Queue' }, 'here')).toThrow(/Ref Queue/)
  })
})
