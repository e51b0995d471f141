import { describe, expect, it } from 'vitest'
import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { afterParts } from '#app/after-parts.ts'
import { partsMessage } from '#app/apply-progress.ts'
import { shortHash } from '#app/content-hash.ts'
import { deliver, rowKeyOf } from '#app/deliver.ts'
import { surroundingsWith } from '#app/surroundings.ts'
import { openTurn } from '#app/turn.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import type { PartsRequest } from '#contracts/parts.ts'
import { WarrantyRuleSchema } from '#contracts/purchase.ts'
import { identityOf } from '#domain/identity.ts'
import type { Outcome } from '#domain/outcome.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { aPartsRequest } from '../../support/a-parts-request.ts'
import { aTicket } from '../../support/a-ticket.ts'
import { World, type WorldOptions } from '../../support/world.ts'

const CONFIG: Parameters<typeof surroundingsWith>[0]['config'] = {
  shops: { demo: { targets: ['erp', 'desk'], timeZone: 'Asia/Shanghai' } },
  targets: { erp: { kinds: ['order', 'parts'] }, desk: { kinds: ['ticket'] } },
  warranty: [WarrantyRuleSchema.parse({ months: 12 })],
}

/** An ERP that takes requests for parts, and the queues of it and of the desk. */
class Workshop {
  readonly world: World
  readonly deliveries: MemoryDeliveryQueue
  readonly #surroundings: ReturnType<typeof surroundingsWith>

  constructor(
    abilities: WorldOptions['abilities'] = {},
    available: Record<string, number> = { 'BLADE-2': 5 },
  ) {
    const world: World = new World({
      abilities,
      surroundings: (thing, turn) => this.#surroundings(thing, turn),
    })
    this.world = world
    this.deliveries = new MemoryDeliveryQueue({ clock: world.clock, targets: ['erp', 'desk'] })
    this.#surroundings = this.#around('erp', available)
  }

  #around(target: string, available: Record<string, number> = {}) {
    const { world } = this
    return surroundingsWith({
      target,
      config: CONFIG,
      gateways: {
        reads: {
          stock: {
            meaning: 'free',
            lagMs: 0,
            maxSkus: 50,
            bySku: async () => ({ is: 'ok', value: new Map(Object.entries(available)) }),
          },
        },
      },
      ledger: world.ledger,
      writebacks: new MemoryWritebackLedger(),
      clock: world.clock,
      callMs: 2_000,
    })
  }

  /** The ticket, as its desk has it. */
  async ticket(): Promise<this> {
    const subject = { is: 'ticket', ticket: aTicket() } as const
    const { kind, sourceId, no, reference } = identityOf(subject, shortHash)
    const key = { shop: 'demo', kind, sourceId, target: 'desk' }
    await this.world.ledger.put(aRow({ key, no, ref: reference, status: 'done' }))
    await this.world.ledger.putSubject(key, subject, 86_400)
    return this
  }

  message(request: PartsRequest): DeliveryMessage {
    const firstSeenAt = new Date(this.world.clock.now()).toISOString()
    return partsMessage(request, 'erp', { firstSeenAt, correlationId: 'c-1' })
  }

  /** As erp-deliver handles it. */
  async receive(message: DeliveryMessage): Promise<Outcome> {
    const { deps, gate, clock } = this.world
    const turn = openTurn(gate, 'erp', 3, clock.now() + 60_000, clock)
    const outcome = await deliver(message, turn, deps)
    await turn.end()
    return afterParts(message, outcome, { ...deps, deliveries: this.deliveries })
  }

  /** What the desk would be told of with a delivery. */
  async told() {
    const messages = this.deliveries.drain('desk').map(({ message }) => message)
    const around = this.#around('desk')
    const { gate, clock } = this.world
    const turn = openTurn(gate, 'desk', 3, clock.now() + 60_000, clock)
    const told = []
    for (const message of messages) {
      if (message.kind !== 'ticket' || message.cause !== 'repair') throw new Error('no ticket was repaired')
      told.push(...(await around({ message, people: [], row: undefined }, turn)).parts)
    }
    return told
  }

  row(request: PartsRequest) {
    return this.world.ledger.get(rowKeyOf(this.message(request)))
  }
}

