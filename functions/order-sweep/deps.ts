import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoNotes } from '#adapters/dynamodb/dynamo-notes.ts'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { createGateways } from '#adapters/erp/create-gateways.ts'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import { gateLimits } from '#app/gate-limits.ts'
import type { RunEnd } from '#app/run.ts'
import { sweepOrders } from '#app/sweep-orders.ts'
import type { SweepInput } from '#contracts/drift.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { readSqsEndpoint } from '#runtime/env.ts'
import { createLog } from '#runtime/logger.ts'
import { readEnv } from './env.ts'

const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 3_000, maxAttempts: 3 }

const env = readEnv()
const configDir = resolve(import.meta.dirname, env.CONFIG_DIR)
const config = loadConfig(configDir)

export const log = createLog('order-sweep')
const clock = { now: () => Date.now() }
const ids = { next: () => randomUUID() }
const table = { client: createDynamoClient(CALL), table: env.TABLE_NAME }
const secrets = new AwsSecrets({ client: createSecretsClient(CALL), prefix: env.SECRET_PREFIX })
const limits = gateLimits(config, { leaseMs: env.LEASE_MS, retryFloorMs: env.RETRY_FLOOR_MS })
const stores = {
  ledger: new DynamoLedger({ ...table, clock }),
  notes: new DynamoNotes({ ...table, clock, ids }),
  gate: new DynamoTargetGate({ ...table, limits, clock, ids }),
  queue: new SqsDeliveryQueue({
    client: createSqsClient({ ...CALL, ...readSqsEndpoint() }),
    queueUrls: env.QUEUE_URLS,
    log,
  }),
}

const erps = new Map<string, ErpGateways>()
function erpOf(name: string): ErpGateways | undefined {
  const target = config.targets[name]
  if (!target) return undefined
  const known =
    erps.get(name) ?? createGateways(target, { configDir, secrets: () => secrets.target(name), clock, ids })
  erps.set(name, known)
  return known
}

/** Sweeps one shop. */
export async function sweep(input: SweepInput, endsAt: number): Promise<RunEnd> {
  const { shop } = input
  const shopConfig = config.shops[shop]
  if (!shopConfig) return { is: 'failed', why: `sync.config.json has no shop "${shop}".` }
  const targets = Object.entries(config.targets).filter(([name]) => shopConfig.targets.includes(name))
  return sweepOrders(input, endsAt, {
    ...stores,
    shop,
    config: shopConfig,
    targets: Object.fromEntries(targets),
    secrets,
    nightly: config.nightly,
    epochs: async () => (await secrets.shop(shop))?.epochs,
    gateway: createEcshopGateway({ access: () => secrets.bridge(shop), clock }),
    commitments: (name) => erpOf(name)?.reads?.commitments,
    pause: (ms) => setTimeout(ms),
    callMs: env.CALL_DEADLINE_MS,
    leaseMs: env.LEASE_MS,
    clock,
    ids,
    log,
  })
}
