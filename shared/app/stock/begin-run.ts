import type { StockKept, StockPlace } from '#contracts/stock-run.ts'
import { isDue, nightOf } from '#domain/due.ts'
import type { RunEnd } from '../run.ts'
import { readBrake } from './brake-note.ts'
import type { Called, Calls } from './calls.ts'
import { MAX_SKU, readErpFeed, scanShop, unconfirmed } from './choose-skus.ts'
import type { OpenPool, PoolShop } from './pool.ts'
import { RecentOrders } from './recent-orders.ts'
import type { ReconcileStockDeps } from './run-deps.ts'
import type { SeenStock } from './seen-stock.ts'
import type { UnderWay } from './under-way.ts'

const MINUTE_MS = 60_000
/** A full run that failed, or that the brake holds, is not begun anew with every tick. */
const FULL_AGAIN_MS = 60 * MINUTE_MS
const BRAKED_FULL_AGAIN_MINUTES = 30

export const BRAKED = 'the brake holds what the last run would have written: npm run sync -- brake show'

/** Why no run begins now; undefined: one does. */
export async function notDue(
  name: string,
  kept: StockKept,
  { pools, notes, clock }: ReconcileStockDeps,
): Promise<RunEnd | undefined> {
  const every = pools[name]?.everyMinutes ?? 1
  const startedAt = kept.startedAt ?? undefined
  if (kept.braked === null) return isDue(startedAt, every, clock.now()) ? undefined : { is: 'not-due' }
  const brake = await readBrake(name, notes)
  if (brake?.state !== 'tripped') return undefined
  const pause = kept.braked === 'full' ? Math.max(every, BRAKED_FULL_AGAIN_MINUTES) : every
  return isDue(startedAt, pause, clock.now()) ? undefined : { is: 'waiting', why: BRAKED }
}

/** The pool as its parts are now. The shops’ settings may change between two invocations. */
export async function openPool(
  name: string,
  { pools, erp, shops }: ReconcileStockDeps,
  calls: Calls,
): Promise<Called<OpenPool>> {
  const config = pools[name]
  if (!config) return { is: 'failed', why: `sync.config.json has no pool "${name}"` }
  const source = erp(config.target)
  const stock = source.reads?.stock
  if (!stock) return { is: 'failed', why: `${config.target} is not configured to be read for stock` }
  const opened: PoolShop[] = []
  for (const [id, { share }] of Object.entries(config.shops)) {
    const gateway = shops(id)
    const health = await calls.shop(id, (deadline) => gateway.health(deadline))
    if (health.is !== 'ok') return health
    opened.push({ id, share, mode: health.value.stock_mode, gateway })
  }
  return { is: 'ok', value: { name, config, erp: source, stock, shops: opened } }
}

export async function openRecent(
  pool: OpenPool,
  cursors: StockKept['shops'],
  deps: ReconcileStockDeps,
  calls: Calls,
): Promise<ReadonlyMap<string, RecentOrders>> {
  const recent = new Map<string, RecentOrders>()
  for (const shop of pool.shops) {
    const about = { pool: pool.name, target: pool.config.target, shop }
    const from = cursors[shop.id] ?? { epoch: '', changes: 0 }
    const orders = new RecentOrders(about, from, { ...deps, calls })
    await orders.load()
    recent.set(shop.id, orders)
  }
  return recent
}

export interface Beginning {
  readonly pool: OpenPool
  readonly kept: StockKept
  readonly underWay: UnderWay
  readonly recent: ReadonlyMap<string, RecentOrders>
  readonly seen: SeenStock
  readonly calls: Calls
  readonly deps: ReconcileStockDeps
  readonly isAsked: boolean
}

/**
 * A new run, and for one of what has changed its SKUs: those of the ERP’s feed, of changed orders, those that moved in a
 * shop by themselves, and those a write-back was not confirmed for. What cannot be read leaves its cursor where it was.
 */
export async function beginRun(beginning: Beginning): Promise<Called<StockPlace>> {
  const { pool, kept, recent, calls } = beginning
  const place = newPlace(beginning)
  const isFull = place.kind === 'full'
  const chosen = new Set(kept.again)
  const failed = (why: string) => place.failures.push(why)

  // A full run looks at everything anyway, but the feed has to have begun before it.
  if (!isFull || kept.erp === null) {
    const feed = await readErpFeed(pool, kept.erp, calls)
    if (feed.is === 'failed') failed(feed.why)
    else if (feed.is !== 'ok') return feed
    else {
      place.next.erp = feed.value.cursor
      for (const sku of feed.value.skus) chosen.add(sku)
    }
  }
  for (const orders of recent.values()) {
    const changed = await orders.refresh()
    if (changed.is === 'failed') failed(changed.why)
    else if (changed.is !== 'ok') return changed
    else for (const sku of changed.value) chosen.add(sku)
  }
  for (const shop of pool.shops) {
    place.next.shops[shop.id] = {
      ...(recent.get(shop.id)?.cursor ?? { epoch: '', changes: 0 }),
      scan: kept.shops[shop.id]?.scan ?? '',
    }
  }
  if (isFull) return { is: 'ok', value: place }

  const moved = await chooseFromShops(beginning, place, chosen)
  if (moved.is !== 'ok') return moved
  // What fits no column of a shop is in none.
  place.todo = [...chosen].filter((sku) => sku.length > 0 && sku.length <= MAX_SKU)
  return { is: 'ok', value: place }
}

async function chooseFromShops(
  { pool, kept, underWay, seen, calls }: Beginning,
  place: StockPlace,
  chosen: Set<string>,
): Promise<Called<undefined>> {
  for (const shop of pool.shops) {
    const scanned = await scanShop(shop, kept.shops[shop.id]?.scan ?? '', seen, calls)
    if (scanned.is === 'failed') place.failures.push(scanned.why)
    else if (scanned.is !== 'ok') return scanned
    else {
      const next = place.next.shops[shop.id]
      if (next) next.scan = scanned.value.after
      for (const sku of scanned.value.skus) chosen.add(sku)
    }
    const open = await unconfirmed(shop, underWay, (sku) => chosen.has(sku), seen, calls)
    if (open.is === 'failed') place.failures.push(open.why)
    else if (open.is !== 'ok') return open
    else for (const sku of open.value) chosen.add(sku)
  }
  return { is: 'ok', value: undefined }
}

function newPlace({ kept, deps, isAsked }: Beginning): StockPlace {
  const now = deps.clock.now()
  const night = nightOf(now, deps.nightly)
  const isNight = kept.night === null || night > kept.night
  const isSpaced = kept.fullAt === null || now - kept.fullAt >= FULL_AGAIN_MS || isAsked
  return {
    kind: kept.braked ?? (isNight && isSpaced ? 'full' : 'delta'),
    startedAt: now,
    night,
    phase: 'examine',
    todo: [],
    walk: { shop: 0, after: '', tries: 0 },
    compare: null,
    next: { erp: kept.erp, shops: {} },
    again: [],
    chunks: 0,
    open: [],
    released: 0,
    known: 0,
    counts: {},
    unknownInErp: { count: 0, sample: [] },
    unknownInShop: { count: 0, sample: [] },
    failures: [],
  }
}
