import * as z from 'zod'
import {
  FlagSchema,
  IdSchema,
  InstantSchema,
  RawTimeSchema,
  TextSchema,
  WireMoneySchema,
  WireVersionSchema,
} from './scalars.ts'
import {
  CustomerSnapshotSchema,
  CustomerTombstoneSchema,
  NamedRegionSchema,
  ReturnSnapshotSchema,
  ReturnTombstoneSchema,
  TicketSnapshotSchema,
  TicketTombstoneSchema,
} from './webhook-things.ts'

/**
 * Webhook contract v1: what the bridge posts to `POST /v1/shops/{shop}/events`.
 * Field names are ECShop's own column names, so that a developer of the shop can read a snapshot against the database.
 * Unknown fields are kept everywhere and reach the mapping under `extra`.
 */

export const MAX_EVENTS = 100
export const MAX_BODY_BYTES = 1_048_576

const Quantity = z.int().nonnegative()
const InstantOrNull = InstantSchema.nullable()

/** A member of a package line, from `package_goods` at order time. */
export const PackageMemberSchema = z.looseObject({
  goods_id: IdSchema,
  goods_sn: TextSchema,
  goods_name: TextSchema,
  product_id: IdSchema,
  product_sn: TextSchema,
  goods_number: Quantity,
  goods_price: WireMoneySchema.describe('the member’s own price, the weight for sharing the package price'),
})

/** A row of `order_goods`, with the SKU code joined from `products`. */
export const WireLineSchema = z.looseObject({
  rec_id: IdSchema,
  goods_id: IdSchema,
  goods_name: TextSchema,
  goods_sn: TextSchema.describe('the SPU code'),
  product_id: IdSchema,
  product_sn: TextSchema.describe('the SKU code, empty when product_id is 0'),
  goods_number: Quantity,
  market_price: WireMoneySchema,
  goods_price: WireMoneySchema.describe('unit price; negative on a promotion line'),
  goods_attr: TextSchema,
  goods_attr_id: TextSchema,
  send_number: Quantity,
  is_real: FlagSchema,
  extension_code: TextSchema,
  parent_id: IdSchema,
  is_gift: IdSchema.describe('activity id; 0 for an ordinary line'),
  package_goods: z.array(PackageMemberSchema).optional(),
})
export type WireLine = z.infer<typeof WireLineSchema>

/** A row of `delivery_order` with its `delivery_goods`. */
export const WireDeliverySchema = z.looseObject({
  delivery_id: IdSchema,
  delivery_sn: TextSchema,
  status: z.int().min(0).max(2).describe('0 shipped, 1 returned, 2 created'),
  invoice_no: TextSchema,
  shipping_id: z.string(),
  shipping_name: TextSchema,
  updated_at: InstantOrNull,
  lines: z.array(
    z.looseObject({
      goods_id: IdSchema,
      product_id: IdSchema,
      product_sn: TextSchema,
      send_number: Quantity,
      extension_code: TextSchema,
      parent_id: IdSchema,
    }),
  ),
})

/** A row of `pay_log`. Classic ECShop stores no gateway transaction number. */
export const WirePaymentSchema = z.looseObject({
  log_id: IdSchema,
  order_amount: WireMoneySchema,
  order_type: z.int(),
  is_paid: FlagSchema,
})

/** A row of `account_log` by which ECShop gave money back for the order. */
export const WireRefundSchema = z.looseObject({
  log_id: IdSchema,
  change_time: RawTimeSchema,
  refunded_at: InstantSchema,
  amount: WireMoneySchema.describe('positive'),
  to: z
    .enum(['balance', 'withdrawal'])
    .describe('withdrawal: credited, and asked to be paid out (`user_account`)'),
  reason: z
    .enum(['refund', 'balance-returned'])
    .describe('of what was paid; or of the member’s balance that the order had used'),
  user_id: IdSchema,
  note: TextSchema.optional().describe('change_desc'),
})
export type WireRefund = z.infer<typeof WireRefundSchema>

/** An order that a merge deleted; its lines live on under their rec_id. */
export const PredecessorSchema = z.looseObject({
  order_id: IdSchema,
  order_sn: TextSchema,
  add_time: RawTimeSchema,
  rec_ids: z.array(IdSchema),
})

