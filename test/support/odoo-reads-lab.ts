import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { createOdooGateway } from '#adapters/erp/odoo/gateway.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import { lineReference } from '#domain/reference.ts'
import type { Clock } from '#ports/runtime.ts'
import type { Goods, ReadsSubject } from '../conformance/erp-reads.ts'
import { OdooProxy } from './odoo-proxy.ts'
import type { OdooAccess, OdooRpc } from './odoo-rpc.ts'

export const WAREHOUSES = ['WH', 'WH2'] as const

export interface ReadsLab {
  readonly adapter: OdooAccess
  /** The hands of the people in the warehouse. */
  readonly sales: OdooRpc
  /** Who may make products and count shelves. */
  readonly owner: OdooRpc
  readonly target?: Partial<z.input<typeof OdooTargetSchema>>
  readonly clock?: Clock
}

export interface OdooReadsSubject extends ReadsSubject {
  readonly proxy: OdooProxy
  /** Makes a product whose stock is counted. */
  addProduct(code: string, fields?: Readonly<Record<string, unknown>>): Promise<number>
}

const IdsSchema = z.array(z.object({ id: z.int() }))
const PickingSchema = z.object({ id: z.int(), move_ids: z.array(z.int()) })
const MoveSchema = z.object({
  id: z.int(),
  product_id: z.tuple([z.int(), z.string()]),
  sale_line_id: z.union([z.tuple([z.int(), z.string()]), z.literal(false)]),
})
const PRICE = '19.9'

/** Reads of an Odoo, double or real, with a proxy between them; products and references are its own. */
export async function odooReads({
  adapter,
  sales,
  owner,
  target = {},
  clock = { now: () => Date.now() },
}: ReadsLab): Promise<OdooReadsSubject> {
  const own = randomBytes(4).toString('hex')
  const proxy = await new OdooProxy(adapter.url).start()
  const { url } = proxy
  const { database, login, key } = adapter
  const { reads } = createOdooGateway({
    config: OdooTargetSchema.parse({ url, database, login, ...target }),
    configDir: import.meta.dirname,
    secrets: async () => ({ key }),
    clock,
  })
  if (!reads) throw new Error('it has no reads')

  const addProduct = async (code: string, fields: Readonly<Record<string, unknown>> = {}) => {
    const counted = await countedKind(owner)
    return owner.call(z.int(), 'product.product', 'create', [
      { name: code, default_code: code, list_price: 1, taxes_id: [], ...counted, ...fields },
    ])
  }
  const skus = [`TEE-${own}`, `MUG-${own}`] as const
  /** Made when they are needed: most tests of failures are about none. */
  const products = new Map<string, Promise<number>>()
  const idOf = (sku: string): Promise<number> => {
    const made = products.get(sku) ?? addProduct(sku)
    products.set(sku, made)
    return made
  }

  const found = (model: string, domain: readonly unknown[]) =>
    sales.call(IdsSchema, model, 'search_read', [], { domain, fields: [] })
  const ordersOf = (reference: string) => found('sale.order', [['origin', '=', reference]])
  const shelfOf = async (warehouse: string): Promise<number> => {
    const [place] = await owner.call(
      z.array(z.object({ lot_stock_id: z.tuple([z.int(), z.string()]) })),
      'stock.warehouse',
      'search_read',
      [],
      { domain: [['code', '=', warehouse]], fields: ['lot_stock_id'] },
    )
    if (!place) throw new Error(`there is no warehouse ${warehouse}`)
    return place.lot_stock_id[0]
  }

  return {
    reads,
    proxy,
    addProduct: async (code, fields) => {
      const made = addProduct(code, fields)
      products.set(code, made)
      return made
    },
    world: {
      skus,
      unknownSku: `NONE-${own}`,
      warehouses: WAREHOUSES,
      references: [`ECdemo-${own}1-a`, `ECdemo-${own}2-b`],
      oddFigures: false,
      serials: false,
      total: 3980,
      putStock: async (sku, warehouse, quantity) => {
        const counted = await owner.call(
          z.int(),
          'stock.quant',
          'create',
          [
            {
              product_id: await idOf(sku),
              location_id: await shelfOf(warehouse),
              inventory_quantity: quantity,
            },
          ],
          { context: { inventory_mode: true } },
        )
        await owner.call(z.unknown(), 'stock.quant', 'action_apply_inventory', [[counted]])
      },
      order: async (reference, goods) => {
        const fields = [
          'id',
          'origin',
          'partner_id/.id',
          'order_line/id',
          'order_line/product_id/.id',
          'order_line/product_uom_qty',
          'order_line/price_unit',
          'order_line/name',
        ]
        for (const { sku } of goods) await idOf(sku)
        const ids = await Promise.all(goods.map(({ sku }) => idOf(sku)))
        // Goods for the company itself would go to its other warehouse.
        const buyer = await sales.call(z.int(), 'res.partner', 'create', [{ name: `Buyer ${own}` }])
        const data = goods.map(({ recId, sku, quantity }, index) => [
          ...(index === 0 ? [externalId('so', reference), reference, String(buyer)] : ['', '', '']),
          externalId('sol', lineReference(reference, recId)),
          String(ids[index]),
          String(quantity),
          PRICE,
          sku,
        ])
        const loaded = await sales.call(z.object({ ids: z.tuple([z.int()]) }), 'sale.order', 'load', [], {
          fields,
          data,
        })
        await sales.call(z.literal(true), 'sale.order', 'action_confirm', [loaded.ids])
      },
      cancel: async (reference) => {
        const ids = (await ordersOf(reference)).map(({ id }) => id)
        const context = { disable_cancel_warning: true }
        await sales.call(z.literal(true), 'sale.order', 'action_cancel', [ids], { context })
      },
      ship: async (reference, goods, tracking) => {
        const [order] = await ordersOf(reference)
        const [picking] = await sales.call(z.array(PickingSchema), 'stock.picking', 'search_read', [], {
          domain: [
            ['sale_id', '=', order?.id],
            ['state', 'not in', ['done', 'cancel']],
          ],
          fields: ['move_ids'],
        })
        if (!picking) throw new Error(`nothing of ${reference} is to leave`)
        await sales.call(z.literal(true), 'stock.picking', 'write', [
          [picking.id],
          { move_ids: await leaving(sales, picking.move_ids, goods, reference) },
        ])
        if (tracking.length > 0)
          await sales.call(z.literal(true), 'stock.picking', 'write', [
            [picking.id],
            { carrier_tracking_ref: tracking.join(', ') },
          ])
        const context = { skip_sms: true, skip_backorder: true }
        await sales.call(z.literal(true), 'stock.picking', 'button_validate', [[picking.id]], { context })
        return String(picking.id)
      },
      calls: async () => proxy.calls,
      fail: async (mishap, during) => proxy.fail(mishap, during),
      babble: async (status, body, during) => proxy.babble(status, body, during),
    },
    close: () => proxy.close(),
  }
}

