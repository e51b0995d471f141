import * as z from 'zod'
import { CustomerSchema } from './customer.ts'
import { LineSchema, OrderSchema } from './order.ts'
import { PartsRequestSchema, PartsStateSchema } from './parts.ts'
import { PurchaseSchema } from './purchase.ts'
import { ReturnSchema } from './return.ts'
import { InstantSchema } from './scalars.ts'
import { TicketSchema } from './ticket.ts'

/**
 * What a webhook target is posted (docs/contracts/target-webhook-v1.md): the whole state of one thing, under a reference that
 * never changes. A receiver keeps one document for each reference and brings it to that state.
 */

const DocumentSchema = z.object({ id: z.string(), no: z.string().optional() })

const Written = {
  reference: z.string().describe('ours; the receiver keeps one document for it'),
  identity: z.string().describe('raw ids of the thing in the shop; another one is another thing'),
  document: DocumentSchema.optional().describe('the receiver’s own, as it answered'),
}

/** Money is a decimal string here, in minor units in the write it is made of. */
export const THING_SCHEMAS = {
  order: z.object({
    ...Written,
    order: OrderSchema.extend({
      lines: z.array(LineSchema.extend({ reference: z.string().describe('of the line') })),
    }),
  }),
  customer: z.object({ ...Written, customer: CustomerSchema, purchases: z.array(PurchaseSchema) }),
  return: z.object({
    ...Written,
    return: ReturnSchema,
    order: z
      .object({ reference: z.string(), document: DocumentSchema })
      .optional()
      .describe('the receiver’s document of the order, where it took that'),
  }),
  ticket: z.object({
    ...Written,
    ticket: TicketSchema,
    purchases: z.array(PurchaseSchema),
    parts: z.array(PartsStateSchema).describe('what became of the spare parts that it asked for'),
  }),
  parts: z.object({ ...Written, parts: PartsRequestSchema }),
} as const

const timestamp = InstantSchema.describe('when this message was sent')

const written = <const Kind extends keyof typeof THING_SCHEMAS>(kind: Kind) =>
  z.object({
    type: z.enum([`${kind}.placed`, `${kind}.amended`]),
    timestamp,
    data: THING_SCHEMAS[kind],
  })

export const TargetWebhookSchema = z
  .discriminatedUnion('type', [
    written('order'),
    written('customer'),
    written('return'),
    written('ticket'),
    written('parts'),
    z.object({
      type: z.enum([
        'order.cancelled',
        'customer.cancelled',
        'return.cancelled',
        'ticket.cancelled',
        'parts.cancelled',
      ]),
      timestamp,
      data: z.object({ reference: Written.reference, document: DocumentSchema, reason: z.string() }),
    }),
    z.object({
      type: z.literal('connection.test').describe('asked for by a person: verify it, answer 2xx, do nothing'),
      timestamp,
      data: z.object({}),
    }),
  ])
  .describe('The body of one POST to a webhook target.')
