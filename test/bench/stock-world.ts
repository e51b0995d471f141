import { createServer, type IncomingMessage, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import * as z from 'zod'
import { type OpenLine, StockQuerySchema, type StockWrite, StockWriteSchema } from '#contracts/bridge.ts'
import { close, listen } from '../../local/cloud/listen.ts'

export const WAREHOUSES = ['NORTH', 'SOUTH', 'WEST'] as const
const ITEMS_PAGE = 1000

const ErpQuerySchema = z.object({ skus: z.array(z.string()), warehouses: z.array(z.string()) })

interface Goods {
  quantity: number
  asOf: number | null
}

/** A shop and an ERP of many SKUs behind loopback HTTP, with nothing in their way but themselves. */
export class BigStock {
  readonly skus: readonly string[]
  readonly #index: ReadonlyMap<string, number>
  readonly #goods: Goods[]
  /** Of each SKU, by warehouse. */
  readonly #figures: number[][]
  readonly #feed: string[] = []
  readonly calls = { erp: 0, shop: 0 }
  /** Figures that were written, and those among them that changed nothing. */
  readonly written = { figures: 0, needless: 0 }
  readonly #erp: Server
  readonly #shop: Server

  constructor(skus: number) {
    this.skus = Array.from({ length: skus }, (_, index) => `SKU-${String(index).padStart(6, '0')}`)
    this.#index = new Map(this.skus.map((sku, index) => [sku, index]))
    this.#figures = this.skus.map((_, index) => [index % 7, index % 5, 3])
    this.#goods = this.skus.map((_, index) => ({
      quantity: this.#free(index) - (isOrdered(index) ? 1 : 0),
      asOf: null,
    }))
    this.#erp = createServer(
      (request, response) => void this.#serve('erp', request, response.end.bind(response)),
    )
    this.#shop = createServer(
      (request, response) => void this.#serve('shop', request, response.end.bind(response)),
    )
  }

  async listen(): Promise<{ erpUrl: string; shopUrl: string }> {
    return { erpUrl: await listen(this.#erp), shopUrl: await listen(this.#shop) }
  }

  async close(): Promise<void> {
    await close(this.#erp)
    await close(this.#shop)
  }

  /** Receives a piece of every n-th SKU, beginning with this one. */
  receive(every: number, from: number): number {
    let changed = 0
    for (let index = from; index < this.skus.length; index += every) {
      const figures = this.#figures[index]
      if (figures) figures[0] = (figures[0] ?? 0) + 1
      this.#feed.push(this.skus[index] ?? '')
      changed += 1
    }
    return changed
  }

  /** SKUs whose number in the shop is not what it is to be. */
  differing(): number {
    return this.#goods.filter(
      ({ quantity }, index) => quantity !== this.#free(index) - (isOrdered(index) ? 1 : 0),
    ).length
  }

  #free(index: number): number {
    return (this.#figures[index] ?? []).reduce((sum, figure) => sum + figure, 0)
  }

  async #serve(side: 'erp' | 'shop', request: IncomingMessage, end: (body: string) => void): Promise<void> {
    this.calls[side] += 1
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const body: unknown = request.method === 'POST' ? await json(request) : undefined
    end(JSON.stringify(this.#answer(pathname, searchParams, body)))
  }

  #answer(path: string, query: URLSearchParams, body: unknown): unknown {
    switch (path) {
      case '/api/stock/query':
        return { stock: this.#stock(ErpQuerySchema.parse(body).skus) }
      case '/api/stock/changes': {
        const after = Number(query.get('after') ?? this.#feed.length)
        return { skus: this.#feed.slice(after), next: String(this.#feed.length), more: false }
      }
      case '/api/items': {
        const after = Number(query.get('after') ?? 0)
        const skus = this.skus.slice(after, after + ITEMS_PAGE)
        const next = after + skus.length
        return { skus, next: String(next), more: next < this.skus.length }
      }
      case '/v1/health.php':
        return HEALTH
      case '/v1/changes.php':
        return { epoch: HEALTH.epoch, seq: 0, changes: [], next: 0, more: false }
      case '/v1/stock-query.php':
        return this.#query(body)
      case '/v1/stock-write.php':
        return this.#write(StockWriteSchema.parse(body))
      case '/plain-write':
        return this.#overwrite(StockWriteSchema.parse(body))
      default:
        throw new Error(`nothing is at ${path}`)
    }
  }

  #stock(skus: readonly string[]) {
    return skus.flatMap((sku) =>
      (this.#figures[this.#index.get(sku) ?? -1] ?? []).map((free, at) => ({
        sku,
        warehouse: WAREHOUSES[at],
        free,
      })),
    )
  }

  #query(body: unknown) {
    const query = StockQuerySchema.parse(body)
    const after = 'after' in query ? Number(query.after || 0) : 0
    const skus = 'skus' in query ? query.skus : this.skus.slice(after, after + query.limit)
    const end = after + skus.length
    return {
      items: skus.flatMap((sku) => this.#item(sku)),
      problems: [],
      next: 'after' in query && end < this.skus.length ? String(end) : null,
    }
  }

  #item(sku: string) {
    const index = this.#index.get(sku) ?? -1
    const goods = this.#goods[index]
    if (!goods) return []
    const lines = isOrdered(index) ? [lineOf(index)] : []
    const asOf = goods.asOf === null ? null : new Date(goods.asOf).toISOString()
    const { quantity } = goods
    return [
      { sku, goods_id: String(index + 1), product_id: '0', quantity, digest: `${index}`, as_of: asOf, lines },
    ]
  }

  #write({ as_of, items }: StockWrite) {
    const asOf = Date.parse(as_of)
    return {
      results: items.map(({ sku, quantity, expect }) => {
        const goods = this.#goods[this.#index.get(sku) ?? -1]
        if (!goods || goods.quantity !== expect)
          return { sku, result: 'conflict', quantity: null, clamped: false }
        this.#count(goods.quantity !== quantity)
        goods.quantity = quantity
        goods.asOf = asOf
        return { sku, result: 'applied', quantity, clamped: false }
      }),
    }
  }

  #overwrite({ items }: StockWrite) {
    for (const { sku, quantity } of items) {
      const goods = this.#goods[this.#index.get(sku) ?? -1]
      this.#count(goods?.quantity !== quantity)
      if (goods) goods.quantity = quantity
    }
    return {}
  }

  #count(needed: boolean): void {
    this.written.figures += 1
    if (!needed) this.written.needless += 1
  }
}

/** Every hundredth SKU has an open order that the ERP has not got yet. */
const isOrdered = (index: number) => index % 100 === 50

const lineOf = (index: number): OpenLine => ({
  order_id: String(1000 + index),
  order_sn: `SN${index}`,
  add_time: 1_763_712_000 + index,
  rec_id: String(5000 + index),
  quantity: 1,
  shipped: 0,
  open: true,
})

const HEALTH = {
  bridge: { version: 'bench', capture: 'triggers' },
  platform: { name: 'ecshop', version: 'bench', php: 'none', database: 'none', charset: 'utf-8' },
  epoch: 'epoch-bench',
  seq: 0,
  clock: { now: '2026-11-22T00:00:00Z', raw_offset: 0 },
  currency: 'CNY',
  stock_mode: 'placement',
  relay: {
    paused: null,
    pending: 0,
    set_aside: 0,
    oldest_pending_at: null,
    last_accepted_at: null,
    last_error: null,
  },
}
