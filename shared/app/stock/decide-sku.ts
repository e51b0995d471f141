import type { PlanChunk } from '#contracts/stock-run.ts'
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
import type { UnderWay } from './under-way.ts'

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

/** What is to be written for a SKU, as it was read; takes write-backs that have arrived, or are lost, off `underWay`. */
export function decideSku(
  { sku, figure, source, items, isAmbiguous, orders }: SkuReading,
  pool: OpenPool,
  underWay: UnderWay,
  now: number,
): SkuDecision {
  // With goods of a doubtful code its orders are not known either.
  if (isAmbiguous) return { is: 'ambiguous' }
  if (items.size === 0) return { is: 'unknown-in-shop' }
  if (figure === undefined) return { is: 'unknown-in-erp' }

  const shops = pool.shops.flatMap(({ id, share, mode }): ShopStock[] => {
    const item = items.get(id)
    if (!item) return []
    const write = underWay.of(id, sku)
    const isOver = write && (isConfirmed(item, write.command) || now - write.command.at > COMMAND_LIFE_MS)
    if (isOver) underWay.end(id, sku)
    const unshipped = item.lines
      .filter(({ open }) => open)
      .reduce((sum, { quantity, shipped }) => sum + Math.max(0, quantity - shipped), 0)
    const promised = write && !isOver ? write.offers : 0
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
