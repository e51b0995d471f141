import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { DynamoErasures } from '#adapters/dynamodb/dynamo-erasures.ts'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { createGateways } from '#adapters/erp/create-gateways.ts'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import { createEcshopReader, type ReadableShop } from '#adapters/shop/ecshop/reader.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { deadLetter } from '#adapters/sqs/sqs-dead-letter.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import { changeVisibility } from '#adapters/sqs/sqs-visibility.ts'
import { afterParts } from '#app/after-parts.ts'
import { shortHash } from '#app/content-hash.ts'
import { type DeliverDeps, deliver } from '#app/deliver.ts'
import { gateLimits } from '#app/gate-limits.ts'
import { knownPeople } from '#app/people.ts'
import { guestKeyWith, personHashFor } from '#app/person-hash.ts'
import { storedOtherwise } from '#app/stored-otherwise.ts'
import { surroundingsWith } from '#app/surroundings.ts'
import { openTurn } from '#app/turn.ts'
import { DeliveryMessageSchema } from '#contracts/delivery-message.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { readSqsEndpoint } from '#runtime/env.ts'
import { type BatchRecord, runFifoBatch } from '#runtime/fifo-batch.ts'
import { createLog, inLogContext } from '#runtime/logger.ts'
import { readMessage } from '#runtime/read-message.ts'
import { readEnv } from './env.ts'

const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 3_000, maxAttempts: 3 }
/** What a record needs beside its calls: the reads and writes around them. */
const STORE_MS = 500

const env = readEnv()
const configDir = resolve(import.meta.dirname, env.CONFIG_DIR)
const config = loadConfig(configDir)
const target = config.targets[env.TARGET]
if (!target) throw new Error(`sync.config.json has no target "${env.TARGET}".`)

const log = createLog('erp-deliver')
const clock = { now: () => Date.now() }
const ids = { next: () => randomUUID() }
const sqs = createSqsClient({ ...CALL, ...readSqsEndpoint() })
const dynamo = createDynamoClient(CALL)
const secrets = new AwsSecrets({ client: createSecretsClient(CALL), prefix: env.SECRET_PREFIX })
/** A replay asks the shop first, but no longer than this. */
const SHOP_READ_MS = env.CALL_DEADLINE_MS / 2
const LONGEST_RECORD_MS = env.CALL_DEADLINE_MS + STORE_MS
const shops = new Map(
  Object.entries(config.shops).map(([id, shop]): [string, ReadableShop] => [
    id,
    {
      config: shop,
      gateway: createEcshopGateway({ access: () => secrets.bridge(id), clock }),
      epochs: async () => (await secrets.shop(id))?.epochs ?? [],
    },
  ]),
)
const limits = gateLimits(config, { leaseMs: env.LEASE_MS, retryFloorMs: env.RETRY_FLOOR_MS })
const gate = new DynamoTargetGate({ client: dynamo, table: env.TABLE_NAME, limits, clock, ids })

const ledger = new DynamoLedger({ client: dynamo, table: env.TABLE_NAME, clock })
const gateways = createGateways(target, { configDir, secrets: () => secrets.target(env.TARGET), clock, ids })

const deliverDeps: Omit<DeliverDeps, 'shop'> = {
  rules: target.rules,
  gateways,
  owners: config.owners,
  privacy: target.privacy,
  retentionDays: config.retentionDays,
  people: knownPeople(secrets, new DynamoErasures({ client: dynamo, table: env.TABLE_NAME })),
  surroundings: surroundingsWith({
    target: env.TARGET,
    config,
    gateways,
    ledger,
    writebacks: new DynamoWritebackLedger({ client: dynamo, table: env.TABLE_NAME }),
    clock,
    callMs: env.CALL_DEADLINE_MS,
  }),
  ledger,
  allowTombstone: (shop, perHour) => gate.allowTombstone(shop, perHour),
  clock,
  ids,
  random: { next: () => Math.random() },
  log,
  times: {
    callMs: env.CALL_DEADLINE_MS,
    leaseMs: env.LEASE_MS,
    settleMs: env.SETTLE_MS,
    retryFloorMs: env.RETRY_FLOOR_MS,
  },
}

const deliveries = new SqsDeliveryQueue({ client: sqs, queueUrls: env.QUEUE_URLS ?? {}, log })

/** The shops, as long as the record that asks still has time for its call to the ERP. */
const shopUntil = (lastStart: number) =>
  createEcshopReader({
    shop: (id) => shops.get(id),
    deadline: () => Math.min(clock.now() + SHOP_READ_MS, lastStart),
    hash: shortHash,
    guestKey: async () => guestKeyWith(await personHashFor([target], secrets)),
  })

/** Delivers a batch within one turn at the target's gate. */
export async function deliverBatch(records: readonly BatchRecord[], endsAt: number): Promise<string[]> {
  const turn = openTurn(gate, env.TARGET, records.length, endsAt, clock)
  const deps = { ...deliverDeps, shop: storedOtherwise(shopUntil(endsAt - LONGEST_RECORD_MS), ledger) }
  try {
    return await runFifoBatch(records, {
      parse: (body) => readMessage(DeliveryMessageSchema, body),
      handle: async (message) =>
        afterParts(message, await deliver(message, turn, deps), { ...deps, deliveries }),
      correlationId: ({ correlationId }) => correlationId,
      within: (correlationId, run) => inLogContext({ correlationId }, run),
      deadLetter: (record) => deadLetter(sqs, env.DLQ_URL, record),
      setVisibility: (changes) => changeVisibility({ client: sqs, queueUrl: env.QUEUE_URL, log }, changes),
      endsAt,
      longestRecordMs: LONGEST_RECORD_MS,
      clock,
      log,
    })
  } finally {
    await turn.end()
  }
}
