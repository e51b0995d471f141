import * as z from 'zod'
import { CustomerSchema } from './customer.ts'
import { OrderSchema, TombstoneSchema } from './order.ts'
import { PartsRequestSchema } from './parts.ts'
import { ReturnSchema } from './return.ts'
import {
  DocumentKindSchema,
  IdSchema,
  InstantSchema,
  KindSchema,
  RawTimeSchema,
  ShopIdSchema,
  TargetNameSchema,
  VersionSchema,
} from './scalars.ts'
import { TicketSchema } from './ticket.ts'

/** The largest message SQS takes, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 1_048_576

/** A customer, return or ticket whose row in the shop was deleted. */
export const GoneSchema = z.object({
  shop: ShopIdSchema,
  kind: KindSchema.exclude(['order']),
  id: IdSchema,
  stamp: RawTimeSchema,
})

export const SubjectSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('snapshot'), order: OrderSchema }),
  z.object({ is: z.literal('tombstone'), tombstone: TombstoneSchema }),
  z.object({ is: z.literal('customer'), customer: CustomerSchema }),
  z.object({ is: z.literal('return'), return: ReturnSchema }),
  z.object({ is: z.literal('ticket'), ticket: TicketSchema }),
  z.object({ is: z.literal('parts'), parts: PartsRequestSchema }),
  z.object({ is: z.literal('gone'), gone: GoneSchema }),
])
/**
 * What a message says about one thing: its whole state, or that it is gone. `snapshot` and `tombstone` are of an order;
 * `gone` is of any other kind.
 */
export type Subject = z.output<typeof SubjectSchema>

export const CauseSchema = z.enum(['event', 'sweep', 'repair', 'replay'])

/** One delivery to one target: the body of a message in `deliveries-{target}.fifo`. */
export const DeliveryMessageSchema = z.object({
  v: z.literal(1),
  shop: ShopIdSchema,
  target: TargetNameSchema,
  kind: DocumentKindSchema,
  cause: CauseSchema,
  verdict: z
    .enum(['placed', 'absent'])
    .optional()
    .describe('a person’s word on an unknown write (replay --was)'),
  firstSeenAt: InstantSchema.describe('age counts from here; a replay starts anew'),
  correlationId: z.string(),
  version: VersionSchema,
  wireHash: z.string(),
  bornAt: InstantSchema.optional().describe('of a guest, who has no such time: when the order was made'),
  subject: SubjectSchema,
  tells: z
    .string()
    .optional()
    .describe(
      'source id of the parts request that a ticket is delivered anew for: no search may find it yet',
    ),
})
export type DeliveryMessage = z.output<typeof DeliveryMessageSchema>
