import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { deadLetter } from '#adapters/sqs/sqs-dead-letter.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import { changeVisibility } from '#adapters/sqs/sqs-visibility.ts'
import { applyWriteback, type WritebackDeps } from '#app/apply-writeback.ts'
import { gateLimits } from '#app/gate-limits.ts'
import { openShopTurns } from '#app/shop-turn.ts'
import { targetsFor } from '#app/targets-for.ts'
import { WritebackMessageSchema } from '#contracts/writeback.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { readSqsEndpoint } from '#runtime/env.ts'
import { type BatchRecord, runFifoBatch } from '#runtime/fifo-batch.ts'
import { createLog, inLogContext } from '#runtime/logger.ts'
import { readMessage } from '#runtime/read-message.ts'
import { readEnv } from './env.ts'

const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 3_000, maxAttempts: 3 }
/** What a record needs beside its call: the reads and writes around it. */
const STORE_MS = 500

const env = readEnv()
const config = loadConfig(resolve(import.meta.dirname, env.CONFIG_DIR))
const log = createLog('shop-writeback')
const clock = { now: () => Date.now() }
const ids = { next: () => randomUUID() }
const sqs = createSqsClient({ ...CALL, ...readSqsEndpoint() })
const dynamo = createDynamoClient(CALL)
const secrets = new AwsSecrets({ client: createSecretsClient(CALL), prefix: env.SECRET_PREFIX })
const times = {
  callMs: env.CALL_DEADLINE_MS,
  leaseMs: env.LEASE_MS,
  retryFloorMs: env.RETRY_FLOOR_MS,
}
/** Of a shop that the configuration does not have any more: its commands wait, and are parked when they are too old. */
const UNKNOWN_SHOP = {
  rate: { slots: 1, perMinute: 1 },
  timeZone: 'Asia/Shanghai',
  gateway: createEcshopGateway({ access: async () => undefined, clock }),
}
const gate = new DynamoTargetGate({
  client: dynamo,
  table: env.TABLE_NAME,
  limits: gateLimits(config, times, UNKNOWN_SHOP.rate),
  clock,
  ids,
})
const gateways = new Map(
  Object.keys(config.shops).map((shop) => [
    shop,
    createEcshopGateway({ access: () => secrets.bridge(shop), clock }),
  ]),
)
const writebackDeps: Omit<WritebackDeps, 'turn'> = {
  gateway: (shop) => gateways.get(shop) ?? UNKNOWN_SHOP.gateway,
  writebacks: new DynamoWritebackLedger({ client: dynamo, table: env.TABLE_NAME }),
  ledger: new DynamoLedger({ client: dynamo, table: env.TABLE_NAME, clock }),
  deliveries: new SqsDeliveryQueue({ client: sqs, queueUrls: env.QUEUE_URLS ?? {}, log }),
  owners: config.owners,
  retentionDays: config.retentionDays,
  partsTargets: (shop) => targetsFor(config.shops[shop] ?? { targets: [] }, config.targets)('parts'),
  timeZone: (shop) => config.shops[shop]?.timeZone ?? UNKNOWN_SHOP.timeZone,
  clock,
  ids,
  random: { next: () => Math.random() },
  log,
  times,
}

/** Carries out a batch of commands, within one turn at the gate of each shop. */
export async function applyBatch(records: readonly BatchRecord[], endsAt: number): Promise<string[]> {
  const turns = openShopTurns(gate, records.length, endsAt, clock)
  const deps = { ...writebackDeps, turn: turns.of }
  try {
    return await runFifoBatch(records, {
      parse: (body) => readMessage(WritebackMessageSchema, body),
      handle: (message) => applyWriteback(message, deps),
      correlationId: ({ correlationId }) => correlationId,
      within: (correlationId, run) => inLogContext({ correlationId }, run),
      deadLetter: (record) => deadLetter(sqs, env.DLQ_URL, record),
      setVisibility: (changes) => changeVisibility({ client: sqs, queueUrl: env.QUEUE_URL, log }, changes),
      endsAt,
      longestRecordMs: env.CALL_DEADLINE_MS + STORE_MS,
      clock,
      log,
    })
  } finally {
    await turns.end()
  }
}
