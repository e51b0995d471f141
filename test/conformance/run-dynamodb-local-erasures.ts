import { afterAll } from 'vitest'
import { DynamoErasures } from '#adapters/dynamodb/dynamo-erasures.ts'
import { dynamodbLocalEngine } from '../support/dynamodb-local-engine.ts'
import { erasuresConformance } from './erasures.ts'

const engine = dynamodbLocalEngine()
afterAll(() => engine.stop())

erasuresConformance(
  'DynamoDB Local',
  async () => new DynamoErasures({ client: engine.newClient(), table: await engine.createTable() }),
)
