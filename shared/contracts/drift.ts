import * as z from 'zod'
import { IdSchema, KindSchema, RawTimeSchema, ShopIdSchema, TargetNameSchema } from './scalars.ts'

/** What the sweep of a shop keeps, and what it found (protocol §1, §4). */

const EpochMs = z.int().nonnegative()
const Count = z.int().nonnegative()
const Seq = z.int().nonnegative()

/** What EventBridge Scheduler hands over. */
export const SweepInputSchema = z.strictObject({
  shop: ShopIdSchema,
  now: z.boolean().default(false).describe('due at once'),
})
export type SweepInput = z.output<typeof SweepInputSchema>

/** What a person asked the sweep for: when, last. It obeys with its next tick. */
export const SweepAskedSchema = z.object({
  release: EpochMs.default(0).describe('to enqueue what a new epoch held back'),
  repair: EpochMs.default(0).describe('to enqueue what the last report lists'),
})
export type SweepAsked = z.output<typeof SweepAskedSchema>

export const DriftDifferenceSchema = z.object({
  kind: KindSchema,
  sourceId: z.string(),
  target: TargetNameSchema,
  no: z.string().describe('order_sn, where the ledger knows it'),
  ref: z.string(),
  is: z
    .enum([
      'not-seen',
      'older-content',
      'not-in-shop',
      'not-in-erp',
      'cancelled-in-erp',
      'live-in-erp',
      'amount',
      'parked',
    ])
    .describe(
      'not-seen: the ledger has no delivery of it · older-content: the shop changed it since · not-in-shop: gone without a trace · amount: the totals differ',
    ),
  detail: z.string(),
})
export type DriftDifference = z.infer<typeof DriftDifferenceSchema>

/** What a person asked to be delivered anew and was not yet: a note of its own. */
export const RepairsSchema = z.array(DriftDifferenceSchema.pick({ kind: true, sourceId: true, target: true }))
export type Repairs = z.infer<typeof RepairsSchema>

/** Amounts in minor units. */
const Sum = z.object({ count: Count, amount: z.int() })

export const DriftDaySchema = z.object({
  shop: Sum,
  targets: z.record(
    TargetNameSchema,
    z.object({
      seen: Count.describe('the ledger has the shop’s state of now'),
      erp: Sum.optional().describe('live documents; absent where the ERP is not read'),
    }),
  ),
})
export type DriftDay = z.infer<typeof DriftDaySchema>

export const MOST_DIFFERENCES = 5_000

const Found = {
  orders: Count.describe('of the shop that were compared'),
  days: z.record(z.string(), DriftDaySchema).describe('YYYY-MM-DD in the shop’s zone'),
  differences: z.array(DriftDifferenceSchema).max(MOST_DIFFERENCES),
  more: Count.describe('differences that are not listed'),
}

/** Shop, ledger and ERP compared with each other. */
export const DriftReportSchema = z.object({
  v: z.literal(1),
  shop: ShopIdSchema,
  at: EpochMs,
  ...Found,
})
export type DriftReport = z.infer<typeof DriftReportSchema>

export const ComparisonSchema = z.object({
  mode: z
    .enum(['report', 'new-epoch', 'released'])
    .describe('what it enqueues: nothing · what has no row · everything that differs'),
  night: z.string(),
  since: RawTimeSchema,
  seq: Seq.describe('the counter when it began'),
  after: IdSchema,
  ...Found,
})
export type Comparison = z.infer<typeof ComparisonSchema>

/** A note of orders the shop was seen to have, as `id.stamp`. */
export const RememberedOrdersSchema = z.array(z.string())

export const SweepKeptSchema = z.object({
  startedAt: EpochMs.optional(),
  unfinished: z.boolean().describe('it saved its place and goes on with the next tick'),
  epoch: z.string().optional(),
  seq: Seq.describe('the highest counter this epoch has shown'),
  rawOffset: z.int().optional().describe('seconds to add to a raw time of the shop'),
  from: RawTimeSchema.optional().describe('raw shop time: what was ordered before is not compared'),
  targets: z.record(
    TargetNameSchema,
    z.object({
      cursor: Seq.describe('all changes up to here are settled'),
      settled: z.record(z.string(), Seq).describe('things within the overlap, and the change of theirs'),
    }),
  ),
  wokeAt: EpochMs.optional(),
  paused: z
    .object({ at: EpochMs, seq: Seq })
    .optional()
    .describe('the counter fell: the shop’s database was restored'),
  holding: z
    .object({ at: EpochMs })
    .optional()
    .describe('a new epoch: what differs from the ledger waits for a person'),
  night: z.string().optional().describe('of the last comparison that ended'),
  comparison: ComparisonSchema.optional(),
  buckets: z.array(z.int()).describe('of remembered orders'),
  obeyed: SweepAskedSchema,
  repairsLeft: Count.optional().describe('deliveries a person asked for that are still to be made'),
})
export type SweepKept = z.output<typeof SweepKeptSchema>
