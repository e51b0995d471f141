import { afterAll } from 'vitest'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { dynamodbLocalEngine } from '../support/dynamodb-local-engine.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { dynamoWritebackLedgerConformance } from './dynamo-writeback-ledger.ts'
import { writebackLedgerConformance } from './writeback-ledger.ts'

const engine = dynamodbLocalEngine()
afterAll(() => engine.stop())

writebackLedgerConformance('DynamoDB Local', async () => {
  const stores = { client: engine.newClient(), table: await engine.createTable(), clock: new ManualClock() }
  return { writebacks: new DynamoWritebackLedger(stores), ledger: new DynamoLedger(stores) }
})
dynamoWritebackLedgerConformance('DynamoDB Local', () => engine)
