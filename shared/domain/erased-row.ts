import type { Intent, LedgerRow } from '#contracts/ledger-row.ts'
import { withHistory } from './row.ts'

/**
 * A row whose person was erased: references, quantities and the ERP's document stay, every sentence that may speak of
 * somebody goes. Nobody works on it any more.
 */
export function erasedRow(row: LedgerRow, now: number, writer: string): LedgerRow {
  const { reason: _reason, claim: _claim, wakeAt: _wakeAt, enqueued: _enqueued, intent, parts, ...rest } = row
  const erased: LedgerRow = {
    ...rest,
    ...(intent ? { intent: withoutBytes(intent) } : {}),
    ...(parts ? { parts: wordlessParts(parts) } : {}),
    rev: row.rev + 1,
    writer,
    status: 'erased',
    cause: 'event',
    updatedAt: now,
    history: row.history.map(({ detail: _detail, ...entry }) => entry),
  }
  return withHistory(erased, { at: now, event: 'erased' })
}

const withoutBytes = ({ bytes: _bytes, ...intent }: Intent): Intent => intent

/** What was asked for and what left, without the words of a desk or of the ERP. */
const wordlessParts = ({ lines, parcels }: NonNullable<LedgerRow['parts']>): LedgerRow['parts'] => ({
  lines: lines.map((line) => ({ ...line, description: '' })),
  parcels,
})

/** An erased guest who came back: the row starts anew, with a document of its own. */
export function rebornRow(row: LedgerRow): LedgerRow {
  const { erp, applied: _applied, intent, unsettledUntil: _until, ...rest } = row
  const last = Math.max(row.generation, erp?.generation ?? 0, intent?.generation ?? 0)
  return { ...rest, status: 'new', generation: erp || intent ? last + 1 : last }
}
