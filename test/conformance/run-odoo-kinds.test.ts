import { OdooDouble, type OdooVersion } from '../support/odoo-double.ts'
import { type OtherKind, odooKind, SERVICE } from '../support/odoo-kinds-lab.ts'
import { OdooRpc } from '../support/odoo-rpc.ts'
import { DOUBLE_PACE } from '../support/odoo-shelf.ts'
import { describeKindGateway } from './kind-gateway.ts'
import { odooService } from './odoo-service.ts'

async function aDouble(version: OdooVersion): Promise<OdooDouble> {
  const double = await new OdooDouble({ version, products: ['TEE-L', 'BLADE-2', 'MUG-01'] }).start()
  double.addWarehouses()
  double.addProject(SERVICE.project, ['New', ...Object.values(SERVICE.stages).flat()])
  return double
}

const subject =
  <Kind extends OtherKind>(kind: Kind) =>
  async () => {
    const double = await aDouble(17)
    const made = await odooKind(kind, { adapter: double.access })
    return {
      ...made,
      close: async () => {
        await made.close()
        await double.close()
      },
    }
  }

describeKindGateway('Odoo', 'customer', subject('customer'), DOUBLE_PACE)
describeKindGateway('Odoo', 'ticket', subject('ticket'), DOUBLE_PACE)
describeKindGateway('Odoo', 'return', subject('return'), DOUBLE_PACE)
describeKindGateway('Odoo', 'parts', subject('parts'), DOUBLE_PACE)

for (const version of [17, 18] as const)
  odooService(
    `Odoo ${version}`,
    async () => {
      const double = await aDouble(version)
      const { access: adapter } = double
      return { adapter, people: new OdooRpc(double.people), close: () => double.close() }
    },
    { invoices: false },
    DOUBLE_PACE,
  )
