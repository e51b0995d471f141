import * as z from 'zod'
import { IdSchema, InstantSchema, RawTimeSchema, ShopIdSchema } from './scalars.ts'

/**
 * The canonical customer: a member of the shop, or a guest known by the phone of an order. A guest is never merged into a
 * member by us: `sameAs` names the reference the other one has, and a person decides.
 */

export const PostalAddressSchema = z.object({
  addressId: IdSchema,
  isDefault: z.boolean(),
  name: z.string(),
  country: z.string(),
  province: z.string(),
  city: z.string(),
  district: z.string(),
  regionIds: z.array(IdSchema),
  address: z.string(),
  zipcode: z.string(),
  phone: z.string().describe('mobile, or tel where mobile is empty'),
  email: z.string(),
  landmark: z.string(),
})
export type PostalAddress = z.infer<typeof PostalAddressSchema>

export const CustomerSchema = z.object({
  shop: ShopIdSchema,
  userId: IdSchema.nullable().describe('null: a guest'),
  guestKey: z.string().nullable().describe('keyed hash of a guest’s phone; null: a member'),
  regTime: RawTimeSchema.describe('raw; 0 for a guest'),
  registeredAt: InstantSchema.nullable(),
  timeZone: z.string(),
  userName: z.string().describe('the login; empty for a guest'),
  name: z.string().describe('alias, else the default address’s consignee, else the login'),
  email: z.string(),
  phone: z.string().describe('normalised: digits, with + and country code where it is not a Chinese number'),
  otherPhones: z.array(z.string()),
  sex: z.enum(['unknown', 'male', 'female']),
  birthday: z.string().describe('YYYY-MM-DD or empty'),
  rank: z.object({ id: IdSchema, name: z.string() }).nullable(),
  addresses: z.array(PostalAddressSchema),
  sameAs: z
    .string()
    .nullable()
    .describe('reference a guest of this phone has, or would have; for a guest null'),
  extra: z.record(z.string(), z.unknown()),
})
export type Customer = z.infer<typeof CustomerSchema>
