import * as z from 'zod'
import { InstantSchema, ShopIdSchema } from './scalars.ts'

/** Spare parts that a ticket needs: asked for by the service desk, a document of its own in the ERP. Never changed, only withdrawn. */

export const PartLineSchema = z.object({
  sku: z.string().min(1).max(60),
  quantity: z.int().positive(),
  description: z.string().max(200).default(''),
})

export const PartsRequestSchema = z.object({
  shop: ShopIdSchema,
  requestId: z.string().min(1).max(64).describe('the desk’s own id of the step that asked'),
  ticket: z.object({
    reference: z.string(),
    sourceId: z.string().describe('of its ledger row'),
    target: z.string().describe('the desk that asked'),
  }),
  requestedAt: InstantSchema,
  withdrawn: z.boolean().describe('the desk no longer needs them'),
  lines: z.array(PartLineSchema).min(1).max(50),
})
export type PartsRequest = z.infer<typeof PartsRequestSchema>

/** What a desk is told of a request. */
export const PartsStateSchema = z.object({
  requestId: z.string(),
  reference: z.string(),
  state: z.enum(['requested', 'confirmed', 'refused', 'withdrawn']),
  why: z.string().optional(),
  documentNo: z.string().optional(),
  lines: z.array(
    PartLineSchema.extend({
      available: z
        .number()
        .nullable()
        .describe('in the ERP when it was asked last; null: the ERP did not say'),
    }),
  ),
})
export type PartsState = z.infer<typeof PartsStateSchema>
