import type { ErpReads } from '#ports/erp-reads.ts'
import { createAftersales } from './aftersales.ts'
import { createCommitments } from './commitments.ts'
import type { ReadDeps } from './reading.ts'
import { createShipments } from './shipments.ts'
import { createStock } from './stock.ts'

/** The way back, as far as it is configured. */
export function createReads(deps: ReadDeps): ErpReads | undefined {
  const { stock, commitments, shipments, aftersales } = deps.config.operations
  if (!stock && !commitments && !shipments && !aftersales) return undefined
  return {
    ...(stock ? { stock: createStock(deps, stock) } : {}),
    ...(commitments ? { commitments: createCommitments(deps, commitments) } : {}),
    ...(shipments ? { shipments: createShipments(deps, shipments) } : {}),
    ...(aftersales ? { aftersales: createAftersales(deps, aftersales) } : {}),
  }
}
