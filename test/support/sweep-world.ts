import { copyFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryNotes } from '#adapters/memory/memory-notes.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { createEcshopReader } from '#adapters/shop/ecshop/reader.ts'
import { shortHash } from '#app/content-hash.ts'
import { deliver } from '#app/deliver.ts'
import { knownPeople } from '#app/people.ts'
import { readEvent } from '#app/read-event.ts'
import type { RunEnd } from '#app/run.ts'
import { readDrift, readSweep } from '#app/sweep-notes.ts'
import { type SweepDeps, sweepOrders } from '#app/sweep-orders.ts'
import { openTurn } from '#app/turn.ts'
import { RulesSchema, ShopConfigSchema } from '#contracts/config.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import type { DriftReport, SweepKept } from '#contracts/drift.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import { DisclosuresSchema, RetentionSchema } from '#contracts/privacy.ts'
import { orderSourceId } from '#domain/reference.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'
import type { DeliveryQueue } from '#ports/delivery-queue.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'
import type { ErpCommitments } from '#ports/erp-reads.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Notes } from '#ports/notes.ts'
import type { ShopGateway } from '#ports/shop-gateway.ts'
import { DemoShop } from '../../local/demo/shop.ts'
import type { ShopOrder } from '../../local/demo/shop-order.ts'
import { CountingIds } from './counting-ids.ts'
import { directShopGateway } from './direct-shop-gateway.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryErp } from './memory-erp.ts'
import { RecordingLog } from './recording-log.ts'

export const MINUTE = 60_000
export const DAY = 86_400_000
const LEASE_MS = 330_000

export interface SweepWorldOptions {
  /** Default: kept in memory; a shop whose database is restored needs a file. */
  readonly file?: string
  readonly targets?: readonly string[]
  readonly commitments?: (target: string) => ErpCommitments | undefined
  /** Wraps the ports of the sweep, to let it crash. */
  readonly wrap?: (ports: { ledger: Ledger; notes: Notes; queue: DeliveryQueue }) => {
    ledger: Ledger
    notes: Notes
    queue: DeliveryQueue
  }
}

/** The demo shop, its sweep, the queues, the consumer and an ERP for each target: nothing happens but what is told to. */
export class SweepWorld {
  readonly clock = new ManualClock()
  readonly ids = new CountingIds()
  readonly log = new RecordingLog()
  readonly ledger: MemoryLedger
  readonly erasures = new MemoryErasures()
  readonly notes: MemoryNotes
  readonly gate: MemoryTargetGate
  readonly queue: MemoryDeliveryQueue
  readonly erps = new Map<string, MemoryErp>()
  /** What the sweep enqueued, in its order. */
  readonly swept: DeliveryMessage[] = []
  readonly targets: readonly string[]
  shop: DemoShop
  epochs: string[]
  /** What every call to the shop fails with. */
  fault: ShopFailure | undefined
  readonly config = ShopConfigSchema.parse({ targets: ['erp'], sweepMinutes: 1 })
  readonly #file: string
  readonly #deps: SweepDeps
  #waiting: DeliveryMessage[] = []

