import type { StockAnswer } from '#contracts/bridge.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { StockKept, StockPlace, StockReport, Strangers } from '#contracts/stock-run.ts'
import type { Hold, RunEnd } from '../run.ts'
import { BRAKED, beginRun, notDue, openPool, openRecent } from './begin-run.ts'
import { Calls, type Halt } from './calls.ts'
import { SLICE_SKUS } from './choose-skus.ts'
import { decideSku } from './decide-sku.ts'
import { KnownSkus } from './known-skus.ts'
import type { OpenPool } from './pool.ts'
import { readSlice, type SkuReading } from './read-slice.ts'
import type { RecentOrders } from './recent-orders.ts'
import { passesBrake, releaseChunk } from './release-plan.ts'
import type { ReconcileStockDeps } from './run-deps.ts'
import { SeenStock } from './seen-stock.ts'
import { StockPlan } from './stock-plan.ts'
import { writeStockReport } from './stock-report.ts'
import { UnderWay } from './under-way.ts'

/** So much work may be done again when an invocation dies. */
const CHECKPOINT_SLICES = 25
/** A page of a shop that cannot be read ends the walk after so many ticks; the night is not done then. */
const MAX_TRIES = 3
const SAMPLE = 100
const MAX_FAILURES = 20
/** To keep the place and to end. */
const END_MS = 1_000

export interface Ended {
  readonly kept: StockKept
  readonly end: RunEnd
}

/** One invocation, under the lock of the pool. */
export async function runStock(
  name: string,
  isAsked: boolean,
  kept: StockKept,
  hold: Hold<StockKept>,
  deps: ReconcileStockDeps,
  endsAt: number,
): Promise<Ended> {
  const none = kept.place || isAsked ? undefined : await notDue(name, kept, deps)
  if (none) return { kept, end: none }
  const calls = new Calls({ ...deps, correlationId: deps.ids.next() }, endsAt)
  const pool = await openPool(name, deps, calls)
  if (pool.is !== 'ok') return { kept, end: halted(pool) }

  const underWay = new UnderWay(kept.underWay)
  const seen = new SeenStock(name, deps.notes)
  const recent = await openRecent(pool.value, kept.place?.next.shops ?? kept.shops, deps, calls)
  const place = kept.place
    ? ({ is: 'ok', value: copyOf(kept.place) } as const)
    : await beginRun({ pool: pool.value, kept, underWay, recent, seen, calls, deps, isAsked })
  if (place.is !== 'ok') return { kept, end: halted(place) }
  return new StockRun(pool.value, place.value, {
    kept,
    underWay,
    recent,
    seen,
    calls,
    hold,
    deps,
    endsAt,
  }).run()
}

interface RunParts {
  readonly kept: StockKept
  readonly underWay: UnderWay
  readonly recent: ReadonlyMap<string, RecentOrders>
  readonly seen: SeenStock
  readonly calls: Calls
  readonly hold: Hold<StockKept>
  readonly deps: ReconcileStockDeps
  readonly endsAt: number
}

/** Examines slice by slice into a plan, and releases the plan once the brake has seen the whole of it. */
class StockRun {
  readonly #pool: OpenPool
  /** Changed as the run goes on. */
  readonly #place: StockPlace
  readonly #parts: RunParts
  readonly #plan: StockPlan
  readonly #known: KnownSkus
  #slices = 0

  constructor(pool: OpenPool, place: StockPlace, parts: RunParts) {
    this.#pool = pool
    this.#place = place
    this.#parts = parts
    this.#plan = new StockPlan(pool.name, parts.deps.notes, place)
    this.#known = new KnownSkus(pool.name, parts.deps.notes)
  }

