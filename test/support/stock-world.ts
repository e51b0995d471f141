import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import type {
  Changes,
  Digests,
  OpenLine,
  StockAnswer,
  StockItem,
  StockQuery,
  StockWrite,
  StockWritten,
} from '#contracts/bridge.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import type { LedgerRow, RowKey } from '#contracts/ledger-row.ts'
import type { Order } from '#contracts/order.ts'
import { generationReference, orderReference, orderSourceId } from '#domain/reference.ts'
import { freshRow, linesSent, rowSeeing } from '#domain/row.ts'
import type { Commitment, ErpRead, ErpReads, StockMeaning } from '#ports/erp-reads.ts'
import type { Clock } from '#ports/runtime.ts'
import type { ShopAnswer } from '#ports/shop-gateway.ts'
import { canonicalOrder } from './canonical-order.ts'

/**
 * Shops and an ERP that share stock, told by what happens to units and by no formula: who holds a piece, who was promised
 * one. What a write of ours may do is judged by that alone.
 */

export type StockMode = 'placement' | 'shipment'

export interface ShopSetup {
  readonly id: string
  readonly mode: StockMode
}

export interface StockWorldSetup {
  readonly meaning: StockMeaning
  readonly shops: readonly ShopSetup[]
  /** On the shelf at the beginning, by SKU; the shops show an equal part of it each. */
  readonly stock: Readonly<Record<string, number>>
  /** A rule that the bridge’s write leaves out. */
  readonly without?: 'compare-and-set' | 'as-of'
}

type OrderHappening =
  | { readonly do: 'cancel' | 'delete' | 'deliver' | 'told'; readonly order: number }
  | { readonly do: 'edit'; readonly order: number; readonly line: number; readonly quantity: number }

type DocHappening =
  | { readonly do: 'cancel-in-erp' | 'reserve'; readonly order: number }
  | { readonly do: 'ship'; readonly order: number; readonly sku: string; readonly quantity: number }

/** What happens outside our runs. Numbers choose among what there is. */
export type Happening =
  | OrderHappening
  | DocHappening
  | { readonly do: 'sell'; readonly shop: number; readonly sku: string; readonly quantity: number }
  | { readonly do: 'receive' | 'lose'; readonly sku: string; readonly quantity: number }
  | { readonly do: 'wait'; readonly seconds: number }

interface ShopLine {
  readonly recId: string
  readonly sku: string
  quantity: number
  /** On delivery notes of the shop. */
  noted: number
}

interface ShopOrder {
  readonly shop: Shop
  readonly id: number
  readonly addTime: number
  state: 'open' | 'cancelled' | 'deleted'
  closedAt: number | undefined
  readonly lines: ShopLine[]
  delivery: Delivery
}

/** Where a delivery of ours to the ERP stands: each is a moment of its own, and anything may happen in between. */
type Delivery =
  | { readonly at: 'rest' }
  | {
      readonly at: 'sent'
      readonly content: ReadonlyMap<string, number>
      readonly op: 'place' | 'amend' | 'cancel'
    }
  | { readonly at: 'effective'; readonly ok: boolean; readonly op: 'place' | 'amend' | 'cancel' }

interface Shop extends ShopSetup {
  readonly quantity: Map<string, number>
  readonly asOf: Map<string, number>
  readonly changes: Map<number, { seq: number; deleted: boolean; at: number }>
  readonly orders: ShopOrder[]
  /** Written figures that were too small for what the shop still has to ship. */
  readonly unshippable: string[]
}

interface Doc {
  state: 'live' | 'cancelled'
  readonly items: Map<string, { ordered: number; reserved: number; shipped: number }>
}

const DAY_MS = 86_400_000
const TARGET = 'erp'

export class StockWorld {
  readonly skus: readonly string[]
  readonly shops: readonly Shop[]
  readonly ledger: MemoryLedger
  readonly reads: ErpReads
  /** What our writes did wrong. */
  readonly wrong: string[] = []
  writes = 0
  /** Runs before and after each call of a port: the place for what happens meanwhile. */
  meanwhile: () => void = () => {}
  readonly #clock: Clock & { advance(ms: number): void }
  readonly #setup: StockWorldSetup
  readonly #shelf: Map<string, number>
  readonly #docs = new Map<string, Doc>()
  readonly #feed: string[] = []
  readonly #losses: { readonly at: number; readonly sku: string; readonly quantity: number }[] = []
  readonly #rows = new Map<string, LedgerRow>()
  #ids = 1000
  #seq = 0