/** A product whose stock is counted: 17 calls it a type. */
async function countedKind(owner: OdooRpc): Promise<Readonly<Record<string, unknown>>> {
  const fields = await owner.call(z.record(z.string(), z.unknown()), 'product.product', 'fields_get', [], {
    allfields: ['is_storable'],
    attributes: ['type'],
  })
  return 'is_storable' in fields ? { type: 'consu', is_storable: true } : { detailed_type: 'product' }
}

/** What of a delivery leaves now; the rest stays for another. */
async function leaving(
  rpc: OdooRpc,
  ids: readonly number[],
  goods: readonly Goods[],
  reference: string,
): Promise<unknown[]> {
  const moves = await rpc.call(z.array(MoveSchema), 'stock.move', 'search_read', [], {
    domain: [['id', 'in', ids]],
    fields: ['product_id', 'sale_line_id'],
  })
  const lines = moves.flatMap(({ sale_line_id: line }) => (line ? [line[0]] : []))
  const names = await rpc.call(z.record(z.string(), z.string()), 'sale.order.line', 'get_external_id', [
    lines,
  ])
  return moves.map(({ id, sale_line_id: line }) => {
    const quantity = goods
      .filter(({ recId }) => line && names[line[0]] === externalId('sol', lineReference(reference, recId)))
      .reduce((sum, one) => sum + one.quantity, 0)
    return [1, id, { quantity, picked: quantity > 0 }]
  })
}

const externalId = (kind: 'so' | 'sol', reference: string) =>
  `ecshop.${kind}_${reference.replaceAll('-', '_')}`
