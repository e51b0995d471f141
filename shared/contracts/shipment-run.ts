import * as z from 'zod'
import { TargetNameSchema } from './scalars.ts'

/** What the runs of a target keep between invocations (Notes). */
export const ShipmentsKeptSchema = z.object({
  startedAt: z.int().nonnegative().nullable(),
  cursor: z.string().nullable().describe('the ERP’s; null = from the beginning'),
  more: z.boolean().describe('the run before did not come to the end'),
})
export type ShipmentsKept = z.infer<typeof ShipmentsKeptSchema>

/** What a schedule hands over. */
export const ShipmentRunInputSchema = z.object({
  target: TargetNameSchema,
  now: z.boolean().optional().describe('although it is not due yet'),
})
export type ShipmentRunInput = z.infer<typeof ShipmentRunInputSchema>
