import * as z from 'zod'
import { InstantSchema } from './scalars.ts'

/** An instant between our own parts: ISO-8601 in UTC outside, epoch milliseconds inside. */
export const EpochMsSchema = z.codec(InstantSchema, z.int(), {
  decode: (text) => Date.parse(text),
  encode: (epochMs) => new Date(epochMs).toISOString(),
})
