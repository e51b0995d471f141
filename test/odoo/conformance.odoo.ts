import { erpGatewayConformance } from '../conformance/erp-gateway.ts'
import { PACE, realOdoo, serverUrl } from './server.ts'

erpGatewayConformance(`a real Odoo at ${serverUrl}`, realOdoo, PACE)
