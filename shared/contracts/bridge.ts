import * as z from 'zod'
import { IdSchema, InstantSchema, KindSchema, RawTimeSchema, TextSchema, WireMoneySchema } from './scalars.ts'
import { WebhookEventSchema } from './webhook.ts'

/**
 * Bridge contract v1: what the PHP bridge serves under `{shop}/erpsync/v1/`, one PHP file per resource, because shared
 * hosts rewrite no paths. Every call is signed (docs/contracts/bridge-v1.md).
 */

export const BRIDGE_MAX_BODY_BYTES = 1_048_576
export const BRIDGE_MAX_SKUS = 200
/** Seconds by which a signature may be older or newer than the shop's clock. */
export const BRIDGE_TOLERANCE_SECONDS = 300

const Seq = z.int().nonnegative()
const Origin = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,30}$/)
  .describe('label of who caused the write, e.g. the target’s name; kept and shown, never a filter')
const CommandId = z.string().regex(/^[A-Za-z0-9._:/-]{1,64}$/)

/** What a bridge can beyond version 1.0.0, which names none. */
export const BRIDGE_FEATURES = ['order-notes', 'refunds', 'reply-marks'] as const
export type BridgeFeature = (typeof BRIDGE_FEATURES)[number]

/** Every refusal: nothing was changed. */
export const BridgeProblemSchema = z.looseObject({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  field: z.string().optional(),
  server_time: InstantSchema.optional().describe('the shop’s clock, with wrong-clock'),
})
export type BridgeProblem = z.infer<typeof BridgeProblemSchema>

export const StockModeSchema = z
  .enum(['placement', 'shipment', 'none'])
  .describe('when the shop reduces its stock: stock_dec_time 1, 0, or use_storage 0')
export type StockMode = z.infer<typeof StockModeSchema>

/** `GET health.php` */
export const HealthSchema = z.looseObject({
  bridge: z.looseObject({
    version: z.string(),
    capture: z.enum(['triggers', 'poll']),
    features: z
      .array(z.string())
      .optional()
      .describe(`what it can beyond version 1.0.0, which names none: ${BRIDGE_FEATURES.join(', ')}`),
  }),
  platform: z.looseObject({
    name: z.literal('ecshop'),
    version: TextSchema,
    php: z.string(),
    database: z.string(),
    charset: z.enum(['utf-8', 'gbk']),
  }),
  epoch: z.string(),
  seq: Seq,
  clock: z.looseObject({
    now: InstantSchema,
    raw_offset: z.int().describe('seconds to add to a stored *_time of now to get the true epoch'),
  }),
  currency: z.string(),
  stock_mode: StockModeSchema,
  relay: z.looseObject({
    paused: BridgeProblemSchema.nullable(),
    pending: z.int().nonnegative(),
    set_aside: z.int().nonnegative(),
    oldest_pending_at: InstantSchema.nullable(),
    last_accepted_at: InstantSchema.nullable(),
    last_error: BridgeProblemSchema.nullable(),
  }),
})
export type Health = z.infer<typeof HealthSchema>

/** `GET changes.php?after={seq}&limit={1..1000}`: things changed, each with its newest seq only, in the order of seq. */
export const ChangesSchema = z.looseObject({
  epoch: z.string(),
  seq: Seq.describe('the counter now'),
  changes: z.array(
    z.looseObject({
      seq: Seq,
      kind: KindSchema,
      id: IdSchema,
      deleted: z.boolean(),
      stamp: RawTimeSchema.describe('raw time of the deleted identity; 0 for a thing that is there'),
      at: InstantSchema,
    }),
  ),
  next: Seq.describe('cursor for the next call'),
  more: z.boolean(),
})
export type Changes = z.infer<typeof ChangesSchema>

/** `GET {orders|customers|returns|tickets}.php?id={id}[&stamp={raw time}]`: with a stamp, that very identity, even if it is gone. */
export const ThingSchema = z.looseObject({ event: WebhookEventSchema })

/** `GET {orders|…}.php?after={id}&limit={1..100}&since={raw time}&view=full`: by primary key, rising. */
export const ExportSchema = z.looseObject({
  epoch: z.string(),
  events: z.array(WebhookEventSchema),
  next: IdSchema.nullable().describe('the last id looked at; null at the end'),
})
export type Export = z.infer<typeof ExportSchema>

/** The same with `view=digest`: what a comparison needs. */
export const DigestsSchema = z.looseObject({
  epoch: z.string(),
  digests: z.array(
    z.looseObject({
      id: IdSchema,
      stamp: RawTimeSchema,
      hash: z.string(),
      hashVersion: z.int().positive(),
      at: InstantSchema.nullable(),
      total: WireMoneySchema.nullable().describe('orders: total_fee; else null'),
    }),
  ),
  next: IdSchema.nullable(),
})
export type Digests = z.infer<typeof DigestsSchema>

