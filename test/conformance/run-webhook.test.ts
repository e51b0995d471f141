import { createWebhookGateways } from '#adapters/erp/webhook/gateway.ts'
import { WebhookTargetSchema } from '#contracts/webhook-target.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'
import { describeKindGateway } from './kind-gateway.ts'

const UNKNOWN_SKU = 'NO-SUCH-ITEM'

function webhook<Kind extends 'order' | 'customer' | 'return' | 'ticket' | 'parts'>(kind: Kind) {
  return async () => {
    const receiver = await new WebhookReceiver({ secret: SECRET, unknownSku: UNKNOWN_SKU }).start()
    const gateways: ErpGateways = createWebhookGateways({
      config: WebhookTargetSchema.parse({ url: receiver.url }),
      secrets: async () => ({ signing: SECRET }),
      clock: { now: () => Date.now() },
    })
    const gateway = gateways[kind]
    if (!gateway) throw new Error(`no gateway for ${kind}`)
    return { gateway, erp: receiver.lab, close: () => receiver.close() }
  }
}

describeKindGateway('a signed webhook', 'order', webhook('order'))
describeKindGateway('a signed webhook', 'customer', webhook('customer'))
describeKindGateway('a signed webhook', 'return', webhook('return'))
describeKindGateway('a signed webhook', 'ticket', webhook('ticket'))
describeKindGateway('a signed webhook', 'parts', webhook('parts'))
