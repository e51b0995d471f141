import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { type WritebackKey, type WritebackRow, WritebackRowSchema } from '#contracts/writeback.ts'
import { itemKey } from './item-key.ts'
import { fromRowValue, toRowValue } from './row-value.ts'
import { UnreadableItemError } from './unreadable-item-error.ts'

type Item = Record<string, AttributeValue>

/** Beside the `L#` of the ledger: the indexes are one, and an order is found with all that belongs to it. */
export const WRITEBACK_PREFIX = 'W#'

export const writebackKey = ({ target, kind, id }: WritebackKey): Item =>
  itemKey(`${WRITEBACK_PREFIX}${target}#${kind}#${id}`, 'row')

export const writebackState = (target: string, status: 'open' | 'parked'): string => `${target}#wb-${status}`

/** Throws for a row that could not be read back. */
export function writebackToItem(row: WritebackRow): Item {
  return {
    ...writebackKey(row.key),
    rev: { N: String(row.rev) },
    writer: { S: row.writer },
    status: { S: row.status },
    // An empty string is no index key: DynamoDB refuses the whole item.
    ...(row.no === '' ? {} : { no: { S: row.no } }),
    ...(row.ref === '' ? {} : { ref: { S: row.ref } }),
    ...(row.status === 'done'
      ? {}
      : {
          stateKey: { S: writebackState(row.key.target, row.status) },
          stateAt: { N: String(row.updatedAt) },
        }),
    ...(row.expiresAt === undefined ? {} : { ttl: { N: String(row.expiresAt) } }),
    row: toRowValue(z.encode(WritebackRowSchema, row)),
  }
}

/** The errors of gunzip and JSON.parse may quote the content, so neither is passed on. */
export function itemToWriteback(item: Item): WritebackRow {
  let content: unknown
  try {
    content = fromRowValue(item['row'])
  } catch {
    throw new UnreadableItemError(item, 'its body is damaged')
  }
  const parsed = WritebackRowSchema.safeParse(content)
  if (!parsed.success) throw new UnreadableItemError(item, parsed.error)
  return parsed.data
}
