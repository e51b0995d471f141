import type * as z from 'zod'
import {
  BRIDGE_PROBLEMS,
  type BridgeProblem,
  type BridgeProblemCode,
  BridgeProblemSchema,
  type Changes,
  ChangesSchema,
  DigestsSchema,
  ExportSchema,
  type Health,
  HealthSchema,
  OpenLineSchema,
  type OrderCancel,
  type OrderCancelled,
  OrderCancelledSchema,
  OrderCancelSchema,
  type OrderNote,
  type OrderNoted,
  OrderNotedSchema,
  OrderNoteSchema,
  type Shipment,
  type ShipmentRecorded,
  ShipmentRecordedSchema,
  ShipmentSchema,
  type StockAnswer,
  StockAnswerSchema,
  StockItemSchema,
  type StockQuery,
  StockQuerySchema,
  type StockWrite,
  StockWriteSchema,
  type StockWritten,
  StockWrittenSchema,
  ThingSchema,
  type TicketReplied,
  TicketRepliedSchema,
  type TicketReply,
  TicketReplySchema,
} from './bridge.ts'
import { type Json, namedSchemas, plainSchema } from './json-schema.ts'
import { IdSchema, RawTimeSchema } from './scalars.ts'
import { WebhookEventSchema } from './webhook.ts'
import { EVENT_PARTS } from './webhook-parts.ts'

/** Under these names the parts of the contract appear in the generated file. */
const PARTS = {
  Problem: BridgeProblemSchema,
  Health: HealthSchema,
  Changes: ChangesSchema,
  Thing: ThingSchema,
  Export: ExportSchema,
  Digests: DigestsSchema,
  StockQuery: StockQuerySchema,
  StockAnswer: StockAnswerSchema,
  StockItem: StockItemSchema,
  OpenLine: OpenLineSchema,
  StockWrite: StockWriteSchema,
  StockWritten: StockWrittenSchema,
  Shipment: ShipmentSchema,
  ShipmentRecorded: ShipmentRecordedSchema,
  // TicketReply is the name of a reply in a snapshot.
  ReplyToTicket: TicketReplySchema,
  TicketReplied: TicketRepliedSchema,
  OrderCancel: OrderCancelSchema,
  OrderCancelled: OrderCancelledSchema,
  OrderNote: OrderNoteSchema,
  OrderNoted: OrderNotedSchema,
  Event: WebhookEventSchema,
  ...EVENT_PARTS,
} satisfies Record<string, z.ZodType>
type Part = keyof typeof PARTS

/** Codes that any call may be refused with. */
const EVERYWHERE: readonly BridgeProblemCode[] = [
  'missing-signature',
  'bad-signature',
  'wrong-clock',
  'replayed',
  'not-installed',
  'method-not-allowed',
  'body-too-large',
  'invalid-encoding',
  'invalid-field',
  'busy',
  'internal-error',
]
/** Where something of the shop is told or changed. */
const SPEAKING: readonly BridgeProblemCode[] = ['not-bound', 'restored']
const POSTED: readonly BridgeProblemCode[] = [...SPEAKING, 'not-json']
const IDENTIFIED: readonly BridgeProblemCode[] = [
  ...POSTED,
  'not-found',
  'identity-mismatch',
  'command-differs',
]
const COMMANDED: readonly BridgeProblemCode[] = [...IDENTIFIED, 'needs-a-person']

const schema = (part: Part): Json => ({ $ref: `#/components/schemas/${part}` })

interface Answered {
  readonly summary: string
  readonly description?: string
  readonly answers: readonly [Part, ...Part[]]
  readonly answer: object
  readonly codes: readonly BridgeProblemCode[]
}

function operation(id: string, { summary, description, answers, answer, codes }: Answered): Json {
  const [first, ...others] = answers
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    responses: {
      200: {
        description: 'Done, or told.',
        content: {
          'application/json': {
            schema: others.length === 0 ? schema(first) : { anyOf: answers.map(schema) },
            example: answer,
          },
        },
      },
      ...refusals([...EVERYWHERE, ...codes]),
    },
  }
}

