import * as z from 'zod'
import { IdSchema, InstantSchema } from './scalars.ts'

/** How long what was sold is under warranty. The first rule whose patterns fit decides; none fits: no warranty is told. */
export const WarrantyRuleSchema = z.strictObject({
  sku: z.string().min(1).max(60).default('*').describe('pattern; "*" stands for any characters'),
  name: z.string().min(1).max(60).default('*').describe('pattern on the product’s name'),
  months: z.int().min(0).max(600),
  from: z.enum(['shipment', 'purchase']).default('shipment').describe('not shipped yet: nothing runs'),
})
export type WarrantyRule = z.infer<typeof WarrantyRuleSchema>

/** One line that somebody bought, as a service agent needs it. */
export const PurchaseSchema = z.object({
  orderReference: z.string(),
  orderSn: z.string(),
  recId: IdSchema,
  sku: z.string(),
  model: z.string().describe('goods_sn'),
  name: z.string(),
  specification: z.string(),
  quantity: z.int(),
  purchasedAt: InstantSchema,
  channel: z.string().describe('where the order came from (referer)'),
  shippedAt: InstantSchema.nullable(),
  serials: z.array(z.string()),
  warranty: z
    .object({
      months: z.int(),
      startsOn: z.string().nullable().describe('YYYY-MM-DD in the shop’s time zone; null: not shipped yet'),
      endsOn: z.string().nullable().describe('last day of it'),
    })
    .nullable(),
})
export type Purchase = z.infer<typeof PurchaseSchema>
