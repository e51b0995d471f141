import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createWebhookGateways } from '#adapters/erp/webhook/gateway.ts'
import { verifyWebhook } from '#app/standard-webhooks.ts'
import { TargetWebhookSchema } from '#contracts/target-webhook.ts'
import { WebhookTargetSchema } from '#contracts/webhook-target.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { canonicalOrder } from '../support/canonical-order.ts'
import { TIMES, type VirtualClock, World } from '../support/world.ts'

/** `late`: it takes effect so long after the connection broke. */
type Fault = 'none' | '500' | '502-committed' | '429' | 'reset' | 'reset-committed' | { late: number }

interface Held {
  readonly live: boolean
  readonly quantity: number | undefined
}

const STATUSES: ReadonlyMap<Fault, number> = new Map([
  ['500', 500],
  ['502-committed', 502],
  ['429', 429],
])

const DataSchema = z.object({
  reference: z.string(),
  order: z.object({ lines: z.array(z.object({ quantity: z.int() })) }).optional(),
})

/** A receiver as the guide asks for one, which forgets no id, and a network that loses answers. */
class Receiver {
  readonly held = new Map<string, Held>()
  readonly #seen = new Set<string>()
  readonly #faults: Fault[]
  readonly #clock: () => VirtualClock
  #late: { at: number; apply: () => void }[] = []

  constructor(faults: readonly Fault[], clock: () => VirtualClock) {
    this.#faults = [...faults]
    this.#clock = clock
  }

  readonly fetch: typeof globalThis.fetch = async (_url, init) => {
    this.settle()
    const headers = Object.fromEntries(new Headers(init?.headers))
    const body = typeof init?.body === 'string' ? init.body : ''
    const now = this.#clock().now()
    const verified = verifyWebhook({ headers, rawBody: Buffer.from(body) }, [SECRET], now)
    if (verified.is !== 'ok') return new Response('', { status: 401 })

    const fault = this.#faults.shift() ?? 'none'
    const apply = () => this.#apply(headers['webhook-id'] ?? '', body)
    if (typeof fault === 'object') {
      this.#late.push({ at: now + fault.late, apply })
      throw broken()
    }
    if (['none', '502-committed', 'reset-committed'].includes(fault)) apply()
    if (fault.startsWith('reset')) throw broken()
    return new Response('{}', { status: STATUSES.get(fault) ?? 200 })
  }

  /** What was late and is due by now. */
  settle(now = this.#clock().now()): void {
    const due = this.#late.filter(({ at }) => at <= now).toSorted((a, b) => a.at - b.at)
    this.#late = this.#late.filter(({ at }) => at > now)
    for (const { apply } of due) apply()
  }

  #apply(id: string, body: string): void {
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    const { type, data } = TargetWebhookSchema.parse(JSON.parse(body))
    const { reference, order } = DataSchema.parse(data)
    this.held.set(reference, {
      live: !type.endsWith('.cancelled'),
      quantity: order?.lines[0]?.quantity,
    })
  }
}

const broken = () =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) })

const faults = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Fault>('none') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Fault>('500', '502-committed', '429', 'reset', 'reset-committed'),
    },
    // Until the deadline and the settle time are over; the promise of `settleSeconds`.
    {
      weight: 3,
      arbitrary: fc.integer({ min: 0, max: TIMES.callMs + TIMES.settleMs - 1 }).map((late) => ({ late })),
    },
  ),
  { maxLength: 12 },
)
const crashes = fc.array(
  fc.record({
    write: fc.integer({ min: 1, max: 20 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  { maxLength: 2 },
)

describe('an order on its way to a webhook', () => {
  it('ends as one document in its newest state, whatever was lost, late, repeated or out of order', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.array(fc.nat(4), { maxLength: 3 }),
        faults,
        crashes,
        async (quantities, cancelled, repeated, planned, crashing) => {
          const receiver: Receiver = new Receiver(planned, () => world.clock)
          const { order: gateway } = createWebhookGateways({
            config: WebhookTargetSchema.parse({ url: 'https://desk.example.com/in' }),
            secrets: async () => ({ signing: SECRET }),
            clock: { now: () => world.clock.now() },
            fetch: receiver.fetch,
          })
          const world: World = new World({ gateway: (other) => gateway ?? other, crashes: crashing })
          const messages = quantities.map((quantity) => world.order(canonicalOrder({ quantity })))
          if (cancelled) messages.push(world.order(canonicalOrder({ state: 'cancelled' })))
          for (const message of messages) world.enqueue(message)
          for (const index of repeated) {
            const again = messages[index % messages.length]
            if (again) world.enqueue(again)
          }
          await world.drain()
          receiver.settle(Number.POSITIVE_INFINITY)

          const live = [...receiver.held.values()].filter((held) => held.live)
          expect(live.map(({ quantity }) => quantity)).toEqual(cancelled ? [] : [quantities.at(-1)])
          expect(world.outcomes.some(({ is }) => is === 'park')).toBe(false)
        },
      ),
      { numRuns: 250 },
    )
  })
})