function refusals(codes: readonly BridgeProblemCode[]): Json {
  const byStatus = Object.groupBy(codes, (code) => BRIDGE_PROBLEMS[code].status)
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `\`${code}\`: ${BRIDGE_PROBLEMS[code].meaning}`).join(' · '),
        content: {
          'application/json': {
            schema: schema('Problem'),
            examples: Object.fromEntries(ofStatus.map((code) => [code, { value: problemExample(code) }])),
          },
        },
      },
    ]),
  )
}

function problemExample(code: BridgeProblemCode): BridgeProblem {
  const { meaning, remedy } = BRIDGE_PROBLEMS[code]
  const problem = { code, message: meaning, remedy }
  if (code === 'wrong-clock') return { ...problem, server_time: '2026-11-22T01:30:00Z' }
  return code === 'invalid-field' ? { ...problem, field: 'lines.0.rec_id' } : problem
}

const get = (id: string, parameters: readonly Json[], answered: Answered): Json => ({
  get: { ...operation(id, answered), ...(parameters.length > 0 ? { parameters } : {}) },
})

const post = (id: string, body: Part, example: object, answered: Answered): Json => ({
  post: {
    ...operation(id, answered),
    requestBody: { required: true, content: { 'application/json': { schema: schema(body), example } } },
  },
})

const query = (name: string, description: string, value: Json): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema: value,
})
const whole = (minimum: number, maximum: number, value: number): Json => ({
  type: 'integer',
  minimum,
  maximum,
  default: value,
})

const thingsOf = (id: string, what: string): Json =>
  get(
    id,
    [
      query('id', 'One thing, by its id.', plainSchema(IdSchema)),
      query('stamp', 'With id: that very identity, even if it is gone.', plainSchema(RawTimeSchema)),
      query('after', 'Page by page: ids above this one, rising; default "0".', plainSchema(IdSchema)),
      query('limit', 'Ids of a page.', whole(1, 100, 50)),
      query('since', 'Only what came into being at or after it, in raw time.', plainSchema(RawTimeSchema)),
      query('view', 'Whole snapshots, or what a comparison needs.', {
        enum: ['full', 'digest'],
        default: 'full',
      }),
    ],
    {
      summary: `Reads ${what}`,
      description:
        'With `id`: a Thing, its tombstone if it is gone and `stamp` names it. Without: an Export, or Digests with `view=digest`. Every snapshot draws a `seq` of its own just before its rows are read.',
      answers: ['Thing', 'Export', 'Digests'],
      answer: EXAMPLES.thing,
      codes: [...SPEAKING, 'not-found'],
    },
  )

