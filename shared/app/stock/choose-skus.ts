import type { StockItem } from '#contracts/bridge.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { Called, Calls } from './calls.ts'
import type { OpenPool, PoolShop } from './pool.ts'
import type { SeenStock } from './seen-stock.ts'
import type { UnderWay } from './under-way.ts'

/** The most a bridge tells in one call by SKU. */
export const SLICE_SKUS = 200
/** Longer codes fit no column of a shop. */
export const MAX_SKU = 60
const SCAN_SKUS = 1000
/** A feed that goes on for longer is read on with the next run. */
const MAX_PAGES = 50

/** SKUs whose figure the ERP has changed; without a cursor its feed begins now. Null: it has no feed. */
export async function readErpFeed(
  { stock, config }: OpenPool,
  from: string | null,
  calls: Calls,
): Promise<Called<{ skus: readonly string[]; cursor: string | null }>> {
  const skus: string[] = []
  let cursor = from
  const { since } = stock
  for (let page = 0; since && page < MAX_PAGES; page += 1) {
    const after = cursor ?? undefined
    const answer = await calls.erp(config.target, (context) => since(after, config.warehouses, context))
    if (answer.is !== 'ok') return answer
    skus.push(...answer.value.skus)
    cursor = answer.value.cursor
    if (!answer.value.more) break
  }
  return { is: 'ok', value: { skus, cursor } }
}

/** The next page of the rolling scan: SKUs whose quantity moved by the shop’s own doing. After the last page it begins anew. */
export async function scanShop(
  { id, gateway }: PoolShop,
  after: string,
  seen: SeenStock,
  calls: Calls,
): Promise<Called<{ skus: readonly string[]; after: string }>> {
  const page = await calls.shop(id, (deadline) => gateway.readStock({ after, limit: SCAN_SKUS }, deadline))
  if (page.is !== 'ok') return page
  const moved = await seen.movedAmong(id, page.value.items)
  return { is: 'ok', value: { skus: moved.map(({ sku }) => sku), after: page.value.next ?? '' } }
}

/** Whether the shop has had the figure, or a newer one: the command is no longer under way. */
export function isConfirmed(item: StockItem, { asOf }: { readonly asOf: number }): boolean {
  return item.as_of !== null && EpochMsSchema.decode(item.as_of) >= asOf
}

/**
 * SKUs with a write-back that no shop has confirmed. Those it has are taken off `underWay`; what they hold now is remembered,
 * and they are not looked at for this reason again.
 */
export async function unconfirmed(
  shop: PoolShop,
  underWay: UnderWay,
  isChosen: (sku: string) => boolean,
  seen: SeenStock,
  calls: Calls,
): Promise<Called<readonly string[]>> {
  const asked = underWay.skus(shop.id).filter((sku) => !isChosen(sku))
  const open: string[] = []
  for (let from = 0; from < asked.length; from += SLICE_SKUS) {
    const skus = asked.slice(from, from + SLICE_SKUS)
    const answer = await calls.shop(shop.id, (deadline) => shop.gateway.readStock({ skus }, deadline))
    if (answer.is !== 'ok') return answer
    const confirmed = answer.value.items.filter((item) => {
      const write = underWay.of(shop.id, item.sku)
      return write !== undefined && isConfirmed(item, write.command)
    })
    for (const { sku } of confirmed) underWay.end(shop.id, sku)
    await seen.remember(shop.id, confirmed)
    open.push(...skus.filter((sku) => underWay.of(shop.id, sku) !== undefined))
  }
  return { is: 'ok', value: open }
}
