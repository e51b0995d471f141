import { odooDeliveries } from '../conformance/odoo-deliveries.ts'
import { makeProduct, PACE, realOdoo, serverUrl } from './server.ts'

const withShelf = async () => ({ ...(await realOdoo()), addProduct: makeProduct })

odooDeliveries(`a real Odoo at ${serverUrl}`, withShelf, PACE)
