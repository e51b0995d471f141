import type { SyncConfig } from '#contracts/config.ts'
import type { Pool } from '#contracts/stock.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Log } from '#ports/runtime.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'
import type { RunDeps } from '../run.ts'
import type { StockErp, StockShop } from './pool.ts'

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
