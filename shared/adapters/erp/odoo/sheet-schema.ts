import * as z from 'zod'

/** A field as `load` takes it: `x_channel`, or `team_id/id`, `team_id/.id` for a record. */
const FieldNameSchema = z.string().regex(/^[a-z][a-z0-9_]*(\/\.?id)?$/)

export const CustomSchema = z.record(
  FieldNameSchema,
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
)
export type Custom = z.infer<typeof CustomSchema>

/** What a mapping file gives: fields that are added or replaced. */
export const CustomFieldsSchema = z.strictObject({
  order: CustomSchema.default({}),
  line: CustomSchema.default({}),
  partner: CustomSchema.default({}),
})
export type CustomFields = z.infer<typeof CustomFieldsSchema>

/** A contact, by the name of its external id. Region names are the shop's; which record they mean is asked of Odoo. */
export const ContactSchema = z.strictObject({
  id: z.string(),
  fields: z.record(z.string(), z.string()),
  country: z.string().optional(),
  province: z.string().optional(),
})
export type Contact = z.infer<typeof ContactSchema>

const SheetLineSchema = z.strictObject({
  id: z.string(),
  rest: z.string().describe('of the pieces that cost a cent more'),
  code: z.string().describe('Internal Reference of the product'),
  name: z.string().describe('empty: the product’s own'),
  quantity: z.int().positive(),
  amount: z.int().describe('minor units, of all pieces; with the tax, unless the order has a shopTax'),
  untaxed: z.boolean(),
})
export type SheetLine = z.infer<typeof SheetLineSchema>

/** A sale order by names and codes, before anything of it is looked up in Odoo. */
export const SheetSchema = z.strictObject({
  id: z.string().describe('name of the order’s external id'),
  reference: z.string(),
  orderSn: z.string(),
  note: z.string().describe('HTML'),
  currency: z.string(),
  total: z.int().describe('minor units'),
  shopTax: z
    .int()
    .optional()
    .describe('what the shop put on top of its prices, and Odoo is to put there as its own tax'),
  term: z.string().optional(),
  buyer: z.union([ContactSchema, z.strictObject({ reference: z.string() })]),
  delivery: ContactSchema,
  invoice: ContactSchema.optional(),
  lines: z.array(SheetLineSchema),
  rounding: z.string().describe('name of the external id of the line for what rounding misses'),
  custom: CustomFieldsSchema,
})
export type Sheet = z.infer<typeof SheetSchema>
