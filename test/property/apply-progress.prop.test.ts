import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WritebackDeps } from '#app/apply-writeback.ts'
import type { PartsRequest } from '#contracts/parts.ts'
import { ReturnStepSchema, TicketStepSchema } from '#contracts/progress.ts'
import { courseOf } from '#domain/progress.ts'
import { compareVersions } from '#domain/version.ts'
import { AftersaleWorld } from '../support/aftersale-world.ts'
import { Crash, type Mishap, TIMES } from '../support/writeback-world.ts'

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

const IDS = ['s1', 's2', 's3', 's4', 's5', 's6'] as const
const at = fc.integer({ min: 0, max: 4 }).map((hour) => `2026-11-20T0${hour}:00:00Z`)
const step = fc.oneof(
  fc.record({
    of: fc.constant('ticket' as const),
    id: fc.constantFrom(...IDS),
    at,
    step: fc.constantFrom(...TicketStepSchema.options),
    parts: fc.array(fc.record({ sku: fc.constant('BLADE'), quantity: fc.integer({ min: 1, max: 3 }) }), {
      maxLength: 1,
    }),
    withdraws: fc.option(fc.constantFrom(...IDS), { nil: undefined, freq: 3 }),
  }),
  fc.record({
    of: fc.constant('return' as const),
    id: fc.constantFrom(...IDS),
    at,
    step: fc.constantFrom(...ReturnStepSchema.options),
  }),
)

const scenario = fc.record({
  steps: fc.uniqueArray(step, { minLength: 1, maxLength: 5, selector: ({ id }) => id }),
  mishaps: fc.array(mishap, { maxLength: 12 }),
  crashes: fc.array(
    fc.record({
      write: fc.integer({ min: 1, max: 16 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
    { maxLength: 4 },
  ),
  /** Of each round: which messages two workers receive, and whether time passes first. */
  rounds: fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.boolean()), { maxLength: 12 }),
  /** The order in which they come in the end; each is told once more. */
  last: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** Two workers over one shop, each step received any number of times in any order; then each until it ends. */
async function play(
  plot: Scenario,
  scheduler: fc.Scheduler,
  without?: (deps: WritebackDeps) => Partial<WritebackDeps>,
) {
  let racing = true
  const world = await new AftersaleWorld({
    mishaps: plot.mishaps,
    crashes: plot.crashes,
    schedule: (call) => (racing ? scheduler.schedule(Promise.resolve()).then(call) : call()),
    ...(without ? { deps: without } : {}),
  }).open()
  const steps = plot.steps.map(({ of, ...change }) => world.step(of, change))
  const messages = steps.map((one) => world.progress(one))
  const receive = (index: number) => {
    const message = messages[index % messages.length]
    return message ? world.receive(message).catch(died) : undefined
  }
  for (const [first, second, later] of plot.rounds) {
    if (later) world.clock.advance(TIMES.leaseMs)
    await scheduler.waitFor(Promise.all([receive(first), receive(second)]))
  }
  racing = false
  world.clock.advance(TIMES.leaseMs)
  for (const index of plot.last) {
    const message = messages[index]
    if (message) await world.settle(message)
  }
  return { world, steps }
}

function died(error: unknown): void {
  if (!(error instanceof Crash)) throw error
}

/** What is wrong at the end, by the shop’s own books and the queue of the ERP. */
async function wrongIn({ world, steps }: Awaited<ReturnType<typeof play>>) {
  const wrong: string[] = []
  const told = steps.filter(({ of }) => of === 'ticket').map(({ id }) => `desk/${id}`)
  if (String(world.replies().toSorted()) !== String(told.toSorted()))
    wrong.push(`the customer was told ${String(world.replies())} of ${String(told)}`)
  const notes = world.notes().filter(({ by }) => by === 'desk').length
  const ofReturn = steps.filter(({ of }) => of === 'return')
  if (notes !== ofReturn.length) wrong.push(`${notes} notes of ${ofReturn.length}`)
  for (const { id } of steps) {
    const row = await world.progressRow(id)
    if (row?.status !== 'done') wrong.push(`${id} is ${row?.status}`)
  }
  for (const thing of ['ticket', 'return'] as const) {
    const kept = courseOf(await world.history(thing))
    const meant = courseOf(steps.filter(({ of }) => of === thing))
    if (JSON.stringify(kept) !== JSON.stringify(meant)) wrong.push(`the ${thing} stands elsewhere`)
  }
  return [...wrong, ...wrongParts(world, steps)]
}

/** The newest that the ERP is told of each request is what all the steps together say of it. */
function wrongParts(world: AftersaleWorld, steps: Awaited<ReturnType<typeof play>>['steps']): string[] {
  const newest = new Map<string, { request: PartsRequest; message: Parameters<typeof compareVersions>[0] }>()
  for (const { message } of world.deliveries.drain('erp')) {
    if (message.subject.is !== 'parts') return ['something else was sent to the ERP']
    const request = message.subject.parts
    const before = newest.get(request.requestId)
    if (!before || compareVersions(message.version, before.message) >= 0)
      newest.set(request.requestId, { request, message: message.version })
  }
  const tickets = steps.filter((one) => one.of === 'ticket')
  const withdrawn = new Set(tickets.flatMap(({ withdraws }) => withdraws ?? []))
  const wanted = tickets.filter(({ id, parts }) => parts.length > 0 && !withdrawn.has(id)).map(({ id }) => id)
  const live = [...newest.values()].filter(({ request }) => !request.withdrawn)
  const ids = live.map(({ request }) => request.requestId)
  return String(ids.toSorted()) === String(wanted.toSorted())
    ? []
    : [`the ERP is asked for ${String(ids)} of ${String(wanted)}`]
}

const law = (without?: (deps: WritebackDeps) => Partial<WritebackDeps>) =>
  fc.asyncProperty(scenario, fc.scheduler(), async (plot, scheduler) => {
    expect(await wrongIn(await play(plot, scheduler, without))).toEqual([])
  })

describe('the steps of a ticket and a return, received by two workers in any order', () => {
  it('end in the same state, each told to the shop once, each request for parts as the steps say together', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(law(), { numRuns: 300 })
  })

  it('would not, were a reply given a new id when it is repeated', { timeout: 120_000 }, async () => {
    let times = 0
    const anew = ({ gateway }: WritebackDeps): Partial<WritebackDeps> => ({
      gateway: (shop) => ({
        ...gateway(shop),
        replyToTicket: (reply, deadline) =>
          gateway(shop).replyToTicket({ ...reply, reply_id: `r-${++times}` }, deadline),
      }),
    })
    expect((await fc.check(law(anew), { numRuns: 300 })).failed).toBe(true)
  })

  it('would not, were a request no older than its withdrawal', { timeout: 120_000 }, async () => {
    const ageless = ({ deliveries }: WritebackDeps): Partial<WritebackDeps> => ({
      deliveries: {
        enqueue: (messages) =>
          deliveries.enqueue(
            messages.map(({ message }) => ({
              message: { ...message, version: { ...message.version, seq: 1 } },
              dedupId: message.wireHash,
            })),
          ),
      },
    })
    expect((await fc.check(law(ageless), { numRuns: 300 })).failed).toBe(true)
  })
})
