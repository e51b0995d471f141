import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DescribeTableCommandOutput,
  DynamoDBClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'
import db from 'dynalite/db/index.js'
import { clientConfig } from './client-config.ts'
import { CloudError } from './cloud-error.ts'
import { close, listen } from './listen.ts'
import type { TableResource } from './resources.ts'

export interface TableEngine {
  readonly endpoint: string
  createMissing(tables: readonly TableResource[]): Promise<void>
  readonly stop: () => Promise<void>
}

/** DynamoDB by dynalite, on disk in `directory`. */
export async function startTableEngine(directory: string): Promise<TableEngine> {
  const server = dynalite({ path: directory, createTableMs: 0 })
  bufferRequests(server)
  letReadsEnd()
  const endpoint = await listen(server)
  return {
    endpoint,
    createMissing: async (tables) => {
      const client = new DynamoDBClient(clientConfig(endpoint))
      await Promise.all(tables.map((table) => createIfMissing(client, table, directory)))
      client.destroy()
    },
    stop: () => close(server),
  }
}

/** dynalite throws, outside any call of ours, when a client dies while it sends: it is handed whole requests only. */
function bufferRequests(server: Server): void {
  const handlers = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    buffer(request).then(
      (body) => {
        const { method, url, headers } = request
        const whole = Object.assign(Readable.from(body.length > 0 ? [body] : []), { method, url, headers })
        for (const handle of handlers) handle.call(server, whole, response)
      },
      () => response.destroy(),
    )
  })
}

/** dynalite 4.0.0 ends a read by `return`, which its iterators lack: each query would keep its snapshot for ever. */
function letReadsEnd(): void {
  const iterator = Object.getPrototypeOf(Object.getPrototypeOf(db.create({}).db.values({ gte: '', lt: '' })))
  iterator.return ??= function (this: { close(): Promise<void> }) {
    return this.close()
  }
}

async function createIfMissing(
  client: DynamoDBClient,
  table: TableResource,
  directory: string,
): Promise<void> {
  const existing = await describe(client, table.name)
  if (!existing) {
    await client.send(
      new CreateTableCommand({ ...table.schema, TableName: table.name, BillingMode: 'PAY_PER_REQUEST' }),
    )
    while ((await describe(client, table.name))?.TableStatus !== 'ACTIVE') await delay(5)
    return
  }
  if (shapeOf(existing) !== shapeOf(table.schema)) {
    throw new CloudError(
      'data-outdated',
      `The table ${table.name} in ${directory} has other keys or indexes than the template; start with fresh data.`,
      { dataDir: directory, table: table.name },
    )
  }
}

async function describe(
  client: DynamoDBClient,
  name: string,
): Promise<DescribeTableCommandOutput['Table'] | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }))
    return Table
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

type Shaped = Pick<
  NonNullable<DescribeTableCommandOutput['Table']>,
  'KeySchema' | 'GlobalSecondaryIndexes' | 'LocalSecondaryIndexes'
>

/** Keys and indexes as text; their order in a description means nothing. */
function shapeOf({ KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes }: Shaped): string {
  const key = (schema: Shaped['KeySchema']) =>
    (schema ?? []).map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`)
  const indexes = [...(GlobalSecondaryIndexes ?? []), ...(LocalSecondaryIndexes ?? [])]
    .map(({ IndexName, KeySchema, Projection }) => [
      IndexName,
      ...key(KeySchema),
      Projection?.ProjectionType,
      ...(Projection?.NonKeyAttributes ?? []).toSorted(),
    ])
    .map((parts) => parts.join(' '))
    .toSorted()
  return [...key(KeySchema), ...indexes].join('\n')
}
