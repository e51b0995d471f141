import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Note, Notes } from '#ports/notes.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import { fromParts, toParts } from './body-parts.ts'
import { itemKey } from './item-key.ts'
import { UnreadableItemError } from './unreadable-item-error.ts'

type Item = Record<string, AttributeValue>

/** DynamoDB may take two days to remove what has expired; until then it counts as gone. */
const EXPIRED = '#ttl <= :now'
const LIVE = '(attribute_not_exists(#ttl) OR #ttl > :now)'
/** Each lost race means that the note was written anew in between. */
const MAX_READS = 5

export interface DynamoNotesDeps {
  readonly client: DynamoDBClient
  readonly table: string
  readonly clock: Clock
  readonly ids: Ids
}

/**
 * Notes in the one table: a head that is changed by compare-and-set and names the parts of a long text. Parts bear the name
 * of their write, are put before the head and never changed while it names them. An unreachable table throws.
 */
export class DynamoNotes implements Notes {
  readonly #client: DynamoDBClient
  readonly #table: string
  readonly #clock: Clock
  readonly #ids: Ids

  constructor({ client, table, clock, ids }: DynamoNotesDeps) {
    this.#client = client
    this.#table = table
    this.#clock = clock
    this.#ids = ids
  }

  async read(name: string): Promise<Note | undefined> {
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      const head = await this.#get(headKey(name))
      if (!head || hasExpired(head, this.#clock.now())) return undefined
      const rest = await Promise.all(partsOf(head).map((sk) => this.#get({ ...headKey(name), sk })))
      const bodies = [head, ...rest].map((item) => item?.['body']?.B)
      // A part is missing where the note was written anew after its head was read.
      if (bodies.every((body) => body !== undefined)) return { rev: revOf(head), text: textOf(head, bodies) }
    }
    throw new UnreadableItemError(headKey(name), 'parts of it are missing')
  }

  async write(name: string, rev: number, text: string, ttlSeconds?: number): Promise<boolean> {
    const now = Math.floor(this.#clock.now() / 1000)
    const writer = this.#ids.next()
    const ttl = ttlSeconds === undefined ? {} : { ttl: { N: String(now + ttlSeconds) } }
    const [first = new Uint8Array(), ...rest] = toParts(text)
    const parts = rest.map((bytes, index) => ({
      ...headKey(name),
      sk: { S: `part#${writer}#${index + 1}` },
      body: { B: bytes },
      ...ttl,
    }))
    await Promise.all(parts.map((part) => this.#put(part)))
    try {
      const { Attributes } = await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            ...headKey(name),
            rev: { N: String(rev + 1) },
            writer: { S: writer },
            body: { B: first },
            ...(parts.length > 0 && { more: { L: parts.map(({ sk }) => sk) } }),
            ...ttl,
          },
          ConditionExpression:
            rev === 0 ? `attribute_not_exists(pk) OR ${EXPIRED}` : `rev = :rev AND ${LIVE}`,
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':now': { N: String(now) },
            ...(rev > 0 && { ':rev': { N: String(rev) } }),
          },
          ReturnValues: 'ALL_OLD',
        }),
      )
      await this.#retire(name, Attributes ? partsOf(Attributes) : [])
      return true
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      const current = await this.#get(headKey(name))
      if (current?.['writer']?.S === writer) return true
      await this.#retire(
        name,
        parts.map(({ sk }) => sk),
      )
      return false
    }
  }

  /** What no head names any more is emptied, and left to the TTL: that takes no leave to delete. */
  async #retire(name: string, parts: readonly AttributeValue[]): Promise<void> {
    const ttl = { N: String(Math.floor(this.#clock.now() / 1000)) }
    await Promise.all(parts.map((sk) => this.#put({ ...headKey(name), sk, ttl })))
  }

  async #get(key: Item): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    )
    return Item
  }

  async #put(item: Item): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item: item }))
  }
}

const headKey = (name: string): Item => itemKey(`N#${name}`, 'note')
const partsOf = (head: Item): AttributeValue[] => head['more']?.L ?? []
const revOf = (head: Item): number => Number(head['rev']?.N)
const hasExpired = (head: Item, nowMs: number): boolean =>
  head['ttl'] !== undefined && Number(head['ttl'].N) <= Math.floor(nowMs / 1000)

function textOf(head: Item, parts: readonly Uint8Array[]): string {
  try {
    return fromParts(parts)
  } catch {
    throw new UnreadableItemError(head, 'its body is damaged')
  }
}
