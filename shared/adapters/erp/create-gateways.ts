import type { TargetConfig } from '#contracts/config.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import { createOdooGateways } from './odoo/gateway.ts'
import { createRestGateways, type RestGatewayDeps } from './rest/gateways.ts'
import { createWebhookGateways } from './webhook/gateway.ts'

export type GatewayDeps = Omit<RestGatewayDeps, 'config' | 'settleSeconds'>

/** What a configured target takes, kind by kind: a new adapter is one folder beside this file and one line here. */
export function createGateways(config: TargetConfig, deps: GatewayDeps): ErpGateways {
  const settle = config.settleSeconds === undefined ? {} : { settleSeconds: config.settleSeconds }
  switch (config.adapter) {
    case 'rest':
      return createRestGateways({ ...deps, ...settle, config: config.rest })
    case 'odoo':
      return createOdooGateways({ ...deps, ...settle, config: config.odoo })
    case 'webhook':
      return createWebhookGateways({ ...deps, ...settle, config: config.webhook })
  }
}
