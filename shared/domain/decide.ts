import type { ContentHash, LedgerRow, Op, Reason } from '#contracts/ledger-row.ts'
import type { Desire } from './desire.ts'
import { reason } from './reasons.ts'

/** What an ERP can do, as far as decisions need it. */
export interface Abilities {
  readonly idempotency: 'upsert' | 'unique-reference' | 'request-key' | 'none'
  readonly find: boolean
  readonly amend: boolean
  readonly cancel: boolean
  readonly steps: readonly [string, ...string[]]
}

/** What a look-up by reference saw. */
export type Sighting =
  | { readonly is: 'absent' }
  | { readonly is: 'many'; readonly count: number }
  | {
      readonly is: 'one'
      readonly document: {
        readonly id: string
        readonly no?: string
        readonly state: 'live' | 'cancelled'
        readonly step: string
        readonly identity?: string
        readonly content: 'same' | 'different' | 'unknown'
      }
    }

/** What we may believe about the ERP's document. */
export type Known =
  | { readonly is: 'none' }
  | {
      readonly is: 'live'
      readonly id: string
      readonly no?: string
      readonly step: string
      readonly content: 'same' | 'different' | 'unknown'
    }
  | { readonly is: 'cancelled'; readonly byUs: boolean }
  /** The row knows an id that the ERP no longer shows. */
  | { readonly is: 'missing' }
  | { readonly is: 'collision' }
  | { readonly is: 'many'; readonly count: number }
  /** An earlier call may still take effect; nothing seen now proves anything. */
  | { readonly is: 'unsettled'; readonly until: number }
  /** Created or not, and it cannot be asked. Before `until` only the same write may be repeated. */
  | { readonly is: 'maybe'; readonly until?: number }
  /** Unknown for good: it cannot be asked, and no write is harmless. */
  | { readonly is: 'unknowable' }
  /** Answered by repeating the stored request. */
  | { readonly is: 'repeatable' }

export type Decision =
  | { readonly do: 'place'; readonly step: string }
  | { readonly do: 'amend' }
  | { readonly do: 'cancel'; readonly because: string; readonly replacing: boolean }
  /** The intent's stored bytes once more, until answered. */
  | { readonly do: 'resend' }
  | { readonly do: 'wait'; readonly until?: number; readonly why: string }
  | { readonly do: 'hold'; readonly reason: Reason }
  | { readonly do: 'park'; readonly reason: Reason }
  | { readonly do: 'nothing'; readonly why: string }

/** Equal in either way: an edit nobody sends is none, and a changed mapping is no edit of the shop's. */
export function sameContent(a: ContentHash | undefined, b: ContentHash): boolean {
  return a !== undefined && a.v === b.v && (a.source === b.source || a.mapped === b.mapped)
}

/** When the last call without a clear answer can no longer take effect; 0 when there is none. */
export function settledAt(row: LedgerRow, settleMs: number): number {
  return Math.max(row.unsettledUntil ?? 0, row.intent ? row.intent.deadline + settleMs : 0)
}

/** The generation a look-up has to ask for. */
export function generationInQuestion(row: LedgerRow): number {
  if (row.intent) return row.intent.generation
  return row.erp?.state === 'live' ? row.erp.generation : row.generation
}

/** What the row alone says, when nothing is unknown. */
export function knownFromRow(row: LedgerRow, hash: ContentHash | undefined, skipHashTest: boolean): Known {
  const { erp } = row
  if (!erp) return { is: 'none' }
  if (erp.state === 'cancelled') return { is: 'cancelled', byUs: row.generation > erp.generation }
  const content =
    skipHashTest || !hash ? 'unknown' : sameContent(row.applied?.hash, hash) ? 'same' : 'different'
  return { is: 'live', id: erp.id, ...(erp.no === undefined ? {} : { no: erp.no }), step: erp.step, content }
}

/**
 * What is known when a write is unknown and the ERP cannot be asked (protocol §3.5).
 * @param reference stands in for an id never learnt: such targets address documents by it
 */
