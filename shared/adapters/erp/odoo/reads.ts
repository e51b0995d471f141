import type { ErpReads } from '#ports/erp-reads.ts'
import { createCommitments } from './commitments.ts'
import { HOUSE_MS, Remembered } from './desk.ts'
import type { ReadDeps } from './reading.ts'
import { createShipments } from './shipments.ts'
import { createStock } from './stock.ts'

/** The way back from Odoo. Stock and shipments need its app Inventory. */
export function createReads(given: Omit<ReadDeps, 'fields' | 'warehouses'>): ErpReads {
  const deps: ReadDeps = {
    ...given,
    fields: new Remembered(given.clock, HOUSE_MS),
    warehouses: new Remembered(given.clock, HOUSE_MS),
  }
  return {
    stock: createStock(deps),
    commitments: createCommitments(deps),
    shipments: createShipments(deps),
  }
}
