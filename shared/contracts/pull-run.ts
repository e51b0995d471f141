import * as z from 'zod'
import { TargetNameSchema } from './scalars.ts'

/** What the runs that read a target page by page keep between invocations (Notes). */
export const PullKeptSchema = z.object({
  startedAt: z.int().nonnegative().nullable(),
  cursor: z.string().nullable().describe('the target’s; null = from the beginning'),
  more: z.boolean().describe('the run before did not come to the end'),
})
export type PullKept = z.infer<typeof PullKeptSchema>

/** What a schedule hands over. */
export const PullInputSchema = z.object({
  target: TargetNameSchema,
  now: z.boolean().optional().describe('although it is not due yet'),
})
export type PullInput = z.infer<typeof PullInputSchema>
