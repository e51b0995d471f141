import type { Pace } from '../conformance/erp-gateway.ts'
import { type OdooSubject, odooSubject } from '../support/odoo-lab.ts'
import { OdooRpc } from '../support/odoo-rpc.ts'
import { accessFrom } from './access.ts'
import { createProduct } from './products.ts'

/** A server on a small machine takes about a second for a write, and more for its first look at a key. */
export const PACE: Pace = { patienceMs: 90_000, impatienceMs: 12_000, babbles: 12 }

const { adapter, owner, protocol } = accessFrom(process.env)
const ownerRpc = new OdooRpc(owner)
const rpc = new OdooRpc(adapter)

export const serverUrl = adapter.url

export const realOdoo = (): Promise<OdooSubject> => odooSubject({ ...adapter, rpc }, { protocol })

export const makeProduct = async (code: string): Promise<void> => {
  await createProduct(ownerRpc, code)
}
