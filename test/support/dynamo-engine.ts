import {
  type AttributeDefinition,
  CreateTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
} from '@aws-sdk/client-dynamodb'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { TABLE } from '#contracts/table.ts'

/** A DynamoDB that a suite may create tables in. */
export interface DynamoEngine {
  newClient(): DynamoDBClient
  /** An empty table of the product's shape. */
  createTable(): Promise<string>
  stop(): Promise<void>
}

export function dynamoEngine(endpoint: string, stopServer: () => Promise<void>): DynamoEngine {
  const clients: DynamoDBClient[] = []
  let tables = 0
  const newClient = () => {
    const client = createDynamoClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 2_000,
      requestTimeoutMs: 10_000,
      maxAttempts: 3,
    })
    clients.push(client)
    return client
  }
  return {
    newClient,
    createTable: async () => {
      tables += 1
      const name = `table-${process.pid}-${tables}`
      await newClient().send(createTable(name))
      return name
    },
    stop: async () => {
      for (const client of clients) client.destroy()
      await stopServer()
    },
  }
}

type KeyPart = { readonly name: string; readonly type: 'S' | 'N' }

function createTable(name: string): CreateTableCommand {
  const keySchema = (partition: KeyPart, sort: KeyPart | undefined): KeySchemaElement[] => [
    { AttributeName: partition.name, KeyType: 'HASH' },
    ...(sort ? [{ AttributeName: sort.name, KeyType: 'RANGE' as const }] : []),
  ]
  const indexes = Object.entries(TABLE.indexes)
  const parts: (KeyPart | undefined)[] = [
    TABLE.partitionKey,
    TABLE.sortKey,
    ...indexes.flatMap(([, index]) => [index.partitionKey, index.sortKey]),
  ]
  const attributes = new Map<string, AttributeDefinition>()
  for (const part of parts) {
    if (part) attributes.set(part.name, { AttributeName: part.name, AttributeType: part.type })
  }
  return new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema(TABLE.partitionKey, TABLE.sortKey),
    AttributeDefinitions: [...attributes.values()],
    GlobalSecondaryIndexes: indexes.map(([indexName, index]) => ({
      IndexName: indexName,
      KeySchema: keySchema(index.partitionKey, index.sortKey),
      Projection: { ProjectionType: 'ALL' },
    })),
  })
}
