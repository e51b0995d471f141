import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { buffer } from 'node:stream/consumers'
import * as z from 'zod'
import type { Cloud } from '../../local/cloud/cloud.ts'
import { ACCOUNT, namings, REGION } from '../../local/cloud/identity.ts'
import { close, listen } from '../../local/cloud/listen.ts'
import { type AwsCall, queueArn } from './permissions.ts'

export interface RecordedCall extends AwsCall {
  /** As the API names it; several operations may need one action. */
  readonly operation: string
  /** The sort key, of a call about one item of a table. */
  readonly sortKey?: string
}

interface Service {
  readonly name: keyof Cloud['endpoints']
  readonly resource: (body: unknown) => string
  /** Operation → the action IAM asks for. */
  readonly actions: Readonly<Record<string, string>>
}

const ItemSchema = z.object({ sk: z.object({ S: z.string() }) })
const BatchCallSchema = z.object({ RequestItems: z.record(z.string(), z.unknown()) })
const TableCallSchema = z.object({
  TableName: z.string(),
  IndexName: z.string().optional(),
  Key: ItemSchema.optional(),
  Item: ItemSchema.optional(),
})
const QueueCallSchema = z.object({ QueueUrl: z.url() })
const SecretCallSchema = z.object({ SecretId: z.string() })

const same = (...operations: string[]) => Object.fromEntries(operations.map((name) => [name, name]))

/** By the prefix of the header x-amz-target. */
const services: Readonly<Record<string, Service>> = {
  DynamoDB_20120810: {
    name: 'dynamodb',
    resource: (body) => {
      const batch = BatchCallSchema.safeParse(body).data
      const [only, ...others] = Object.keys(batch?.RequestItems ?? {})
      if (others.length > 0) throw new Error('A call about several tables.')
      const { TableName, IndexName } = only === undefined ? TableCallSchema.parse(body) : { TableName: only }
      const table = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${TableName}`
      return IndexName === undefined ? table : `${table}/index/${IndexName}`
    },
    actions: same('GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
  },
  AmazonSQS: {
    name: 'sqs',
    resource: (body) => queueArn(QueueCallSchema.parse(body).QueueUrl),
    actions: {
      ...same('SendMessage', 'ChangeMessageVisibility', 'DeleteMessage', 'ReceiveMessage'),
      SendMessageBatch: 'SendMessage',
      ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
      DeleteMessageBatch: 'DeleteMessage',
    },
  },
  secretsmanager: {
    name: 'secretsmanager',
    resource: (body) => {
      const { SecretId } = SecretCallSchema.parse(body)
      const named = namings.get('AWS::SecretsManager::Secret')?.identify(SecretId, { api: '', sqs: '' })
      return SecretId.startsWith('arn:') || !named ? SecretId : named.ref
    },
    actions: same('GetSecretValue', 'PutSecretValue', 'DescribeSecret'),
  },
}

/**
 * Between the functions and the engines of the embedded cloud: notes who called what. Each function signs with an access
 * key that is its name.
 */
export class CallRecorder {
  upstreams: Cloud['endpoints'] | undefined
  url = ''
  readonly #seen: { signature: string; target: string; body: Buffer }[] = []
  readonly #server = createServer((request, response) => void this.#forward(request, response))

  async start(): Promise<this> {
    this.url = await listen(this.#server)
    return this
  }

  close(): Promise<void> {
    return close(this.#server)
  }

  /** For every function, in place of the engines' own. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_DYNAMODB: this.url,
      AWS_ENDPOINT_URL_SQS: this.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.url,
    }
  }

  /** Throws for an operation it cannot put into the words of IAM. */
  calls(): RecordedCall[] {
    return this.#seen.map(({ signature, target, body }) => {
      const [, functionName] = /Credential=([^/]+)\//.exec(signature) ?? []
      const { service, operation } = parseTarget(target)
      const action = service.actions[operation]
      if (!functionName || !action) throw new Error(`Not known: ${target} by ${functionName}`)
      const content: unknown = JSON.parse(body.toString())
      const item = TableCallSchema.safeParse(content).data
      const sortKey = (item?.Key ?? item?.Item)?.sk.S
      return {
        functionName,
        operation,
        action: `${service.name}:${action}`,
        resource: service.resource(content),
        ...(sortKey === undefined ? {} : { sortKey }),
      }
    })
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await buffer(request)
      const target = String(request.headers['x-amz-target'])
      this.#seen.push({ signature: String(request.headers.authorization), target, body })
      const upstream = this.upstreams?.[parseTarget(target).service.name] ?? ''
      const { method, headers } = request
      const forwarded = send(upstream, { method, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      forwarded.on('error', () => response.destroy())
      forwarded.end(body)
    } catch {
      response.destroy()
    }
  }
}

function parseTarget(target: string): { service: Service; operation: string } {
  const [prefix = '', operation = ''] = target.split('.')
  const service = services[prefix]
  if (!service) throw new Error(`Not a service known here: ${target}`)
  return { service, operation }
}
