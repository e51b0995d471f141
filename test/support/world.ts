import { AsyncLocalStorage } from 'node:async_hooks'
import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { shortHash } from '#app/content-hash.ts'
import { type DeliverDeps, deliver, rowKeyOf } from '#app/deliver.ts'
import { knownPeople } from '#app/people.ts'
import { openTurn } from '#app/turn.ts'
import type { Rules } from '#contracts/config.ts'
import { RulesSchema } from '#contracts/config.ts'
import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { Order } from '#contracts/order.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import { type Disclosures, DisclosuresSchema, RetentionSchema } from '#contracts/privacy.ts'
import { identityOf } from '#domain/identity.ts'
import type { Outcome } from '#domain/outcome.ts'
import type { Capabilities, ErpGateway } from '#ports/erp-gateway.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { ShopReader } from '#ports/shop-gateway.ts'
import { MemoryErp, type MemoryErpOptions } from './memory-erp.ts'

/** A worker that died: nothing after it happens. */
export class Crash extends Error {}

export class VirtualClock {
  #now = Date.parse('2026-11-20T23:30:00Z')
  now(): number {
    return this.#now
  }
  advance(ms: number): void {
    this.#now += Math.max(0, ms)
  }
}

interface Queued {
  readonly message: DeliveryMessage
  visibleAt: number
}

export interface WorldOptions {
  readonly abilities?: Partial<Capabilities>
  readonly shows?: MemoryErpOptions['shows']
  readonly rules?: Partial<Rules>
  readonly privacy?: Partial<Disclosures>
  readonly settleMs?: number
  readonly slots?: number
  /** Wraps ports, for crashes and for leaving a rule out. */
  readonly ledger?: (ledger: Ledger) => Ledger
  readonly gateway?: (gateway: ErpGateway) => ErpGateway
  readonly shop?: ShopReader
  readonly surroundings?: NonNullable<DeliverDeps['surroundings']>
  /** Hears of every row that reached the ledger, in that order. */
  readonly observe?: (row: LedgerRow) => void
  /** The worker at this write of a row stands still for so long, before the write or after it. */
  readonly sleeps?: readonly { write: number; when: 'before' | 'after'; forMs: number }[]
  readonly crashes?: readonly { write: number; when: 'before' | 'after' }[]
}

interface Sleeper {
  readonly worker: object | undefined
  readonly wakeAt: number
  readonly wake: () => void
}

export const TIMES = { callMs: 2_000, leaseMs: 6_000, settleMs: 3_000, retryFloorMs: 1_000 }
const VISIBILITY_MS = 30_000

/** One shop, one target, a FIFO queue and a clock that moves only when nothing else can happen. */
export class World {
  readonly clock = new VirtualClock()
  readonly ledger: MemoryLedger
  readonly erp: MemoryErp
  readonly outcomes: Outcome[] = []
  readonly deps: DeliverDeps
  readonly gate: MemoryTargetGate
  readonly erasures = new MemoryErasures()
  readonly #queue: Queued[] = []
  readonly #sleepers: Sleeper[] = []
  /** Per worker: its work, and who wants to know when it falls asleep. */
  readonly #work = new Map<object | undefined, Promise<unknown>>()
  readonly #asleep = new Map<object | undefined, () => void>()
  readonly #worker = new AsyncLocalStorage<object>()
  #writes = 0
  #seq = 0
  #ids = 0
  epochNo = 0

  constructor(options: WorldOptions = {}) {
    const { clock } = this
    this.ledger = new MemoryLedger({ clock })
    this.erp = new MemoryErp({
      clock,
      ...(options.abilities ? { abilities: options.abilities } : {}),
      ...(options.shows ? { shows: options.shows } : {}),
    })
    const ids = { next: () => `w${++this.#ids}` }
    this.gate = new MemoryTargetGate({
      clock,
      ids,
      limits: () => ({
        slots: options.slots ?? 10,
        perMinute: 100_000,
        leaseMs: 10_000,
        retryFloorMs: 1_000,
      }),
    })
    const disturbed = this.#disturbed(options)
    this.deps = {
      rules: RulesSchema.parse(options.rules ?? {}),
      gateways: {
        order: options.gateway ? options.gateway(this.erp) : this.erp,
        customer: this.erp,
        return: this.erp,
        ticket: this.erp,
        parts: this.erp,
      },
      owners: OwnersSchema.parse({}),
      privacy: DisclosuresSchema.parse(options.privacy ?? {}),
      retentionDays: RetentionSchema.parse({}),
      people: knownPeople(new MemorySecrets(), this.erasures),
      ledger: options.ledger ? options.ledger(disturbed) : disturbed,
      ...(options.shop ? { shop: options.shop } : {}),
      ...(options.surroundings ? { surroundings: options.surroundings } : {}),
      allowTombstone: (shop, perHour) => this.gate.allowTombstone(shop, perHour),
      clock,
      ids,
      random: { next: () => 0.5 },
      log: { info: () => {}, warn: () => {}, error: () => {} },
      times: { ...TIMES, settleMs: options.settleMs ?? TIMES.settleMs },
    }
  }

  /** The next version of a subject, as the bridge would draw it. */
  message(subject: Subject, extra: Partial<DeliveryMessage> = {}): DeliveryMessage {
    const seq = ++this.#seq
    return {
      v: 1,
      shop: 'demo',
      target: 'erp',
      kind: identityOf(subject, shortHash).kind,
      cause: 'event',
      firstSeenAt: new Date(this.clock.now()).toISOString(),
      correlationId: `c${seq}`,
      version: { epoch: `epoch-${this.epochNo}`, epochNo: this.epochNo, seq },
      wireHash: String(seq).padStart(64, '0'),
      subject,
      ...extra,
    }
  }

