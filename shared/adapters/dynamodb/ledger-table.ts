import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { TABLE } from '#contracts/table.ts'

type Item = Record<string, AttributeValue>

const NO_ROW_YET = 'attribute_not_exists(pk)'
const ROW_UNCHANGED = 'rev = :expected'

/** Where the page before ended. */
const CursorSchema = z.object({ pk: z.string(), stateAt: z.string() })

/** The rows of the one table, as both ledgers use them: written by their `rev`, found by the three indexes. */
export class LedgerTable {
  readonly #client: DynamoDBClient
  readonly #table: string
  /** What the keys of this ledger’s rows begin with. */
  readonly #prefix: string

  constructor({ client, table, prefix }: { client: DynamoDBClient; table: string; prefix: string }) {
    this.#client = client
    this.#table = table
    this.#prefix = prefix
  }

  /** Strongly consistent. */
  async read(key: Item): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    )
    return Item
  }

  /**
   * Writes a row if its `rev` is the next one. A write of ours that the SDK repeated is recognised by (rev, writer) and is ok;
   * else the row as it is now, undefined if it is gone.
   */
  async putNext(item: Item): Promise<{ ok: true } | { ok: false; current: Item | undefined }> {
    const rev = Number(item['rev']?.N)
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: item,
          ...(rev === 1
            ? { ConditionExpression: NO_ROW_YET }
            : {
                ConditionExpression: ROW_UNCHANGED,
                ExpressionAttributeValues: { ':expected': { N: String(rev - 1) } },
              }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      return { ok: true }
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      // An engine without ALL_OLD is asked for the row as it is now.
      const current = error.Item ?? (await this.read(keyOf(item)))
      const ours = current?.['rev']?.N === item['rev']?.N && current?.['writer']?.S === item['writer']?.S
      return ours ? { ok: true } : { ok: false, current }
    }
  }

  /** Every row of this ledger. Eventually consistent. */
  async findAll(index: 'byNo' | 'byRef', value: string): Promise<Item[]> {
    if (value === '') return []
    const found: Item[] = []
    let from: Item | undefined
    do {
      const { items, last } = await this.#query(index, value, from && { ExclusiveStartKey: from })
      found.push(...items.filter((item) => item['pk']?.S?.startsWith(this.#prefix)))
      from = last
    } while (from)
    return found
  }

  /** Rows under a state, oldest first. Eventually consistent. */
  async page(
    state: string,
    { limit, cursor }: { limit: number; cursor?: string },
  ): Promise<{ items: Item[]; cursor?: string }> {
    const { items, last } = await this.#query('byState', state, {
      Limit: limit,
      ...(cursor !== undefined && { ExclusiveStartKey: fromCursor(cursor, state) }),
    })
    return { items, ...(last && { cursor: toCursor(last) }) }
  }

  async #query(
    index: keyof typeof TABLE.indexes,
    value: string,
    more: Partial<QueryCommandInput> = {},
  ): Promise<{ items: Item[]; last: Item | undefined }> {
    const { Items, LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: '#key = :value',
        ExpressionAttributeNames: { '#key': TABLE.indexes[index].partitionKey.name },
        ExpressionAttributeValues: { ':value': { S: value } },
        ...more,
      }),
    )
    return { items: Items ?? [], last: LastEvaluatedKey }
  }
}

function keyOf(item: Item): Item {
  const { [TABLE.partitionKey.name]: pk, [TABLE.sortKey.name]: sk } = item
  return { ...(pk && { [TABLE.partitionKey.name]: pk }), ...(sk && { [TABLE.sortKey.name]: sk }) }
}

function toCursor(last: Item): string {
  const position = { pk: last['pk']?.S, stateAt: last['stateAt']?.N }
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

function fromCursor(cursor: string, key: string): Item {
  let position: unknown
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    position = undefined
  }
  const parsed = CursorSchema.safeParse(position)
  if (!parsed.success) throw new Error('the cursor is not one that list returned')
  const { pk, stateAt } = parsed.data
  return { pk: { S: pk }, sk: { S: 'row' }, stateKey: { S: key }, stateAt: { N: stateAt } }
}
