import { afterAll, beforeAll } from 'vitest'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { startDynalite } from '../support/dynalite-engine.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { dynamoLedgerConformance } from './dynamo-ledger.ts'
import { ledgerConformance } from './ledger.ts'

let engine: DynamoEngine
beforeAll(async () => {
  engine = await startDynalite()
})
afterAll(() => engine.stop())

ledgerConformance(
  'dynalite',
  async (clock) => new DynamoLedger({ client: engine.newClient(), table: await engine.createTable(), clock }),
)
dynamoLedgerConformance('dynalite', () => engine)
