import type { AftersalesConfig } from '#contracts/config.ts'
import type { Progress } from '#contracts/progress.ts'
import type { PullInput } from '#contracts/pull-run.ts'
import type { WritebackCommand, WritebackKey, WritebackRow } from '#contracts/writeback.ts'
import { inTheirOrder } from '#domain/progress.ts'
import { reason } from '#domain/reasons.ts'
import { aftersaleIn, shopIn } from '#domain/reference.ts'
import type { AftersalesPage, ErpAftersales } from '#ports/erp-reads.ts'
import { shortHash, stableJson } from './content-hash.ts'
import { progressMessage } from './progress-message.ts'
import {
  AGAIN,
  type Feed,
  Pull,
  type PullDeps,
  type PullWords,
  pullUnder,
  type Queueing,
  type RowState,
  type Taken,
} from './pull.ts'
import type { RunEnd } from './run.ts'

export interface PullAftersalesDeps extends PullDeps {
  readonly config: AftersalesConfig
  /** Undefined = this target’s adapter, as it is configured, cannot tell of steps. */
  readonly erp: ErpAftersales | undefined
}

/** Of its lock, and of its lines in the log. */
export const aftersaleRunName = (target: string): string => `aftersales:${target}`

const MAX_ID = 64

const WORDS: PullWords = {
  unreadable: 'progress-unreadable',
  parked: 'PROGRESS_PARKED',
  foreign: {
    code: 'AFTERSALES_FOREIGN',
    message: 'Steps of shops that are not configured here were left.',
    counted: 'steps',
  },
  queued: 'steps',
}

/**
 * Brings the steps of a target’s tickets and returns to the shops (protocol §6): each becomes a command in the queue or a
 * parked row, and only then does the cursor move on.
 *
 * @param endsAt when the function stops, epoch ms
 */
export async function pullAftersales(
  input: PullInput,
  deps: PullAftersalesDeps,
  endsAt: number,
): Promise<RunEnd> {
  const { target } = input
  return pullUnder(aftersaleRunName(target), input, deps, async (kept, before, hold) => {
    const { erp } = deps
    if (!erp) {
      const why = `${target} cannot tell of steps: see its \`aftersales\` in sync.config.json`
      return { kept, end: { is: 'failed', why } }
    }
    const counts = { read: 0, queued: 0, parked: 0, known: 0, foreign: 0 }
    const pull = new Pull(target, deps, endsAt, WORDS, counts)
    return pull.run(kept, before, hold, new StepFeed(pull, erp, deps, counts))
  })
}

class StepFeed implements Feed<AftersalesPage> {
  readonly #pull: Pull
  readonly #erp: ErpAftersales
  readonly #deps: PullAftersalesDeps
  readonly #counts: { read: number; known: number }

  constructor(
    pull: Pull,
    erp: ErpAftersales,
    deps: PullAftersalesDeps,
    counts: { read: number; known: number },
  ) {
    this.#pull = pull
    this.#erp = erp
    this.#deps = deps
    this.#counts = counts
  }

  read(...asked: Parameters<ErpAftersales['read']>): ReturnType<ErpAftersales['read']> {
    return this.#erp.read(...asked)
  }

  async take({ progress, unreadable }: AftersalesPage): Promise<Taken> {
    const { writebacks } = this.#deps
    const pull = this.#pull
    this.#counts.read += progress.length + unreadable.length
    const ready: Ready[] = []
    for (const told of inTheirOrder(progress)) {
      if (pull.isForeign(told)) continue
      const thing = aftersaleIn(told.reference)
      const step = thing ? { ...told, reference: thing.reference } : told
      const key = this.#keyOf(step.id)
      const row = await writebacks.get(key)
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
      if (!why && shop !== undefined) ready.push({ progress: step, shop, row })
      else if (why && !(await pull.park(key, row, why, parkedState(row, step)))) return AGAIN
    }
    for (const { id, why, reference } of unreadable) {
      if (pull.isForeign({ id, ...(reference === undefined ? {} : { reference }) })) continue
      const key = this.#keyOf(id)
      const row = await writebacks.get(key)
      const parked = reason('progress-unreadable', { detail: why, subject: id })
      const known = row?.status === 'done' || isSame(row?.reason, parked)
      if (known) this.#counts.known += 1
      else if (!(await pull.park(key, row, parked, parkedState(row)))) return AGAIN
    }
    return (await pull.queue(ready.map((one) => this.#queueing(one)))) ?? { is: 'taken', settled: [] }
  }

  #queueing({ progress, shop, row }: Ready): Queueing {
    const { target, correlationId } = this.#pull
    return {
      key: this.#keyOf(progress.id),
      row,
      message: progressMessage(progress, { shop, target, correlationId }, this.#deps.clock.now()),
      queued: { shop, no: '', ref: progress.reference, command: commandOf(progress) },
      parked: parkedState(row, progress),
    }
  }

  /** What cannot be read may have any id. */
  #keyOf(id: string): WritebackKey {
    const fits = id.length > 0 && id.length <= MAX_ID
    return { target: this.#pull.target, kind: 'progress', id: fits ? id : shortHash(id, 20) }
  }
}

interface Ready {
  readonly progress: Progress
  readonly shop: string
  readonly row: WritebackRow | undefined
}

function parkedState(row: WritebackRow | undefined, progress?: Progress): RowState {
  const ref = progress?.reference ?? row?.ref ?? ''
  const shop = row?.shop ?? shopIn(ref)
  const command = progress ? commandOf(progress) : row?.command
  return {
    ...(shop === undefined ? {} : { shop }),
    no: row?.no ?? '',
    ref,
    ...(command ? { command } : {}),
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
/** A field that is not there is as good as one that is undefined. */
const isSame = (one: object | undefined, other: object): boolean =>
  one !== undefined && stableJson(one) === stableJson(other)
