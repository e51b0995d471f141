import { describe, expect, it } from 'vitest'
import type { Gate } from '#contracts/gate.ts'
import {
  breakerState,
  bucketCapacity,
  enterGate,
  type GateEntry,
  type GateLimits,
  type GateReport,
  leaveGate,
  newGate,
} from '#domain/gate.ts'

const limits: GateLimits = { slots: 4, perMinute: 60, leaseMs: 120_000, retryFloorMs: 30_000 }

/** One batch enters, reports and leaves. */
function batch(gate: Gate, now: number, reports: GateReport[]): Gate {
  const entry = opened(enterGate(gate, now, 1, limits, 'batch'))
  const left = leaveGate(entry.gate, now, limits, 'batch', reports, 1)
  if (!left) throw new Error('the lease is gone')
  return left
}

function opened(entry: GateEntry): Extract<GateEntry, { open: true }> {
  if (!entry.open) throw new Error(`the gate is closed: ${entry.why}`)
  return entry
}

const outages = (count: number): GateReport[] => Array.from({ length: count }, () => 'Transient')
const closed = newGate('erp-one', 0, limits)

describe('an entry', () => {
  it('is granted again under the same id, at no further cost', () => {
    const first = opened(enterGate(closed, 0, 3, limits, 'a'))
    expect(enterGate(first.gate, 0, 3, limits, 'a')).toEqual(first)
  })

  it('takes no more slots than tokens', () => {
    const slow = { ...limits, perMinute: 1 }
    expect(opened(enterGate(newGate('erp-one', 0, slow), 0, 10, slow, 'a'))).toMatchObject({
      slots: 1,
      tokens: 1,
    })
  })

  it('leaves the other slots to other batches where one batch may not take them all', () => {
    const shared = { ...limits, slotsPerBatch: 1 }
    const first = opened(enterGate(closed, 0, 10, shared, 'a'))
    expect(first.slots).toBe(1)
    expect(first.tokens).toBe(10)
    expect(opened(enterGate(first.gate, 60_000, 10, shared, 'b')).slots).toBe(1)
  })

  it('waits for a batch to end rather than for its lease', () => {
    const full = opened(enterGate(closed, 0, 4, limits, 'a')).gate
    expect(enterGate(full, 0, 1, limits, 'b')).toEqual({ open: false, why: 'slots', retryAfterMs: 30_000 })
    expect(enterGate(full, 119_000, 1, limits, 'b')).toEqual({
      open: false,
      why: 'slots',
      retryAfterMs: 1_000,
    })
  })

  it('waits for the first of several leases to end', () => {
    const one = opened(enterGate(closed, 0, 2, limits, 'a')).gate
    const full = opened(enterGate(one, 100_000, 2, limits, 'b')).gate
    expect(enterGate(full, 100_000, 1, limits, 'c')).toMatchObject({ why: 'slots', retryAfterMs: 20_000 })
  })

  it('waits until the next token is complete', () => {
    const spent = opened(enterGate(closed, 0, 10, limits, 'a')).gate
    const left = leaveGate(spent, 0, limits, 'a', [], 0) ?? spent
    expect(enterGate(left, 400, 1, limits, 'b')).toEqual({ open: false, why: 'rate', retryAfterMs: 600 })
  })

  it('waits for the probe that runs, or for its lease', () => {
    const open = batch(closed, 0, ['AuthDenied'])
    const probing = opened(enterGate(open, 30_000, 1, limits, 'probe')).gate
    const early = enterGate(probing, 30_000, 1, limits, 'b')
    expect(early).toEqual({ open: false, why: 'breaker', retryAfterMs: 30_000 })
    expect(enterGate(probing, 149_000, 1, limits, 'b')).toMatchObject({ retryAfterMs: 1_000 })
  })

  it('finds the tokens of the time that has passed', () => {
    const spent = opened(enterGate(closed, 0, 10, { ...limits, slots: 50 }, 'a')).gate
    expect(opened(enterGate(spent, 3_500, 10, { ...limits, slots: 50 }, 'b')).tokens).toBe(3)
  })
})

describe('the bucket', () => {
  it.each([
    [1, 1],
    [6, 6],
    [60, 10],
    [600, 100],
  ])('of %i a minute saves up %i', (perMinute, capacity) => {
    expect(bucketCapacity(perMinute)).toBe(capacity)
  })

  it('is not overfilled by what comes back', () => {
    const entry = opened(enterGate(closed, 0, 10, limits, 'a'))
    const left = leaveGate(entry.gate, 60_000, limits, 'a', [], 10)
    expect(left?.bucket.credit).toBe(10 * 60_000)
  })
})

