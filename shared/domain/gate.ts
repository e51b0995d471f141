import type { Breaker, Gate } from '#contracts/gate.ts'
import { type ErpFailureClass, FAILURE_RULES } from './erp-failure.ts'

/** Outages in a row, without a success in between, that open the breaker. */
export const OUTAGES_TO_OPEN = 5
/** The longest pause, in first pauses: 30 s doubles to 10 min. */
const LONGEST_PAUSE = 20
/** A record may look up, write, and take a further step: with fewer tokens it could only ever look up, and never end. */
export const CALLS_PER_RECORD = 3
/** Credit of one token: at n tokens a minute, a millisecond refills n of these, an integer. */
const TOKEN = 60_000

export interface GateLimits {
  /** Calls that may run at the same time, over all consumers. */
  readonly slots: number
  /**
   * Slots one batch takes at most; all there are, where nothing is said. An event source runs as many batches side by side
   * as the target has slots: one that took them all would send the others back to the queue.
   */
  readonly slotsPerBatch?: number
  readonly perMinute: number
  /** After this a batch counts as dead and its slots are free again; longer than the function's timeout. */
  readonly leaseMs: number
  /** The first pause of an opened breaker: 30 s in production. The longest is 20 times that. */
  readonly retryFloorMs: number
}

export type GateEntry =
  | { readonly open: true; readonly gate: Gate; readonly slots: number; readonly tokens: number }
  | { readonly open: false; readonly retryAfterMs: number; readonly why: 'breaker' | 'slots' | 'rate' }

/** A call's end as the gate hears of it; undefined = the ERP answered and was not at fault. */
export type GateReport = ErpFailureClass | undefined

export function newGate(target: string, now: number, limits: GateLimits): Gate {
  return {
    v: 1,
    target,
    leases: {},
    bucket: { credit: bucketCapacity(limits.perMinute) * TOKEN, at: now },
    breaker: { is: 'closed', failures: 0 },
  }
}

/**
 * Tokens an idle target saves up: a full batch of ten, or ten seconds' worth if that is more, but never more than a
 * minute's. Any minute so sees at most the rate plus this.
 */
export function bucketCapacity(perMinute: number): number {
  return Math.min(perMinute, Math.max(10, Math.ceil(perMinute / 6)))
}

/**
 * Lets a batch of `want` records in under `leaseId`, as far as slots and tokens allow: an entry may grant less than was
 * wanted. A breaker whose pause is over admits one probe, a single record; a probe that never left is replaced. Entering again
 * under the same id, when the first answer was lost, grants the same.
 */
export function enterGate(
  gate: Gate,
  now: number,
  want: number,
  limits: GateLimits,
  leaseId: string,
): GateEntry {
  const { breaker } = gate
  const mine = Object.hasOwn(gate.leases, leaseId) ? gate.leases[leaseId] : undefined
  if (mine) return { open: true, gate, slots: mine.slots, tokens: mine.tokens }
  if (breaker.is === 'open' && now < breaker.retryAt) {
    return { open: false, why: 'breaker', retryAfterMs: breaker.retryAt - now }
  }
  if (breaker.is === 'probing' && now < breaker.until) return soon('breaker', breaker.until - now, limits)

  const leases = liveLeases(gate, now)
  const taken = Object.values(leases).reduce((sum, lease) => sum + lease.slots, 0)
  if (taken >= limits.slots) {
    const firstEnd = Math.min(...Object.values(leases).map((lease) => lease.until))
    return soon('slots', firstEnd - now, limits)
  }

  const bucket = refill(gate, now, limits)
  if (bucket.credit < TOKEN) {
    return { open: false, why: 'rate', retryAfterMs: Math.ceil((TOKEN - bucket.credit) / limits.perMinute) }
  }

  const until = now + limits.leaseMs
  const records = breaker.is === 'closed' ? Math.max(1, want) : 1
  const tokens = Math.min(records * CALLS_PER_RECORD, Math.floor(bucket.credit / TOKEN))
  const slots = Math.min(records, tokens, limits.slots - taken, limits.slotsPerBatch ?? limits.slots)
  return {
    open: true,
    slots,
    tokens,
    gate: {
      ...gate,
      leases: { ...leases, [leaseId]: { slots, tokens, until } },
      bucket: { ...bucket, credit: bucket.credit - tokens * TOKEN },
      breaker: breaker.is === 'closed' ? breaker : probing(breaker, leaseId, until),
    },
  }
}

