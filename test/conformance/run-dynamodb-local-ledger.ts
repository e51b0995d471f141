import { afterAll } from 'vitest'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { dynamodbLocalEngine } from '../support/dynamodb-local-engine.ts'
import { dynamoLedgerConformance } from './dynamo-ledger.ts'
import { ledgerConformance } from './ledger.ts'

const engine = dynamodbLocalEngine()
afterAll(() => engine.stop())

ledgerConformance(
  'DynamoDB Local',
  async (clock) => new DynamoLedger({ client: engine.newClient(), table: await engine.createTable(), clock }),
)
dynamoLedgerConformance('DynamoDB Local', () => engine)
