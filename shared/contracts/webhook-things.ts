import * as z from 'zod'
import { FlagSchema, IdSchema, InstantSchema, RawTimeSchema, TextSchema } from './scalars.ts'

/** Customers, returns and tickets of webhook contract v1; the order is in webhook.ts. Field names are ECShop's columns. */

const InstantOrNull = InstantSchema.nullable()
export const NamedRegionSchema = z.looseObject({ id: IdSchema, name: TextSchema })

/** A row of `user_address`. */
export const AddressSchema = z.looseObject({
  address_id: IdSchema,
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
  sign_building: TextSchema,
  best_time: TextSchema,
})

/** A row of `users` with its addresses; never its password, question, answer or salt. */
export const CustomerSnapshotSchema = z.looseObject({
  user_id: IdSchema,
  user_name: TextSchema,
  email: TextSchema,
  alias: TextSchema,
  sex: z.int().min(0).max(2).describe('0 unknown, 1 male, 2 female'),
  birthday: z
    .string()
    .regex(/^(\d{4}-\d{2}-\d{2})?$/)
    .describe('a date of the calendar; empty where the shop has 0000-00-00'),
  mobile_phone: TextSchema,
  office_phone: TextSchema,
  home_phone: TextSchema,
  qq: TextSchema,
  user_rank: IdSchema.describe('rank_id of user_rank; 0 = by points'),
  rank_name: TextSchema,
  is_validated: FlagSchema,
  reg_time: RawTimeSchema,
  registered_at: InstantOrNull,
  address_id: IdSchema.describe('the default address; 0 for none'),
  addresses: z.array(AddressSchema),
})
export type CustomerSnapshot = z.infer<typeof CustomerSnapshotSchema>

export const CustomerTombstoneSchema = z.looseObject({ user_id: IdSchema, reg_time: RawTimeSchema })

/** A row of `back_goods`. */
export const ReturnLineSchema = z.looseObject({
  rec_id: IdSchema.describe('of back_goods, not of the order'),
  goods_id: IdSchema,
  product_id: IdSchema,
  product_sn: TextSchema,
  goods_sn: TextSchema,
  goods_name: TextSchema,
  goods_attr: TextSchema,
  is_real: FlagSchema,
  send_number: z.int().nonnegative().describe('pieces returned'),
  order_rec_ids: z.array(IdSchema).describe('lines of the order with this goods and product'),
})

/** A row of `back_order`: ECShop copies one delivery note whole; it knows no reason, amount or chosen quantity. */
export const ReturnSnapshotSchema = z.looseObject({
  back_id: IdSchema,
  return_time: RawTimeSchema,
  returned_at: InstantOrNull,
  order_id: IdSchema,
  order_sn: TextSchema,
  order_add_time: RawTimeSchema.nullable().describe('null when the order is gone'),
  delivery_sn: TextSchema,
  invoice_no: TextSchema,
  shipping_id: z.string(),
  shipping_name: TextSchema,
  user_id: IdSchema,
  action_user: TextSchema.describe('the administrator'),
  status: z.int(),
  consignee: TextSchema,
  country: NamedRegionSchema,
  province: NamedRegionSchema,
  city: NamedRegionSchema,
  district: NamedRegionSchema,
  address: TextSchema,
  tel: TextSchema,
  mobile: TextSchema,
  email: TextSchema,
  postscript: TextSchema,
  lines: z.array(ReturnLineSchema).min(1),
})
export type ReturnSnapshot = z.infer<typeof ReturnSnapshotSchema>

export const ReturnTombstoneSchema = z.looseObject({
  back_id: IdSchema,
  return_time: RawTimeSchema,
  order_id: IdSchema.describe('0 if inferred by a sweep that never saw it'),
})

/** A reply under a message: a row of `feedback` with a parent_id. */
export const TicketReplySchema = z.looseObject({
  msg_id: IdSchema,
  msg_time: RawTimeSchema,
  written_at: InstantOrNull,
  user_id: IdSchema,
  user_name: TextSchema,
  msg_content: TextSchema,
  by_bridge: z.boolean().optional().describe('true: all of its text came through `ticket-replies.php`'),
  bridge_reply_ids: z
    .array(z.string())
    .optional()
    .describe('reply_id of each answer of ours that stands in it, in the order of the text'),
  own_content: TextSchema.optional().describe('what people of the shop wrote in a row that has ours as well'),
})

/** A row of `feedback` that answers no other. */
export const TicketSnapshotSchema = z.looseObject({
  msg_id: IdSchema,
  msg_time: RawTimeSchema,
  written_at: InstantOrNull,
  user_id: IdSchema.describe('0 for a guest'),
  user_name: TextSchema,
  user_email: TextSchema,
  msg_type: z
    .int()
    .nonnegative()
    .describe('0 message, 1 complaint, 2 enquiry, 3 after-sale, 4 wanted to buy, 5 to merchant, 6 comment'),
  msg_status: z.int().nonnegative(),
  msg_title: TextSchema,
  msg_content: TextSchema,
  message_img: TextSchema.describe('file name under data/feedbackimg; empty for none'),
  order_id: IdSchema.describe('0 if about no order'),
  order_sn: TextSchema,
  order_add_time: RawTimeSchema.nullable(),
  replies: z.array(TicketReplySchema),
})
export type TicketSnapshot = z.infer<typeof TicketSnapshotSchema>

export const TicketTombstoneSchema = z.looseObject({ msg_id: IdSchema, msg_time: RawTimeSchema })
