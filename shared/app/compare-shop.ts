import type { Digests } from '#contracts/bridge.ts'
import type { TargetConfig } from '#contracts/config.ts'
import {
  type Comparison,
  type DriftDay,
  type DriftDifference,
  type DriftReport,
  MOST_DIFFERENCES,
} from '#contracts/drift.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { MoneySchema } from '#contracts/scalars.ts'
import { dayIn } from '#domain/due.ts'
import { generationReference, orderSourceId } from '#domain/reference.ts'
import { isClaimed, isComparable, isOnItsWay, saysSame } from '#domain/sweep.ts'
import { isOlder } from '#domain/version.ts'
import type { Commitment, ErpCommitments } from '#ports/erp-reads.ts'
import type { Notes } from '#ports/notes.ts'
import type { OrderMemory } from './order-memory.ts'
import type { RunEnd } from './run.ts'
import { EPOCH_CHANGED, failed, SAVED, type SweepDesk, type SweepDeskDeps } from './sweep-desk.ts'
import { writeDrift } from './sweep-notes.ts'
import { openTurn } from './turn.ts'

const PAGE = 100
/** An order younger than this may still be on its way here. */
const YOUNG_MS = 600_000

export interface CompareDeps extends SweepDeskDeps {
  readonly notes: Notes
  readonly targets: Readonly<Record<string, Pick<TargetConfig, 'kinds'>>>
  /** What the ERP of a target holds; undefined where it is not read for that. */
  readonly commitments: (target: string) => ErpCommitments | undefined
}

export interface ComparisonDeps extends CompareDeps {
  readonly desk: SweepDesk
  readonly memory: OrderMemory
  readonly epoch: string
  /** Targets that get nothing for the moment: what the shop told waits in their queue. */
  readonly closed: readonly string[]
  readonly endsAt: number
}

export interface Compared {
  readonly place: Comparison
  /** Of remembered orders. */
  readonly buckets: readonly number[]
  /** Absent: it came to its end, and the report is written. */
  readonly end?: RunEnd
}

/** Compares shop, ledger and ERP, page by page in the order of ids. @param unsettled things too young to be judged */
export async function compareShop(
  begun: Comparison,
  buckets: readonly number[],
  unsettled: ReadonlySet<string>,
  deps: ComparisonDeps,
): Promise<Compared> {
  const pages = new Pages(begun, buckets, unsettled, deps)
  for (;;) {
    const step = await pages.next()
    if (step === 'more') continue
    const { place, buckets: left } = pages
    return step === 'end' ? { place, buckets: left } : { place, buckets: left, end: step }
  }
}

type Digest = Digests['digests'][number]

class Pages {
  place: Comparison
  buckets: readonly number[]
  readonly #unsettled: ReadonlySet<string>
  readonly #deps: ComparisonDeps
  readonly #targets: readonly string[]

  constructor(
    place: Comparison,
    buckets: readonly number[],
    unsettled: ReadonlySet<string>,
    deps: ComparisonDeps,
  ) {
    this.place = place
    this.buckets = buckets
    this.#unsettled = unsettled
    this.#deps = deps
    this.#targets = Object.keys(deps.targets).filter((name) => deps.targets[name]?.kinds.includes('order'))
  }