export const OpenLineSchema = z.looseObject({
  order_id: IdSchema,
  order_sn: TextSchema,
  add_time: RawTimeSchema,
  rec_id: IdSchema,
  quantity: z.int().nonnegative().describe('pieces of this SKU: members of a package are multiplied out'),
  shipped: z.int().nonnegative().describe('on delivery notes with status 0, never send_number'),
  open: z
    .boolean()
    .describe('false: cancelled, void, returned or wholly shipped, and changed within the last 24 hours'),
})
export type OpenLine = z.infer<typeof OpenLineSchema>

/** `POST stock-query.php`: by SKU, or page by page. */
export const StockQuerySchema = z.union([
  z.strictObject({ skus: z.array(z.string().min(1).max(60)).min(1).max(BRIDGE_MAX_SKUS) }),
  z.strictObject({
    after: z.string().describe('`next` of the page before; "" for the first'),
    limit: z.int().min(1).max(1000),
  }),
])
export type StockQuery = z.infer<typeof StockQuerySchema>

export const StockItemSchema = z.looseObject({
  sku: z.string(),
  goods_id: IdSchema,
  product_id: IdSchema.describe('0 for goods without SKU rows'),
  quantity: z.int(),
  digest: z.string().describe('of the quantity and the open lines: for compare-and-set'),
  as_of: InstantSchema.nullable().describe('of the last figure written here'),
  lines: z.array(OpenLineSchema),
})
export type StockItem = z.infer<typeof StockItemSchema>

export const StockAnswerSchema = z.looseObject({
  items: z.array(StockItemSchema),
  problems: z.array(
    z.looseObject({
      sku: z.string(),
      code: z.enum(['unknown-sku', 'ambiguous-sku', 'no-sku-code']),
      message: z.string(),
    }),
  ),
  next: z.string().nullable(),
})
export type StockAnswer = z.infer<typeof StockAnswerSchema>

/** `POST stock-write.php` */
export const StockWriteSchema = z.strictObject({
  as_of: InstantSchema.describe('when the ERP was asked for these figures'),
  origin: Origin,
  items: z
    .array(
      z.strictObject({
        sku: z.string().min(1).max(60),
        quantity: z.int().min(0).max(2_147_483_647),
        expect: z.int().describe('the quantity read: written only while it still holds'),
        digest: z
          .string()
          .optional()
          .describe(
            'the digest read: written only while it holds; where the shop manages no stock it does not matter',
          ),
      }),
    )
    .min(1)
    .max(BRIDGE_MAX_SKUS),
})
export type StockWrite = z.infer<typeof StockWriteSchema>

export const StockWrittenSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      sku: z.string(),
      result: z.enum(['applied', 'unchanged', 'stale', 'conflict', 'busy', 'unknown-sku', 'ambiguous-sku']),
      quantity: z.int().nullable().describe('in the shop now; null if the SKU is not known'),
      clamped: z.boolean().describe('the column holds less than was asked for'),
    }),
  ),
})
export type StockWritten = z.infer<typeof StockWrittenSchema>

const OrderIdentity = z.strictObject({ order_id: IdSchema, order_sn: z.string(), add_time: RawTimeSchema })

/** `POST shipments.php`: one parcel or several that left the warehouse together. */
export const ShipmentSchema = z.strictObject({
  shipment_id: CommandId.describe('the ERP’s own id of the shipment'),
  order: OrderIdentity,
  shipped_at: InstantSchema,
  carrier: z
    .strictObject({ shipping_code: z.string().max(30).optional(), name: z.string().max(60) })
    .optional()
    .describe('default: the order’s own shipping method'),
  tracking: z.array(z.string().min(1).max(50)).max(10),
  lines: z
    .array(z.strictObject({ rec_id: IdSchema, quantity: z.int().positive() }))
    .min(1)
    .describe('of a package line: whole packages'),
  origin: Origin,
})
export type Shipment = z.infer<typeof ShipmentSchema>

export const ShipmentRecordedSchema = z.looseObject({
  result: z.enum(['recorded', 'duplicate']),
  shipment_id: z.string(),
  delivery_id: IdSchema,
  delivery_sn: TextSchema,
  order_status: z.int(),
  shipping_status: z.int(),
})
export type ShipmentRecorded = z.infer<typeof ShipmentRecordedSchema>

/** `POST ticket-replies.php` */
export const TicketReplySchema = z.strictObject({
  reply_id: CommandId,
  ticket: z.strictObject({ msg_id: IdSchema, msg_time: RawTimeSchema }),
  text: z.string().min(1).max(2000),
  author: z.string().min(1).max(60).describe('shown to the customer'),
  at: InstantSchema,
  origin: Origin,
})
export type TicketReply = z.infer<typeof TicketReplySchema>

export const TicketRepliedSchema = z.looseObject({
  result: z.enum(['recorded', 'duplicate']),
  reply_id: z.string(),
  msg_id: IdSchema,
})
export type TicketReplied = z.infer<typeof TicketRepliedSchema>

/** `POST order-notes.php`: a line in the order’s log, for the people of the shop. */
export const OrderNoteSchema = z.strictObject({
  note_id: CommandId,
  order: OrderIdentity,
  text: z.string().min(1).max(255).describe('what does not fit the column is cut, between characters'),
  author: z.string().min(1).max(30).describe('shown as who acted'),
  at: InstantSchema,
  origin: Origin,
})
export type OrderNote = z.infer<typeof OrderNoteSchema>

