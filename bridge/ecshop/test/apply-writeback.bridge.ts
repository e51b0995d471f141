import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import { applyWriteback } from '#app/apply-writeback.ts'
import { shortHash } from '#app/content-hash.ts'
import { progressMessage } from '#app/progress-message.ts'
import { openShopTurn } from '#app/shop-turn.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import { type Progress, ProgressSchema } from '#contracts/progress.ts'
import type { WritebackCommand, WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import { identityOf as thingOf } from '#domain/identity.ts'
import type { Outcome } from '#domain/outcome.ts'
import { aRow } from '../../../test/support/a-ledger-row.ts'
import { aReturn } from '../../../test/support/a-return.ts'
import { aReturnStep, aTicketStep } from '../../../test/support/a-step.ts'
import { aTicket } from '../../../test/support/a-ticket.ts'
import type { Shop } from './support/a-shop.ts'
import type { Cut, CuttingProxy } from './support/cutting-proxy.ts'
import { SEED } from './support/seed.ts'
import { aCutShop, GENERATIONS, WRITE } from './support/served-shop.ts'
import type { Order } from './support/shop-actions.ts'

/** The service’s whole way of a command, over the real bridge, on both engines. */

const { flask, shirt } = SEED.goods
const LONG = 300_000
const TIMES = { callMs: 20_000, leaseMs: 60_000, retryFloorMs: 1_000 }

/** What befalls a worker: it dies at its n-th write of the row, or the shop’s answer never comes. */
type Death = { readonly write: number; readonly when: 'before' | 'after' }
type Mishap = Death | 'no answer'

class Killed extends Error {}

/** A worker of shop-writeback, with a clock that only leaps. */
class Worker {
  readonly rows = new MemoryWritebackLedger()
  readonly #ledger: MemoryLedger
  readonly #url: string
  readonly #secret: string
  #now = Date.now()
  #ids = 0

  constructor(url: string, secret: string) {
    this.#url = url
    this.#secret = secret
    this.#ledger = new MemoryLedger({ clock: { now: () => this.#now } })
  }

  /** A ticket or return that the target has. Answers its reference. */
  async know(subject: Subject): Promise<string> {
    const { kind, sourceId, no, reference } = thingOf(subject, shortHash)
    const key = { shop: 'A1', kind, sourceId, target: 'erp' }
    await this.#ledger.put(aRow({ key, no, ref: reference, status: 'done' }))
    await this.#ledger.putSubject(key, subject, 864_000)
    return reference
  }

  async receive(message: WritebackMessage, mishap?: Mishap): Promise<Outcome> {
    const clock = { now: () => this.#now }
    const ids = { next: () => `w-${++this.#ids}` }
    const limits = () => ({ slots: 2, perMinute: 1_000, leaseMs: TIMES.leaseMs, retryFloorMs: 1_000 })
    const gate = new MemoryTargetGate({ clock, ids, limits })
    const turn = openShopTurn(gate, 'A1', 1, this.#now + 600_000, clock)
    const gateway = createEcshopGateway({
      access: async () => ({ url: this.#url, secrets: [this.#secret] }),
      // Calls are signed and given up by the time there is.
      clock: { now: () => Date.now() },
      fetch: async (...call) => {
        const answer = await fetch(...call)
        if (mishap === 'no answer') throw new Error('reset')
        return answer
      },
    })
    const late = (deadline: number) => Date.now() + deadline - this.#now
    let writes = 0
    const put = async (row: WritebackRow) => {
      writes += 1
      const dies = (when: 'before' | 'after') =>
        typeof mishap === 'object' && mishap.write === writes && mishap.when === when
      if (dies('before')) throw new Killed()
      const written = await this.rows.put(row)
      if (dies('after')) throw new Killed()
      return written
    }
    return applyWriteback(message, {
      gateway: () => ({
        recordShipment: (shipment, deadline) => gateway.recordShipment(shipment, late(deadline)),
        cancelOrder: (cancel, deadline) => gateway.cancelOrder(cancel, late(deadline)),
        replyToTicket: (reply, deadline) => gateway.replyToTicket(reply, late(deadline)),
        noteOrder: (note, deadline) => gateway.noteOrder(note, late(deadline)),
        writeStock: (write, deadline) => gateway.writeStock(write, late(deadline)),
      }),
      turn: () => turn,
      writebacks: { get: (key) => this.rows.get(key), put },
      ledger: this.#ledger,
      deliveries: new MemoryDeliveryQueue({ clock, targets: [] }),
      owners: OwnersSchema.parse({}),
      partsTargets: () => [],
      retentionDays: { ticket: 180, return: 180 },
      timeZone: () => 'Asia/Shanghai',
      clock,
      ids,
      random: { next: () => 0.5 },
      log: { info: () => {}, warn: () => {}, error: () => {} },
      times: TIMES,
    })
  }

  /** What is left of it is taken up by the next worker, when the lease is over. */
  async settle(message: WritebackMessage): Promise<Outcome> {
    for (let receives = 0; receives < 5; receives += 1) {
      this.#now += TIMES.leaseMs
      const outcome = await this.receive(message)
      if (outcome.is !== 'retry') return outcome
    }
    throw new Error('it does not end')
  }
}

const identityOf = (order: Order) => ({
  order_id: String(order.order_id),
  order_sn: order.order_sn,
  add_time: order.add_time,
})

let serial = 0

function messageOf(order: Order, kind: 'shipment' | 'cancel'): WritebackMessage {
  const id = `W-${++serial}`
  const about = { no: order.order_sn, ref: `ECA1-${order.order_sn}-${order.order_id.toString(36)}` }
  const command: WritebackCommand =
    kind === 'shipment'
      ? {
          is: 'shipment',
          ...about,
          shipment: {
            shipment_id: `erp/${id}`,
            order: identityOf(order),
            shipped_at: '2026-11-20T06:30:00Z',
            carrier: { name: '顺丰速运' },
            tracking: [`SF-${id}`],
            lines: order.rec_ids.map((recId) => ({ rec_id: String(recId), quantity: 1 })),
            origin: 'erp',
          },
        }
      : {
          is: 'cancel',
          ...about,
          cancel: {
            command_id: `erp/${id}`,
            order: identityOf(order),
            reason: '仓库缺货',
            refund: 'none',
            origin: 'operator',
          },
        }
  return {
    v: 1,
    shop: 'A1',
    target: 'erp',
    id,
    cause: 'run',
    firstSeenAt: new Date().toISOString(),
    correlationId: id,
    command,
  }
}

describe.each(GENERATIONS)('a command for a shop of $generation on $engine', (options) => {
  let proxy: CuttingProxy
  let shop: Shop
  let dispose: () => Promise<void>
  let worker: Worker
  beforeAll(async () => {
    ;({ proxy, shop, dispose } = await aCutShop(options))
    worker = new Worker(`${shop.url}erpsync/v1/`, await shop.state('bridge_secret'))
  })
  afterAll(() => dispose())

  const place = () =>
    shop.act.place({
      lines: [
        { goods: flask.goods_id, quantity: 2 },
        { goods: shirt.goods_id, product: shirt.red.product_id },
      ],
    })
  const head = (order: Order) =>
    shop.sql.row('SELECT order_status, shipping_status, invoice_no FROM {order_info} WHERE order_id = ?', [
      order.order_id,
    ])
  const number = async (sql: string, values: readonly (string | number)[] = []) =>
    Number(await shop.sql.value(sql, values))
  const flasks = () => number('SELECT goods_number FROM {goods} WHERE goods_id = ?', [flask.goods_id])

  /** One shipment of one flask and one shirt, wholly and once. */
  async function expectShippedOnce(order: Order, message: WritebackMessage, before: number): Promise<void> {
    const notes = await shop.sql.rows('SELECT status, invoice_no FROM {delivery_order} WHERE order_id = ?', [
      order.order_id,
    ])
    expect(notes).toEqual([{ status: 0, invoice_no: `SF-${message.id}` }])
    expect(await head(order)).toEqual({
      order_status: 6,
      shipping_status: 4,
      invoice_no: `SF-${message.id}`,
    })
    const sent = await shop.sql.rows(
      'SELECT send_number FROM {order_goods} WHERE order_id = ? ORDER BY rec_id',
      [order.order_id],
    )
    expect(sent).toEqual([{ send_number: 1 }, { send_number: 1 }])
    expect(await flasks()).toBe(before - 1)
    const journal = "SELECT COUNT(*) FROM {order_action} WHERE action_user = 'erp' AND order_id = ?"
    expect(await number(journal, [order.order_id])).toBe(1)
    const row = await worker.rows.get({ target: 'erp', kind: 'shipment', id: message.id })
    expect(row).toMatchObject({ status: 'done' })
  }

  async function expectCancelledOnce(order: Order, message: WritebackMessage): Promise<void> {
    expect(await head(order)).toMatchObject({ order_status: 2 })
    const journal = "SELECT COUNT(*) FROM {order_action} WHERE action_user = 'operator' AND order_id = ?"
    expect(await number(journal, [order.order_id])).toBe(1)
    const row = await worker.rows.get({ target: 'erp', kind: 'cancel', id: message.id })
    expect(row).toMatchObject({ status: 'done' })
  }

  interface Trial {
    readonly message: WritebackMessage
    /** That it took effect, once. */
    readonly check: () => Promise<void>
  }

  const aShipment = async (): Promise<Trial> => {
    const order = await place()
    const before = await flasks()
    const message = messageOf(order, 'shipment')
    return { message, check: () => expectShippedOnce(order, message, before) }
  }

  const aCancel = async (): Promise<Trial> => {
    const order = await place()
    const message = messageOf(order, 'cancel')
    return { message, check: () => expectCancelledOnce(order, message) }
  }

  /** A step of a ticket becomes a reply under it, one of a return a note on its order. */
  const aStep = (of: Progress['of']) => async (): Promise<Trial> => {
    const order = await place()
    const { msg_id, msg_time } = await shop.act.message({ text: '坏了', order: order.order_id })
    const about = {
      orderId: String(order.order_id),
      orderSn: order.order_sn,
      addTime: order.add_time,
      reference: `ECA1-${order.order_sn}-${order.order_id.toString(36)}`,
    }
    const ticket = aTicket({ shop: 'A1', ticketId: String(msg_id), msgTime: msg_time, order: about })
    const back = aReturn({ shop: 'A1', returnId: String(++serial), order: about })
    const reference = await worker.know(
      of === 'ticket' ? { is: 'ticket', ticket } : { is: 'return', return: back },
    )
    const common = { id: `step/${++serial}`, reference, person: '样例师傅', note: '已检查' }
    const step = of === 'ticket' ? aTicketStep(common) : aReturnStep(common)
    const message = progressMessage(
      ProgressSchema.parse(step),
      { shop: 'A1', target: 'erp', correlationId: common.id },
      Date.now(),
    )
    const written =
      of === 'ticket'
        ? () => shop.sql.rows('SELECT msg_content AS words FROM {feedback} WHERE parent_id = ?', [msg_id])
        : () =>
            shop.sql.rows('SELECT action_note AS words FROM {order_action} WHERE order_id = ?', [
              order.order_id,
            ])
    return {
      message,
      check: async () => {
        const words = (await written()).map((row) => String(row['words']))
        expect(words).toEqual([expect.stringContaining('已检查')])
        expect(words[0]?.split('已检查')).toHaveLength(2)
        const row = await worker.rows.get({ target: 'erp', kind: 'progress', id: message.id })
        expect(row).toMatchObject({ status: 'done' })
      },
    }
  }

  /** Cuts PHP off at its first write, then at its second, …; says how many there were. */
  async function atEveryWrite(prepare: () => Promise<Trial>): Promise<number> {
    for (let write = 1; write < 40; write += 1) {
      for (const executed of [false, true]) {
        const { message, check } = await prepare()
        const cut: Cut = { write, of: WRITE, executed }
        proxy.arm(cut)
        const outcome = await worker.receive(message)
        const wasCut = proxy.disarm()
        // PHP tells its log of the lost connection.
        shop.takeWarnings()
        if (!wasCut) {
          expect(outcome).toEqual({ is: 'done', flavour: 'applied' })
          return write - 1
        }
        expect(outcome).toMatchObject({ is: 'retry', why: 'internal-error' })
        expect(await worker.settle(message)).toEqual({ is: 'done', flavour: 'applied' })
        await check()
      }
    }
    throw new Error('it never ended')
  }

  it('takes effect once, wherever PHP dies in a shipment', { timeout: LONG }, async () => {
    expect(await atEveryWrite(aShipment)).toBeGreaterThan(6)
  })

  it('takes effect once, wherever PHP dies in a cancel', { timeout: LONG }, async () => {
    expect(await atEveryWrite(aCancel)).toBeGreaterThan(2)
  })

  it('takes effect once, wherever PHP dies in a reply to a ticket', { timeout: LONG }, async () => {
    expect(await atEveryWrite(aStep('ticket'))).toBeGreaterThan(3)
  })

  it('takes effect once, wherever PHP dies in a note on a return', { timeout: LONG }, async () => {
    expect(await atEveryWrite(aStep('return'))).toBeGreaterThan(2)
  })

  it.each(['ticket', 'return'] as const)('tells a step of a %s once when its answer is lost', async (of) => {
    const { message, check } = await aStep(of)()
    expect(await worker.receive(message, 'no answer')).toMatchObject({ is: 'retry' })
    expect(await worker.settle(message)).toMatchObject({ is: 'done' })
    await check()
  })

  const deaths: readonly Death[] = [
    { write: 1, when: 'before' },
    { write: 1, when: 'after' },
    { write: 2, when: 'before' },
    { write: 2, when: 'after' },
  ]
  it.each(deaths)('takes effect once, whenever its worker dies: %j', async (death) => {
    const order = await place()
    const before = await flasks()
    const message = messageOf(order, 'shipment')
    await expect(worker.receive(message, death)).rejects.toThrow(Killed)
    expect(await worker.settle(message)).toMatchObject({ is: 'done' })
    await expectShippedOnce(order, message, before)
  })

  it('takes effect once when its answer is lost', async () => {
    const order = await place()
    const before = await flasks()
    const message = messageOf(order, 'shipment')
    expect(await worker.receive(message, 'no answer')).toMatchObject({ is: 'retry', why: 'broken' })
    expect(await worker.settle(message)).toMatchObject({ is: 'done' })
    await expectShippedOnce(order, message, before)
  })

  it('takes effect once when two workers have it at the same time', async () => {
    const order = await place()
    const before = await flasks()
    const message = messageOf(order, 'shipment')
    await Promise.all([worker.receive(message), worker.receive(message)])
    expect(await worker.settle(message)).toMatchObject({ is: 'done' })
    await expectShippedOnce(order, message, before)
  })
})
