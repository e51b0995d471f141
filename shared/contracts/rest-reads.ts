import * as z from 'zod'
import {
  type AnswerRule,
  expression,
  HeadersSchema,
  MappingNameSchema,
  path,
  query,
  RulesSchema,
} from './rest-parts.ts'
import { TimeZoneSchema } from './scalars.ts'

/** What a `rest` target is read for: the way back from the ERP. */

const BodyMappingSchema = MappingNameSchema.refine((name) => name !== 'default', {
  error: 'has no built-in form: name a file or "none"',
}).default('none')

/** A call that changes nothing. `names` are what it may name in path and query, and what its mapping sees. */
const readFields = (...names: [string, ...string[]]) => ({
  method: z
    .enum(['GET', 'POST'])
    .default('GET')
    .describe('HTTP method; POST where the ERP is queried with a body'),
  path: path(...names),
  query: query(...names)
    .default({})
    .describe(
      'Query parameters, in this order; one whose placeholder has no value (the first {cursor}) is left out',
    ),
  headers: HeadersSchema.default({}),
  mapping: BodyMappingSchema.describe(
    `The query as a body, over {${names.join(', ')}}; only with POST, by default none`,
  ),
  rules: RulesSchema.default([]),
  success: expression('true when the answer confirms the call; by default any 2xx').optional(),
})

const emptyField = {
  empty: expression(
    'true only when the answer proves that finding nothing is right; by default a body that is a list. E.g. "body.items = []"',
  ).optional(),
}

const pageFields = (...names: string[]) => ({
  ...readFields('cursor', ...names),
  ...emptyField,
  begin: expression(
    'the first cursor, over {now}, an instant; by default the first call has none. E.g. "$date(now, \'epochMs\')"',
  ).optional(),
  cursor: expression(
    'what the next call begins with, over the answer and {cursor, now}; nothing keeps the last one',
  ),
  more: expression('true when the next page is there already, over the answer and {cursor}'),
})

interface Read {
  readonly method: string
  readonly mapping: string
}

const BODY_WITH_GET = {
  path: ['mapping'],
  error: 'cannot be sent with GET: use "query", or the method POST',
}
const sendsNoBodyWithGet = ({ method, mapping }: Read) => method !== 'GET' || mapping === 'none'

const SAME_PAGE = {
  path: ['query'],
  error: 'asks for every page alike: name {cursor} in a parameter, or send a mapping',
}
const namesCursor = ({
  mapping,
  path: where,
  query: parameters,
}: {
  mapping: string
  path: string
  query: Readonly<Record<string, string>>
}) => mapping !== 'none' || [where, ...Object.values(parameters)].some((text) => text.includes('{cursor}'))

const BySkuSchema = z
  .strictObject({
    ...readFields('skus', 'warehouses'),
    ...emptyField,
    figures: expression(
      'the figures in the answer: {sku, warehouse?, quantity} or an array of them; figures of one SKU are added up',
    ),
  })
  .refine(sendsNoBodyWithGet, BODY_WITH_GET)

const SkuPageSchema = (...names: string[]) =>
  z
    .strictObject({ ...pageFields(...names), skus: expression('the SKUs in the answer, once or more') })
    .refine(sendsNoBodyWithGet, BODY_WITH_GET)
    .refine(namesCursor, SAME_PAGE)

export const RestStockSchema = z.strictObject({
  meaning: z
    .enum(['physical', 'free', 'sellable'])
    .describe(
      'What a figure says. physical: on the shelf, reserved or not; free: physical less what is reserved; sellable: free less all on open documents, reserved or not',
    ),
  lagSeconds: z
    .int()
    .nonnegative()
    .max(86_400)
    .default(0)
    .describe('A figure may be older than its answer by so much'),
  maxSkus: z
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .describe('At most so many SKUs in a call; all their warehouses must fit into one answer'),
  bySku: BySkuSchema.describe('Figures of the SKUs named'),
  since: SkuPageSchema('warehouses')
    .optional()
    .describe(
      'SKUs whose figure changed, those that fell to 0 included. Without it, stock is compared at night',
    ),
  all: SkuPageSchema()
    .optional()
    .describe('Every SKU. Without it, nothing tells which items of the ERP no shop has'),
})
export type RestStock = z.infer<typeof RestStockSchema>

const ReadCommitmentsSchema = z
  .strictObject({
    ...readFields('references'),
    absent: expression(
      'true only when the answer proves that a reference it does not name has no document; by default an empty list, or a 404 to a single reference. E.g. "body.total = $count(body.orders)"',
    ).optional(),
    documents: expression(
      'the documents in the answer: {reference, state: "live" | "cancelled" | "absent", total?, items: [{sku, ordered, reserved?, shipped}]} or an array of them',
    ),
  })
  .refine(sendsNoBodyWithGet, BODY_WITH_GET)

export const RestCommitmentsSchema = z.strictObject({
  maxReferences: z.int().min(1).max(1_000).default(50).describe('At most so many references in a call'),
  reservesAt: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Only for an ERP that does not tell "reserved": the step from which on all of a document is out of the free figure',
    ),
  read: ReadCommitmentsSchema.describe('What the ERP holds under each of our references'),
})
export type RestCommitments = z.infer<typeof RestCommitmentsSchema>

const ReadShipmentsSchema = z
  .strictObject({
    ...pageFields(),
    shipments: expression(
      'shipments of our documents, oldest first: {id, reference, shippedAt, carrier?: {code, name}, tracking, lines: [{line?, sku, quantity, serials?}]} or an array of them; "line" is the reference we gave the line',
    ),
  })
  .refine(sendsNoBodyWithGet, BODY_WITH_GET)
  .refine(namesCursor, SAME_PAGE)

const AcknowledgeSchema = z
  .strictObject({
    ...readFields('ids'),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST').describe('HTTP method'),
  })
  .refine(sendsNoBodyWithGet, BODY_WITH_GET)

export const RestShipmentsSchema = z.strictObject({
  timeZone: TimeZoneSchema.default('Asia/Shanghai').describe('Of instants that name no zone'),
  read: ReadShipmentsSchema.describe('Done shipments since a cursor, page by page'),
  acknowledge: AcknowledgeSchema.optional().describe(
    'Takes shipments off a queue of the ERP, once each is in the shop or waits for a person',
  ),
})
export type RestShipments = z.infer<typeof RestShipmentsSchema>

const ReadAftersalesSchema = z
  .strictObject({
    ...pageFields(),
    steps: expression(
      'steps of our tickets and returns, oldest first: {of: "ticket" | "return", id, reference, at, step, person?, note?, fee?: {amount, currency}, parcels?: [{carrier?, tracking, events?: [{at, text}]}], parts?: [{sku, quantity, description?}], withdraws?} or an array of them',
    ),
  })
  .refine(sendsNoBodyWithGet, BODY_WITH_GET)
  .refine(namesCursor, SAME_PAGE)

export const RestAftersalesSchema = z.strictObject({
  timeZone: TimeZoneSchema.default('Asia/Shanghai').describe('Of instants that name no zone'),
  read: ReadAftersalesSchema.describe('Steps since a cursor, page by page'),
})
export type RestAftersales = z.infer<typeof RestAftersalesSchema>

/** A configured read, whichever it is. */
export interface ReadOperation {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly mapping: string
  readonly rules: readonly AnswerRule[]
  readonly success?: string | undefined
}

/** One that is read page by page. */
export type PageOperation = Omit<z.infer<typeof ReadShipmentsSchema>, 'shipments'>
