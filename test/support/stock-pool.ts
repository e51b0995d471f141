import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryNotes } from '#adapters/memory/memory-notes.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { type ReconcileStockDeps, reconcileStock } from '#app/reconcile-stock.ts'
import type { RunEnd } from '#app/run.ts'
import { readBrake } from '#app/stock/brake-note.ts'
import { readStockReport } from '#app/stock/stock-report.ts'
import type {
  Changes,
  OpenLine,
  StockAnswer,
  StockItem,
  StockMode,
  StockQuery,
  StockWrite,
} from '#contracts/bridge.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { type Pool, PoolSchema } from '#contracts/stock.ts'
import type { BrakeNote, StockReport } from '#contracts/stock-run.ts'
import type { ErpFailureClass } from '#domain/erp-failure.ts'
import type { StockMeaning } from '#domain/stock.ts'
import type { Commitment, ErpRead, ErpReads } from '#ports/erp-reads.ts'
import type { ShopAnswer } from '#ports/shop-gateway.ts'
import { aRow } from './a-ledger-row.ts'
import { CountingIds } from './counting-ids.ts'
import { ManualClock } from './manual-clock.ts'
import { RecordingLog } from './recording-log.ts'

interface Goods {
  quantity: number
  asOf: string | null
  readonly goodsId: string
  lines: OpenLine[]
}

/** A shop that a test fills by hand: goods, lines, a feed. Its bridge compares as the real one does. */
class TestShop {
  readonly goods = new Map<string, Goods>()
  readonly changes: Changes['changes'] = []
  readonly ambiguous = new Set<string>()
  mode: StockMode
  epoch = 'epoch-one'
  /** SKUs a call must not name, else it fails. */
  broken: (query: StockQuery) => boolean = () => false
  #goodsId = 0

  constructor(mode: StockMode) {
    this.mode = mode
  }

