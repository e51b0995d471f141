import { createHash } from 'node:crypto'
import type { ContentHash } from '#contracts/ledger-row.ts'
import type { Order } from '#contracts/order.ts'
import { contentOf } from '#domain/content.ts'
import type { OrderWrite, Write } from '#ports/erp-gateway.ts'

/** Keys sorted at every depth, so that the order a bridge or a mapping writes them in is no difference. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  )
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Hash function 1. A change of it gets a new number, and the old one stays, by `v`. */
export function contentHash(order: Order, mapped: unknown): ContentHash {
  return hashes(contentOf(order), mapped)
}

/** The same of any write. */
export function hashOf<W extends Write>(write: W, mapped: unknown): ContentHash {
  const { reference: _reference, identity: _identity, document: _document, ...thing } = write
  if ('return' in thing) return hashes(thing.return, mapped)
  return isOrderWrite(write) ? contentHash(write.order, mapped) : hashes(thing, mapped)
}

const isOrderWrite = (write: Write): write is OrderWrite => 'lineReference' in write

function hashes(source: unknown, mapped: unknown): ContentHash {
  return { v: 1, source: sha256(stableJson(source)), mapped: sha256(stableJson(mapped)) }
}

/** For references that have no room for an order_sn: base 36 of SHA-256. */
export function shortHash(text: string, characters: number): string {
  return BigInt(`0x${sha256(text)}`)
    .toString(36)
    .slice(0, characters)
}
