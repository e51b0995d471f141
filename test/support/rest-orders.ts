import { createRestGateways, type RestGatewayDeps } from '#adapters/erp/rest/gateways.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'

/** What a `rest` target does with orders, and what it is read for. */
export function restOrders(deps: RestGatewayDeps): ErpGateway {
  const { order, reads } = createRestGateways(deps)
  if (!order) throw new Error('the target takes no orders')
  return { ...order, ...(reads ? { reads } : {}) }
}