/** OpenAPI 3.1 of what the bridge serves. */
export function bridgeOpenApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'ecshop-erp-sync bridge',
      version: '1',
      description:
        'What the bridge in the shop serves under erpsync/v1/: one PHP file per resource. Signing, with a worked example, and every code: bridge-v1.md beside this file.',
    },
    servers: [
      {
        url: '{shop}/erpsync',
        variables: { shop: { default: 'https://shop.example', description: 'Address of the shop.' } },
      },
    ],
    security: [{ timestamp: [], nonce: [], signature: [] }],
    paths: {
      '/v1/health.php': get('health', [], {
        summary: 'Tells the state of the shop and of the bridge',
        description: 'Answered even where nothing else is: `relay.paused` then says why.',
        answers: ['Health'],
        answer: EXAMPLES.health,
        codes: [],
      }),
      '/v1/changes.php': get(
        'changes',
        [
          query('after', 'Cursor: `next` of the call before.', whole(0, Number.MAX_SAFE_INTEGER, 0)),
          query('limit', 'Changes of a page.', whole(1, 1000, 100)),
        ],
        {
          summary: 'Tells what has changed since a cursor',
          description: 'Each thing stands there once, under its newest `seq`; a deleted identity for itself.',
          answers: ['Changes'],
          answer: EXAMPLES.changes,
          codes: SPEAKING,
        },
      ),
      '/v1/orders.php': thingsOf('orders', 'orders'),
      '/v1/customers.php': thingsOf('customers', 'customers'),
      '/v1/returns.php': thingsOf('returns', 'returns'),
      '/v1/tickets.php': thingsOf('tickets', 'customers’ messages'),
      '/v1/stock-query.php': post('queryStock', 'StockQuery', EXAMPLES.stockQuery, {
        summary: 'Reads stock, with the order lines that wait for it',
        answers: ['StockAnswer'],
        answer: EXAMPLES.stockAnswer,
        codes: POSTED,
      }),
      '/v1/stock-write.php': post('writeStock', 'StockWrite', EXAMPLES.stockWrite, {
        summary: 'Writes stock where it still is as it was read',
        description:
          'A result for each SKU, in the order asked for. `stale`: the shop has a figure of a later `as_of`. `conflict`: the quantity or the digest is another now. `busy`: a checkout may be running on it. Nothing is written in these cases; read again and decide anew.',
        answers: ['StockWritten'],
        answer: EXAMPLES.stockWritten,
        codes: POSTED,
      }),
      '/v1/shipments.php': post('recordShipment', 'Shipment', EXAMPLES.shipment, {
        summary: 'Records a shipment as the admin screen does',
        description: 'Repeated under its id it goes on where it ended, or answers `duplicate`.',
        answers: ['ShipmentRecorded'],
        answer: EXAMPLES.shipmentRecorded,
        codes: [...COMMANDED, 'order-closed', 'unknown-line', 'quantity-exceeds'],
      }),
      '/v1/ticket-replies.php': post('replyToTicket', 'ReplyToTicket', EXAMPLES.reply, {
        summary: 'Answers a customer’s message',
        answers: ['TicketReplied'],
        answer: EXAMPLES.replied,
        codes: COMMANDED,
      }),
      '/v1/order-cancel.php': post('cancelOrder', 'OrderCancel', EXAMPLES.cancel, {
        summary: 'Cancels an order as the admin screen does',
        answers: ['OrderCancelled'],
        answer: EXAMPLES.cancelled,
        codes: [...COMMANDED, 'order-closed', 'too-late'],
      }),
      '/v1/order-notes.php': post('noteOrder', 'OrderNote', EXAMPLES.note, {
        summary: 'Adds a line to an order’s log in the admin',
        description: 'Nothing else of the order changes, and its snapshot does not either.',
        answers: ['OrderNoted'],
        answer: EXAMPLES.noted,
        codes: IDENTIFIED,
      }),
    },
    components: {
      securitySchemes: {
        timestamp: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Erpsync-Timestamp',
          description: 'Epoch seconds, at most 300 off the shop’s clock.',
        },
        nonce: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Erpsync-Nonce',
          description: '16 to 64 of A-Z a-z 0-9 _ -; another one for every call.',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Erpsync-Signature',
          description:
            '`v1=` and the HMAC-SHA256 in hex over `v1`, method, path with query, timestamp, nonce and the hex SHA-256 of the body, joined by line feeds; keyed with the bytes behind `brsec_`.',
        },
      },
      schemas: namedSchemas(PARTS, '#/components/schemas/'),
    },
  }
}