export const OrderNotedSchema = z.looseObject({
  result: z.enum(['recorded', 'duplicate']),
  note_id: z.string(),
  action_id: IdSchema,
})
export type OrderNoted = z.infer<typeof OrderNotedSchema>

/** `POST order-cancel.php`: as the admin screen cancels; refused with `too-late` once anything was shipped. */
export const OrderCancelSchema = z.strictObject({
  command_id: CommandId,
  order: OrderIdentity,
  reason: z.string().min(1).max(200).describe('shown to the customer (to_buyer)'),
  refund: z
    .enum(['none', 'balance'])
    .describe(
      'money paid at a gateway: not touched, so that a paid order is refused with needs-a-person; or credited to the member’s balance',
    ),
  origin: Origin,
})
export type OrderCancel = z.infer<typeof OrderCancelSchema>

export const OrderCancelledSchema = z.looseObject({
  result: z.enum(['cancelled', 'duplicate', 'already']),
  order_status: z.int(),
})
export type OrderCancelled = z.infer<typeof OrderCancelledSchema>

/** Why a call is refused, with its HTTP status. The bridge’s own words say more; `meaning` and `remedy` are the general case. */
export const BRIDGE_PROBLEMS = {
  'missing-signature': {
    status: 401,
    meaning: 'one of the three headers is missing or malformed',
    remedy: 'sign the call; a proxy before the shop must let the headers through',
  },
  'bad-signature': {
    status: 401,
    meaning: 'the signature is not that of this call',
    remedy: 'compare the secrets, and the bytes that are signed with those that are sent',
  },
  'wrong-clock': {
    status: 401,
    meaning: 'the signature is right, its time more than 300 s off `server_time`',
    remedy: 'sign again by `server_time`',
  },
  replayed: {
    status: 401,
    meaning: 'the nonce was used before',
    remedy: 'sign again with another nonce',
  },
  'not-installed': {
    status: 503,
    meaning: 'the files are there, the bridge is not set up',
    remedy: 'open its setup page',
  },
  'not-bound': {
    status: 409,
    meaning: 'not the installation that was bound: a copy, or one that moved',
    remedy: 'leave a copy so; bind a shop that moved, on its setup page',
  },
  restored: {
    status: 409,
    meaning: 'the database is older than what was sent: a backup was restored',
    remedy: 'start a new epoch on the setup page and connect it again',
  },
  'method-not-allowed': {
    status: 405,
    meaning: 'the resource is read with GET or written with POST, not both',
    remedy: 'use the other one',
  },
  'body-too-large': {
    status: 413,
    meaning: 'the body has more than 1,048,576 bytes',
    remedy: 'send less in one call',
  },
  'invalid-encoding': {
    status: 400,
    meaning: 'the call is not UTF-8',
    remedy: 'encode it in UTF-8, never in GBK',
  },
  'not-json': {
    status: 400,
    meaning: 'the body is not a JSON object',
    remedy: 'send what a JSON encoder returns',
  },
  'invalid-field': {
    status: 422,
    meaning: '`field` is missing, unknown or outside its values',
    remedy: 'compare it with the contract',
  },
  'not-found': {
    status: 404,
    meaning: 'the shop has, and had, no such thing',
    remedy: 'compare the id, and the stamp',
  },
  'identity-mismatch': {
    status: 409,
    meaning: 'under the id there is another thing than the one named',
    remedy: 'read the thing again; ids are given out anew after a restore',
  },
  'command-differs': {
    status: 409,
    meaning: 'the id of the command was used with another content',
    remedy: 'repeat a command as it was; give a new one a new id',
  },
  'order-closed': {
    status: 409,
    meaning: 'the order is cancelled, void or returned',
    remedy: 'decide with the customer; stop the parcel',
  },
  'too-late': {
    status: 409,
    meaning: 'something of the order was shipped',
    remedy: 'take it back as a return',
  },
  'needs-a-person': {
    status: 409,
    meaning: 'the shop cannot do this by itself, e.g. pay money back at a gateway',
    remedy: 'do what `remedy` says in the shop’s admin',
  },
  'unknown-line': {
    status: 422,
    meaning: 'the order has no such line',
    remedy: 'read the order again: it was edited',
  },
  'quantity-exceeds': {
    status: 409,
    meaning: 'more pieces than are left to ship',
    remedy: 'read the order again; somebody shipped, or it was edited',
  },
  busy: {
    status: 503,
    meaning: 'another call, or the database, is in the way',
    remedy: 'repeat it in a few seconds',
  },
  'internal-error': {
    status: 500,
    meaning: 'the bridge failed; how far a write got is not known',
    remedy: 'look into the PHP error log of the shop, then repeat the call',
  },
} as const satisfies Record<string, { status: number; meaning: string; remedy: string }>
export type BridgeProblemCode = keyof typeof BRIDGE_PROBLEMS
