import { type StockKept, StockKeptSchema, type StockRunInput } from '#contracts/stock-run.ts'
import { type RunEnd, underLock } from './run.ts'
import type { ReconcileStockDeps } from './stock/run-deps.ts'
import { runStock } from './stock/stock-run.ts'

export type { ReconcileStockDeps } from './stock/run-deps.ts'

/** As its lock and its lines in the log have it. */
export const stockRunName = (pool: string): string => `stock:${pool}`

const NOTHING_KEPT: StockKept = {
  startedAt: null,
  night: null,
  fullAt: null,
  fullSkus: 0,
  braked: null,
  erp: null,
  shops: {},
  again: [],
  underWay: {},
  place: null,
}

/**
 * Brings the ERP’s stock of one pool to its shops (protocol §5). `done`: everything that was to be looked at was, and what
 * differs is in the queue of the write-backs · `saved`: it goes on with the next tick · `waiting`: a gate is closed, or the
 * brake holds the plan · `failed`: what could not be read is looked at again, the cursors stay.
 *
 * @param endsAt when the function stops, epoch ms
 */
export async function reconcileStock(
  input: StockRunInput,
  deps: ReconcileStockDeps,
  endsAt: number,
): Promise<RunEnd> {
  const { pool, now = false } = input
  return underLock(stockRunName(pool), StockKeptSchema, NOTHING_KEPT, deps, (kept, hold) =>
    runStock(pool, now, kept, hold, deps, endsAt),
  )
}
