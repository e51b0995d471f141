import { createHash } from 'node:crypto'
import type { LedgerRow, RowKey } from '#contracts/ledger-row.ts'

export function aRowKey(overrides: Partial<RowKey> = {}): RowKey {
  return { shop: 'A1', kind: 'order', sourceId: '10086.1763712000', target: 'erp-one', ...overrides }
}

/** The first write of a row; the rest is overridden. */
export function aRow(overrides: Partial<LedgerRow> = {}): LedgerRow {
  return {
    v: 1,
    key: aRowKey(),
    rev: 1,
    writer: 'worker-1',
    no: '2026112112345',
    ref: 'ECA1-2026112112345-7s6',
    status: 'open',
    generation: 0,
    seen: { version: { epoch: 'epoch-one', seq: 7, epochNo: 0 }, wireHash: 'c0ffee' },
    shopState: { state: 'placed', payment: 'paid', everOpen: true, gone: false, revived: false },
    lines: [],
    cause: 'event',
    firstSeenAt: 1_763_712_000_000,
    updatedAt: 1_763_712_000_000,
    history: [],
    ...overrides,
  }
}

/** Lines with SKUs that do not compress well. */
export function rowLines(count: number): LedgerRow['lines'] {
  return Array.from({ length: count }, (_, index) => ({
    recId: String(4_000_000 + index),
    sku: createHash('sha256').update(String(index)).digest('base64').slice(0, 16),
    qty: (index % 9) + 1,
    sentQty: index % 3,
    shipped: index % 2,
    reserved: 0,
    at: 1_763_712_000_000 + index * 37,
  }))
}
