import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRestGateways } from '#adapters/erp/rest/gateways.ts'
import { SyncConfigSchema } from '#contracts/config.ts'
import { type RestTarget, RestTargetSchema } from '#contracts/rest-target.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import { DEMO_CONFIG_DIR, DEMO_TARGET } from '../../local/demo/demo-config.ts'
import type { Collection } from '../../local/demo/erp-call.ts'
import { MAIN_WAREHOUSE } from '../../local/demo/erp-server.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { ErpDouble, type ErpDoubleOptions } from '../support/erp-double.ts'
import { describeKindGateway } from './kind-gateway.ts'

const demo = SyncConfigSchema.parse(
  JSON.parse(readFileSync(join(DEMO_CONFIG_DIR, 'sync.config.json'), 'utf8')),
).targets[DEMO_TARGET]
if (demo?.adapter !== 'rest') throw new Error('the demo ERP is a rest target')
const { rest } = demo

const UNKNOWN_SKU = 'NO-SUCH-ITEM'

/** A gateway of one kind over the demo ERP, whose shelves are full. */
const subject =
  <Kind extends keyof ErpGateways>(
    kind: Kind,
    collection: Collection,
    target: RestTarget = rest,
    options: ErpDoubleOptions = { mode: 'none' },
  ) =>
  async () => {
    const double = await new ErpDouble({ ...options, unknownSkus: [UNKNOWN_SKU] }).start()
    const { server, url } = double
    for (const sku of ['BLADE-2', 'TEE-L'])
      server.warehouse.put({ sku, warehouse: MAIN_WAREHOUSE, onHand: 99 })
    const gateway: ErpGateways[Kind] = createRestGateways({
      config: { ...target, baseUrl: `${url}/api`, auth: { type: 'none' } },
      configDir: DEMO_CONFIG_DIR,
      secrets: async () => undefined,
      clock: { now: () => Date.now() },
      ids: new CountingIds(),
    })[kind]
    if (!gateway) throw new Error(`it takes no ${kind}`)
    return {
      gateway,
      erp: {
        ...(kind === 'return' || kind === 'parts' ? { unknownSku: UNKNOWN_SKU } : {}),
        documents: async (reference: string) => server.documentsOf(collection, reference).length,
        calls: async () => double.calls.length,
        fail: async (mishap: Parameters<ErpDouble['fail']>[0]) => double.fail(mishap),
        babble: async (status: number, body: string) =>
          double.fail({ commit: 'no', answer: { status, body } }),
        commitHeld: async () => server.commitHeld(),
      },
      close: () => double.close(),
    }
  }

describeKindGateway('the demo ERP', 'customer', subject('customer', 'customers'))
describeKindGateway('the demo ERP', 'return', subject('return', 'returns'))
describeKindGateway('the demo ERP', 'parts', subject('parts', 'parts'))

/** A service desk that is no ERP: it overwrites by reference, and is sent tickets as they are. */
const desk = RestTargetSchema.parse({
  baseUrl: 'http://127.0.0.1:1',
  idempotency: 'none',
  kinds: {
    ticket: {
      idempotency: 'upsert',
      operations: {
        place: { path: '/tickets' },
        cancel: { method: 'POST', path: '/tickets/{id}/cancel' },
        find: {
          path: '/tickets',
          query: { reference: '{reference}' },
          absent: 'body.documents = []',
          documents:
            'body.documents.{ "id": id, "no": no, "state": status = "cancelled" ? "cancelled" : "live", "identity": body.source_identity, "content": body }',
        },
      },
      answers: {
        rules: [{ when: 'body.error = "too_late"', class: 'StateConflict' }],
        document: { state: 'body.status = "cancelled" ? "cancelled" : "live"' },
      },
    },
  },
})
describeKindGateway(
  'a desk that overwrites',
  'ticket',
  subject('ticket', 'tickets', desk, { mode: 'upsert' }),
)
