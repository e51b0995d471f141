import * as z from 'zod'
import { DocumentKindSchema, InstantSchema, ShopIdSchema, TargetNameSchema } from './scalars.ts'

const Count = z.int().nonnegative()

/** What an erasure removed, and what it left and why. Of the person it has nothing but keyed hashes. */
export const ReceiptSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  at: InstantSchema,
  people: z.array(z.string()).describe('keyed hashes of what the person was known by'),
  shop: ShopIdSchema.nullable().describe('null: every shop'),
  removed: z.object({
    things: z.partialRecord(DocumentKindSchema, Count).describe('rows that were erased, by kind'),
    states: Count.describe('stored states of things'),
    requests: Count.describe('stored requests to targets'),
    steps: Count.describe('notes and names in steps of tickets and returns'),
    deadLetters: Count,
  }),
  unread: Count.describe('messages in dead-letter queues that nobody could look at'),
  kept: z.object({
    rows: Count.describe('references, quantities, numbers of documents'),
    why: z.string(),
    documents: z
      .array(
        z.object({
          target: TargetNameSchema,
          kind: DocumentKindSchema,
          reference: z.string(),
          id: z.string(),
          no: z.string().optional(),
          state: z.enum(['live', 'cancelled', 'unknown']),
        }),
      )
      .describe('in the ERPs: the merchant has to treat them there'),
  }),
})
export type Receipt = z.infer<typeof ReceiptSchema>

export const ReceiptsSchema = z.array(ReceiptSchema)
