import { createHash } from 'node:crypto'
import * as z from 'zod'
import { MoneySchema } from '#contracts/scalars.ts'
import type { OrderSnapshot, OrderTombstone, WebhookEvent, WireRefund } from '#contracts/webhook.ts'
import { BUYERS, FREIGHT } from './catalogue.ts'

const LineSchema = z.object({
  recId: z.string(),
  goodsId: z.string(),
  productId: z.string(),
  goodsSn: z.string(),
  sku: z.string(),
  name: z.string(),
  attributes: z.string(),
  price: z.int(),
  quantity: z.int(),
})
type ShopLine = z.infer<typeof LineSchema>

const DeliverySchema = z.object({
  id: z.string(),
  no: z.string(),
  returned: z.boolean(),
  tracking: z.array(z.string()),
  at: z.int(),
  lines: z.array(z.object({ recId: z.string(), quantity: z.int() })),
})
export type ShopDelivery = z.infer<typeof DeliverySchema>

const RefundSchema = z.object({
  id: z.string().describe('log_id'),
  at: z.int(),
  amount: z.int(),
  to: z.enum(['balance', 'withdrawal']),
  note: z.string(),
})
export type ShopRefund = z.infer<typeof RefundSchema>

const LogEntrySchema = z.object({ id: z.string(), at: z.int(), by: z.string(), text: z.string() })
export type ShopLogEntry = z.infer<typeof LogEntrySchema>

/** An order as the demo shop keeps it. Times are raw `*_time` integers, money is fen. */
export const ShopOrderSchema = z.object({
  id: z.int(),
  no: z.string().describe('order_sn'),
  status: z.enum(['placed', 'confirmed', 'cancelled', 'returned']),
  addTime: z.int(),
  payTime: z.int().describe('0 = not paid'),
  buyer: z.int().describe('index of the buyer'),
  userId: z.string().optional().describe('default: the buyer’s own'),
  lines: z.array(LineSchema),
  deliveries: z.array(DeliverySchema).optional().describe('absent before the first'),
  toBuyer: z.string().optional(),
  refunds: z.array(RefundSchema).optional().describe('absent before the first'),
  log: z
    .array(LogEntrySchema)
    .optional()
    .describe('what its administrators read of it; no part of a snapshot'),
})
export type ShopOrder = z.infer<typeof ShopOrderSchema>

export const buyerOf = ({ buyer }: Pick<ShopOrder, 'buyer'>) => BUYERS[buyer % BUYERS.length] ?? BUYERS[0]

/** Whom a parcel goes to, under ECShop's column names. */
export const recipientOf = (buyer: ReturnType<typeof buyerOf>) => ({
  consignee: buyer.name,
  country: { id: '1', name: '中国' },
  province: { id: '16', name: buyer.province },
  city: { id: '221', name: buyer.city },
  district: { id: '1836', name: buyer.district },
  address: buyer.address,
  tel: '',
  mobile: buyer.mobile,
  email: 'buyer@example.com',
})

export const userIdOf = (order: ShopOrder) => order.userId ?? buyerOf(order).userId

/** Fen. */
export const goodsOf = ({ lines }: ShopOrder) =>
  lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0)

/** Fen, freight included. */
export const totalOf = (order: ShopOrder) => goodsOf(order) + FREIGHT

/** Fen: what is still paid of it, after refunds in part. */
export const paidOf = (order: ShopOrder) =>
  order.payTime > 0 ? (order.refunds ?? []).reduce((paid, { amount }) => paid - amount, totalOf(order)) : 0

export const wire = (fen: number) => z.encode(MoneySchema, fen)

/** Pieces of a line on delivery notes that have left and did not come back. */
export const sentOf = ({ deliveries = [] }: ShopOrder, { recId }: Pick<ShopLine, 'recId'>) =>
  deliveries
    .filter(({ returned }) => !returned)
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => sum + (line.recId === recId ? line.quantity : 0), 0)

/** order_status and shipping_status as ECShop has them once notes are written. */
export function statusesOf(order: ShopOrder): { order_status: number; shipping_status: number } {
  const sent = order.lines.map((line) => sentOf(order, line))
  const shipped = sent.some((pieces) => pieces > 0)
  const wholly = order.lines.every(({ quantity }, index) => (sent[index] ?? 0) >= quantity)
  const shipping_status = !shipped ? 0 : wholly ? 1 : 4
  if (order.status !== 'confirmed') return { order_status: STATUS[order.status], shipping_status }
  return { order_status: !shipped ? STATUS.confirmed : wholly ? 5 : 6, shipping_status }
}

const STATUS: Readonly<Record<ShopOrder['status'], number>> = {
  placed: 0,
  confirmed: 1,
  cancelled: 2,
  returned: 4,
}

export const instant = (rawTime: number) => new Date(rawTime * 1000).toISOString()
export const instantOrNull = (rawTime: number) => (rawTime === 0 ? null : instant(rawTime))

/** What every event has beside what it is about. */
export const envelopeOf = (about: object, version: { epoch: string; seq: number }) => ({
  version,
  hash: createHash('sha256').update(JSON.stringify(about)).digest('hex'),
  hashVersion: 1,
})

