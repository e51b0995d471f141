import {
  type AftersaleRunInput,
  type AftersalesKept,
  AftersalesKeptSchema,
} from '#contracts/aftersale-run.ts'
import type { AftersalesConfig } from '#contracts/config.ts'
import type { Reason } from '#contracts/ledger-row.ts'
import type { Progress } from '#contracts/progress.ts'
import type { WritebackCommand, WritebackKey, WritebackRow } from '#contracts/writeback.ts'
import { isDue } from '#domain/due.ts'
import { appended } from '#domain/history.ts'
import { inTheirOrder } from '#domain/progress.ts'
import { reason } from '#domain/reasons.ts'
import { aftersaleIn, shopIn } from '#domain/reference.ts'
import type { AftersalesPage, ErpAftersales } from '#ports/erp-reads.ts'
import type { Log } from '#ports/runtime.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import type { WritebackLedger, WritebackQueue } from '#ports/writebacks.ts'
import { shortHash, stableJson } from './content-hash.ts'
import { progressMessage } from './progress-message.ts'
import { type Hold, type RunDeps, type RunEnd, underLock } from './run.ts'
import { Calls } from './stock/calls.ts'

export interface PullAftersalesDeps extends RunDeps {
  readonly config: AftersalesConfig
  /** Undefined = this target’s adapter, as it is configured, cannot tell of steps. */
  readonly erp: ErpAftersales | undefined
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

/** Of its lock, and of its lines in the log. */
export const aftersaleRunName = (target: string): string => `aftersales:${target}`

const NOTHING_KEPT: AftersalesKept = { startedAt: null, cursor: null, more: false }
const MAX_ID = 64

/**
 * Brings the steps of a target’s tickets and returns to the shops (protocol §6): each becomes a command in the queue or a
 * parked row, and only then does the cursor move on.
 *
 * @param endsAt when the function stops, epoch ms
 */
export async function pullAftersales(
  { target, now = false }: AftersaleRunInput,
  deps: PullAftersalesDeps,
  endsAt: number,
): Promise<RunEnd> {
  return underLock(aftersaleRunName(target), AftersalesKeptSchema, NOTHING_KEPT, deps, async (kept, hold) => {
    const startedAt = deps.clock.now()
    const due = now || kept.more || isDue(kept.startedAt ?? undefined, deps.config.everyMinutes, startedAt)
    if (!due) return { kept, end: { is: 'not-due' } }
    return new AftersaleRun(target, deps, endsAt).run({ ...kept, startedAt }, kept, hold)
  })
}

type Taken =
  | { readonly is: 'taken' }
  /** A worker is at one of its rows: the page is read again with the next tick. */
  | { readonly is: 'again' }
  | { readonly is: 'failed'; readonly why: string }

const AGAIN = { is: 'again' } as const

type Ended = { readonly kept: AftersalesKept; readonly end: RunEnd }

interface Queueing {
  readonly progress: Progress
  readonly shop: string
  readonly row: WritebackRow | undefined
}

class AftersaleRun {
  readonly #target: string
  readonly #deps: PullAftersalesDeps
  readonly #calls: Calls
  readonly #correlationId: string
  readonly #counts = { read: 0, queued: 0, parked: 0, known: 0, foreign: 0 }
  /** The shop by the id of the step: a page may be read again. */
  readonly #foreign = new Map<string, string>()

  constructor(target: string, deps: PullAftersalesDeps, endsAt: number) {
    this.#target = target
    this.#deps = deps
    this.#correlationId = deps.ids.next()
    this.#calls = new Calls({ ...deps, correlationId: this.#correlationId }, endsAt)
  }

