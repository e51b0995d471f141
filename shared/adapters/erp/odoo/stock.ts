import * as z from 'zod'
import type { ErpStock, SkuPage } from '#ports/erp-reads.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { changesFrom, onward, PlaceSchema, stampOf } from './changes.ts'
import { addUp, answered, knownFields, type ReadDeps, readCursor } from './reading.ts'
import { fieldsNamed, IdSchema, readNested, TextSchema } from './records.ts'
import type { Session } from './session.ts'

const MOST_SKUS = 200
const PAGE = 500
/** A request of Odoo's ends after 120 s unless it is configured otherwise, and clocks may be a minute off. */
const SETTLE_MS = 4 * 60_000

const FigureSchema = z.object({
  default_code: TextSchema,
  free_qty: z.number(),
  type: z.string(),
  is_storable: z.boolean().optional(),
})
const ItemSchema = z.object({ id: IdSchema, default_code: TextSchema })
const ChangeSchema = z.object({
  id: IdSchema,
  write_date: z.string(),
  product_id: z.union([z.object({ default_code: TextSchema }), z.literal(false)]),
})
const WarehouseSchema = z.object({ id: IdSchema, code: z.string() })

/** Moves tell of goods and reservations; quants of what was set right without one. A pass over each, in turn. */
const SOURCES = { moves: 'stock.move', quants: 'stock.quant' } as const
const FeedSchema = z.object({ at: z.enum(['moves', 'quants']), moves: PlaceSchema, quants: PlaceSchema })
const AfterSchema = z.object({ after: z.int().nonnegative() })

/** Goods that are on hand and not reserved (`free_qty`), of products whose stock Odoo counts, by Internal Reference. */
export function createStock(deps: ReadDeps): ErpStock {
  const { clock } = deps

  async function figures(session: Session, skus: readonly string[], codes: readonly string[]) {
    const fields = await knownFields(deps, session, 'product.product')
    if (!fields.ok) return fields
    const warehouses = await warehousesOf(deps, session, codes)
    if (!warehouses.ok) return warehouses
    const { value: ids } = warehouses
    const read = await readNested(
      session,
      'product.product',
      [['default_code', 'in', skus]],
      fieldsNamed(Object.keys(FigureSchema.shape).filter((name) => fields.value.has(name))),
      FigureSchema,
      // 17 calls it `warehouse`, 18 and later `warehouse_id`; each adds several up, and ignores the other.
      ids.length > 0 ? { context: { warehouse: ids, warehouse_id: ids } } : {},
    )
    if (!read.ok) return read
    const asked = new Set(skus)
    const found = new Map<string, number>()
    for (const [code, products] of Map.groupBy(read.value, ({ default_code: code }) => code)) {
      const [product, another] = products
      // Which of two with one code is meant nobody can say: that SKU is unknown, and reported as such.
      if (product && !another && asked.has(code) && isCounted(product))
        found.set(code, addUp([product.free_qty]))
    }
    return done(found)
  }

  async function changes(session: Session, cursor: string | undefined): Promise<Attempt<SkuPage>> {
    const begin = { from: stampOf(clock.now() - SETTLE_MS) }
    const feed =
      cursor === undefined
        ? done({ at: 'moves' as const, moves: begin, quants: begin })
        : readCursor(FeedSchema, cursor)
    if (!feed.ok) return feed
    const { at } = feed.value
    const place = feed.value[at]
    const limit = cursor === undefined ? 1 : PAGE
    const now = clock.now()
    const read = await readNested(
      session,
      SOURCES[at],
      changesFrom(place),
      { write_date: {}, product_id: { fields: fieldsNamed(['default_code']) } },
      ChangeSchema,
      { order: 'id', limit },
    )
    if (!read.ok) return read
    if (cursor === undefined) return done({ skus: [], cursor: JSON.stringify(feed.value), more: false })
    const isLast = read.value.length < limit
    const next = onward(place, read.value, isLast, { now, settleMs: SETTLE_MS })
    const isEnd = isLast && at === 'quants'
    const moved = { ...feed.value, [at]: next, at: isEnd ? 'moves' : isLast ? 'quants' : at }
    return done({
      skus: codesOf(read.value.flatMap(({ product_id: product }) => product || [])),
      cursor: JSON.stringify(moved),
      more: !isEnd,
    })
  }

  async function items(session: Session, cursor: string | undefined): Promise<Attempt<SkuPage>> {
    const fields = await knownFields(deps, session, 'product.product')
    if (!fields.ok) return fields
    const place = cursor === undefined ? done({ after: 0 }) : readCursor(AfterSchema, cursor)
    if (!place.ok) return place
    const read = await readNested(
      session,
      'product.product',
      [
        ['id', '>', place.value.after],
        ['default_code', '!=', false],
        fields.value.has('is_storable') ? ['is_storable', '=', true] : ['type', '=', 'product'],
      ],
      fieldsNamed(['default_code']),
      ItemSchema,
      { order: 'id', limit: PAGE },
    )
    if (!read.ok) return read
    const after = read.value.at(-1)?.id ?? place.value.after
    return done({
      skus: codesOf(read.value),
      cursor: JSON.stringify({ after }),
      more: read.value.length === PAGE,
    })
  }

  return {
    meaning: 'free',
    lagMs: 0,
    maxSkus: MOST_SKUS,
    bySku: (skus, warehouses, context) =>
      skus.length === 0
        ? Promise.resolve({ is: 'ok', value: new Map() })
        : answered(deps, context, (session) => figures(session, skus, warehouses)),
    since: (cursor, _warehouses, context) => answered(deps, context, (session) => changes(session, cursor)),
    all: (cursor, context) => answered(deps, context, (session) => items(session, cursor)),
  }
}

/** Of a service, or of goods that are not tracked, Odoo says 0 whatever there is. 17 calls it a type. */
const isCounted = ({ type, is_storable: storable }: z.infer<typeof FigureSchema>) =>
  storable ?? type === 'product'

const codesOf = (products: readonly { readonly default_code: string }[]): string[] => [
  ...new Set(products.flatMap(({ default_code: code }) => (code === '' ? [] : [code]))),
]

/** Of a warehouse that is not there Odoo says nothing, and of none it counts them all. */
async function warehousesOf(
  { warehouses }: ReadDeps,
  session: Session,
  codes: readonly string[],
): Promise<Attempt<number[]>> {
  const ids = new Map(codes.map((code) => [code, warehouses.get(code)]))
  const unknown = codes.filter((code) => ids.get(code) === undefined)
  if (unknown.length > 0) {
    const read = await readNested(
      session,
      'stock.warehouse',
      [['code', 'in', unknown]],
      fieldsNamed(['code']),
      WarehouseSchema,
    )
    if (!read.ok) return read
    const byCode = Map.groupBy(read.value, ({ code }) => code)
    for (const code of unknown) {
      const [one, another] = byCode.get(code) ?? []
      if (!one || another)
        return refused(
          'Misconfigured',
          `a pool names the warehouse "${code}", which Odoo ${one ? 'has more than once' : 'does not have'}`,
          { field: 'warehouses' },
        )
      warehouses.set(code, one.id)
      ids.set(code, one.id)
    }
  }
  return done([...ids.values()].flatMap((id) => id ?? []))
}
