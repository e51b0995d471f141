import * as z from 'zod'

/** Whose word counts for each kind: writes go from its owner to the other side, and never back. */

const Owner = z.enum(['shop', 'erp'])

export const OwnersSchema = z.strictObject({
  order: Owner.default('shop'),
  customer: Owner.default('shop'),
  return: Owner.default('shop'),
  ticket: Owner.default('shop'),
  stock: Owner.default('erp'),
  shipment: Owner.default('erp'),
  'return-progress': Owner.default('erp'),
  'ticket-progress': Owner.default('erp'),
})
export type Owners = z.infer<typeof OwnersSchema>
