import { afterAll, beforeAll } from 'vitest'
import { DynamoErasures } from '#adapters/dynamodb/dynamo-erasures.ts'
import { startDynalite } from '../support/dynalite-engine.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { erasuresConformance } from './erasures.ts'

let engine: DynamoEngine
beforeAll(async () => {
  engine = await startDynalite()
})
afterAll(() => engine.stop())

erasuresConformance(
  'dynalite',
  async () => new DynamoErasures({ client: engine.newClient(), table: await engine.createTable() }),
)