  put(sku: string, quantity: number, ...lines: Partial<OpenLine>[]): void {
    const before = this.goods.get(sku)
    this.goods.set(sku, {
      quantity,
      asOf: before?.asOf ?? null,
      goodsId: before?.goodsId ?? String((this.#goodsId += 1)),
      lines: lines.map((line, index) => aLine({ rec_id: `${index + 1}`, ...line })),
    })
  }

  quantity(sku: string): number | undefined {
    return this.goods.get(sku)?.quantity
  }

  change(id: string, deletedStamp?: number): void {
    const deleted = deletedStamp !== undefined
    const seq = this.changes.length + 1
    const at = '2026-11-21T08:29:00Z'
    this.changes.push({ seq, kind: 'order', id, deleted, stamp: deletedStamp ?? 0, at })
  }

  answer(query: StockQuery): StockAnswer {
    const all = [...this.goods.keys()]
    const after = 'after' in query ? Number(query.after || 0) : 0
    const skus = 'skus' in query ? query.skus : all.slice(after, after + query.limit)
    const end = after + skus.length
    return {
      items: skus.flatMap((sku) => this.#item(sku)),
      problems: skus
        .filter((sku) => !this.goods.has(sku) || this.ambiguous.has(sku))
        .map((sku) => ({
          sku,
          code: this.ambiguous.has(sku) ? 'ambiguous-sku' : 'unknown-sku',
          message: '',
        })),
      next: 'after' in query && end < all.length ? String(end) : null,
    }
  }

  write({ as_of: asOf, items }: StockWrite): string[] {
    return items.map(({ sku, quantity, expect, digest }) => {
      const goods = this.goods.get(sku)
      const item = this.#item(sku)[0]
      if (!goods || !item) return 'unknown-sku'
      if (this.mode !== 'none' && digest !== item.digest) return 'conflict'
      if (goods.asOf !== null && asOf <= goods.asOf) return 'stale'
      if (quantity !== goods.quantity && expect !== goods.quantity) return 'conflict'
      const result = quantity === goods.quantity ? 'unchanged' : 'applied'
      goods.quantity = quantity
      goods.asOf = asOf
      return result
    })
  }

  #item(sku: string): StockItem[] {
    const goods = this.goods.get(sku)
    if (!goods || this.ambiguous.has(sku)) return []
    const { quantity, asOf, lines, goodsId } = goods
    const digest = JSON.stringify([quantity, lines.filter(({ open }) => open)])
    return [{ sku, goods_id: goodsId, product_id: '0', quantity, digest, as_of: asOf, lines }]
  }
}

/** An open line of order 1001 for one piece. */
export function aLine(change: Partial<OpenLine> = {}): OpenLine {
  const order = { order_id: '1001', order_sn: 'SN1001', add_time: 500, rec_id: '1' }
  return { ...order, quantity: 1, shipped: 0, open: true, ...change }
}

interface Setup {
  readonly meaning?: StockMeaning
  readonly shops?: Readonly<Record<string, StockMode>>
  readonly pool?: Partial<Record<keyof Pool, unknown>>
  readonly perMinute?: number
  readonly lagMs?: number
  readonly endsInMs?: number
}

const CALL_MS = 1_000
const LEASE_MS = 330_000

/** One pool with its shops and ERP in this process, and a clock that stands still. */
export class StockPool {
  readonly clock = new ManualClock()
  readonly log = new RecordingLog()
  readonly shops: Readonly<Record<string, TestShop>>
  /** The ERP’s figures by SKU, and its documents by reference. */
  readonly erp = new Map<string, number>()
  readonly documents = new Map<string, Commitment>()
  readonly feed: string[] = []
  readonly ledger: MemoryLedger
  readonly notes: MemoryNotes
  readonly queue: MemoryWritebackQueue
  /** Each read of the ERP or a shop, in order. */
  readonly calls: string[] = []
  /** How the ERP answers for these SKUs. */
  fails: (what: string, skus: readonly string[]) => ErpFailureClass | undefined = () => undefined
  /** What happens at a call: a sale, time that passes. */
  meanwhile: (call: string) => void = () => {}
  readonly deps: ReconcileStockDeps
  readonly waits: number[] = []
  readonly #endsInMs: number

  constructor(setup: Setup = {}) {
    const { clock } = this
    const modes = setup.shops ?? { A1: 'placement' as const }
    const names = Object.keys(modes)
    this.shops = Object.fromEntries(names.map((name) => [name, new TestShop(modes[name] ?? 'placement')]))
    this.ledger = new MemoryLedger({ clock })
    this.notes = new MemoryNotes({ clock })
    this.queue = new MemoryWritebackQueue({ clock })
    this.#endsInMs = setup.endsInMs ?? 300_000
    const ids = new CountingIds()
    const rate = { slots: 2, perMinute: setup.perMinute ?? 100_000 }
    this.deps = {
      pools: {
        main: PoolSchema.parse({
          target: 'erp-one',
          shops: Object.fromEntries(names.map((name) => [name, { share: 1 / names.length }])),
          ...setup.pool,
        }),
      },
      nightly: { at: '03:30', timeZone: 'Asia/Shanghai' },
      erp: () => ({
        describe: () => ({
          idempotency: 'unique-reference',
          find: true,
          amend: true,
          cancel: true,
          steps: ['create'],
        }),
        reads: this.#reads(setup.meaning ?? 'physical', setup.lagMs ?? 0),
      }),
      shops: (id) => this.#bridge(id),
      ledger: this.ledger,
      notes: this.notes,
      gate: new MemoryTargetGate({
        clock,
        ids,
        limits: () => ({ ...rate, leaseMs: LEASE_MS, retryFloorMs: 30_000 }),
      }),
      writebacks: this.queue,
      log: this.log,
      wait: async (ms) => {
        this.waits.push(ms)
        clock.advance(ms)
      },
      callMs: CALL_MS,
      leaseMs: LEASE_MS,
      clock,
      ids,
    }
  }

  shop(id = 'A1'): TestShop {
    const shop = this.shops[id]
    if (!shop) throw new Error(`no shop ${id}`)
    return shop
  }

  /** The next run, as due as it is. */
  run(change: Partial<ReconcileStockDeps> = {}): Promise<RunEnd> {
    return reconcileStock({ pool: 'main' }, { ...this.deps, ...change }, this.clock.now() + this.#endsInMs)
  }

  runNow(change: Partial<ReconcileStockDeps> = {}): Promise<RunEnd> {
    return reconcileStock(
      { pool: 'main', now: true },
      { ...this.deps, ...change },
      this.clock.now() + this.#endsInMs,
    )
  }

  /** The commands that were queued: shop, SKU, quantity. */
  queued(): [string, string, number][] {
    return this.#commands().flatMap(({ shop, write }) =>
      write.items.map(({ sku, quantity }): [string, string, number] => [shop, sku, quantity]),
    )
  }

  /** Carries the queued commands out. Results by SKU, in order. */
  apply(): [string, string][] {
    return this.#commands().flatMap(({ shop, write }) => {
      const results = this.shop(shop).write(write)
      return write.items.map(({ sku }, index): [string, string] => [sku, results[index] ?? ''])
    })
  }

  async report(): Promise<StockReport> {
    const report = await readStockReport('main', this.notes)
    if (!report) throw new Error('no run has ended')
    return report
  }

  brake(): Promise<BrakeNote | undefined> {
    return readBrake('main', this.notes)
  }