describe('the breaker', () => {
  it.each<[string, GateReport[], Gate['breaker']['is']]>([
    ['opens at the fifth outage', outages(5), 'open'],
    ['stays closed at the fourth', outages(4), 'closed'],
    ['starts counting anew at a success', [...outages(4), undefined, ...outages(4)], 'closed'],
    ['takes an answer about content for a success', [...outages(4), 'Invalid', ...outages(4)], 'closed'],
    ['counts unknown outcomes and unreadable answers', ['UnknownOutcome', 'Protocol', ...outages(3)], 'open'],
    ['opens at the first refusal', [undefined, 'AuthDenied'], 'open'],
    ['opens for a configuration that cannot work', ['Misconfigured'], 'open'],
    ['stays open though a later call of the batch succeeded', [...outages(5), undefined], 'open'],
    ['bears a rate limit', Array.from({ length: 9 }, () => 'RateLimited' as const), 'closed'],
  ])('%s', (_what, reports, state) => {
    expect(batch(closed, 0, reports).breaker.is).toBe(state)
  })

  it('counts outages over batches', () => {
    const four = batch(closed, 0, outages(4))
    expect(batch(four, 0, outages(1)).breaker.is).toBe('open')
    expect(batch(batch(four, 0, []), 0, outages(1)).breaker.is).toBe('open')
  })

  it('doubles its pause with each failed probe, up to twenty times the first', () => {
    let gate = batch(closed, 0, ['AuthDenied'])
    const pauses: number[] = []
    for (let now = 0; pauses.length < 7; ) {
      if (gate.breaker.is !== 'open') throw new Error('the breaker is not open')
      pauses.push((gate.breaker.retryAt - now) / 1_000)
      now = gate.breaker.retryAt
      gate = batch(gate, now, ['Transient'])
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600])
  })

  it('starts with the first pause again after it was closed', () => {
    const reopened = batch(batch(closed, 0, ['AuthDenied']), 30_000, ['AuthDenied'])
    const healed = batch(reopened, 90_000, [undefined])
    expect(healed.breaker).toEqual({ is: 'closed', failures: 0 })
    expect(batch(healed, 90_000, ['AuthDenied']).breaker).toMatchObject({
      backoffMs: 30_000,
      retryAt: 120_000,
    })
  })

  it('has nothing to tell while it is closed', () => {
    expect(breakerState(batch(closed, 0, outages(4)), 0)).toEqual({ breaker: 'closed' })
  })

  it('tells since when and for the newest reason', () => {
    const reopened = batch(batch(closed, 5, ['AuthDenied']), 30_005, ['Transient'])
    expect(breakerState(reopened, 30_005)).toEqual({
      breaker: 'open',
      since: 5,
      why: 'Transient',
      retryAt: 90_005,
    })
  })

  it('shows as probing when its pause is over, so that somebody sends the probe', () => {
    const open = batch(closed, 0, ['AuthDenied'])
    expect(breakerState(open, 29_999).breaker).toBe('open')
    expect(breakerState(open, 30_000)).toEqual({
      breaker: 'probing',
      since: 0,
      why: 'AuthDenied',
      retryAt: 30_000,
    })
    const probing = opened(enterGate(open, 30_000, 5, limits, 'probe')).gate
    expect(breakerState(probing, 31_000)).toMatchObject({ breaker: 'probing', retryAt: 150_000 })
  })

  it('learns nothing from batches that began before it opened', () => {
    const early = opened(enterGate(closed, 0, 1, limits, 'early')).gate
    const open = batch(early, 0, ['AuthDenied'])
    expect(leaveGate(open, 1, limits, 'early', [undefined], 0)?.breaker).toEqual(open.breaker)
    const probing = opened(enterGate(open, 30_000, 1, limits, 'probe')).gate
    expect(leaveGate(probing, 30_001, limits, 'early', [undefined], 0)?.breaker).toEqual(probing.breaker)
  })

  it('lets the next batch probe when the probe called nobody', () => {
    const open = batch(closed, 0, ['AuthDenied'])
    const idle = batch(open, 30_000, [])
    expect(idle.breaker).toMatchObject({ is: 'open', backoffMs: 30_000, retryAt: 30_000 })
    expect(enterGate(idle, 30_000, 1, limits, 'next').open).toBe(true)
  })

  it('stays open when a probe that reached the ERP then failed', () => {
    const open = batch(closed, 0, ['AuthDenied'])
    expect(batch(open, 30_000, [undefined, 'Transient']).breaker.is).toBe('open')
  })
})

describe('a leave', () => {
  it('of a lease that is gone changes nothing', () => {
    expect(leaveGate(closed, 0, limits, 'never', ['AuthDenied'], 1)).toBeUndefined()
    expect(leaveGate(closed, 0, limits, 'constructor', ['AuthDenied'], 1)).toBeUndefined()
  })
})
