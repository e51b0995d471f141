import * as z from 'zod'
import { WAREHOUSES } from '../support/odoo-reads-lab.ts'
import { OdooRaised, type OdooRpc } from '../support/odoo-rpc.ts'

/** @returns whether there are the warehouses the reads are tried on */
export async function prepareWarehouses(rpc: OdooRpc): Promise<boolean> {
  const there = await rpc.call(
    z.array(z.object({ code: z.string() })),
    'stock.warehouse',
    'search_read',
    [],
    { domain: [['code', 'in', WAREHOUSES]], fields: ['code'] },
  )
  try {
    for (const code of WAREHOUSES.filter((one) => !there.some((known) => known.code === one)))
      await rpc.call(z.int(), 'stock.warehouse', 'create', [{ name: code, code }])
    return true
  } catch (error) {
    if (error instanceof OdooRaised) return false
    throw error
  }
}
