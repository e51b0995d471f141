import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'

const PAGE = 200

/** Every row of a target in this status, oldest first. */
export const allRows = (
  ledger: Pick<Ledger, 'list'>,
  target: string,
  status: Parameters<Ledger['list']>[1],
): Promise<LedgerRow[]> => allOf((page) => ledger.list(target, status, page))

/** The same of the write-backs. */
export const allWritebacks = (
  writebacks: Pick<WritebackLedger, 'list'>,
  target: string,
  status: Parameters<WritebackLedger['list']>[1],
): Promise<WritebackRow[]> => allOf((page) => writebacks.list(target, status, page))

async function allOf<Row>(
  list: (page: { limit: number; cursor?: string }) => Promise<{ rows: Row[]; cursor?: string }>,
): Promise<Row[]> {
  const all: Row[] = []
  let cursor: string | undefined
  do {
    const page = await list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) })
    all.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
}
