import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stableJson } from '#app/content-hash.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { compareVersions } from '#domain/version.ts'
import { canonicalOrder, type OrderChange } from '../support/canonical-order.ts'
import { type Fault, MemoryErp } from '../support/memory-erp.ts'
import { TIMES, World, type WorldOptions } from '../support/world.ts'

const change: fc.Arbitrary<OrderChange> = fc.record({
  state: fc.constantFrom('placed', 'confirmed', 'confirmed', 'confirmed', 'cancelled', 'void', 'returned'),
  payment: fc.constantFrom('paid', 'paid', 'paid', 'unpaid'),
  quantity: fc.integer({ min: 1, max: 2 }),
})

const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.constant({ do: 'hang-before' as const }),
  fc.constant({ do: 'hang-after' as const }),
  fc.integer({ min: 1, max: TIMES.settleMs - 1 }).map((afterMs) => ({ do: 'commit-late' as const, afterMs })),
  fc.constant({ do: 'refuse' as const, failure: { class: 'Transient' as const, message: '503' } }),
  fc.constant({
    do: 'refuse' as const,
    failure: { class: 'RateLimited' as const, message: '429', retryAfterMs: 4_000 },
  }),
)

const scenario = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 6 }),
  /** Positions of messages that are delivered once more at the end. */
  repeats: fc.array(fc.nat(5), { maxLength: 3 }),
  swaps: fc.array(fc.nat(4), { maxLength: 2 }),
  faults: fc.array(fault, { maxLength: 8 }),
  crashes: fc.array(
    fc.record({
      write: fc.integer({ min: 1, max: 14 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
    { maxLength: 3 },
  ),
  sleeps: fc.array(
    fc.record({
      write: fc.integer({ min: 1, max: 14 }),
      when: fc.constantFrom('before' as const, 'after' as const),
      forMs: fc.integer({ min: 1_000, max: 120_000 }),
    }),
    { maxLength: 2 },
  ),
  pauses: fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 6 }),
  abilities: fc.record({
    idempotency: fc.constantFrom('none' as const, 'upsert' as const, 'unique-reference' as const),
    amend: fc.boolean(),
    steps: fc.constantFrom(['create'] as const, ['create', 'confirm'] as const),
  }),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** Plays a scenario to its end and says what is wrong then. */
async function play(plot: Scenario, options: WorldOptions = {}): Promise<string[]> {
  const wrong: string[] = []
  let last: LedgerRow | undefined
  const observe = (row: LedgerRow) => {
    if (last && compareVersions(row.seen.version, last.seen.version) < 0) wrong.push('seen went backwards')
    if (last?.applied && (!row.applied || compareVersions(row.applied.version, last.applied.version) < 0)) {
      wrong.push('applied went backwards')
    }
    last = row
  }
  const world = new World({
    abilities: plot.abilities,
    rules: { latePayment: 'place' },
    crashes: plot.crashes,
    sleeps: plot.sleeps,
    ...options,
    observe,
  })
  world.erp.faults.push(...plot.faults.filter((item) => item !== undefined))
  const messages = plot.changes.map((item) => world.order(canonicalOrder(item)))
  for (const at of plot.swaps) {
    const [a, b] = [messages[at], messages[at + 1]]
    if (a && b) messages.splice(at, 2, b, a)
  }
  for (const [index, message] of messages.entries()) {
    world.enqueue(message)
    world.clock.advance(plot.pauses[index] ?? 0)
  }
  for (const at of plot.repeats) {
    const again = messages[at]
    if (again) world.enqueue(again)
  }
  await world.drain()
  world.clock.advance(60_000)

  const live = world.erp.live()
  if (world.erp.maxLive > 1) wrong.push(`${world.erp.maxLive} live documents at once`)
  const newest = plot.changes.at(-1)
  const row = await world.row(canonicalOrder(newest))
  if (!['done', 'held'].includes(row.status)) wrong.push(`ended ${row.status} ${row.reason?.code}`)
  const want = wanted(newest, live.length > 0)
  if (want === 'absent' && live.length > 0) wrong.push('a cancelled order is live')
  if (want === 'present') {
    if (live.length === 0) wrong.push('the order is lost')
    const expected = stableJson(MemoryErp.mapped(canonicalOrder(newest)))
    if (live[0] && live[0].content !== expected) wrong.push('the ERP has old content')
    if (live[0] && live[0].step !== plot.abilities.steps.at(-1)) wrong.push('a step is missing')
  }
  return wrong
}

function wanted(last: OrderChange | undefined, live: boolean): 'present' | 'absent' | 'either' {
  if (last?.state === 'cancelled' || last?.state === 'void') return 'absent'
  if (last?.state === 'returned') return 'either'
  // An unpaid order is held, but a document that is there is kept up to date.
  return last?.payment === 'paid' || live ? 'present' : 'absent'
}

const holds = (options: WorldOptions | ((plot: Scenario) => WorldOptions) = {}) =>
  fc.asyncProperty(scenario, async (plot) => {
    expect(await play(plot, typeof options === 'function' ? options(plot) : options)).toEqual([])
  })

describe('delivering under any edits, faults, crashes, sleeps, repeats and reorderings', () => {
  it('leaves one live document with the newest content, or none where none is wanted', async () => {
    await fc.assert(holds(), { numRuns: 400 })
  }, 60_000)

  const without: Record<string, WorldOptions> = {
    'the intent': {
      ledger: (ledger) => ({
        ...ledger,
        put: ({ intent: _intent, unsettledUntil: _until, ...row }) => ledger.put(row),
      }),
    },
    'the look-up': {
      gateway: (gateway) => ({
        describe: () => gateway.describe(),
        content: (write) => gateway.content(write),
        place: (write, step) => gateway.place(write, step),
        amend: (write) => gateway.amend(write),
        cancel: (cancel) => gateway.cancel(cancel),
        send: (request, context) => gateway.send(request, context),
        find: async () => ({ is: 'absent' }),
      }),
    },
    'the settle time': { settleMs: 0 },
    'the fence': {
      ledger: (ledger) => ({
        ...ledger,
        put: async (row) => {
          const current = await ledger.get(row.key)
          return ledger.put({ ...row, rev: (current?.rev ?? 0) + 1 })
        },
      }),
    },
  }
  for (const [rule, options] of Object.entries(without)) {
    it(`fails without ${rule}`, async () => {
      const report = await fc.check(holds(options), { numRuns: 3_000, endOnFailure: true })
      expect(report.failed).toBe(true)
    }, 60_000)
  }
})
