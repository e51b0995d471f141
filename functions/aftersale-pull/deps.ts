import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { DynamoNotes } from '#adapters/dynamodb/dynamo-notes.ts'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { createGateways } from '#adapters/erp/create-gateways.ts'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { SqsWritebackQueue } from '#adapters/sqs/sqs-writeback-queue.ts'
import { gateLimits } from '#app/gate-limits.ts'
import { pullAftersales } from '#app/pull-aftersales.ts'
import type { RunEnd } from '#app/run.ts'
import type { PullInput } from '#contracts/pull-run.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { readSqsEndpoint } from '#runtime/env.ts'
import { createLog } from '#runtime/logger.ts'
import { readEnv } from './env.ts'

const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 3_000, maxAttempts: 3 }

const env = readEnv()
const configDir = resolve(import.meta.dirname, env.CONFIG_DIR)
const config = loadConfig(configDir)

export const log = createLog('aftersale-pull')
const clock = { now: () => Date.now() }
const ids = { next: () => randomUUID() }
const table = { client: createDynamoClient(CALL), table: env.TABLE_NAME }
const secrets = new AwsSecrets({ client: createSecretsClient(CALL), prefix: env.SECRET_PREFIX })
const limits = gateLimits(config, { leaseMs: env.LEASE_MS, retryFloorMs: env.RETRY_FLOOR_MS })
/** Only of the targets that are read. */
const gateways = new Map(
  Object.entries(config.targets)
    .filter(([, { aftersales }]) => aftersales !== undefined)
    .map(([name, target]) => [
      name,
      createGateways(target, { configDir, secrets: () => secrets.target(name), clock, ids }),
    ]),
)
const deps = {
  writebacks: new DynamoWritebackLedger(table),
  notes: new DynamoNotes({ ...table, clock, ids }),
  gate: new DynamoTargetGate({ ...table, limits, clock, ids }),
  queue: new SqsWritebackQueue({
    client: createSqsClient({ ...CALL, ...readSqsEndpoint() }),
    queueUrl: env.WRITEBACK_QUEUE_URL,
    log,
  }),
  shops: Object.keys(config.shops),
  wait: (ms: number) => setTimeout(ms),
  callMs: env.CALL_DEADLINE_MS,
  leaseMs: env.LEASE_MS,
  clock,
  ids,
  log,
}

/** Pulls the steps of one target’s tickets and returns. */
export async function pull(input: PullInput, endsAt: number): Promise<RunEnd> {
  const { target } = input
  const aftersales = config.targets[target]?.aftersales
  if (!aftersales) {
    return { is: 'failed', why: `sync.config.json brings back no steps of "${target}".` }
  }
  const erp = gateways.get(target)?.reads?.aftersales
  return pullAftersales(input, { ...deps, config: aftersales, erp }, endsAt)
}
