import type { ShopConfig } from '#contracts/config.ts'
import type { Ticket } from '#contracts/ticket.ts'
import type { TicketSnapshot } from '#contracts/webhook-things.ts'
import { customerReference, orderReference, type ShortHash } from './reference.ts'
import { type Known, unknownFields } from './unknown-fields.ts'

/** By `feedback.msg_type`; the customer's browser chooses it, so that an unknown one is a plain message. */
const TYPES = [
  'message',
  'complaint',
  'enquiry',
  'after-sale',
  'wanted',
  'to-merchant',
  'comment',
] as const satisfies readonly Ticket['type'][]

export function toTicket(
  snapshot: TicketSnapshot,
  shop: { readonly id: string; readonly config: Pick<ShopConfig, 'timeZone'> },
  hash: ShortHash,
): Ticket {
  const { user_id: userId, order_id: orderId, order_sn: orderSn } = snapshot
  return {
    shop: shop.id,
    ticketId: snapshot.msg_id,
    msgTime: snapshot.msg_time,
    writtenAt: snapshot.written_at,
    timeZone: shop.config.timeZone,
    type: TYPES[snapshot.msg_type] ?? 'message',
    title: snapshot.msg_title,
    content: snapshot.msg_content,
    image: snapshot.message_img,
    customer: {
      userId: userId === '0' ? null : userId,
      name: snapshot.user_name,
      email: snapshot.user_email,
      reference: userId === '0' ? null : customerReference(shop.id, { userId, guestKey: null }),
    },
    order:
      orderId === '0'
        ? null
        : {
            orderId,
            orderSn,
            addTime: snapshot.order_add_time,
            reference: orderReference(shop.id, orderSn, orderId, hash),
          },
    replies: snapshot.replies.flatMap((reply) => {
      const text = peoplesWords(reply)
      return text === undefined
        ? []
        : [{ replyId: reply.msg_id, at: reply.written_at, by: reply.user_name, text }]
    }),
    extra: unknownFields(snapshot, TICKET_FIELDS),
  }
}

/** What we wrote into the shop is no news when it comes back; undefined where a row has nothing else. */
function peoplesWords(reply: TicketSnapshot['replies'][number]): string | undefined {
  const ours = reply.by_bridge === true || (reply.bridge_reply_ids ?? []).length > 0
  return ours ? reply.own_content : reply.msg_content
}

const TICKET_FIELDS: Readonly<Partial<Record<Known<TicketSnapshot>, true>>> = {
  msg_id: true,
  msg_time: true,
  written_at: true,
  user_id: true,
  user_name: true,
  user_email: true,
  msg_type: true,
  msg_title: true,
  msg_content: true,
  msg_status: true,
  message_img: true,
  order_id: true,
  order_sn: true,
  order_add_time: true,
  replies: true,
}
