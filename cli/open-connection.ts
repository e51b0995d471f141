import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { DynamoErasures } from '#adapters/dynamodb/dynamo-erasures.ts'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoNotes } from '#adapters/dynamodb/dynamo-notes.ts'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { SqsDeadLetters } from '#adapters/sqs/sqs-dead-letters.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import { SqsWritebackQueue } from '#adapters/sqs/sqs-writeback-queue.ts'
import type { Clock, Ids, Log } from '#ports/runtime.ts'
import { loadConfig } from '#runtime/config-file.ts'
import type { ScheduledRun } from '../infra/scheduled-runs.ts'
import type { Connection, QueueDepths } from './connection.ts'
import type { CliFailure } from './failure.ts'
import { parseJson } from './parse-json.ts'
import { stageTimes } from './stage-times.ts'

/** Where the parts of a deployment are, wherever it runs. */
export interface Parts {
  readonly stage: string
  readonly configDir: string
  readonly clients: {
    readonly dynamo: DynamoDBClient
    readonly sqs: SQSClient
    readonly secrets: SecretsManagerClient
  }
  readonly tableName: string
  /** By target. */
  readonly queueUrls: Readonly<Record<string, string>>
  readonly dlqUrls: Readonly<Record<string, string>>
  /** Undefined = this deployment is older than the write-backs. */
  readonly writebackQueueUrl: string | undefined
  readonly writebackDlqUrl: string | undefined
  readonly secretPrefix: string
  readonly webhookUrl: (shop: string) => string | undefined
  /** Invokes a scheduled run with this input. */
  readonly invoke: (run: ScheduledRun, input: object) => Promise<unknown>
  /** What the configuration names and the deployment does not know yet. */
  readonly unknown: (name: string) => CliFailure
  /** Of what the adapters meet: results tell what went wrong, mostly. */
  readonly log: Log
}

const POST_TIMEOUT_MS = 15_000

export function openConnection(parts: Parts, { clock, ids }: { clock: Clock; ids: Ids }): Connection {
  const { clients, configDir, queueUrls, dlqUrls, secretPrefix, unknown } = parts
  const stores = { client: clients.dynamo, table: parts.tableName, clock }
  const times = stageTimes(parts.stage)
  const config = () => loadConfig(configDir)
  const secrets = new AwsSecrets({ client: clients.secrets, prefix: secretPrefix })
  const putSecret = async (name: string, value: object) => {
    const put = { SecretId: `${secretPrefix}/${name}`, SecretString: JSON.stringify(value) }
    try {
      await clients.secrets.send(new PutSecretValueCommand(put))
    } catch (error) {
      throw error instanceof ResourceNotFoundException ? unknown(name) : error
    }
  }
  const limits = (target: string) => {
    const { rate = { slots: 1, perMinute: 1 } } = config().targets[target] ?? {}
    return { ...rate, leaseMs: times.leaseMs, retryFloorMs: times.retryFloorMs }
  }
  const depthsOf = async (
    name: string,
    queueUrl: string | undefined,
    dlqUrl: string | undefined,
  ): Promise<QueueDepths> => {
    if (!queueUrl || !dlqUrl) throw unknown(name)
    const [queue, dead] = await Promise.all([countsOf(clients.sqs, queueUrl), countsOf(clients.sqs, dlqUrl)])
    return { ...queue, deadLetters: dead.visible + dead.inFlight + dead.delayed }
  }

  return {
    configDir,
    config,
    times,
    ledger: new DynamoLedger(stores),
    erasures: new DynamoErasures(stores),
    notes: new DynamoNotes({ ...stores, ids }),
    queue: new SqsDeliveryQueue({ client: clients.sqs, queueUrls, log: parts.log }),
    deadLetters: new SqsDeadLetters({
      client: clients.sqs,
      urls: {
        ...dlqUrls,
        ...(parts.writebackDlqUrl === undefined ? {} : { writebacks: parts.writebackDlqUrl }),
      },
    }),
    writebacks: new DynamoWritebackLedger(stores),
    writebackQueue: {
      enqueue: async (messages) => {
        const queueUrl = parts.writebackQueueUrl
        if (queueUrl === undefined) throw unknown('writebacks')
        return new SqsWritebackQueue({ client: clients.sqs, queueUrl, log: parts.log }).enqueue(messages)
      },
    },
    gate: new DynamoTargetGate({ ...stores, limits, ids }),
    secrets: {
      shop: (shop) => secrets.shop(shop),
      bridge: (shop) => secrets.bridge(shop),
      target: (target) => secrets.target(target),
      personKey: () => secrets.personKey(),
      putShop: (shop, secret) => putSecret(`shop/${shop}/webhook`, secret),
      putBridge: (shop, secret) => putSecret(`shop/${shop}/bridge`, secret),
      putTarget: (target, secret) => putSecret(`target/${target}/erp`, secret),
    },
    depths: (target) => depthsOf(target, queueUrls[target], dlqUrls[target]),
    writebackDepths: () => depthsOf('writebacks', parts.writebackQueueUrl, parts.writebackDlqUrl),
    run: (run) => parts.invoke(run, { ...run.input, now: true }),
    post: async (shop, headers, body) => {
      const url = parts.webhookUrl(shop)
      if (url === undefined) throw unknown(shop)
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
