import * as z from 'zod'

const EpochMs = z.int().nonnegative()

/** Open and probing keep why the breaker opened and the pause they came from, which a failed probe doubles. */
const Opened = {
  since: EpochMs,
  why: z.string().describe('the failure class'),
  backoffMs: z.int().positive(),
}

export const BreakerSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('closed'), failures: z.int().nonnegative().describe('outages in a row') }),
  z.object({ is: z.literal('open'), ...Opened, retryAt: EpochMs }),
  z.object({ is: z.literal('probing'), ...Opened, probe: z.string().describe('lease id'), until: EpochMs }),
])
export type Breaker = z.infer<typeof BreakerSchema>

/** What all consumers of a target share (protocol §4). One per target, changed only as a whole. */
export const GateSchema = z.object({
  v: z.literal(1),
  target: z.string().describe('a target, or `shop:` and a shop’s id'),
  leases: z.record(
    z.string(),
    z.object({ slots: z.int().positive(), tokens: z.int().positive(), until: EpochMs }),
  ),
  bucket: z.object({
    credit: z
      .int()
      .nonnegative()
      .describe('1/60,000 of a token, so that refilling by the millisecond stays exact'),
    at: EpochMs.describe('refilled up to here'),
  }),
  breaker: BreakerSchema,
})
export type Gate = z.infer<typeof GateSchema>
