import { randomUUID } from 'node:crypto'
import { type EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { signWebhook } from '#app/standard-webhooks.ts'
import {
  type EventResult,
  ProblemSchema,
  WebhookAnswerSchema,
  type WebhookEvent,
} from '#contracts/webhook.ts'
import type { Change, ShopDatabase } from './shop-database.ts'

export interface Refusal {
  readonly refused: string
}

export interface RelayDeps {
  readonly database: ShopDatabase
  /** Says `change` when something was recorded. */
  readonly news: EventEmitter
  /** The event of a change now, under a version of its own. */
  readonly eventOf: (change: Change) => WebhookEvent
  readonly now: () => number
}

const BATCH = 20
const CALL_TIMEOUT_MS = 15_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/** Posts what changed, as the relay of the bridge does: a row is done once its own event was accepted. */
export class ShopRelay {
  readonly #deps: RelayDeps
  readonly #stopping = new AbortController()
  #relaying: Promise<void> = Promise.resolve()

  constructor(deps: RelayDeps) {
    this.#deps = deps
  }

  /** Relays what is recorded, and what will be, until `close`. */
  start(webhookUrl: string): void {
    this.#relaying = this.#relay(webhookUrl)
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#relaying
  }

  /** Posts events, given as JSON. Answers what became of each, or why the whole request was refused. */
  async post(webhookUrl: string, events: readonly string[]): Promise<EventResult[] | Refusal> {
    const body = `{"events":[${events.join(',')}]}`
    const id = `msg_${randomUUID()}`
    const timestamp = Math.floor(this.#deps.now() / 1000)
    try {
      const response = await fetch(webhookUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signWebhook(this.#deps.database.identity.secret, id, timestamp, body),
        },
        body,
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
      })
      const answer: unknown = await response.json()
      const results = WebhookAnswerSchema.safeParse(answer)
      if (results.success) return results.data.results
      return { refused: ProblemSchema.safeParse(answer).data?.code ?? `HTTP ${response.status}` }
    } catch {
      return { refused: 'no-answer' }
    }
  }

  async #relay(webhookUrl: string): Promise<void> {
    const { signal } = this.#stopping
    let pauseMs = FIRST_PAUSE_MS
    while (!signal.aborted) {
      const pending = this.#deps.database.pendingChanges(BATCH)
      try {
        if (pending.length === 0) await once(this.#deps.news, 'change', { signal })
        else if (await this.#send(webhookUrl, pending)) pauseMs = FIRST_PAUSE_MS
        else {
          await delay(pauseMs, undefined, { signal })
          pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
        }
      } catch (error) {
        if (!signal.aborted) throw error
      }
    }
  }

  /** False when something has to be tried again. */
  async #send(webhookUrl: string, pending: readonly Change[]): Promise<boolean> {
    const parcels = pending.map((change) => ({ change, event: this.#deps.eventOf(change) }))
    const bodies = parcels.map(({ event }) => JSON.stringify(event))
    const results = await this.post(webhookUrl, bodies)
    if (this.#stopping.signal.aborted) return false
    const outcomes = parcels.map((parcel, index) => {
      const outcome = 'refused' in results ? results : results[index]
      if (outcome && 'result' in outcome) return { ...parcel, body: bodies[index] ?? '', ...outcome }
      return { ...parcel, body: '', result: 'retry' as const, code: outcome?.refused }
    })
    for (const { change, event, body, result, code } of outcomes) {
      if (result === 'accepted' || result === 'not-subscribed') this.#accepted(change, event, body)
      // What is invalid stays invalid until somebody changes the thing.
      else this.#deps.database.notRelayed(change, code ?? result, result === 'invalid')
    }
    return outcomes.every(({ result }) => result !== 'retry')
  }

  #accepted(change: Change, event: WebhookEvent, body: string): void {
    const { database } = this.#deps
    database.transaction(() => {
      if (event.type === 'order.snapshot') database.orderAccepted(change.id, body, event.version.seq)
      database.relayed(change)
    })
  }
}
