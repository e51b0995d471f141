import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signBridgeCall } from '#adapters/shop/ecshop/signature.ts'
import {
  BRIDGE_MAX_BODY_BYTES,
  BridgeProblemSchema,
  type OrderCancel,
  type OrderNote,
  type Shipment,
  type StockItem,
  type StockWrite,
  type TicketReply,
} from '#contracts/bridge.ts'
import type { Kind } from '#contracts/scalars.ts'
import type { OrderSnapshot, WebhookEvent } from '#contracts/webhook.ts'
import type { Clock } from '#ports/runtime.ts'
import type { PageQuery, ShopAnswer, ShopGateway } from '#ports/shop-gateway.ts'

export interface WorldOptions {
  /** When the shop reduces its stock. */
  readonly stockMode: 'placement' | 'shipment'
}

export interface PlacedLine {
  readonly rec_id: string
  readonly sku: string
  readonly quantity: number
}

export interface PlacedOrder {
  readonly order_id: string
  readonly order_sn: string
  readonly add_time: number
  /** In the order asked for. */
  readonly lines: readonly [PlacedLine, ...PlacedLine[]]
}

/**
 * A shop with its bridge served over HTTP, and hands to act in it as its customers and administrators do. Ids and raw times
 * are those of the shop's rows. Everything invented.
 */
export interface ShopWorld {
  /** Epoch of the installation. */
  readonly epoch: string
  /** Where its endpoints are, ending in `v1/`, and the `brsec_…` secret: for calls that no gateway makes. */
  readonly bridge: { readonly url: string; readonly secret: string }
  /** False: deletions are found by comparison, so that nobody knows the status an order was deleted with. Default true. */
  readonly seesDeletions?: boolean
  /** A new gateway for it, with a clock of the caller's (default: the real one). */
  gateway(clock?: Clock): ShopGateway

  readonly skus: {
    /** Code of a goods without SKU rows. */
    readonly plain: string
    /** Codes of two SKUs of one goods. */
    readonly variants: readonly [string, string]
    /** A code that two goods bear. */
    readonly ambiguous: string
  }
  /** Sets the number of a SKU as an administrator does, with the total of its goods. */
  setStock(sku: string, quantity: number): Promise<void>
  stock(sku: string): Promise<number>
  /** The number that listings show for the goods of a SKU: for a goods with SKU rows the sum of them. */
  goodsStock(sku: string): Promise<number>

  /** A whole checkout, with a member where one is named, else by a guest; unpaid, not confirmed, paid online (not COD). */
  placeOrder(order: {
    readonly lines: readonly { readonly sku: string; readonly quantity: number }[]
    readonly user_id?: string
  }): Promise<PlacedOrder>
  /** Paid in full at the gateway, which confirms it. */
  pay(order: PlacedOrder): Promise<void>
  /** One piece more of its first line. */
  edit(order: PlacedOrder): Promise<void>
  /** Cancelled in the admin. */
  cancel(order: PlacedOrder): Promise<void>
  /** Its row, its lines, its notes. Asked only for orders that were cancelled. */
  deleteOrder(order: PlacedOrder): Promise<void>
  /** Returned in the admin; asked only for orders of which something was shipped. */
  makeReturn(
    order: PlacedOrder,
    /** Where the money goes that was paid for it; default: the administrator records none. */
    refund?: 'balance' | 'withdrawal',
  ): Promise<{ readonly back_id: string; readonly return_time: number }>
  /** An administrator gives some of what was paid back to the member’s balance; the order stays. @param amount "12.30" */
  refundPart(order: PlacedOrder, amount: string): Promise<void>
  /** The order’s log as its administrators see it, oldest first. */
  orderLog(
    order: PlacedOrder,
  ): Promise<readonly { readonly id: string; readonly by: string; readonly text: string }[]>

  addCustomer(): Promise<{ readonly user_id: string; readonly reg_time: number }>
  /** Changes the telephone number of a member. */
  editCustomer(userId: string): Promise<void>
  deleteCustomer(userId: string): Promise<void>

  /** A customer's message, about an order where one is named. */
  leaveMessage(message: {
    readonly title: string
    readonly text: string
    readonly order?: PlacedOrder
  }): Promise<{ readonly msg_id: string; readonly msg_time: number }>
  /** An administrator’s answer, below what is there already. */
  answerByHand(msgId: string, text: string): Promise<void>
  deleteMessage(msgId: string): Promise<void>

  /** Waits until everything done so far can be seen in the changes feed. */
  captured(): Promise<void>
  close(): Promise<void>
}

const PATIENCE_MS = 20_000
const soon = () => Date.now() + PATIENCE_MS
const SETUP_MS = 120_000

function valueOf<Value>(answer: ShopAnswer<Value>): Value {
  if (answer.is === 'failed') throw new Error(`${answer.failure.class} ${answer.failure.code}`)
  return answer.value
}

function failureOf(answer: ShopAnswer<unknown>) {
  if (answer.is === 'ok') throw new Error('it succeeded')
  return answer.failure
}

function snapshotOf<Type extends WebhookEvent['type']>(event: WebhookEvent, type: Type) {
  if (event.type !== type) throw new Error(`it is ${event.type}`)
  return event as Extract<WebhookEvent, { type: Type }>
}

const idOf = (event: WebhookEvent): string => {
  const told: unknown = 'snapshot' in event ? event.snapshot : event.tombstone
  return String(Reflect.get(Object(told), ID_FIELDS[kindOf(event)]))
}
const ID_FIELDS: Readonly<Record<Kind, string>> = {
  order: 'order_id',
  customer: 'user_id',
  return: 'back_id',
  ticket: 'msg_id',
}
const kindOf = (event: WebhookEvent): Kind =>
  event.type.startsWith('order')
    ? 'order'
    : event.type.startsWith('customer')
      ? 'customer'
      : event.type.startsWith('return')
        ? 'return'
        : 'ticket'

const cents = (wire: string) => Math.round(Number(wire) * 100)

/** `total_fee` of ECShop, from the columns of the snapshot. */
const totalOf = (order: OrderSnapshot) =>
  cents(order.goods_amount) -
  cents(order.discount) +
  [order.tax, order.shipping_fee, order.insure_fee, order.pay_fee, order.pack_fee, order.card_fee]
    .map(cents)
    .reduce((sum, fee) => sum + fee, 0)

const before = (id: string) => String(BigInt(id) - 1n)
const unique = <Item>(items: readonly Item[]) => new Set(items).size === items.length
const rising = (numbers: readonly number[]) =>
  numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? number))

/**
 * What every shop's gateway does, on a shop that acts behind it. `makeWorld` gives a shop with some goods and no other
 * customers; the tests share one per stock mode, so nothing here relies on an empty shop.
 */