  /** @param before as it was kept: what a run that has to wait leaves, so that the next minute tries again */
  async run(kept: AftersalesKept, before: AftersalesKept, hold: Hold<AftersalesKept>): Promise<Ended> {
    const ended = await this.#pages(kept, before, hold)
    if (this.#foreign.size > 0)
      this.#deps.log.info('AFTERSALES_FOREIGN', 'Steps of shops that are not configured here were left.', {
        target: this.#target,
        shops: [...new Set(this.#foreign.values())],
        steps: this.#foreign.size,
      })
    return ended
  }

  async #pages(kept: AftersalesKept, before: AftersalesKept, hold: Hold<AftersalesKept>): Promise<Ended> {
    const { erp } = this.#deps
    if (!erp)
      return failed(kept, `${this.#target} cannot tell of steps: see its \`aftersales\` in sync.config.json`)
    let place = kept
    for (;;) {
      const asked = place.cursor ?? undefined
      const page = await this.#calls.erp(this.#target, (context) => erp.read(asked, context))
      if (page.is === 'closed')
        return { kept: { ...place, startedAt: before.startedAt }, end: { is: 'waiting', why: page.why } }
      if (page.is === 'failed') return failed(place, page.why)
      if (page.is !== 'ok') return this.#saved(place)

      const taken = await this.#take(page.value)
      if (taken.is === 'failed') return failed(place, taken.why)
      if (taken.is === 'again') return this.#saved(place)

      const { cursor, more } = page.value
      // A page that leads nowhere would be read for ever.
      place = { ...place, cursor, more: more && cursor !== place.cursor }
      if (!(await hold.save(place))) return { kept: place, end: { is: 'busy' } }
      if (!place.more) return { kept: place, end: { is: 'done', counts: this.#counts } }
    }
  }

  #saved(place: AftersalesKept): Ended {
    return { kept: { ...place, more: true }, end: { is: 'saved', counts: this.#counts } }
  }

  /** Whether it is of a shop that is none of ours; counts it. */
  #isForeign(id: string, reference: string | undefined): boolean {
    const shop = reference === undefined ? undefined : shopIn(reference)
    if (shop === undefined || this.#deps.shops.includes(shop)) return false
    this.#foreign.set(id, shop)
    this.#counts.foreign = this.#foreign.size
    return true
  }

  async #take({ progress, unreadable }: AftersalesPage): Promise<Taken> {
    this.#counts.read += progress.length + unreadable.length
    const queueing: Queueing[] = []
    for (const told of inTheirOrder(progress)) {
      if (this.#isForeign(told.id, told.reference)) continue
      const thing = aftersaleIn(told.reference)
      const step = thing ? { ...told, reference: thing.reference } : told
      const key = this.#keyOf(step.id)
      const row = await this.#deps.writebacks.get(key)
      if (row && isSame(progressIn(row.command), step)) {
        this.#counts.known += 1
        continue
      }
      const shop = thing?.kind === step.of ? thing.shop : undefined
      const why =
        row?.result !== undefined
          ? reason('progress-changed')
          : shop === undefined
            ? reason('progress-unknown-reference', { subject: step.reference })
            : undefined
      if (!why && shop !== undefined) queueing.push({ progress: step, shop, row })
      else if (why && !(await this.#park(key, row, why, step))) return AGAIN
    }
    for (const { id, why, reference } of unreadable) {
      if (this.#isForeign(id, reference)) continue
      const key = this.#keyOf(id)
      const row = await this.#deps.writebacks.get(key)
      const parked = reason('progress-unreadable', { detail: why, subject: id })
      const known = row?.status === 'done' || isSame(row?.reason, parked)
      if (known) this.#counts.known += 1
      else if (!(await this.#park(key, row, parked))) return AGAIN
    }
    return this.#queue(queueing)
  }

  /** First the queue, then the rows: what is queued twice takes effect once. */
  async #queue(entries: readonly Queueing[]): Promise<Taken> {
    const { queue, clock } = this.#deps
    const messages = entries.map(({ progress, shop }) =>
      progressMessage(
        progress,
        { shop, target: this.#target, correlationId: this.#correlationId },
        clock.now(),
      ),
    )
    const answers = await queue.enqueue(messages)
    let failures = 0
    for (const [index, { progress, shop, row }] of entries.entries()) {
      const key = this.#keyOf(progress.id)
      if (answers[index] === 'queued') {
        this.#counts.queued += 1
        // A row that is there is the consumer’s to change.
        if (!row)
          await this.#write(key, undefined, 'queued', {
            shop,
            status: 'open',
            ref: progress.reference,
            command: commandOf(progress),
          })
      } else if (answers[index] === 'too-large') {
        const why = reason('progress-unreadable', {
          detail: 'It is too large for the queue.',
          subject: progress.id,
        })
        if (!(await this.#park(key, row, why, progress))) return AGAIN
      } else {
        failures += 1
      }
    }
    if (failures === 0) return { is: 'taken' }
    return { is: 'failed', why: `the queue did not take ${failures} of ${entries.length} steps` }
  }

  async #park(
    key: WritebackKey,
    row: WritebackRow | undefined,
    why: Reason,
    progress?: Progress,
  ): Promise<boolean> {
    if (row?.claim && row.claim.leaseUntil > this.#deps.clock.now()) return false
    const reference = progress?.reference ?? row?.ref ?? ''
    const shop = row?.shop ?? shopIn(reference)
    const command = progress ? commandOf(progress) : row?.command
    const parked = await this.#write(key, row, `parked: ${why.code}`, {
      ...(shop === undefined ? {} : { shop }),
      status: 'parked',
      ref: reference,
      reason: why,
      ...(command ? { command } : {}),
    })
    if (parked) {
      this.#counts.parked += 1
      this.#deps.log.warn('PROGRESS_PARKED', why.message, {
        target: key.target,
        id: key.id,
        reference,
        reason: why.code,
      })
    }
    return parked
  }

  async #write(
    key: WritebackKey,
    row: WritebackRow | undefined,
    event: string,
    state: Pick<WritebackRow, 'shop' | 'status' | 'ref' | 'reason' | 'command'>,
  ): Promise<boolean> {
    const { writebacks, clock, ids } = this.#deps
    const now = clock.now()
    const written = await writebacks.put({
      v: 1,
      key,
      rev: (row?.rev ?? 0) + 1,
      writer: ids.next(),
      no: row?.no ?? '',
      ...state,
      ...(row?.result === undefined ? {} : { result: row.result }),
      firstSeenAt: row?.firstSeenAt ?? now,
      updatedAt: now,
      history: appended(row?.history ?? [], { at: now, event, correlationId: this.#correlationId }),
    })
    return written.ok
  }

  /** What cannot be read may have any id. */
  #keyOf(id: string): WritebackKey {
    const fits = id.length > 0 && id.length <= MAX_ID
    return { target: this.#target, kind: 'progress', id: fits ? id : shortHash(id, 20) }
  }
}

const commandOf = (progress: Progress): WritebackCommand => ({
  is: 'progress',
  no: '',
  ref: progress.reference,
  progress,
})
const progressIn = (command: WritebackCommand | undefined): Progress | undefined =>
  command?.is === 'progress' ? command.progress : undefined
const failed = (kept: AftersalesKept, why: string): Ended => ({ kept, end: { is: 'failed', why } })
/** A field that is not there is as good as one that is undefined. */
const isSame = (one: object | undefined, other: object): boolean =>
  one !== undefined && stableJson(one) === stableJson(other)
