import * as z from 'zod'
import type { Kind } from '#contracts/scalars.ts'
import { type WebhookEvent, WebhookEventSchema } from '#contracts/webhook.ts'
import type { CustomerSnapshot, ReturnSnapshot, TicketSnapshot } from '#contracts/webhook-things.ts'
import {
  buyerOf,
  envelopeOf,
  instant,
  linesOn,
  productSn,
  recipientOf,
  type ShopDelivery,
  type ShopOrder,
} from './shop-order.ts'

/** Customers, returns and messages of the demo shop, as it keeps them. Times are raw `*_time` integers. */

export const CustomerSchema = z.object({
  id: z.int(),
  name: z.string(),
  regTime: z.int(),
  mobile: z.string(),
})
export type Customer = z.infer<typeof CustomerSchema>

export const ReturnSchema = z.object({
  id: z.int(),
  time: z.int(),
  order: z.object({ id: z.int(), no: z.string(), addTime: z.int(), userId: z.string(), buyer: z.int() }),
  deliveryNo: z.string(),
  tracking: z.array(z.string()),
  lines: z.array(
    z.object({
      recId: z.string(),
      goodsId: z.string(),
      productId: z.string(),
      productSn: z.string(),
      goodsSn: z.string(),
      name: z.string(),
      attributes: z.string(),
      quantity: z.int(),
      orderRecIds: z.array(z.string()),
    }),
  ),
})
export type Return = z.infer<typeof ReturnSchema>

export const TicketSchema = z.object({
  id: z.int(),
  time: z.int(),
  title: z.string(),
  text: z.string(),
  order: z.object({ id: z.int(), no: z.string(), addTime: z.int() }).nullable(),
  userId: z.string().optional().describe('absent: a guest'),
  replies: z.array(
    z.object({
      id: z.int(),
      time: z.int(),
      author: z.string(),
      text: z.string(),
      parts: z
        .array(z.object({ text: z.string(), replyId: z.string().optional() }))
        .optional()
        .describe('what the text was put together from; of ours with its reply_id'),
    }),
  ),
})
export type Ticket = z.infer<typeof TicketSchema>

/** A delivery note comes back whole: ECShop knows no chosen quantity. */
export function returnOf(
  order: ShopOrder & { readonly userId: string },
  delivery: ShopDelivery,
  { id, time, firstRecId }: { readonly id: number; readonly time: number; readonly firstRecId: number },
): Return {
  const { id: orderId, no, addTime, userId, buyer } = order
  return {
    id,
    time,
    order: { id: orderId, no, addTime, userId, buyer },
    deliveryNo: delivery.no,
    tracking: delivery.tracking,
    lines: linesOn(order, delivery).map(({ line, quantity }, index) => ({
      recId: String(firstRecId + index),
      goodsId: line.goodsId,
      productId: line.productId,
      productSn: productSn(line),
      goodsSn: line.goodsSn,
      name: line.name,
      attributes: line.attributes,
      quantity,
      orderRecIds: order.lines
        .filter(({ goodsId, productId }) => goodsId === line.goodsId && productId === line.productId)
        .map(({ recId }) => recId),
    })),
  }
}

type Version = WebhookEvent['version']

export function customerEvent(customer: Customer, version: Version): WebhookEvent {
  const snapshot: CustomerSnapshot = {
    user_id: String(customer.id),
    user_name: customer.name,
    email: 'buyer@example.com',
    alias: '',
    sex: 0,
    birthday: '',
    mobile_phone: customer.mobile,
    office_phone: '',
    home_phone: '',
    qq: '',
    user_rank: '0',
    rank_name: '',
    is_validated: 0,
    reg_time: customer.regTime,
    registered_at: instant(customer.regTime),
    address_id: '0',
    addresses: [],
  }
  return { type: 'customer.snapshot', ...envelopeOf(snapshot, version), snapshot }
}

export function returnEvent(back: Return, version: Version): WebhookEvent {
  const buyer = buyerOf(back.order)
  const snapshot: ReturnSnapshot = {
    back_id: String(back.id),
    return_time: back.time,
    returned_at: instant(back.time),
    order_id: String(back.order.id),
    order_sn: back.order.no,
    order_add_time: back.order.addTime,
    delivery_sn: back.deliveryNo,
    invoice_no: back.tracking.join('<br>'),
    shipping_id: '3',
    shipping_name: '',
    user_id: back.order.userId,
    action_user: 'demo-admin',
    status: 0,
    ...recipientOf(buyer),
    postscript: buyer.note,
    lines: back.lines.map((line) => ({
      rec_id: line.recId,
      goods_id: line.goodsId,
      product_id: line.productId,
      product_sn: line.productSn,
      goods_sn: line.goodsSn,
      goods_name: line.name,
      goods_attr: line.attributes,
      is_real: 1,
      send_number: line.quantity,
      order_rec_ids: line.orderRecIds,
    })),
  }
  return { type: 'return.snapshot', ...envelopeOf(snapshot, version), snapshot }
}

export function ticketEvent(ticket: Ticket, version: Version): WebhookEvent {
  const snapshot: TicketSnapshot = {
    msg_id: String(ticket.id),
    msg_time: ticket.time,
    written_at: instant(ticket.time),
    user_id: ticket.userId ?? '0',
    user_name: ticket.userId === undefined ? '演示买家' : `demo-${ticket.userId}`,
    user_email: 'buyer@example.com',
    msg_type: ticket.order ? 5 : 0,
    msg_status: 0,
    msg_title: ticket.title,
    msg_content: ticket.text,
    message_img: '',
    order_id: String(ticket.order?.id ?? 0),
    order_sn: ticket.order?.no ?? '',
    order_add_time: ticket.order?.addTime ?? null,
    replies: ticket.replies.map((reply) => ({
      msg_id: String(reply.id),
      msg_time: reply.time,
      written_at: instant(reply.time),
      user_id: '0',
      user_name: reply.author,
      msg_content: reply.text,
      ...ours(reply),
    })),
  }
  return { type: 'ticket.snapshot', ...envelopeOf(snapshot, version), snapshot }
}

/** Whose text it is, where some of it came through the bridge. */
function ours({ parts = [] }: Ticket['replies'][number]) {
  const ids = parts.flatMap(({ replyId }) => (replyId === undefined ? [] : [replyId]))
  if (ids.length === 0) return {}
  const own = parts.filter(({ replyId }) => replyId === undefined)
  return {
    bridge_reply_ids: ids,
    ...(own.length === 0 ? { by_bridge: true } : { own_content: own.map(({ text }) => text).join('\n\n') }),
  }
}

/** @param payload the tombstone as JSON */
export function deletedEvent(kind: Kind, payload: string, version: Version): WebhookEvent {
  const tombstone: unknown = JSON.parse(payload)
  return WebhookEventSchema.parse({
    type: `${kind}.deleted`,
    ...envelopeOf(Object(tombstone), version),
    tombstone,
  })
}
