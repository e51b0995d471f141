import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { Ledger } from '#ports/ledger.ts'

const PAGE = 200

/** Every row of a target in this status, oldest first. */
export async function allRows(
  ledger: Pick<Ledger, 'list'>,
  target: string,
  status: Parameters<Ledger['list']>[1],
): Promise<LedgerRow[]> {
  const all: LedgerRow[] = []
  let cursor: string | undefined
  do {
    const page = await ledger.list(target, status, {
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    })
    all.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
}
