import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { type Subject, SubjectSchema } from '#contracts/delivery-message.ts'
import { type LedgerRow, LedgerRowSchema, type RowKey, type RowStatus } from '#contracts/ledger-row.ts'
import { itemKey } from './item-key.ts'
import { UnreadableItemError } from './unreadable-item-error.ts'

export type Item = Record<string, AttributeValue>

/** Above this a row is gzipped: it is read and written several times per delivery, and a thousand lines are 100 kB of text. */
const PLAIN_ROW_BYTES = 8_192
/** DynamoDB takes 400 kB in an item; a body that gzip does not get below this is cut. */
const PART_BYTES = 380_000
/** The statuses somebody looks for; rows without them stay out of the index `byState`. */
const LISTED: ReadonlySet<RowStatus> = new Set<RowStatus>(['new', 'open', 'held', 'parked'])

export const rowKey = (key: RowKey): Item => itemKey(partition(key), 'row')
export const subjectKey = (key: RowKey): Item => itemKey(partition(key), 'subject')
export const requestKey = (key: RowKey, id: string): Item => itemKey(partition(key), `request#${id}`)
export const stateKey = (target: string, status: RowStatus): string => `${target}#${status}`
const partition = (key: RowKey): string => `L#${key.shop}#${key.kind}#${key.sourceId}#${key.target}`

/** The row as an item: what conditions and indexes need beside the row itself. Throws for a row that could not be read back. */
export function rowToItem(row: LedgerRow): Item {
  const json = JSON.stringify(z.encode(LedgerRowSchema, row))
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
    row: Buffer.byteLength(json) > PLAIN_ROW_BYTES ? { B: gzipSync(json) } : { S: json },
  }
}

export function itemToRow(item: Item): LedgerRow {
  return read(item, LedgerRowSchema, () => {
    const stored = item['row']
    return JSON.parse(stored?.B ? gunzipSync(stored.B).toString() : (stored?.S ?? ''))
  })
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
  const bytes = gzipSync(text)
  const ttl = { N: String(expiresAt) }
  const digest = createHash('sha256').update(bytes).digest('hex')
  const parts: Item[] = []
  const more: AttributeValue[] = []
  for (let from = PART_BYTES; from < bytes.length; from += PART_BYTES) {
    const sk = { S: `${key['sk']?.S}#${digest}#${parts.length + 1}` }
    parts.push({ ...key, sk, body: { B: bytes.subarray(from, from + PART_BYTES) }, ttl })
    more.push(sk)
  }
  const first = { ...key, body: { B: bytes.subarray(0, PART_BYTES) }, ttl }
  return [...parts, more.length > 0 ? { ...first, more: { L: more } } : first]
}

/** The keys of the parts that belong to a body's first item. */
export function partKeys(key: Item, first: Item): Item[] {
  return (first['more']?.L ?? []).map((sk) => ({ ...key, sk }))
}

export function itemsToText(items: readonly Item[], key: Item): string {
  return read(key, z.string(), () =>
    gunzipSync(Buffer.concat(items.map((item) => item['body']?.B ?? new Uint8Array()))).toString(),
  )
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
