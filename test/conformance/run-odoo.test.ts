import { OdooDouble } from '../support/odoo-double.ts'
import { odooSubject } from '../support/odoo-lab.ts'
import { erpGatewayConformance, type Pace } from './erp-gateway.ts'
import { type OdooShelf, odooDeliveries } from './odoo-deliveries.ts'

const odoo = (version: 17 | 18) => async (): Promise<OdooShelf> => {
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

/** A write of Odoo's is a dozen calls. */
const PACE: Pace = { patienceMs: 10_000, impatienceMs: 1_500, babbles: 25 }

erpGatewayConformance('Odoo', odoo(18), PACE)
odooDeliveries('Odoo 17', odoo(17), PACE)
odooDeliveries('Odoo 18', odoo(18), PACE)
