import { EpochMsSchema } from '#contracts/instant.ts'
import type { RowKey } from '#contracts/ledger-row.ts'
import { type RecentOrder, RecentOrdersSchema } from '#contracts/stock-run.ts'
import { DAY_MS } from '#domain/due.ts'
import { orderSourceId } from '#domain/reference.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Notes } from '#ports/notes.ts'
import type { Clock } from '#ports/runtime.ts'
import type { Called, Calls, Halt } from './calls.ts'
import { inParallel } from './in-parallel.ts'
import type { PoolShop } from './pool.ts'

const PAGE = 1000
/** The first walk through a feed may be long: the rest of it is for the next run. */
const MAX_PAGES = 50
const IDS_OF_A_PAGE = 100

interface ChangedOrder {
  readonly id: string
  /** Undefined: it is there, and its digest tells. */
  readonly stamp: number | undefined
  readonly at: number
}

export interface RecentOrdersDeps {
  readonly calls: Calls
  readonly notes: Notes
  readonly ledger: Pick<Ledger, 'get'>
  readonly clock: Clock
}

/**
 * Orders of one shop that changed within a day: what was deleted or edited out of an order the shop’s own lines no longer
 * show, and only the ledger still knows.
 */
export class RecentOrders {
  readonly #deps: RecentOrdersDeps
  readonly #shop: PoolShop
  readonly #target: string
  readonly #note: string
  readonly #orders = new Map<string, RecentOrder>()
  readonly #bySku = new Map<string, Set<string>>()
  #rev = 0
  #kept = '[]'
  #after: number
  #epoch: string

  /** @param from cursor in the feed, and the epoch it belongs to */
  constructor(
    { pool, target, shop }: { pool: string; target: string; shop: PoolShop },
    from: { epoch: string; changes: number },
    deps: RecentOrdersDeps,
  ) {
    this.#deps = deps
    this.#shop = shop
    this.#target = target
    this.#note = `stock-recent:${pool}:${shop.id}`
    this.#after = from.changes
    this.#epoch = from.epoch
  }

  /** Cursor behind what has been read. */
  get cursor(): { epoch: string; changes: number } {
    return { epoch: this.#epoch, changes: this.#after }
  }

  async load(): Promise<void> {
    const note = await this.#deps.notes.read(this.#note)
    this.#rev = note?.rev ?? 0
    this.#kept = note?.text ?? this.#kept
    if (note) for (const order of RecentOrdersSchema.parse(JSON.parse(note.text))) this.#remember(order)
  }

  /** Reads on in the shop’s feed, or not at all. The SKUs of what has changed, as the ledger knows them. */
  async refresh(): Promise<Called<Set<string>>> {
    const before = this.cursor
    const changed = await this.#changed()
    if (changed.is !== 'ok') return this.#back(before, changed)
    const stamps = await this.#stampsOf(changed.value)
    if (stamps.is !== 'ok') return this.#back(before, stamps)
    const orders = changed.value.flatMap(({ id, stamp = stamps.value.get(id), at }) =>
      // Gone in between: its tombstone comes later in the feed.
      stamp === undefined ? [] : [{ id, stamp, at, skus: null }],
    )
    const unknown = [...this.#orders.values()].filter(({ skus }) => skus === null)
    const skus = new Set<string>()
    await inParallel([...orders, ...unknown], async (order) => {
      const row = await this.#deps.ledger.get(this.#key(orderSourceId(order.id, order.stamp)))
      const known = row ? row.lines.map(({ sku }) => sku) : null
      for (const sku of known ?? []) skus.add(sku)
      this.#remember({ ...order, skus: known })
    })
    return { is: 'ok', value: skus }
  }

  #back({ epoch, changes }: { epoch: string; changes: number }, halt: Halt): Halt {
    this.#epoch = epoch
    this.#after = changes
    return halt
  }

  async #changed(): Promise<Called<ChangedOrder[]>> {
    const changed = new Map<string, ChangedOrder>()
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await this.#deps.calls.shop(this.#shop.id, (deadline) =>
        this.#shop.gateway.changes({ after: this.#after, limit: PAGE }, deadline),
      )
      if (answer.is !== 'ok') return answer
      const { epoch, changes, next, more } = answer.value
      if (epoch !== this.#epoch) {
        this.#epoch = epoch
        if (this.#after > 0) {
          // Another epoch counts anew.
          this.#after = 0
          continue
        }
      }
      const since = this.#deps.clock.now() - DAY_MS
      for (const { kind, id, deleted, stamp, at: instant } of changes) {
        const at = EpochMsSchema.decode(instant)
        if (kind !== 'order' || at < since) continue
        changed.set(deleted ? `${id}.${stamp}` : id, { id, stamp: deleted ? stamp : undefined, at })
      }
      this.#after = next
      if (!more) break
    }
    return { is: 'ok', value: [...changed.values()] }
  }

  /** Keys in the ledger of the recent orders that have to do with the SKU. */
  ordersOf(sku: string): readonly RowKey[] {
    return [...(this.#bySku.get(sku) ?? [])].map((sourceId) => this.#key(sourceId))
  }

  async save(): Promise<void> {
    const since = this.#deps.clock.now() - DAY_MS
    const orders = [...this.#orders.values()].filter(({ at }) => at >= since)
    const text = JSON.stringify(orders)
    if (text === this.#kept || !(await this.#deps.notes.write(this.#note, this.#rev, text))) return
    this.#kept = text
    this.#rev += 1
  }

  #remember(order: RecentOrder): void {
    const sourceId = orderSourceId(order.id, order.stamp)
    const before = this.#orders.get(sourceId)?.skus ?? []
    const skus =
      order.skus === null && before.length === 0 ? null : [...new Set([...before, ...(order.skus ?? [])])]
    this.#orders.set(sourceId, { ...order, skus })
    for (const sku of skus ?? []) {
      const orders = this.#bySku.get(sku) ?? new Set()
      this.#bySku.set(sku, orders.add(sourceId))
    }
  }

  #key(sourceId: string): RowKey {
    return { shop: this.#shop.id, kind: 'order', sourceId, target: this.#target }
  }

  /** Raw times of orders that are there: the feed tells them of deleted ones only. */
  async #stampsOf(changed: readonly ChangedOrder[]): Promise<Called<Map<string, number>>> {
    const stamps = new Map<string, number>()
    const wanted = changed
      .filter(({ stamp }) => stamp === undefined)
      .map(({ id }) => BigInt(id))
      .sort((a, b) => (a < b ? -1 : 1))
    for (let first = wanted[0]; first !== undefined; first = wanted[0]) {
      const lastId = first + BigInt(IDS_OF_A_PAGE - 1)
      const window = wanted.filter((id) => id <= lastId)
      const query = { after: String(first - 1n), limit: Number((window.at(-1) ?? first) - first) + 1 }
      const answer = await this.#deps.calls.shop(this.#shop.id, (deadline) =>
        this.#shop.gateway.digestPage('order', query, deadline),
      )
      if (answer.is !== 'ok') return answer
      for (const { id, stamp } of answer.value.digests) stamps.set(id, stamp)
      // Ids only rise, so that this many of them reach the end of the window at least.
      wanted.splice(0, window.length)
    }
    return { is: 'ok', value: stamps }
  }
}
