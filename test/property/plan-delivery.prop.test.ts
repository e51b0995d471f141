import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { deliver, rowKeyOf } from '#app/deliver.ts'
import { type Plan, planDelivery } from '#app/plan-delivery.ts'
import { openTurn } from '#app/turn.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Outcome } from '#domain/outcome.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'
import { canonicalOrder, type OrderChange } from '../support/canonical-order.ts'
import type { Fault } from '../support/memory-erp.ts'
import { World } from '../support/world.ts'

const change: fc.Arbitrary<OrderChange> = fc.record({
  state: fc.constantFrom('placed', 'confirmed', 'confirmed', 'confirmed', 'cancelled', 'returned'),
  payment: fc.constantFrom('paid', 'paid', 'paid', 'unpaid'),
  quantity: fc.integer({ min: 1, max: 2 }),
  residual: fc.constantFrom(0, 0, 0, 5),
})

const step = fc.record({
  change,
  cause: fc.constantFrom('event' as const, 'event' as const, 'replay' as const),
  verdict: fc.constantFrom(undefined, undefined, undefined, 'placed' as const, 'absent' as const),
  /** Deleted instead of changed. */
  deleted: fc.constantFrom(false, false, false, true),
  /** An older version instead of the next one. */
  late: fc.constantFrom(false, false, false, true),
  fault: fc.constantFrom<Fault | undefined>(
    undefined,
    undefined,
    undefined,
    { do: 'hang-before' },
    { do: 'hang-after' },
    { do: 'refuse', failure: { class: 'Transient', message: '503' } },
  ),
  pauseMs: fc.constantFrom(10, 4_000, 20_000),
})

const scenario = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 7 }),
  faults: fc.boolean(),
  abilities: fc.record({
    idempotency: fc.constantFrom('none', 'upsert', 'unique-reference', 'request-key'),
    find: fc.boolean(),
    amend: fc.boolean(),
    cancel: fc.constantFrom(true, true, false),
    steps: fc.constantFrom(['create'] as const, ['create', 'confirm'] as const),
  }),
  latePayment: fc.constantFrom('park' as const, 'place' as const),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** What left, in order. */
function listening(sent: ErpRequest[]): (gateway: ErpGateway) => ErpGateway {
  return (gateway) => ({
    describe: () => gateway.describe(),
    content: (write) => gateway.content(write),
    find: (...look) => gateway.find(...look),
    place: (...place) => gateway.place(...place),
    amend: (amend) => gateway.amend(amend),
    cancel: (cancel) => gateway.cancel(cancel),
    send: (request, context) => {
      sent.push(request)
      return gateway.send(request, context)
    },
  })
}

function messageOf(
  world: World,
  { change, cause, verdict, deleted, late }: Scenario['steps'][number],
): DeliveryMessage {
  const order = canonicalOrder(change)
  const extra = { cause, ...(verdict && cause === 'replay' ? { verdict } : {}) }
  const { orderId, orderSn, addTime, shop, state } = order
  const message = deleted
    ? world.message(
        {
          is: 'tombstone',
          tombstone: { shop, orderId, orderSn, addTime, recIds: [], state, mergedInto: null },
        },
        extra,
      )
    : world.order(order, extra)
  const { version } = message
  return late && version.seq > 1 ? { ...message, version: { ...version, seq: version.seq - 1 } } : message
}

const plain = ({ op, step, reference }: ErpRequest) => ({ op, step, reference })
const endOf = (outcome: Outcome) => ({ ...outcome, afterMs: 0 })

/** Plans each step, then delivers it, and says where the two differ. */
async function play(
  plot: Scenario,
  plan: (message: DeliveryMessage, world: World) => Promise<Plan> = (message, world) =>
    planDelivery(message, world.deps),
): Promise<string[]> {
  const wrong: string[] = []
  const sent: ErpRequest[] = []
  const world = new World({
    abilities: plot.abilities,
    rules: { latePayment: plot.latePayment },
    gateway: listening(sent),
  })
  /** Since a call went wrong, or a person erred, the ERP may not hold what the ledger knows. */
  let astray = false
  for (const current of plot.steps) {
    const message = messageOf(world, current)
    const before = JSON.stringify([world.erp, await world.ledger.get(rowKeyOf(message))])
    const planned = await plan(message, world)
    if (JSON.stringify([world.erp, await world.ledger.get(rowKeyOf(message))]) !== before)
      wrong.push('planning changed something')

    const already = sent.length
    const fault = plot.faults ? current.fault : undefined
    if (fault) world.erp.faults.push(fault)
    const turn = openTurn(world.gate, 'erp', 10, world.clock.now() + 60_000, world.clock)
    const outcome = await deliver(message, turn, world.deps)
    await turn.end()
    const made = sent.slice(already)
    const disturbed = fault !== undefined && world.erp.faults.splice(0).length === 0
    if (disturbed || message.verdict) astray = true

    const differ = (what: string, expected: unknown, actual: unknown) => {
      const [one, other] = [JSON.stringify(expected), JSON.stringify(actual)]
      if (one !== other) wrong.push(`${what}: planned ${one}, happened ${other}`)
    }
    if (!(planned.looksUp && astray)) {
      differ('first call', planned.calls[0], made[0])
      if (!astray) differ('calls', planned.calls.map(plain), made.map(plain))
      if (!astray || made.length === 0) differ('end', endOf(planned.outcome), endOf(outcome))
    }
    world.clock.advance(current.pauseMs)
  }
  return wrong
}

describe('planning a delivery', () => {
  it('foresees exactly the requests and the end of the delivery, and changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (plot) => {
        expect(await play(plot)).toEqual([])
      }),
      { numRuns: 400 },
    )
  }, 60_000)

  it('would be found out if it looked at another ledger', async () => {
    const blind = fc.asyncProperty(scenario, async (plot) => {
      const differences = await play(plot, (message, world) =>
        planDelivery(message, { ...world.deps, ledger: new MemoryLedger({ clock: world.clock }) }),
      )
      expect(differences).toEqual([])
    })
    expect((await fc.check(blind, { numRuns: 300, endOnFailure: true })).failed).toBe(true)
  }, 60_000)
})
