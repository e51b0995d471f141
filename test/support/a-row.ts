import type { LedgerRow } from '#contracts/ledger-row.ts'

/** A ledger row of order 1001 that nothing has happened to yet, changed as said. */
export function aRow(change: Partial<LedgerRow> = {}): LedgerRow {
  return {
    v: 1,
    key: { shop: 'demo', kind: 'order', sourceId: '1001.5', target: 'erp' },
    rev: 1,
    writer: 'w1',
    no: '2026112012345',
    ref: 'ECdemo-2026112012345-rt',
    status: 'open',
    generation: 0,
    seen: { version: { epoch: 'e-1', epochNo: 0, seq: 7 }, wireHash: '0'.repeat(64) },
    shopState: { state: 'confirmed', payment: 'paid', everOpen: true, gone: false, revived: false },
    lines: [],
    cause: 'event',
    firstSeenAt: 1_000,
    updatedAt: 1_000,
    history: [],
    ...change,
  }
}
