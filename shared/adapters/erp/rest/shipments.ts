import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { RestShipments } from '#contracts/rest-reads.ts'
import { recIdIn } from '#domain/reference.ts'
import type { ErpShipment, ErpShipments, ShipmentPage } from '#ports/erp-reads.ts'
import { toInstant } from './instants.ts'
import {
  CodeSchema,
  createCall,
  createPagesRead,
  listOf,
  MaybeCodeSchema,
  ok,
  QuantitySchema,
  type ReadDeps,
  readFailure,
} from './reading.ts'

/** What `shipments` has to give for each. */
const schemaOf = (timeZone: string) =>
  z.object({
    id: CodeSchema.pipe(z.string().regex(/^[A-Za-z0-9._:/-]{1,64}$/)),
    reference: CodeSchema,
    shippedAt: z.union([z.string(), z.number()]).transform((value, context) => {
      const instant = toInstant(value, timeZone)
      if (instant !== undefined) return instant
      context.addIssue({ code: 'custom', message: 'is no instant' })
      return z.NEVER
    }),
    carrier: z.object({ code: MaybeCodeSchema, name: MaybeCodeSchema }).nullish(),
    tracking: listOf(MaybeCodeSchema),
    lines: listOf(
      z.object({
        line: MaybeCodeSchema,
        sku: CodeSchema,
        quantity: QuantitySchema.refine((quantity) => quantity >= 0),
        serials: listOf(CodeSchema),
      }),
    ),
  })
type Listed = z.infer<ReturnType<typeof schemaOf>>

/** In place of an id where there is none; it was never the ERP’s, so it is never acknowledged. */
const NAMELESS = 'unreadable:'

/** Shipments of an ERP as its configuration describes them. */
export function createShipments(deps: ReadDeps, shipments: RestShipments): ErpShipments {
  const { read, acknowledge, timeZone } = shipments
  const where = 'operations.shipments'
  const pages = createPagesRead(deps, read, `${where}.read`, ['shipments', read.shipments])
  const take = acknowledge && createCall(deps, acknowledge, `${where}.acknowledge`)
  const schema = schemaOf(timeZone)

  function readOne(row: unknown): Readable {
    const parsed = schema.safeParse(row)
    if (!parsed.success) return { id: idOf(row), why: explain(parsed.error), ...referenceOf(row) }
    const { id, reference } = parsed.data
    const shipment = toShipment(parsed.data)
    return typeof shipment === 'string' ? { id, why: shipment, reference } : { id, shipment }
  }

  return {
    async read(cursor, context) {
      const page = await pages.read(cursor, {}, context)
      if (page.is === 'failed') return page
      const byId = Map.groupBy(page.value.rows.map(readOne), ({ id }) => id)
      const one = [...byId.values()].flatMap(onlyOne)
      const value: ShipmentPage = {
        shipments: one.flatMap((row) => ('shipment' in row ? [row.shipment] : [])),
        unreadable: one.flatMap((row) => ('shipment' in row ? [] : [row])),
        cursor: page.value.cursor,
        more: page.value.more,
      }
      return ok(value)
    },
    ...(take && {
      acknowledge: async (given, context) => {
        const ids = given.filter((id) => !id.startsWith(NAMELESS))
        if (ids.length === 0) return ok(undefined)
        const answer = await take({ ids }, context)
        return answer.ok ? ok(undefined) : readFailure(answer.failure)
      },
    }),
  } satisfies ErpShipments
}

type Readable = { readonly id: string; readonly shipment: ErpShipment } | ShipmentPage['unreadable'][number]

/** A shipment listed twice is one; two different ones under one id are none that could be told apart later. */
function onlyOne(rows: readonly Readable[]): Readable[] {
  const [first] = rows
  if (!first) return []
  if (rows.every((row) => isDeepStrictEqual(row, first))) return [first]
  const why =
    'several different shipments bear this id: give each its own in operations.shipments.read.shipments'
  return [{ id: first.id, why }]
}

/** The shipment, or why it is none. */
function toShipment({ id, reference, shippedAt, carrier, tracking, lines }: Listed): ErpShipment | string {
  const code = carrier?.code ?? carrier?.name
  const name = carrier?.name ?? carrier?.code
  const shipped: ErpShipment['lines'][number][] = []
  for (const { line, sku, quantity, serials } of lines) {
    if (quantity === 0) continue
    // A line of the ERP’s own goes by its SKU.
    const recId = line ? recIdIn(line, reference) : undefined
    shipped.push({ ...(recId === undefined ? {} : { recId }), sku, quantity, serials })
  }
  if (shipped.length === 0) return 'it names no goods that left'
  return {
    id,
    reference,
    shippedAt,
    ...(code && name ? { carrier: { code, name } } : {}),
    tracking: [...new Set(tracking.flatMap((number) => (number ? [number.trim()] : [])).filter(Boolean))],
    lines: shipped,
  }
}

function idOf(row: unknown): string {
  const named = z.object({ id: CodeSchema }).safeParse(row)
  const id = named.success ? named.data.id : undefined
  if (id !== undefined && /^[A-Za-z0-9._:/-]{1,64}$/.test(id)) return id
  const hash = createHash('sha256')
    .update(id ?? JSON.stringify(row) ?? '')
    .digest('hex')
  return `${NAMELESS}${hash.slice(0, 32)}`
}

function referenceOf(row: unknown): { readonly reference?: string } {
  const named = z.object({ reference: CodeSchema }).safeParse(row)
  return named.success ? { reference: named.data.reference } : {}
}

/** Which members are wrong; never their values. */
function explain(error: z.ZodError): string {
  const members = error.issues.map(
    ({ path }) => path.filter((part) => typeof part === 'string').join('.') || 'shipment',
  )
  return `operations.shipments.read.shipments gave no usable ${[...new Set(members)].join(', ')}`
}
