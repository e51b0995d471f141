import * as z from 'zod'
import { InstantSchema, ShopIdSchema, TextSchema } from './scalars.ts'

/** Spare parts that a ticket needs: asked for by the service desk, a document of its own in the ERP. Never changed, only withdrawn. */

export const PartLineSchema = z.object({
  sku: TextSchema.min(1).max(60),
  quantity: z.int().positive(),
  description: TextSchema.max(200).default(''),
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
  withdrawn: z.boolean().describe('the desk no longer needs them, or the ERP refused them half-way'),
  refused: z
    .string()
    .optional()
    .describe('the ERP’s words, where the withdrawal only clears away what it refused half-way'),
  lines: z.array(PartLineSchema).max(50).describe('none only where it was withdrawn before it was heard of'),
})
export type PartsRequest = z.infer<typeof PartsRequestSchema>

/** A parcel with spare parts that the ERP sent. */
export const PartsParcelSchema = z.object({
  id: z.string().describe('the ERP’s own, of the shipment'),
  shippedAt: InstantSchema,
  carrier: z.string(),
  tracking: z.array(z.string()),
})

/** A line of a request, and how much of it there was. */
export const AskedPartSchema = PartLineSchema.extend({
  available: z.number().nullable().describe('in the ERP when it was asked last; null: the ERP did not say'),
})
export type AskedPart = z.infer<typeof AskedPartSchema>

/** What a desk is told of a request. */
export const PartsStateSchema = z.object({
  requestId: z.string(),
  reference: z.string(),
  state: z.enum(['requested', 'confirmed', 'refused', 'withdrawn']),
  why: z.string().optional(),
  documentNo: z.string().optional(),
  lines: z.array(AskedPartSchema),
  parcels: z.array(PartsParcelSchema),
})
export type PartsState = z.infer<typeof PartsStateSchema>
