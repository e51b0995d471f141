import type { Reason } from '#contracts/ledger-row.ts'
import { type PullInput, type PullKept, PullKeptSchema } from '#contracts/pull-run.ts'
import type { WritebackKey, WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import { isDue } from '#domain/due.ts'
import { appended } from '#domain/history.ts'
import { type ReasonCode, reason } from '#domain/reasons.ts'
import { shopIn } from '#domain/reference.ts'
import type { WriteContext } from '#ports/call-context.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { ErpRead } from '#ports/erp-reads.ts'
import type { Log } from '#ports/runtime.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import type { WritebackLedger, WritebackQueue } from '#ports/writebacks.ts'
import { type Hold, type RunDeps, type RunEnd, underLock } from './run.ts'
import { type Called, Calls } from './stock/calls.ts'

export interface PullDeps extends RunDeps {
  readonly config: { readonly everyMinutes: number }
  /** Those of this configuration: what is of another is of another installation on the same target. */
  readonly shops: readonly string[]
  readonly writebacks: Pick<WritebackLedger, 'get' | 'put'>
  readonly queue: WritebackQueue
  readonly gate: TargetGate
  readonly log: Log
  /** Lets time pass, for a token of the rate. */
  readonly wait: (ms: number) => Promise<void>
  readonly callMs: number
}

/** How what is pulled is spoken of. */
export interface PullWords {
  /** Of what could not become a command. */
  readonly unreadable: Extract<ReasonCode, 'shipment-unreadable' | 'progress-unreadable'>
  /** The line that tells of a parked one. */
  readonly parked: string
  readonly foreign: { readonly code: string; readonly message: string; readonly counted: string }
  readonly queued: string
}

/** A type, not an interface: it is told as the numbers of a run. */
export type PullCounts = { read: number; queued: number; parked: number; known: number; foreign: number }

export interface PulledPage {
  readonly cursor: string
  readonly more: boolean
}

export type Taken =
  /**
   * `settled`: ids that are done with, which the target need not tell again · `behind`: what has to be taken off by others
   * before anything further is told.
   */
  | { readonly is: 'taken'; readonly settled: readonly string[]; readonly behind?: string }
  /** A worker is at one of its rows: the page is read again with the next tick. */
  | { readonly is: 'again' }
  | { readonly is: 'failed'; readonly why: string }

export const AGAIN = { is: 'again' } as const

/** What a target tells page by page. */
export interface Feed<Page extends PulledPage> {
  read(cursor: string | undefined, context: WriteContext): Promise<ErpRead<Page>>
  take(page: Page): Promise<Taken>
  /** Undefined: there is nothing to take off. */
  acknowledge?(ids: readonly string[]): Promise<Called<undefined> | undefined>
}

/** A command on its way into the queue, and the row it gets. */
export interface Queueing {
  readonly key: WritebackKey
  readonly row: WritebackRow | undefined
  readonly message: WritebackMessage
  /** What its row says once it is queued, and once it is parked because it is too large. */
  readonly queued: RowState
  readonly parked: RowState
}

export type RowState = Pick<WritebackRow, 'shop' | 'no' | 'ref' | 'command' | 'told'>
type Ended = { readonly kept: PullKept; readonly end: RunEnd }

const NOTHING_KEPT: PullKept = { startedAt: null, cursor: null, more: false }

/** Runs `work` if it is due, while nobody else pulls under this name. */
export function pullUnder(
  name: string,
  { now = false }: PullInput,
  deps: PullDeps,
  work: (kept: PullKept, before: PullKept, hold: Hold<PullKept>) => Promise<Ended>,
): Promise<RunEnd> {
  return underLock(name, PullKeptSchema, NOTHING_KEPT, deps, async (kept, hold) => {
    const startedAt = deps.clock.now()
    const due = now || kept.more || isDue(kept.startedAt ?? undefined, deps.config.everyMinutes, startedAt)
    if (!due) return { kept, end: { is: 'not-due' } }
    return work({ ...kept, startedAt }, kept, hold)
  })
}

/** One invocation that reads a target page by page: each entry becomes a command in the queue or a parked row (protocol §6). */
export class Pull {
  readonly target: string
  readonly calls: Calls
  readonly correlationId: string
  readonly #deps: PullDeps
  readonly #words: PullWords
  readonly #counts: PullCounts
  /** The shop by the id of the entry: a page may be read again. */
  readonly #foreign = new Map<string, string>()

  constructor(target: string, deps: PullDeps, endsAt: number, words: PullWords, counts: PullCounts) {
    this.target = target
    this.#deps = deps
    this.#words = words
    this.#counts = counts
    this.correlationId = deps.ids.next()
    this.calls = new Calls({ ...deps, correlationId: this.correlationId }, endsAt)
  }

  /** @param before as it was kept: what a run that has to wait leaves, so that the next minute tries again */
  async run<Page extends PulledPage>(
    kept: PullKept,
    before: PullKept,
    hold: Hold<PullKept>,
    feed: Feed<Page>,
  ): Promise<Ended> {
    const ended = await this.#pages(kept, before, hold, feed)
    const { code, message, counted } = this.#words.foreign
    if (this.#foreign.size > 0)
      this.#deps.log.info(code, message, {
        target: this.target,
        shops: this.foreignShops(),
        [counted]: this.#foreign.size,
      })
    return ended
  }

  async #pages<Page extends PulledPage>(
    kept: PullKept,
    { startedAt }: PullKept,
    hold: Hold<PullKept>,
    feed: Feed<Page>,
  ): Promise<Ended> {
    let place = kept
    for (;;) {
      const asked = place.cursor ?? undefined
      const page = await this.calls.erp(this.target, (context) => feed.read(asked, context))
      if (page.is === 'closed') return { kept: { ...place, startedAt }, end: waiting(page.why) }
      if (page.is === 'failed') return failed(place, page.why)
      if (page.is !== 'ok') return this.#saved(place)

      const taken = await feed.take(page.value)
      if (taken.is === 'failed') return failed(place, taken.why)
      if (taken.is === 'again') return this.#saved(place)
      const { cursor, more } = page.value
      // A page that leads nowhere would be read for ever; one that hands out may show again what was not settled yet.
      const moved = cursor !== place.cursor || taken.settled.length > 0
      place = { ...place, cursor, more: more && moved }
      if (!(await hold.save(place))) return { kept: place, end: { is: 'busy' } }

      const answer = await feed.acknowledge?.(taken.settled)
      if (answer?.is === 'failed') return failed(place, answer.why)
      if (answer?.is === 'closed') return { kept: place, end: waiting(answer.why) }
      if (answer?.is === 'late') return this.#saved(place)
      if (place.more) continue
      return taken.behind === undefined
        ? { kept: place, end: { is: 'done', counts: this.#counts } }
        : { kept: { ...place, startedAt }, end: waiting(taken.behind) }
    }
  }

  #saved(place: PullKept): Ended {
    return { kept: { ...place, more: true }, end: { is: 'saved', counts: this.#counts } }
  }

  /** Whether it is of a shop that is none of ours; counts it. */
  isForeign({ id, reference }: { readonly id: string; readonly reference?: string }): boolean {
    const shop = reference === undefined ? undefined : shopIn(reference)
    if (shop === undefined || this.#deps.shops.includes(shop)) return false
    this.#foreign.set(id, shop)
    this.#counts.foreign = this.#foreign.size
    return true
  }

  foreignShops(): string[] {
    return [...new Set(this.#foreign.values())]
  }

  /** First the queue, then the rows: what is queued twice takes effect once. Undefined: all of them are where they belong. */
  async queue(entries: readonly Queueing[]): Promise<Exclude<Taken, { is: 'taken' }> | undefined> {
    const answers = await this.#deps.queue.enqueue(entries.map(({ message }) => message))
    let failures = 0
    for (const [index, { key, row, message, queued, parked }] of entries.entries()) {
      const answer: Enqueued = answers[index] ?? 'failed'
      if (answer === 'queued') {
        this.#counts.queued += 1
        // A row that is there is the consumer’s to change.
        if (!row) await this.#write(key, undefined, 'queued', { ...queued, status: 'open' })
      } else if (answer === 'failed') {
        failures += 1
      } else {
        const about = { detail: 'It is too large for the queue.', subject: message.id }
        if (!(await this.park(key, row, reason(this.#words.unreadable, about), parked))) return AGAIN
      }
    }
    if (failures === 0) return undefined
    return {
      is: 'failed',
      why: `the queue did not take ${failures} of ${entries.length} ${this.#words.queued}`,
    }
  }

  /** False: a worker is at the row, or was. */
  async park(
    key: WritebackKey,
    row: WritebackRow | undefined,
    why: Reason,
    state: RowState,
  ): Promise<boolean> {
    if (row?.claim && row.claim.leaseUntil > this.#deps.clock.now()) return false
    const parked = await this.#write(key, row, `parked: ${why.code}`, {
      ...state,
      status: 'parked',
      reason: why,
    })
    if (parked) {
      this.#counts.parked += 1
      this.#deps.log.warn(this.#words.parked, why.message, {
        target: key.target,
        id: key.id,
        reference: state.ref,
        reason: why.code,
      })
    }
    return parked
  }

  async #write(
    key: WritebackKey,
    row: WritebackRow | undefined,
    event: string,
    state: RowState & Pick<WritebackRow, 'status' | 'reason'>,
  ): Promise<boolean> {
    const { writebacks, clock, ids } = this.#deps
    const now = clock.now()
    const written = await writebacks.put({
      v: 1,
      key,
      rev: (row?.rev ?? 0) + 1,
      writer: ids.next(),
      ...state,
      ...(row?.result === undefined ? {} : { result: row.result }),
      firstSeenAt: row?.firstSeenAt ?? now,
      updatedAt: now,
      history: appended(row?.history ?? [], { at: now, event, correlationId: this.correlationId }),
    })
    return written.ok
  }
}

const waiting = (why: string): RunEnd => ({ is: 'waiting', why })
const failed = (kept: PullKept, why: string): Ended => ({ kept, end: { is: 'failed', why } })
