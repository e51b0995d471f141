import { DOUBLE_PACE, odooShelf } from '../support/odoo-shelf.ts'
import { erpGatewayConformance } from './erp-gateway.ts'
import { odooDeliveries } from './odoo-deliveries.ts'

erpGatewayConformance('Odoo over JSON-2', odooShelf(19), DOUBLE_PACE)
odooDeliveries('Odoo 19', odooShelf(19), DOUBLE_PACE)
