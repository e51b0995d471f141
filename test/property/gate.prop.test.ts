import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Gate, GateSchema } from '#contracts/gate.ts'
import {
  bucketCapacity,
  CALLS_PER_RECORD,
  enterGate,
  type GateLimits,
  type GateReport,
  leaveGate,
  newGate,
} from '#domain/gate.ts'

const MINUTE = 60_000

type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'enter'; readonly want: number }
  | { readonly do: 'leave'; readonly which: number; readonly reports: GateReport[]; readonly unused: number }

interface Holder {
  readonly id: string
  readonly at: number
  readonly slots: number
  readonly tokens: number
  /** Entered while the breaker was not closed. */
  readonly probe: boolean
}

/** Everything that happened at one gate, and what it is now. */
interface Run {
  gate: Gate
  now: number
  holders: Holder[]
  spent: { at: number; tokens: number }[]
}

const limitsArb: fc.Arbitrary<GateLimits> = fc.record({
  slots: fc.integer({ min: 1, max: 6 }),
  perMinute: fc.integer({ min: 1, max: 300 }),
  leaseMs: fc.integer({ min: 1_000, max: 180_000 }),
  retryFloorMs: fc.integer({ min: 500, max: 30_000 }),
})

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('wait' as const),
    // Small and large pauses: the rate is about milliseconds, the breaker about minutes.
    ms: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 120_000 })),
  }),
  fc.record({ do: fc.constant('enter' as const), want: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    do: fc.constant('leave' as const),
    which: fc.nat(5),
    reports: fc.array(
      fc.constantFrom<GateReport>(
        undefined,
        'Transient',
        'Transient',
        'UnknownOutcome',
        'AuthDenied',
        'Invalid',
      ),
      { maxLength: 8 },
    ),
    unused: fc.nat(12),
  }),
)

function play(limits: GateLimits, steps: readonly Step[], check: (run: Run) => void): Run {
  const run: Run = { gate: newGate('erp-one', 0, limits), now: 0, holders: [], spent: [] }
  for (const [index, step] of steps.entries()) {
    if (step.do === 'wait') run.now += step.ms
    if (step.do === 'enter') enter(run, limits, step.want, `lease-${index}`)
    if (step.do === 'leave') leave(run, limits, step)
    check(run)
  }
  return run
}

function enter(run: Run, limits: GateLimits, want: number, id: string): void {
  const entry = enterGate(run.gate, run.now, want, limits, id)
  if (!entry.open) {
    expect(entry.retryAfterMs).toBeGreaterThan(0)
    return
  }
  expect(entry.slots).toBeGreaterThan(0)
  expect(entry.tokens).toBeLessThanOrEqual(want * CALLS_PER_RECORD)
  expect(entry.slots).toBeLessThanOrEqual(want)
  expect(entry.slots).toBeLessThanOrEqual(entry.tokens)
  const { slots, tokens } = entry
  run.holders.push({ id, at: run.now, slots, tokens, probe: run.gate.breaker.is !== 'closed' })
  run.spent.push({ at: run.now, tokens })
  run.gate = entry.gate
}

function leave(run: Run, limits: GateLimits, step: Extract<Step, { do: 'leave' }>): void {
  const holder = run.holders[step.which % Math.max(1, run.holders.length)]
  if (!holder) return
  const unused = Math.min(step.unused, holder.tokens)
  const next = leaveGate(run.gate, run.now, limits, holder.id, step.reports, unused)
  run.holders = run.holders.filter(({ id }) => id !== holder.id)
  if (!next) return
  run.spent.push({ at: run.now, tokens: -unused })
  run.gate = next
}

const alive = (run: Run, limits: GateLimits) => run.holders.filter(({ at }) => run.now < at + limits.leaseMs)
const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0)

describe('the gate of a target', () => {
  const property = (check: (limits: GateLimits, steps: Step[]) => void) =>
    fc.assert(fc.property(limitsArb, fc.array(stepArb, { maxLength: 60 }), check), { numRuns: 300 })

  it('never has more than its slots out at once', () => {
    property((limits, steps) => {
      play(limits, steps, (run) => {
        expect(total(alive(run, limits).map(({ slots }) => slots))).toBeLessThanOrEqual(limits.slots)
      })
    })
  })

  it('never gives more in a minute than the rate and what an idle target had saved', () => {
    property((limits, steps) => {
      const { spent } = play(limits, steps, () => {})
      const most = limits.perMinute + bucketCapacity(limits.perMinute)
      for (const [index, { at }] of spent.entries()) {
        const minute = spent.slice(index).filter((later) => later.at <= at + MINUTE)
        for (let end = 1; end <= minute.length; end += 1) {
          expect(total(minute.slice(0, end).map(({ tokens }) => tokens))).toBeLessThanOrEqual(most)
        }
      }
    })
  })

  it('lets exactly one probe run while the breaker is not closed', () => {
    property((limits, steps) => {
      play(limits, steps, (run) => {
        if (run.gate.breaker.is === 'closed') return
        const since = run.gate.breaker.since
        const probes = alive(run, limits).filter(({ probe, at }) => probe && at >= since)
        expect(probes.length).toBeLessThanOrEqual(1)
        for (const { slots, tokens } of probes) {
          expect(slots).toBe(1)
          expect(tokens).toBeLessThanOrEqual(CALLS_PER_RECORD)
        }
      })
    })
  })

  it('admits nobody before the pause is over', () => {
    property((limits, steps) => {
      play(limits, steps, ({ gate, now }) => {
        if (gate.breaker.is !== 'open' || now >= gate.breaker.retryAt) return
        expect(enterGate(gate, now, 1, limits, 'early')).toMatchObject({ open: false, why: 'breaker' })
      })
    })
  })

  it('recovers in bounded time after all workers died, whatever happened, once the ERP answers', () => {
    property((limits, steps) => {
      const run = play(limits, steps, () => {})
      const deadline =
        run.now + 20 * limits.retryFloorMs + 2 * limits.leaseMs + Math.ceil(MINUTE / limits.perMinute)
      let entry = enterGate(run.gate, run.now, 1, limits, 'survivor')
      while (!entry.open) {
        run.now += entry.retryAfterMs
        expect(run.now).toBeLessThanOrEqual(deadline)
        entry = enterGate(run.gate, run.now, 1, limits, 'survivor')
      }
      const left = leaveGate(entry.gate, run.now, limits, 'survivor', [undefined], 0)
      expect(left?.breaker).toEqual({ is: 'closed', failures: 0 })
    })
  })

  it('can be stored and read at any time', () => {
    property((limits, steps) => {
      play(limits, steps, ({ gate }) => {
        expect(GateSchema.parse(JSON.parse(JSON.stringify(gate)))).toEqual(gate)
      })
    })
  })

  it('mints no tokens when the clocks of two workers differ', () => {
    property((limits, steps) => {
      const { gate, now } = play(limits, steps, () => {})
      const ahead = enterGate(gate, now + 5_000, 1, limits, 'ahead')
      if (!ahead.open) return
      const behind = enterGate(ahead.gate, now, 1, limits, 'behind')
      const credit = behind.open ? behind.gate.bucket.credit : ahead.gate.bucket.credit
      expect(credit).toBeLessThanOrEqual(ahead.gate.bucket.credit)
    })
  })
})