/**
 * Frees the slots of `leaseId`, gives back the tokens it did not use and lets the breaker learn from its reports, in their
 * order. Undefined = nothing to write: the lease has ended, or this very leave has been counted before.
 */
export function leaveGate(
  gate: Gate,
  now: number,
  limits: GateLimits,
  leaseId: string,
  reports: readonly GateReport[],
  unusedTokens: number,
): Gate | undefined {
  if (!Object.hasOwn(gate.leases, leaseId)) return undefined
  const { [leaseId]: _left, ...leases } = gate.leases
  const bucket = refill(gate, now, limits)
  const credit = Math.min(bucketCapacity(limits.perMinute) * TOKEN, bucket.credit + unusedTokens * TOKEN)
  return {
    ...gate,
    leases,
    bucket: { ...bucket, credit },
    breaker: learn(gate.breaker, now, limits, leaseId, reports),
  }
}

/** The breaker as others see it. A pause that is over shows as probing: the next batch will be the probe. */
export function breakerState(
  gate: Gate,
  now: number,
): { breaker: 'closed' | 'open' | 'probing'; since?: number; why?: string; retryAt?: number } {
  const { breaker } = gate
  if (breaker.is === 'closed') return { breaker: 'closed' }
  const { since, why } = breaker
  if (breaker.is === 'probing') return { breaker: 'probing', since, why, retryAt: breaker.until }
  return { breaker: now < breaker.retryAt ? 'open' : 'probing', since, why, retryAt: breaker.retryAt }
}

function learn(
  breaker: Breaker,
  now: number,
  limits: GateLimits,
  leaseId: string,
  reports: readonly GateReport[],
): Breaker {
  if (breaker.is === 'closed') {
    let failures = breaker.failures
    for (const report of reports) {
      const signal = signalOf(report)
      failures = signal === undefined ? 0 : failures + 1
      if (report !== undefined && (signal === 'denied' || failures >= OUTAGES_TO_OPEN)) {
        const backoffMs = limits.retryFloorMs
        return { is: 'open', since: now, why: report, backoffMs, retryAt: now + backoffMs }
      }
    }
    return { is: 'closed', failures }
  }
  // Only the probe decides: what else still runs began before the breaker opened.
  if (breaker.is === 'open' || breaker.probe !== leaseId) return breaker

  const { since } = breaker
  const fault = reports.find((report) => signalOf(report) !== undefined)
  if (fault !== undefined) {
    const backoffMs = Math.min(breaker.backoffMs * 2, limits.retryFloorMs * LONGEST_PAUSE)
    return { is: 'open', since, why: fault, backoffMs, retryAt: now + backoffMs }
  }
  if (reports.length > 0) return { is: 'closed', failures: 0 }
  // A probe that called nobody has learned nothing: the next batch may probe.
  return { is: 'open', since, why: breaker.why, backoffMs: breaker.backoffMs, retryAt: now }
}

function probing(breaker: Exclude<Breaker, { is: 'closed' }>, probe: string, until: number): Breaker {
  return { is: 'probing', since: breaker.since, why: breaker.why, backoffMs: breaker.backoffMs, probe, until }
}

/** A batch usually ends long before its lease does, so nobody is told to wait for the lease. */
function soon(why: 'breaker' | 'slots', leaseMs: number, limits: GateLimits): GateEntry {
  return { open: false, why, retryAfterMs: Math.min(leaseMs, limits.retryFloorMs) }
}

function signalOf(report: GateReport): 'outage' | 'denied' | undefined {
  return report === undefined ? undefined : FAILURE_RULES[report].gate
}

function liveLeases(gate: Gate, now: number): Gate['leases'] {
  return Object.fromEntries(Object.entries(gate.leases).filter(([, lease]) => lease.until > now))
}

/** A clock behind the one that refilled last refills nothing, so that skew between workers mints no tokens. */
function refill(gate: Gate, now: number, limits: GateLimits): Gate['bucket'] {
  const { credit, at } = gate.bucket
  const full = bucketCapacity(limits.perMinute) * TOKEN
  return {
    credit: Math.min(full, credit + Math.max(0, now - at) * limits.perMinute),
    at: Math.max(at, now),
  }
}
