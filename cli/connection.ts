import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PutSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager'
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import type { DeliverTimes } from '#app/deliver.ts'
import type { SyncConfig } from '#contracts/config.ts'
import { ENDPOINTS_FILE, type Endpoints, EndpointsSchema } from '#contracts/endpoints.ts'
import type { ShopSecret, TargetSecret } from '#contracts/secrets.ts'
import type { DeliveryQueue } from '#ports/delivery-queue.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import type { Secrets } from '#ports/secrets.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { CliFailure } from './failure.ts'
import { stageTimes } from './stage-times.ts'

/** Messages of a target's queue, and of its dead-letter queue. */
export interface QueueDepths {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
  readonly deadLetters: number
}

export interface SecretStore extends Secrets {
  putShop(shop: string, secret: ShopSecret): Promise<void>
  putTarget(target: string, secret: TargetSecret): Promise<void>
}

/** A running deployment, as far as an operator reaches it. What cannot be reached throws. */
export interface Connection {
  readonly configDir: string
  /** Throws a ConfigError when the file was broken since. */
  readonly config: () => SyncConfig
  readonly times: DeliverTimes
  readonly ledger: Ledger
  readonly queue: DeliveryQueue
  readonly gate: Pick<TargetGate, 'state'>
  readonly secrets: SecretStore
  depths(target: string): Promise<QueueDepths>
  /** Posts to the webhook of a shop. `body` is parsed JSON; undefined where the answer was none. */
  post(
    shop: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<{ readonly status: number; readonly body: unknown }>
}

const CALL = { connectTimeoutMs: 2_000, requestTimeoutMs: 5_000, maxAttempts: 2 }
const POST_TIMEOUT_MS = 15_000
/** Complete, so that no profile of the person is ever read. */
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }

/** Connects to what `npm start` runs on this machine with this data directory; undefined when nothing does. */
export async function connectLocal(
  dataDir: string,
  { clock, ids }: { clock: Clock; ids: Ids },
): Promise<Connection | undefined> {
  const endpoints = readEndpoints(join(dataDir, ENDPOINTS_FILE))
  if (!endpoints || !isRunning(endpoints.pid)) return undefined

  const { dynamodb, sqs, secretsmanager } = endpoints.endpoints
  const dynamo = createDynamoClient({ ...CALL, ...LOCAL, endpoint: dynamodb })
  const sqsClient = createSqsClient({ ...CALL, ...LOCAL, endpoint: sqs })
  const secretsClient = createSecretsClient({ ...CALL, ...LOCAL, endpoint: secretsmanager })
  const table = endpoints.tableName
  const times = stageTimes(endpoints.stage)
  const config = () => loadConfig(endpoints.configDir)
  const secrets = new AwsSecrets({ client: secretsClient, prefix: endpoints.secretPrefix })
  const putSecret = async (name: string, value: object) => {
    const put = { SecretId: `${endpoints.secretPrefix}/${name}`, SecretString: JSON.stringify(value) }
    try {
      await secretsClient.send(new PutSecretValueCommand(put))
    } catch (error) {
      // The configuration names it, the stack that runs does not.
      if (!(error instanceof ResourceNotFoundException)) throw error
      throw new CliFailure('restart-needed', (t) => t.restartNeeded(name))
    }
  }
  const limits = (target: string) => {
    const { rate = { slots: 1, perMinute: 1 } } = config().targets[target] ?? {}
    return { ...rate, leaseMs: times.leaseMs, retryFloorMs: times.retryFloorMs }
  }

  return {
    configDir: endpoints.configDir,
    config,
    times,
    ledger: new DynamoLedger({ client: dynamo, table, clock }),
    queue: new SqsDeliveryQueue({ client: sqsClient, queueUrls: endpoints.queueUrls, log: SILENT }),
    gate: new DynamoTargetGate({ client: dynamo, table, limits, clock, ids }),
    secrets: {
      shop: (shop) => secrets.shop(shop),
      target: (target) => secrets.target(target),
      putShop: (shop, secret) => putSecret(`shop/${shop}/webhook`, secret),
      putTarget: (target, secret) => putSecret(`target/${target}/erp`, secret),
    },
    depths: async (target) => {
      const [queueUrl, dlqUrl] = [endpoints.queueUrls[target], endpoints.dlqUrls[target]]
      if (!queueUrl || !dlqUrl) throw new CliFailure('restart-needed', (t) => t.restartNeeded(target))
      const [queue, dead] = await Promise.all([countsOf(sqsClient, queueUrl), countsOf(sqsClient, dlqUrl)])
      return { ...queue, deadLetters: dead.visible + dead.inFlight + dead.delayed }
    },
    post: async (shop, headers, body) => {
      const url = endpoints.webhookUrls[shop]
      if (url === undefined) throw new CliFailure('restart-needed', (t) => t.restartNeeded(shop))
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(POST_TIMEOUT_MS),
      })
      return { status: response.status, body: parseJson(await response.text()) }
    },
  }
}

/** Results tell what went wrong; there is nobody to read a log. */
const SILENT = { info: () => {}, warn: () => {}, error: () => {} }

function readEndpoints(file: string): Endpoints | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const parsed = EndpointsSchema.safeParse(parseJson(text))
  if (!parsed.success) throw new CliFailure('endpoints-unreadable', (t) => t.endpointsUnreadable(file))
  return parsed.data
}

/** A killed cloud leaves its file behind. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function countsOf(client: SQSClient, QueueUrl: string): Promise<Omit<QueueDepths, 'deadLetters'>> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  )
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  }
}

/** Undefined stands for "not JSON": no JSON text means it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
