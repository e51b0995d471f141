import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContentHash, LedgerRow } from '#contracts/ledger-row.ts'
import {
  type Abilities,
  type Decision,
  decide,
  interpret,
  isWrite,
  type Known,
  knownFromRow,
  knownWithoutLookUp,
  type Sighting,
  settledAt,
} from '#domain/decide.ts'
import type { Desire } from '#domain/desire.ts'
import { reason } from '#domain/reasons.ts'
import { aRow } from '../support/a-ledger-row.ts'

const hash = fc.constantFrom<ContentHash>(
  { v: 1, source: 's1', mapped: 'm1' },
  { v: 1, source: 's2', mapped: 'm2' },
  { v: 1, source: 's3', mapped: 'm2' },
)
const NOW = 1_000_000
const SETTLE = 3_000
const IDENTITY = '1001.5'
const time = fc.integer({ min: NOW - 10_000, max: NOW + 10_000 })

const abilities: fc.Arbitrary<Abilities> = fc.record({
  idempotency: fc.constantFrom('upsert', 'unique-reference', 'request-key', 'none'),
  find: fc.boolean(),
  amend: fc.boolean(),
  cancel: fc.boolean(),
  steps: fc.constantFrom(['create'] as const, ['create', 'confirm'] as const),
})

const row: fc.Arbitrary<LedgerRow> = fc
  .record({
    generation: fc.nat(2),
    intent: fc.option(
      fc.record({
        op: fc.constantFrom('place', 'amend', 'cancel'),
        step: fc.constantFrom('create', 'confirm'),
        generation: fc.nat(2),
        hash,
        deadline: time,
        calls: fc.integer({ min: 1, max: 3 }),
        bytes: fc.option(fc.constant('k'), { nil: undefined }),
      }),
      { nil: undefined },
    ),
    unsettledUntil: fc.option(time, { nil: undefined }),
    erp: fc.option(
      fc.record({
        id: fc.constantFrom('D1', 'D2'),
        generation: fc.nat(2),
        step: fc.constantFrom('create', 'confirm'),
        state: fc.constantFrom('live', 'cancelled'),
      }),
      { nil: undefined },
    ),
    applied: fc.option(hash, { nil: undefined }),
  })
  .map(({ generation, intent, unsettledUntil, erp, applied }) => {
    const { version } = aRow().seen
    return aRow({
      generation,
      ...(intent
        ? {
            intent: {
              op: intent.op,
              step: intent.step,
              generation: intent.generation,
              hash: intent.hash,
              deadline: intent.deadline,
              calls: intent.calls,
              version,
              ...(intent.bytes ? { bytes: intent.bytes } : {}),
            },
          }
        : {}),
      ...(unsettledUntil ? { unsettledUntil } : {}),
      ...(erp ? { erp } : {}),
      ...(applied ? { applied: { version, hash: applied } } : {}),
    })
  })

const sighting: fc.Arbitrary<Sighting> = fc.oneof(
  fc.constant({ is: 'absent' as const }),
  fc.constant({ is: 'many' as const, count: 2 }),
  fc
    .record({
      id: fc.constantFrom('D1', 'D2'),
      state: fc.constantFrom('live' as const, 'cancelled' as const),
      step: fc.constantFrom('create', 'confirm'),
      identity: fc.option(fc.constantFrom(IDENTITY, 'other.1'), { nil: undefined }),
      content: fc.constantFrom('same' as const, 'different' as const, 'unknown' as const),
    })
    .map(({ identity, ...rest }) => ({
      is: 'one' as const,
      document: identity === undefined ? rest : { ...rest, identity },
    })),
)

const desire: fc.Arbitrary<Desire> = fc.constantFrom<Desire>(
  { want: 'present' },
  { want: 'absent', because: 'cancelled' },
  { want: 'hold', reason: reason('unpaid') },
  { want: 'keep' },
  { want: 'vanished' },
  { want: 'park', reason: reason('late-payment') },
)

const circumstances = fc.record({
  desire,
  abilities,
  objection: fc.option(fc.constant(reason('unbalanced')), { nil: undefined }),
  predecessors: fc.constantFrom('clear' as const, 'pending' as const, 'too-late' as const),
  decided: fc.boolean(),
})

const creates = (decision: Decision, { steps }: Abilities) =>
  decision.do === 'place' && decision.step === steps[0]

