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
import { SqsWritebackQueue } from '#adapters/sqs/sqs-writeback-queue.ts'
import { gateLimits } from '#app/gate-limits.ts'
import { type ReconcileStockDeps, reconcileStock } from '#app/reconcile-stock.ts'
import type { RunEnd } from '#app/run.ts'
import type { StockErp } from '#app/stock/pool.ts'
import type { StockRunInput } from '#contracts/stock-run.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { readSqsEndpoint } from '#runtime/env.ts'
import { createLog } from '#runtime/logger.ts'
import { readEnv } from './env.ts'

const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 3_000, maxAttempts: 3 }

const env = readEnv()
const configDir = resolve(import.meta.dirname, env.CONFIG_DIR)
const config = loadConfig(configDir)

export const log = createLog('stock-reconcile')
const clock = { now: () => Date.now() }
const ids = { next: () => randomUUID() }
const table = { client: createDynamoClient(CALL), table: env.TABLE_NAME }
const secrets = new AwsSecrets({ client: createSecretsClient(CALL), prefix: env.SECRET_PREFIX })
const limits = gateLimits(config, { leaseMs: env.LEASE_MS, retryFloorMs: env.RETRY_FLOOR_MS })
/** Only the ERPs that pools draw on. */
const erps = new Map(
  Object.values(config.pools).flatMap(({ target: name }) => {
    const target = config.targets[name]
    if (!target) return []
    const gateways = createGateways(target, { configDir, secrets: () => secrets.target(name), clock, ids })
    return [[name, stockErp(gateways)] as const]
  }),
)
const shops = new Map(
  Object.keys(config.shops).map((id) => [
    id,
    createEcshopGateway({ access: () => secrets.bridge(id), clock }),
  ]),
)

const deps: ReconcileStockDeps = {
  pools: config.pools,
  nightly: config.nightly,
  erp: (target) => found(erps.get(target), `target "${target}"`),
  shops: (shop) => found(shops.get(shop), `shop "${shop}"`),
  ledger: new DynamoLedger({ ...table, clock }),
  notes: new DynamoNotes({ ...table, clock, ids }),
  gate: new DynamoTargetGate({ ...table, limits, clock, ids }),
  writebacks: new SqsWritebackQueue({
    client: createSqsClient({ ...CALL, ...readSqsEndpoint() }),
    queueUrl: env.WRITEBACK_QUEUE_URL,
    log,
  }),
  wait: (ms) => setTimeout(ms),
  callMs: env.CALL_DEADLINE_MS,
  leaseMs: env.LEASE_MS,
  clock,
  ids,
  log,
}

/** One that takes no orders has no documents with steps either. */
function stockErp({ order, reads }: ErpGateways): StockErp {
  return { describe: () => order?.describe() ?? { steps: [] }, ...(reads ? { reads } : {}) }
}

/** The configuration was checked as a whole: what it names is there. */
function found<Part>(part: Part | undefined, name: string): Part {
  if (!part) throw new Error(`sync.config.json has no ${name}.`)
  return part
}

/** Reconciles the stock of one pool. */
export function reconcile(input: StockRunInput, endsAt: number): Promise<RunEnd> {
  return reconcileStock(input, deps, endsAt)
}
