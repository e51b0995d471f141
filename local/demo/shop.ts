import { randomBytes, randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { signWebhook } from '#app/standard-webhooks.ts'
import {
  type EventResult,
  ProblemSchema,
  WebhookAnswerSchema,
  type WebhookEvent,
} from '#contracts/webhook.ts'
import { BUYERS, PRODUCTS, type Product } from './catalogue.ts'
import { type ShopOrder, ShopOrderSchema, toEvent } from './shop-order.ts'

export interface DemoShopOptions {
  /** Orders, counter, outbox and signing secret live in this SQLite file. */
  readonly file: string
  readonly now?: () => number
}

export interface PlaceOptions {
  readonly items?: readonly { readonly product: Product; readonly quantity: number }[]
  readonly paid?: boolean
}

/** What stands in the outbox, and why it still does. */
export interface Waiting {
  readonly no: string
  /** The code of the last answer; undefined when it was not sent yet. */
  readonly why: string | undefined
}

const FIRST_ORDER_ID = 1001
const BATCH = 20
const CALL_TIMEOUT_MS = 15_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

const RowSchema = z.object({
  body: z.string().transform((text) => ShopOrderSchema.parse(JSON.parse(text))),
  last_event: z.string().nullable(),
  accepted_seq: z.int(),
})
const PendingSchema = z.object({ order_id: z.int(), trigger_seq: z.int() })
const WaitingSchema = z.object({ no: z.string(), why: z.string().nullable() })
const SeqSchema = z.object({ seq: z.int() })
const IdentitySchema = z.object({ epoch: z.string(), secret: z.string() })

/**
 * A shop that exists nowhere else. It does what the bridge in an ECShop does: a change and its outbox row are one
 * transaction, each snapshot draws its own seq just before it is read, a row leaves the outbox once its event was accepted.
 */
export class DemoShop {
  readonly #database: DatabaseSync
  readonly #now: () => number
  readonly #news = new EventEmitter()
  readonly #stopping = new AbortController()
  #relaying: Promise<void> = Promise.resolve()

  constructor({ file, now = Date.now }: DemoShopOptions) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    this.#now = now
    this.#database = new DatabaseSync(file)
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS bridge (epoch TEXT NOT NULL, secret TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS counter (seq INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS orders (
        id INTEGER PRIMARY KEY, no TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
        last_event TEXT, accepted_seq INTEGER NOT NULL DEFAULT 0
      );
      CREATE TABLE IF NOT EXISTS outbox (
        order_id INTEGER PRIMARY KEY, trigger_seq INTEGER NOT NULL, why TEXT, set_aside INTEGER NOT NULL DEFAULT 0
      );
      INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);
    `)
    // As at the installation of a bridge: a new database is a new epoch, with a secret of its own.
    this.#database
      .prepare('INSERT INTO bridge SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM bridge)')
      .run(`demo-${randomUUID().slice(0, 8)}`, `whsec_${randomBytes(32).toString('base64')}`)
  }

  /** What the other side has to know of this bridge. */
  get identity(): { readonly epoch: string; readonly secret: string } {
    return IdentitySchema.parse(this.#database.prepare('SELECT epoch, secret FROM bridge').get())
  }

  orders(): ShopOrder[] {
    return this.#database
      .prepare('SELECT body, last_event, accepted_seq FROM orders ORDER BY id')
      .all()
      .map((row) => RowSchema.parse(row).body)
  }

  order(no: string): ShopOrder | undefined {
    return this.#find(no)?.body
  }

  /** The newest version of the order that was accepted; 0 for none. */
  acceptedSeq(no: string): number {
    return this.#find(no)?.accepted_seq ?? 0
  }

  outbox(): Waiting[] {
    return this.#database
      .prepare('SELECT no, why FROM outbox JOIN orders ON orders.id = order_id ORDER BY trigger_seq')
      .all()
      .map((row) => WaitingSchema.parse(row))
      .map(({ no, why }) => ({ no, why: why ?? undefined }))
  }

  place({ items, paid = false }: PlaceOptions = {}): ShopOrder {
    return this.#transaction(() => {
      const id = this.#nextId()
      const now = this.#time()
      const chosen = items ?? [
        { product: PRODUCTS[id % PRODUCTS.length] ?? PRODUCTS[0], quantity: 1 + (id % 3) },
        { product: PRODUCTS[(id + 1) % PRODUCTS.length] ?? PRODUCTS[0], quantity: 1 },
      ]
      const order: ShopOrder = {
        id,
        no: `${shopDate(now)}${String(id % 100_000).padStart(5, '0')}`,
        status: paid ? 'confirmed' : 'placed',
        addTime: now,
        payTime: paid ? now : 0,
        buyer: id % BUYERS.length,
        lines: chosen.map(({ product, quantity }, index) => ({
          ...product,
          recId: String(id * 10 + index),
          quantity,
        })),
      }
      return this.#store(order)
    })
  }

  pay(no: string): ShopOrder | undefined {
    return this.#change(no, (order) =>
      order.status === 'placed' && order.payTime === 0
        ? { ...order, status: 'confirmed', payTime: this.#time() }
        : undefined,
    )
  }

  /** One piece more of its first line. */
  edit(no: string): ShopOrder | undefined {
    return this.#change(no, (order) => {
      const [first, ...others] = order.lines
      if (order.status === 'cancelled' || !first) return undefined
      return { ...order, lines: [{ ...first, quantity: first.quantity + 1 }, ...others] }
    })
  }

  cancel(no: string): ShopOrder | undefined {
    return this.#change(no, (order) =>
      order.status === 'cancelled' ? undefined : { ...order, status: 'cancelled' },
    )
  }

  /** Queues the order once more, unchanged: it goes out under a new version. */
  touch(no: string): ShopOrder | undefined {
    return this.#change(no, (order) => order)
  }

  /** The event the relay would send now, under a version of its own, without sending it. */
  capture(no: string): WebhookEvent | undefined {
    const order = this.order(no)
    return order && toEvent(order, { epoch: this.identity.epoch, seq: this.#draw() })
  }

  /** The bytes of the order's last accepted event. */
  lastEvent(no: string): string | undefined {
    return this.#find(no)?.last_event ?? undefined
  }

  /** Relays what is in the outbox, and what will be, until `close`. */
  relayTo(webhookUrl: string): void {
    this.#relaying = this.#relay(webhookUrl)
  }

  /** Posts events, given as JSON. Answers what became of each, or why the whole request was refused. */
  async post(webhookUrl: string, events: readonly string[]): Promise<EventResult[] | Refusal> {
    const body = `{"events":[${events.join(',')}]}`
    const id = `msg_${randomUUID()}`
    const timestamp = this.#time()
    try {
      const response = await fetch(webhookUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signWebhook(this.identity.secret, id, timestamp, body),
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

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#relaying
    this.#database.close()
  }

  async #relay(webhookUrl: string): Promise<void> {
    const { signal } = this.#stopping
    let pauseMs = FIRST_PAUSE_MS
    while (!signal.aborted) {
      const pending = this.#pending()
      try {
        if (pending.length === 0) await once(this.#news, 'change', { signal })
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
  async #send(webhookUrl: string, pending: readonly z.infer<typeof PendingSchema>[]): Promise<boolean> {
    const { epoch } = this.identity
    const parcels = pending.map((row) => {
      const seq = this.#draw()
      return { ...row, seq, event: JSON.stringify(toEvent(this.#byId(row.order_id), { epoch, seq })) }
    })
    const results = await this.post(
      webhookUrl,
      parcels.map(({ event }) => event),
    )
    if (this.#stopping.signal.aborted) return false
    const outcomes = parcels.map((parcel, index) => {
      const outcome = 'refused' in results ? results : results[index]
      if (outcome && 'result' in outcome) return { parcel, ...outcome }
      return { parcel, result: 'retry' as const, code: outcome?.refused }
    })
    for (const { parcel, result, code } of outcomes) {
      if (result === 'accepted' || result === 'not-subscribed') this.#accepted(parcel)
      // What is invalid stays invalid until somebody changes the order.
      else this.#keep(parcel, code ?? result, result === 'invalid')
    }
    return outcomes.every(({ result }) => result !== 'retry')
  }

  /** A change that came while the event was under way keeps its row. */
  #accepted(parcel: z.infer<typeof PendingSchema> & { seq: number; event: string }): void {
    this.#transaction(() => {
      this.#database
        .prepare('UPDATE orders SET last_event = ?, accepted_seq = ? WHERE id = ?')
        .run(parcel.event, parcel.seq, parcel.order_id)
      this.#database
        .prepare('DELETE FROM outbox WHERE order_id = ? AND trigger_seq = ?')
        .run(parcel.order_id, parcel.trigger_seq)
    })
  }

  #keep({ order_id, trigger_seq }: z.infer<typeof PendingSchema>, why: string, setAside: boolean): void {
    this.#database
      .prepare('UPDATE outbox SET why = ?, set_aside = ? WHERE order_id = ? AND trigger_seq = ?')
      .run(why, setAside ? 1 : 0, order_id, trigger_seq)
  }

  #pending() {
    return this.#database
      .prepare('SELECT order_id, trigger_seq FROM outbox WHERE set_aside = 0 ORDER BY trigger_seq LIMIT ?')
      .all(BATCH)
      .map((row) => PendingSchema.parse(row))
  }

  #find(no: string) {
    const row = this.#database
      .prepare('SELECT body, last_event, accepted_seq FROM orders WHERE no = ?')
      .get(no)
    return row && RowSchema.parse(row)
  }

  #byId(id: number): ShopOrder {
    return RowSchema.parse(
      this.#database.prepare('SELECT body, last_event, accepted_seq FROM orders WHERE id = ?').get(id),
    ).body
  }

  #change(no: string, change: (order: ShopOrder) => ShopOrder | undefined): ShopOrder | undefined {
    return this.#transaction(() => {
      const order = this.order(no)
      const changed = order && change(order)
      return changed && this.#store(changed)
    })
  }

  #store(order: ShopOrder): ShopOrder {
    const body = JSON.stringify(order)
    this.#database
      .prepare(
        'INSERT INTO orders (id, no, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      )
      .run(order.id, order.no, body)
    this.#database
      .prepare('INSERT OR REPLACE INTO outbox (order_id, trigger_seq) VALUES (?, ?)')
      .run(order.id, this.#draw())
    this.#news.emit('change')
    return order
  }

  #draw(): number {
    return SeqSchema.parse(this.#database.prepare('UPDATE counter SET seq = seq + 1 RETURNING seq').get()).seq
  }

  #nextId(): number {
    return SeqSchema.parse(
      this.#database.prepare('SELECT COALESCE(MAX(id) + 1, ?) AS seq FROM orders').get(FIRST_ORDER_ID),
    ).seq
  }

  #time(): number {
    return Math.floor(this.#now() / 1000)
  }

  #transaction<T>(run: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

export interface Refusal {
  readonly refused: string
}

/** ECShop begins an order number with the date in the shop's time zone. */
function shopDate(rawTime: number): string {
  return new Date((rawTime + 8 * 3600) * 1000).toISOString().slice(0, 10).replaceAll('-', '')
}
