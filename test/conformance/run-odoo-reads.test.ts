import { OdooDouble, type OdooVersion } from '../support/odoo-double.ts'
import { odooReads } from '../support/odoo-reads-lab.ts'
import { OdooRpc } from '../support/odoo-rpc.ts'
import { erpReadsConformance } from './erp-reads.ts'

/** Of an Odoo of this version, in the protocol that it finds out to be the right one. */
const readsOf = (version: OdooVersion) => async () => {
  const double = await new OdooDouble({ version, products: [] }).start()
  double.addWarehouses()
  const rpc = new OdooRpc(double.access)
  const subject = await odooReads({ adapter: double.access, sales: rpc, owner: rpc })
  return {
    ...subject,
    close: async () => {
      await double.close()
      await subject.close()
    },
  }
}

erpReadsConformance('Odoo 17', readsOf(17))
erpReadsConformance('Odoo 18', readsOf(18))
erpReadsConformance('Odoo 19', readsOf(19))
