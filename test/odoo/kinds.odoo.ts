import { describeKindGateway } from '../conformance/kind-gateway.ts'
import { odooService } from '../conformance/odoo-service.ts'
import { type OtherKind, odooKind } from '../support/odoo-kinds-lab.ts'
import { OdooRpc } from '../support/odoo-rpc.ts'
import { accessFrom } from './access.ts'
import { PACE, serverUrl } from './server.ts'

const { adapter, owner, protocol } = accessFrom(process.env)
const lab = { adapter, rpc: new OdooRpc(adapter), target: { protocol } }
const subject =
  <Kind extends OtherKind>(kind: Kind) =>
  () =>
    odooKind(kind, lab)

const name = `a real Odoo at ${serverUrl}`
describeKindGateway(name, 'customer', subject('customer'), PACE)
describeKindGateway(name, 'ticket', subject('ticket'), PACE)
describeKindGateway(name, 'return', subject('return'), PACE)
describeKindGateway(name, 'parts', subject('parts'), PACE)
odooService(name, async () => ({ ...lab, people: new OdooRpc(owner) }), { invoices: true }, PACE)