export function shopGatewayConformance(
  name: string,
  makeWorld: (options: WorldOptions) => Promise<ShopWorld>,
): void {
  describe(`the shop gateway for ${name}`, () => {
    let world: ShopWorld
    let shop: ShopGateway

    const inWorld = (options: WorldOptions) => {
      beforeAll(async () => {
        world = await makeWorld(options)
        shop = world.gateway()
      }, SETUP_MS)
      afterAll(() => world.close(), SETUP_MS)
    }

    const thing = async (kind: Kind, id: string, stamp?: number) =>
      valueOf(await shop.thing(kind, stamp === undefined ? { id } : { id, stamp }, soon()))
    const orderNow = async ({ order_id, add_time }: PlacedOrder) =>
      snapshotOf(await thing('order', order_id, add_time), 'order.snapshot').snapshot
    const place = (...lines: { sku: string; quantity: number }[]) => world.placeOrder({ lines })
    const oneOf = (sku: string) => place({ sku, quantity: 1 })

    /** Every page of the feed since the cursor. */
    const feedSince = async (cursor: number, limit = 1000) => {
      const changes = []
      for (let after = cursor; ; ) {
        const page = valueOf(await shop.changes({ after, limit }, soon()))
        expect(page.epoch).toBe(world.epoch)
        expect(page.changes.length).toBeLessThanOrEqual(limit)
        changes.push(...page.changes)
        if (!page.more) return { changes, next: page.next, seq: page.seq }
        expect(page.next).toBeGreaterThan(after)
        after = page.next
      }
    }
    const cursorNow = async () => {
      await world.captured()
      return (await feedSince(0)).next
    }

    describe('reading', () => {
      inWorld({ stockMode: 'shipment' })

      it('tells the state of the shop', async () => {
        const health = valueOf(await shop.health(soon()))
        expect(health).toMatchObject({ epoch: world.epoch, stock_mode: 'shipment' })
        expect(Math.abs(Date.parse(health.clock.now) - Date.now())).toBeLessThan(60_000)
      })

      it('reads an order as it was placed, under its own identity', async () => {
        const { plain, variants } = world.skus
        const placed = await place({ sku: plain, quantity: 2 }, { sku: variants[0], quantity: 1 })
        const order = await orderNow(placed)
        expect(order).toMatchObject({
          order_id: placed.order_id,
          order_sn: placed.order_sn,
          add_time: placed.add_time,
          order_status: 0,
          pay_status: 0,
          user_id: '0',
          deliveries: [],
        })
        const told = order.lines.map(({ rec_id, goods_sn, product_sn, goods_number }) => ({
          rec_id,
          sku: product_sn || goods_sn,
          quantity: goods_number,
        }))
        expect(told).toEqual(placed.lines)
        expect(cents(order.order_amount)).toBe(totalOf(order))
        expect(order.payments).toMatchObject([{ is_paid: 0 }])
      })

      it('draws a higher version at every read, in the epoch of the installation', async () => {
        const { order_id } = await oneOf(world.skus.plain)
        const first = await thing('order', order_id)
        const second = await thing('order', order_id)
        expect(first.version.epoch).toBe(world.epoch)
        expect(second.version.epoch).toBe(world.epoch)
        expect(second.version.seq).toBeGreaterThan(first.version.seq)
        const { version: _first, ...content } = first
        const { version: _second, ...same } = second
        expect(same).toEqual(content)
        expect(valueOf(await shop.health(soon())).seq).toBeGreaterThanOrEqual(second.version.seq)
      })

      it('shows a payment and an edit, each with another hash', async () => {
        const order = await oneOf(world.skus.plain)
        const asPlaced = await thing('order', order.order_id)
        await world.edit(order)
        const edited = await thing('order', order.order_id)
        expect(snapshotOf(edited, 'order.snapshot').snapshot.lines[0]?.goods_number).toBe(2)
        await world.pay(order)
        const paid = await thing('order', order.order_id)
        expect(snapshotOf(paid, 'order.snapshot').snapshot).toMatchObject({
          order_status: 1,
          pay_status: 2,
          order_amount: '0.00',
          payments: [{ is_paid: 1 }],
        })
        expect(unique([asPlaced.hash, edited.hash, paid.hash])).toBe(true)
      })

      it('reads a customer, without anything that lets one in', async () => {
        const { user_id, reg_time } = await world.addCustomer()
        const event = snapshotOf(await thing('customer', user_id, reg_time), 'customer.snapshot')
        expect(event.snapshot).toMatchObject({ user_id, reg_time })
        expect(
          Object.keys(event.snapshot).filter((column) => /pass|salt|answer|question/.test(column)),
        ).toEqual([])
        await world.editCustomer(user_id)
        expect((await thing('customer', user_id)).hash).not.toBe(event.hash)
      })

      it('reads an order of a member under the member’s id', async () => {
        const { user_id } = await world.addCustomer()
        const placed = await world.placeOrder({ user_id, lines: [{ sku: world.skus.plain, quantity: 1 }] })
        expect(await orderNow(placed)).toMatchObject({ user_id })
      })

      it('reads a message about an order', async () => {
        const order = await oneOf(world.skus.plain)
        const { msg_id, msg_time } = await world.leaveMessage({ title: '样例标题', text: '何时发货?', order })
        expect(snapshotOf(await thing('ticket', msg_id, msg_time), 'ticket.snapshot').snapshot).toMatchObject(
          {
            msg_id,
            msg_time,
            msg_title: '样例标题',
            msg_content: '何时发货?',
            order_id: order.order_id,
            order_sn: order.order_sn,
            order_add_time: order.add_time,
            replies: [],
          },
        )
      })

      it('reads a return of what was shipped', async () => {
        const order = await oneOf(world.skus.plain)
        await world.setStock(world.skus.plain, 100)
        await world.pay(order)
        valueOf(await shop.recordShipment(shipmentOf(order, 'returned-1'), soon()))
        const { back_id, return_time } = await world.makeReturn(order)
        const { snapshot } = snapshotOf(await thing('return', back_id, return_time), 'return.snapshot')
        expect(snapshot).toMatchObject({
          back_id,
          return_time,
          order_id: order.order_id,
          order_sn: order.order_sn,
          order_add_time: order.add_time,
          lines: [{ send_number: 1, goods_sn: world.skus.plain, order_rec_ids: [order.lines[0].rec_id] }],
        })
        expect((await orderNow(order)).order_status).toBe(4)
      })

      it.each<Kind>(['order', 'customer', 'return', 'ticket'])('refuses a %s it never knew', async (kind) => {
        const unknown = await shop.thing(kind, { id: '4000000000' }, soon())
        expect(failureOf(unknown)).toMatchObject({ class: 'Refused', code: 'not-found' })
      })

      it('refuses another identity under a number that is taken', async () => {
        const { order_id, add_time } = await oneOf(world.skus.plain)
        const other = await shop.thing('order', { id: order_id, stamp: add_time - 86_400 }, soon())
        expect(failureOf(other)).toMatchObject({ class: 'Refused', code: 'not-found' })
      })
    })

    describe('deletions', () => {
      inWorld({ stockMode: 'shipment' })

      it('leave a tombstone of an order, newer than anything read of it', async () => {
        const order = await place(
          { sku: world.skus.plain, quantity: 1 },
          { sku: world.skus.variants[1], quantity: 2 },
        )
        await world.cancel(order)
        await world.captured()
        const last = await thing('order', order.order_id)
        await world.deleteOrder(order)
        await world.captured()
        const event = snapshotOf(await thing('order', order.order_id, order.add_time), 'order.deleted')
        expect(event.tombstone).toMatchObject({
          order_id: order.order_id,
          order_sn: order.order_sn,
          add_time: order.add_time,
          order_status: world.seesDeletions === false ? null : 2,
        })
        expect([...event.tombstone.rec_ids].sort()).toEqual(order.lines.map(({ rec_id }) => rec_id).sort())
        expect(event.version.seq).toBeGreaterThan(last.version.seq)
        expect(event.version.epoch).toBe(world.epoch)
      })

      it('leave a tombstone of a customer and of a message', async () => {
        const { user_id, reg_time } = await world.addCustomer()
        const { msg_id, msg_time } = await world.leaveMessage({ title: '样例', text: '样例' })
        await world.captured()
        await world.deleteCustomer(user_id)
        await world.deleteMessage(msg_id)
        await world.captured()
        expect(await thing('customer', user_id, reg_time)).toMatchObject({
          type: 'customer.deleted',
          tombstone: { user_id, reg_time },
        })
        expect(await thing('ticket', msg_id, msg_time)).toMatchObject({
          type: 'ticket.deleted',
          tombstone: { msg_id, msg_time },
        })
      })

      it('stand in the changes feed under the identity that is gone', async () => {
        const order = await oneOf(world.skus.plain)
        await world.cancel(order)
        const cursor = await cursorNow()
        await world.deleteOrder(order)
        await world.captured()
        const { changes } = await feedSince(cursor)
        expect(changes.filter(({ id, deleted }) => id === order.order_id && deleted)).toMatchObject([
          { kind: 'order', stamp: order.add_time },
        ])
      })
    })

    describe('the changes feed', () => {
      inWorld({ stockMode: 'shipment' })

      it.each([1000, 2])('tells of every change once, by %i', async (limit) => {
        const cursor = await cursorNow()
        const orders = [
          await oneOf(world.skus.plain),
          await oneOf(world.skus.plain),
          await oneOf(world.skus.plain),
        ]
        const { user_id } = await world.addCustomer()
        const { msg_id } = await world.leaveMessage({ title: '样例', text: '样例' })
        for (const order of orders) await world.pay(order)
        await world.captured()

        const { changes, seq, next } = await feedSince(cursor, limit)
        const told = changes.map(({ kind, id, deleted }) => `${kind} ${id} ${deleted}`)
        expect(told.sort()).toEqual(
          [
            ...orders.map(({ order_id }) => `order ${order_id} false`),
            `customer ${user_id} false`,
            `ticket ${msg_id} false`,
          ].sort(),
        )
        expect(rising(changes.map((change) => change.seq))).toBe(true)
        expect(changes.at(-1)?.seq).toBe(next)
        expect(seq).toBeGreaterThanOrEqual(next)
      })

      it('has nothing more after its end, until something changes', async () => {
        const order = await oneOf(world.skus.plain)
        const cursor = await cursorNow()
        expect(await feedSince(cursor)).toMatchObject({ changes: [], next: cursor })
        await world.edit(order)
        await world.captured()
        const { changes } = await feedSince(cursor)
        expect(changes).toMatchObject([{ kind: 'order', id: order.order_id, deleted: false, stamp: 0 }])
      })

      it('never tells a seq that a later read of the thing does not exceed', async () => {
        const order = await oneOf(world.skus.plain)
        await world.captured()
        const { changes } = await feedSince(0)
        const told = changes.find(({ kind, id }) => kind === 'order' && id === order.order_id)
        expect((await thing('order', order.order_id)).version.seq).toBeGreaterThan(told?.seq ?? Infinity)
      })

      it.each([0, 1001])('refuses pages of %i', async (limit) => {
        expect(failureOf(await shop.changes({ after: 0, limit }, soon()))).toMatchObject({
          class: 'Refused',
          code: 'invalid-field',
          field: 'limit',
        })
      })
    })

    describe('exports', () => {
      inWorld({ stockMode: 'shipment' })

      const pages = async (kind: Kind, page: PageQuery) => {
        const events: WebhookEvent[] = []
        for (let after = page.after; ; ) {
          const answer = valueOf(await shop.exportPage(kind, { ...page, after }, soon()))
          expect(answer.epoch).toBe(world.epoch)
          events.push(...answer.events)
          if (answer.next === null) return events
          expect(BigInt(answer.next)).toBeGreaterThan(BigInt(after))
          after = answer.next
        }
      }
      const digests = async (kind: Kind, page: PageQuery) => {
        const found = []
        for (let after = page.after; ; ) {
          const answer = valueOf(await shop.digestPage(kind, { ...page, after }, soon()))
          found.push(...answer.digests)
          if (answer.next === null) return found
          after = answer.next
        }
      }

      it('page through every order once, each under a version of its own', async () => {
        const first = await oneOf(world.skus.plain)
        const others = [
          await oneOf(world.skus.plain),
          await oneOf(world.skus.variants[0]),
          await oneOf(world.skus.plain),
          await oneOf(world.skus.plain),
        ]
        const after = before(first.order_id)
        const events = await pages('order', { after, limit: 2 })
        expect(events.map(idOf)).toEqual([first, ...others].map(({ order_id }) => order_id))
        expect(unique(events.map(({ version }) => version.seq))).toBe(true)
        expect(new Set(events.map(({ version }) => version.epoch))).toEqual(new Set([world.epoch]))
      })

      it('give the same hash and total as digest, and one that is that of a single read', async () => {
        const order = await oneOf(world.skus.variants[0])
        const page = { after: before(order.order_id), limit: 100 }
        const [digest] = await digests('order', page)
        const [event] = await pages('order', page)
        const { snapshot, hash, hashVersion } = snapshotOf(
          await thing('order', order.order_id),
          'order.snapshot',
        )
        expect(event).toMatchObject({ hash, hashVersion, snapshot })
        expect(digest).toMatchObject({ id: order.order_id, stamp: order.add_time, hash, hashVersion })
        expect(cents(digest?.total ?? '0')).toBe(totalOf(snapshot))
        expect(Date.parse(digest?.at ?? '')).toBe(Date.parse(snapshot.added_at))
      })

      it('leave out what is older than asked for', async () => {
        const order = await oneOf(world.skus.plain)
        const page = { after: before(order.order_id), limit: 100 }
        expect(await pages('order', { ...page, since: order.add_time })).toHaveLength(1)
        expect(await pages('order', { ...page, since: order.add_time + 1 })).toEqual([])
      })

      it('have customers, messages and returns as well', async () => {
        const { user_id, reg_time } = await world.addCustomer()
        const { msg_id, msg_time } = await world.leaveMessage({ title: '样例', text: '样例' })
        const order = await oneOf(world.skus.plain)
        await world.setStock(world.skus.plain, 100)
        await world.pay(order)
        valueOf(await shop.recordShipment(shipmentOf(order, 'returned-2'), soon()))
        const { back_id, return_time } = await world.makeReturn(order)
        const things: [Kind, string, number][] = [
          ['customer', user_id, reg_time],
          ['ticket', msg_id, msg_time],
          ['return', back_id, return_time],
        ]
        for (const [kind, id, stamp] of things) {
          const page = { after: before(id), limit: 1 }
          expect((await pages(kind, page)).map(idOf)).toEqual([id])
          expect(await digests(kind, page)).toMatchObject([{ id, stamp, total: null }])
        }
      })

      it('do not count the replies to a message as messages', async () => {
        const { msg_id, msg_time } = await world.leaveMessage({ title: '样例', text: '样例' })
        valueOf(await shop.replyToTicket(replyTo({ msg_id, msg_time }, 'exported-1'), soon()))
        expect((await pages('ticket', { after: before(msg_id), limit: 100 })).map(idOf)).toEqual([msg_id])
      })

      it('refuse pages beyond their limit', async () => {
        expect(failureOf(await shop.exportPage('order', { after: '0', limit: 101 }, soon()))).toMatchObject({
          class: 'Refused',
          code: 'invalid-field',
          field: 'limit',
        })
      })
    })

    describe.each(['placement', 'shipment'] as const)('stock, reduced at %s', (stockMode) => {
      inWorld({ stockMode })

      // Every write of the suite is of a later instant than the one before it.
      let instant = Date.now() - 3_600_000
      const later = () => new Date((instant += 1000)).toISOString()
      const read = async (...skus: [string, ...string[]]) => valueOf(await shop.readStock({ skus }, soon()))
      const itemOf = async (sku: string): Promise<StockItem> => {
        const [item] = (await read(sku)).items
        if (!item) throw new Error('the SKU is not known')
        return item
      }
      const write = async (items: StockWrite['items'], as_of = later()) =>
        valueOf(await shop.writeStock({ as_of, origin: 'conformance', items }, soon())).results
      /** The write a run would make that has just read this. */
      const change = ({ sku, quantity, digest }: StockItem, wanted: number): StockWrite['items'][number] => ({
        sku,
        quantity: wanted,
        expect: quantity,
        digest,
      })

      it('is the stock mode that health tells', async () => {
        expect(valueOf(await shop.health(soon())).stock_mode).toBe(stockMode)
      })

      it('is read with the lines that still wait for it', async () => {
        const { plain, variants } = world.skus
        await world.setStock(plain, 40)
        await world.setStock(variants[0], 30)
        const order = await place({ sku: plain, quantity: 2 }, { sku: variants[0], quantity: 1 })
        const { items, problems, next } = await read(plain, variants[0])
        expect({ problems, next }).toEqual({ problems: [], next: null })
        expect(items.map(({ sku }) => sku).sort()).toEqual([plain, variants[0]].sort())
        for (const item of items) {
          expect(item.quantity).toBe(await world.stock(item.sku))
          const line = order.lines.find(({ sku }) => sku === item.sku)
          expect(item.lines).toContainEqual(
            expect.objectContaining({
              order_id: order.order_id,
              order_sn: order.order_sn,
              add_time: order.add_time,
              rec_id: line?.rec_id,
              quantity: line?.quantity,
              shipped: 0,
              open: true,
            }),
          )
        }
      })

      it('shows a cancelled order’s lines as open no more, for a day', async () => {
        const order = await oneOf(world.skus.variants[1])
        await world.cancel(order)
        await world.captured()
        const { lines } = await itemOf(world.skus.variants[1])
        expect(lines.filter(({ order_id }) => order_id === order.order_id)).toMatchObject([{ open: false }])
      })

      it('tells of SKUs that are not known or not clear, beside those that are', async () => {
        const { plain, ambiguous } = world.skus
        const { items, problems } = await read(plain, 'NO-SUCH-SKU', ambiguous)
        expect(items.map(({ sku }) => sku)).toEqual([plain])
        expect(problems.map(({ sku, code }) => `${sku} ${code}`).sort()).toEqual(
          ['NO-SUCH-SKU unknown-sku', `${ambiguous} ambiguous-sku`].sort(),
        )
      })

      it('is paged through without a gap and without a double', async () => {
        const seen: string[] = []
        const wanted = [world.skus.plain, ...world.skus.variants]
        for (let after: string | null = ''; after !== null; ) {
          const page: { items: StockItem[]; next: string | null } = valueOf(
            await shop.readStock({ after, limit: 2 }, soon()),
          )
          seen.push(...page.items.map(({ goods_id, product_id }) => `${goods_id}/${product_id}`))
          after = page.next
        }
        expect(unique(seen)).toBe(true)
        for (const sku of wanted) {
          const { goods_id, product_id } = await itemOf(sku)
          expect(seen).toContain(`${goods_id}/${product_id}`)
        }
      })

      it('has another digest once another order waits for it', async () => {
        const { sku, digest } = await itemOf(world.skus.variants[0])
        await oneOf(sku)
        expect((await itemOf(sku)).digest).not.toBe(digest)
      })

      it('is written where it is still as it was read, with the total of its goods', async () => {
        const { plain, variants } = world.skus
        await world.setStock(plain, 12)
        await world.setStock(variants[0], 5)
        await world.setStock(variants[1], 6)
        const { items } = await read(plain, variants[0])
        const as_of = later()
        const results = await write(
          items.map((item) => change(item, item.quantity + 7)),
          as_of,
        )
        expect(results.map(({ sku, result, quantity }) => ({ sku, result, quantity }))).toEqual(
          items.map(({ sku, quantity }) => ({ sku, result: 'applied', quantity: quantity + 7 })),
        )
        expect(await world.stock(plain)).toBe(19)
        expect(await world.stock(variants[0])).toBe(12)
        expect(await world.stock(variants[1])).toBe(6)
        expect(await world.goodsStock(variants[0])).toBe(18)
        expect(Date.parse((await itemOf(plain)).as_of ?? '')).toBe(Date.parse(as_of))
      })

      it('is left alone where it is no longer as it was read', async () => {
        const { plain } = world.skus
        await world.setStock(plain, 21)
        const item = await itemOf(plain)
        await world.setStock(plain, 20)
        expect(await write([change(item, 50)])).toMatchObject([
          { sku: plain, result: 'conflict', quantity: 20 },
        ])
        expect(await world.stock(plain)).toBe(20)
      })

      it('is unchanged where it is so already', async () => {
        const { plain } = world.skus
        await world.setStock(plain, 33)
        expect(await write([change(await itemOf(plain), 33)])).toMatchObject([
          { result: 'unchanged', quantity: 33 },
        ])
      })

      it('refuses a figure older than the one it has', async () => {
        const { plain } = world.skus
        await world.setStock(plain, 9)
        const [older, newer] = [later(), later()]
        expect(await write([change(await itemOf(plain), 8)], newer)).toMatchObject([{ result: 'applied' }])
        expect(await write([change(await itemOf(plain), 70)], older)).toMatchObject([
          { result: 'stale', quantity: 8 },
        ])
        expect(await world.stock(plain)).toBe(8)
      })

      it('answers for each SKU alone', async () => {
        const { plain, ambiguous } = world.skus
        await world.setStock(plain, 3)
        const results = await write([
          { sku: 'NO-SUCH-SKU', quantity: 1, expect: 0 },
          change(await itemOf(plain), 4),
          { sku: ambiguous, quantity: 1, expect: 0 },
        ])
        expect(results).toMatchObject([
          { sku: 'NO-SUCH-SKU', result: 'unknown-sku', quantity: null },
          { sku: plain, result: 'applied', quantity: 4 },
          { sku: ambiguous, result: 'ambiguous-sku', quantity: null },
        ])
      })

      it('lets one of two writers win', async () => {
        const { plain } = world.skus
        await world.setStock(plain, 60)
        const item = await itemOf(plain)
        const as_of = later()
        const results = (
          await Promise.all([write([change(item, 61)], as_of), write([change(item, 62)], as_of)])
        ).flat()
        const [winner, ...rest] = results.filter(({ result }) => result === 'applied')
        expect(rest).toEqual([])
        expect(await world.stock(plain)).toBe(winner?.quantity)
      })

      it('is left alone when an order came in between, whether or not its number moved', async () => {
        const [sku] = world.skus.variants
        await world.setStock(sku, 25)
        const item = await itemOf(sku)
        await oneOf(sku)
        const left = stockMode === 'shipment' ? 25 : 24
        expect(await world.stock(sku)).toBe(left)
        const [result] = await write([change(item, 30)])
        expect(['conflict', 'busy']).toContain(result?.result)
        expect(await world.stock(sku)).toBe(left)
      })

      it('is not written where the quantity is the same again, and owed to others', async () => {
        const [, sku] = world.skus.variants
        await world.setStock(sku, 20)
        const leaving = await oneOf(sku)
        const item = await itemOf(sku)
        await world.cancel(leaving)
        await oneOf(sku)
        expect(await world.stock(sku)).toBe(item.quantity)
        const [result] = await write([change(item, 30)])
        expect(['conflict', 'busy']).toContain(result?.result)
        expect(await world.stock(sku)).toBe(item.quantity)
      })

      it('is unchanged by a write that comes a second time, and stale once something was sold', async () => {
        const { plain } = world.skus
        await world.setStock(plain, 14)
        const [item, as_of] = [await itemOf(plain), later()]
        expect(await write([change(item, 15)], as_of)).toMatchObject([{ result: 'applied' }])
        const { digest: _digest, ...again } = change(item, 15)
        expect(await write([again], as_of)).toMatchObject([{ result: 'unchanged', quantity: 15 }])
        await world.setStock(plain, 14)
        expect(await write([again], as_of)).toMatchObject([{ result: 'stale', quantity: 14 }])
        expect(await world.stock(plain)).toBe(14)
      })

      it('refuses a SKU that a write names twice', async () => {
        const { plain } = world.skus
        await world.setStock(plain, 14)
        const item = change(await itemOf(plain), 15)
        const refused = await shop.writeStock(
          { as_of: later(), origin: 'conformance', items: [item, item] },
          soon(),
        )
        expect(failureOf(refused)).toMatchObject({ code: 'invalid-field', field: 'items.1.sku' })
        expect(await world.stock(plain)).toBe(14)
      })

      it('refuses more than 200 SKUs at once', async () => {
        const skus = Array.from({ length: 201 }, (_, index) => `SKU-${index}`)
        expect(failureOf(await shop.readStock({ skus }, soon()))).toMatchObject({
          class: 'Refused',
          code: 'invalid-field',
        })
        const items = skus.map((sku) => ({ sku, quantity: 1, expect: 0 }))
        expect(
          failureOf(await shop.writeStock({ as_of: later(), origin: 'conformance', items }, soon())),
        ).toMatchObject({ class: 'Refused', code: 'invalid-field' })
      })

      it(`${stockMode === 'shipment' ? 'goes down' : 'stays'} when goods leave`, async () => {
        const { plain, variants } = world.skus
        await world.setStock(plain, 80)
        await world.setStock(variants[0], 80)
        const order = await place({ sku: plain, quantity: 3 }, { sku: variants[0], quantity: 2 })
        await world.pay(order)
        const [atFirst, goodsAtFirst] = [await world.stock(plain), await world.goodsStock(variants[0])]
        valueOf(await shop.recordShipment(shipmentOf(order, `stock-${stockMode}`), soon()))
        const shipped = stockMode === 'shipment' ? 1 : 0
        expect(await world.stock(plain)).toBe(atFirst - 3 * shipped)
        expect(await world.goodsStock(variants[0])).toBe(goodsAtFirst - 2 * shipped)
        await world.captured()
        const line = (await itemOf(plain)).lines.find(({ order_id }) => order_id === order.order_id)
        expect(line).toMatchObject({ quantity: 3, shipped: 3, open: false })
      })

      it('is as before once an order was cancelled from here', async () => {
        const { plain } = world.skus
        await world.setStock(plain, 44)
        const order = await place({ sku: plain, quantity: 4 })
        expect(await world.stock(plain)).toBe(stockMode === 'placement' ? 40 : 44)
        valueOf(await shop.cancelOrder(cancelOf(order, `stock-${stockMode}`), soon()))
        expect(await world.stock(plain)).toBe(44)
      })
    })

    describe('shipments', () => {
      inWorld({ stockMode: 'shipment' })

      const paidOrder = async () => {
        await world.setStock(world.skus.plain, 1000)
        await world.setStock(world.skus.variants[0], 1000)
        const order = await place(
          { sku: world.skus.plain, quantity: 3 },
          { sku: world.skus.variants[0], quantity: 1 },
        )
        await world.pay(order)
        return order
      }
      const record = (shipment: Shipment) => shop.recordShipment(shipment, soon())

      it('are recorded parcel by parcel, until all has left', async () => {
        const order = await paidOrder()
        const [plain, variant] = order.lines
        if (!variant) throw new Error('the order has one line')
        const first = valueOf(
          await record({
            ...shipmentOf(order, 'parcel-1'),
            tracking: ['SF100000000001'],
            lines: [{ rec_id: plain.rec_id, quantity: 2 }],
          }),
        )
        expect(first).toMatchObject({ result: 'recorded', shipment_id: 'parcel-1', shipping_status: 4 })
        const second = valueOf(
          await record({
            ...shipmentOf(order, 'parcel-2'),
            tracking: ['SF100000000002', 'SF100000000003'],
            lines: [
              { rec_id: plain.rec_id, quantity: 1 },
              { rec_id: variant.rec_id, quantity: 1 },
            ],
          }),
        )
        expect(second).toMatchObject({ result: 'recorded', order_status: 5, shipping_status: 1 })
        expect(second.delivery_id).not.toBe(first.delivery_id)

        const now = await orderNow(order)
        expect(now).toMatchObject({ order_status: 5, shipping_status: 1 })
        expect(now.lines.map(({ send_number }) => send_number)).toEqual([3, 1])
        expect(now.deliveries.map(({ delivery_id }) => delivery_id).sort()).toEqual(
          [first.delivery_id, second.delivery_id].sort(),
        )
        expect(now.deliveries.map(({ status }) => status)).toEqual([0, 0])
        for (const number of ['SF100000000001', 'SF100000000002', 'SF100000000003']) {
          expect(now.invoice_no).toContain(number)
        }
      })

      it('are a change of the order', async () => {
        const order = await paidOrder()
        const cursor = await cursorNow()
        valueOf(await record(shipmentOf(order, 'changes-1')))
        await world.captured()
        const { changes } = await feedSince(cursor)
        expect(changes).toMatchObject([{ kind: 'order', id: order.order_id }])
      })

      it('are recorded once, however often they are sent', async () => {
        const order = await paidOrder()
        const shipment = shipmentOf(order, 'twice-1')
        const first = valueOf(await record(shipment))
        const stock = await world.stock(world.skus.plain)
        expect(valueOf(await record(shipment))).toMatchObject({
          result: 'duplicate',
          delivery_id: first.delivery_id,
          delivery_sn: first.delivery_sn,
        })
        expect(await world.stock(world.skus.plain)).toBe(stock)
        expect((await orderNow(order)).deliveries).toHaveLength(1)
      })

      it('are recorded once when they are sent at the same time', async () => {
        const order = await paidOrder()
        const shipment = shipmentOf(order, 'at-once-1')
        await Promise.all([record(shipment), record(shipment), record(shipment)])
        valueOf(await record(shipment))
        const now = await orderNow(order)
        expect(now.deliveries).toHaveLength(1)
        expect(now.lines.map(({ send_number }) => send_number)).toEqual([3, 1])
        expect(await world.stock(world.skus.plain)).toBe(997)
      })

      it('are refused under an id that had another content', async () => {
        const order = await paidOrder()
        const shipment = shipmentOf(order, 'differs-1')
        valueOf(await record(shipment))
        expect(failureOf(await record({ ...shipment, tracking: ['SF9'] }))).toMatchObject({
          class: 'Refused',
          code: 'command-differs',
        })
      })

      const refusals: [string, (order: PlacedOrder) => Partial<Shipment>][] = [
        ['quantity-exceeds', (order) => ({ lines: [{ rec_id: order.lines[0].rec_id, quantity: 4 }] })],
        ['unknown-line', () => ({ lines: [{ rec_id: '4000000000', quantity: 1 }] })],
        ['identity-mismatch', (order) => ({ order: { ...identityOf(order), add_time: order.add_time - 1 } })],
        ['identity-mismatch', (order) => ({ order: { ...identityOf(order), order_sn: '2020010100001' } })],
        ['not-found', (order) => ({ order: { ...identityOf(order), order_id: '4000000000' } })],
        ['invalid-field', () => ({ lines: [] })],
      ]
      it.each(refusals)('are refused with %s, and nothing is recorded', async (code, change) => {
        const order = await paidOrder()
        const shipment = { ...shipmentOf(order, `refused-${order.order_id}`), ...change(order) }
        expect(failureOf(await record(shipment))).toMatchObject({ class: 'Refused', code })
        const now = await orderNow(order)
        expect(now.deliveries).toEqual([])
        expect(now.lines.map(({ send_number }) => send_number)).toEqual([0, 0])
        expect(await world.stock(world.skus.plain)).toBe(1000)
      })

      it('are refused for an order that was cancelled', async () => {
        const order = await paidOrder()
        await world.cancel(order)
        expect(failureOf(await record(shipmentOf(order, 'closed-1')))).toMatchObject({
          class: 'Refused',
          code: 'order-closed',
        })
      })
    })

    describe('replies to messages', () => {
      inWorld({ stockMode: 'shipment' })

      const message = () => world.leaveMessage({ title: '样例标题', text: '样例问题' })

      it('appear under the message, and are a change of it', async () => {
        const asked = await message()
        const cursor = await cursorNow()
        const answer = valueOf(await shop.replyToTicket(replyTo(asked, 'reply-1'), soon()))
        expect(answer).toMatchObject({ result: 'recorded', reply_id: 'reply-1' })
        const { snapshot } = snapshotOf(await thing('ticket', asked.msg_id), 'ticket.snapshot')
        expect(snapshot.replies).toMatchObject([
          { msg_id: answer.msg_id, msg_content: '已安排发货 & 明天到 <3', user_name: '样例客服' },
        ])
        await world.captured()
        const { changes } = await feedSince(cursor)
        expect(changes).toMatchObject([{ kind: 'ticket', id: asked.msg_id, deleted: false }])
      })

      it('are written once, however often they are sent', async () => {
        const asked = await message()
        const reply = replyTo(asked, 'reply-twice')
        const first = valueOf(await shop.replyToTicket(reply, soon()))
        const second = valueOf(await shop.replyToTicket(reply, soon()))
        expect(second).toMatchObject({ result: 'duplicate', msg_id: first.msg_id })
        const { snapshot } = snapshotOf(await thing('ticket', asked.msg_id), 'ticket.snapshot')
        expect(snapshot.replies).toHaveLength(1)
      })

      it('are refused for another content, another message or none', async () => {
        const asked = await message()
        const reply = replyTo(asked, 'reply-refused')
        valueOf(await shop.replyToTicket(reply, soon()))
        const send = async (change: Partial<TicketReply>) =>
          failureOf(await shop.replyToTicket({ ...reply, ...change }, soon())).code
        expect(await send({ text: '另一句' })).toBe('command-differs')
        const ticket = { msg_id: asked.msg_id, msg_time: asked.msg_time - 1 }
        expect(await send({ reply_id: 'reply-other', ticket })).toBe('identity-mismatch')
        const none = { msg_id: '4000000000', msg_time: asked.msg_time }
        expect(await send({ reply_id: 'reply-none', ticket: none })).toBe('not-found')
      })
    })

    describe('whose reply it is', () => {
      inWorld({ stockMode: 'shipment' })

      const asked = () => world.leaveMessage({ title: '样例标题', text: '何时发货?' })
      const repliesTo = async ({ msg_id }: { readonly msg_id: string }) =>
        snapshotOf(await thing('ticket', msg_id), 'ticket.snapshot').snapshot.replies
      const MARKS = ['by_bridge', 'bridge_reply_ids', 'own_content']
      const marksOf = (reply: object | undefined) =>
        Object.fromEntries(Object.entries(reply ?? {}).filter(([field]) => MARKS.includes(field)))

      it('is ours when all of it came from us, one answer or several', async () => {
        const ticket = await asked()
        valueOf(await shop.replyToTicket(replyTo(ticket, 'ours-1'), soon()))
        expect((await repliesTo(ticket)).map(marksOf)).toEqual([
          { by_bridge: true, bridge_reply_ids: ['ours-1'] },
        ])
        const text = '另一句\n\n<b>两行</b> & 更多 &amp; 😀'
        valueOf(await shop.replyToTicket({ ...replyTo(ticket, 'ours-2'), text }, soon()))
        expect((await repliesTo(ticket)).map(marksOf)).toEqual([
          { by_bridge: true, bridge_reply_ids: ['ours-1', 'ours-2'] },
        ])
      })

      it('is a person’s where none of it is ours, and nothing is said of it', async () => {
        const ticket = await asked()
        await world.answerByHand(ticket.msg_id, '人工回复')
        expect((await repliesTo(ticket)).map(marksOf)).toEqual([{}])
      })

      it('tells a person’s own words, whoever wrote first', async () => {
        const first = await asked()
        valueOf(await shop.replyToTicket(replyTo(first, 'before-a-person'), soon()))
        await world.answerByHand(first.msg_id, '人工补充\n第二行')
        const [ours] = await repliesTo(first)
        expect(marksOf(ours)).toMatchObject({
          bridge_reply_ids: ['before-a-person'],
          own_content: expect.stringContaining('人工补充'),
        })
        expect(marksOf(ours)).not.toHaveProperty('by_bridge')
        expect(String(ours?.own_content)).not.toContain(replyTo(first, '').text)

        const second = await asked()
        await world.answerByHand(second.msg_id, '人工在先')
        valueOf(await shop.replyToTicket(replyTo(second, 'after-a-person'), soon()))
        expect((await repliesTo(second)).map(marksOf)).toEqual([
          { bridge_reply_ids: ['after-a-person'], own_content: '人工在先' },
        ])
      })
    })

    describe('money given back', () => {
      inWorld({ stockMode: 'shipment' })

      const memberOrder = async () => {
        const { user_id } = await world.addCustomer()
        await world.setStock(world.skus.plain, 100)
        const order = await world.placeOrder({ user_id, lines: [{ sku: world.skus.plain, quantity: 2 }] })
        await world.pay(order)
        const { money_paid } = await orderNow(order)
        return { user_id, order, money_paid }
      }
      const ship = async (order: PlacedOrder, id: string) =>
        valueOf(await shop.recordShipment(shipmentOf(order, id), soon()))

      it.each(['balance', 'withdrawal'] as const)('for a return is told: %s', async (to) => {
        const { order, user_id, money_paid } = await memberOrder()
        await ship(order, `refunded-${to}`)
        await world.makeReturn(order, to)
        const { order_status, refunds } = await orderNow(order)
        expect(order_status).toBe(4)
        expect(refunds).toMatchObject([{ amount: money_paid, to, reason: 'refund', user_id }])
        const [refund] = refunds ?? []
        expect(Math.abs(Date.parse(String(refund?.refunded_at)) - Date.now())).toBeLessThan(600_000)
      })

      it('for a cancel of ours is told', async () => {
        const { order, user_id, money_paid } = await memberOrder()
        valueOf(await shop.cancelOrder({ ...cancelOf(order, 'cancel-refunded'), refund: 'balance' }, soon()))
        expect((await orderNow(order)).refunds).toMatchObject([
          { amount: money_paid, to: 'balance', reason: 'refund', user_id },
        ])
      })

      it('in part is told, time after time, while the order goes on', async () => {
        const { order } = await memberOrder()
        const before = await thing('order', order.order_id)
        await world.refundPart(order, '1.50')
        await world.refundPart(order, '0.70')
        const after = await thing('order', order.order_id)
        expect(after.hash).not.toBe(before.hash)
        const { order_status, refunds } = snapshotOf(after, 'order.snapshot').snapshot
        expect(order_status).toBe(1)
        expect(refunds).toMatchObject([{ amount: '1.50' }, { amount: '0.70' }])
        expect(unique((refunds ?? []).map(({ log_id }) => log_id))).toBe(true)
      })

      it('has the same hash however it is read', async () => {
        const { order } = await memberOrder()
        await world.refundPart(order, '1.50')
        const { hash } = await thing('order', order.order_id)
        const page = { after: before(order.order_id), limit: 1 }
        expect(valueOf(await shop.exportPage('order', page, soon())).events).toMatchObject([{ hash }])
        expect(valueOf(await shop.digestPage('order', page, soon())).digests).toMatchObject([{ hash }])
      })

      it('is not spoken of where there was none', async () => {
        const { order } = await memberOrder()
        await ship(order, 'not-refunded')
        await world.makeReturn(order)
        expect(await orderNow(order)).not.toHaveProperty('refunds')
      })
    })

    describe('notes on orders', () => {
      inWorld({ stockMode: 'shipment' })

      const note = (command: OrderNote) => shop.noteOrder(command, soon())

      it('stand in the log of the order under their author, and are told by their number there', async () => {
        const order = await oneOf(world.skus.plain)
        const logged = await world.orderLog(order)
        const { result, note_id, action_id } = valueOf(await note(noteOf(order, 'note-1')))
        expect({ result, note_id }).toEqual({ result: 'recorded', note_id: 'note-1' })
        expect(await world.orderLog(order)).toMatchObject([
          ...logged,
          { id: action_id, by: '样例仓库', text: '退货已签收' },
        ])
      })

      it('are written once, however often they are sent', async () => {
        const order = await oneOf(world.skus.plain)
        const command = noteOf(order, 'note-twice')
        const { action_id } = valueOf(await note(command))
        const logged = await world.orderLog(order)
        expect(valueOf(await note(command))).toMatchObject({ result: 'duplicate', action_id })
        expect(await world.orderLog(order)).toEqual(logged)
        const atOnce = noteOf(order, 'note-at-once')
        const answers = await Promise.all([1, 2, 3].map(() => note(atOnce)))
        for (const answer of answers) {
          if (answer.is === 'ok') continue
          // Whoever had to wait too long comes again.
          expect(answer.failure).toMatchObject({ class: 'Unavailable', code: 'busy' })
        }
        expect(await world.orderLog(order)).toHaveLength(logged.length + 1)
      })

      it('are no change of the order, and none of its content', async () => {
        const order = await oneOf(world.skus.plain)
        await world.captured()
        const { hash } = await thing('order', order.order_id)
        const { seq } = valueOf(await shop.changes({ after: 0, limit: 1000 }, soon()))
        valueOf(await note(noteOf(order, 'note-silent')))
        await world.captured()
        expect((await thing('order', order.order_id)).hash).toBe(hash)
        const { changes } = valueOf(await shop.changes({ after: seq, limit: 1000 }, soon()))
        expect(changes.filter(({ id }) => id === order.order_id)).toEqual([])
      })

      it('are taken in any state an order has', async () => {
        const order = await oneOf(world.skus.plain)
        await world.cancel(order)
        expect(valueOf(await note(noteOf(order, 'note-cancelled')))).toMatchObject({ result: 'recorded' })
        expect(await orderNow(order)).toMatchObject({ order_status: 2 })
      })

      it('are refused for another content, another order or none', async () => {
        const order = await oneOf(world.skus.plain)
        const command = noteOf(order, 'note-refused')
        valueOf(await note(command))
        const send = async (change: Partial<OrderNote>) =>
          failureOf(await note({ ...command, ...change })).code
        expect(await send({ text: '另一句' })).toBe('command-differs')
        const mistaken = { ...identityOf(order), add_time: order.add_time - 1 }
        expect(await send({ note_id: 'note-other', order: mistaken })).toBe('identity-mismatch')
        const none = { ...identityOf(order), order_id: '4000000000' }
        expect(await send({ note_id: 'note-none', order: none })).toBe('not-found')
        await world.cancel(order)
        await world.deleteOrder(order)
        await world.captured()
        expect(await send({ note_id: 'note-deleted' })).toBe('not-found')
      })

      it('of more than a log holds are refused', async () => {
        const order = await oneOf(world.skus.plain)
        for (const change of [{ text: '字'.repeat(256) }, { text: '' }, { author: '人'.repeat(31) }]) {
          const answer = await note({ ...noteOf(order, 'note-long'), ...change })
          expect(failureOf(answer)).toMatchObject({ class: 'Refused', code: 'invalid-field' })
        }
        const fitting = { ...noteOf(order, 'note-fitting'), text: '字'.repeat(255), author: '人'.repeat(30) }
        valueOf(await note(fitting))
        expect((await world.orderLog(order)).at(-1)).toMatchObject({ by: fitting.author, text: fitting.text })
      })
    })

    describe('cancels', () => {
      inWorld({ stockMode: 'shipment' })

      const cancel = (command: OrderCancel) => shop.cancelOrder(command, soon())

      it('cancel an order and tell its customer why', async () => {
        const order = await oneOf(world.skus.plain)
        expect(valueOf(await cancel(cancelOf(order, 'cancel-1')))).toMatchObject({
          result: 'cancelled',
          order_status: 2,
        })
        expect(await orderNow(order)).toMatchObject({ order_status: 2, to_buyer: '样例原因' })
      })

      it('cancel a member’s paid order when the money goes to the balance', async () => {
        const { user_id } = await world.addCustomer()
        const order = await world.placeOrder({ user_id, lines: [{ sku: world.skus.plain, quantity: 1 }] })
        await world.pay(order)
        const command: OrderCancel = { ...cancelOf(order, 'cancel-paid'), refund: 'balance' }
        expect(valueOf(await cancel(command))).toMatchObject({ result: 'cancelled', order_status: 2 })
        expect(await orderNow(order)).toMatchObject({ order_status: 2 })
      })

      it('leave it to a person where money was paid that nobody would give back', async () => {
        const order = await oneOf(world.skus.plain)
        await world.pay(order)
        for (const refund of ['none', 'balance'] as const) {
          const command: OrderCancel = { ...cancelOf(order, `cancel-${refund}`), refund }
          expect(failureOf(await cancel(command))).toMatchObject({ class: 'Refused', code: 'needs-a-person' })
        }
        expect(await orderNow(order)).toMatchObject({ order_status: 1, pay_status: 2 })
      })

      it('are carried out once, and are no news for what was cancelled already', async () => {
        const order = await oneOf(world.skus.plain)
        const command = cancelOf(order, 'cancel-twice')
        valueOf(await cancel(command))
        expect(valueOf(await cancel(command))).toMatchObject({ result: 'duplicate', order_status: 2 })
        const other = { ...command, command_id: 'cancel-another' }
        expect(valueOf(await cancel(other))).toMatchObject({ result: 'already', order_status: 2 })
      })

      it('are refused once goods have left', async () => {
        const order = await oneOf(world.skus.plain)
        await world.setStock(world.skus.plain, 100)
        await world.pay(order)
        valueOf(await shop.recordShipment(shipmentOf(order, 'left-1'), soon()))
        expect(failureOf(await cancel(cancelOf(order, 'cancel-late')))).toMatchObject({
          class: 'Refused',
          code: 'too-late',
        })
        expect((await orderNow(order)).order_status).not.toBe(2)
      })

      it('are refused for another content, another order or none', async () => {
        const order = await oneOf(world.skus.plain)
        const command = cancelOf(order, 'cancel-refused')
        valueOf(await cancel(command))
        const send = async (change: Partial<OrderCancel>) =>
          failureOf(await cancel({ ...command, ...change })).code
        expect(await send({ reason: '另一个原因' })).toBe('command-differs')
        const mistaken = { ...identityOf(order), add_time: order.add_time - 1 }
        expect(await send({ command_id: 'cancel-other', order: mistaken })).toBe('identity-mismatch')
        const none = { ...identityOf(order), order_id: '4000000000' }
        expect(await send({ command_id: 'cancel-none', order: none })).toBe('not-found')
      })
    })

    describe('the door', () => {
      inWorld({ stockMode: 'shipment' })

      interface Raw {
        readonly file?: string
        readonly method?: string
        readonly query?: string
        readonly body?: string | Uint8Array<ArrayBuffer>
        readonly secret?: string
        readonly skewSeconds?: number
        readonly nonce?: string
        /** Headers that are not sent. */
        readonly without?: readonly string[]
        /** What arrives where it is not what was signed. */
        readonly arrives?: { readonly query?: string; readonly body?: string }
      }
      let nonces = 0

      const call = async (raw: Raw = {}) => {
        const { file = 'health.php', body = '', query = '' } = raw
        const method = raw.method ?? (body.length > 0 ? 'POST' : 'GET')
        const nonce = raw.nonce ?? `nonce-of-the-door-${Date.now()}-${++nonces}`
        const timestamp = Math.floor(Date.now() / 1000) + (raw.skewSeconds ?? 0)
        const path = `/v1/${file}${query && `?${query}`}`
        const signature = signBridgeCall(raw.secret ?? world.bridge.secret, {
          method,
          path,
          timestamp,
          nonce,
          body,
        })
        const headers = {
          'content-type': 'application/json',
          'x-erpsync-timestamp': String(timestamp),
          'x-erpsync-nonce': nonce,
          'x-erpsync-signature': signature,
        }
        const search = raw.arrives?.query ?? query
        const response = await fetch(`${world.bridge.url}${file}${search && `?${search}`}`, {
          method,
          headers: Object.fromEntries(
            Object.entries(headers).filter(([header]) => !raw.without?.includes(header)),
          ),
          ...(method === 'GET' ? {} : { body: raw.arrives?.body ?? body }),
        })
        const answer: unknown = JSON.parse(await response.text())
        return { status: response.status, answer, type: response.headers.get('content-type') }
      }
      const refusal = async (raw: Raw) => {
        const { status, answer, type } = await call(raw)
        const problem = BridgeProblemSchema.parse(answer)
        expect(problem.remedy).not.toBe('')
        expect(type).toContain('application/json')
        return { status, ...problem }
      }
      /** Would move stock if it were obeyed. */
      const stockWrite = async () => {
        await world.setStock(world.skus.plain, 5)
        const as_of = new Date().toISOString()
        const items = [{ sku: world.skus.plain, quantity: 6, expect: 5 }]
        return { file: 'stock-write.php', body: JSON.stringify({ as_of, origin: 'door', items }) }
      }
      const nothingMoved = async () => expect(await world.stock(world.skus.plain)).toBe(5)

      it('lets a signed call in', async () => {
        expect(await call()).toMatchObject({ status: 200, answer: { epoch: world.epoch } })
      })

      it.each(['x-erpsync-timestamp', 'x-erpsync-nonce', 'x-erpsync-signature'])(
        'is shut to a call without %s',
        async (header) => {
          const write = await stockWrite()
          expect(await refusal({ ...write, without: [header] })).toMatchObject({
            status: 401,
            code: 'missing-signature',
          })
          await nothingMoved()
        },
      )

      it('is shut to another secret', async () => {
        const secret = `brsec_${Buffer.from('some other key of thirty-two byte').toString('base64')}`
        expect(await refusal({ ...(await stockWrite()), secret })).toMatchObject({
          status: 401,
          code: 'bad-signature',
        })
        await nothingMoved()
      })

      it('is shut to another body and another query than were signed', async () => {
        const write = await stockWrite()
        const body = write.body.replace('"quantity":6', '"quantity":7')
        expect(await refusal({ ...write, arrives: { body } })).toMatchObject({ code: 'bad-signature' })
        await nothingMoved()
        const query = { file: 'changes.php', query: 'after=0&limit=1' }
        expect(await refusal({ ...query, arrives: { query: 'after=0&limit=2' } })).toMatchObject({
          code: 'bad-signature',
        })
      })

      it('opens once to a nonce', async () => {
        const nonce = `nonce-used-twice-${Date.now()}`
        expect(await call({ nonce })).toMatchObject({ status: 200 })
        const write = await stockWrite()
        expect(await refusal({ ...write, nonce })).toMatchObject({ status: 401, code: 'replayed' })
        await nothingMoved()
      })

      it.each([-1000, 1000])('tells its time to a clock that is %i s off', async (skewSeconds) => {
        const write = await stockWrite()
        const { server_time, ...problem } = await refusal({ ...write, skewSeconds })
        expect(problem).toMatchObject({ status: 401, code: 'wrong-clock' })
        expect(Math.abs(Date.parse(server_time ?? '') - Date.now())).toBeLessThan(60_000)
        await nothingMoved()
      })

      it.each([-200, 200])('bears a clock that is %i s off', async (skewSeconds) => {
        expect(await call({ skewSeconds })).toMatchObject({ status: 200 })
      })

      it.each([-7200, 7200])('opens to a gateway whose clock is %i s off', async (seconds) => {
        const skewed = world.gateway({ now: () => Date.now() + seconds * 1000 })
        const deadline = soon() + seconds * 1000
        expect(valueOf(await skewed.health(deadline)).epoch).toBe(world.epoch)
      })

      it('refuses what is no call of the contract', async () => {
        expect(await refusal({ method: 'POST', body: '{}' })).toMatchObject({
          status: 405,
          code: 'method-not-allowed',
        })
        expect(await refusal({ file: 'stock-query.php', body: '{"skus":' })).toMatchObject({
          status: 400,
          code: 'not-json',
        })
        expect(
          await refusal({ file: 'stock-query.php', body: Uint8Array.of(0x7b, 0xff, 0x7d) }),
        ).toMatchObject({
          status: 400,
          code: 'invalid-encoding',
        })
        expect(await refusal({ file: 'stock-query.php', body: '{"skus":["A"],"sku":"A"}' })).toMatchObject({
          status: 422,
          code: 'invalid-field',
        })
        expect(await refusal({ file: 'orders.php', query: 'id=007' })).toMatchObject({
          status: 422,
          code: 'invalid-field',
          field: 'id',
        })
      })

      it('refuses a body beyond its limit', async () => {
        const body = JSON.stringify({ skus: ['A'], filling: 'x'.repeat(BRIDGE_MAX_BODY_BYTES) })
        expect(await refusal({ file: 'stock-query.php', body })).toMatchObject({
          status: 413,
          code: 'body-too-large',
        })
      })

      it('is not knocked at after the deadline', async () => {
        expect(failureOf(await shop.health(Date.now() - 1))).toMatchObject({
          class: 'Unavailable',
          code: 'deadline',
        })
      })
    })

    it(
      'tells of a shop that is gone as of a failure',
      async () => {
        const gone = await makeWorld({ stockMode: 'shipment' })
        const gateway = gone.gateway()
        await gone.close()
        expect(failureOf(await gateway.health(Date.now() + 2_000)).class).toBe('Unavailable')
        const cancel = cancelOf({ order_id: '1', order_sn: '2026112200001', add_time: 1 }, 'gone-1')
        expect(failureOf(await gateway.cancelOrder(cancel, Date.now() + 2_000)).class).toBe('Unavailable')
      },
      SETUP_MS,
    )
  })
}

const identityOf = ({ order_id, order_sn, add_time }: Omit<PlacedOrder, 'lines'>) => ({
  order_id,
  order_sn,
  add_time,
})

/** All of it in one parcel. */
const shipmentOf = (order: PlacedOrder, shipment_id: string): Shipment => ({
  shipment_id,
  order: identityOf(order),
  shipped_at: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
  tracking: ['SF100000000009'],
  lines: order.lines.map(({ rec_id, quantity }) => ({ rec_id, quantity })),
  origin: 'conformance',
})

const replyTo = (ticket: TicketReply['ticket'], reply_id: string): TicketReply => ({
  reply_id,
  ticket,
  text: '已安排发货 & 明天到 <3',
  author: '样例客服',
  at: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
  origin: 'conformance',
})

const noteOf = (order: Omit<PlacedOrder, 'lines'>, note_id: string): OrderNote => ({
  note_id,
  order: identityOf(order),
  text: '退货已签收',
  author: '样例仓库',
  at: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
  origin: 'conformance',
})

const cancelOf = (order: Omit<PlacedOrder, 'lines'>, command_id: string): OrderCancel => ({
  command_id,
  order: identityOf(order),
  reason: '样例原因',
  refund: 'none',
  origin: 'conformance',
})
