import * as z from 'zod'
import { IdSchema, InstantSchema, RawTimeSchema, ShopIdSchema } from './scalars.ts'

/** The canonical service ticket: a message of ECShop's `feedback`, with what was answered by people of the shop. */

export const TicketTypeSchema = z.enum([
  'message',
  'complaint',
  'enquiry',
  'after-sale',
  'wanted',
  'to-merchant',
  'comment',
])

export const TicketSchema = z.object({
  shop: ShopIdSchema,
  ticketId: IdSchema.describe('msg_id'),
  msgTime: RawTimeSchema,
  writtenAt: InstantSchema.nullable(),
  timeZone: z.string(),
  type: TicketTypeSchema,
  title: z.string(),
  content: z.string(),
  image: z.string().describe('file name under data/feedbackimg; empty for none'),
  customer: z.object({
    userId: IdSchema.nullable(),
    name: z.string(),
    email: z.string(),
    reference: z.string().nullable().describe('of the member; null for a guest'),
  }),
  order: z
    .object({
      orderId: IdSchema,
      orderSn: z.string(),
      addTime: RawTimeSchema.nullable(),
      reference: z.string().describe('of the order, without generation'),
    })
    .nullable(),
  replies: z
    .array(z.object({ replyId: IdSchema, at: InstantSchema.nullable(), by: z.string(), text: z.string() }))
    .describe('by people; what we wrote into the shop ourselves is left out'),
  extra: z.record(z.string(), z.unknown()),
})
export type Ticket = z.infer<typeof TicketSchema>
