import type { SyncConfig } from '#contracts/config.ts'
import type { Pool } from '#contracts/stock.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Log } from '#ports/runtime.ts'
import type { ShopGateway } from '#ports/shop-gateway.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'
import type { RunDeps, RunEnd } from './run.ts'

/** What a run reads a shop for. It writes nothing itself: commands go to `writebacks`. */
export type StockShop = Pick<ShopGateway, 'health' | 'readStock' | 'changes' | 'digestPage'>

/** The ERP of a pool: what it is read for, and the steps of its documents. */
export type StockErp = Pick<ErpGateway, 'describe' | 'reads'>

export interface ReconcileStockDeps extends RunDeps {
  readonly pools: Readonly<Record<string, Pool>>
  readonly nightly: SyncConfig['nightly']
  readonly erp: (target: string) => StockErp
  readonly shops: (shop: string) => StockShop
  readonly ledger: Pick<Ledger, 'get'>
  /** Of targets by their names, of shops by `shopGateName`. */
  readonly gate: TargetGate
  readonly writebacks: WritebackQueue
  readonly log: Log
  /** Lets time pass: for a token of the rate, and for an ERP whose figures lag. */
  readonly wait: (ms: number) => Promise<void>
  /** How long one call to the ERP or a shop may take. */
  readonly callMs: number
}

/** What the schedule says: which pool, and whether to run although it is not due yet. */
export interface ReconcileStockInput {
  readonly pool: string
  readonly now?: boolean | undefined
}

/**
 * Brings the ERP’s stock of one pool to its shops (protocol §5). `done`: everything that was to be looked at was, and what
 * differs is in the queue of the write-backs · `saved`: it goes on with the next tick · `waiting`: a gate is closed, or the
 * brake has tripped.
 *
 * @param endsAt when the function stops, epoch ms
 */
export async function reconcileStock(
  _input: ReconcileStockInput,
  _deps: ReconcileStockDeps,
  _endsAt: number,
): Promise<RunEnd> {
  return { is: 'failed', why: 'not implemented yet' }
}
