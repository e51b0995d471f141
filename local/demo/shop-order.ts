import { createHash } from 'node:crypto'
import * as z from 'zod'
import { MoneySchema } from '#contracts/scalars.ts'
import type { OrderSnapshot, WebhookEvent } from '#contracts/webhook.ts'
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

/** An order as the demo shop keeps it. Times are raw `*_time` integers, money is fen. */
export const ShopOrderSchema = z.object({
  id: z.int(),
  no: z.string().describe('order_sn'),
  status: z.enum(['placed', 'confirmed', 'cancelled']),
  addTime: z.int(),
  payTime: z.int().describe('0 = not paid'),
  buyer: z.int().describe('index of the buyer'),
  lines: z.array(LineSchema),
})
export type ShopOrder = z.infer<typeof ShopOrderSchema>

export const buyerOf = ({ buyer }: ShopOrder) => BUYERS[buyer % BUYERS.length] ?? BUYERS[0]

/** Fen. */
export const goodsOf = ({ lines }: ShopOrder) =>
  lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0)

/** Fen, freight included. */
export const totalOf = (order: ShopOrder) => goodsOf(order) + FREIGHT

export const wire = (fen: number) => z.encode(MoneySchema, fen)

const instant = (rawTime: number) => new Date(rawTime * 1000).toISOString()
const instantOrNull = (rawTime: number) => (rawTime === 0 ? null : instant(rawTime))

const STATUS: Readonly<Record<ShopOrder['status'], number>> = { placed: 0, confirmed: 1, cancelled: 2 }

/** What the bridge posts for an order: the whole of it, under a version drawn for it. */
export function toEvent(order: ShopOrder, version: { epoch: string; seq: number }): WebhookEvent {
  const snapshot = toSnapshot(order)
  const hash = createHash('sha256').update(JSON.stringify(snapshot)).digest('hex')
  return { type: 'order.snapshot', version, hash, hashVersion: 1, snapshot }
}

function toSnapshot(order: ShopOrder): OrderSnapshot {
  const buyer = buyerOf(order)
  const paid = order.payTime > 0
  const total = totalOf(order)
  const nothing = wire(0)
  return {
    order_id: String(order.id),
    order_sn: order.no,
    user_id: buyer.userId,
    user_name: buyer.userId === '0' ? '' : `demo-${buyer.userId}`,
    order_status: STATUS[order.status],
    shipping_status: 0,
    pay_status: paid ? 2 : 0,
    add_time: order.addTime,
    confirm_time: order.payTime,
    pay_time: order.payTime,
    shipping_time: 0,
    added_at: instant(order.addTime),
    confirmed_at: instantOrNull(order.payTime),
    paid_at: instantOrNull(order.payTime),
    shipped_at: null,
    consignee: buyer.name,
    country: { id: '1', name: '中国' },
    province: { id: '16', name: buyer.province },
    city: { id: '221', name: buyer.city },
    district: { id: '1836', name: buyer.district },
    address: buyer.address,
    zipcode: '000000',
    tel: '',
    mobile: buyer.mobile,
    email: 'buyer@example.com',
    best_time: '',
    sign_building: '',
    postscript: buyer.note,
    shipping_id: '3',
    shipping_name: '演示快递',
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
    money_paid: paid ? wire(total) : nothing,
    order_amount: paid ? nothing : wire(total),
    referer: '本站',
    invoice_no: '',
    extension_code: '',
    extension_id: '0',
    to_buyer: '',
    pay_note: '',
    agency_id: '0',
    lines: order.lines.map((line) => ({
      rec_id: line.recId,
      goods_id: line.goodsId,
      goods_name: line.name,
      goods_sn: line.goodsSn,
      product_id: line.productId,
      product_sn: line.productId === '0' ? '' : line.sku,
      goods_number: line.quantity,
      market_price: wire(line.price),
      goods_price: wire(line.price),
      goods_attr: line.attributes,
      goods_attr_id: '',
      send_number: 0,
      is_real: 1,
      extension_code: '',
      parent_id: '0',
      is_gift: '0',
    })),
    deliveries: [],
    payments: [{ log_id: String(order.id), order_amount: wire(total), order_type: 0, is_paid: paid ? 1 : 0 }],
  }
}
