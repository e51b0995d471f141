import {
  type OrderCancelled,
  OrderCancelSchema,
  type OrderNoted,
  OrderNoteSchema,
  type Shipment,
  type ShipmentRecorded,
  ShipmentSchema,
  type TicketReplied,
  TicketReplySchema,
} from '#contracts/bridge.ts'
import { type BridgeAnswer, ok, refuse, refuseFields } from './bridge-problem.ts'
import type { DemoShop } from './shop.ts'
import { sha256 } from './shop-database.ts'
import { type ShopOrder, sentOf, statusesOf, userIdOf } from './shop-order.ts'

/** Each command runs in the one transaction of its call, and is carried out once under its id. */

const COMPARE = 'Compare it with what the shop told.'

/** `POST shipments.php` */
export function recordShipment(shop: DemoShop, body: unknown): BridgeAnswer {
  const asked = ShipmentSchema.safeParse(body)
  if (!asked.success) return refuseFields(asked.error)
  const shipment = asked.data
  const before = answered(shop, 'shipment', shipment.shipment_id, shipment)
  if (before) return before
  const { order, refusal } = identified(shop, shipment.order)
  if (refusal) return refusal
  const refused = checkLines(order, shipment)
  if (refused) return refused
  const delivery = shop.ship(order.no, shipment)
  const shipped = shop.order(order.no)
  if (!delivery || !shipped) throw new Error('an order vanished while it was shipped')
  const answer: ShipmentRecorded = {
    result: 'recorded',
    shipment_id: shipment.shipment_id,
    delivery_id: delivery.id,
    delivery_sn: delivery.no,
    ...statusesOf(shipped),
  }
  return keep(shop, 'shipment', shipment.shipment_id, shipment, answer)
}

function checkLines(order: ShopOrder, { lines }: Shipment): BridgeAnswer | undefined {
  if (order.status === 'cancelled' || order.status === 'returned') {
    return refuse('order-closed', 'The order was cancelled or returned.', 'Stop the parcel, or ask the shop.')
  }
  const wanted = Map.groupBy(lines, ({ rec_id }) => rec_id)
  for (const [recId, parts] of wanted) {
    const line = order.lines.find((one) => one.recId === recId)
    if (!line) return refuse('unknown-line', 'The order has no such line.', COMPARE, { field: 'lines' })
    const left = line.quantity - sentOf(order, line)
    if (parts.reduce((sum, { quantity }) => sum + quantity, 0) > left) {
      return refuse('quantity-exceeds', `Of a line there are ${left} left.`, COMPARE, { field: 'lines' })
    }
  }
  return undefined
}

/** `POST ticket-replies.php` */
export function replyToTicket(shop: DemoShop, body: unknown): BridgeAnswer {
  const asked = TicketReplySchema.safeParse(body)
  if (!asked.success) return refuseFields(asked.error)
  const { reply_id, ticket: identity, author, text: words } = asked.data
  const before = answered(shop, 'reply', reply_id, asked.data)
  if (before) return before
  const ticket = shop.ticket(Number(identity.msg_id))
  if (!ticket) return refuse('not-found', 'There is no such message.', COMPARE)
  if (ticket.time !== identity.msg_time) {
    return refuse('identity-mismatch', 'The message is another one.', COMPARE)
  }
  const id = shop.reply(ticket.id, author, words, reply_id)
  const answer: TicketReplied = { result: 'recorded', reply_id, msg_id: String(id) }
  return keep(shop, 'reply', reply_id, asked.data, answer)
}

/** `POST order-cancel.php` */
export function cancelOrder(shop: DemoShop, body: unknown): BridgeAnswer {
  const asked = OrderCancelSchema.safeParse(body)
  if (!asked.success) return refuseFields(asked.error)
  const { command_id, order: identity, reason, refund } = asked.data
  const before = answered(shop, 'cancel', command_id, asked.data)
  if (before) return before
  const { order, refusal } = identified(shop, identity)
  if (refusal) return refusal
  if (order.status === 'cancelled') {
    const already: OrderCancelled = { result: 'already', order_status: 2 }
    return keep(shop, 'cancel', command_id, asked.data, already)
  }
  if (order.status === 'returned' || order.lines.some((line) => sentOf(order, line) > 0)) {
    return refuse('too-late', 'Goods of the order have left.', 'Take them back instead.')
  }
  if (order.payTime > 0 && (refund === 'none' || userIdOf(order) === '0')) {
    const remedy = 'Pay the money back by hand and cancel it in the shop.'
    return refuse('needs-a-person', 'The order was paid, and not from a balance.', remedy, {
      field: 'refund',
    })
  }
  shop.cancel(order.no, reason, refund === 'balance' ? refund : undefined)
  const answer: OrderCancelled = { result: 'cancelled', order_status: 2 }
  return keep(shop, 'cancel', command_id, asked.data, answer)
}

/** `POST order-notes.php` */
export function noteOrder(shop: DemoShop, body: unknown): BridgeAnswer {
  const asked = OrderNoteSchema.safeParse(body)
  if (!asked.success) return refuseFields(asked.error)
  const { note_id, order: identity, author, text } = asked.data
  const before = answered(shop, 'note', note_id, asked.data)
  if (before) return before
  const { order, refusal } = identified(shop, identity)
  if (refusal) return refusal
  const id = shop.noteOrder(order.no, { by: author, text })
  if (id === undefined) throw new Error('an order vanished while a note was made')
  const answer: OrderNoted = { result: 'recorded', note_id, action_id: id }
  return keep(shop, 'note', note_id, asked.data, answer)
}

function identified(
  shop: DemoShop,
  { order_id, order_sn, add_time }: Shipment['order'],
): { order: ShopOrder; refusal?: never } | { order?: never; refusal: BridgeAnswer } {
  const order = shop.orderById(Number(order_id))
  if (!order) return { refusal: refuse('not-found', 'There is no such order.', COMPARE) }
  if (order.no !== order_sn || order.addTime !== add_time) {
    return { refusal: refuse('identity-mismatch', 'The order is another one.', COMPARE) }
  }
  return { order }
}

/** Undefined = this command is new. */
function answered(shop: DemoShop, kind: string, id: string, content: object): BridgeAnswer | undefined {
  const known = shop.database.command(kind, id)
  if (!known) return undefined
  if (known.hash !== hashOf(content)) {
    return refuse('command-differs', 'Under this id another command was carried out.', 'Give it another id.')
  }
  const answer: unknown = JSON.parse(known.answer)
  return ok({ ...Object(answer), result: 'duplicate' })
}

function keep(shop: DemoShop, kind: string, id: string, content: object, answer: object): BridgeAnswer {
  shop.database.keepCommand(kind, id, hashOf(content), JSON.stringify(answer))
  return ok(answer)
}

/** Of what is asked for, whatever the order and spelling of its JSON: parsed, its fields are in the schema’s order. */
const hashOf = (content: object) => sha256(JSON.stringify(content))