  async next(): Promise<'more' | 'end' | RunEnd> {
    const { desk, memory, epoch } = this.#deps
    const { after, since } = this.place
    const page = await desk.ask((gateway, deadline) =>
      gateway.digestPage('order', { after, limit: PAGE, since }, deadline),
    )
    if (page.is !== 'ok') return page.is === 'end' ? page.end : failed(page.failure)
    if (page.value.epoch !== epoch) return EPOCH_CHANGED
    const { digests, next } = page.value

    const found = digests.map(({ id, stamp }) => orderSourceId(id, stamp))
    const known = await memory.within(this.buckets, after, next)
    const old = known.filter((sourceId) => stampOf(sourceId) < since)
    const missing = known.filter((sourceId) => !found.includes(sourceId) && !old.includes(sourceId))

    const tally = new Tally(this.place, this.#deps.config.timeZone)
    for (const target of this.#targets) {
      const end = await this.#compare(target, digests, tally)
      if (end) return end
    }
    for (const { at, total } of digests) tally.inShop(at, total)
    const forgotten = await this.#missing(missing, tally)
    this.buckets = await memory.change(this.buckets, { add: found, remove: [...old, ...forgotten] })
    this.place = { ...tally.place, orders: this.place.orders + digests.length, after: next ?? after }
    if (next !== null) return 'more'
    await this.#report()
    return 'end'
  }

  async #compare(target: string, digests: readonly Digest[], tally: Tally): Promise<RunEnd | undefined> {
    const { ledger, shop, clock, desk, epoch } = this.#deps
    const rows = await ledger.getMany(
      digests.map(({ id, stamp }) => ({ shop, kind: 'order', sourceId: orderSourceId(id, stamp), target })),
    )
    const held = await this.#inErp(
      target,
      rows.filter((row) => row !== undefined),
    )
    if ('is' in held) return held
    for (const [index, digest] of digests.entries()) {
      const row = rows[index]
      if (row?.status === 'erased') continue
      const wireHash = `${digest.hashVersion}:${digest.hash}`
      const same = row !== undefined && row.status !== 'new' && this.#same(row, wireHash)
      const commitment = row && held.get(documentOf(row))
      tally.inTarget(target, digest.at, same, commitment)
      if (same) await this.#toThisEpoch(row)
      if (this.#unsettled.has(`order:${digest.id}`)) continue
      const now = clock.now()
      const told = { target, sourceId: orderSourceId(digest.id, digest.stamp), row }
      if (row && (isOnItsWay(row, now) || isClaimed(row, now))) continue
      if (!row && digest.at !== null && now - EpochMsSchema.decode(digest.at) < YOUNG_MS) continue
      if (!same) {
        const is = row && row.status !== 'new' ? 'older-content' : 'not-seen'
        const { mode } = this.place
        if (mode === 'released' || (mode === 'new-epoch' && is === 'not-seen')) {
          const thing = { kind: 'order' as const, id: digest.id, stamp: digest.stamp }
          const posted = await desk.post(thing, [{ target, row }], 'sweep')
          if (posted.is === 'end') return posted.end
          if (posted.is === 'posted' && posted.queued[0]) continue
        }
        tally.differs(
          told,
          is,
          row ? `${row.seen.version.epoch === epoch ? '' : 'epoch before, '}seq ${row.seen.version.seq}` : '',
        )
      } else if (row.status === 'parked') {
        tally.differs(told, 'parked', row.reason?.code ?? '')
      } else if (commitment && isSettled(row, now)) {
        const [is, detail = ''] = erpDifference(row, digest, commitment) ?? []
        if (is) tally.differs(told, is, detail)
      }
    }
    return undefined
  }

  /** A hash of another version of the function tells nothing: only a change does. */
  #same(row: LedgerRow, wireHash: string): boolean {
    return saysSame(row, wireHash) || (!row.shopState.gone && !isComparable(row, wireHash))
  }

  /** What a new epoch tells as before is brought over, so that its next change is an ordinary one. */
  async #toThisEpoch(row: LedgerRow): Promise<void> {
    const { desk, epoch, ledger, ids, clock } = this.#deps
    const version = { epoch, epochNo: desk.epochNo, seq: this.place.seq }
    const before = row.seen.version.epochNo < desk.epochNo && isOlder(row.seen.version, version)
    if (!before || version.seq === 0 || isClaimed(row, clock.now())) return
    await ledger.put({ ...row, rev: row.rev + 1, writer: ids.next(), seen: { ...row.seen, version } })
  }

  async #inErp(
    target: string,
    rows: readonly LedgerRow[],
  ): Promise<ReadonlyMap<string, Commitment> | RunEnd> {
    const { commitments, gate, clock, callMs, ids, endsAt } = this.#deps
    const erp = commitments(target)
    const references = rows.filter(({ erp: document }) => document).map(documentOf)
    const found = new Map<string, Commitment>()
    if (!erp || references.length === 0) return found
    const calls = Math.ceil(references.length / erp.maxReferences)
    const turn = openTurn(gate, target, calls, endsAt, clock)
    try {
      const entry = await turn.enter()
      if (!entry.open) return { is: 'waiting', why: `the gate of ${target} is closed` }
      for (let from = 0; from < references.length; from += erp.maxReferences) {
        if (!turn.take(callMs)) return SAVED
        const read = await turn.inSlot(() =>
          erp.read(references.slice(from, from + erp.maxReferences), {
            deadline: clock.now() + callMs,
            correlationId: ids.next(),
          }),
        )
        turn.report(read.is === 'failed' ? read.failure.class : undefined)
        if (read.is === 'failed')
          return { is: 'failed', why: `${target} could not be read: ${read.failure.message}` }
        for (const [reference, commitment] of read.value) found.set(reference, commitment)
      }
      return found
    } finally {
      await turn.end()
    }
  }

  /** Orders the shop had and does not list. Answers those that nobody has to be told of. */
  async #missing(sourceIds: readonly string[], tally: Tally): Promise<string[]> {
    const { ledger, shop, clock } = this.#deps
    const gone = new Set(sourceIds)
    for (const target of this.#targets) {
      const rows = await ledger.getMany(
        sourceIds.map((sourceId) => ({ shop, kind: 'order', sourceId, target })),
      )
      for (const [index, sourceId] of sourceIds.entries()) {
        const row = rows[index]
        if (!row || row.status === 'erased' || row.shopState.gone) continue
        gone.delete(sourceId)
        const [id = ''] = sourceId.split('.')
        if (this.#unsettled.has(`order:${id}`) || isOnItsWay(row, clock.now())) continue
        tally.differs({ target, sourceId, row }, 'not-in-shop', '')
      }
    }
    return [...gone]
  }

  #waits({ is, target }: DriftDifference): boolean {
    return (is === 'not-seen' || is === 'older-content') && this.#deps.closed.includes(target)
  }

  /** What was told meanwhile is no difference any more. */
  async #report(): Promise<void> {
    const { ledger, notes, shop, clock, log } = this.#deps
    const { differences, days, orders, more, seq } = this.place
    const rows = await ledger.getMany(
      differences.map(({ kind, sourceId, target }) => ({ shop, kind, sourceId, target })),
    )
    const left = differences.filter(({ is }, index) => {
      const row = rows[index]
      if (!row || (is !== 'not-seen' && is !== 'older-content')) return true
      const { epochNo, seq: seen } = row.seen.version
      return row.status === 'new' || epochNo < this.#deps.desk.epochNo || seen <= seq
    })
    this.place = { ...this.place, differences: left }
    const report: DriftReport = { v: 1, shop, at: clock.now(), orders, days, differences: left, more }
    await writeDrift(notes, report)
    // What is parked, or waits for its target, has an alarm of its own.
    if (left.some((difference) => difference.is !== 'parked' && !this.#waits(difference))) {
      const counts = Object.fromEntries(
        [...Map.groupBy(left, ({ is }) => is)].map(([is, those]) => [is, those.length]),
      )
      log.warn('DRIFT_FOUND', 'Shop, ledger and ERP differ.', { shop, ...counts })
    }
  }
}