export function knownWithoutLookUp(
  row: LedgerRow,
  abilities: Abilities,
  reference: string,
  now: number,
  settleMs: number,
): Known {
  const { intent } = row
  const settled = settledAt(row, settleMs)
  if (!intent) return { is: 'unsettled', until: settled }
  if (abilities.idempotency === 'request-key' && intent.bytes) return { is: 'repeatable' }
  const creates = intent.op === 'place' && intent.step === abilities.steps[0]
  if (creates && abilities.idempotency === 'unique-reference')
    return { is: 'maybe', ...(now < settled ? { until: settled } : {}) }
  if (now < settled) return { is: 'unsettled', until: settled }
  if (creates) return abilities.idempotency === 'upsert' ? { is: 'maybe' } : { is: 'unknowable' }
  // Amend and cancel set a state; repeated once nothing is in flight, they set it again.
  return {
    is: 'live',
    id: row.erp?.id ?? reference,
    step: row.erp?.step ?? abilities.steps[0],
    content: 'unknown',
  }
}

/** What a look-up proves (protocol §3.4 and §3.5). */
export function interpret(
  row: LedgerRow,
  seen: Sighting,
  hash: ContentHash | undefined,
  identity: string,
  steps: Abilities['steps'],
  now: number,
  settleMs: number,
): Known {
  if (seen.is === 'many') return { is: 'many', count: seen.count }

  const { intent, erp } = row
  const settled = settledAt(row, settleMs)
  if (now < settled && !(intent?.calls === 1 && showsEffect(row, seen, hash, steps)))
    return { is: 'unsettled', until: settled }

  const known = erp !== undefined && erp.generation === generationInQuestion(row) ? erp : undefined
  if (seen.is === 'absent') {
    if (known?.state === 'live') return { is: 'missing' }
    return erp?.state === 'cancelled'
      ? { is: 'cancelled', byUs: row.generation > erp.generation }
      : { is: 'none' }
  }

  const { document } = seen
  if (known?.id !== document.id) {
    const ours = document.identity === undefined || document.identity === identity
    // With an id on record, another document under the same reference is somebody else's work.
    if (known !== undefined || document.state !== 'live' || !ours) return { is: 'collision' }
  }
  if (document.state === 'cancelled') {
    const ourCancel =
      intent?.op === 'cancel' ||
      (erp !== undefined && erp.state === 'cancelled' && row.generation > erp.generation)
    return { is: 'cancelled', byUs: ourCancel }
  }
  return {
    is: 'live',
    id: document.id,
    ...(document.no === undefined ? {} : { no: document.no }),
    step: document.step,
    content: document.content,
  }
}

/** Whether the look-up shows that the intent's call has taken effect. */
function showsEffect(
  row: LedgerRow,
  seen: Sighting,
  hash: ContentHash | undefined,
  steps: Abilities['steps'],
): boolean {
  const { intent } = row
  if (!intent || seen.is !== 'one') return false
  const { document } = seen
  switch (intent.op) {
    case 'place':
      return document.state === 'live' && rank(document.step, steps) >= rank(intent.step, steps)
    case 'amend':
      // Compared was the newest content; it speaks for the intent only where the intent was about the same.
      return (
        document.state === 'live' &&
        document.content === 'same' &&
        hash !== undefined &&
        hash.mapped === intent.hash.mapped
      )
    case 'cancel':
      return document.state === 'cancelled'
  }
}

/** A step that the configuration no longer names counts as the last one: taking it for none would create again. */
function rank(step: string, steps: Abilities['steps']): number {
  const index = steps.indexOf(step)
  return index === -1 ? steps.length : index
}

const stepAfter = (step: string, steps: Abilities['steps']): string | undefined =>
  steps[rank(step, steps) + 1]

/** Which calls the decision would make a write of, for callers that must look up or arm first. */
export function isWrite(decision: Decision): decision is Extract<Decision, { do: Op | 'resend' }> {
  return (
    decision.do === 'place' || decision.do === 'amend' || decision.do === 'cancel' || decision.do === 'resend'
  )
}

export interface Situation {
  readonly desire: Desire
  readonly known: Known
  readonly abilities: Abilities
  /** Why the order may not be placed or amended; checked before the older document is dropped. */
  readonly objection: Reason | undefined
  /** Orders this one was merged from. */
  readonly predecessors: 'clear' | 'pending' | 'too-late'
  /** A person asked for it (replay). */
  readonly decided: boolean
}

