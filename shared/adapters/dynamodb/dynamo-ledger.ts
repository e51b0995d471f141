import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import type { Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow, RowKey, RowStatus } from '#contracts/ledger-row.ts'
import { TABLE } from '#contracts/table.ts'
import type { Ledger, Written } from '#ports/ledger.ts'
import type { Clock } from '#ports/runtime.ts'
import {
  bodyToItems,
  type Item,
  isLive,
  itemsToText,
  itemToRow,
  partKeys,
  requestKey,
  rowKey,
  rowToItem,
  stateKey,
  subjectKey,
  subjectToText,
  textToSubject,
} from './ledger-item.ts'

const NO_ROW_YET = 'attribute_not_exists(pk)'
const ROW_UNCHANGED = 'rev = :expected'
const DEFAULT_PAGE = 100

/** Where the page before ended. */
const CursorSchema = z.object({ pk: z.string(), stateAt: z.string() })

export interface DynamoLedgerDeps {
  readonly client: DynamoDBClient
  readonly table: string
  readonly clock: Clock
}

/** The ledger in the one table. An unreachable table throws the SDK's error: the delivery is tried again. */
export class DynamoLedger implements Ledger {
  readonly #client: DynamoDBClient
  readonly #table: string
  readonly #clock: Clock

  constructor({ client, table, clock }: DynamoLedgerDeps) {
    this.#client = client
    this.#table = table
    this.#clock = clock
  }

  async get(key: RowKey): Promise<LedgerRow | undefined> {
    const item = await this.#read(rowKey(key))
    return item && itemToRow(item)
  }

  async put(row: LedgerRow): Promise<Written> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: rowToItem(row),
          ...(row.rev === 1
            ? { ConditionExpression: NO_ROW_YET }
            : {
                ConditionExpression: ROW_UNCHANGED,
                ExpressionAttributeValues: { ':expected': { N: String(row.rev - 1) } },
              }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      return { ok: true }
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      // An engine without ALL_OLD is asked for the row as it is now.
      const current = error.Item ? itemToRow(error.Item) : await this.get(row.key)
      const ours = current?.rev === row.rev && current.writer === row.writer
      return ours ? { ok: true } : { ok: false, current }
    }
  }

  putSubject(key: RowKey, subject: Subject, ttlSeconds: number): Promise<void> {
    return this.#putBody(subjectKey(key), subjectToText(subject), ttlSeconds)
  }

  async getSubject(key: RowKey): Promise<Subject | undefined> {
    const text = await this.#getBody(subjectKey(key))
    return text === undefined ? undefined : textToSubject(subjectKey(key), text)
  }

  putRequest(key: RowKey, id: string, bytes: string, ttlSeconds: number): Promise<void> {
    return this.#putBody(requestKey(key, id), bytes, ttlSeconds)
  }

  getRequest(key: RowKey, id: string): Promise<string | undefined> {
    return this.#getBody(requestKey(key, id))
  }

  findByNo(no: string): Promise<LedgerRow[]> {
    return this.#findAll('byNo', no)
  }

  findByRef(ref: string): Promise<LedgerRow[]> {
    return this.#findAll('byRef', ref)
  }

  async list(
    target: string,
    status: Exclude<RowStatus, 'done' | 'erased'>,
    page: { limit: number; cursor?: string } = { limit: DEFAULT_PAGE },
  ): Promise<{ rows: LedgerRow[]; cursor?: string }> {
    const key = stateKey(target, status)
    const { items, last } = await this.#query('byState', key, {
      Limit: page.limit,
      ...(page.cursor !== undefined && { ExclusiveStartKey: fromCursor(page.cursor, key) }),
    })
    return { rows: items.map(itemToRow), ...(last && { cursor: toCursor(last) }) }
  }

  async #findAll(index: 'byNo' | 'byRef', value: string): Promise<LedgerRow[]> {
    if (value === '') return []
    const rows: LedgerRow[] = []
    let from: Item | undefined
    do {
      const { items, last } = await this.#query(index, value, from && { ExclusiveStartKey: from })
      rows.push(...items.map(itemToRow))
      from = last
    } while (from)
    return rows
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

  async #read(key: Item): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    )
    return Item
  }

  async #putBody(key: Item, text: string, ttlSeconds: number): Promise<void> {
    const expiresAt = Math.ceil(this.#clock.now() / 1000) + ttlSeconds
    for (const item of bodyToItems(key, text, expiresAt)) {
      await this.#client.send(new PutItemCommand({ TableName: this.#table, Item: item }))
    }
  }

  async #getBody(key: Item): Promise<string | undefined> {
    const first = await this.#read(key)
    if (!first || !isLive(first, this.#clock.now())) return undefined
    const parts = await Promise.all(partKeys(key, first).map((part) => this.#read(part)))
    const items = [first, ...parts]
    return items.every((item) => item !== undefined) ? itemsToText(items, key) : undefined
  }
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
