import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stableJson } from '#app/content-hash.ts'
import { rowKeyOf } from '#app/deliver.ts'
import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { PARTS_VERSIONS } from '#domain/parts.ts'
import { compareVersions } from '#domain/version.ts'
import { aCustomer } from '../support/a-customer.ts'
import { aPartsRequest } from '../support/a-parts-request.ts'
import { aReturn } from '../support/a-return.ts'
import { aTicket } from '../support/a-ticket.ts'
import type { Fault } from '../support/memory-erp.ts'
import { TIMES, World, type WorldOptions } from '../support/world.ts'

type ThingKind = 'customer' | 'return' | 'ticket' | 'parts'

/** A state of one thing: `edit` tells the states apart, `over` is its end. */
interface State {
  readonly edit: number
  readonly over: boolean
}

function subjectOf(kind: ThingKind, { edit, over }: State): Subject {
  const gone = (id: string, stamp: number): Subject => ({
    is: 'gone',
    gone: { shop: 'demo', kind: kind === 'parts' ? 'ticket' : kind, id, stamp },
  })
  switch (kind) {
    case 'customer': {
      const customer = aCustomer({ name: `样例 ${edit}` })
      return over && customer.userId !== null
        ? gone(customer.userId, customer.regTime)
        : { is: 'customer', customer }
    }
    case 'return': {
      const one = aReturn({ note: `备注 ${edit}` })
      return over ? gone(one.returnId, one.rawTime) : { is: 'return', return: one }
    }
    case 'ticket': {
      const ticket = aTicket({ content: `问题 ${edit}` })
      return over ? gone(ticket.ticketId, ticket.msgTime) : { is: 'ticket', ticket }
    }
    case 'parts':
      return { is: 'parts', parts: aPartsRequest({ withdrawn: over }) }
  }
}

const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.constant({ do: 'hang-before' as const }),
  fc.constant({ do: 'hang-after' as const }),
  fc.integer({ min: 1, max: TIMES.settleMs - 1 }).map((afterMs) => ({ do: 'commit-late' as const, afterMs })),
  fc.constant({ do: 'refuse' as const, failure: { class: 'Transient' as const, message: '503' } }),
)
const when = fc.constantFrom('before' as const, 'after' as const)
const write = fc.integer({ min: 1, max: 14 })

const scenario = fc.record({
  kind: fc.constantFrom<ThingKind>('customer', 'return', 'ticket', 'parts'),
  edits: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
  ends: fc.boolean(),
  repeats: fc.array(fc.nat(5), { maxLength: 3 }),
  swaps: fc.array(fc.nat(4), { maxLength: 2 }),
  faults: fc.array(fault, { maxLength: 8 }),
  crashes: fc.array(fc.record({ write, when }), { maxLength: 3 }),
  sleeps: fc.array(fc.record({ write, when, forMs: fc.integer({ min: 1_000, max: 120_000 }) }), {
    maxLength: 2,
  }),
  pauses: fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 6 }),
  abilities: fc.record({
    idempotency: fc.constantFrom('none' as const, 'upsert' as const, 'unique-reference' as const),
    amend: fc.boolean(),
    steps: fc.constantFrom(['create'] as const, ['create', 'confirm'] as const),
  }),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** A request for parts never changes, so that its versions are fixed; of the rest the shop draws one for each state. */
function messagesOf({ kind, edits, ends }: Scenario, world: World): DeliveryMessage[] {
  const states = [...edits.map((edit) => ({ edit, over: false })), ...(ends ? [{ edit: 0, over: true }] : [])]
  return states.map((state) =>
    world.message(
      subjectOf(kind, state),
      kind === 'parts' ? { version: state.over ? PARTS_VERSIONS.withdrawn : PARTS_VERSIONS.asked } : {},
    ),
  )
}

/** Plays a scenario to its end and says what is wrong then. */
async function play(plot: Scenario, options: WorldOptions = {}): Promise<string[]> {
  const wrong: string[] = []
  let last: LedgerRow | undefined
  const observe = (row: LedgerRow) => {
    if (last && compareVersions(row.seen.version, last.seen.version) < 0) wrong.push('seen went backwards')
    last = row
  }
  const world = new World({
    abilities: plot.abilities,
    crashes: plot.crashes,
    sleeps: plot.sleeps,
    ...options,
    observe,
  })
  world.erp.faults.push(...plot.faults.filter((item) => item !== undefined))
  const messages = messagesOf(plot, world)
  const newest = messages.at(-1)
  if (!newest) throw new Error('a scenario has messages')
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
  const row = await world.ledger.get(rowKeyOf(newest))
  if (row?.status !== 'done') wrong.push(`ended ${row?.status} ${row?.reason?.code}`)
  return [...wrong, ...wrongDocuments(plot, live, newest.subject)]
}

function wrongDocuments(plot: Scenario, live: World['erp']['documents'], newest: Subject): string[] {
  const [document] = live
  if (plot.ends) {
    // Parts that nobody needs are not sent; what is gone in the shop alone stays as it is.
    return plot.kind === 'parts' && document ? ['parts are live that were withdrawn'] : []
  }
  if (!document) return ['the thing is lost']
  const { is: _is, ...thing } = newest
  const around = { customer: { purchases: [] }, ticket: { purchases: [], parts: [] }, return: {}, parts: {} }
  const expected = stableJson({ ...thing, ...around[plot.kind] })
  return [
    ...(document.content === expected ? [] : ['the ERP has old content']),
    ...(document.step === plot.abilities.steps.at(-1) ? [] : ['a step is missing']),
  ]
}

const holds = (options: WorldOptions = {}) =>
  fc.asyncProperty(scenario, async (plot) => {
    expect(await play(plot, options)).toEqual([])
  })

describe('customers, returns, tickets and parts under any edits, faults, crashes, sleeps, repeats and reorderings', () => {
  it('leave one live document with the newest content, or none of parts that were withdrawn', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(holds(), { numRuns: 300 })
  })

  it('would not, were the settle time left out', { timeout: 120_000 }, async () => {
    const report = await fc.check(holds({ settleMs: 0 }), { numRuns: 3_000, endOnFailure: true })
    expect(report.failed).toBe(true)
  })

  it('would not, were a claim no fence', { timeout: 120_000 }, async () => {
    const unfenced: WorldOptions = {
      ledger: (ledger) => ({
        ...ledger,
        put: async (row) => {
          const current = await ledger.get(row.key)
          return ledger.put({ ...row, rev: (current?.rev ?? 0) + 1 })
        },
      }),
    }
    const report = await fc.check(holds(unfenced), { numRuns: 3_000, endOnFailure: true })
    expect(report.failed).toBe(true)
  })
})
