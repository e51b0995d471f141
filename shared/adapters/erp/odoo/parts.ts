import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ErpDocument, FoundDocument, PartsWrite } from '#ports/erp-gateway.ts'
import { type Attempt, done, refused } from './attempt.ts'
import type { Desk } from './desk.ts'
import { fullId, thingName } from './external-ids.ts'
import { htmlOf } from './html.ts'
import { type Kind, onlyOne } from './kind-gateway.ts'
import { load, type Row } from './load.ts'
import { fieldsNamed, fieldsOf, IdSchema, productsBy, readNested, recordId, TextSchema } from './records.ts'
import type { Session } from './session.ts'
import { goodsOf, piecesOf } from './transferred.ts'

const CREATE = 'create'
const RESERVE = 'reserve'
const MODEL = 'stock.picking'

const PartsSheetSchema = z.strictObject({
  reference: z.string(),
  ticket: z.string(),
  lines: z.array(z.strictObject({ sku: z.string(), quantity: z.int(), name: z.string() })),
})
type PartsSheet = z.infer<typeof PartsSheetSchema>
type Config = NonNullable<OdooTarget['parts']>

/** Spare parts as a transfer of the configured operation, which reserves them. */
export function parts(config: Config): Kind<PartsWrite, PartsSheet> {
  return {
    abilities: { steps: [CREATE, RESERVE], amend: false, cancel: true },
    schema: PartsSheetSchema,
    call: (op, step) =>
      `${MODEL}/${op === 'cancel' ? 'action_cancel' : step === CREATE ? 'load' : 'action_confirm'}`,
    sheetOf: ({ parts: request, reference }) =>
      done({
        reference,
        ticket: request.ticket.reference,
        lines: request.lines.map(({ sku, quantity, description }) => ({ sku, quantity, name: description })),
      }),

    async find({ session }, reference, expected): Promise<Attempt<FoundDocument | undefined>> {
      const found = await heldTransfer(session, reference)
      if (!found.ok || !found.value) return found.ok ? done(undefined) : found
      const document = documentOf(found.value)
      if (!expected) return done({ ...document, content: 'unknown' })
      const moves = await goodsOf(session, found.value.id)
      if (!moves.ok) return moves
      // What was called off asks for nothing any more.
      const same = document.state === 'cancelled' || piecesOf(moves.value) === piecesOf(expected.lines)
      return done({ ...document, content: same ? 'same' : 'different' })
    },

    async write(desk, { op, step, reference, sheet }) {
      const { session } = desk
      const known = await heldTransfer(session, reference)
      if (!known.ok) return known
      const held = known.value
      if (op === 'place' && step === CREATE) {
        if (held || !sheet) return refused('DuplicateRef', 'Odoo has a transfer of this reference')
        const made = await create(desk, sheet, config)
        return made.ok ? done({ id: String(made.value), state: 'live', step: CREATE }) : made
      }
      if (!held) return refused('NotFound', 'Odoo has no transfer of this reference')
      if (op === 'cancel') {
        if (held.state === 'cancel') return done(documentOf(held))
        if (held.state === 'done') return refused('StateConflict', `${held.name} has left the warehouse`)
      } else {
        if (held.state === 'cancel') return refused('NotFound', `${held.name} is cancelled in Odoo`)
        if (held.state !== 'draft') return done(documentOf(held))
      }
      const method = op === 'cancel' ? 'action_cancel' : 'action_confirm'
      const written = await session.write({ model: MODEL, method, ids: [held.id] }, z.unknown())
      if (!written.ok) return written
      const after = await heldTransfer(session, reference)
      return after.ok && after.value
        ? done(documentOf(after.value))
        : refused('UnknownOutcome', 'what was written could not be read back')
    },
  }
}

const HeldSchema = z.object({ id: IdSchema, name: TextSchema, state: z.string() })
type Held = z.infer<typeof HeldSchema>

const documentOf = ({ id, name, state }: Held): ErpDocument => ({
  id: String(id),
  no: name,
  state: state === 'cancel' ? 'cancelled' : 'live',
  step: state === 'draft' ? CREATE : RESERVE,
})

async function heldTransfer(session: Session, reference: string): Promise<Attempt<Held | undefined>> {
  const id = await recordId(session, MODEL, thingName('pp', reference))
  if (!id.ok || id.value === undefined) return id.ok ? done(undefined) : id
  const read = await readNested(
    session,
    MODEL,
    [['id', '=', id.value]],
    fieldsNamed(['name', 'state']),
    HeldSchema,
  )
  if (!read.ok) return read
  return read.value[0]
    ? done(read.value[0])
    : refused('AuthDenied', 'the login may not read a transfer of ours')
}

const PlaceSchema = z.union([IdSchema, z.literal(false)])
const OperationSchema = z.object({
  id: IdSchema,
  default_location_src_id: PlaceSchema,
  default_location_dest_id: PlaceSchema,
})

async function create(desk: Desk, sheet: PartsSheet, config: Config): Promise<Attempt<number>> {
  const { session } = desk
  const operation = await operationOf(session, config)
  if (!operation.ok) return operation
  const { id, from, to } = operation.value
  const products = await productsBy(
    desk,
    sheet.lines.map(({ sku }) => sku),
  )
  if (!products.ok) return products
  const fields = await fieldsOf(session, 'stock.move')
  if (!fields.ok) return fields
  const places = { 'location_id/.id': String(from), 'location_dest_id/.id': String(to) }
  const head = {
    id: fullId(thingName('pp', sheet.reference)),
    origin: `${sheet.ticket} ${sheet.reference}`,
    note: htmlOf([sheet.ticket, ...sheet.lines.map(({ name }) => name)]),
    'picking_type_id/.id': String(id),
    ...places,
  }
  const rows = sheet.lines.map(({ sku, quantity, name }): Row => {
    const product = products.value.get(sku)
    const row: Row = {
      'product_id/.id': String(product?.id),
      ...(fields.value.has('name') ? { name: name || (product?.name ?? sku) } : {}),
      product_uom_qty: String(quantity),
      ...places,
    }
    return Object.fromEntries(Object.entries(row).map(([column, value]) => [`move_ids/${column}`, value]))
  })
  return load(session, MODEL, head, rows, 'create-only')
}

/** Where it goes from and to: what the operation says, and to customers where it says nothing. */
async function operationOf(session: Session, { operation, warehouse }: Config) {
  const read = await readNested(
    session,
    'stock.picking.type',
    [['name', '=', operation], ...(warehouse === undefined ? [] : [['warehouse_id.code', '=', warehouse]])],
    fieldsNamed(['default_location_src_id', 'default_location_dest_id']),
    OperationSchema,
  )
  if (!read.ok) return read
  const only = onlyOne(
    read.value.map(({ id }) => id),
    `the operation type "${operation}"`,
    'odoo.parts.operation',
  )
  if (!only.ok) return only
  const found = read.value[0]
  const customers = await readNested(
    session,
    'stock.location',
    [['usage', '=', 'customer']],
    {},
    z.object({ id: IdSchema }),
    { order: 'id', limit: 1 },
  )
  if (!customers.ok) return customers
  const from = found?.default_location_src_id
  const to = found?.default_location_dest_id || customers.value[0]?.id
  return from && to
    ? done({ id: only.value, from, to })
    : refused('MissingReference', `the operation type "${operation}" does not say where goods come from`, {
        field: 'odoo.parts.operation',
      })
}
