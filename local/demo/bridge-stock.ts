import {
  type OpenLine,
  type StockAnswer,
  type StockItem,
  StockQuerySchema,
  type StockWrite,
  StockWriteSchema,
  type StockWritten,
} from '#contracts/bridge.ts'
import { type BridgeAnswer, ok, refuse, refuseFields } from './bridge-problem.ts'
import type { DemoShop } from './shop.ts'
import { type Stock, sha256 } from './shop-database.ts'
import { type ShopOrder, sentOf, statusesOf } from './shop-order.ts'

/** A day: an ERP may not have heard yet of an order that stopped being open. */
const RECENT_SECONDS = 86_400

/** `POST stock-query.php` */
export function queryStock(shop: DemoShop, body: unknown): BridgeAnswer {
  // The union itself names no field of what it refuses.
  const schema = StockQuerySchema.options[Object(body).after === undefined ? 0 : 1]
  const asked = schema.safeParse(body)
  if (!asked.success) return refuseFields(asked.error)
  const query = asked.data
  const orders = shop.orders()
  if ('skus' in query) {
    const found = query.skus.map((sku) => ({ sku, rows: shop.database.stockOf(sku) }))
    const answer: StockAnswer = {
      items: found.flatMap(({ rows: [stock, ...others] }) =>
        stock && others.length === 0 ? [itemOf(shop, stock, orders)] : [],
      ),
      problems: found.flatMap(({ sku, rows }) => problemsOf(sku, rows.length)),
      next: null,
    }
    return ok(answer)
  }
  const [goodsId = '', productId = ''] = query.after.split('-')
  const rows = shop.database.stockPage(goodsId, productId, query.limit)
  const last = rows.at(-1)
  const isAmbiguous = ({ sku }: Stock) => shop.database.stockOf(sku).length > 1
  const answer: StockAnswer = {
    items: rows.filter((stock) => !isAmbiguous(stock)).map((stock) => itemOf(shop, stock, orders)),
    problems: rows.filter(isAmbiguous).flatMap(({ sku }) => problemsOf(sku, 2)),
    next: last && rows.length === query.limit ? `${last.goods_id}-${last.product_id}` : null,
  }
  return ok(answer)
}

function problemsOf(sku: string, rows: number): StockAnswer['problems'] {
  if (rows === 1) return []
  return [
    rows === 0
      ? { sku, code: 'unknown-sku', message: 'No goods bears this code.' }
      : { sku, code: 'ambiguous-sku', message: 'Several goods bear this code.' },
  ]
}

function itemOf(shop: DemoShop, stock: Stock, orders: readonly ShopOrder[]): StockItem {
  const { goods_id, product_id, sku, quantity, as_of } = stock
  const lines = openLines(shop, stock, orders)
  return {
    sku,
    goods_id,
    product_id,
    quantity,
    digest: sha256(JSON.stringify([quantity, lines.filter(({ open }) => open)])),
    as_of: as_of === null ? null : new Date(as_of).toISOString(),
    lines,
  }
}

/** Lines of open orders, and of those that stopped being open within a day. */
function openLines(shop: DemoShop, stock: Stock, orders: readonly ShopOrder[]): OpenLine[] {
  return orders.flatMap((order) => {
    const lines = order.lines.filter(
      ({ goodsId, productId }) => goodsId === stock.goods_id && productId === stock.product_id,
    )
    if (lines.length === 0) return []
    const open = isOpen(order)
    if (!open && shop.database.changedAt('order', order.id) < shop.time() - RECENT_SECONDS) return []
    return lines.map((line) => ({
      order_id: String(order.id),
      order_sn: order.no,
      add_time: order.addTime,
      rec_id: line.recId,
      quantity: line.quantity,
      shipped: Math.min(line.quantity, sentOf(order, line)),
      open,
    }))
  })
}

function isOpen(order: ShopOrder): boolean {
  const isAlive = order.status === 'placed' || order.status === 'confirmed'
  return isAlive && statusesOf(order).shipping_status !== 1
}

/** `POST stock-write.php` */
export function writeStock(shop: DemoShop, body: unknown): BridgeAnswer {
  const asked = StockWriteSchema.safeParse(body)
  if (!asked.success) return refuseFields(asked.error)
  const { as_of, items } = asked.data
  const twice = items.findIndex(({ sku }, index) => items.findIndex((item) => item.sku === sku) !== index)
  if (twice >= 0) {
    const field = `items.${twice}.sku`
    return refuse('invalid-field', `${field} is in the list twice.`, 'Name each SKU once.', { field })
  }
  const asOf = Date.parse(as_of)
  const answer: StockWritten = { results: items.map((item) => writeOne(shop, item, asOf)) }
  return ok(answer)
}

function writeOne(
  shop: DemoShop,
  wish: StockWrite['items'][number],
  asOf: number,
): StockWritten['results'][number] {
  const { sku } = wish
  const [stock, ...others] = shop.database.stockOf(sku)
  if (!stock) return { sku, result: 'unknown-sku', quantity: null, clamped: false }
  if (others.length > 0) return { sku, result: 'ambiguous-sku', quantity: null, clamped: false }
  const result = resultOf(shop, wish, stock, asOf)
  if (result !== 'applied' && result !== 'unchanged') {
    return { sku, result, quantity: stock.quantity, clamped: false }
  }
  shop.database.setStock({ ...stock, quantity: wish.quantity, as_of: asOf })
  return { sku, result, quantity: wish.quantity, clamped: false }
}

function resultOf(
  shop: DemoShop,
  wish: StockWrite['items'][number],
  stock: Stock,
  asOf: number,
): StockWritten['results'][number]['result'] {
  const matters = shop.stockMode !== 'none' && wish.digest !== undefined
  if (matters && wish.digest !== itemOf(shop, stock, shop.orders()).digest) return 'conflict'
  const isThere = wish.quantity === stock.quantity
  if (stock.as_of !== null && asOf < stock.as_of) return 'stale'
  // The same call again: its figure is there, or something was sold since.
  if (asOf === stock.as_of) return isThere ? 'unchanged' : 'stale'
  if (isThere) return 'unchanged'
  return wish.expect === stock.quantity ? 'applied' : 'conflict'
}
