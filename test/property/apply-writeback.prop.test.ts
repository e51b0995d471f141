import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WritebackDeps } from '#app/apply-writeback.ts'
import type { WritebackMessage } from '#contracts/writeback.ts'
import type { ShopOrder } from '../../local/demo/shop-order.ts'
import { Crash, type Mishap, TIMES, WritebackWorld } from '../support/writeback-world.ts'

const mishap = fc.option(
  fc.constantFrom<Mishap>(
    'not-sent',
    'denied',
    'busy',
    'lost-before',
    'lost-after',
    'crash-before',
    'crash-after',
  ),
  { freq: 2, nil: undefined },
)

const scenario = fc.record({
  /** By order: its lines, and what leaves of them in which parcel. */
  orders: fc.array(
    fc.record({
      lines: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      parcels: fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }), {
        maxLength: 4,
      }),
      cancelAt: fc.option(fc.nat(4), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  mishaps: fc.array(mishap, { maxLength: 12 }),
  crashes: fc.array(
    fc.record({
      write: fc.integer({ min: 1, max: 16 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
    { maxLength: 4 },
  ),
  /** Of each round: which messages two workers receive, and whether time passes first. */
  rounds: fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.boolean()), { minLength: 1, maxLength: 12 }),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** Two workers over one shop, each message received any number of times; then every message until it ends. */
async function play(
  plot: Scenario,
  scheduler: fc.Scheduler,
  without?: (deps: WritebackDeps) => Partial<WritebackDeps>,
) {
  let racing = true
  const world = new WritebackWorld({
    mishaps: plot.mishaps,
    crashes: plot.crashes,
    schedule: (call) => (racing ? scheduler.schedule(Promise.resolve()).then(call) : call()),
    ...(without ? { deps: without } : {}),
  })
  const messages: WritebackMessage[] = []
  const orders: ShopOrder[] = []
  for (const { lines, parcels, cancelAt } of plot.orders) {
    const order = world.place(lines)
    orders.push(order)
    const commands = parcels
      .filter((parcel) => parcel.some((quantity, index) => quantity > 0 && index < lines.length))
      .map((parcel, index) => world.shipment(order, `${order.id}-${index}`, parcel))
    if (cancelAt !== undefined) commands.splice(cancelAt, 0, world.cancel(order, `${order.id}-c`))
    messages.push(...commands)
  }
  const receive = (index: number) => {
    const message = messages[index % Math.max(1, messages.length)]
    return message ? world.receive(message).catch(died) : undefined
  }
  for (const [first, second, later] of plot.rounds) {
    if (later) world.clock.advance(TIMES.leaseMs)
    const both = Promise.all([receive(first), receive(second)])
    await scheduler.waitFor(both)
  }
  racing = false
  world.clock.advance(TIMES.leaseMs)
  const outcomes = []
  for (const message of messages) outcomes.push(await world.settle(message))
  return { world, messages, orders, outcomes }
}

function died(error: unknown): void {
  if (!(error instanceof Crash)) throw error
}

/** What is wrong at the end, by the shop’s own books. */
async function wrongIn({ world, messages, orders, outcomes }: Awaited<ReturnType<typeof play>>) {
  const wrong: string[] = []
  for (const [index, message] of messages.entries()) {
    const { command, id } = message
    const row = await world.row(message)
    const order = orders.find(({ no }) => command.is !== 'stock' && no === command.no)
    if (!order || !row) {
      wrong.push(`${id} has no row`)
      continue
    }
    if (row.status !== 'done' && row.status !== 'parked') wrong.push(`${id} is left ${row.status}`)
    if (outcomes[index]?.is === 'park' && row.status !== 'parked')
      wrong.push(`${id} was parked and is ${row.status}`)
    if (command.is === 'shipment') {
      const parcels = world.parcels(order).filter((tracking) => tracking === `SF-${id}`)
      const expected = row.status === 'done' ? 1 : 0
      if (parcels.length !== expected) wrong.push(`${id} is ${row.status} with ${parcels.length} parcels`)
    } else {
      const cancelled = world.shop.order(order.no)?.status === 'cancelled'
      if (cancelled !== (row.status === 'done')) wrong.push(`${id} is ${row.status}, cancelled: ${cancelled}`)
    }
  }
  for (const order of orders) {
    const sent = world.sent(order)
    order.lines.forEach(({ quantity }, index) => {
      if ((sent[index] ?? 0) > quantity) wrong.push(`${order.no} sent ${sent[index]} of ${quantity}`)
    })
  }
  return wrong
}

const law = (without?: (deps: WritebackDeps) => Partial<WritebackDeps>) =>
  fc.asyncProperty(scenario, fc.scheduler(), async (plot, scheduler) => {
    expect(await wrongIn(await play(plot, scheduler, without))).toEqual([])
  })

describe('commands for a shop, received by two workers in any order', () => {
  it('each take effect once or are parked without one', { timeout: 120_000 }, async () => {
    await fc.assert(law(), { numRuns: 300 })
  })

  it('would not, were an answer that is unknown taken for a refusal', { timeout: 120_000 }, async () => {
    const asRefusal = ({ gateway }: WritebackDeps): Partial<WritebackDeps> => ({
      gateway: (shop) => ({
        ...gateway(shop),
        recordShipment: async (...call) => {
          const answer = await gateway(shop).recordShipment(...call)
          return answer.is === 'failed' && answer.failure.class === 'Unknown'
            ? { ...answer, failure: { ...answer.failure, class: 'Refused' } }
            : answer
        },
      }),
    })
    expect((await fc.check(law(asRefusal), { numRuns: 300 })).failed).toBe(true)
  })

  it('would not, were a command given a new id when it is repeated', { timeout: 120_000 }, async () => {
    let times = 0
    const anew = ({ gateway }: WritebackDeps): Partial<WritebackDeps> => ({
      gateway: (shop) => ({
        ...gateway(shop),
        recordShipment: (shipment, deadline) =>
          gateway(shop).recordShipment({ ...shipment, shipment_id: `S-${++times}` }, deadline),
      }),
    })
    expect((await fc.check(law(anew), { numRuns: 300 })).failed).toBe(true)
  })
})
