import * as z from 'zod'
import { PartLineSchema } from './parts.ts'
import { InstantSchema, TextSchema, WireMoneySchema } from './scalars.ts'

/**
 * One step of a ticket or return at its target, as the target tells it: by the signed callback, or read by aftersale-pull.
 * Steps are facts with a time of their own; they may come late, twice and in any order.
 */

export const TicketStepSchema = z.enum([
  'accepted',
  'assigned',
  'inspecting',
  'repairing',
  'waiting-parts',
  'shipped',
  'closed',
])
export type TicketStep = z.infer<typeof TicketStepSchema>

export const ReturnStepSchema = z.enum([
  'received',
  'inspected',
  'refunded',
  'refused',
  'replacement-shipped',
])
export type ReturnStep = z.infer<typeof ReturnStepSchema>

export const ParcelSchema = z.object({
  carrier: TextSchema.max(60).default(''),
  tracking: TextSchema.min(1).max(50),
  events: z
    .array(z.object({ at: InstantSchema, text: TextSchema.max(200) }))
    .max(20)
    .default([]),
})

const Common = {
  id: z
    .string()
    .regex(/^[A-Za-z0-9._:/-]{1,64}$/, { error: 'is not an id of at most 64 of A-Z a-z 0-9 . _ : / -' })
    .describe('the target’s own id of this step: the same for its repetitions'),
  reference: z.string().min(1).max(40).describe('of the ticket or return, as we gave it'),
  at: InstantSchema,
  person: TextSchema.max(60).optional().describe('who did it; shown to the customer'),
  note: TextSchema.max(1000).optional().describe('shown to the customer'),
  fee: z.object({ amount: WireMoneySchema, currency: z.string().length(3) }).optional(),
  parcels: z.array(ParcelSchema).max(10).default([]),
}

export const ProgressSchema = z.discriminatedUnion('of', [
  z.object({
    of: z.literal('ticket'),
    ...Common,
    step: TicketStepSchema,
    parts: z.array(PartLineSchema).max(50).default([]).describe('spare parts it needs'),
    withdraws: z.string().max(64).optional().describe('id of a step whose parts are no longer needed'),
  }),
  z.object({ of: z.literal('return'), ...Common, step: ReturnStepSchema }),
])
export type Progress = z.infer<typeof ProgressSchema>
