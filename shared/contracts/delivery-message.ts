import * as z from 'zod'
import { OrderSchema, TombstoneSchema } from './order.ts'
import { InstantSchema, KindSchema, ShopIdSchema, TargetNameSchema, VersionSchema } from './scalars.ts'

/** The largest message SQS takes, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 1_048_576

export const SubjectSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('snapshot'), order: OrderSchema }),
  z.object({ is: z.literal('tombstone'), tombstone: TombstoneSchema }),
])
/** What a message says about one thing: its whole state, or that it is gone. */
export type Subject = z.output<typeof SubjectSchema>

export const CauseSchema = z.enum(['event', 'sweep', 'repair', 'replay'])

/** One delivery to one target: the body of a message in `deliveries-{target}.fifo`. */
export const DeliveryMessageSchema = z.object({
  v: z.literal(1),
  shop: ShopIdSchema,
  target: TargetNameSchema,
  kind: KindSchema,
  cause: CauseSchema,
  verdict: z
    .enum(['placed', 'absent'])
    .optional()
    .describe('a person’s word on an unknown write (replay --was)'),
  firstSeenAt: InstantSchema.describe('age counts from here; a replay starts anew'),
  correlationId: z.string(),
  version: VersionSchema,
  wireHash: z.string(),
  subject: SubjectSchema,
})
export type DeliveryMessage = z.output<typeof DeliveryMessageSchema>
