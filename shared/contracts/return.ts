import * as z from 'zod'
import { IdSchema, InstantSchema, MoneySchema, RawTimeSchema, ShopIdSchema } from './scalars.ts'

/**
 * The canonical return. `goods`: a row of ECShop's `back_order`, one delivery note that came back. `refund`: money that
 * ECShop recorded as given back (`account_log`), with or without goods: a partial refund, a void while paid, a return after
 * shipment. ECShop names no reason, and no amount for goods.
 */

export const ReturnedLineSchema = z.object({
  recIds: z
    .array(IdSchema)
    .describe('lines of the order it may be of; more than one where a SKU stands twice'),
  sku: z.string(),
  goodsId: IdSchema,
  productId: IdSchema,
  name: z.string(),
  attributes: z.string(),
  quantity: z.int(),
})

export const ReturnSchema = z.object({
  shop: ShopIdSchema,
  type: z.enum(['goods', 'refund']),
  returnId: IdSchema.describe('back_id, or log_id of a refund'),
  rawTime: RawTimeSchema.describe('return_time, or change_time of a refund'),
  returnedAt: InstantSchema.nullable(),
  timeZone: z.string(),
  currency: z.string(),
  order: z.object({
    orderId: IdSchema,
    orderSn: z.string(),
    addTime: RawTimeSchema.nullable().describe('null when the order is gone'),
    reference: z.string().describe('of the order, without generation'),
  }),
  deliverySn: z.string(),
  trackingNos: z.array(z.string()),
  carrier: z.string(),
  userId: IdSchema.nullable(),
  by: z.string().describe('the administrator'),
  consignee: z
    .object({ name: z.string(), phone: z.string(), address: z.string(), email: z.string() })
    .nullable(),
  note: z.string(),
  lines: z.array(ReturnedLineSchema).describe('none for a refund'),
  refund: z
    .object({
      amount: MoneySchema,
      to: z.enum(['balance', 'withdrawal']).describe('withdrawal: the customer asked for it to be paid out'),
      of: z
        .enum(['payment', 'balance'])
        .describe('payment: what was paid; balance: the member’s balance that the order had used'),
    })
    .nullable()
    .describe('null for goods: ECShop keeps no amount with them'),
  extra: z.record(z.string(), z.unknown()),
})
/** Money as integer minor units. */
export type Return = z.output<typeof ReturnSchema>
