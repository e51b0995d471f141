import { setTimeout } from 'node:timers/promises'
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
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

/** Keys that DynamoDB takes in one BatchGetItem. */
const BATCH_KEYS = 100
const FIRST_WAIT_MS = 50
const MAX_WAITS = 5

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

  /** Strongly consistent, in the order of the keys. */
  async readMany(keys: readonly Item[]): Promise<(Item | undefined)[]> {
    // DynamoDB refuses a key that comes twice in one call.
    const distinct = [...new Map(keys.map((key) => [nameOf(key), key])).values()]
    const found = new Map<string, Item>()
    for (let from = 0; from < distinct.length; from += BATCH_KEYS) {
      for (const item of await this.#readBatch(distinct.slice(from, from + BATCH_KEYS)))
        found.set(nameOf(item), item)
    }
    return keys.map((key) => found.get(nameOf(key)))
  }

  /** Asks again for what was left out: an answer holds 16 MB, and a throttled table gives less. */
  async #readBatch(keys: readonly Item[]): Promise<Item[]> {
    const items: Item[] = []
    let rest: Item[] = [...keys]
    for (let waits = 0; rest.length > 0; ) {
      const { Responses = {}, UnprocessedKeys = {} } = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: rest, ConsistentRead: true } } }),
      )
      items.push(...(Responses[this.#table] ?? []))
      const left = UnprocessedKeys[this.#table]?.Keys ?? []
      if (left.length === rest.length) {
        if (waits === MAX_WAITS)
          throw new Error('DynamoDB left every key of a batch unread, again and again.')
        await setTimeout(FIRST_WAIT_MS * 2 ** waits)
        waits += 1
      }
      rest = left
    }
    return items
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

  /** Every item of a partition. Strongly consistent. */
  async partition(value: string): Promise<Item[]> {
    const found: Item[] = []
    let from: Item | undefined
    do {
      const { Items = [], LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: '#key = :value',
          ExpressionAttributeNames: { '#key': TABLE.partitionKey.name },
          ExpressionAttributeValues: { ':value': { S: value } },
          ...(from && { ExclusiveStartKey: from }),
        }),
      )
      found.push(...Items)
      from = LastEvaluatedKey
    } while (from)
    return found
  }

  async remove(item: Item): Promise<void> {
    await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key: keyOf(item) }))
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

const nameOf = (item: Item): string => `${item['pk']?.S} ${item['sk']?.S}`

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
