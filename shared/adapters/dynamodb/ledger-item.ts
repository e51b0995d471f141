import { createHash } from 'node:crypto'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { type Subject, SubjectSchema } from '#contracts/delivery-message.ts'
import {
  type LedgerRow,
  LedgerRowSchema,
  type RowKey,
  RowKeySchema,
  type RowStatus,
} from '#contracts/ledger-row.ts'
import { fromParts, toParts } from './body-parts.ts'
import { itemKey } from './item-key.ts'
import { fromRowValue, toRowValue } from './row-value.ts'
import { UnreadableItemError } from './unreadable-item-error.ts'

export type Item = Record<string, AttributeValue>

/** The statuses somebody looks for; rows without them stay out of the index `byState`. */
const LISTED: ReadonlySet<RowStatus> = new Set<RowStatus>(['new', 'open', 'held', 'parked'])

export const rowKey = (key: RowKey): Item => itemKey(partitionOf(key), 'row')
export const subjectKey = (key: RowKey): Item => itemKey(partitionOf(key), 'subject')
export const requestKey = (key: RowKey, id: string): Item => itemKey(partitionOf(key), `${REQUEST}${id}`)
const REQUEST = 'request#'
/** Undefined: the item is something else, or a further part of a request. */
export function requestIdIn(item: Item): string | undefined {
  const sk = item['sk']?.S
  const isPart = item['body'] !== undefined && /#[0-9a-f]{64}#\d+$/.test(sk ?? '')
  return sk?.startsWith(REQUEST) && !isPart ? sk.slice(REQUEST.length) : undefined
}
/** Every item of a row: itself, and what is stored beside it. */
export const partitionOf = (key: RowKey): string => `L#${key.shop}#${key.kind}#${key.sourceId}#${key.target}`
/** A person finds rows by the items of a partition of their own. */
export const personPartition = (person: string): string => `P#${person}`
export const stateKey = (target: string, status: RowStatus): string => `${target}#${status}`

/** The row as an item: what conditions and indexes need beside the row itself. Throws for a row that could not be read back. */
export function rowToItem(row: LedgerRow): Item {
  return {
    ...rowKey(row.key),
    rev: { N: String(row.rev) },
    writer: { S: row.writer },
    status: { S: row.status },
    // An empty string is no index key: DynamoDB refuses the whole item.
    ...(row.no === '' ? {} : { no: { S: row.no } }),
    ref: { S: row.ref },
    ...(LISTED.has(row.status) && {
      stateKey: { S: stateKey(row.key.target, row.status) },
      stateAt: { N: String(row.updatedAt) },
    }),
    row: toRowValue(z.encode(LedgerRowSchema, row)),
  }
}

/** Lets a person find a row. */
export function personToItem(person: string, key: RowKey, expiresAt: number): Item {
  return {
    ...personKey(person, key),
    key: { S: JSON.stringify(key) },
    ttl: { N: String(expiresAt) },
  }
}

export const personKey = (person: string, key: RowKey): Item =>
  itemKey(personPartition(person), partitionOf(key))

export const itemToPersonsRow = (item: Item): RowKey =>
  read(item, RowKeySchema, () => JSON.parse(item['key']?.S ?? ''))

export function itemToRow(item: Item): LedgerRow {
  return read(item, LedgerRowSchema, () => fromRowValue(item['row']))
}

export function subjectToText(subject: Subject): string {
  return JSON.stringify(z.encode(SubjectSchema, subject))
}

export function textToSubject(key: Item, text: string): Subject {
  return read(key, SubjectSchema, () => JSON.parse(text))
}

/**
 * A body as items, in the order to write them: parts carry the digest of the whole in their keys, so that no reader ever
 * joins parts of two bodies, and the item that names them comes last.
 */
export function bodyToItems(key: Item, text: string, expiresAt: number): Item[] {
  const [first = new Uint8Array(), ...rest] = toParts(text)
  const ttl = { N: String(expiresAt) }
  const digest = createHash('sha256').update(first)
  for (const bytes of rest) digest.update(bytes)
  const name = digest.digest('hex')
  const parts = rest.map((bytes, index) => ({
    ...key,
    sk: { S: `${key['sk']?.S}#${name}#${index + 1}` },
    body: { B: bytes },
    ttl,
  }))
  const head = { ...key, body: { B: first }, ttl }
  return [...parts, parts.length > 0 ? { ...head, more: { L: parts.map(({ sk }) => sk) } } : head]
}

/** The keys of the parts that belong to a body's first item. */
export function partKeys(key: Item, first: Item): Item[] {
  return (first['more']?.L ?? []).map((sk) => ({ ...key, sk }))
}

export function itemsToText(items: readonly Item[], key: Item): string {
  return read(key, z.string(), () => fromParts(items.map((item) => item['body']?.B ?? new Uint8Array())))
}

/** DynamoDB may take two days to remove what has expired. */
export function isLive(item: Item, nowMs: number): boolean {
  return Number(item['ttl']?.N) * 1000 > nowMs
}

/** The errors of gunzip and JSON.parse may quote the content, so neither is passed on. */
function read<T>(item: Item, schema: z.ZodType<T>, content: () => unknown): T {
  let parsed: z.ZodSafeParseResult<T>
  try {
    parsed = schema.safeParse(content())
  } catch {
    throw new UnreadableItemError(item, 'its body is damaged')
  }
  if (!parsed.success) throw new UnreadableItemError(item, parsed.error)
  return parsed.data
}
