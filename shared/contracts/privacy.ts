import * as z from 'zod'

/** How much of a personal field a target gets. `partial`: enough to recognise it, not to use it. */
export const DisclosureSchema = z.enum(['full', 'partial', 'none'])
export type Disclosure = z.infer<typeof DisclosureSchema>

export const DisclosuresSchema = z.strictObject({
  name: DisclosureSchema.default('full'),
  phone: DisclosureSchema.default('full'),
  email: DisclosureSchema.default('full'),
  address: DisclosureSchema.default('full').describe('partial: down to the district'),
  idNumber: DisclosureSchema.default('none').describe('identity card numbers wherever they stand in a text'),
})
export type Disclosures = z.infer<typeof DisclosuresSchema>

/** Days that the stored state of a thing is kept after its last change. The ledger row itself holds no person. */
export const RetentionSchema = z.strictObject({
  order: z.int().min(7).max(3650).default(180),
  customer: z.int().min(7).max(3650).default(180),
  return: z.int().min(7).max(3650).default(180),
  ticket: z.int().min(7).max(3650).default(180),
  parts: z.int().min(7).max(3650).default(180),
})
export type Retention = z.infer<typeof RetentionSchema>
