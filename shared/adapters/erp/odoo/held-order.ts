import * as z from 'zod'
import { type Attempt, done, refused } from './attempt.ts'
import type { Tax } from './desk.ts'
import { MODULE, orderName } from './external-ids.ts'
import {
  fieldsNamed,
  fieldsOf,
  IdSchema,
  readNested,
  recordId,
  type Specification,
  TAX_FIELDS,
  TaxesSchema,
  TextSchema,
} from './records.ts'
import type { Session } from './session.ts'

const nothing = z.literal(false).transform(() => undefined)
const LinkSchema = z.union([IdSchema, nothing])
const RawSchema = z.record(z.string(), z.unknown())

const PickingSchema = z.object({
  id: IdSchema,
  state: z.string(),
  picking_type_code: TextSchema,
  partner_id: LinkSchema,
})

const AddressSchema = z.object({
  id: IdSchema,
  name: TextSchema,
  street: TextSchema,
  street2: TextSchema,
  zip: TextSchema,
})

const OrderSchema = z.object({
  id: IdSchema,
  name: TextSchema,
  state: z.string(),
  origin: TextSchema,
  locked: z.boolean().optional(),
  partner_id: z.union([z.object({ id: IdSchema, ref: TextSchema }), nothing]),
  partner_shipping_id: z.union([AddressSchema, nothing]),
  partner_invoice_id: LinkSchema,
  note: TextSchema,
  date_order: TextSchema,
  payment_term_id: LinkSchema,
  pricelist_id: LinkSchema,
  currency_id: z
    .union([z.object({ name: z.string() }), nothing])
    .transform((currency) => currency?.name ?? ''),
  amount_total: z.number(),
  warehouse_id: LinkSchema.optional(),
  journal_id: LinkSchema.optional(),
  delivery_status: TextSchema.optional(),
  /** Without the warehouse there are none. */
  picking_ids: z.array(PickingSchema).default([]),
  order_line: z.array(RawSchema),
})

const LineSchema = z.object({
  id: IdSchema,
  product_id: z.union([z.object({ id: IdSchema, default_code: TextSchema }), nothing]),
  product_uom_qty: z.number(),
  price_unit: z.number(),
  discount: z.number(),
  price_total: z.number(),
  customer_lead: z.number(),
  name: TextSchema,
})

