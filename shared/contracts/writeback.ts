import * as z from 'zod'
import { OrderCancelSchema, ShipmentSchema, StockWriteSchema } from './bridge.ts'
import { HistoryEntrySchema, ReasonSchema } from './ledger-row.ts'
import { PartsParcelSchema } from './parts.ts'
import { ProgressSchema } from './progress.ts'
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
  }),
  z.object({ is: z.literal('cancel'), ...Order, cancel: OrderCancelSchema }),
  z.object({
    is: z.literal('progress'),
    no: z.string().describe('empty until the ledger was asked'),
    ref: z.string().describe('reference of the ticket or return'),
    progress: ProgressSchema,
  }),
  z.object({
    is: z.literal('parcel').describe('spare parts left: not for the shop, but for the ticket they are for'),
    no: z.string().describe('reference of the ticket'),
    ref: z.string().describe('reference of the request without generation'),
    request: z.string().describe('source id of the request'),
    parcel: PartsParcelSchema,
  }),
])
export type WritebackCommand = z.infer<typeof WritebackCommandSchema>

const EpochMs = z.int().nonnegative()

/** Goods that left, as the ERP told of them. */
export const ToldShipmentSchema = z.object({
  id: z.string(),
  reference: z.string(),
  shippedAt: EpochMs,
  carrier: z.object({ code: z.string(), name: z.string() }).optional(),
  tracking: z.array(z.string()),
  lines: z.array(
    z.object({
      recId: IdSchema.optional(),
      sku: z.string(),
      quantity: z.number(),
      serials: z.array(z.string()).describe('the shop has no place for them'),
    }),
  ),
})
export type ToldShipment = z.infer<typeof ToldShipmentSchema>

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
  told: ToldShipmentSchema.optional().describe('what the command was made of; the row keeps it'),
})
export type WritebackMessage = z.infer<typeof WritebackMessageSchema>

export const WritebackKeySchema = z.object({
  target: TargetNameSchema,
  kind: z.enum(['shipment', 'cancel', 'progress']),
  id: z.string().min(1).max(64),
})
export type WritebackKey = z.infer<typeof WritebackKeySchema>

/** One row per shipment, cancel and step of a ticket or return. Stock has none: what was not applied the next run decides anew. */
export const WritebackRowSchema = z.object({
  v: z.literal(1),
  key: WritebackKeySchema,
  rev: z.int().nonnegative().describe('raised by every write; each write is conditioned on it'),
  writer: z.string(),
  shop: ShopIdSchema.optional().describe('absent: it is not known whose it is'),
  no: z.string(),
  ref: z.string(),
  status: z.enum(['open', 'done', 'parked']),
  reason: ReasonSchema.optional(),
  command: WritebackCommandSchema.optional().describe('absent: no command could be made of what was told'),
  told: ToldShipmentSchema.optional().describe('of a shipment, as it was read last'),
  claim: z.object({ owner: z.string(), leaseUntil: EpochMs }).optional(),
  result: z.string().optional().describe('the bridge’s word: recorded, duplicate, cancelled, already'),
  expiresAt: z
    .int()
    .positive()
    .optional()
    .describe('epoch seconds; of a step, which holds what people wrote: the store removes it then'),
  firstSeenAt: EpochMs,
  updatedAt: EpochMs,
  history: z.array(HistoryEntrySchema),
})
export type WritebackRow = z.infer<typeof WritebackRowSchema>