  order(order: Order, extra: Partial<DeliveryMessage> = {}): DeliveryMessage {
    return this.message({ is: 'snapshot', order }, extra)
  }

  enqueue(message: DeliveryMessage): void {
    this.#queue.push({ message, visibleAt: this.clock.now() })
  }

  /** One receive of one message, outside the queue. */
  async receive(message: DeliveryMessage): Promise<Outcome> {
    const turn = openTurn(this.gate, 'erp', 3, this.clock.now() + 60_000, this.clock)
    try {
      const outcome = await deliver(message, turn, this.deps)
      this.outcomes.push(outcome)
      return outcome
    } finally {
      await turn.end()
    }
  }

  async send(order: Order, extra: Partial<DeliveryMessage> = {}): Promise<void> {
    this.enqueue(this.order(order, extra))
    await this.drain()
  }

  /** Row writes at which a worker dies or stands still. */
  #disturbed({ sleeps = [], crashes = [], observe }: WorldOptions): Ledger {
    const { ledger } = this
    const disturb = async (write: number, when: 'before' | 'after') => {
      if (crashes.some((crash) => crash.write === write && crash.when === when)) throw new Crash()
      const sleep = sleeps.find((candidate) => candidate.write === write && candidate.when === when)
      if (!sleep) return
      await new Promise<void>((wake) => {
        const worker = this.#worker.getStore()
        this.#sleepers.push({ worker, wakeAt: this.clock.now() + sleep.forMs, wake })
        this.#asleep.get(worker)?.()
      })
    }
    return {
      get: (key) => ledger.get(key),
      getMany: (keys) => ledger.getMany(keys),
      putSubject: (...args) => ledger.putSubject(...args),
      getSubject: (key) => ledger.getSubject(key),
      putRequest: (...args) => ledger.putRequest(...args),
      getRequest: (...args) => ledger.getRequest(...args),
      getRequests: (key) => ledger.getRequests(key),
      removeBodies: (...args) => ledger.removeBodies(...args),
      findByPerson: (person) => ledger.findByPerson(person),
      findByNo: (no) => ledger.findByNo(no),
      findByRef: (ref) => ledger.findByRef(ref),
      list: (...args) => ledger.list(...args),
      put: async (row) => {
        const write = ++this.#writes
        await disturb(write, 'before')
        const written = await ledger.put(row)
        if (written.ok) observe?.(row)
        await disturb(write, 'after')
        return written
      },
    }
  }

  /**
   * Runs the queue until it is empty and nobody sleeps: groups in order, time leaping to what comes next. A crash, or a worker
   * that stands still, leaves its message to the visibility timeout. Throws when it does not end.
   */
  async drain(limit = 400): Promise<void> {
    for (let turns = 0; this.#queue.length > 0 || this.#sleepers.length > 0; turns += 1) {
      if (turns > limit)
        throw new Error(`the queue does not drain: ${this.erp.journal.slice(-12).join(' | ')}`)
      const next = this.#heads().reduce<Queued | undefined>(
        (a, b) => (a && a.visibleAt <= b.visibleAt ? a : b),
        undefined,
      )
      const sleeper = this.#sleepers.toSorted((a, b) => a.wakeAt - b.wakeAt)[0]
      if (sleeper && (!next || sleeper.wakeAt <= next.visibleAt)) {
        this.clock.advance(sleeper.wakeAt - this.clock.now())
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1)
        sleeper.wake()
        await this.#untilAsleepOrDone(sleeper.worker)
        continue
      }
      if (!next) continue
      this.clock.advance(next.visibleAt - this.clock.now())
      const receivedAt = this.clock.now()
      next.visibleAt = receivedAt + VISIBILITY_MS
      const receipt = next.visibleAt
      const worker = {}
      const work = this.#worker.run(worker, () => this.#handle(next, receipt))
      this.#work.set(worker, work)
      await this.#untilAsleepOrDone(worker)
    }
  }

  /** A worker that wakes up late deletes nothing another one received since. */
  async #handle(queued: Queued, receipt: number): Promise<void> {
    try {
      const outcome = await this.receive(queued.message)
      if (queued.visibleAt !== receipt) return
      if (outcome.is === 'retry') queued.visibleAt = this.clock.now() + outcome.afterMs
      else this.#queue.splice(this.#queue.indexOf(queued), 1)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
  }

  async #untilAsleepOrDone(worker: object | undefined): Promise<void> {
    const asleep = new Promise<void>((resolve) => this.#asleep.set(worker, resolve))
    await Promise.race([this.#work.get(worker), asleep])
  }

  /** A message waits for the one before it in its group. */
  #heads(): Queued[] {
    const groups = Map.groupBy(this.#queue, ({ message }) => JSON.stringify(rowKeyOf(message)))
    return [...groups.values()].map((group) => group[0]).filter((head) => head !== undefined)
  }

  /** The most recent row of an order. */
  async row(order: Order): Promise<LedgerRow> {
    const row = await this.ledger.get(rowKeyOf(this.peek(order)))
    if (!row) throw new Error('no row')
    return row
  }

  peek(order: Order): Pick<DeliveryMessage, 'shop' | 'kind' | 'target' | 'subject'> {
    return { shop: 'demo', kind: 'order', target: 'erp', subject: { is: 'snapshot', order } }
  }
}