export interface HeldLine extends z.infer<typeof LineSchema> {
  /** Name of its external id, if it is one of ours and `nameLines` has asked for it. */
  readonly ours?: string
  readonly taxes: readonly Tax[]
  /** As read, for custom fields. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** A sale order as Odoo has it. */
export interface HeldOrder extends Omit<z.infer<typeof OrderSchema>, 'order_line'> {
  readonly lines: readonly HeldLine[]
  readonly raw: Readonly<Record<string, unknown>>
}

/** What this database's sale orders have, which differs by version and by module. */
export interface Model {
  readonly order: ReadonlyMap<string, string>
  readonly line: ReadonlyMap<string, string>
  /** `tax_ids` in 19, `tax_id` before. */
  readonly taxField: string
}

export async function readModel(session: Session): Promise<Attempt<Model>> {
  // One after the other: the first call of a process also finds out how to speak, and who it is.
  const order = await fieldsOf(session, 'sale.order')
  if (!order.ok) return order
  const line = await fieldsOf(session, 'sale.order.line')
  if (!line.ok) return line
  const taxField = line.value.has('tax_ids') ? 'tax_ids' : 'tax_id'
  return done({ order: order.value, line: line.value, taxField })
}

/** Custom fields to be read too. */
export interface Extra {
  readonly order: readonly string[]
  readonly line: readonly string[]
}

const NONE: Extra = { order: [], line: [] }

/** The order of a reference with all its lines; undefined where Odoo says that there is none. */
export async function findOrder(
  session: Session,
  model: Model,
  reference: string,
  extra: Extra = NONE,
): Promise<Attempt<HeldOrder | undefined>> {
  const id = await recordId(session, 'sale.order', orderName(reference))
  if (!id.ok || id.value === undefined) return id.ok ? done(undefined) : id
  const held = await readOrder(session, model, id.value, extra)
  if (held.ok && held.value === undefined)
    return refused(
      'AuthDenied',
      'the login may not read this order: give it the right to all sales documents',
    )
  return held
}

/**
 * The same, where the ledger knows its id: that is believed only as long as the order says of itself that it is of this
 * reference, because a database that was restored gives ids again.
 */
export async function knownOrder(
  session: Session,
  model: Model,
  reference: string,
  id: number | undefined,
): Promise<Attempt<HeldOrder>> {
  const known = id === undefined ? done(undefined) : await readOrder(session, model, id)
  if (!known.ok) return known
  if (known.value?.origin === reference) return done(known.value)
  const found = await findOrder(session, model, reference)
  if (!found.ok) return found
  return found.value ? done(found.value) : refused('NotFound', 'Odoo has no order of this reference')
}

async function readOrder(
  session: Session,
  model: Model,
  id: number,
  extra: Extra = NONE,
): Promise<Attempt<HeldOrder | undefined>> {
  const read = await readNested(
    session,
    'sale.order',
    [['id', '=', id]],
    orderFields(model, extra),
    RawSchema,
  )
  if (!read.ok) return read
  const [raw] = read.value
  if (!raw) return done(undefined)
  const order = OrderSchema.safeParse(raw)
  if (!order.success) return refused('Transient', 'the order could not be read')
  const lines: HeldLine[] = []
  for (const rawLine of order.data.order_line) {
    const line = LineSchema.safeParse(rawLine)
    const taxes = TaxesSchema.safeParse(rawLine[model.taxField])
    if (!line.success || !taxes.success) return refused('Transient', 'a line of the order could not be read')
    lines.push({ ...line.data, taxes: taxes.data, raw: rawLine })
  }
  return done({ ...order.data, lines, raw })
}

function orderFields(model: Model, extra: Extra): Specification {
  const among = (fields: ReadonlyMap<string, string>, specification: Specification) =>
    Object.fromEntries(Object.entries(specification).filter(([name]) => fields.has(name)))
  // A link is told from a number by being read as a record.
  const own = (fields: ReadonlyMap<string, string>, names: readonly string[]): Specification =>
    Object.fromEntries(names.map((name) => [name, fields.get(name) === 'many2one' ? { fields: {} } : {}]))
  const line: Specification = {
    ...own(model.line, extra.line),
    ...fieldsNamed(Object.keys(LineSchema.shape)),
    product_id: { fields: fieldsNamed(['default_code']) },
    [model.taxField]: { fields: TAX_FIELDS },
  }
  return among(model.order, {
    ...own(model.order, extra.order),
    ...fieldsNamed(Object.keys(OrderSchema.shape)),
    partner_id: { fields: fieldsNamed(['ref']) },
    partner_shipping_id: { fields: fieldsNamed(['name', 'street', 'street2', 'zip']) },
    currency_id: { fields: fieldsNamed(['name']) },
    picking_ids: { fields: fieldsNamed(['state', 'picking_type_code', 'partner_id']) },
    order_line: { fields: among(model.line, line) },
  })
}

const NamesSchema = z.record(z.string(), z.string())

/** The external ids of ours among records, without the module. */
export async function ourNames(
  session: Session,
  model: string,
  ids: readonly number[],
): Promise<Attempt<ReadonlyMap<number, string>>> {
  if (ids.length === 0) return done(new Map())
  const read = await session.read({ model, method: 'get_external_id', ids }, NamesSchema)
  if (!read.ok) return read
  if (ids.some((id) => read.value[id] === undefined))
    return refused('Transient', 'Odoo did not say of every record what its external id is')
  const prefix = `${MODULE}.`
  const ours = Object.entries(read.value)
    .filter(([, name]) => name.startsWith(prefix))
    .map(([id, name]) => [Number(id), name.slice(prefix.length)] as const)
  return done(new Map(ours))
}

/** The order with its lines known as ours or not. */
export async function nameLines(session: Session, held: HeldOrder): Promise<Attempt<HeldOrder>> {
  const ids = held.lines.map(({ id }) => id)
  const names = await ourNames(session, 'sale.order.line', ids)
  if (!names.ok) return names
  const lines = held.lines.map((line) => {
    const ours = names.value.get(line.id)
    return ours === undefined ? line : { ...line, ours }
  })
  return done({ ...held, lines })
}

/** Confirmed; `done` is a locked one before Odoo 17. */
export const isConfirmed = ({ state }: Pick<HeldOrder, 'state'>) => state === 'sale' || state === 'done'

export const isLocked = ({ state, locked }: Pick<HeldOrder, 'state' | 'locked'>) =>
  state === 'done' || locked === true

/** Odoo's amounts are floating-point numbers of two decimals. */
export const minorOf = (amount: number) => Math.round(amount * 100) + 0