  constructor(setup: StockWorldSetup, clock: Clock & { advance(ms: number): void }) {
    this.#setup = setup
    this.#clock = clock
    this.skus = Object.keys(setup.stock)
    this.#shelf = new Map(Object.entries(setup.stock))
    this.ledger = new MemoryLedger({ clock })
    this.shops = setup.shops.map((shop) => ({
      ...shop,
      quantity: new Map(
        this.skus.map((sku) => [sku, Math.floor((setup.stock[sku] ?? 0) / setup.shops.length)]),
      ),
      asOf: new Map(),
      changes: new Map(),
      orders: [],
      unshippable: [],
    }))
    this.reads = this.#erpReads()
  }

  happen(event: Happening): void {
    this.#clock.advance(1_000)
    const before = this.#slacks()
    this.#do(event)
    for (const [sku, slack] of this.#slacks()) {
      const lost = (before.get(sku) ?? 0) - slack
      if (lost > 0) this.#losses.push({ at: this.#clock.now(), sku, quantity: lost })
    }
  }

  #do(event: Happening): void {
    switch (event.do) {
      case 'sell':
        return this.#sell(pick(this.shops, event.shop), event.sku, event.quantity)
      case 'receive':
        this.#shelf.set(event.sku, this.#onShelf(event.sku) + event.quantity)
        this.#feed.push(event.sku)
        return
      case 'lose': {
        // Counted at the shelf: only what nobody has a claim on is missing.
        const free = this.#onShelf(event.sku) - this.#reserved(event.sku)
        const quantity = Math.min(event.quantity, Math.max(0, free))
        this.#shelf.set(event.sku, this.#onShelf(event.sku) - quantity)
        this.#feed.push(event.sku)
        return
      }
      case 'wait':
        this.#clock.advance(event.seconds * 1_000)
        return
      case 'cancel-in-erp':
      case 'reserve':
      case 'ship': {
        const doc = this.#docOf(pick(this.#orders(), event.order))
        if (doc?.state === 'live') this.#doInErp(doc, event)
        return
      }
      case 'cancel':
      case 'delete':
      case 'deliver':
      case 'edit':
      case 'told': {
        const order = pick(this.#orders(), event.order)
        if (order) this.#doToOrder(order, event)
      }
    }
  }

