import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { applyWriteback } from '#app/apply-writeback.ts'
import { pullShipments } from '#app/pull-shipments.ts'
import { reconcileStock } from '#app/reconcile-stock.ts'
import { openShopTurn } from '#app/shop-turn.ts'
import { ShipmentsConfigSchema } from '#contracts/config.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import { PoolSchema } from '#contracts/stock.ts'
import type { Commitment, ErpReads, ErpShipment } from '#ports/erp-reads.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'
import { PRODUCTS } from '../../../local/demo/catalogue.ts'
import { MINUTE, SweepWorld } from '../../support/sweep-world.ts'

const ContentSchema = z.object({
  lines: z.array(z.tuple([z.string(), z.string(), z.int(), z.int()])),
})
const TIMES = { callMs: 2_000, leaseMs: 330_000, retryFloorMs: 1_000 }

/** A shop and an ERP with everything that runs between them, in both directions. */
class BothDirections {
  readonly world = new SweepWorld({ commitments: () => this.reads.commitments })
  /** Whether webhooks arrive. */
  readonly #relays: boolean
  readonly writebacks = new MemoryWritebackLedger()
  readonly queue = new MemoryWritebackQueue({ clock: this.world.clock })
  readonly shipments: ErpShipment[] = []
  readonly onHand = new Map(PRODUCTS.map(({ sku }) => [sku, 500]))
  queued = 0
  confirmed = 0
  /** What did not end as it should. */
  readonly faults: string[] = []
  readonly #counted: WritebackQueue = {
    enqueue: async (messages) => {
      this.queued += messages.length
      return this.queue.enqueue(messages)
    },
  }

  constructor({ relays }: { relays: boolean }) {
    this.#relays = relays
  }

  get erp() {
    const erp = this.world.erps.get('erp')
    if (!erp) throw new Error('there is an ERP')
    return erp
  }

  readonly reads: Required<Pick<ErpReads, 'stock' | 'commitments' | 'shipments'>> = {
    stock: {
      meaning: 'physical',
      lagMs: 0,
      maxSkus: 200,
      bySku: async (skus) => ({
        is: 'ok',
        value: new Map(
          skus.flatMap((sku) => {
            const figure = this.onHand.get(sku)
            return figure === undefined ? [] : [[sku, figure] as const]
          }),
        ),
      }),
    },
    commitments: {
      maxReferences: 100,
      read: async (references) => ({
        is: 'ok',
        value: new Map(references.map((reference) => [reference, this.#commitment(reference)])),
      }),
    },
    shipments: {
      read: async (cursor) => ({
        is: 'ok',
        value: {
          shipments: this.shipments.slice(Number(cursor ?? 0)),
          unreadable: [],
          cursor: String(this.shipments.length),
          more: false,
        },
      }),
    },
  }

  /** Goods leave the warehouse for a document: so many of each line. */
  ship(reference: string, share: number): void {
    const document = this.erp.documents.find((one) => one.reference === reference)
    if (!document) throw new Error(`the ERP has no ${reference}`)
    const lines = this.#linesOf(document.content).map(({ recId, sku, quantity }) => ({
      recId,
      sku,
      quantity: Math.ceil(quantity * share),
      serials: [],
    }))
    for (const { sku, quantity } of lines) this.onHand.set(sku, (this.onHand.get(sku) ?? 0) - quantity)
    this.erp.shipped.add(reference)
    this.shipments.push({
      id: `OUT-${this.shipments.length + 1}`,
      reference,
      shippedAt: this.world.clock.now(),
      carrier: { code: 'SF', name: 'SF Express' },
      tracking: [`SF${this.shipments.length + 1}`],
      lines,
    })
  }

  /** Everything runs once. */
  async round(): Promise<void> {
    const { world } = this
    const { clock, ids, gate, log, notes, ledger } = world
    const endsAt = () => clock.now() + 280_000
    clock.advance(5 * MINUTE)
    if (this.#relays) await world.relayAll()
    await world.deliver()
    const swept = await world.sweep({ now: false })
    if (swept.is === 'done') this.confirmed += swept.counts['confirmed'] ?? 0
    const ends = [swept]
    await world.deliver()
    const run = {
      clock,
      ids,
      gate,
      log,
      notes,
      ledger,
      wait: async (ms: number) => clock.advance(ms),
      callMs: TIMES.callMs,
      leaseMs: TIMES.leaseMs,
    }
    const pull = {
      ...run,
      config: ShipmentsConfigSchema.parse({ everyMinutes: 1 }),
      erp: this.reads.shipments,
      shops: ['A1'],
      writebacks: this.writebacks,
      queue: this.#counted,
    }
    ends.push(await pullShipments({ target: 'erp' }, pull, endsAt()))
    await this.#apply()
    const stock = {
      ...run,
      pools: { main: PoolSchema.parse({ target: 'erp', shops: { A1: {} }, everyMinutes: 1 }) },
      nightly: { at: '03:30', timeZone: 'Asia/Shanghai' },
      erp: () => ({ describe: () => this.erp.describe(), reads: this.reads }),
      shops: () => world.gateway,
      writebacks: this.#counted,
    }
    ends.push(await reconcileStock({ pool: 'main' }, stock, endsAt()))
    await this.#apply()
    this.faults.push(...ends.filter(({ is }) => is !== 'done').map((end) => JSON.stringify(end)))
  }

  /** What is written anywhere, and what is told to anybody. */
  figures() {
    const { world } = this
    return {
      /** Four creations, each with its look-up before, an amendment and a cancel. */
      erpCalls: this.erp.journal.length,
      writebacks: this.queued,
      shopChanges: world.shop.database.changesAfter(0, 1_000).map(({ kind, id, seq }) => [kind, id, seq]),
      swept: world.swept.length,
      faults: this.faults.length,
      confirmed: this.confirmed,
      stock: PRODUCTS.map(({ sku }) => world.shop.stockOf(sku)?.quantity),
    }
  }

  async #apply(): Promise<void> {
    const { clock, ids, gate, log } = this.world
    for (const { message } of this.queue.drain()) {
      const turn = openShopTurn(gate, 'A1', 1, clock.now() + 60_000, clock)
      const deps = {
        clock,
        ids,
        log,
        times: TIMES,
        writebacks: this.writebacks,
        ledger: this.world.ledger,
        deliveries: this.world.queue,
        owners: OwnersSchema.parse({}),
        partsTargets: () => [],
        retentionDays: { ticket: 180, return: 180 },
        timeZone: () => 'Asia/Shanghai',
        gateway: () => this.world.gateway,
        turn: () => turn,
        random: { next: () => 0.5 },
      }
      const outcome = await applyWriteback(message, deps)
      await turn.end()
      if (outcome.is !== 'done') this.faults.push(`a write-back ended ${outcome.is}`)
    }
  }

  #linesOf(content: string): { recId: string; sku: string; quantity: number }[] {
    const { lines } = ContentSchema.parse(JSON.parse(content))
    return lines.map(([recId, sku, quantity]) => ({ recId, sku, quantity }))
  }

  #commitment(reference: string): Commitment {
    const document = this.erp.documents.find((one) => one.reference === reference)
    if (!document) return { state: 'absent', items: [] }
    const left = this.shipments.filter((one) => one.reference === reference).flatMap(({ lines }) => lines)
    const items = Map.groupBy(this.#linesOf(document.content), ({ sku }) => sku)
    const sum = (of: readonly { quantity: number }[]) =>
      of.reduce((total, { quantity }) => total + quantity, 0)
    return {
      state: document.state,
      items: [...items].map(([sku, lines]) => ({
        sku,
        ordered: sum(lines),
        shipped: sum(left.filter((line) => line.sku === sku)),
      })),
    }
  }
}

