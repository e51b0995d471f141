import type { TargetConfig } from '#contracts/config.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'
import { createOdooGateway } from './odoo/gateway.ts'
import { createRestGateway, type RestGatewayDeps } from './rest/gateway.ts'

export type GatewayDeps = Omit<RestGatewayDeps, 'config' | 'settleSeconds'>

/** The gateway of a configured target: a new adapter is one folder beside this file and one line here. */
export function createGateway(config: TargetConfig, deps: GatewayDeps): ErpGateway {
  const settle = config.settleSeconds === undefined ? {} : { settleSeconds: config.settleSeconds }
  switch (config.adapter) {
    case 'rest':
      return createRestGateway({ ...deps, ...settle, config: config.rest })
    case 'odoo':
      return createOdooGateway({ ...deps, ...settle, config: config.odoo })
  }
}
