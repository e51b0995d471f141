import * as z from 'zod'
import { TargetNameSchema } from './scalars.ts'

/** What the runs of a target keep between invocations (Notes). */
export const AftersalesKeptSchema = z.object({
  startedAt: z.int().nonnegative().nullable(),
  cursor: z.string().nullable().describe('the target’s; null = from the beginning'),
  more: z.boolean().describe('the run before did not come to the end'),
})
export type AftersalesKept = z.infer<typeof AftersalesKeptSchema>

/** What a schedule hands over. */
export const AftersaleRunInputSchema = z.object({
  target: TargetNameSchema,
  now: z.boolean().optional().describe('although it is not due yet'),
})
export type AftersaleRunInput = z.infer<typeof AftersaleRunInputSchema>
