import * as z from 'zod'
import { OrderCancelSchema, ShipmentSchema, StockWriteSchema } from './bridge.ts'
import { HistoryEntrySchema, ReasonSchema } from './ledger-row.ts'
import { IdSchema, InstantSchema, ShopIdSchema, TargetNameSchema } from './scalars.ts'
import { PoolNameSchema } from './stock.ts'

/** Write-backs: commands for a shop (protocol §6), one message each in `writebacks.fifo`. */

const Order = {
  no: z.string().describe('order_sn'),
  ref: z.string().describe('reference of the order without generation'),
}

export const WritebackCommandSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('stock'), pool: PoolNameSchema, write: StockWriteSchema }),
  z.object({
    is: z.literal('shipment'),
    ...Order,
    shipment: ShipmentSchema,
    serials: z
      .array(z.object({ recId: IdSchema, sku: z.string(), numbers: z.array(z.string()) }))
      .describe('serial numbers that left; the shop has no place for them, the row keeps them'),
  }),
  z.object({ is: z.literal('cancel'), ...Order, cancel: OrderCancelSchema }),
])
export type WritebackCommand = z.infer<typeof WritebackCommandSchema>

export const WritebackMessageSchema = z.object({
  v: z.literal(1),
  shop: ShopIdSchema,
  target: TargetNameSchema.describe('where the command comes from'),
  id: z
    .string()
    .min(1)
    .max(64)
    .describe('of the command: the ERP’s shipment id, …; the same for its repetitions'),
  cause: z.enum(['run', 'replay', 'operator']),
  firstSeenAt: InstantSchema.describe('age counts from here; a replay starts anew'),
  correlationId: z.string(),
  command: WritebackCommandSchema,
})
export type WritebackMessage = z.infer<typeof WritebackMessageSchema>

const EpochMs = z.int().nonnegative()

export const WritebackKeySchema = z.object({
  shop: ShopIdSchema,
  target: TargetNameSchema,
  kind: z.enum(['shipment', 'cancel']),
  id: z.string(),
})
export type WritebackKey = z.infer<typeof WritebackKeySchema>

/** One row per shipment and cancel. Stock has none: what was not applied the next run decides anew. */
export const WritebackRowSchema = z.object({
  v: z.literal(1),
  key: WritebackKeySchema,
  rev: z.int().nonnegative().describe('raised by every write; each write is conditioned on it'),
  writer: z.string(),
  no: z.string(),
  ref: z.string(),
  status: z.enum(['open', 'done', 'parked']),
  reason: ReasonSchema.optional(),
  command: WritebackCommandSchema,
  claim: z.object({ owner: z.string(), leaseUntil: EpochMs }).optional(),
  result: z.string().optional().describe('the bridge’s word: recorded, duplicate, cancelled, already'),
  firstSeenAt: EpochMs,
  updatedAt: EpochMs,
  history: z.array(HistoryEntrySchema),
})
export type WritebackRow = z.infer<typeof WritebackRowSchema>