/** Every column of `order_info` that an ERP can need, its lines, deliveries and payments. */
export const OrderSnapshotSchema = z.looseObject({
  order_id: IdSchema,
  order_sn: z.string().regex(/^[A-Za-z0-9_-]{1,20}$/),
  user_id: IdSchema.describe('0 for a guest'),
  user_name: TextSchema,
  order_status: z.int().min(0).max(6),
  shipping_status: z.int().min(0).max(6),
  pay_status: z.int().min(0).max(2),

  add_time: RawTimeSchema,
  confirm_time: RawTimeSchema,
  pay_time: RawTimeSchema,
  shipping_time: RawTimeSchema,
  added_at: InstantSchema,
  confirmed_at: InstantOrNull,
  paid_at: InstantOrNull,
  shipped_at: InstantOrNull,

  consignee: TextSchema,
  country: NamedRegionSchema,
  province: NamedRegionSchema,
  city: NamedRegionSchema,
  district: NamedRegionSchema,
  address: TextSchema,
  zipcode: TextSchema,
  tel: TextSchema,
  mobile: TextSchema,
  email: TextSchema,
  best_time: TextSchema,
  sign_building: TextSchema,
  postscript: TextSchema,

  shipping_id: z.string().regex(/^-?\d{1,5}$/),
  shipping_name: TextSchema,
  shipping_code: TextSchema,
  pay_id: IdSchema,
  pay_name: TextSchema,
  pay_code: TextSchema,
  is_cod: FlagSchema,

  how_oos: TextSchema,
  how_surplus: TextSchema,
  pack_name: TextSchema,
  card_name: TextSchema,
  card_message: TextSchema,
  inv_type: TextSchema,
  inv_payee: TextSchema,
  inv_content: TextSchema,

  currency: z.string().regex(/^[A-Z]{3}$/),
  goods_amount: WireMoneySchema,
  shipping_fee: WireMoneySchema,
  insure_fee: WireMoneySchema,
  pay_fee: WireMoneySchema,
  pack_fee: WireMoneySchema,
  card_fee: WireMoneySchema,
  tax: WireMoneySchema,
  discount: WireMoneySchema,
  bonus: WireMoneySchema,
  integral: z.int(),
  integral_money: WireMoneySchema,
  surplus: WireMoneySchema,
  money_paid: WireMoneySchema,
  order_amount: WireMoneySchema.describe('what is still due; broken by cancel, return and merge'),

  referer: TextSchema,
  invoice_no: TextSchema,
  extension_code: TextSchema,
  extension_id: IdSchema,
  group_buy: z
    .looseObject({
      deposit: WireMoneySchema,
      status: z.int().min(0).max(4).describe('3 = the activity succeeded'),
    })
    .optional(),
  to_buyer: TextSchema,
  pay_note: TextSchema,
  agency_id: IdSchema,

  lines: z.array(WireLineSchema).min(1),
  deliveries: z.array(WireDeliverySchema),
  payments: z.array(WirePaymentSchema),
  merged_from: z.array(PredecessorSchema).optional(),
  refunds: z.array(WireRefundSchema).optional().describe('by log_id; absent if there is none'),
})
export type OrderSnapshot = z.infer<typeof OrderSnapshotSchema>

/** What is left of an order whose row is gone (protocol §3, deletions and merges). */
export const OrderTombstoneSchema = z.looseObject({
  order_id: IdSchema,
  order_sn: z.string().regex(/^[A-Za-z0-9_-]{1,20}$/),
  add_time: RawTimeSchema,
  rec_ids: z.array(IdSchema),
  order_status: z
    .int()
    .min(0)
    .max(6)
    .nullable()
    .describe('the status it was deleted with; null if inferred by a sweep'),
  merged_into: z.looseObject({ order_id: IdSchema, order_sn: TextSchema }).optional(),
})
export type OrderTombstone = z.infer<typeof OrderTombstoneSchema>

const Envelope = {
  version: WireVersionSchema,
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256 of the snapshot as the bridge computes it, for the sweep alone'),
  hashVersion: z.int().positive(),
}

export const OrderSnapshotEventSchema = z.looseObject({
  type: z.literal('order.snapshot'),
  ...Envelope,
  snapshot: OrderSnapshotSchema,
})
export const OrderDeletedEventSchema = z.looseObject({
  type: z.literal('order.deleted'),
  ...Envelope,
  tombstone: OrderTombstoneSchema,
})

const snapshotEvent = <const Type extends string, Snapshot extends z.ZodType>(
  type: Type,
  snapshot: Snapshot,
) => z.looseObject({ type: z.literal(type), ...Envelope, snapshot })
const deletedEvent = <const Type extends string, Tombstone extends z.ZodType>(
  type: Type,
  tombstone: Tombstone,
) => z.looseObject({ type: z.literal(type), ...Envelope, tombstone })

export const CustomerSnapshotEventSchema = snapshotEvent('customer.snapshot', CustomerSnapshotSchema)
export const CustomerDeletedEventSchema = deletedEvent('customer.deleted', CustomerTombstoneSchema)
export const ReturnSnapshotEventSchema = snapshotEvent('return.snapshot', ReturnSnapshotSchema)
export const ReturnDeletedEventSchema = deletedEvent('return.deleted', ReturnTombstoneSchema)
export const TicketSnapshotEventSchema = snapshotEvent('ticket.snapshot', TicketSnapshotSchema)
export const TicketDeletedEventSchema = deletedEvent('ticket.deleted', TicketTombstoneSchema)

export const WebhookEventSchema = z.discriminatedUnion('type', [
  OrderSnapshotEventSchema,
  OrderDeletedEventSchema,
  CustomerSnapshotEventSchema,
  CustomerDeletedEventSchema,
  ReturnSnapshotEventSchema,
  ReturnDeletedEventSchema,
  TicketSnapshotEventSchema,
  TicketDeletedEventSchema,
])
export type WebhookEvent = z.infer<typeof WebhookEventSchema>

/** The outer shape only: each event is parsed on its own, so that one bad event does not refuse its neighbours. */
export const WebhookBodySchema = z.union([
  z.looseObject({ events: z.array(z.unknown()).min(1).max(MAX_EVENTS) }),
  z.looseObject({ type: z.string() }),
])

export const EventResultSchema = z.object({
  index: z.int().nonnegative(),
  type: z.string().optional(),
  id: z.string().optional().describe('the order_id, when it could be read'),
  result: z.enum(['accepted', 'not-subscribed', 'invalid', 'retry']),
  code: z.string().optional(),
  field: z.string().optional(),
  message: z.string().optional(),
  remedy: z.string().optional(),
})
export type EventResult = z.infer<typeof EventResultSchema>

/** 202 when every event is `accepted`, 207 otherwise. */
export const WebhookAnswerSchema = z.object({
  correlationId: z.string(),
  results: z.array(EventResultSchema),
})
export type WebhookAnswer = z.infer<typeof WebhookAnswerSchema>

/** RFC 9457 problem details; `type` is a relative reference into the contract's page. */
export const ProblemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  remedy: z.string(),
  correlationId: z.string(),
  serverTime: InstantSchema.optional(),
})
export type Problem = z.infer<typeof ProblemSchema>
