import { afterAll } from 'vitest'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { dynamodbLocalEngine } from '../support/dynamodb-local-engine.ts'
import { dynamoTargetGateConformance } from './dynamo-target-gate.ts'
import { targetGateConformance } from './target-gate.ts'

const engine = dynamodbLocalEngine()
afterAll(() => engine.stop())

targetGateConformance('DynamoDB Local', async (deps) => {
  const store = { client: engine.newClient(), table: await engine.createTable() }
  const ids = new CountingIds()
  return () => new DynamoTargetGate({ ...deps, ...store, ids })
})
dynamoTargetGateConformance('DynamoDB Local', () => engine)