  constructor({
    file = ':memory:',
    targets = ['erp'],
    commitments = () => undefined,
    wrap,
  }: SweepWorldOptions = {}) {
    const { clock, ids } = this
    this.#file = file
    this.targets = targets
    this.shop = this.#open()
    this.epochs = [this.shop.identity.epoch]
    this.ledger = new MemoryLedger({ clock })
    this.notes = new MemoryNotes({ clock })
    this.queue = new MemoryDeliveryQueue({ clock, targets })
    const limits = () => ({ slots: 10, perMinute: 100_000, leaseMs: LEASE_MS, retryFloorMs: 30_000 })
    this.gate = new MemoryTargetGate({ clock, ids, limits })
    for (const target of targets) this.erps.set(target, new MemoryErp({ clock }))
    const queue: DeliveryQueue = {
      enqueue: async (messages) => {
        const results = await this.queue.enqueue(messages)
        this.swept.push(...messages.map(({ message }) => message))
        return results
      },
    }
    const ports = { ledger: this.ledger, notes: this.notes, queue }
    this.#deps = {
      ...(wrap ? wrap(ports) : ports),
      shop: 'A1',
      config: { ...this.config, targets: [...targets] },
      secrets: new MemorySecrets(),
      targets: Object.fromEntries(targets.map((target) => [target, { kinds: ['order' as const] }])),
      nightly: { at: '03:30', timeZone: 'Asia/Shanghai' },
      epochs: async () => (this.epochs.length > 0 ? this.epochs : undefined),
      gateway: directShopGateway(
        () => this.shop,
        () => this.fault,
      ),
      gate: this.gate,
      commitments,
      pause: async (ms) => clock.advance(ms),
      callMs: 2_000,
      leaseMs: LEASE_MS,
      clock,
      ids,
      log: this.log,
    }
  }

  /** The next run that is due; or a tick as told. */
  sweep({ now, forMs = 280_000 }: { now?: boolean; forMs?: number } = {}): Promise<RunEnd> {
    if (now === undefined) this.clock.advance(MINUTE / 2)
    return sweepOrders({ shop: 'A1', now: now ?? false }, this.clock.now() + forMs, this.#deps)
  }

  /** Past the grace of what changed last. */
  later(ms = 3 * MINUTE): void {
    this.clock.advance(ms)
  }

  kept(): Promise<SweepKept | undefined> {
    return readSweep(this.notes, 'A1')
  }

  async report(): Promise<DriftReport> {
    const report = await readDrift(this.notes, 'A1')
    if (!report) throw new Error('there is no report')
    return report
  }

  async row(order: Pick<ShopOrder, 'id' | 'addTime'>, target = 'erp'): Promise<LedgerRow | undefined> {
    const sourceId = orderSourceId(String(order.id), order.addTime)
    return this.ledger.get({ shop: 'A1', kind: 'order', sourceId, target })
  }

  /** What the relay would post of an identity now. */
  captured(order: Pick<ShopOrder, 'id' | 'addTime'>): DeliveryMessage[] {
    const event = this.shop.event('order', order.id, order.addTime)
    if (!event) throw new Error('the shop has no such order')
    const reading = readEvent(event, {
      shop: { id: 'A1', config: this.config },
      targetsFor: (kind) => (kind === 'order' ? this.targets : []),
      personHash: () => '',
      epochNo: this.epochs.indexOf(event.version.epoch),
    })
    if (reading.is !== 'subject') throw new Error(`the event is ${reading.is}`)
    const { version, wireHash, deliveries } = reading
    const [{ subject }] = deliveries
    return this.targets.map((target) => ({
      v: 1,
      shop: 'A1',
      target,
      kind: 'order',
      cause: 'event',
      firstSeenAt: EpochMsSchema.encode(this.clock.now()),
      correlationId: this.ids.next(),
      version,
      wireHash,
      subject,
    }))
  }

  async post(messages: readonly DeliveryMessage[]): Promise<void> {
    await this.queue.enqueue(messages.map((message) => ({ message, dedupId: this.ids.next() })))
  }

  /** The bridge of the shop, whichever database it has. */
  get gateway(): ShopGateway {
    return this.#deps.gateway
  }

  /** Posts all that the shop has captured, as its relay does. */
  async relayAll(): Promise<void> {
    const pending = this.shop.database.pendingChanges(1_000)
    for (const change of pending) {
      const order = this.shop.orderById(change.id)
      if (order && !change.deleted) await this.post(this.captured(order))
      this.shop.database.relayed(change)
    }
  }

  /** As if every webhook arrived. */
  async relay(order: Pick<ShopOrder, 'id' | 'addTime'>): Promise<void> {
    await this.post(this.captured(order))
    await this.deliver()
  }

  /** Delivers what waits, or so many messages of it. */
  async deliver(most = Number.POSITIVE_INFINITY): Promise<void> {
    for (const target of this.targets) {
      this.#waiting.push(...this.queue.drain(target).map(({ message }) => message))
    }
    for (let count = 0; count < most; count += 1) {
      const message = this.#waiting.shift()
      if (!message) return
      await this.#deliverOne(message)
    }
  }

  /** The shop’s database as it is now, in a file of its own. */
  backUp(file: string): void {
    this.shop.database.close()
    copyFileSync(this.#file, file)
    this.shop = this.#open()
  }

  /** The shop goes on from a backup. With a new epoch: somebody set the bridge up anew and connected it. */
  restore(file: string, { newEpoch }: { newEpoch?: string } = {}): void {
    this.shop.database.close()
    copyFileSync(file, this.#file)
    if (newEpoch !== undefined) this.#setEpoch(newEpoch)
    this.shop = this.#open()
  }

  /** The bridge is installed anew over the same shop. */
  reinstall(epoch: string): void {
    this.shop.database.close()
    this.#setEpoch(epoch)
    this.shop = this.#open()
  }

  /** Sets the quantity of an order’s first line, as an admin may do back and forth. */
  setQuantity(no: string, quantity: number): void {
    const order = this.shop.order(no)
    const [first, ...others] = order?.lines ?? []
    if (!order || !first) throw new Error('there is no such order')
    const changed = { ...order, lines: [{ ...first, quantity }, ...others] }
    this.shop.database.transaction(() => {
      this.shop.database.putOrder({ id: order.id, no: order.no, body: JSON.stringify(changed) })
      this.shop.database.recordChange({ kind: 'order', id: order.id, at: this.shop.time() })
    })
  }

  close(): void {
    this.shop.database.close()
  }

  #setEpoch(epoch: string): void {
    const database = new DatabaseSync(this.#file)
    database.prepare('UPDATE bridge SET epoch = ?').run(epoch)
    database.close()
    this.epochs.push(epoch)
  }

  #open(): DemoShop {
    return new DemoShop({ file: this.#file, now: () => this.clock.now() })
  }

  async #deliverOne(message: DeliveryMessage): Promise<void> {
    const { clock, ids, ledger } = this
    const gateway: ErpGateway | undefined = this.erps.get(message.target)
    if (!gateway) throw new Error(`there is no ${message.target}`)
    for (let tries = 0; tries < 30; tries += 1) {
      const turn = openTurn(this.gate, message.target, 1, clock.now() + 60_000, clock)
      const outcome = await deliver(message, turn, {
        rules: RulesSchema.parse({ latePayment: 'place' }),
        gateways: { order: gateway },
        owners: OwnersSchema.parse({}),
        privacy: DisclosuresSchema.parse({}),
        retentionDays: RetentionSchema.parse({}),
        people: knownPeople(new MemorySecrets(), this.erasures),
        ledger,
        shop: createEcshopReader({
          shop: () => ({
            config: this.config,
            gateway: directShopGateway(() => this.shop),
            epochs: async () => this.epochs,
          }),
          deadline: () => clock.now() + 1_000,
          hash: shortHash,
          guestKey: async () => () => '',
        }),
        allowTombstone: async () => true,
        clock,
        ids,
        random: { next: () => 0.5 },
        log: { info: () => {}, warn: () => {}, error: () => {} },
        times: { callMs: 2_000, leaseMs: 6_000, settleMs: 3_000, retryFloorMs: 1_000 },
      })
      await turn.end()
      if (outcome.is !== 'retry') return
      clock.advance(outcome.afterMs)
    }
    throw new Error('a message does not end')
  }
}
