import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { createGateways } from '#adapters/erp/create-gateways.ts'
import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { deliver } from '#app/deliver.ts'
import { knownPeople } from '#app/people.ts'
import { type ReceiveRequest, receive } from '#app/receive.ts'
import { openTurn } from '#app/turn.ts'
import { SyncConfigSchema } from '#contracts/config.ts'
import { type DeliveryMessage, DeliveryMessageSchema } from '#contracts/delivery-message.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import { DisclosuresSchema, RetentionSchema } from '#contracts/privacy.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { EPOCH } from '../support/an-order.ts'
import { benchConfig, type Lane, targetOf } from './bench-config.ts'
import { signedOrder } from './signed-orders.ts'

const TIMES = { callMs: 2_000, leaseMs: 60_000, settleMs: 3_000, retryFloorMs: 1_000 }

/** Our use cases without a cloud: queue, ledger, gate and secrets in memory, and no log. */
export class InProcess {
  readonly shop: string
  readonly #target: string
  readonly #config
  readonly #queue
  readonly #secrets = new MemorySecrets()
  readonly #clock = { now: () => Date.now() }
  readonly #ids = { next: () => randomUUID() }
  readonly #log = { info: () => {}, warn: () => {}, error: () => {} }

  constructor(lane: Lane, erpUrl: string) {
    this.shop = lane
    this.#target = targetOf(lane)
    this.#config = SyncConfigSchema.parse(benchConfig(erpUrl))
    this.#queue = new MemoryDeliveryQueue({ clock: this.#clock, targets: [this.#target] })
    this.#secrets.putShop(this.shop, { secrets: [SECRET], epochs: [EPOCH] })
  }

  receive(request: Omit<ReceiveRequest, 'shop'>) {
    return receive(
      { ...request, shop: this.shop },
      {
        config: this.#config,
        secrets: this.#secrets,
        queue: this.#queue,
        clock: this.#clock,
        log: this.#log,
      },
    )
  }

  /** Takes what was received out of the queue. */
  drain(): DeliveryMessage[] {
    return this.#queue.drain(this.#target).map(({ message }) => message)
  }

  /** The messages that the webhook makes of new orders. */
  async messages(from: number, orders: number, lines = 1): Promise<DeliveryMessage[]> {
    for (let no = from; no < from + orders; no += 1) {
      const { headers, body } = signedOrder(this.shop, no, lines)
      const { status } = await this.receive({
        headers,
        rawBody: Buffer.from(body),
        correlationId: `bench-${no}`,
      })
      if (status !== 202) throw new Error(`an order was answered with ${status}`)
    }
    return this.drain()
  }

  /** Delivers all messages within one turn at the gate. @throws unless each is done at once */
  async deliver(messages: readonly DeliveryMessage[]): Promise<void> {
    const target = this.#config.targets[this.#target]
    if (!target) throw new Error('the target is missing')
    const [clock, ids, log] = [this.#clock, this.#ids, this.#log]
    const gate = new MemoryTargetGate({ limits: () => ({ ...target.rate, ...TIMES }), clock, ids })
    const deps = {
      rules: target.rules,
      owners: OwnersSchema.parse({}),
      privacy: DisclosuresSchema.parse({}),
      retentionDays: RetentionSchema.parse({}),
      people: knownPeople(new MemorySecrets(), new MemoryErasures()),
      gateways: createGateways(target, { configDir: '.', secrets: async () => undefined, clock, ids }),
      ledger: new MemoryLedger({ clock }),
      allowTombstone: async () => true,
      random: { next: () => Math.random() },
      times: TIMES,
      clock,
      ids,
      log,
    }
    const turn = openTurn(gate, this.#target, messages.length, clock.now() + TIMES.leaseMs, clock)
    const outcomes = await Promise.all(messages.map((message) => deliver(message, turn, deps)))
    await turn.end()
    const unfinished = outcomes.find(({ is }) => is !== 'done')
    if (unfinished) throw new Error(`a delivery ended otherwise: ${JSON.stringify(unfinished)}`)
  }
}

/** As it stands in the queue. */
export const messageBytes = (message: DeliveryMessage): number =>
  Buffer.byteLength(JSON.stringify(z.encode(DeliveryMessageSchema, message)))
