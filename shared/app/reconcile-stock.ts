import { type StockKept, StockKeptSchema } from '#contracts/stock-run.ts'
import { type RunEnd, underLock } from './run.ts'
import type { ReconcileStockDeps } from './stock/run-deps.ts'
import { runStock } from './stock/stock-run.ts'

export type { ReconcileStockDeps } from './stock/run-deps.ts'

/** What the schedule says: which pool, and whether to run although it is not due yet. */
export interface ReconcileStockInput {
  readonly pool: string
  readonly now?: boolean | undefined
}

const NOTHING_KEPT: StockKept = {
  startedAt: null,
  night: null,
  fullAt: null,
  fullSkus: 0,
  braked: null,
  erp: null,
  shops: {},
  again: [],
  pending: {},
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
  input: ReconcileStockInput,
  deps: ReconcileStockDeps,
  endsAt: number,
): Promise<RunEnd> {
  const { pool, now = false } = input
  return underLock(`stock:${pool}`, StockKeptSchema, NOTHING_KEPT, deps, (kept, hold) =>
    runStock(pool, now, kept, hold, deps, endsAt),
  )
}
