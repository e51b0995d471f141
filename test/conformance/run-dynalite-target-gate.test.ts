import { afterAll, beforeAll } from 'vitest'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { startDynalite } from '../support/dynalite-engine.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { dynamoTargetGateConformance } from './dynamo-target-gate.ts'
import { targetGateConformance } from './target-gate.ts'

let engine: DynamoEngine
beforeAll(async () => {
  engine = await startDynalite()
})
afterAll(() => engine.stop())

targetGateConformance('dynalite', async (deps) => {
  const store = { client: engine.newClient(), table: await engine.createTable() }
  const ids = new CountingIds()
  return () => new DynamoTargetGate({ ...deps, ...store, ids })
})
dynamoTargetGateConformance('dynalite', () => engine)
