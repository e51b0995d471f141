import * as z from 'zod'
import { OdooRaised, type OdooRpc } from '../support/odoo-rpc.ts'

/** What the suite's orders sell (test/support/canonical-order.ts). */
const SOLD = ['TEE-L', 'MUG-01']

/** A consumable without taxes, so that the order's total is the shop's. */
export const createProduct = (rpc: OdooRpc, code: string): Promise<number> =>
  rpc.call(z.int(), 'product.product', 'create', [
    { name: code, default_code: code, list_price: 1, taxes_id: [] },
  ])

/** @returns codes of products that are missing and cannot be made with these rights */
export async function prepareProducts(rpc: OdooRpc): Promise<string[]> {
  const there = await rpc.call(
    z.array(z.object({ default_code: z.string() })),
    'product.product',
    'search_read',
    [],
    { domain: [['default_code', 'in', SOLD]], fields: ['default_code'] },
  )
  const missing = SOLD.filter((code) => !there.some(({ default_code }) => default_code === code))
  const without: string[] = []
  for (const code of missing) {
    try {
      await createProduct(rpc, code)
    } catch (error) {
      if (!(error instanceof OdooRaised)) throw error
      without.push(code)
    }
  }
  return without
}