/** The one place that decides what happens to a thing at a target. */
export function decide(situation: Situation): Decision {
  const { known, desire } = situation
  switch (known.is) {
    case 'unsettled':
      return { do: 'wait', until: known.until, why: 'an earlier call may still take effect' }
    case 'repeatable':
      return { do: 'resend' }
    case 'unknowable':
      return { do: 'park', reason: reason('verify') }
    case 'many':
      return { do: 'park', reason: reason('many-documents', { detail: `Found: ${known.count}.` }) }
    case 'collision':
      return { do: 'park', reason: reason('reference-collision') }
    case 'missing':
      return { do: 'park', reason: reason('missing-in-erp') }
    case 'maybe':
      return decideMaybe(situation, known.until)
    case 'none':
    case 'live':
    case 'cancelled':
      break
  }
  switch (desire.want) {
    case 'park':
      return { do: 'park', reason: desire.reason }
    case 'keep':
      return { do: 'nothing', why: known.is === 'none' ? 'returned before it was placed' : 'returned' }
    case 'vanished':
      return known.is === 'live'
        ? { do: 'park', reason: reason('vanished') }
        : { do: 'nothing', why: 'nothing to cancel' }
    case 'absent':
      return decideAbsent(known, desire.because, situation.abilities)
    case 'hold':
      return known.is === 'live' ? decidePresent(situation, known) : { do: 'hold', reason: desire.reason }
    case 'not-ours':
      return { do: 'hold', reason: desire.reason }
    case 'present':
      return decidePresent(situation, known)
  }
}

/** A create that may have happened: it is placed again, which overwrites or is refused as a duplicate and so says that it exists. */
function decideMaybe(situation: Situation, until: number | undefined): Decision {
  const { desire, abilities, objection } = situation
  const again: Decision = { do: 'place', step: abilities.steps[0] }
  if ((desire.want === 'present' || desire.want === 'hold') && !objection) return again
  if (until !== undefined) return { do: 'wait', until, why: 'an earlier call may still take effect' }
  if (desire.want === 'absent') {
    return abilities.cancel
      ? { do: 'cancel', because: desire.because, replacing: false }
      : { do: 'park', reason: reason('cancel-unsupported') }
  }
  return { do: 'park', reason: desire.want === 'park' ? desire.reason : (objection ?? reason('verify')) }
}

type Usable = Extract<Known, { is: 'none' | 'live' | 'cancelled' }>

function decideAbsent(known: Usable, because: string, abilities: Abilities): Decision {
  if (known.is !== 'live')
    return { do: 'nothing', why: known.is === 'cancelled' ? 'already cancelled' : 'nothing to cancel' }
  return abilities.cancel
    ? { do: 'cancel', because, replacing: false }
    : { do: 'park', reason: reason('cancel-unsupported') }
}

function decidePresent(situation: Situation, known: Usable): Decision {
  const { abilities, objection, predecessors, decided } = situation
  if (known.is === 'live') {
    if (known.content === 'same') {
      const next = stepAfter(known.step, abilities.steps)
      return next === undefined
        ? { do: 'nothing', why: 'the ERP has this content' }
        : { do: 'place', step: next }
    }
    if (objection) return { do: 'park', reason: objection }
    if (abilities.amend) return { do: 'amend' }
    // Dropping a document whose content cannot be read, only to write it again, could drop the right one.
    if (known.content === 'unknown') return { do: 'park', reason: reason('verify') }
    return abilities.cancel
      ? { do: 'cancel', because: 'replaced', replacing: true }
      : { do: 'park', reason: reason('amend-unsupported') }
  }
  if (known.is === 'cancelled' && !known.byUs && !decided)
    return { do: 'park', reason: reason('cancelled-in-erp') }
  if (objection) return { do: 'park', reason: objection }
  if (predecessors === 'too-late') return { do: 'park', reason: reason('merge-predecessor') }
  if (predecessors === 'pending') return { do: 'wait', why: 'an order it was merged from is not settled yet' }
  return { do: 'place', step: abilities.steps[0] }
}