  #doToOrder(order: ShopOrder, event: OrderHappening): void {
    switch (event.do) {
      case 'cancel':
        return this.#cancel(order)
      case 'delete':
        return this.#delete(order)
      case 'deliver':
        return this.#deliver(order)
      case 'edit':
        return this.#edit(order, event.line, event.quantity)
      case 'told':
        return this.#told(order)
    }
  }

  #doInErp(doc: Doc, event: DocHappening): void {
    switch (event.do) {
      case 'reserve':
        return this.#reserveAll(doc)
      case 'ship':
        return this.#ship(doc, event.sku, event.quantity)
      case 'cancel-in-erp':
        if (hasShipped(doc)) return
        this.#release(doc)
        doc.state = 'cancelled'
    }
  }

  /** The shop’s checkout of the model is atomic. */
  #sell(shop: Shop | undefined, sku: string, quantity: number): void {
    if (!shop || this.#shown(shop, sku) < quantity) return
    const id = (this.#ids += 1)
    shop.orders.push({
      shop,
      id,
      addTime: Math.floor(this.#clock.now() / 1_000),
      state: 'open',
      closedAt: undefined,
      lines: [{ recId: `${id}1`, sku, quantity, noted: 0 }],
      delivery: { at: 'rest' },
    })
    if (shop.mode === 'placement') add(shop.quantity, sku, -quantity)
    this.#changed(shop, id)
  }

  /** An admin changes, removes (0) or adds a line; nothing of it has been shipped. */
  #edit(order: ShopOrder, at: number, quantity: number): void {
    if (order.state !== 'open' || order.lines.some(({ noted }) => noted > 0)) return
    const { shop } = order
    let line = order.lines[at % (order.lines.length + 1)]
    if (!line) {
      const sku = pick(this.skus, at) ?? ''
      line = { recId: `${order.id}${order.lines.length + 1}`, sku, quantity: 0, noted: 0 }
      order.lines.push(line)
    }
    const more = quantity - line.quantity
    if (more > 0 && this.#shown(shop, line.sku) < more) return
    if (shop.mode === 'placement') add(shop.quantity, line.sku, -more)
    line.quantity = quantity
    this.#changed(shop, order.id)
  }

  #cancel(order: ShopOrder): void {
    if (order.state !== 'open' || order.lines.some(({ noted }) => noted > 0)) return
    order.state = 'cancelled'
    order.closedAt = this.#clock.now()
    if (order.shop.mode === 'placement') {
      for (const { sku, quantity } of order.lines) add(order.shop.quantity, sku, quantity)
    }
    this.#changed(order.shop, order.id)
  }

  #delete(order: ShopOrder): void {
    if (order.state !== 'cancelled') return
    order.state = 'deleted'
    this.#changed(order.shop, order.id)
  }

  /** One step of our delivery: what the shop says now leaves, takes effect, and is recorded. */
  #deliver(order: ShopOrder): void {
    const { delivery } = order
    if (delivery.at === 'rest') return this.#send(order)
    if (delivery.at === 'sent') {
      order.delivery = { at: 'effective', op: delivery.op, ok: this.#takeEffect(order, delivery) }
      return
    }
    this.#record(order, delivery)
    order.delivery = { at: 'rest' }
  }

  #send(order: ShopOrder): void {
    const message = this.#message(order)
    const row = this.#row(order)
    const seen = rowSeeing(row, message, this.#clock.now())
    const live = seen.erp?.state === 'live'
    const wanted = order.state === 'open'
    const op = wanted ? (live ? 'amend' : 'place') : live ? 'cancel' : undefined
    const content = wantedOf(order)
    if (op === undefined || (seen.erp?.state === 'cancelled' && wanted)) {
      this.#putRow({ ...seen, status: 'done' })
      return
    }
    this.#putRow({
      ...seen,
      status: 'open',
      intent: {
        op,
        step: 'create',
        generation: seen.generation,
        hash: { v: 1, source: '', mapped: '' },
        version: message.version,
        deadline: this.#clock.now() + 10_000,
        calls: 1,
      },
    })
    order.delivery = { at: 'sent', content, op }
  }

  #takeEffect(order: ShopOrder, { content, op }: Extract<Delivery, { at: 'sent' }>): boolean {
    const reference = this.#reference(order)
    let doc = this.#docs.get(reference)
    if (op === 'cancel') {
      if (!doc || doc.state === 'cancelled') return true
      if (hasShipped(doc)) return false
      this.#release(doc)
      doc.state = 'cancelled'
      return true
    }
    if (doc?.state === 'cancelled') return false
    if (doc && [...doc.items].some(([sku, { shipped }]) => (content.get(sku) ?? 0) < shipped)) return false
    doc ??= { state: 'live', items: new Map() }
    this.#docs.set(reference, doc)
    for (const sku of new Set([...content.keys(), ...doc.items.keys()])) {
      const item = doc.items.get(sku) ?? { ordered: 0, reserved: 0, shipped: 0 }
      doc.items.set(sku, item)
      item.ordered = content.get(sku) ?? 0
      item.reserved = Math.min(item.reserved, item.ordered - item.shipped)
      this.#feed.push(sku)
    }
    this.#reserveAll(doc)
    return true
  }

  #record(order: ShopOrder, { ok, op }: Extract<Delivery, { at: 'effective' }>): void {
    const { intent, ...row } = this.#row(order)
    const now = this.#clock.now()
    if (!ok || !intent) return this.#putRow({ ...row, status: 'parked' })
    const reference = this.#reference(order)
    const erp = { id: reference, generation: row.generation, step: 'create' }
    if (op === 'cancel') {
      return this.#putRow({ ...row, status: 'done', erp: { ...erp, state: 'cancelled' } })
    }
    this.#putRow({
      ...row,
      status: 'done',
      applied: { version: intent.version, hash: intent.hash },
      erp: { ...erp, state: 'live' },
      lines: linesSent(row.lines, now),
    })
  }

  #reserveAll(doc: Doc): void {
    for (const [sku, item] of doc.items) {
      const free = Math.max(0, this.#onShelf(sku) - this.#reserved(sku))
      const more = Math.min(free, Math.max(0, item.ordered - item.shipped - item.reserved))
      item.reserved += more
      if (more > 0) this.#feed.push(sku)
    }
  }

  #release(doc: Doc): void {
    for (const [sku, item] of doc.items) {
      item.reserved = 0
      this.#feed.push(sku)
    }
  }

  #ship(doc: Doc, sku: string, quantity: number): void {
    const item = doc.items.get(sku)
    const count = Math.min(quantity, item?.reserved ?? 0, this.#onShelf(sku))
    if (!item || count <= 0) return
    item.reserved -= count
    item.shipped += count
    add(this.#shelf, sku, -count)
    this.#feed.push(sku)
  }

  /** The shop records what the ERP has shipped and it does not know yet. */
  #told(order: ShopOrder): void {
    if (order.state !== 'open') return
    const doc = this.#docOf(order)
    let noted = false
    for (const [sku, { shipped }] of doc?.items ?? []) {
      const lines = order.lines.filter((line) => line.sku === sku)
      let left = shipped - lines.reduce((sum, line) => sum + line.noted, 0)
      for (const line of lines) {
        const count = Math.min(left, line.quantity - line.noted)
        if (count <= 0) continue
        line.noted += count
        left -= count
        noted = true
        const { shop } = order
        if (shop.mode === 'shipment') shop.quantity.set(sku, Math.max(0, this.#quantity(shop, sku) - count))
      }
    }
    if (!noted) return
    if (order.lines.every((line) => line.noted >= line.quantity)) order.closedAt = this.#clock.now()
    this.#changed(order.shop, order.id)
  }

  bridge(id: string) {
    const shop = this.shops.find((candidate) => candidate.id === id)
    if (!shop) throw new Error(`no shop ${id}`)
    return {
      readStock: (query: StockQuery) => this.#port(() => this.#stockAnswer(shop, query)),
      changes: ({ after, limit }: { after: number; limit: number }) =>
        this.#port(() => this.#changesOf(shop, after, limit)),
      digestPage: (_kind: string, page: { after: string; limit: number }) =>
        this.#port(() => this.#digests(shop, page)),
      health: () => this.#port(() => this.#health(shop)),
    }
  }

  async #port<Value>(answer: () => Value): Promise<ShopAnswer<Value>> {
    this.meanwhile()
    const value = answer()
    this.meanwhile()
    return { is: 'ok', value }
  }

  #stockAnswer(shop: Shop, query: StockQuery): StockAnswer {
    const page = 'skus' in query ? undefined : query
    const wanted = page ? this.skus.filter((sku) => sku > page.after).slice(0, page.limit) : []
    const skus = 'skus' in query ? query.skus : wanted
    const last = wanted.at(-1)
    return {
      items: skus.filter((sku) => this.skus.includes(sku)).map((sku) => this.#item(shop, sku)),
      problems: skus
        .filter((sku) => !this.skus.includes(sku))
        .map((sku) => ({ sku, code: 'unknown-sku' as const, message: '' })),
      next: page && last !== undefined && last !== this.skus.at(-1) ? last : null,
    }
  }

  #item(shop: Shop, sku: string): StockItem {
    const lines = this.#lines(shop, sku)
    const quantity = this.#quantity(shop, sku)
    const asOf = shop.asOf.get(sku)
    return {
      sku,
      goods_id: String(this.skus.indexOf(sku) + 1),
      product_id: '0',
      quantity,
      digest: JSON.stringify([quantity, lines.filter(({ open }) => open)]),
      as_of: asOf === undefined ? null : new Date(asOf).toISOString(),
      lines,
    }
  }

  /** Open lines, and those of orders that stopped being open within a day; what was deleted or edited away is not told. */
  #lines(shop: Shop, sku: string): OpenLine[] {
    const since = this.#clock.now() - DAY_MS
    return shop.orders
      .filter(({ state, closedAt }) => state !== 'deleted' && (closedAt === undefined || closedAt >= since))
      .flatMap((order) =>
        order.lines
          .filter((line) => line.sku === sku && line.quantity > 0)
          .map((line) => ({
            order_id: String(order.id),
            order_sn: `SN${order.id}`,
            add_time: order.addTime,
            rec_id: line.recId,
            quantity: line.quantity,
            shipped: line.noted,
            open: order.state === 'open' && order.closedAt === undefined,
          })),
      )
  }

  #changesOf(shop: Shop, after: number, limit: number): Changes {
    const all = [...shop.changes]
      .map(([id, change]) => ({ id, ...change }))
      .filter(({ seq }) => seq > after)
      .sort((a, b) => a.seq - b.seq)
    const page = all.slice(0, limit)
    return {
      epoch: 'epoch-one',
      seq: this.#seq,
      changes: page.map(({ id, seq, deleted, at }) => ({
        seq,
        kind: 'order' as const,
        id: String(id),
        deleted,
        stamp: deleted ? (shop.orders.find((order) => order.id === id)?.addTime ?? 0) : 0,
        at: new Date(at).toISOString(),
      })),
      next: page.at(-1)?.seq ?? after,
      more: all.length > page.length,
    }
  }

  #digests(shop: Shop, { after, limit }: { after: string; limit: number }): Digests {
    const there = shop.orders
      .filter(({ id, state }) => state !== 'deleted' && id > Number(after))
      .sort((a, b) => a.id - b.id)
    const page = there.slice(0, limit)
    return {
      epoch: 'epoch-one',
      digests: page.map((order) => ({
        id: String(order.id),
        stamp: order.addTime,
        hash: JSON.stringify(order.lines),
        hashVersion: 1,
        at: null,
        total: '0.00',
      })),
      next: there.length > page.length ? String(page.at(-1)?.id) : null,
    }
  }

  #health(shop: Shop) {
    return {
      bridge: { version: '1', capture: 'triggers' as const },
      platform: {
        name: 'ecshop' as const,
        version: '2.8',
        php: '8',
        database: '',
        charset: 'utf-8' as const,
      },
      epoch: 'epoch-one',
      seq: this.#seq,
      clock: { now: new Date(this.#clock.now()).toISOString(), raw_offset: 0 },
      currency: 'CNY',
      stock_mode: shop.mode,
      relay: {
        paused: null,
        pending: 0,
        set_aside: 0,
        oldest_pending_at: null,
        last_accepted_at: null,
        last_error: null,
      },
    }
  }

  /** The bridge’s own write: an older `as_of`, another quantity or, in shipment mode, other open lines refuse it. */
  writeStock(shopId: string, write: StockWrite): StockWritten {
    const shop = this.shops.find(({ id }) => id === shopId)
    if (!shop) throw new Error(`no shop ${shopId}`)
    const asOf = Date.parse(write.as_of)
    return {
      results: write.items.map(({ sku, quantity, expect, digest }) => {
        const now = this.#quantity(shop, sku)
        const result = (word: 'applied' | 'unchanged' | 'stale' | 'conflict') => ({
          sku,
          result: word,
          quantity: this.#quantity(shop, sku),
          clamped: false,
        })
        const newest = shop.asOf.get(sku) ?? 0
        if (this.#setup.without !== 'as-of' && asOf < newest) return result('stale')
        const same = now === expect && (digest === undefined || digest === this.#item(shop, sku).digest)
        if (this.#setup.without !== 'compare-and-set' && !same) return result('conflict')
        shop.asOf.set(sku, Math.max(asOf, newest))
        if (now === quantity) return result('unchanged')
        // What was lost since a figure was asked for, nobody could know; a newer figure that was written knew.
        this.#write(shop, sku, quantity, Math.max(asOf, newest))
        return result('applied')
      }),
    }
  }

  #write(shop: Shop, sku: string, quantity: number, asOf: number): void {
    const shownBefore = this.#shown(shop, sku)
    shop.quantity.set(sku, quantity)
    this.writes += 1
    if (shop.mode === 'shipment' && quantity < this.#unshipped(shop, sku)) {
      this.wrong.push(`${sku}: ${quantity} in ${shop.id}, which has ${this.#unshipped(shop, sku)} to ship`)
    }
    if (this.#shown(shop, sku) <= shownBefore) return
    const since = this.#losses
      .filter((loss) => loss.sku === sku && loss.at > asOf)
      .reduce((sum, loss) => sum + loss.quantity, 0)
    const slack = this.#slack(sku)
    if (slack + since < 0) {
      this.wrong.push(
        `${sku}: raised to ${quantity} in ${shop.id}, ${-(slack + since)} more than there is (on the shelf ${this.#onShelf(sku)}, owed ${this.owed(sku)})`,
      )
    }
  }

  #erpReads(): ErpReads {
    const read = async <Value>(value: () => Value): Promise<ErpRead<Value>> => {
      this.meanwhile()
      const answer = value()
      this.meanwhile()
      return { is: 'ok', value: answer }
    }
    return {
      stock: {
        meaning: this.#setup.meaning,
        lagMs: 0,
        maxSkus: 200,
        bySku: (skus) =>
          read(
            () =>
              new Map(skus.filter((sku) => this.skus.includes(sku)).map((sku) => [sku, this.figure(sku)])),
          ),
        since: (cursor) =>
          read(() => ({
            skus: cursor === undefined ? [] : [...new Set(this.#feed.slice(Number(cursor)))],
            cursor: String(this.#feed.length),
            more: false,
          })),
        all: () => read(() => ({ skus: this.skus, cursor: 'end', more: false })),
      },
      commitments: {
        maxReferences: 100,
        read: (references) =>
          read(() => new Map(references.map((reference) => [reference, this.#commitment(reference)]))),
      },
    }
  }

  figure(sku: string): number {
    const shelf = this.#onShelf(sku)
    switch (this.#setup.meaning) {
      case 'physical':
        return shelf
      case 'free':
        return shelf - this.#reserved(sku)
      case 'sellable':
        return shelf - this.#outstanding(sku)
    }
  }

  #commitment(reference: string): Commitment {
    const doc = this.#docs.get(reference)
    if (!doc) return { state: 'absent', items: [] }
    return { state: doc.state, items: [...doc.items].map(([sku, item]) => ({ sku, ...item })) }
  }

  /** What the shops still show to buyers. */
  offered(sku: string): number {
    return this.shops.reduce((sum, shop) => sum + this.#shown(shop, sku), 0)
  }

  /** Pieces that somebody is to get from the shelf. */
  owed(sku: string): number {
    return this.#orders().reduce((sum, order) => sum + this.#owedTo(order, sku), 0)
  }

  /** What may be offered once everything has come to rest. */
  sellable(sku: string): number {
    const taken = this.#orders().reduce((sum, order) => {
      const item = this.#liveItem(order, sku)
      const held =
        this.#setup.meaning === 'free' ? (item?.reserved ?? 0) : (item?.ordered ?? 0) - (item?.shipped ?? 0)
      return sum + Math.max(held, this.#owedTo(order, sku))
    }, 0)
    return Math.max(0, this.#onShelf(sku) - taken)
  }

  /** Brings everything under way to its end. */
  settle(): void {
    this.#orders().forEach((order, index) => {
      const finish = () => {
        while (order.delivery.at !== 'rest') this.happen({ do: 'deliver', order: index })
      }
      finish()
      this.happen({ do: 'deliver', order: index })
      finish()
      this.happen({ do: 'told', order: index })
    })
  }

  #owedTo(order: ShopOrder, sku: string): number {
    const ordered = order.state === 'open' ? (wantedOf(order).get(sku) ?? 0) : 0
    const item = this.#docOf(order)?.items.get(sku)
    const byShop = Math.max(0, ordered - (item?.shipped ?? 0))
    if (this.#setup.meaning !== 'physical') return byShop
    // A physical figure still holds what the ERP is about to ship for a document the shop has taken back.
    const live = this.#liveItem(order, sku)
    return Math.max(byShop, live ? live.ordered - live.shipped : 0)
  }

  #slack(sku: string): number {
    return this.#onShelf(sku) - this.owed(sku) - this.offered(sku)
  }

  #slacks(): Map<string, number> {
    return new Map(this.skus.map((sku) => [sku, this.#slack(sku)]))
  }

  #shown(shop: Shop, sku: string): number {
    const quantity = this.#quantity(shop, sku)
    return Math.max(0, shop.mode === 'placement' ? quantity : quantity - this.#unshipped(shop, sku))
  }

  #unshipped(shop: Shop, sku: string): number {
    return shop.orders
      .filter(({ state }) => state === 'open')
      .flatMap(({ lines }) => lines)
      .filter((line) => line.sku === sku)
      .reduce((sum, line) => sum + line.quantity - line.noted, 0)
  }

  #quantity(shop: Shop, sku: string): number {
    return shop.quantity.get(sku) ?? 0
  }

  #onShelf(sku: string): number {
    return this.#shelf.get(sku) ?? 0
  }

  #reserved(sku: string): number {
    return this.#sumLive(sku, ({ reserved }) => reserved)
  }

  #outstanding(sku: string): number {
    return this.#sumLive(sku, ({ ordered, shipped }) => ordered - shipped)
  }

  #sumLive(
    sku: string,
    of: (item: { ordered: number; reserved: number; shipped: number }) => number,
  ): number {
    return [...this.#docs.values()]
      .filter(({ state }) => state === 'live')
      .reduce((sum, { items }) => {
        const item = items.get(sku)
        return sum + (item ? of(item) : 0)
      }, 0)
  }

  #liveItem(order: ShopOrder, sku: string) {
    const doc = this.#docOf(order)
    return doc?.state === 'live' ? doc.items.get(sku) : undefined
  }

  #docOf(order: ShopOrder | undefined): Doc | undefined {
    return order && this.#docs.get(this.#reference(order))
  }

  #orders(): ShopOrder[] {
    return this.shops.flatMap(({ orders }) => orders)
  }

  #reference(order: ShopOrder): string {
    return generationReference(
      orderReference(order.shop.id, `SN${order.id}`, String(order.id), () => ''),
      0,
    )
  }

  #key(order: ShopOrder): RowKey {
    return {
      shop: order.shop.id,
      kind: 'order',
      sourceId: orderSourceId(String(order.id), order.addTime),
      target: TARGET,
    }
  }

  #row(order: ShopOrder): LedgerRow {
    const key = this.#key(order)
    return (
      this.#rows.get(JSON.stringify(key)) ??
      freshRow(
        key,
        this.#message(order),
        { no: `SN${order.id}`, reference: this.#reference(order) },
        this.#clock.now(),
      )
    )
  }

  #putRow(row: LedgerRow): void {
    const next = { ...row, rev: row.rev + 1, writer: 'world', updatedAt: this.#clock.now() }
    this.#rows.set(JSON.stringify(row.key), next)
    void this.ledger.put(next)
  }

  #message(order: ShopOrder): DeliveryMessage {
    return {
      v: 1,
      shop: order.shop.id,
      target: TARGET,
      kind: 'order',
      cause: 'event',
      firstSeenAt: new Date(this.#clock.now()).toISOString(),
      correlationId: 'world',
      version: { epoch: 'epoch-one', seq: this.#seq, epochNo: 0 },
      wireHash: `1:${order.id}.${this.#seq}`,
      subject:
        order.state === 'deleted'
          ? {
              is: 'tombstone',
              tombstone: {
                shop: order.shop.id,
                orderId: String(order.id),
                orderSn: `SN${order.id}`,
                addTime: order.addTime,
                recIds: order.lines.map(({ recId }) => recId),
                state: 'cancelled',
                mergedInto: null,
              },
            }
          : { is: 'snapshot', order: asCanonical(order) },
    }
  }

  #changed(shop: Shop, id: number): void {
    this.#seq += 1
    const order = shop.orders.find((candidate) => candidate.id === id)
    shop.changes.set(id, { seq: this.#seq, deleted: order?.state === 'deleted', at: this.#clock.now() })
  }
}

const hasShipped = (doc: Doc): boolean => [...doc.items.values()].some(({ shipped }) => shipped > 0)

function asCanonical(order: ShopOrder): Order {
  const base = canonicalOrder({
    id: String(order.id),
    addTime: order.addTime,
    state: order.state === 'open' ? 'confirmed' : 'cancelled',
  })
  const [pattern] = base.lines
  if (!pattern) throw new Error('an order without lines')
  return {
    ...base,
    shop: order.shop.id,
    orderSn: `SN${order.id}`,
    lines: order.lines
      .filter(({ quantity }) => quantity > 0)
      .map(({ recId, sku, quantity }) => ({ ...pattern, recId, sku, quantity })),
  }
}

function wantedOf(order: ShopOrder): Map<string, number> {
  const wanted = new Map<string, number>()
  for (const { sku, quantity } of order.lines) if (quantity > 0) add(wanted, sku, quantity)
  return wanted
}

function add(map: Map<string, number>, key: string, change: number): void {
  map.set(key, (map.get(key) ?? 0) + change)
}

function pick<Item>(items: readonly Item[], at: number): Item | undefined {
  return items.length === 0 ? undefined : items[at % items.length]
}
