import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoNotes } from '#adapters/dynamodb/dynamo-notes.ts'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import type { SyncConfig } from '#contracts/config.ts'
import type { Endpoints } from '#contracts/endpoints.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Notes } from '#ports/notes.ts'
import type { Secrets } from '#ports/secrets.ts'
import { clientConfig } from './cloud/client-config.ts'
import { type Cloud, startCloud } from './cloud/cloud.ts'
import { endpointsOf, removeEndpoints, writeEndpoints } from './endpoints.ts'

export interface Bridge {
  readonly cloud: Cloud
  readonly endpoints: Endpoints
  readonly ledger: Ledger
  readonly notes: Notes
  readonly secrets: Secrets
  readonly stop: () => Promise<void>
}

export interface BridgeOptions {
  /** Of the assembly. */
  readonly stage: Endpoints['stage']
  readonly assembly: string
  /** Of `npm start` as a whole; the operator's tools find the bridge here. */
  readonly dataDir: string
  /** Tables, queues and secrets. */
  readonly cloudDir: string
  /** Absolute. Read where it is, not from the bundles, so that a saved mapping counts at once. */
  readonly configDir: string
  readonly config: SyncConfig
  readonly apiPort: number
  /** Runs what is scheduled, every minute. */
  readonly schedules: boolean
  readonly demo?: NonNullable<Endpoints['demo']>
}

const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000, maxAttempts: 3 }

/**
 * Starts the bridge as it would run in AWS, from its stacks, in the embedded cloud.
 * @throws {CloudError}
 */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { stage, assembly, dataDir, cloudDir, configDir, config, apiPort, schedules, demo } = options
  const cloud = await startCloud({
    assembly,
    dataDir: cloudDir,
    apiPort,
    env: { CONFIG_DIR: configDir },
    schedules: schedules ? 'on' : 'off',
  })
  const endpoints = endpointsOf(cloud, { stage, config, configDir, ...(demo && { demo }) })
  writeEndpoints(dataDir, endpoints)
  const dynamo = createDynamoClient({ ...CALL, ...clientConfig(cloud.endpoints.dynamodb) })
  const table = { client: dynamo, table: endpoints.tableName }
  const secretsManager = createSecretsClient({ ...CALL, ...clientConfig(cloud.endpoints.secretsmanager) })
  return {
    cloud,
    endpoints,
    ledger: new DynamoLedger({ ...table, clock: Date }),
    notes: new DynamoNotes({ ...table, clock: Date, ids: { next: () => randomUUID() } }),
    secrets: new AwsSecrets({ client: secretsManager, prefix: endpoints.secretPrefix }),
    stop: async () => {
      removeEndpoints(dataDir)
      dynamo.destroy()
      secretsManager.destroy()
      await cloud.stop()
    },
  }
}

/** Under the data directory: a configuration of one's own never meets the orders of the demo. */
export const cloudDirOf = (dataDir: string, whose: 'demo' | 'own') => join(dataDir, whose, 'cloud')
