import * as z from 'zod'
import { IdSchema } from './scalars.ts'

const optionally = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined)
const Identified = optionally(
  z.object({
    order_id: optionally(IdSchema),
    user_id: optionally(IdSchema),
    back_id: optionally(IdSchema),
    msg_id: optionally(IdSchema),
  }),
)

/** What can be told of an event however broken the rest of it is. Takes anything. */
export const EventPeekSchema = z
  .object({
    type: optionally(z.string()),
    version: optionally(z.object({ epoch: optionally(z.string()) })),
    snapshot: Identified,
    tombstone: Identified,
  })
  .catch({})
export type EventPeek = z.infer<typeof EventPeekSchema>