describe('spare parts that a desk asks for', () => {
  it('are placed in the ERP, and the desk hears of the document and of how many there are', async () => {
    const shop = await new Workshop().ticket()
    expect(await shop.receive(shop.message(aPartsRequest()))).toMatchObject({ is: 'done' })
    expect(shop.world.erp.live()).toHaveLength(1)
    expect(await shop.told()).toMatchObject([
      {
        requestId: 'step-7',
        state: 'confirmed',
        documentNo: 'D1',
        lines: [{ sku: 'BLADE-2', quantity: 2, available: 5 }],
      },
    ])
  })

  it('that the ERP refuses are told as refused, with its words, and leave no document', async () => {
    const shop = await new Workshop().ticket()
    shop.world.erp.faults.push({
      do: 'refuse',
      failure: { class: 'Invalid', message: 'BLADE-2 is discontinued.' },
    })
    expect(await shop.receive(shop.message(aPartsRequest()))).toMatchObject({ is: 'park' })
    expect(shop.world.erp.live()).toEqual([])
    expect(await shop.told()).toMatchObject([
      { state: 'refused', why: expect.stringContaining('BLADE-2 is discontinued.') },
    ])
  })

  it('that the ERP refuses half-way are cleared away before they are told as refused', async () => {
    const shop = await new Workshop({ steps: ['create', 'confirm'] }).ticket()
    const refuse = { class: 'Invalid', message: 'The credit limit is reached.' } as const
    const erp = shop.world.erp
    const send = erp.send.bind(erp)
    erp.send = async (request, context) =>
      request.step === 'confirm' ? { ok: false, failure: refuse } : send(request, context)
    expect(await shop.receive(shop.message(aPartsRequest()))).toMatchObject({ is: 'park' })
    expect(erp.live()).toHaveLength(1)
    expect(await shop.told()).toEqual([])

    const [clearing, ...more] = shop.deliveries.drain('erp')
    if (!clearing) throw new Error('nothing clears it away')
    expect(more).toEqual([])
    expect(await shop.receive(clearing.message)).toMatchObject({ is: 'done' })
    expect(erp.live()).toEqual([])
    expect(await shop.told()).toMatchObject([
      { state: 'refused', why: expect.stringContaining('The credit limit is reached.') },
    ])
  })

  it('that are withdrawn are cancelled, also where the withdrawal came first', async () => {
    for (const order of [
      [false, true],
      [true, false],
    ]) {
      const shop = await new Workshop().ticket()
      for (const withdrawn of order) await shop.receive(shop.message(aPartsRequest({ withdrawn })))
      expect(shop.world.erp.live()).toEqual([])
      expect((await shop.told()).at(-1)).toMatchObject({ requestId: 'step-7', state: 'withdrawn' })
    }
  })

  it('are not done with before the desk can be told', async () => {
    const shop = await new Workshop().ticket()
    const message = shop.message(aPartsRequest())
    const deaf = { enqueue: async (messages: readonly unknown[]) => messages.map(() => 'failed' as const) }
    const { deps } = shop.world
    const outcome = await afterParts(message, await shop.receive(message), { ...deps, deliveries: deaf })
    expect(outcome).toMatchObject({ is: 'retry' })
    expect(await shop.receive(message)).toMatchObject({ is: 'done', flavour: 'duplicate' })
    expect(shop.world.erp.live()).toHaveLength(1)
  })

  it('of two desks that count alike are two requests', async () => {
    const shop = await new Workshop().ticket()
    const { ticket } = aPartsRequest()
    await shop.receive(shop.message(aPartsRequest()))
    await shop.receive(shop.message(aPartsRequest({ ticket: { ...ticket, target: 'crm' } })))
    expect(shop.world.erp.live()).toHaveLength(2)
  })
})
