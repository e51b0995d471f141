import type { TargetConfig } from '#contracts/config.ts'
import type { ErpTarget } from '#ports/erp-target.ts'
import { describeOdooTarget } from './odoo/target.ts'
import { describeRestTarget } from './rest/target.ts'
import { describeWebhookTarget } from './webhook/target.ts'

/** A configured target as tools show it. The functions need none of this. */
export function describeTarget(config: TargetConfig): ErpTarget {
  switch (config.adapter) {
    case 'rest':
      return describeRestTarget(config.rest)
    case 'odoo':
      return describeOdooTarget(config.odoo)
    case 'webhook':
      return describeWebhookTarget(config.webhook)
  }
}
