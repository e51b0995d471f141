import { createHash } from 'node:crypto'

export const REGION = 'us-east-1'
/** The one account fauxqs knows. */
export const ACCOUNT = '000000000000'
export const API_ID = 'local'
/** What CDK composes as the address of the API; here the listener of this machine takes its place. */
export const API_URL_IN_AWS = `https://${API_ID}.execute-api.${REGION}.amazonaws.com`

/** Base URLs of the listeners of this machine, without a slash at the end. */
export interface Addresses {
  readonly api: string
  readonly sqs: string
}

/** What other parts of a template may learn about a resource. */
export interface Identity {
  readonly name: string
  readonly ref: string
  readonly attributes: Readonly<Record<string, string>>
}

/** How a resource type is named: `property` holds the name a template gives, `identify` completes it. */
export interface Naming {
  readonly property?: string
  readonly identify: (name: string, addresses: Addresses) => Identity
}

const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`

const table: Naming = {
  property: 'TableName',
  identify: (name) => ({ name, ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } }),
}

const internal: Naming = { identify: (name) => ({ name, ref: name, attributes: {} }) }

export const namings: ReadonlyMap<string, Naming> = new Map<string, Naming>([
  ['AWS::DynamoDB::Table', table],
  ['AWS::DynamoDB::GlobalTable', table],
  [
    'AWS::SQS::Queue',
    {
      property: 'QueueName',
      identify: (name, { sqs }) => {
        const url = `${sqs}/${ACCOUNT}/${name}`
        return { name, ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } }
      },
    },
  ],
  [
    'AWS::SecretsManager::Secret',
    {
      property: 'Name',
      identify: (name) => {
        const ref = arn('secretsmanager', `secret:${name}-${secretSuffix(name)}`)
        return { name, ref, attributes: { Id: ref } }
      },
    },
  ],
  [
    'AWS::Lambda::Function',
    {
      property: 'FunctionName',
      identify: (name) => ({ name, ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } }),
    },
  ],
  [
    'AWS::ApiGatewayV2::Api',
    { identify: (name, { api }) => ({ name, ref: API_ID, attributes: { ApiEndpoint: api, ApiId: API_ID } }) },
  ],
  ['AWS::ApiGatewayV2::Integration', internal],
  ['AWS::ApiGatewayV2::Stage', { identify: (name) => ({ name, ref: '$default', attributes: {} }) }],
  ['AWS::Scheduler::Schedule', { ...internal, property: 'Name' }],
])

/** Secrets Manager ends each ARN in six random characters; here they follow from the name, so a restart keeps them. */
function secretSuffix(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 6)
}
