import type { StockItem } from '#contracts/bridge.ts'
import { SeenStockSchema } from '#contracts/stock-run.ts'
import type { Notes } from '#ports/notes.ts'
import { inParallel } from './in-parallel.ts'

const GOODS_OF_A_NOTE = 200

interface Bucket {
  readonly quantities: Map<string, number>
  rev: number
  isChanged: boolean
}

/** What the shops of a pool had when they were looked at last, so that a scan finds what has moved by itself. */
export class SeenStock {
  readonly #notes: Notes
  readonly #pool: string
  readonly #buckets = new Map<string, Bucket>()

  constructor(pool: string, notes: Notes) {
    this.#pool = pool
    this.#notes = notes
  }

  /** Those that are new, or differ from what was seen. */
  async movedAmong(shop: string, items: readonly StockItem[]): Promise<StockItem[]> {
    await this.#load(shop, items)
    return items.filter(({ sku, quantity, ...item }) => {
      return this.#buckets.get(this.#nameOf(shop, item))?.quantities.get(sku) !== quantity
    })
  }

  async remember(shop: string, items: readonly StockItem[]): Promise<void> {
    await this.#load(shop, items)
    for (const item of items) {
      const bucket = this.#buckets.get(this.#nameOf(shop, item))
      if (!bucket || bucket.quantities.get(item.sku) === item.quantity) continue
      bucket.quantities.set(item.sku, item.quantity)
      bucket.isChanged = true
    }
  }

  /** Only once the decisions about them are kept: what was seen is not looked at again. */
  async save(): Promise<void> {
    const changed = [...this.#buckets].filter(([, { isChanged }]) => isChanged)
    await inParallel(changed, ([name, { quantities, rev }]) =>
      this.#notes.write(name, rev, JSON.stringify(Object.fromEntries(quantities))),
    )
    this.#buckets.clear()
  }

  async #load(shop: string, items: readonly StockItem[]): Promise<void> {
    const names = new Set(items.map((item) => this.#nameOf(shop, item)))
    const missing = [...names].filter((name) => !this.#buckets.has(name))
    await inParallel(missing, async (name) => {
      const note = await this.#notes.read(name)
      const quantities = note ? Object.entries(SeenStockSchema.parse(JSON.parse(note.text))) : []
      this.#buckets.set(name, {
        quantities: new Map(quantities),
        rev: note?.rev ?? 0,
        isChanged: false,
      })
    })
  }

  #nameOf(shop: string, { goods_id: goodsId }: Pick<StockItem, 'goods_id'>): string {
    return `stock-seen:${this.#pool}:${shop}:${BigInt(goodsId) / BigInt(GOODS_OF_A_NOTE)}`
  }
}
