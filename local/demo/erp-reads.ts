import * as z from 'zod'
import type { ErpCall, ErpDocument, ErpReadOp, ErpReply } from './erp-call.ts'
import type { ErpStep } from './erp-progress.ts'
import type { ErpWarehouse } from './erp-warehouse.ts'

/** What the demo ERP is asked for, beside its orders. Quantities are decimal strings, as in many an ERP. */

export interface ReadScene {
  readonly warehouse: ErpWarehouse
  /** Of orders. */
  readonly documents: (reference?: string) => ErpDocument[]
  /** All that takes goods out of the free figure until they leave. */
  readonly holders: () => ErpDocument[]
  readonly steps: readonly ErpStep[]
  /** Where orders take their goods from: what they reserve counts there. */
  readonly main: string
  readonly pageSize: number
  /** It answers every figure with 0, as an ERP does whose stock module has just been reset. */
  readonly poisoned: boolean
}

const ROUTES: Readonly<Record<string, ErpReadOp>> = {
  'POST /api/stock/query': 'stock',
  'GET /api/stock/changes': 'feed',
  'GET /api/items': 'items',
  'GET /api/commitments': 'commitments',
  'GET /api/shipments': 'shipments',
  'GET /api/progress': 'progress',
}

export const readOpOf = (method: string, path: string): ErpReadOp | undefined => ROUTES[`${method} ${path}`]

const LineSchema = z.looseObject({
  sku: z.string(),
  quantity: z.number().default(0),
  line_ref: z.string().optional(),
})
const BodySchema = z.looseObject({ lines: z.array(LineSchema).default([]), total: z.unknown().optional() })
const QuerySchema = z.object({
  skus: z.array(z.string()).min(1),
  warehouses: z.array(z.string()).default([]),
})

export const linesOf = ({ body }: Pick<ErpDocument, 'body'>) => BodySchema.safeParse(body).data?.lines ?? []

/** Pieces of a SKU that left for a document. */
export const shippedOf = (
  warehouse: ErpWarehouse,
  { reference }: Pick<ErpDocument, 'reference'>,
  sku: string,
) =>
  warehouse
    .shipments(reference)
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0)

export function answerRead(op: ErpReadOp, { query, body }: ErpCall, scene: ReadScene): ErpReply {
  switch (op) {
    case 'stock':
      return answerStock(body, scene)
    case 'feed': {
      const moves = scene.warehouse.moves()
      // Without a place to go on from it begins now.
      const { entries, ...page } = pageOf(moves, query['after'] ?? String(moves.length), scene.pageSize)
      return { status: 200, body: { skus: [...new Set(entries)], ...page } }
    }
    case 'items': {
      const { entries, ...page } = pageOf(scene.warehouse.skus(), query['after'], scene.pageSize)
      return { status: 200, body: { items: entries.map((sku) => ({ sku })), ...page } }
    }
    case 'commitments':
      return answerCommitments((query['references'] ?? '').split(',').filter(Boolean), scene)
    case 'shipments': {
      const { entries, ...page } = pageOf(scene.warehouse.shipments(), query['after'], scene.pageSize)
      return { status: 200, body: { shipments: entries.map(shownShipment), ...page } }
    }
    case 'progress': {
      const { entries, ...page } = pageOf(scene.steps, query['after'], scene.pageSize)
      return { status: 200, body: { steps: entries, ...page } }
    }
  }
}

function pageOf<Entry>(all: readonly Entry[], after: string | undefined, size: number) {
  const from = Number(after ?? 0)
  const entries = all.slice(from, from + size)
  const end = from + entries.length
  return { entries, next: String(end), more: end < all.length }
}

function answerStock(body: unknown, scene: ReadScene): ErpReply {
  const asked = QuerySchema.safeParse(body)
  if (!asked.success) return { status: 400, body: { error: 'invalid', message: 'name the skus' } }
  const { skus, warehouses } = asked.data
  const stock = skus.flatMap((sku) => {
    const reserved = reservedOf(scene, sku)
    return scene.warehouse
      .shelves(sku)
      .filter(({ warehouse }) => warehouses.length === 0 || warehouses.includes(warehouse))
      .map(({ warehouse, onHand }) => {
        const held = warehouse === scene.main ? reserved : 0
        const shown = (figure: number) => (scene.poisoned ? 0 : figure).toFixed(3)
        return { sku, warehouse, on_hand: shown(onHand), reserved: shown(held), free: shown(onHand - held) }
      })
  })
  return { status: 200, body: { stock } }
}

/** Of all warehouses, what nobody has a claim on. */
export const freeOf = (scene: ReadScene, sku: string): number =>
  scene.warehouse.shelves(sku).reduce((sum, { onHand }) => sum + onHand, 0) - reservedOf(scene, sku)

/** On open documents, and still here. */
function reservedOf({ warehouse, holders }: ReadScene, sku: string): number {
  return holders().reduce((sum, document) => sum + itemOf(warehouse, document, sku).reserved, 0)
}

function itemOf(warehouse: ErpWarehouse, document: ErpDocument, sku: string) {
  const ordered = linesOf(document).reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0)
  const shipped = shippedOf(warehouse, document, sku)
  const isLive = document.status !== 'cancelled' && document.status !== 'shipped'
  return { sku, ordered, shipped, reserved: isLive ? Math.max(0, ordered - shipped) : 0 }
}

function answerCommitments(references: readonly string[], scene: ReadScene): ErpReply {
  const { warehouse, documents } = scene
  if (references.length === 0) return { status: 400, body: { error: 'invalid', message: 'name references' } }
  const found = references.flatMap((reference) => documents(reference))
  const shown = found.map((document) => ({
    order_id: document.reference,
    status: document.status,
    total: BodySchema.safeParse(document.body).data?.total,
    items: [...new Set(linesOf(document).map(({ sku }) => sku))].map((sku) => {
      const { ordered, reserved, shipped } = itemOf(warehouse, document, sku)
      return { sku, ordered: ordered.toFixed(3), reserved: reserved.toFixed(3), shipped: shipped.toFixed(3) }
    }),
  }))
  const unknown = references.filter(
    (reference) => !found.some((document) => document.reference === reference),
  )
  return { status: 200, body: { documents: shown, unknown } }
}

function shownShipment({
  id,
  reference,
  at,
  carrier,
  tracking,
  lines,
}: ReturnType<ErpWarehouse['shipments']>[number]) {
  return {
    id,
    order_id: reference,
    shipped_at: at,
    carrier,
    parcels: tracking.map((number) => ({ tracking: number })),
    lines: lines.map(({ lineRef, sku, quantity, serials }) => ({
      ...(lineRef === undefined ? {} : { line_ref: lineRef }),
      sku,
      quantity: quantity.toFixed(3),
      serials,
    })),
  }
}