/** Invented, and held against the schemas by the contract tests. */
const ORDER = { order_id: '10086', order_sn: '2026112112345', add_time: 1_795_190_400 }
const EXAMPLES = {
  health: {
    bridge: { version: '1.1.0', capture: 'triggers', features: ['order-notes', 'refunds', 'reply-marks'] },
    platform: {
      name: 'ecshop',
      version: '2.8.0',
      php: '8.2.29',
      database: '10.11.14-MariaDB',
      charset: 'utf-8',
    },
    epoch: 'e-20261122-ab12cd',
    seq: 4711,
    clock: { now: '2026-11-22T01:30:00Z', raw_offset: 28_800 },
    currency: 'CNY',
    stock_mode: 'shipment',
    relay: {
      paused: null,
      pending: 1,
      set_aside: 0,
      oldest_pending_at: '2026-11-22T01:29:58Z',
      last_accepted_at: '2026-11-22T01:29:40Z',
      last_error: null,
    },
  } satisfies Health,
  changes: {
    epoch: 'e-20261122-ab12cd',
    seq: 4711,
    changes: [
      { seq: 4708, kind: 'order', id: '10086', deleted: false, stamp: 0, at: '2026-11-22T01:29:40Z' },
      {
        seq: 4710,
        kind: 'ticket',
        id: '31',
        deleted: true,
        stamp: 1_795_200_000,
        at: '2026-11-22T01:29:58Z',
      },
    ],
    next: 4710,
    more: false,
  } satisfies Changes,
  thing: {
    event: {
      type: 'ticket.deleted',
      version: { epoch: 'e-20261122-ab12cd', seq: 4712 },
      hash: '3c9c9e2b6c1d2f2a1f6f0d3e5b7a99c4d8e1f0a2b3c4d5e6f708192a3b4c5d6e',
      hashVersion: 1,
      tombstone: { msg_id: '31', msg_time: 1_795_200_000 },
    },
  } satisfies z.infer<typeof ThingSchema>,
  stockQuery: { skus: ['TEE-L', 'NO-SUCH'] } satisfies StockQuery,
  stockAnswer: {
    items: [
      {
        sku: 'TEE-L',
        goods_id: '31',
        product_id: '311',
        quantity: 12,
        digest: '9e107d9d372bb6826bd81d3542a419d6',
        as_of: '2026-11-22T01:00:00.000Z',
        lines: [{ ...ORDER, rec_id: '501', quantity: 2, shipped: 0, open: true }],
      },
    ],
    problems: [
      { sku: 'NO-SUCH', code: 'unknown-sku', message: 'No goods on stock in the shop have this code.' },
    ],
    next: null,
  } satisfies StockAnswer,
  stockWrite: {
    as_of: '2026-11-22T01:30:00.250Z',
    origin: 'erp',
    items: [{ sku: 'TEE-L', quantity: 14, expect: 12, digest: '9e107d9d372bb6826bd81d3542a419d6' }],
  } satisfies StockWrite,
  stockWritten: {
    results: [{ sku: 'TEE-L', result: 'applied', quantity: 14, clamped: false }],
  } satisfies StockWritten,
  shipment: {
    shipment_id: 'WMS-2026-000017',
    order: ORDER,
    shipped_at: '2026-11-22T01:20:00Z',
    tracking: ['SF100000000001'],
    lines: [{ rec_id: '501', quantity: 2 }],
    origin: 'erp',
  } satisfies Shipment,
  shipmentRecorded: {
    result: 'recorded',
    shipment_id: 'WMS-2026-000017',
    delivery_id: '901',
    delivery_sn: '202611220930000001',
    order_status: 5,
    shipping_status: 1,
  } satisfies ShipmentRecorded,
  reply: {
    reply_id: 'CASE-17-1',
    ticket: { msg_id: '31', msg_time: 1_795_200_000 },
    text: '今天发货。',
    author: '样例客服',
    at: '2026-11-22T01:25:00Z',
    origin: 'erp',
  } satisfies TicketReply,
  replied: { result: 'recorded', reply_id: 'CASE-17-1', msg_id: '32' } satisfies TicketReplied,
  cancel: {
    command_id: 'VOID-2026-0003',
    order: ORDER,
    reason: '缺货',
    refund: 'none',
    origin: 'erp',
  } satisfies OrderCancel,
  cancelled: { result: 'cancelled', order_status: 2 } satisfies OrderCancelled,
  note: {
    note_id: 'RET-17-received',
    order: ORDER,
    text: '退货已签收，运单 SF100000000002',
    author: '样例仓库',
    at: '2026-11-22T01:25:00Z',
    origin: 'erp',
  } satisfies OrderNote,
  noted: { result: 'recorded', note_id: 'RET-17-received', action_id: '7001' } satisfies OrderNoted,
} as const