interface Told {
  readonly target: string
  readonly sourceId: string
  readonly row: LedgerRow | undefined
}

/** The figures of the pages so far, and of this one. */
class Tally {
  place: Comparison
  readonly #timeZone: string

  constructor(place: Comparison, timeZone: string) {
    this.place = { ...place, days: structuredClone(place.days), differences: [...place.differences] }
    this.#timeZone = timeZone
  }

  inShop(at: string | null, total: string | null): void {
    const { shop } = this.#day(at)
    shop.count += 1
    shop.amount += total === null ? 0 : MoneySchema.decode(total)
  }

  inTarget(target: string, at: string | null, same: boolean, commitment: Commitment | undefined): void {
    const day = this.#day(at)
    const figures = (day.targets[target] ??= { seen: 0 })
    if (same) figures.seen += 1
    if (commitment?.state !== 'live') return
    const erp = (figures.erp ??= { count: 0, amount: 0 })
    erp.count += 1
    erp.amount += commitment.total ?? 0
  }

  differs({ target, sourceId, row }: Told, is: DriftDifference['is'], detail: string): void {
    if (this.place.differences.length === MOST_DIFFERENCES) {
      this.place = { ...this.place, more: this.place.more + 1 }
      return
    }
    const { no = '', ref = '' } = row ?? {}
    this.place.differences.push({ kind: 'order', sourceId, target, no, ref, is, detail })
  }

  #day(at: string | null): DriftDay {
    const day = at === null ? 'unknown' : dayIn(EpochMsSchema.decode(at), this.#timeZone)
    return (this.place.days[day] ??= { shop: { count: 0, amount: 0 }, targets: {} })
  }
}

const documentOf = (row: LedgerRow): string =>
  generationReference(row.ref, row.erp?.generation ?? row.generation)
const stampOf = (sourceId: string): number => Number(sourceId.split('.')[1])
const isSettled = (row: LedgerRow, now: number): boolean =>
  row.erp !== undefined && row.intent === undefined && (row.unsettledUntil ?? 0) <= now

function erpDifference(
  row: LedgerRow,
  { total }: Digest,
  commitment: Commitment,
): [is: DriftDifference['is'], detail?: string] | undefined {
  const live = row.erp?.state === 'live'
  if (commitment.state === 'absent') return live ? ['not-in-erp'] : undefined
  if (commitment.state === 'cancelled') return live ? ['cancelled-in-erp'] : undefined
  if (!live) return ['live-in-erp']
  if (total === null || commitment.total === undefined) return undefined
  const inShop = MoneySchema.decode(total)
  if (inShop === commitment.total) return undefined
  return ['amount', `${total} in the shop, ${MoneySchema.encode(commitment.total)} in the ERP`]
}