describe('a shop and an ERP that tell each other everything', () => {
  let both: BothDirections
  afterEach(() => both.world.close())

  it.each([
    { rounds: 1_000, relays: true, swept: 0 },
    // Each order twice, and the two that were shipped once more.
    { rounds: 100, relays: false, swept: 9 },
  ])(
    'come to rest, and stay there for $rounds rounds (webhooks arrive: $relays)',
    async (plot) => {
      both = new BothDirections(plot)
      const { world } = both
      const { shop } = world
      const [whole, part, edited, cancelled, held] = [1, 2, 3, 4, 5].map((index) =>
        shop.place({ paid: index < 5 }),
      )
      if (!whole || !part || !edited || !cancelled || !held) throw new Error('there are orders')
      await both.round()
      const refOf = async (order: typeof whole) => (await world.row(order))?.ref ?? ''
      both.ship(await refOf(whole), 1)
      both.ship(await refOf(part), 0.5)
      shop.edit(edited.no)
      shop.cancel(cancelled.no)
      for (let rounds = 0; rounds < 20; rounds += 1) await both.round()

      expect(shop.order(whole.no)?.deliveries).toHaveLength(1)
      expect(shop.order(part.no)?.deliveries).toHaveLength(1)
      const before = both.figures()
      expect(before).toMatchObject({ erpCalls: 10, swept: plot.swept, faults: 0, confirmed: 0 })
      for (let rounds = 0; rounds < plot.rounds; rounds += 1) await both.round()
      expect(both.figures()).toEqual(before)
      expect((await world.report()).differences).toEqual([])
    },
    240_000,
  )
})
