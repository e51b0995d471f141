import type { StockMode } from '#contracts/bridge.ts'
import type { Pool } from '#contracts/stock.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import type { ErpStock } from '#ports/erp-reads.ts'
import type { ShopGateway } from '#ports/shop-gateway.ts'

/** What a run reads a shop for. It writes nothing itself: commands go to the queue of the write-backs. */
export type StockShop = Pick<ShopGateway, 'health' | 'readStock' | 'changes' | 'digestPage'>

/** The ERP of a pool: what it is read for, and the steps of its documents. */
export interface StockErp extends Pick<ErpGateways, 'reads'> {
  describe(): { readonly steps: readonly string[] }
}

export interface PoolShop {
  readonly id: string
  readonly share: number
  readonly mode: StockMode
  readonly gateway: StockShop
}

/** A pool as one invocation found it. */
export interface OpenPool {
  readonly name: string
  readonly config: Pool
  readonly erp: StockErp
  readonly stock: ErpStock
  readonly shops: readonly PoolShop[]
}
