import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow, RowKey, RowStatus } from '#contracts/ledger-row.ts'
import type { Ledger, Written } from '#ports/ledger.ts'
import type { Clock } from '#ports/runtime.ts'
import {
  bodyToItems,
  type Item,
  isLive,
  itemsToText,
  itemToPersonsRow,
  itemToRow,
  partitionOf,
  partKeys,
  personKey,
  personPartition,
  personToItem,
  requestIdIn,
  requestKey,
  rowKey,
  rowToItem,
  stateKey,
  subjectKey,
  subjectToText,
  textToSubject,
} from './ledger-item.ts'
import { LedgerTable } from './ledger-table.ts'

const DEFAULT_PAGE = 100

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
  readonly #rows: LedgerTable

  constructor({ client, table, clock }: DynamoLedgerDeps) {
    this.#client = client
    this.#table = table
    this.#clock = clock
    this.#rows = new LedgerTable({ client, table, prefix: 'L#' })
  }

  async get(key: RowKey): Promise<LedgerRow | undefined> {
    const item = await this.#rows.read(rowKey(key))
    return item && itemToRow(item)
  }

  async getMany(keys: readonly RowKey[]): Promise<(LedgerRow | undefined)[]> {
    const items = await this.#rows.readMany(keys.map(rowKey))
    return items.map((item) => item && itemToRow(item))
  }

  async put(row: LedgerRow): Promise<Written> {
    const written = await this.#rows.putNext(rowToItem(row))
    return written.ok ? written : { ok: false, current: written.current && itemToRow(written.current) }
  }

  /** What finds it comes first: nothing is ever stored that nobody finds. */
  async putSubject(
    key: RowKey,
    subject: Subject,
    ttlSeconds: number,
    people: readonly string[] = [],
  ): Promise<void> {
    const expiresAt = this.#expiry(ttlSeconds)
    await Promise.all(people.map((person) => this.#put(personToItem(person, key, expiresAt))))
    await this.#putBody(subjectKey(key), subjectToText(subject), ttlSeconds)
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

  async getRequests(key: RowKey): Promise<Record<string, string>> {
    const items = await this.#rows.partition(partitionOf(key))
    const ids = items.flatMap((item) => requestIdIn(item) ?? [])
    const requests = await Promise.all(ids.map(async (id) => [id, await this.getRequest(key, id)] as const))
    return Object.fromEntries(requests.filter((entry): entry is [string, string] => entry[1] !== undefined))
  }

  async removeBodies(
    key: RowKey,
    people: readonly string[],
  ): Promise<{ subjects: number; requests: number }> {
    const items = await this.#rows.partition(partitionOf(key))
    const isRow = (item: Item) => item['sk']?.S === rowKey(key)['sk']?.S
    for (const item of items) if (!isRow(item)) await this.#rows.remove(item)
    for (const person of people) await this.#rows.remove(personKey(person, key))
    const now = this.#clock.now()
    const live = items.filter((item) => !isRow(item) && isLive(item, now))
    return {
      subjects: live.filter((item) => item['sk']?.S === subjectKey(key)['sk']?.S).length,
      requests: live.filter((item) => requestIdIn(item) !== undefined).length,
    }
  }

  async findByNo(no: string): Promise<LedgerRow[]> {
    return (await this.#rows.findAll('byNo', no)).map(itemToRow)
  }

  async findByRef(ref: string): Promise<LedgerRow[]> {
    return (await this.#rows.findAll('byRef', ref)).map(itemToRow)
  }

  async findByPerson(person: string): Promise<LedgerRow[]> {
    const now = this.#clock.now()
    const items = (await this.#rows.partition(personPartition(person))).filter((item) => isLive(item, now))
    const rows = await this.getMany(items.map(itemToPersonsRow))
    return rows.filter((row) => row !== undefined).sort((a, b) => b.firstSeenAt - a.firstSeenAt)
  }

  async list(
    target: string,
    status: Exclude<RowStatus, 'done' | 'erased'>,
    page: { limit: number; cursor?: string } = { limit: DEFAULT_PAGE },
  ): Promise<{ rows: LedgerRow[]; cursor?: string }> {
    const { items, ...more } = await this.#rows.page(stateKey(target, status), page)
    return { rows: items.map(itemToRow), ...more }
  }

  async #putBody(key: Item, text: string, ttlSeconds: number): Promise<void> {
    for (const item of bodyToItems(key, text, this.#expiry(ttlSeconds))) await this.#put(item)
  }

  async #put(item: Item): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item: item }))
  }

  #expiry(ttlSeconds: number): number {
    return Math.ceil(this.#clock.now() / 1000) + ttlSeconds
  }

  async #getBody(key: Item): Promise<string | undefined> {
    const first = await this.#rows.read(key)
    if (!first || !isLive(first, this.#clock.now())) return undefined
    const parts = await Promise.all(partKeys(key, first).map((part) => this.#rows.read(part)))
    const items = [first, ...parts]
    return items.every((item) => item !== undefined) ? itemsToText(items, key) : undefined
  }
}
