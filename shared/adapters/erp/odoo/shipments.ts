import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { ErpShipment, ErpShipments, ShipmentPage } from '#ports/erp-reads.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { changesFrom, instantOf, onward, PlaceSchema } from './changes.ts'
import { recIdOf, referenceIn } from './external-ids.ts'
import { ourNames } from './held-order.ts'
import { addUp, answered, knownFields, type ReadDeps, readCursor } from './reading.ts'
import { fieldsNamed, IdSchema, readNested, TextSchema } from './records.ts'
import type { Session } from './session.ts'

/** Deliveries looked at, and those of ours among them that are read whole. */
const PAGE = 500
const MOST_TOLD = 50
/** Longer than for stock, which is compared as a whole every night: of a delivery nothing else would tell. */
const SETTLE_MS = 60 * 60_000
const MINUTE_MS = 60_000

const DELIVERED = [
  ['picking_type_code', '=', 'outgoing'],
  ['state', '=', 'done'],
  ['sale_id', '!=', false],
]

const SeenSchema = z.object({
  id: IdSchema,
  write_date: z.string(),
  date_done: TextSchema,
  sale_id: IdSchema,
  carrier_tracking_ref: TextSchema.optional(),
  carrier_id: z.union([IdSchema, z.literal(false)]).optional(),
})
type Seen = z.infer<typeof SeenSchema>

const MoveSchema = z.object({
  state: z.string(),
  product_id: z.object({ id: IdSchema, default_code: TextSchema, tracking: z.string() }),
  sale_line_id: z.union([
    z.object({ id: IdSchema, order_id: IdSchema, product_id: z.union([IdSchema, z.literal(false)]) }),
    z.literal(false),
  ]),
  move_line_ids: z.array(
    z.object({
      quantity_product_uom: z.number(),
      lot_id: z.union([z.object({ name: z.string() }), z.literal(false)]),
    }),
  ),
})
const DeliverySchema = z.object({
  id: IdSchema,
  sale_id: IdSchema,
  date_done: TextSchema,
  carrier_tracking_ref: TextSchema.optional(),
  carrier_id: z.union([z.object({ display_name: TextSchema }), z.literal(false)]).optional(),
  move_ids: z.array(MoveSchema),
})
type Delivery = z.infer<typeof DeliverySchema>

const MOVE = {
  state: {},
  product_id: { fields: fieldsNamed(['default_code', 'tracking']) },
  sale_line_id: { fields: fieldsNamed(['order_id', 'product_id']) },
  move_line_ids: { fields: { quantity_product_uom: {}, lot_id: { fields: fieldsNamed(['name']) } } },
}

const CursorSchema = z.object({
  place: PlaceSchema,
  /** What was told, and may be met again. */
  told: z.array(z.string()),
  /** The same of the pass under way. */
  met: z.array(z.string()),
  /** Deliveries whose tracking number is waited for. */
  waiting: z.array(IdSchema),
})
type Cursor = z.infer<typeof CursorSchema>

/** Deliveries that left for orders of ours. Of a backorder it is one more. */
export function createShipments(deps: ReadDeps): ErpShipments {
  const { clock, config } = deps

  async function page(session: Session, text: string | undefined): Promise<Attempt<ShipmentPage>> {
    const known = await knownFields(deps, session, 'stock.picking')
    if (!known.ok) return known
    const begun: Cursor = { place: {}, told: [], met: [], waiting: [] }
    const kept = text === undefined ? done(begun) : readCursor(CursorSchema, text)
    if (!kept.ok) return kept
    const cursor = kept.value
    const now = clock.now()
    const ofCarriers = ['carrier_tracking_ref', 'carrier_id'].filter((name) => known.value.has(name))

    const read = await readNested(
      session,
      'stock.picking',
      [...DELIVERED, ...changesOrWaited(cursor)],
      fieldsNamed(['write_date', 'date_done', 'sale_id', ...ofCarriers]),
      SeenSchema,
      { order: 'id', limit: PAGE },
    )
    if (!read.ok) return read
    const told = new Set(cursor.told)
    const waited = new Set(cursor.waiting)
    const news = read.value.filter((seen) => waited.has(seen.id) || !told.has(keyOf(seen)))
    const names = await ourNames(session, 'sale.order', [...new Set(news.map(({ sale_id: id }) => id))])
    if (!names.ok) return names
    const references = new Map(
      [...names.value].flatMap(([id, name]) => {
        const reference = referenceIn(name)
        return reference === undefined ? [] : [[id, reference] as const]
      }),
    )

    const isWaiting = ({ date_done: left, carrier_tracking_ref: tracking }: Seen) =>
      tracking === '' && instantOf(left) > now - config.trackingWaitMinutes * MINUTE_MS
    const ours = news.filter(({ sale_id: order }) => references.has(order))
    const ready = ours.filter((seen) => !isWaiting(seen))
    const over = ready[MOST_TOLD]
    const looked = over ? read.value.filter(({ id }) => id < over.id) : read.value
    const whole = await wholeOf(
      session,
      ready.slice(0, MOST_TOLD).map(({ id }) => id),
      ofCarriers,
      references,
    )
    if (!whole.ok) return whole

    const isLast = !over && read.value.length < PAGE
    const place = onward(cursor.place, looked, isLast, { now, settleMs: SETTLE_MS })
    const end = isLast ? Number.POSITIVE_INFINITY : (looked.at(-1)?.id ?? 0)
    const isBehind = (id: number) => id <= (cursor.place.pass?.after ?? 0)
    const waiting = [
      ...cursor.waiting.filter((id) => isBehind(id) || id > end),
      ...ours.filter((seen) => seen.id <= end && isWaiting(seen)).map(({ id }) => id),
    ]
    // A pass ends before whatever is not settled, so nothing else is met again.
    const unsettled = looked.filter(
      ({ write_date: stamp }) => (place.pass?.before ?? place.from ?? '') <= stamp,
    )
    const met = [...cursor.met, ...unsettled.map(keyOf)]
    const next: Cursor = isLast
      ? { place, told: met, met: [], waiting }
      : { place, told: cursor.told, met, waiting }
    return done({ ...whole.value, cursor: JSON.stringify(next), more: !isLast })
  }

  return { read: (cursor, context) => answered(deps, context, (session) => page(session, cursor)) }
}

