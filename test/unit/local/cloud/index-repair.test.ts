import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import db from 'dynalite/db/index.js'
import { expect, onTestFinished, test } from 'vitest'
import { repairIndexes } from '../../../../local/cloud/index-repair.ts'
import type { TableResource } from '../../../../local/cloud/resources.ts'
import { startTableEngine } from '../../../../local/cloud/table-engine.ts'
import { clientConfig } from '../../../support/cloud-fixture.ts'

const table: TableResource = {
  type: 'AWS::DynamoDB::Table',
  logicalId: 'Table',
  name: 'rows',
  ref: 'rows',
  schema: {
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'state', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byState',
        KeySchema: [{ AttributeName: 'state', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  },
}

async function withTables<T>(directory: string, use: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  const engine = await startTableEngine(directory)
  await engine.createMissing([table])
  const client = new DynamoDBClient(clientConfig(engine.endpoint))
  const result = await use(client)
  client.destroy()
  await engine.stop()
  return result
}

async function inState(client: DynamoDBClient, state: string) {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: 'rows',
      IndexName: 'byState',
      KeyConditionExpression: '#state = :state',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':state': { S: state } },
    }),
  )
  return Items.map(({ pk }) => pk?.S)
}

test('an index that a kill left half written is what its table says again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tables-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  await withTables(directory, async (client) => {
    for (const pk of ['one', 'two', 'three']) {
      await client.send(
        new PutItemCommand({ TableName: 'rows', Item: { pk: { S: pk }, state: { S: 'open' } } }),
      )
    }
  })
  await moveInIndexOnly(directory, 'two', 'parked')
  expect(
    await withTables(directory, async (client) => [
      await inState(client, 'open'),
      await inState(client, 'parked'),
    ]),
  ).toEqual([expect.not.arrayContaining(['two']), ['two']])

  await repairIndexes(directory)

  await withTables(directory, async (client) => {
    expect(await inState(client, 'open')).toHaveLength(3)
    expect(await inState(client, 'parked')).toEqual([])
  })
})

/** What dynalite has written when it is killed between the index and the item. */
async function moveInIndexOnly(directory: string, pk: string, state: string): Promise<void> {
  const { db: level } = db.create({ path: directory })
  const row = await level.get('table~rows')
  const index = {
    IndexName: 'byState',
    KeySchema: [{ AttributeName: 'state', KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  }
  const entryIn = (name: string) => {
    const { puts } = db.getIndexActions([index], null, { pk: { S: pk }, state: { S: name } }, row ?? {})
    return puts.map(({ key, item }) => ({ key: `index-global~rows~byState~${key}`, value: item }))
  }
  await level.batch([
    ...entryIn('open').map(({ key }) => ({ type: 'del' as const, key })),
    ...entryIn(state).map((entry) => ({ type: 'put' as const, ...entry })),
  ])
  await level.close()
}
