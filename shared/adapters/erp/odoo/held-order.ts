import * as z from 'zod'
import { type Attempt, done, refused, together } from './attempt.ts'
import { MODULE, orderName } from './external-ids.ts'
import { fieldsOf, IdSchema, LinkSchema, recordId, search, TextSchema } from './records.ts'
import type { Session } from './session.ts'

const NameSchema = z.union([
  z.tuple([IdSchema, z.string()]).transform(([, name]) => name),
  z.literal(false).transform(() => ''),
])

const OrderSchema = z.object({
  id: IdSchema,
  name: TextSchema,
  state: z.string(),
  locked: z.boolean().optional(),
  partner_id: LinkSchema,
  partner_shipping_id: LinkSchema,
  partner_invoice_id: LinkSchema,
  note: TextSchema,
  date_order: TextSchema,
  commitment_date: TextSchema.optional(),
  payment_term_id: LinkSchema,
  pricelist_id: LinkSchema,
  currency_id: NameSchema,
  amount_total: z.number(),
  warehouse_id: LinkSchema.optional(),
  journal_id: LinkSchema.optional(),
  delivery_status: TextSchema.optional(),
})

const LineSchema = z.object({
  id: IdSchema,
  product_id: LinkSchema,
  product_uom_qty: z.number(),
  price_unit: z.number(),
  discount: z.number(),
  price_total: z.number(),
  name: TextSchema,
})

export interface HeldLine extends z.infer<typeof LineSchema> {
  /** Name of its external id, if it is one of ours. */
  readonly ours?: string
  readonly taxes: readonly number[]
  /** As read, for custom fields. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** A sale order as Odoo has it. */
export interface HeldOrder extends z.infer<typeof OrderSchema> {
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
  const read = await together({
    order: fieldsOf(session, 'sale.order'),
    line: fieldsOf(session, 'sale.order.line'),
  })
  if (!read.ok) return read
  const { order, line } = read.value
  return done({ order, line, taxField: line.has('tax_ids') ? 'tax_ids' : 'tax_id' })
}

const RawSchema = z.array(z.record(z.string(), z.unknown()))

/**
 * The order of a reference with all its lines; undefined where Odoo says that there is none.
 * @param extra custom fields to be read too
 */
export async function readOrder(
  session: Session,
  model: Model,
  reference: string,
  extra: { readonly order: readonly string[]; readonly line: readonly string[] } = { order: [], line: [] },
): Promise<Attempt<HeldOrder | undefined>> {
  const id = await recordId(session, 'sale.order', orderName(reference))
  if (!id.ok || id.value === undefined) return id.ok ? done(undefined) : id
  const present = (fields: ReadonlyMap<string, string>, names: readonly string[]) =>
    names.filter((name) => fields.has(name))
  const read = await together({
    orders: session.read(
      search(
        'sale.order',
        [['id', '=', id.value]],
        present(model.order, [...Object.keys(OrderSchema.shape), ...extra.order]),
      ),
      RawSchema,
    ),
    lines: session.read(
      search(
        'sale.order.line',
        [['order_id', '=', id.value]],
        present(model.line, [...Object.keys(LineSchema.shape), model.taxField, ...extra.line]),
      ),
      RawSchema,
    ),
  })
  if (!read.ok) return read
  const [raw] = read.value.orders
  const order = OrderSchema.safeParse(raw)
  const lines = z.array(LineSchema).safeParse(read.value.lines)
  if (!raw)
    return refused(
      'AuthDenied',
      'the login may not read this order: give it the right to all sales documents',
    )
  if (!order.success || !lines.success) return refused('Transient', 'the order could not be read')
  const names = await lineNames(
    session,
    lines.data.map((line) => line.id),
  )
  if (!names.ok) return names
  return done({
    ...order.data,
    raw,
    lines: lines.data.map((line, index) => {
      const rawLine = read.value.lines[index] ?? {}
      const taxes = z.array(IdSchema).safeParse(rawLine[model.taxField])
      const ours = names.value.get(line.id)
      return { ...line, ...(ours === undefined ? {} : { ours }), taxes: taxes.data ?? [], raw: rawLine }
    }),
  })
}

const NamesSchema = z.record(z.string(), z.string())

async function lineNames(session: Session, ids: readonly number[]): Promise<Attempt<Map<number, string>>> {
  if (ids.length === 0) return done(new Map())
  const read = await session.read({ model: 'sale.order.line', method: 'get_external_id', ids }, NamesSchema)
  if (!read.ok) return read
  const prefix = `${MODULE}.`
  const ours = Object.entries(read.value)
    .filter(([, name]) => name.startsWith(prefix))
    .map(([id, name]) => [Number(id), name.slice(prefix.length)] as const)
  return done(new Map(ours))
}

/** Confirmed; `done` is a locked one before Odoo 17. */
export const isConfirmed = ({ state }: Pick<HeldOrder, 'state'>) => state === 'sale' || state === 'done'

export const isLocked = ({ state, locked }: Pick<HeldOrder, 'state' | 'locked'>) =>
  state === 'done' || locked === true

/** The shop's date is back after a confirmation, and its deliveries' deadlines are those of it (see `restoreDate`). */
export const hasItsDate = (held: Pick<HeldOrder, 'date_order' | 'commitment_date'>, date: string) =>
  held.date_order === date && held.commitment_date !== date

/** Odoo's amounts are floating-point numbers of two decimals. */
export const minorOf = (amount: number) => Math.round(amount * 100) + 0
