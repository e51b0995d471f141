import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ErpReads } from '#ports/erp-reads.ts'
import { createAftersales } from './aftersales.ts'
import { createCommitments } from './commitments.ts'
import { HOUSE_MS, Remembered } from './desk.ts'
import type { ReadDeps } from './reading.ts'
import { createShipments } from './shipments.ts'
import { createStock } from './stock.ts'

/** The way back from Odoo. Stock and shipments need its app Inventory. */
export function createReads(
  given: Omit<ReadDeps, 'fields' | 'warehouses' | 'house'> & {
    readonly config: Pick<OdooTarget, 'tickets' | 'returns'>
  },
): ErpReads {
  const deps: ReadDeps = {
    ...given,
    fields: new Remembered(given.clock, HOUSE_MS),
    warehouses: new Remembered(given.clock, HOUSE_MS),
    house: new Remembered(given.clock, HOUSE_MS),
  }
  const aftersales = createAftersales(deps, given.config)
  return {
    stock: createStock(deps),
    commitments: createCommitments(deps),
    shipments: createShipments(deps),
    ...(aftersales ? { aftersales } : {}),
  }
}