  async run(): Promise<Ended> {
    const place = this.#place
    if (place.phase === 'examine') {
      const halt = place.kind === 'full' ? await this.#walk() : await this.#examineChosen()
      if (halt) return this.#halt(halt)
      place.phase = place.kind === 'full' ? 'compare' : 'decide'
    }
    if (place.phase === 'compare') {
      const halt = await this.#compare()
      if (halt) return this.#halt(halt)
      place.phase = 'decide'
    }
    if (place.phase === 'decide') {
      await this.#plan.close()
      if (!(await passesBrake(this.#heldPlan(), this.#brakeCounts(), this.#parts.deps))) return this.#brake()
      place.phase = 'release'
      // Whoever has lost the lock releases nothing.
      if (!(await this.#keep())) return this.#lost()
    }
    const halt = await this.#release()
    return halt ? this.#halt(halt) : this.#finish()
  }

  async #examineChosen(): Promise<Halt | undefined> {
    const place = this.#place
    while (place.todo.length > 0) {
      const halt = await this.#examine(place.todo.slice(0, SLICE_SKUS), new Map())
      if (halt) return halt
      place.todo.splice(0, SLICE_SKUS)
      if (!(await this.#checkpoint())) return LOST
    }
    return undefined
  }

  /** Every SKU of every shop; of a later shop only those that no earlier one has. */
  async #walk(): Promise<Halt | undefined> {
    const { walk } = this.#place
    for (let shop = this.#pool.shops[walk.shop]; shop; shop = this.#pool.shops[walk.shop]) {
      const { id, gateway } = shop
      const page = await this.#parts.calls.shop(id, (deadline) =>
        gateway.readStock({ after: walk.after, limit: SLICE_SKUS }, deadline),
      )
      if (page.is !== 'ok') {
        walk.tries += 1
        if (page.is !== 'failed' || walk.tries < MAX_TRIES) return page
        this.#failed(page.why)
        return undefined
      }
      this.#countProblems(page.value)
      const halt = await this.#examinePage(id, page.value)
      if (halt) return halt
      walk.tries = 0
      walk.after = page.value.next ?? ''
      if (page.value.next === null) walk.shop += 1
      if (!(await this.#checkpoint())) return LOST
    }
    return undefined
  }

  async #examinePage(shop: string, page: StockAnswer): Promise<Halt | undefined> {
    const answers = new Map<string, StockAnswer>([[shop, page]])
    let skus = page.items.map(({ sku }) => sku)
    for (const earlier of this.#pool.shops.slice(0, this.#place.walk.shop)) {
      if (skus.length === 0) return undefined
      const asked = skus
      const answer = await this.#parts.calls.shop(earlier.id, (deadline) =>
        earlier.gateway.readStock({ skus: asked }, deadline),
      )
      if (answer.is === 'failed') return this.#leave(skus, answer.why)
      if (answer.is !== 'ok') return answer
      const strange = new Set(
        answer.value.problems.filter(({ code }) => code === 'unknown-sku').map(({ sku }) => sku),
      )
      skus = skus.filter((sku) => strange.has(sku))
      answers.set(earlier.id, answer.value)
    }
    return this.#examine(skus, answers)
  }

  async #examine(
    skus: readonly string[],
    known: ReadonlyMap<string, StockAnswer>,
  ): Promise<Halt | undefined> {
    if (skus.length === 0) return undefined
    const { recent, calls, deps, seen } = this.#parts
    const slice = await readSlice(skus, known, { pool: this.#pool, recent, calls, ...deps })
    if (slice.is === 'failed') return this.#leave(skus, slice.why)
    if (slice.is !== 'ok') return slice
    this.#again(slice.value.news)
    for (const reading of slice.value.skus) await this.#decide(reading)
    for (const { id } of this.#pool.shops) {
      const items = slice.value.skus.flatMap(({ items: byShop }) => byShop.get(id) ?? [])
      await seen.remember(id, items)
    }
    return undefined
  }

  async #decide(reading: SkuReading): Promise<void> {
    const { sku, source, items } = reading
    const { underWay, deps } = this.#parts
    // What no shop has can neither change nor be zeroed: it would only make the brake softer.
    if (items.size > 0) this.#count('examined')
    if (this.#place.kind === 'full' && items.size > 0) this.#known.add(sku)
    const decision = decideSku(reading, this.#pool, underWay, deps.clock.now())
    if (decision.is !== 'decided') return this.#setAside(decision.is, sku)
    if (decision.heldBack || decision.isUnsettled) this.#again([sku])
    if (decision.heldBack) this.#count('heldBack')
    if (decision.writes.some(({ item }) => item.quantity !== item.expect)) this.#count('changed')
    if (decision.writes.some(({ item }) => item.quantity === 0 && item.expect > 0)) this.#count('zeroed')
    for (const { shop, item } of decision.writes) {
      this.#count('figures')
      await this.#plan.add(shop, source.asOf, item)
    }
  }

  #setAside(why: 'ambiguous' | 'unknown-in-erp' | 'unknown-in-shop', sku: string): void {
    if (why === 'ambiguous') this.#count('ambiguous')
    else note(why === 'unknown-in-erp' ? this.#place.unknownInErp : this.#place.unknownInShop, sku)
  }

  /** A page that cannot be read is left for the next run; the others go on. */
  #leave(skus: readonly string[], why: string): undefined {
    this.#failed(why)
    this.#again(skus)
    return undefined
  }

  /** SKUs of the ERP that no shop has. */
  async #compare(): Promise<Halt | undefined> {
    const { all } = this.#pool.stock
    const place = this.#place
    if (!all) return undefined
    const known = await this.#known.all(place.known)
    for (;;) {
      const page = await this.#parts.calls.erp(this.#pool.config.target, (context) =>
        all(place.compare ?? undefined, context),
      )
      if (page.is === 'failed') {
        this.#failed(page.why)
        return undefined
      }
      if (page.is !== 'ok') return page
      for (const sku of page.value.skus) if (!known.has(sku)) note(place.unknownInShop, sku)
      place.compare = page.value.cursor
      if (!page.value.more) return undefined
    }
  }

  async #release(): Promise<Halt | undefined> {
    const { underWay, deps, endsAt } = this.#parts
    const place = this.#place
    const held = this.#heldPlan()
    for (; place.released < held.chunks; place.released += 1) {
      if (deps.clock.now() + END_MS >= endsAt) return { is: 'late', why: 'the plan is not out yet' }
      const chunk = await this.#plan.chunk(place.released)
      const result = chunk ? await releaseChunk(held, place.released, chunk, deps) : 'late'
      if (result === 'failed') return { is: 'failed', why: 'the queue of the write-backs takes nothing' }
      if (chunk && result === 'queued') underWay.begin(chunk, deps.clock.now())
      if (chunk && result === 'late') this.#again(chunk.items.map(({ sku }) => sku))
    }
    return undefined
  }

  async #finish(): Promise<Ended> {
    const { kept, underWay, seen, recent } = this.#parts
    const place = this.#place
    const isFull = place.kind === 'full'
    const isWhole = place.failures.length === 0
    const examined = place.counts['examined'] ?? 0
    for (const orders of recent.values()) await orders.save()
    await this.#report(isWhole ? 'done' : 'failed')
    const next: StockKept = {
      startedAt: place.startedAt,
      night: isFull && isWhole ? place.night : kept.night,
      fullAt: isFull ? place.startedAt : kept.fullAt,
      fullSkus: isFull && isWhole ? examined : kept.fullSkus,
      braked: null,
      // What could not be read is looked at again: nothing of it is behind a cursor.
      ...(isWhole ? place.next : { erp: kept.erp, shops: kept.shops }),
      again: [...new Set(isWhole ? place.again : [...kept.again, ...place.again])],
      underWay: underWay.kept,
      place: null,
    }
    if (!(await this.#parts.hold.save(next))) return this.#lost()
    await seen.save()
    const [first] = place.failures
    const end: RunEnd = isWhole ? { is: 'done', counts: this.#counts() } : { is: 'failed', why: first ?? '' }
    return { kept: next, end }
  }

  /** Nothing is written; what was to be is looked at again, by a run of the same kind. */
  async #brake(): Promise<Ended> {
    const { kept, underWay, seen } = this.#parts
    const place = this.#place
    const planned: string[] = []
    // A full run comes by all of them anyway.
    for (let index = 0; place.kind === 'delta' && index < this.#plan.state.chunks; index += 1) {
      planned.push(...((await this.#plan.chunk(index))?.items.map(({ sku }) => sku) ?? []))
    }
    await this.#report('braked')
    const next: StockKept = {
      ...kept,
      startedAt: place.startedAt,
      fullAt: place.kind === 'full' ? place.startedAt : kept.fullAt,
      braked: place.kind,
      again: [...new Set([...kept.again, ...place.again, ...planned])],
      underWay: underWay.kept,
      place: null,
    }
    if (!(await this.#parts.hold.save(next))) return this.#lost()
    await seen.save()
    return { kept: next, end: { is: 'waiting', why: BRAKED } }
  }

  async #halt(halt: Halt): Promise<Ended> {
    if (halt === LOST || !(await this.#keep())) return this.#lost()
    return { kept: this.#keptNow(), end: halted(halt, this.#counts()) }
  }

  /** Somebody else has the lock: what we keep is not written any more. */
  #lost(): Ended {
    return { kept: this.#parts.kept, end: { is: 'busy' } }
  }

  async #checkpoint(): Promise<boolean> {
    this.#slices += 1
    return this.#slices % CHECKPOINT_SLICES !== 0 || this.#keep()
  }

  /** Keeps the place, and only then what was seen: decisions come before what they make look settled. */
  async #keep(): Promise<boolean> {
    const { seen, recent, hold } = this.#parts
    this.#place.known = await this.#known.save(this.#place.known)
    for (const orders of recent.values()) await orders.save()
    if (!(await hold.save(this.#keptNow()))) return false
    await seen.save()
    return true
  }

  #keptNow(): StockKept {
    const { kept, underWay } = this.#parts
    Object.assign(this.#place, this.#plan.state)
    return { ...kept, underWay: underWay.kept, place: this.#place }
  }

  #heldPlan() {
    const { kind, startedAt } = this.#place
    return { pool: this.#pool, kind, startedAt, plan: this.#plan, chunks: this.#plan.state.chunks }
  }

  #brakeCounts() {
    const { examined = 0, changed = 0, zeroed = 0 } = this.#place.counts
    return { changed, zeroed, of: Math.max(examined, this.#parts.kept.fullSkus) }
  }

  #countProblems({ problems }: StockAnswer): void {
    for (const { code } of problems) {
      if (code === 'ambiguous-sku') this.#count('ambiguous')
      if (code === 'no-sku-code') this.#count('withoutCode')
    }
  }

  #count(what: string): void {
    this.#place.counts[what] = (this.#place.counts[what] ?? 0) + 1
  }

  #failed(why: string): void {
    this.#count('failed')
    if (this.#place.failures.length < MAX_FAILURES) this.#place.failures.push(why)
  }

  #again(skus: readonly string[]): void {
    this.#place.again.push(...skus)
  }

  #counts(): Record<string, number> {
    const { counts, unknownInErp, unknownInShop } = this.#place
    const { erpCalls, shopCalls } = this.#parts.calls
    return {
      ...counts,
      unknownInErp: unknownInErp.count,
      unknownInShop: unknownInShop.count,
      erpCalls,
      shopCalls,
    }
  }

  async #report(is: StockReport['is']): Promise<void> {
    const { kind, unknownInErp, unknownInShop, failures } = this.#place
    const { clock, notes } = this.#parts.deps
    const at = EpochMsSchema.encode(clock.now())
    const report = { at, kind, is, counts: this.#counts(), unknownInErp, unknownInShop, failures }
    await writeStockReport(this.#pool.name, report, notes)
  }
}

const LOST: Halt = { is: 'failed', why: 'another invocation has taken over' }

/** To be changed as the run goes on; its long lists share their texts with what is kept. */
function copyOf({ todo, again, ...place }: StockPlace): StockPlace {
  return { ...structuredClone(place), todo: [...todo], again: [...again] }
}

function halted({ is, why }: Halt, counts: Record<string, number> = {}): RunEnd {
  if (is === 'late') return { is: 'saved', counts }
  return is === 'closed' ? { is: 'waiting', why } : { is: 'failed', why }
}

function note(strangers: Strangers, sku: string): void {
  strangers.count += 1
  if (strangers.sample.length < SAMPLE) strangers.sample.push(sku)
}
