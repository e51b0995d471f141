import { EventEmitter } from 'node:events'
import type { Shipment, StockModeSchema } from '#contracts/bridge.ts'
import type { Kind } from '#contracts/scalars.ts'
import type { EventResult, WebhookEvent } from '#contracts/webhook.ts'
import { BUYERS, PRODUCTS, type Product } from './catalogue.ts'
import { type Change, type OrderRow, ShopDatabase, type Stock } from './shop-database.ts'
import {
  paidOf,
  type ShopDelivery,
  type ShopLogEntry,
  type ShopOrder,
  ShopOrderSchema,
  type ShopRefund,
  sentOf,
  toEvent,
  tombstoneOf,
  userIdOf,
} from './shop-order.ts'
import { type Refusal, ShopRelay } from './shop-relay.ts'
import {
  type Customer,
  CustomerSchema,
  customerEvent,
  deletedEvent,
  type Return,
  ReturnSchema,
  returnEvent,
  returnOf,
  type Ticket,
  TicketSchema,
  ticketEvent,
} from './shop-things.ts'

export type StockMode = (typeof StockModeSchema)['_output']

export interface DemoShopOptions {
  /** Everything of the shop lives in this SQLite file. */
  readonly file: string
  readonly now?: () => number
  readonly products?: readonly [Product, ...Product[]]
  /** Default: `shipment`, as ECShop has it. */
  readonly stockMode?: StockMode
}

export interface PlaceOptions {
  readonly items?: readonly { readonly product: Product; readonly quantity: number }[]
  readonly paid?: boolean
  /** Default: one of the demo’s buyers in turn. */
  readonly buyer?: number
  readonly userId?: string
}

/** What stands in the outbox, and why it still does. */
export interface Waiting {
  /** Of an order its number. */
  readonly no: string
  /** The code of the last answer; undefined when it was not sent yet. */
  readonly why: string | undefined
}

const FIRST_IDS: Readonly<Record<Kind, number>> = { order: 1001, customer: 21, return: 501, ticket: 301 }

const orderOf = ({ body }: OrderRow): ShopOrder => ShopOrderSchema.parse(JSON.parse(body))

/**
 * A shop that exists nowhere else. It does what the bridge in an ECShop does: a change and its outbox row are one
 * transaction, each snapshot draws its own seq just before it is read, a row leaves the outbox once its event was accepted.
 */
export class DemoShop {
  readonly stockMode: StockMode
  readonly database: ShopDatabase
  readonly #products: readonly [Product, ...Product[]]
  readonly #now: () => number
  readonly #news = new EventEmitter()
  readonly #relay: ShopRelay

