import type * as z from 'zod'
import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { problemFailure } from '#adapters/shop/ecshop/failures.ts'
import { applyWriteback, type WritebackDeps } from '#app/apply-writeback.ts'
import { progressMessage } from '#app/progress-message.ts'
import { openShopTurn } from '#app/shop-turn.ts'
import {
  BridgeProblemSchema,
  OrderCancelledSchema,
  OrderNotedSchema,
  ShipmentRecordedSchema,
  StockWrittenSchema,
  TicketRepliedSchema,
} from '#contracts/bridge.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import type { Progress } from '#contracts/progress.ts'
import type { WritebackCommand, WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import type { Outcome } from '#domain/outcome.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'
import type { ShopAnswer } from '#ports/shop-gateway.ts'
import { cancelOrder, noteOrder, recordShipment, replyToTicket } from '../../local/demo/bridge-commands.ts'
import type { BridgeAnswer } from '../../local/demo/bridge-problem.ts'
import { writeStock } from '../../local/demo/bridge-stock.ts'
import { PRODUCTS } from '../../local/demo/catalogue.ts'
import { DemoShop } from '../../local/demo/shop.ts'
import type { ShopOrder } from '../../local/demo/shop-order.ts'
import { RecordingLog } from './recording-log.ts'
import { Crash, VirtualClock } from './world.ts'

export { Crash } from './world.ts'

/** What happens to one call of the bridge; the first of these happen before the shop does anything. */
export type Mishap =
  | 'not-sent'
  | 'denied'
  | 'busy'
  | 'lost-before'
  | 'lost-after'
  | 'crash-before'
  | 'crash-after'

export const TIMES = { callMs: 2_000, leaseMs: 6_000, retryFloorMs: 1_000 }
const SHOP = 'A1'

const FAILURES: Readonly<Record<Exclude<Mishap, 'crash-before' | 'crash-after'>, ShopFailure>> = {
  'not-sent': failure('Unavailable', 'econnrefused'),
  denied: failure('AuthDenied', 'bad-signature'),
  busy: failure('Unavailable', 'busy'),
  'lost-before': failure('Unknown', 'timeout'),
  'lost-after': failure('Unknown', 'econnreset'),
}

function failure(of: ShopFailure['class'], code: string): ShopFailure {
  return { class: of, code, message: `It is ${code}.`, remedy: 'Wait.' }
}

export interface WritebackWorldOptions {
  readonly mishaps?: readonly (Mishap | undefined)[]
  /** Writes of a row at which the worker dies, counted from 1. */
  readonly crashes?: readonly { readonly write: number; readonly when: 'before' | 'after' }[]
  /** Runs a port's call in an order of its own. */
  readonly schedule?: <T>(call: () => Promise<T>) => Promise<T>
  /** Leaves a rule out. */
  readonly deps?: (deps: WritebackDeps) => Partial<WritebackDeps>
}

/** A demo shop in this process, commands for it, and a clock of its own. */
export class WritebackWorld {
  readonly clock = new VirtualClock()
  readonly shop = new DemoShop({ file: ':memory:', now: () => this.clock.now() })
  readonly writebacks = new MemoryWritebackLedger()
  readonly ledger = new MemoryLedger({ clock: this.clock })
  /** Of the ERP that takes parts, and of the service desk. */
  readonly deliveries = new MemoryDeliveryQueue({ clock: this.clock, targets: ['erp', 'desk'] })
  readonly log = new RecordingLog()
  readonly gate: MemoryTargetGate
  /** Calls that reached the shop. */
  readonly calls: string[] = []
  readonly #options: WritebackWorldOptions
  readonly #mishaps: (Mishap | undefined)[]
  #ids = 0
  #writes = 0

  constructor(options: WritebackWorldOptions = {}) {
    this.#options = options
    this.#mishaps = [...(options.mishaps ?? [])]
    this.gate = new MemoryTargetGate({
      clock: this.clock,
      ids: { next: () => `lease-${++this.#ids}` },
      limits: () => ({ slots: 4, perMinute: 100_000, leaseMs: 10_000, retryFloorMs: TIMES.retryFloorMs }),
    })
  }

  /** An unpaid order with a line for each quantity. */
  place(quantities: readonly number[] = [2, 1]): ShopOrder {
    return this.shop.place({
      items: quantities.map((quantity, index) => ({ product: PRODUCTS[index % 4] ?? PRODUCTS[0], quantity })),
    })
  }

  shipment(order: ShopOrder, id: string, quantities: readonly number[]): WritebackMessage {
    return this.#message(id, {
      is: 'shipment',
      no: order.no,
      ref: referenceOf(order),
      shipment: {
        shipment_id: `erp/${id}`,
        order: identityOf(order),
        shipped_at: new Date(this.clock.now()).toISOString(),
        tracking: [`SF-${id}`],
        lines: quantities.flatMap((quantity, index) => {
          const line = order.lines[index]
          return line && quantity > 0 ? [{ rec_id: line.recId, quantity }] : []
        }),
        origin: 'erp',
      },
    })
  }

  cancel(order: ShopOrder, id: string): WritebackMessage {
    return this.#message(id, {
      is: 'cancel',
      no: order.no,
      ref: referenceOf(order),
      cancel: {
        command_id: `erp/${id}`,
        order: identityOf(order),
        reason: '仓库缺货',
        refund: 'none',
        origin: 'operator',
      },
    })
  }

  progress(progress: Progress, target = 'desk'): WritebackMessage {
    const about = { shop: SHOP, target, correlationId: `c-${++this.#ids}` }
    return progressMessage(progress, about, this.clock.now())
  }

  stock(sku: string, quantity: number): WritebackMessage {
    const { clock, shop } = this
    return this.#message(`stock:main:${clock.now()}:0`, {
      is: 'stock',
      pool: 'main',
      write: {
        as_of: new Date(clock.now()).toISOString(),
        origin: 'erp',
        items: [{ sku, quantity, expect: shop.stockOf(sku)?.quantity ?? 0 }],
      },
    })
  }

  #message(id: string, command: WritebackCommand): WritebackMessage {
    return {
      v: 1,
      shop: SHOP,
      target: 'erp',
      id,
      cause: 'run',
      firstSeenAt: new Date(this.clock.now()).toISOString(),
      correlationId: `c-${++this.#ids}`,
      command,
    }
  }

  /** One receive of one message. */
  async receive(message: WritebackMessage): Promise<Outcome> {
    const turn = openShopTurn(this.gate, SHOP, 1, this.clock.now() + 60_000, this.clock)
    try {
      return await applyWriteback(message, this.#deps(turn))
    } finally {
      await turn.end()
    }
  }

  /** Receives until it ends, as the queue does; a dead worker's message comes back when its lease is over. */
  async settle(message: WritebackMessage, limit = 60): Promise<Outcome> {
    for (let receives = 0; receives < limit; receives += 1) {
      const outcome = await this.receive(message).catch((error: unknown) => {
        if (error instanceof Crash) return undefined
        throw error
      })
      if (outcome && outcome.is !== 'retry') return outcome
      this.clock.advance(outcome ? outcome.afterMs : TIMES.leaseMs)
    }
    throw new Error(`${message.id} does not end: ${this.calls.slice(-5).join(' | ')}`)
  }

  row(message: WritebackMessage): Promise<WritebackRow | undefined> {
    const { target, id, command } = message
    if (command.is === 'stock') throw new Error('stock has no row')
    return this.writebacks.get({ target, kind: command.is === 'parcel' ? 'shipment' : command.is, id })
  }

  /** Pieces of each line that left, by the shop's own delivery notes. */
  sent(order: ShopOrder): number[] {
    const notes = this.shop.order(order.no)?.deliveries ?? []
    const lines = notes.flatMap((note) => note.lines)
    return order.lines.map(({ recId }) =>
      lines.reduce((sum, line) => sum + (line.recId === recId ? line.quantity : 0), 0),
    )
  }

  /** Tracking numbers of the shop's delivery notes: each shipment has one of its own. */
  parcels(order: ShopOrder): string[] {
    return (this.shop.order(order.no)?.deliveries ?? []).flatMap(({ tracking }) => tracking)
  }

  #deps(turn: ReturnType<typeof openShopTurn>): WritebackDeps {
    const { clock, log, writebacks } = this
    const schedule = this.#options.schedule ?? ((call) => call())
    const deps: WritebackDeps = {
      gateway: () => ({
        recordShipment: (body) =>
          schedule(() =>
            this.#call('shipment', ShipmentRecordedSchema, () => recordShipment(this.shop, body)),
          ),
        cancelOrder: (body) =>
          schedule(() => this.#call('cancel', OrderCancelledSchema, () => cancelOrder(this.shop, body))),
        writeStock: (body) =>
          schedule(() => this.#call('stock', StockWrittenSchema, () => writeStock(this.shop, body))),
        replyToTicket: (body) =>
          schedule(() => this.#call('reply', TicketRepliedSchema, () => replyToTicket(this.shop, body))),
        noteOrder: (body) =>
          schedule(() => this.#call('note', OrderNotedSchema, () => noteOrder(this.shop, body))),
      }),
      turn: () => turn,
      writebacks: {
        get: (key) => schedule(() => writebacks.get(key)),
        put: (row) => schedule(() => this.#put(row)),
      },
      ledger: {
        get: (key) => schedule(() => this.ledger.get(key)),
        put: (row) => schedule(() => this.ledger.put(row)),
        getSubject: (key) => schedule(() => this.ledger.getSubject(key)),
        findByRef: (ref) => schedule(() => this.ledger.findByRef(ref)),
      },
      deliveries: { enqueue: (messages) => schedule(() => this.deliveries.enqueue(messages)) },
      owners: OwnersSchema.parse({}),
      partsTargets: () => ['erp'],
      retentionDays: { ticket: 180, return: 180 },
      timeZone: () => 'Asia/Shanghai',
      clock,
      ids: { next: () => `w-${++this.#ids}` },
      random: { next: () => 0.5 },
      log,
      times: TIMES,
    }
    return { ...deps, ...this.#options.deps?.(deps) }
  }

  async #put(row: WritebackRow) {
    const write = ++this.#writes
    const dies = (when: 'before' | 'after') =>
      this.#options.crashes?.some((crash) => crash.write === write && crash.when === when)
    if (dies('before')) throw new Crash()
    const written = await this.writebacks.put(row)
    if (dies('after')) throw new Crash()
    return written
  }

  async #call<Schema extends z.ZodType>(
    what: string,
    schema: Schema,
    act: () => BridgeAnswer,
  ): Promise<ShopAnswer<z.output<Schema>>> {
    const mishap = this.#mishaps.shift()
    this.calls.push(mishap ? `${what} ${mishap}` : what)
    if (mishap === 'crash-before') throw new Crash()
    if (mishap !== undefined && mishap !== 'lost-after' && mishap !== 'crash-after') {
      return { is: 'failed', failure: FAILURES[mishap] }
    }
    const { status, body } = this.shop.database.transaction(act)
    if (mishap === 'crash-after') throw new Crash()
    if (mishap === 'lost-after') return { is: 'failed', failure: FAILURES[mishap] }
    return status === 200
      ? { is: 'ok', value: schema.parse(body) }
      : { is: 'failed', failure: problemFailure(status, BridgeProblemSchema.parse(body), 'write') }
  }
}

const identityOf = ({ id, no, addTime }: ShopOrder) => ({
  order_id: String(id),
  order_sn: no,
  add_time: addTime,
})

const referenceOf = ({ id, no }: ShopOrder) => `ECA1-${no}-${id.toString(36)}`
