import * as z from 'zod'
import type { RestStock } from '#contracts/rest-reads.ts'
import type { ErpStock, SkuPage } from '#ports/erp-reads.ts'
import { placeholdersOf } from './address.ts'
import {
  addUp,
  createPagesRead,
  createRowsRead,
  MaybeCodeSchema,
  ok,
  type Page,
  QuantitySchema,
  type ReadDeps,
  unreadable,
  unusable,
} from './reading.ts'

const FiguresSchema = z.array(
  z.object({ sku: MaybeCodeSchema, warehouse: MaybeCodeSchema, quantity: QuantitySchema }),
)
const SkusSchema = z.array(MaybeCodeSchema)

/** Figures of an ERP as its configuration describes them (see the README, “Reading”). */
export function createStock(deps: ReadDeps, stock: RestStock): ErpStock {
  const { bySku, since, all, meaning, lagSeconds, maxSkus } = stock
  const where = 'operations.stock'
  const figures = createRowsRead(deps, {
    operation: bySku,
    where: `${where}.bySku`,
    rows: ['figures', bySku.figures],
    empty: ['empty', bySku.empty, ({ body }, confirmed) => confirmed && Array.isArray(body)],
  })
  const changed = since && createPagesRead(deps, since, `${where}.since`, ['skus', since.skus])
  const every = all && createPagesRead(deps, all, `${where}.all`, ['skus', all.skus])
  // A list in a parameter is separated by commas: a SKU with one would be taken for two others.
  const isAskable = placeholdersOf(bySku).includes('skus') ? (sku: string) => !sku.includes(',') : () => true

  return {
    meaning,
    maxSkus,
    lagMs: lagSeconds * 1000,

    async bySku(wanted, warehouses, context) {
      const skus = wanted.filter(isAskable)
      if (skus.length === 0) return ok(new Map())
      const answer = await figures.ask({ skus, warehouses }, context)
      if (answer.is === 'failed') return answer
      const read = FiguresSchema.safeParse(answer.value.rows)
      if (!read.success) return unusable(`${where}.bySku.figures`, read.error)
      if (read.data.length > 0 && read.data.every(({ sku }) => !sku))
        return unreadable(`${where}.bySku.figures gave no sku`)

      const asked = new Set(skus)
      const counted = new Set(warehouses)
      const sums = new Map<string, number>()
      for (const { sku, warehouse, quantity } of read.data) {
        if (!sku || !asked.has(sku)) continue
        // Known, but not here: that is 0, not unknown.
        const here = counted.size === 0 || !warehouse || counted.has(warehouse)
        sums.set(sku, addUp(sums.get(sku) ?? 0, here ? quantity : 0))
      }
      return ok(sums)
    },

    ...(changed && {
      since: async (cursor, warehouses, context) => {
        const page = await changed.read(cursor, { warehouses }, context)
        return page.is === 'failed' ? page : skusOf(page.value, `${where}.since.skus`)
      },
    }),
    ...(every && {
      all: async (cursor, context) => {
        const page = await every.read(cursor, {}, context)
        return page.is === 'failed' ? page : skusOf(page.value, `${where}.all.skus`)
      },
    }),
  } satisfies ErpStock
}

/** An item without a code is none a shop could sell; a page of nothing else was misread. */
function skusOf({ rows, cursor, more }: Page, where: string) {
  const read = SkusSchema.safeParse(rows)
  if (!read.success) return unusable(where, read.error)
  const skus = [...new Set(read.data.filter((sku): sku is string => Boolean(sku)))]
  if (rows.length > 0 && skus.length === 0) return unreadable(`${where} gave no sku`)
  const page: SkuPage = { skus, cursor, more }
  return ok(page)
}
