import type { Pace } from '../conformance/erp-gateway.ts'
import type { OdooShelf } from '../conformance/odoo-deliveries.ts'
import { OdooDouble, type OdooVersion } from './odoo-double.ts'
import { odooSubject } from './odoo-lab.ts'

/** A gateway to a double of this version, in the protocol that it finds out to be the right one. */
export const odooShelf = (version: OdooVersion) => async (): Promise<OdooShelf> => {
  const double = await new OdooDouble({ version, products: ['TEE-L', 'MUG-01'] }).start()
  const subject = await odooSubject(double.access)
  return {
    ...subject,
    addProduct: async (code) => double.addProduct(code),
    close: async () => {
      await double.close()
      await subject.close()
    },
  }
}

/** A write of Odoo's is up to a dozen calls. */
export const DOUBLE_PACE: Pace = { patienceMs: 10_000, impatienceMs: 1_500, babbles: 25 }
