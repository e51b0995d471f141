import { DOUBLE_PACE, odooShelf } from '../support/odoo-shelf.ts'
import { erpGatewayConformance } from './erp-gateway.ts'
import { odooDeliveries } from './odoo-deliveries.ts'

erpGatewayConformance('Odoo over JSON-RPC', odooShelf(18), DOUBLE_PACE)
odooDeliveries('Odoo 17', odooShelf(17), DOUBLE_PACE)
odooDeliveries('Odoo 18', odooShelf(18), DOUBLE_PACE)