/** What is waited for is asked for by its id, because it changes no more. */
function changesOrWaited({ place, waiting }: Cursor): unknown[] {
  const { from, ...rest } = place
  if (from === undefined || waiting.length === 0) return changesFrom(place)
  return ['|', ['id', 'in', waiting], ...changesFrom({ from }), ...changesFrom(rest)]
}

/** Another one as soon as anything of the delivery that we tell may be another. */
function keyOf({ id, write_date, date_done, sale_id, carrier_tracking_ref, carrier_id }: Seen): string {
  const content = JSON.stringify([write_date, date_done, sale_id, carrier_tracking_ref, carrier_id])
  return `${id}.${createHash('sha256').update(content).digest('hex').slice(0, 8)}`
}

async function wholeOf(
  session: Session,
  ids: readonly number[],
  ofCarriers: readonly string[],
  references: ReadonlyMap<number, string>,
): Promise<Attempt<Pick<ShipmentPage, 'shipments' | 'unreadable'>>> {
  if (ids.length === 0) return done({ shipments: [], unreadable: [] })
  const read = await readNested(
    session,
    'stock.picking',
    [...DELIVERED, ['id', 'in', ids]],
    {
      ...fieldsNamed(['sale_id', 'date_done', ...ofCarriers]),
      // The name alone is told without a right on carriers.
      ...(ofCarriers.includes('carrier_id') ? { carrier_id: { fields: fieldsNamed(['display_name']) } } : {}),
      move_ids: { fields: MOVE },
    },
    DeliverySchema,
  )
  if (!read.ok) return read
  if (read.value.length < ids.length) return refused('Transient', 'a delivery was changed while it was read')
  const lines = read.value.flatMap(({ move_ids: moves }) =>
    moves.flatMap(({ sale_line_id: line }) => (line ? [line.id] : [])),
  )
  const names = await ourNames(session, 'sale.order.line', [...new Set(lines)])
  if (!names.ok) return names

  const shipments: ErpShipment[] = []
  const unreadable: ShipmentPage['unreadable'][number][] = []
  for (const delivery of read.value) {
    const reference = references.get(delivery.sale_id)
    const shipment = shipmentOf(delivery, reference, names.value)
    if (typeof shipment !== 'string') shipments.push(shipment)
    else unreadable.push({ id: String(delivery.id), why: shipment, ...(reference && { reference }) })
  }
  shipments.sort((one, other) => one.shippedAt - other.shippedAt || Number(one.id) - Number(other.id))
  return done({ shipments, unreadable })
}

/** The shipment, or why it is none that a shop could be told of. */
function shipmentOf(
  delivery: Delivery,
  reference: string | undefined,
  names: ReadonlyMap<number, string>,
): ErpShipment | string {
  const { carrier_id: carrier, carrier_tracking_ref: tracking = '', sale_id: order } = delivery
  const shippedAt = instantOf(delivery.date_done)
  if (reference === undefined) return 'its order became another while it was read'
  if (!Number.isInteger(shippedAt)) return 'it does not say when it left'
  const left: (ErpShipment['lines'][number] & { readonly key: string })[] = []
  for (const { state, product_id: product, sale_line_id: line, move_line_ids: parts } of delivery.move_ids) {
    const quantity = addUp(parts.map((part) => part.quantity_product_uom))
    if (state !== 'done' || quantity === 0) continue
    const sku = product.default_code
    if (sku === '') return 'goods without an Internal Reference left'
    if (line && line.order_id !== order) return 'goods of more than one order left together'
    if (line && line.product_id !== product.id)
      return `"${sku}" left for a line of another product: kits cannot be told to the shop`
    const recId = line ? recIdOf(names.get(line.id) ?? '', reference) : undefined
    const serials =
      product.tracking === 'serial' ? parts.flatMap(({ lot_id: lot }) => (lot ? [lot.name] : [])) : []
    const key = JSON.stringify([recId, sku])
    left.push({ key, ...(recId === undefined ? {} : { recId }), sku, quantity, serials })
  }
  if (left.length === 0) return 'no goods left'
  return {
    id: String(delivery.id),
    reference,
    shippedAt,
    ...(carrier && carrier.display_name !== ''
      ? { carrier: { code: carrier.display_name, name: carrier.display_name } }
      : {}),
    tracking: [...new Set(tracking.split(/[\s,;，；、]+/).filter((number) => number !== ''))],
    lines: [...Map.groupBy(left, ({ key }) => key).values()].flatMap(together),
  }
}

/** Pieces of one line that cost a cent more have a line of their own in Odoo. */
function together(
  parts: readonly (ErpShipment['lines'][number] & { readonly key: string })[],
): ErpShipment['lines'][number][] {
  const [first] = parts
  if (!first) return []
  const { key: _key, ...line } = first
  return [
    {
      ...line,
      quantity: addUp(parts.map(({ quantity }) => quantity)),
      serials: parts.flatMap(({ serials }) => serials),
    },
  ]
}
