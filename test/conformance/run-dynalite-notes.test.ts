import { afterAll, beforeAll } from 'vitest'
import { DynamoNotes } from '#adapters/dynamodb/dynamo-notes.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { startDynalite } from '../support/dynalite-engine.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { dynamoNotesConformance } from './dynamo-notes.ts'
import { notesConformance } from './notes.ts'

let engine: DynamoEngine
beforeAll(async () => {
  engine = await startDynalite()
})
afterAll(() => engine.stop())

notesConformance('dynalite', async (clock) => {
  const store = { client: engine.newClient(), table: await engine.createTable() }
  return new DynamoNotes({ ...store, clock, ids: new CountingIds() })
})
dynamoNotesConformance('dynalite', () => engine)
