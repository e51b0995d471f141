import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { SyncConfigSchema } from '#contracts/config.ts'
import { type RestTarget, RestTargetSchema } from '#contracts/rest-target.ts'
import { DEMO_CONFIG_DIR, DEMO_TARGET } from '../../local/demo/demo-config.ts'
import { MAIN_WAREHOUSE } from '../../local/demo/erp-server.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { ErpDouble } from '../support/erp-double.ts'
import { restOrders } from '../support/rest-orders.ts'
import { erpReadsConformance, linesOfGoods, type ReadOf, type ReadsSubject } from './erp-reads.ts'

const demo = SyncConfigSchema.parse(
  JSON.parse(readFileSync(join(DEMO_CONFIG_DIR, 'sync.config.json'), 'utf8')),
).targets[DEMO_TARGET]
if (demo?.adapter !== 'rest') throw new Error('the demo ERP is a rest target')
const { rest } = demo
const { stock, commitments } = rest.operations
if (!stock || !commitments) throw new Error('the demo ERP is read')

const opOf = (during: ReadOf) => (during === 'aftersales' ? 'progress' : during)

const SKUS = ['TEE-L', 'MUG-01'] as const

/** The configuration the demo comes with, over a demo ERP with pages of two. */
function restReads(
  describe: (demo: RestTarget) => z.input<typeof RestTargetSchema>,
): () => Promise<ReadsSubject> {
  return async () => {
    const double = await new ErpDouble({ pageSize: 2 }).start()
    const { server, url } = double
    for (const sku of SKUS) server.warehouse.put({ sku, warehouse: 'SOUTH', onHand: 0 })
    const { reads } = restOrders({
      config: RestTargetSchema.parse({ ...describe(rest), baseUrl: `${url}/api`, auth: { type: 'none' } }),
      configDir: DEMO_CONFIG_DIR,
      secrets: async () => undefined,
      clock: { now: () => Date.now() },
      ids: new CountingIds(),
    })
    if (!reads) throw new Error('it has no reads')
    const post = async (path: string, body: object = {}) => {
      const response = await fetch(`${url}/api${path}`, { method: 'POST', body: JSON.stringify(body) })
      return z.object({ id: z.string() }).parse(await response.json())
    }
    return {
      reads,
      world: {
        skus: SKUS,
        unknownSku: 'NO-SUCH-ITEM',
        warehouses: [MAIN_WAREHOUSE, 'SOUTH'],
        references: ['ECd-1-1', 'ECd-2-2'],
        oddFigures: true,
        serials: true,
        total: 3980,
        putStock: async (sku, warehouse, onHand) => server.warehouse.put({ sku, warehouse, onHand }),
        order: async (reference, goods) => {
          const lines = linesOfGoods(reference, goods)
          const { id } = await post('/orders', { order_id: reference, total: '39.80', lines })
          await post(`/orders/${id}/confirm`)
        },
        cancel: async (reference) => {
          for (const { id } of server.documents(reference)) await post(`/orders/${id}/cancel`)
        },
        ship: async (reference, goods, tracking) => {
          const lines = goods.map(({ sku, quantity, serials = [] }) => ({
            sku,
            quantity,
            serials: [...serials],
          }))
          const [shipment] = server.ship(reference, { lines, tracking })
          if (!shipment) throw new Error('nothing left')
          return shipment.id
        },
        aftersales: {
          steps: ['received', 'refunded'],
          notes: true,
          enter: async () => {
            const both = [
              { of: 'return', reference: 'ECd-R1' },
              { of: 'return', reference: 'ECd-R2' },
            ] as const
            for (const { reference } of both) await post('/returns', { reference, lines: [] })
            return both
          },
          advance: async ({ reference }, step, note) => {
            server.advance(reference, { step, person: '演示仓管员', note })
          },
        },
        calls: async () => double.calls.length,
        fail: async (mishap, during) => double.fail(mishap, { op: opOf(during) }),
        babble: async (status, body, during) =>
          double.fail({ commit: 'no', answer: { status, body } }, { op: opOf(during) }),
      },
      close: () => double.close(),
    }
  }
}

erpReadsConformance(
  'a REST API with all there is',
  restReads((target) => target),
)

const { since: _feed, all: _items, ...bySku } = stock
erpReadsConformance(
  'a REST API that shows physical stock, tells no reservations and feeds nothing',
  restReads((target) => ({
    ...target,
    operations: {
      place: target.operations.place,
      stock: {
        ...bySku,
        meaning: 'physical',
        bySku: {
          ...bySku.bySku,
          figures: 'body.stock.{ "sku": sku, "warehouse": warehouse, "quantity": on_hand }',
        },
      },
      commitments: {
        ...commitments,
        reservesAt: 'create',
        read: {
          ...commitments.read,
          absent: '$count(body.documents) + $count(body.unknown) = $count(references)',
          documents:
            'body.documents.{ "reference": order_id, "state": status = "cancelled" ? "cancelled" : "live", "items": items.{ "sku": sku, "ordered": ordered, "shipped": shipped } }',
        },
      },
    },
  })),
)