  /** What the ledger knows of order 1001, or another: sent in full unless said otherwise. */
  async know(sku: string, change: Partial<LedgerRow> = {}, quantity = 1): Promise<void> {
    const at = this.clock.now() - 60_000
    await this.ledger.put(
      aRow({
        key: { shop: 'A1', kind: 'order', sourceId: '1001.500', target: 'erp-one' },
        ref: 'ECA1-SN1001-rt',
        erp: { id: '7', generation: 0, step: 'create', state: 'live' },
        lines: [{ recId: '1', sku, qty: quantity, sentQty: quantity, shipped: 0, reserved: 0, at }],
        ...change,
      }),
    )
  }

  document(
    items: Commitment['items'],
    state: Commitment['state'] = 'live',
    reference = 'ECA1-SN1001-rt',
  ): void {
    this.documents.set(reference, { state, items })
  }

  #commands(): { shop: string; write: StockWrite }[] {
    return this.queue.drain().flatMap(({ message: { shop, command } }) => {
      return command.is === 'stock' ? [{ shop, write: command.write }] : []
    })
  }

  #bridge(id: string): ReturnType<ReconcileStockDeps['shops']> {
    const answer = async <Value>(call: string, value: () => Value): Promise<ShopAnswer<Value>> => {
      this.calls.push(`${id} ${call}`)
      this.meanwhile(`${id} ${call}`)
      return { is: 'ok', value: value() }
    }
    const failed = {
      class: 'Refused',
      code: 'internal-error',
      message: 'It broke.',
      remedy: 'Mend it.',
    } as const
    const shop = () => this.shop(id)
    return {
      health: () => answer('health', () => healthOf(shop())),
      readStock: async (query) => {
        if (shop().broken(query)) return { is: 'failed', failure: failed }
        return answer('skus' in query ? 'stock' : 'page', () => shop().answer(query))
      },
      changes: ({ after, limit }) =>
        answer('changes', () => {
          const rest = shop().changes.filter(({ seq }) => seq > after)
          const page = rest.slice(0, limit)
          const next = page.at(-1)?.seq ?? after
          return { epoch: shop().epoch, seq: next, changes: page, next, more: rest.length > limit }
        }),
      digestPage: (_kind, { after }) =>
        answer('digests', () => ({
          epoch: shop().epoch,
          digests: [...shop().goods.values()]
            .flatMap(({ lines }) => lines)
            .filter(({ order_id }) => Number(order_id) > Number(after))
            .map(({ order_id: orderId, add_time: stamp }) => {
              return { id: orderId, stamp, hash: '', hashVersion: 1, at: null, total: null }
            }),
          next: null,
        })),
    }
  }

  #reads(meaning: StockMeaning, lagMs: number): ErpReads {
    const read = async <Value>(
      call: string,
      names: readonly string[],
      value: () => Value,
    ): Promise<ErpRead<Value>> => {
      this.calls.push(`erp ${call}`)
      this.meanwhile(`erp ${call}`)
      const failure = this.fails(call, names)
      if (failure) return { is: 'failed', failure: { class: failure, message: 'The ERP says no.' } }
      return { is: 'ok', value: value() }
    }
    return {
      stock: {
        meaning,
        lagMs,
        maxSkus: 200,
        bySku: (skus) =>
          read('figures', skus, () => new Map(skus.flatMap((sku) => entry(sku, this.erp.get(sku))))),
        since: (cursor) =>
          read('feed', [], () => ({
            skus: cursor === undefined ? [] : this.feed.slice(Number(cursor)),
            cursor: String(this.feed.length),
            more: false,
          })),
        all: () => read('all', [], () => ({ skus: [...this.erp.keys()], cursor: 'end', more: false })),
      },
      commitments: {
        maxReferences: 100,
        read: (references) =>
          read(
            'documents',
            references,
            () => new Map(references.map((one) => [one, this.documents.get(one) ?? ABSENT])),
          ),
      },
    }
  }
}

const ABSENT: Commitment = { state: 'absent', items: [] }

const entry = (sku: string, figure: number | undefined): [string, number][] =>
  figure === undefined ? [] : [[sku, figure]]

function healthOf(shop: TestShop) {
  const noRelay = {
    paused: null,
    pending: 0,
    set_aside: 0,
    oldest_pending_at: null,
    last_accepted_at: null,
    last_error: null,
  }
  return {
    bridge: { version: '1', capture: 'triggers' as const },
    platform: { name: 'ecshop' as const, version: '2.8', php: '8', database: '', charset: 'utf-8' as const },
    epoch: shop.epoch,
    seq: 0,
    clock: { now: '2026-11-21T08:30:00Z', raw_offset: 0 },
    currency: 'CNY',
    stock_mode: shop.mode,
    relay: noRelay,
  }
}
