import { afterAll, beforeAll } from 'vitest'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { startDynalite } from '../support/dynalite-engine.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { dynamoWritebackLedgerConformance } from './dynamo-writeback-ledger.ts'
import { writebackLedgerConformance } from './writeback-ledger.ts'

let engine: DynamoEngine
beforeAll(async () => {
  engine = await startDynalite()
})
afterAll(() => engine.stop())

writebackLedgerConformance('dynalite', async () => {
  const stores = { client: engine.newClient(), table: await engine.createTable(), clock: new ManualClock() }
  return { writebacks: new DynamoWritebackLedger(stores), ledger: new DynamoLedger(stores) }
})
dynamoWritebackLedgerConformance('dynalite', () => engine)
