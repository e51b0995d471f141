import type { PlanChunk, StockKept } from '#contracts/stock-run.ts'
import {
  committedPieces,
  figuresToWrite,
  isUnsettled,
  offerablePieces,
  type ShopStock,
  safetyStock,
} from '#domain/stock.ts'
import { isConfirmed } from './choose-skus.ts'
import type { OpenPool } from './pool.ts'
import type { SkuReading } from './read-slice.ts'

/** After this a command counts as lost: the write-backs drop what is older than an hour. */
const COMMAND_LIFE_MS = 70 * 60_000

export type SkuDecision =
  | { readonly is: 'unknown-in-erp' | 'unknown-in-shop' | 'ambiguous' }
  | {
      readonly is: 'decided'
      readonly writes: readonly { readonly shop: string; readonly item: PlanChunk['items'][number] }[]
      /** A raise waits for another shop’s decrease. */
      readonly heldBack: boolean
      /** Something is under way that will change the outcome: to be looked at again soon. */
      readonly isUnsettled: boolean
    }

/** What is to be written for a SKU, as it was read; takes write-backs that have arrived, or are lost, off `pending`. */
export function decideSku(
  { sku, figure, source, items, isAmbiguous, orders }: SkuReading,
  pool: OpenPool,
  pending: StockKept['pending'],
  now: number,
): SkuDecision {
  // With goods of a doubtful code its orders are not known either.
  if (isAmbiguous) return { is: 'ambiguous' }
  if (items.size === 0) return { is: 'unknown-in-shop' }
  if (figure === undefined) return { is: 'unknown-in-erp' }

  const shops = pool.shops.flatMap(({ id, share, mode }): ShopStock[] => {
    const item = items.get(id)
    if (!item) return []
    const underway = pending[id]?.[sku]
    const isOver = underway && (isConfirmed(item, underway) || now - underway.at > COMMAND_LIFE_MS)
    if (isOver) delete pending[id]?.[sku]
    const unshipped = item.lines
      .filter(({ open }) => open)
      .reduce((sum, { quantity, shipped }) => sum + Math.max(0, quantity - shipped), 0)
    const promised = underway && !isOver ? underway.offers : 0
    return [{ shop: id, share, mode, quantity: item.quantity, unshipped, promised }]
  })
  const committed = committedPieces(orders, sku, source)
  const safety = safetyStock(pool.config.safety, sku, figure)
  const { writes, heldBack } = figuresToWrite(offerablePieces(figure, committed, safety), shops)
  return {
    is: 'decided',
    writes: writes.flatMap(({ shop, quantity, offers }) => {
      const item = items.get(shop)
      // Compare-and-set: what the decision rests on, in number and in lines.
      return item
        ? [{ shop, item: { sku, quantity, offers, expect: item.quantity, digest: item.digest } }]
        : []
    }),
    heldBack,
    isUnsettled: orders.some((order) => isUnsettled(order, sku, source)),
  }
}