  constructor({ file, now = Date.now, products = PRODUCTS, stockMode = 'shipment' }: DemoShopOptions) {
    this.database = new ShopDatabase(file, products)
    this.stockMode = stockMode
    this.#products = products
    this.#now = now
    this.#relay = new ShopRelay({
      database: this.database,
      news: this.#news,
      now,
      eventOf: (change) => this.eventOf(change),
    })
  }

  /** What the other side has to know of this bridge. */
  get identity(): { readonly epoch: string; readonly secret: string } {
    return this.database.identity
  }

  /** Epoch seconds. */
  time(): number {
    return Math.floor(this.#now() / 1000)
  }

  orders(): ShopOrder[] {
    return this.database.orders().map(orderOf)
  }

  order(no: string): ShopOrder | undefined {
    const row = this.database.orderByNo(no)
    return row && orderOf(row)
  }

  orderById(id: number): ShopOrder | undefined {
    const row = this.database.order(id)
    return row && orderOf(row)
  }

  /** The newest version of the order that was accepted; 0 for none. */
  acceptedSeq(no: string): number {
    return this.database.orderByNo(no)?.accepted_seq ?? 0
  }

  /** What its last change was numbered. */
  changedSeq(no: string): number {
    const row = this.database.orderByNo(no)
    return row ? this.database.changedSeq('order', row.id) : 0
  }

  /** Nothing will be posted of its last change, as if the webhook had got lost on the way: only the feed still has it. */
  loseWebhook(no: string): void {
    const id = this.database.orderByNo(no)?.id
    for (const change of this.database.unrelayedChanges()) {
      if (change.kind === 'order' && change.id === id) this.database.relayed(change)
    }
  }

  outbox(): Waiting[] {
    return this.database.unrelayedChanges().map(({ kind, id, why }) => ({
      no: (kind === 'order' ? this.database.order(id)?.no : undefined) ?? `${kind} ${id}`,
      why: why ?? undefined,
    }))
  }

  place({ items, paid = false, buyer, userId }: PlaceOptions = {}): ShopOrder {
    return this.database.transaction(() => {
      const id = this.database.nextId('order', FIRST_IDS.order)
      const now = this.time()
      const products = this.#products
      const chosen = items ?? [
        { product: products[id % products.length] ?? products[0], quantity: 1 + (id % 3) },
        { product: products[(id + 1) % products.length] ?? products[0], quantity: 1 },
      ]
      const order: ShopOrder = {
        id,
        no: `${shopDate(now)}${String(id % 100_000).padStart(5, '0')}`,
        status: paid ? 'confirmed' : 'placed',
        addTime: now,
        payTime: paid ? now : 0,
        buyer: buyer ?? id % BUYERS.length,
        ...(userId === undefined ? {} : { userId }),
        lines: chosen.map(({ product, quantity }, index) => ({
          ...product,
          recId: String(id * 10 + index),
          quantity,
        })),
      }
      if (this.stockMode === 'placement') this.#moveStock(order, -1)
      return this.#store(order)
    })
  }

  pay(no: string): ShopOrder | undefined {
    return this.#change(no, (order) =>
      order.status === 'placed' && order.payTime === 0
        ? { ...order, status: 'confirmed', payTime: this.time() }
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

  /** @param reason is shown to the customer */
  cancel(no: string, reason?: string, refund?: ShopRefund['to']): ShopOrder | undefined {
    return this.#change(no, (order) => {
      if (order.status === 'cancelled') return undefined
      if (this.stockMode === 'placement') this.#moveStock(order, 1)
      const cancelled = { ...order, ...(reason === undefined ? {} : { toBuyer: reason }) }
      return { ...this.#paidBack(cancelled, refund), status: 'cancelled' }
    })
  }

  /** An administrator gives a member some of the money back; the order stays as it is. Undefined if so much was not paid. */
  refundPart(no: string, fen: number, to: ShopRefund['to'] = 'balance', note = ''): ShopOrder | undefined {
    return this.#change(no, (order) =>
      fen > 0 && fen <= paidOf(order) && userIdOf(order) !== '0'
        ? this.#withRefund(order, { amount: fen, to, note: note || `订单退款：${no}` })
        : undefined,
    )
  }

  /** A line in the order’s log, for the shop’s people: nothing that is told of the order changes. Answers its id. */
  noteOrder(no: string, { by, text }: Pick<ShopLogEntry, 'by' | 'text'>): string | undefined {
    return this.database.transaction(() => {
      const order = this.order(no)
      if (!order) return undefined
      const log = order.log ?? []
      const id = String(order.id * 100 + log.length)
      const noted = { ...order, log: [...log, { id, at: this.time(), by, text }] }
      this.database.putOrder({ id: order.id, no, body: JSON.stringify(noted) })
      return id
    })
  }

  /** Only what is cancelled can be deleted. */
  delete(no: string): ShopOrder | undefined {
    return this.database.transaction(() => {
      const order = this.order(no)
      if (order?.status !== 'cancelled') return undefined
      this.database.deleteOrder(order.id)
      this.#record('order', order.id, { stamp: order.addTime, tombstone: tombstoneOf(order) })
      return order
    })
  }

  /** A parcel leaves the warehouse. The caller has made sure that the lines are there and have so much left. */
  ship(no: string, { tracking, lines }: Pick<Shipment, 'tracking' | 'lines'>): ShopDelivery | undefined {
    let delivery: ShopDelivery | undefined
    this.#change(no, (order) => {
      const deliveries = order.deliveries ?? []
      delivery = {
        id: String(order.id * 100 + deliveries.length),
        no: `${order.no}-${deliveries.length + 1}`,
        returned: false,
        tracking,
        at: this.time(),
        lines: lines.map(({ rec_id, quantity }) => ({ recId: rec_id, quantity })),
      }
      if (this.stockMode === 'shipment') {
        for (const { recId, quantity } of delivery.lines) {
          const line = order.lines.find((one) => one.recId === recId)
          if (line) this.database.moveStock(line.goodsId, line.productId, -quantity)
        }
      }
      return { ...order, status: 'confirmed', deliveries: [...deliveries, delivery] }
    })
    return delivery
  }

  /** All that was shipped comes back, a return for each delivery note; the money of a member too, where `refund` says so. */
  takeBack(no: string, refund?: ShopRefund['to']): Return[] {
    const returns: Return[] = []
    this.#change(no, (order) => {
      const open = (order.deliveries ?? []).filter(({ returned }) => !returned)
      if (open.length === 0) return undefined
      for (const delivery of open) {
        const id = this.database.nextId('return', FIRST_IDS.return)
        const source = { ...order, userId: userIdOf(order) }
        const back = returnOf(source, delivery, { id, time: this.time(), firstRecId: id * 100 })
        this.#storeThing('return', id, back)
        returns.push(back)
      }
      if (this.stockMode === 'shipment') {
        for (const line of order.lines) {
          this.database.moveStock(line.goodsId, line.productId, sentOf(order, line))
        }
      }
      const deliveries = (order.deliveries ?? []).map((delivery) => ({ ...delivery, returned: true }))
      return { ...this.#paidBack({ ...order, deliveries }, refund), status: 'returned', payTime: 0 }
    })
    return returns
  }

  /** Queues the order once more, unchanged: it goes out under a new version. */
  touch(no: string): ShopOrder | undefined {
    return this.#change(no, (order) => order)
  }

  register(): Customer {
    return this.database.transaction(() => {
      const id = this.database.nextId('customer', FIRST_IDS.customer)
      const customer = { id, name: `demo-${id}`, regTime: this.time(), mobile: '10000000000' }
      return this.#storeThing('customer', id, customer)
    })
  }

  customer(id: number): Customer | undefined {
    return this.#thing('customer', id, CustomerSchema)
  }

  moveHouse(id: number, mobile: string): void {
    this.database.transaction(() => {
      const customer = this.customer(id)
      if (customer) this.#storeThing('customer', id, { ...customer, mobile })
    })
  }

  unregister(id: number): void {
    this.database.transaction(() => {
      const customer = this.customer(id)
      if (!customer) return
      this.database.deleteThing('customer', id)
      const tombstone = { user_id: String(id), reg_time: customer.regTime }
      this.#record('customer', id, { stamp: customer.regTime, tombstone })
    })
  }

  /** A customer’s message. */
  ask(title: string, text: string, about?: ShopOrder): Ticket {
    return this.database.transaction(() => {
      const id = this.database.nextId('ticket', FIRST_IDS.ticket)
      const order = about ? { id: about.id, no: about.no, addTime: about.addTime } : null
      const userId = about ? userIdOf(about) : '0'
      const ticket = { id, time: this.time(), title, text, order, replies: [] }
      return this.#storeThing('ticket', id, userId === '0' ? ticket : { ...ticket, userId })
    })
  }

  return(id: number): Return | undefined {
    return this.#thing('return', id, ReturnSchema)
  }

  ticket(id: number): Ticket | undefined {
    return this.#thing('ticket', id, TicketSchema)
  }

  /** Customers’ messages, oldest first, with what was answered. */
  tickets(): Ticket[] {
    const ids = this.idsOf('ticket', 0, Number.MAX_SAFE_INTEGER)
    return ids.flatMap((id) => this.ticket(id) ?? [])
  }

  /**
   * ECShop shows one reply under a message: what comes later is added to it. Without `replyId` it is an administrator who
   * writes. Answers the id of the reply’s row.
   */
  reply(id: number, author: string, text: string, replyId?: string): number | undefined {
    return this.database.transaction(() => {
      const ticket = this.ticket(id)
      if (!ticket) return undefined
      const [before] = ticket.replies
      const part = replyId === undefined ? { text } : { text, replyId }
      const parts = before ? [...(before.parts ?? [{ text: before.text }]), part] : [part]
      const reply = {
        ...(before ?? { id: ticket.id * 1000, author }),
        time: this.time(),
        text: before ? `${before.text}\n\n${author}\n${text}` : text,
        parts,
      }
      this.#storeThing('ticket', id, { ...ticket, replies: [reply] })
      return reply.id
    })
  }

  dropTicket(id: number): void {
    this.database.transaction(() => {
      const ticket = this.ticket(id)
      if (!ticket) return
      this.database.deleteThing('ticket', id)
      this.#record('ticket', id, {
        stamp: ticket.time,
        tombstone: { msg_id: String(id), msg_time: ticket.time },
      })
    })
  }

  stockOf(sku: string): Stock | undefined {
    return this.database.stockOf(sku)[0]
  }

  setStock(sku: string, quantity: number): void {
    const stock = this.stockOf(sku)
    if (stock) this.database.setStock({ ...stock, quantity })
  }

  /** By primary key, rising. */
  idsOf(kind: Kind, after: number, limit: number): number[] {
    return this.database.ids(kind, after, limit)
  }

  /** The thing’s own event, under a version drawn for it; with a stamp that very identity, even if it is gone. */
  event(kind: Kind, id: number, stamp?: number): WebhookEvent | undefined {
    const version = { epoch: this.identity.epoch, seq: this.database.draw() }
    const found = this.#present(kind, id, version)
    if (found && (stamp === undefined || found.stamp === stamp)) return found.event
    const payload = stamp === undefined ? undefined : this.database.tombstone(kind, id, stamp)
    return payload === undefined ? undefined : deletedEvent(kind, payload, version)
  }

  /** What is told of a change. @throws Error if the row tells of a thing that is not there */
  eventOf({ kind, id, deleted, stamp }: Change): WebhookEvent {
    const event = this.event(kind, id, deleted ? stamp : undefined)
    if (!event) throw new Error(`the outbox names a ${kind} that is not there`)
    return event
  }

  /** The event the relay would send now, under a version of its own, without sending it. */
  capture(no: string): WebhookEvent | undefined {
    const order = this.order(no)
    return order && this.event('order', order.id)
  }

  /** The bytes of the order's last accepted event. */
  lastEvent(no: string): string | undefined {
    return this.database.orderByNo(no)?.last_event ?? undefined
  }

  /** Relays what is in the outbox, and what will be, until `close`. */
  relayTo(webhookUrl: string): void {
    this.#relay.start(webhookUrl)
  }

  post(webhookUrl: string, events: readonly string[]): Promise<EventResult[] | Refusal> {
    return this.#relay.post(webhookUrl, events)
  }

  async close(): Promise<void> {
    await this.#relay.close()
    this.database.close()
  }

  #present(
    kind: Kind,
    id: number,
    version: WebhookEvent['version'],
  ): { stamp: number; event: WebhookEvent } | undefined {
    switch (kind) {
      case 'order': {
        const order = this.orderById(id)
        return order && { stamp: order.addTime, event: toEvent(order, version) }
      }
      case 'customer': {
        const customer = this.customer(id)
        return customer && { stamp: customer.regTime, event: customerEvent(customer, version) }
      }
      case 'return': {
        const back = this.#thing('return', id, ReturnSchema)
        return back && { stamp: back.time, event: returnEvent(back, version) }
      }
      case 'ticket': {
        const ticket = this.ticket(id)
        return ticket && { stamp: ticket.time, event: ticketEvent(ticket, version) }
      }
    }
  }

  /** All that is still paid of a member’s order goes back; without `to` nothing is recorded, as ECShop’s third choice. */
  #paidBack(order: ShopOrder, to: ShopRefund['to'] | undefined): ShopOrder {
    const amount = paidOf(order)
    if (to === undefined || amount <= 0 || userIdOf(order) === '0') return order
    return { ...this.#withRefund(order, { amount, to, note: `订单退款：${order.no}` }), payTime: 0 }
  }

  #withRefund(order: ShopOrder, refund: Pick<ShopRefund, 'amount' | 'to' | 'note'>): ShopOrder {
    const refunds = order.refunds ?? []
    return {
      ...order,
      refunds: [...refunds, { id: String(order.id * 100 + refunds.length), at: this.time(), ...refund }],
    }
  }

  #thing<Thing>(kind: Kind, id: number, schema: { parse(value: unknown): Thing }): Thing | undefined {
    const body = this.database.thing(kind, id)
    return body === undefined ? undefined : schema.parse(JSON.parse(body))
  }

  #change(no: string, change: (order: ShopOrder) => ShopOrder | undefined): ShopOrder | undefined {
    return this.database.transaction(() => {
      const order = this.order(no)
      const changed = order && change(order)
      return changed && this.#store(changed)
    })
  }

  #store(order: ShopOrder): ShopOrder {
    this.database.putOrder({ id: order.id, no: order.no, body: JSON.stringify(order) })
    this.#record('order', order.id)
    return order
  }

  #storeThing<Thing>(kind: Kind, id: number, thing: Thing): Thing {
    this.database.putThing(kind, id, JSON.stringify(thing))
    this.#record(kind, id)
    return thing
  }

  #record(kind: Kind, id: number, gone?: { readonly stamp: number; readonly tombstone: object }): void {
    const at = this.time()
    if (gone) {
      this.database.forgetChange(kind, id)
      this.database.recordChange({
        kind,
        id,
        at,
        stamp: gone.stamp,
        payload: JSON.stringify(gone.tombstone),
      })
    } else {
      this.database.recordChange({ kind, id, at })
    }
    this.#news.emit('change')
  }

  #moveStock({ lines }: ShopOrder, sign: 1 | -1): void {
    for (const { goodsId, productId, quantity } of lines) {
      this.database.moveStock(goodsId, productId, sign * quantity)
    }
  }
}

/** ECShop begins an order number with the date in the shop's time zone. */
function shopDate(rawTime: number): string {
  return new Date((rawTime + 8 * 3600) * 1000).toISOString().slice(0, 10).replaceAll('-', '')
}
