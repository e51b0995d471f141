import * as z from 'zod'
import { OrderStateSchema, PaymentStateSchema } from './order.ts'
import { AskedPartSchema, PartsParcelSchema } from './parts.ts'
import { DocumentKindSchema, IdSchema, ShopIdSchema, TargetNameSchema, VersionSchema } from './scalars.ts'

const EpochMs = z.int().nonnegative()

export const RowKeySchema = z.object({
  shop: ShopIdSchema,
  kind: DocumentKindSchema,
  sourceId: z
    .string()
    .describe(
      'order_id.add_time, back_id.return_time, msg_id.msg_time, user_id.reg_time, all raw; f{log_id}.{change_time} of a refund, g.{key} of a guest; of parts: desk, ticket, the request’s id',
    ),
  target: TargetNameSchema,
})
export type RowKey = z.infer<typeof RowKeySchema>

/**
 * Content as two hashes under one version of the hash function: of the order itself, and of what the mapping makes of it.
 * Either being equal means equal content: an edit nobody sends is none, and a changed mapping is no edit of the shop's.
 */
export const ContentHashSchema = z.object({ v: z.int(), source: z.string(), mapped: z.string() })
export type ContentHash = z.infer<typeof ContentHashSchema>

export const OpSchema = z.enum(['place', 'amend', 'cancel'])
export type Op = z.infer<typeof OpSchema>

/** A write that may have left. Present without a clear answer means unknown (protocol §3). */
export const IntentSchema = z.object({
  op: OpSchema,
  step: z.string(),
  generation: z.int().nonnegative(),
  hash: ContentHashSchema,
  version: VersionSchema,
  deadline: EpochMs,
  calls: z.int().positive().describe('calls of this intent without a clear answer'),
  bytes: z
    .string()
    .optional()
    .describe('id of the stored request, kept where only a repetition of the same bytes is safe'),
})
export type Intent = z.infer<typeof IntentSchema>

export const ReasonSchema = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  field: z.string().optional(),
  subject: z.string().optional().describe('the SKU, region or method that is missing'),
})
export type Reason = z.infer<typeof ReasonSchema>

export const RowStatusSchema = z.enum(['new', 'open', 'done', 'held', 'parked', 'erased'])
export type RowStatus = z.infer<typeof RowStatusSchema>

export const HistoryEntrySchema = z.object({
  at: EpochMs,
  event: z.string().describe('what happened, e.g. place.acknowledged, place.unknown, found.same, parked'),
  seq: z.int().optional(),
  detail: z.string().optional(),
  correlationId: z.string().optional(),
})
export type HistoryEntry = z.infer<typeof HistoryEntrySchema>

export const LedgerRowSchema = z.object({
  v: z.literal(1),
  key: RowKeySchema,
  rev: z.int().nonnegative().describe('raised by every write; each write is conditioned on it'),
  writer: z
    .string()
    .describe('owner token of the last write: recognises a write of ours that the SDK repeated'),
  no: z.string().describe('the number a person knows it by: order_sn'),
  ref: z.string().describe('the reference without generation'),
  status: RowStatusSchema,
  reason: ReasonSchema.optional(),
  generation: z.int().nonnegative(),
  seen: z.object({ version: VersionSchema, wireHash: z.string() }),
  shopState: z.object({
    state: z
      .enum([...OrderStateSchema.options, 'present', 'withdrawn'])
      .describe('of anything but an order: present, or withdrawn'),
    payment: PaymentStateSchema.optional().describe('of an order'),
    everOpen: z
      .boolean()
      .describe('was placed or confirmed at some time; an admin’s draft looks void and never was'),
    gone: z.boolean().describe('its row in the shop was deleted'),
    revived: z
      .boolean()
      .describe('a payment reopened it after it was cancelled; stays until a person or a cancel decides'),
  }),
  applied: z.object({ version: VersionSchema, hash: ContentHashSchema }).optional(),
  intent: IntentSchema.optional(),
  unsettledUntil: EpochMs.optional(),
  erp: z
    .object({
      id: z.string(),
      no: z.string().optional(),
      generation: z.int().nonnegative(),
      step: z.string(),
      state: z.enum(['live', 'cancelled']),
    })
    .optional(),
  lines: z.array(
    z.object({
      recId: IdSchema,
      sku: z.string(),
      qty: z.int(),
      sentQty: z.int(),
      askedQty: z
        .int()
        .optional()
        .describe('the most that a write without a clear answer may have asked for'),
      shipped: z.int(),
      reserved: z.int(),
      at: EpochMs,
    }),
  ),
  parts: z
    .object({
      lines: z.array(AskedPartSchema),
      parcels: z.array(PartsParcelSchema),
      refused: z.string().optional().describe('why it was cleared away'),
    })
    .optional()
    .describe('of a request for spare parts'),
  claim: z.object({ owner: z.string(), leaseUntil: EpochMs }).optional(),
  cause: z.enum(['event', 'sweep', 'repair', 'replay']).describe('inherited by what supersedes a replay'),
  firstSeenAt: EpochMs,
  enqueued: z
    .object({ at: EpochMs, version: VersionSchema })
    .optional()
    .describe('what the sweep fetched and enqueued last: not again within a day, unless the shop changed it'),
  wakeAt: EpochMs.optional(),
  updatedAt: EpochMs,
  history: z.array(HistoryEntrySchema),
})
export type LedgerRow = z.infer<typeof LedgerRowSchema>
