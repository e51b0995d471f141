import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryNotes } from '#adapters/memory/memory-notes.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { shortHash } from '#app/content-hash.ts'
import { type PullShipmentsDeps, pullShipments } from '#app/pull-shipments.ts'
import type { RunEnd } from '#app/run.ts'
import { type ShipmentsConfig, ShipmentsConfigSchema } from '#contracts/config.ts'
import type { Line, Order } from '#contracts/order.ts'
import type { WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import { generationReference, orderReference, orderSourceId } from '#domain/reference.ts'
import type { ErpRead, ErpShipment, ErpShipments, ShipmentPage } from '#ports/erp-reads.ts'
import { aRow } from './a-ledger-row.ts'
import { canonicalOrder } from './canonical-order.ts'
import { RecordingLog } from './recording-log.ts'
import { VirtualClock } from './world.ts'

export const TARGET = 'erp'
const SHOP = 'A1'

type Unreadable = ShipmentPage['unreadable'][number]
type Listed = ErpShipment | Unreadable

/** An ERP that tells of shipments, page by page; `queue` = it hands them out until they are taken off. */
export class ShipmentErp {
  readonly listed: Listed[] = []
  readonly acknowledged: string[] = []
  pageSize = 2
  /** How many of the page before are told again. */
  overlap = 0
  fails: 'read' | 'acknowledge' | undefined
  reads = 0
  readonly #queue: boolean

  constructor(queue: boolean) {
    this.#queue = queue
  }

  port(): ErpShipments {
    return { read: this.#read, ...(this.#queue ? { acknowledge: this.#acknowledge } : {}) }
  }

  readonly #read: ErpShipments['read'] = async (cursor) => {
    this.reads += 1
    if (this.fails === 'read') return failure('the ERP is down')
    const waiting = this.#queue
      ? this.listed.filter(({ id }) => !this.acknowledged.includes(id))
      : this.listed
    const from = this.#queue ? 0 : Math.max(0, Number(cursor ?? 0) - this.overlap)
    const end = this.#queue ? this.pageSize : Number(cursor ?? 0) + this.pageSize
    const rows = waiting.slice(from, end)
    return {
      is: 'ok',
      value: {
        shipments: rows.flatMap((row) => ('why' in row ? [] : [row])),
        unreadable: rows.flatMap((row) => ('why' in row ? [row] : [])),
        cursor: this.#queue ? '' : String(Math.min(end, waiting.length)),
        more: end < waiting.length,
      },
    }
  }

  readonly #acknowledge = async (ids: readonly string[]): Promise<ErpRead<undefined>> => {
    if (this.fails === 'acknowledge') return failure('the queue of the ERP is down')
    this.acknowledged.push(...ids)
    return { is: 'ok', value: undefined }
  }
}

const failure = (message: string) => ({ is: 'failed', failure: { class: 'Transient', message } }) as const

export interface ShipmentWorldOptions {
  readonly queue?: boolean
  readonly config?: Partial<ShipmentsConfig>
  readonly deps?: (deps: PullShipmentsDeps) => Partial<PullShipmentsDeps>
}

/** A target’s shipments, the ledger of its orders, and the queue to the shop. */
export class ShipmentWorld {
  readonly clock = new VirtualClock()
  readonly erp: ShipmentErp
  readonly ledger = new MemoryLedger({ clock: this.clock })
  readonly writebacks = new MemoryWritebackLedger()
  readonly queue = new MemoryWritebackQueue({ clock: this.clock })
  readonly notes = new MemoryNotes({ clock: this.clock })
  readonly log = new RecordingLog()
  readonly #options: ShipmentWorldOptions
  #ids = 0

  constructor(options: ShipmentWorldOptions = {}) {
    this.#options = options
    this.erp = new ShipmentErp(options.queue ?? false)
  }

  /** An order that the ERP has; the reference of its document. */
  async order(id: string, lines?: readonly Line[], generation = 0): Promise<string> {
    const plain = canonicalOrder({ id })
    const order: Order = { ...plain, shop: SHOP, lines: lines ? [...lines] : plain.lines }
    const { orderId, orderSn, addTime } = order
    const ref = orderReference(SHOP, orderSn, orderId, shortHash)
    const key = {
      shop: SHOP,
      kind: 'order' as const,
      sourceId: orderSourceId(orderId, addTime),
      target: TARGET,
    }
    await this.ledger.put(aRow({ key, no: orderSn, ref, generation, status: 'done' }))
    await this.ledger.putSubject(key, { is: 'snapshot', order }, 86_400)
    return generationReference(ref, generation)
  }

  ship(
    reference: string,
    id: string,
    lines: readonly (readonly [sku: string, quantity: number, recId?: string | undefined])[],
    more: Partial<ErpShipment> = {},
  ): ErpShipment {
    const shipment: ErpShipment = {
      id,
      reference,
      shippedAt: this.clock.now(),
      tracking: [`SF-${id}`],
      lines: lines.map(([sku, quantity, recId]) => ({
        sku,
        quantity,
        serials: [],
        ...(recId === undefined ? {} : { recId }),
      })),
      ...more,
    }
    this.erp.listed.push(shipment)
    return shipment
  }

  pull(now = true): Promise<RunEnd> {
    const deps: PullShipmentsDeps = {
      config: { ...ShipmentsConfigSchema.parse({}), ...this.#options.config },
      erp: this.erp.port(),
      shops: [SHOP],
      ledger: this.ledger,
      writebacks: this.writebacks,
      queue: this.queue,
      notes: this.notes,
      gate: new MemoryTargetGate({
        clock: this.clock,
        ids: { next: () => `lease-${++this.#ids}` },
        limits: () => ({ slots: 2, perMinute: 100_000, leaseMs: 10_000, retryFloorMs: 1_000 }),
      }),
      log: this.log,
      wait: async (ms) => this.clock.advance(ms),
      callMs: 2_000,
      leaseMs: 330_000,
      clock: this.clock,
      ids: { next: () => `id-${++this.#ids}` },
    }
    return pullShipments(
      { target: TARGET, now },
      { ...deps, ...this.#options.deps?.(deps) },
      this.clock.now() + 300_000,
    )
  }

  row(id: string): Promise<WritebackRow | undefined> {
    return this.writebacks.get({ target: TARGET, kind: 'shipment', id })
  }

  commands(): WritebackMessage[] {
    return this.queue.drain().map(({ message }) => message)
  }
}

export const quantitiesOf = ({ command }: WritebackMessage): Record<string, number> =>
  command.is === 'shipment'
    ? Object.fromEntries(command.shipment.lines.map(({ rec_id, quantity }) => [rec_id, quantity]))
    : {}