/** What the bridge posts for an order: the whole of it, under a version drawn for it. */
export function toEvent(order: ShopOrder, version: { epoch: string; seq: number }): WebhookEvent {
  const snapshot = toSnapshot(order)
  return { type: 'order.snapshot', ...envelopeOf(snapshot, version), snapshot }
}

/** What stays of an order that is deleted. */
export const tombstoneOf = (order: ShopOrder): OrderTombstone => ({
  order_id: String(order.id),
  order_sn: order.no,
  add_time: order.addTime,
  rec_ids: order.lines.map(({ recId }) => recId),
  order_status: statusesOf(order).order_status,
})

function toSnapshot(order: ShopOrder): OrderSnapshot {
  const buyer = buyerOf(order)
  const userId = userIdOf(order)
  const paid = order.payTime > 0
  const total = totalOf(order)
  const nothing = wire(0)
  const shippingTime = Math.max(0, ...(order.deliveries ?? []).map(({ at }) => at))
  return {
    order_id: String(order.id),
    order_sn: order.no,
    user_id: userId,
    user_name: userId === '0' ? '' : `demo-${userId}`,
    ...statusesOf(order),
    pay_status: paid ? 2 : 0,
    add_time: order.addTime,
    confirm_time: order.payTime,
    pay_time: order.payTime,
    shipping_time: shippingTime,
    added_at: instant(order.addTime),
    confirmed_at: instantOrNull(order.payTime),
    paid_at: instantOrNull(order.payTime),
    shipped_at: instantOrNull(shippingTime),
    ...recipientOf(buyer),
    zipcode: '000000',
    best_time: '',
    sign_building: '',
    postscript: buyer.note,
    shipping_id: '3',
    shipping_name: CARRIER,
    shipping_code: 'demo_express',
    pay_id: '2',
    pay_name: '演示支付',
    pay_code: 'demo_pay',
    is_cod: 0,
    how_oos: '等待所有商品备齐后再发',
    how_surplus: '',
    pack_name: '',
    card_name: '',
    card_message: '',
    inv_type: '',
    inv_payee: '',
    inv_content: '',
    currency: 'CNY',
    goods_amount: wire(goodsOf(order)),
    shipping_fee: wire(FREIGHT),
    insure_fee: nothing,
    pay_fee: nothing,
    pack_fee: nothing,
    card_fee: nothing,
    tax: nothing,
    discount: nothing,
    bonus: nothing,
    integral: 0,
    integral_money: nothing,
    surplus: nothing,
    money_paid: wire(paidOf(order)),
    order_amount: paid ? nothing : wire(total),
    referer: '本站',
    invoice_no: (order.deliveries ?? []).flatMap(({ tracking }) => tracking).join('<br>'),
    extension_code: '',
    extension_id: '0',
    to_buyer: order.toBuyer ?? '',
    pay_note: '',
    agency_id: '0',
    lines: order.lines.map((line) => ({
      rec_id: line.recId,
      goods_id: line.goodsId,
      goods_name: line.name,
      goods_sn: line.goodsSn,
      product_id: line.productId,
      product_sn: productSn(line),
      goods_number: line.quantity,
      market_price: wire(line.price),
      goods_price: wire(line.price),
      goods_attr: line.attributes,
      goods_attr_id: '',
      send_number: sentOf(order, line),
      is_real: 1,
      extension_code: '',
      parent_id: '0',
      is_gift: '0',
    })),
    deliveries: (order.deliveries ?? []).map((delivery) => ({
      delivery_id: delivery.id,
      delivery_sn: delivery.no,
      status: delivery.returned ? 1 : 0,
      invoice_no: delivery.tracking.join('<br>'),
      shipping_id: '3',
      shipping_name: CARRIER,
      updated_at: instant(delivery.at),
      lines: linesOn(order, delivery).map(({ line, quantity }) => ({
        goods_id: line.goodsId,
        product_id: line.productId,
        product_sn: productSn(line),
        send_number: quantity,
        extension_code: '',
        parent_id: '0',
      })),
    })),
    payments: [{ log_id: String(order.id), order_amount: wire(total), order_type: 0, is_paid: paid ? 1 : 0 }],
    ...(order.refunds === undefined ? {} : { refunds: order.refunds.map((one) => refundOf(one, userId)) }),
  }
}

const refundOf = ({ id, at, amount, to, note }: ShopRefund, userId: string): WireRefund => ({
  log_id: id,
  change_time: at,
  refunded_at: instant(at),
  amount: wire(amount),
  to,
  reason: 'refund',
  user_id: userId,
  note,
})

const CARRIER = '演示快递'

export const productSn = ({ productId, sku }: Pick<ShopLine, 'productId' | 'sku'>) =>
  productId === '0' ? '' : sku

/** The order’s lines on a delivery note, with the pieces on it. */
export const linesOn = ({ lines }: ShopOrder, delivery: ShopDelivery) =>
  delivery.lines.flatMap(({ recId, quantity }) =>
    lines.filter((line) => line.recId === recId).map((line) => ({ line, quantity })),
  )
