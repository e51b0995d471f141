import type { TargetConfig } from '#contracts/config.ts'
import type { ErpGateway, ErpGateways } from '#ports/erp-gateway.ts'
import { createOdooGateway } from './odoo/gateway.ts'
import { createRestGateways, type RestGatewayDeps } from './rest/gateways.ts'

export type GatewayDeps = Omit<RestGatewayDeps, 'config' | 'settleSeconds'>

/** What a configured target takes, kind by kind: a new adapter is one folder beside this file and one line here. */
export function createGateways(config: TargetConfig, deps: GatewayDeps): ErpGateways {
  const settle = config.settleSeconds === undefined ? {} : { settleSeconds: config.settleSeconds }
  switch (config.adapter) {
    case 'rest':
      return createRestGateways({ ...deps, ...settle, config: config.rest })
    case 'odoo':
      return ordersOnly(createOdooGateway({ ...deps, ...settle, config: config.odoo }))
    case 'webhook':
      return {}
  }
}

const ordersOnly = (order: ErpGateway): ErpGateways => ({
  order,
  ...(order.reads ? { reads: order.reads } : {}),
})
