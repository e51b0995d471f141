import type { RestTarget } from '#contracts/rest-target.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { demoRestTarget } from '../support/demo-rest-target.ts'
import { ErpDouble, type ErpDoubleOptions } from '../support/erp-double.ts'
import { restOrders } from '../support/rest-orders.ts'
import { type ErpSubject, erpGatewayConformance } from './erp-gateway.ts'

const UNKNOWN_SKU = 'NO-SUCH-ITEM'

function rest(options: ErpDoubleOptions, target: (url: string) => RestTarget): () => Promise<ErpSubject> {
  return async () => {
    const double = await new ErpDouble({ ...options, unknownSkus: [UNKNOWN_SKU] }).start()
    const gateway = restOrders({
      config: target(double.url),
      configDir: import.meta.dirname,
      secrets: async () => undefined,
      clock: { now: () => Date.now() },
      ids: new CountingIds(),
    })
    return {
      gateway,
      erp: {
        unknownSku: UNKNOWN_SKU,
        documents: async (reference) => double.server.documents(reference).length,
        calls: async () => double.calls.length,
        fail: async (mishap) => double.fail(mishap),
        babble: async (status, body) => double.fail({ commit: 'no', answer: { status, body } }),
        commitHeld: async () => double.server.commitHeld(),
        ship: async (reference) => void double.server.ship(reference),
      },
      close: () => double.close(),
    }
  }
}

erpGatewayConformance(
  'a REST API that overwrites by reference',
  rest({ mode: 'upsert' }, (url) => demoRestTarget(url, { idempotency: 'upsert', without: ['amend'] })),
)

erpGatewayConformance(
  'a REST API with a unique reference and a second step',
  rest({ mode: 'unique-reference', longIds: true }, (url) => demoRestTarget(url, { confirm: true })),
)

erpGatewayConformance(
  'a REST API with request keys and no look-up',
  rest({ mode: 'request-key' }, (url) =>
    demoRestTarget(url, { idempotency: 'request-key', without: ['find'] }),
  ),
)

erpGatewayConformance(
  'a REST API that doubles, with a look-up',
  rest({ mode: 'none' }, (url) => demoRestTarget(url, { idempotency: 'none' })),
)

erpGatewayConformance(
  'a REST API that can only create',
  rest({ mode: 'unique-reference' }, (url) => demoRestTarget(url, { without: ['find', 'amend', 'cancel'] })),
)