describe('what a look-up proves', () => {
  it('nothing before the unknown call is settled, unless it shows the effect of a sole call', () => {
    fc.assert(
      fc.property(row, sighting, hash, abilities, (before, seen, newest, able) => {
        const known = interpret(before, seen, newest, IDENTITY, able.steps, NOW, SETTLE)
        if (NOW >= settledAt(before, SETTLE) || known.is === 'unsettled' || known.is === 'many') return
        expect(before.intent?.calls).toBe(1)
        expect(seen.is).toBe('one')
        if (seen.is !== 'one') return
        expect(seen.document.state).toBe(before.intent?.op === 'cancel' ? 'cancelled' : 'live')
        if (before.intent?.op === 'amend') expect(seen.document.content).toBe('same')
      }),
      { numRuns: 3_000 },
    )
  })

  it('that a document is ours only if it is the one on record, or live with our identity', () => {
    fc.assert(
      fc.property(row, sighting, hash, abilities, (before, seen, newest, able) => {
        const known = interpret(before, seen, newest, IDENTITY, able.steps, NOW, SETTLE)
        if (known.is !== 'live' || seen.is !== 'one' || before.erp?.id === known.id) return
        expect(seen.document.state).toBe('live')
        expect([undefined, IDENTITY]).toContain(seen.document.identity)
      }),
      { numRuns: 3_000 },
    )
  })

  it('that a live document on record is missing when it is absent, never that there is none', () => {
    fc.assert(
      fc.property(row, hash, abilities, (before, newest, able) => {
        const generation = before.intent?.generation ?? before.erp?.generation
        const onRecord = before.erp?.state === 'live' && before.erp.generation === generation
        const known = interpret(before, { is: 'absent' }, newest, IDENTITY, able.steps, NOW, SETTLE)
        if (onRecord) expect(['missing', 'unsettled']).toContain(known.is)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a decision', () => {
  const known: fc.Arbitrary<Known> = fc.oneof(
    fc.constantFrom<Known>(
      { is: 'none' },
      { is: 'cancelled', byUs: true },
      { is: 'cancelled', byUs: false },
      { is: 'missing' },
      { is: 'collision' },
      { is: 'many', count: 2 },
      { is: 'unsettled', until: NOW + 1 },
      { is: 'maybe' },
      { is: 'maybe', until: NOW + 1 },
      { is: 'unknowable' },
      { is: 'repeatable' },
    ),
    fc
      .record({
        step: fc.constantFrom('create', 'confirm'),
        content: fc.constantFrom('same' as const, 'different' as const, 'unknown' as const),
      })
      .map((document) => ({ is: 'live' as const, id: 'D1', ...document })),
  )

  it('creates only where nothing live can be there, or where creating again is harmless', () => {
    fc.assert(
      fc.property(known, circumstances, (what, around) => {
        const decision = decide({ ...around, known: what })
        if (!creates(decision, around.abilities)) return
        expect(['none', 'cancelled', 'maybe']).toContain(what.is)
        expect(['present', 'hold']).toContain(around.desire.want)
        expect(around.objection).toBeUndefined()
        if (what.is !== 'maybe') expect(around.predecessors).toBe('clear')
      }),
      { numRuns: 5_000 },
    )
  })

  it('never drops a document for content that has an objection, nor one whose content it cannot read', () => {
    fc.assert(
      fc.property(known, circumstances, (what, around) => {
        const decision = decide({ ...around, known: what })
        if (decision.do !== 'cancel' || !decision.replacing) return
        expect(around.objection).toBeUndefined()
        expect(what).toMatchObject({ is: 'live', content: 'different' })
        expect(around.abilities).toMatchObject({ amend: false, cancel: true })
      }),
      { numRuns: 5_000 },
    )
  })

  it('cancels whatever the arithmetic says, and never a vanished or returned order', () => {
    fc.assert(
      fc.property(circumstances, (around) => {
        const decision = decide({
          ...around,
          known: { is: 'live', id: 'D1', step: 'create', content: 'different' },
        })
        if (around.desire.want === 'absent') {
          expect(decision.do).toBe(around.abilities.cancel ? 'cancel' : 'park')
        }
        if (around.desire.want === 'vanished' || around.desire.want === 'keep')
          expect(decision.do).not.toBe('cancel')
      }),
    )
  })

  it('uses only what the ERP can do', () => {
    fc.assert(
      fc.property(known, circumstances, (what, around) => {
        const decision = decide({ ...around, known: what })
        if (decision.do === 'amend') expect(around.abilities.amend).toBe(true)
        if (decision.do === 'cancel') expect(around.abilities.cancel).toBe(true)
        if (decision.do === 'place') expect(around.abilities.steps).toContain(decision.step)
      }),
      { numRuns: 5_000 },
    )
  })

  it('always ends: after every write that is acknowledged the next decision is nearer to none', () => {
    fc.assert(
      fc.property(known, circumstances, (start, around) => {
        let now: Known = start
        for (let writes = 0; ; writes += 1) {
          expect(writes).toBeLessThanOrEqual(4)
          const decision = decide({ ...around, known: now })
          if (!isWrite(decision)) return
          if (decision.do === 'cancel') now = { is: 'cancelled', byUs: true }
          else if (decision.do === 'resend')
            now = { is: 'live', id: 'D1', step: 'create', content: 'different' }
          else {
            const step = decision.do === 'place' ? decision.step : now.is === 'live' ? now.step : 'create'
            now = { is: 'live', id: 'D1', step, content: 'same' }
          }
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('on a row without anything unknown never writes what the ERP has confirmed', () => {
    fc.assert(
      fc.property(
        row,
        hash,
        circumstances,
        ({ intent: _i, unsettledUntil: _u, ...settled }, newest, around) => {
          const what = knownFromRow(settled, newest, false)
          const decision = decide({ ...around, known: what })
          if (settled.erp?.state === 'live') expect(creates(decision, around.abilities)).toBe(false)
          if (what.is === 'live' && what.content === 'same') expect(decision.do).not.toBe('amend')
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('on an unknown write that cannot be asked about makes no other write before it is settled', () => {
    fc.assert(
      fc.property(row, circumstances, (before, around) => {
        if (!before.intent || NOW >= settledAt(before, SETTLE)) return
        const decision = decide({
          ...around,
          known: knownWithoutLookUp(before, around.abilities, 'EC', NOW, SETTLE),
        })
        if (!isWrite(decision)) return
        if (decision.do === 'resend') {
          expect(around.abilities.idempotency).toBe('request-key')
          return
        }
        expect(decision.do).toBe('place')
        expect(before.intent.op).toBe('place')
        expect(around.abilities.idempotency).toBe('unique-reference')
      }),
      { numRuns: 5_000 },
    )
  })
})
