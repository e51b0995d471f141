import * as z from 'zod'

/** The note of a scheduled run: who runs it now, and what it keeps (each run has a schema of its own for that). */
export const RunNoteSchema = z.object({
  lock: z.object({ owner: z.string(), until: z.int().nonnegative() }).nullable(),
  kept: z.unknown(),
})
export type RunNote = z.infer<typeof RunNoteSchema>
