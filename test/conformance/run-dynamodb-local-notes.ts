import { afterAll } from 'vitest'
import { DynamoNotes } from '#adapters/dynamodb/dynamo-notes.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { dynamodbLocalEngine } from '../support/dynamodb-local-engine.ts'
import { dynamoNotesConformance } from './dynamo-notes.ts'
import { notesConformance } from './notes.ts'

const engine = dynamodbLocalEngine()
afterAll(() => engine.stop())

notesConformance('DynamoDB Local', async (clock) => {
  const store = { client: engine.newClient(), table: await engine.createTable() }
  return new DynamoNotes({ ...store, clock, ids: new CountingIds() })
})
dynamoNotesConformance('DynamoDB Local', () => engine)
