import * as z from 'zod'
import { InstantSchema, RawTimeSchema, ShopIdSchema } from './scalars.ts'
import { PoolNameSchema } from './stock.ts'

/** What the schedule says: which pool, and whether to run although it is not due yet. */
export const StockRunInputSchema = z.object({ pool: PoolNameSchema, now: z.boolean().optional() })
export type StockRunInput = z.infer<typeof StockRunInputSchema>

/** What the runs of a pool keep between invocations (Notes), all of it made anew if it is lost. */

const EpochMs = z.int().nonnegative()
const Count = z.int().nonnegative()

/** A command’s worth of figures for one shop, read from the ERP at `asOf` or later. */
export const PlanChunkSchema = z.object({
  shop: ShopIdSchema,
  asOf: EpochMs,
  items: z.array(
    z.object({
      sku: z.string(),
      quantity: z.int(),
      expect: z.int(),
      digest: z.string(),
      offers: z.int().describe('of the quantity: what new buyers may have'),
    }),
  ),
})
export type PlanChunk = z.infer<typeof PlanChunkSchema>

/** SKUs that one side has and the other does not know: their number, and some of them. */
const StrangersSchema = z.object({ count: Count, sample: z.array(z.string()) })
export type Strangers = z.infer<typeof StrangersSchema>

const CountsSchema = z.record(z.string(), Count)

const ShopCursorsSchema = z.object({
  epoch: z.string(),
  changes: Count.describe('in the bridge’s feed'),
  scan: z.string().describe('where the rolling scan of the shop’s SKUs goes on'),
})

/** How far a run has come. */
const PlaceSchema = z.object({
  kind: z.enum(['delta', 'full']),
  startedAt: EpochMs,
  night: z.string(),
  phase: z.enum(['examine', 'compare', 'decide', 'release']),
  todo: z.array(z.string()).describe('delta: SKUs still to be examined'),
  walk: z
    .object({ shop: Count, after: z.string(), tries: Count })
    .describe('full: the shop, by its place in the pool, and its page'),
  compare: z.string().nullable().describe('full: cursor in the ERP’s list of all its SKUs'),
  next: z
    .object({ erp: z.string().nullable(), shops: z.record(ShopIdSchema, ShopCursorsSchema) })
    .describe('cursors, once this run ends well'),
  again: z.array(z.string()).describe('SKUs of the next run'),
  chunks: Count.describe('notes of the plan'),
  open: z.array(PlanChunkSchema).describe('the rest of the plan'),
  released: Count,
  known: Count.describe('notes of SKUs that shops have'),
  counts: CountsSchema,
  unknownInErp: StrangersSchema,
  unknownInShop: StrangersSchema,
  failures: z.array(z.string()),
})
export type StockPlace = z.infer<typeof PlaceSchema>

export const StockKeptSchema = z.object({
  startedAt: EpochMs.nullable(),
  night: z.string().nullable().describe('of the last full run that ended well'),
  fullAt: EpochMs.nullable().describe('start of the last full run'),
  fullSkus: Count.describe('SKUs it looked at'),
  braked: z.enum(['delta', 'full']).nullable().describe('the brake holds a run of this kind'),
  erp: z.string().nullable().describe('cursor in the ERP’s feed'),
  shops: z.record(ShopIdSchema, ShopCursorsSchema),
  again: z.array(z.string()).describe('SKUs to be looked at whatever else happens'),
  underWay: z
    .record(
      ShopIdSchema,
      z.array(
        z.object({
          asOf: EpochMs,
          at: EpochMs.describe('when it was queued'),
          skus: z.array(z.string()),
          offers: z
            .array(z.int())
            .describe('of each SKU: the most that commands under way may make the shop offer'),
        }),
      ),
    )
    .default({})
    .describe('commands that are not known to have arrived'),
  place: PlaceSchema.nullable(),
})
export type StockKept = z.infer<typeof StockKeptSchema>

/** SKU → quantity in the shop when it was looked at last: 200 goods to a note. */
export const SeenStockSchema = z.record(z.string(), z.int())

/** Orders of a shop that changed within a day, with the SKUs the ledger knows of them. */
export const RecentOrdersSchema = z.array(
  z.object({
    id: z.string(),
    stamp: RawTimeSchema,
    at: EpochMs,
    skus: z.array(z.string()).nullable().describe('null: the ledger does not know the order yet'),
  }),
)
export type RecentOrder = z.infer<typeof RecentOrdersSchema>[number]

export const BrakeCountsSchema = z.object({
  changed: Count,
  zeroed: Count,
  of: Count.describe('SKUs of the pool'),
})
export type BrakeCounts = z.infer<typeof BrakeCountsSchema>

/** What the brake stopped, and what a person said to it. */
export const BrakeNoteSchema = z.object({
  state: z.enum(['tripped', 'released', 'passed']),
  kind: z.enum(['delta', 'full']),
  at: EpochMs,
  counts: BrakeCountsSchema,
  sample: z.array(z.object({ shop: ShopIdSchema, sku: z.string(), from: z.int(), to: z.int() })),
})
export type BrakeNote = z.infer<typeof BrakeNoteSchema>

/** How the last run of a pool ended. */
export const StockReportSchema = z.object({
  at: InstantSchema,
  kind: z.enum(['delta', 'full']),
  is: z.enum(['done', 'failed', 'braked']),
  counts: CountsSchema,
  unknownInErp: StrangersSchema,
  unknownInShop: StrangersSchema,
  failures: z.array(z.string()),
})
export type StockReport = z.infer<typeof StockReportSchema>

export const SkusSchema = z.array(z.string())
