import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { misdirectedPickings, totals } from './compare.ts'
import { fullId } from './external-ids.ts'
import {
  type HeldLine,
  type HeldOrder,
  hasItsDate,
  isConfirmed,
  isLocked,
  type Model,
  minorOf,
  readOrder,
} from './held-order.ts'
import { load } from './load.ts'
import {
  changedOrderRow,
  checkCurrency,
  currencyDiffers,
  emptiedRow,
  lineRows,
  newOrderRow,
  resolve,
} from './order-rows.ts'
import { IdSchema, LinkSchema, recordId, search, TextSchema } from './records.ts'
import type { Session } from './session.ts'
import type { Sheet } from './sheet-schema.ts'
import { writeContacts } from './write-contacts.ts'

/** One write of one order, with what it needs. */
export interface Task {
  readonly session: Session
  readonly model: Model
  readonly target: OdooTarget
}

export interface Written {
  readonly id: number
  readonly no?: string
  readonly confirmed: boolean
}

const AnythingSchema = z.unknown()
const NumbersSchema = z.array(
  z.object({ name: TextSchema, amount_total: z.number(), currency_id: z.tuple([IdSchema, z.string()]) }),
)

/** A quotation with all its lines, in one transaction. */
export async function createOrder(
  { session, model, target }: Task,
  sheet: Sheet,
  date: string,
): Promise<Attempt<Written>> {
  const known = await recordId(session, 'sale.order', sheet.id)
  if (!known.ok) return known
  if (known.value !== undefined) return refused('DuplicateRef', 'Odoo has an order of this reference')
  const resolved = await resolve(session, model, sheet, target)
  if (!resolved.ok) return resolved
  const contacts = await writeContacts(session, sheet)
  if (!contacts.ok) return contacts
  const currency = await checkCurrency(session, resolved.value, contacts.value.buyer, sheet)
  if (!currency.ok) return currency

  const row = newOrderRow(sheet, resolved.value, contacts.value, date)
  const id = await load(session, 'sale.order', row, lineRows(sheet, resolved.value, model), 'create-only')
  if (!id.ok) return id

  const read = await session.read(
    search('sale.order', [['id', '=', id.value]], ['name', 'amount_total', 'currency_id']),
    NumbersSchema,
  )
  const made = read.ok ? read.value[0] : undefined
  // It is there, whatever else is not known of it.
  if (!made) return done({ id: id.value, confirmed: false })
  if (minorOf(made.amount_total) !== sheet.total || made.currency_id[1] !== sheet.currency) {
    // Not refused, or the ledger would take it for not there: the look-up that follows finds it different.
    return refused('DuplicateRef', `the quotation ${made.name} comes to another total than the shop’s order`)
  }
  return done({ id: id.value, no: made.name, confirmed: false })
}

/** Confirms a quotation whose total is the shop's, and gives it its date back. Safe to repeat at any point. */
export async function confirmOrder(
  { session, model }: Task,
  sheet: Sheet,
  date: string,
): Promise<Attempt<Written>> {
  const held = await present(session, model, sheet.reference)
  if (!held.ok) return held
  const order = held.value
  if (order.state === 'cancel') return refused('StateConflict', `${order.name} is cancelled in Odoo`)
  if (!isConfirmed(order)) {
    if (order.currency_id !== sheet.currency) return currencyDiffers(order.currency_id, sheet.currency)
    if (minorOf(order.amount_total) !== sheet.total)
      return refused('Invalid', `not confirmed, the totals differ: ${totals(order, sheet)}`)
    const confirmed = await session.write(
      { model: 'sale.order', method: 'action_confirm', ids: [order.id] },
      AnythingSchema,
    )
    const state = confirmed.ok || isClear(confirmed.failure) ? await stateOf(session, order.id) : undefined
    if (state?.ok && !['sale', 'done'].includes(state.value)) {
      // A wizard in the answer wants to be asked something first; nothing has happened.
      return confirmed.ok ? refused('StateConflict', 'Odoo asks for something before it confirms') : confirmed
    }
    if (!confirmed.ok && !state?.ok) return confirmed
    if (!state?.ok) return unknown(state?.failure)
  }
  if (!isConfirmed(order) || !hasItsDate(order, date)) {
    const dated = await restoreDate(session, order, sheet, date)
    // Repeating the confirmation goes on from here.
    if (!dated.ok) return dated
  }
  return done({ id: order.id, no: order.name, confirmed: true })
}

/**
 * Confirming sets the order's date to now. With its own date back, new moves get other deadlines than those of the
 * confirmation, and Odoo then answers a smaller quantity with a return instead of a smaller delivery. Only writing the promised
 * date moves the deadlines along: so it is set with the date, and cleared again.
 */
async function restoreDate(
  session: Session,
  order: HeldOrder,
  sheet: Sheet,
  date: string,
): Promise<Attempt<unknown>> {
  const id = fullId(sheet.id)
  const promised = order.commitment_date !== '' && order.commitment_date !== date
  if (promised) return load(session, 'sale.order', { id, date_order: date })
  const dated = await load(session, 'sale.order', { id, date_order: date, commitment_date: date })
  return dated.ok ? load(session, 'sale.order', { id, commitment_date: '' }) : dated
}

/** Brings an order, confirmed or not, to the newest content in one transaction. */
export async function amendOrder({ session, model, target }: Task, sheet: Sheet): Promise<Attempt<Written>> {
  const held = await present(session, model, sheet.reference)
  if (!held.ok) return held
  const order = held.value
  const late = tooLate(order)
  if (late) return refused('StateConflict', late)

  const resolved = await resolve(session, model, sheet, target)
  if (!resolved.ok) return resolved
  const wanted = new Map(sheet.lines.map((line) => [line.id, resolved.value.products.get(line.code)?.id]))
  const foreign = order.lines.filter(({ ours }) => ours === undefined)
  const added = foreign.reduce((sum, line) => sum + minorOf(line.price_total), 0)
  if (added !== 0)
    return refused('Invalid', `${order.name} has lines that somebody added in Odoo: remove them there`)
  const swapped =
    isConfirmed(order) &&
    order.lines.find(({ ours, product_id }) => ours && wanted.has(ours) && wanted.get(ours) !== product_id)
  if (swapped)
    return refused('StateConflict', `${order.name} is confirmed: a line of it cannot become another product`)

  const contacts = await writeContacts(session, sheet)
  if (!contacts.ok) return contacts
  const gone = order.lines.filter(
    (line): line is HeldLine & { readonly ours: string } =>
      line.ours !== undefined && line.product_uom_qty !== 0 && !wanted.has(line.ours),
  )
  const id = await load(
    session,
    'sale.order',
    changedOrderRow(sheet, resolved.value, contacts.value, order),
    [
      ...lineRows(sheet, resolved.value, model),
      ...gone.map((line) => emptiedRow(line, resolved.value, model)),
    ],
  )
  if (!id.ok) return id

  const redirected = await redirectPickings(session, order)
  if (!redirected.ok) return redirected
  const now = await session.read(
    search('sale.order', [['id', '=', order.id]], ['name', 'amount_total', 'currency_id']),
    NumbersSchema,
  )
  const after = now.ok ? now.value[0] : undefined
  if (!after) return unknown(now.ok ? undefined : now.failure)
  const total = { amount_total: after.amount_total, currency_id: after.currency_id[1] }
  if (minorOf(total.amount_total) !== sheet.total)
    return refused('Invalid', `the totals of ${after.name} differ: ${totals(total, sheet)}`)
  return done({ id: order.id, no: order.name, confirmed: isConfirmed(order) })
}

function tooLate(order: HeldOrder): string | undefined {
  if (order.state === 'cancel') return `${order.name} is cancelled in Odoo`
  if (isLocked(order)) return `${order.name} is locked in Odoo`
  return order.delivery_status === 'full' ? `${order.name} is delivered` : undefined
}

async function redirectPickings(session: Session, order: HeldOrder): Promise<Attempt<void>> {
  if (!isConfirmed(order)) return done(undefined)
  const read = await session.read(
    search('sale.order', [['id', '=', order.id]], ['partner_shipping_id']),
    z.array(z.object({ partner_shipping_id: LinkSchema })),
  )
  if (!read.ok) return read
  const address = read.value[0]?.partner_shipping_id
  const pickings = await misdirectedPickings(session, order, address)
  if (!pickings.ok) return pickings
  for (const id of pickings.value) {
    const row = { '.id': String(id), 'partner_id/.id': String(address) }
    const redirected = await load(session, 'stock.picking', row)
    if (!redirected.ok) return redirected
  }
  return done(undefined)
}

/** Cancels an order nothing of which has left. */
export async function cancelOrder({ session, model }: Task, reference: string): Promise<Attempt<Written>> {
  const held = await present(session, model, reference)
  if (!held.ok) return held
  const order = held.value
  const written = { id: order.id, no: order.name, confirmed: isConfirmed(order) }
  if (order.state === 'cancel') return done(written)
  // Odoo itself would cancel an order that is delivered.
  const left = await hasLeft(session, order)
  if (!left.ok) return left
  if (left.value) return refused('StateConflict', `${order.name} has left the warehouse, wholly or in part`)

  const cancelled = await session.write(
    {
      model: 'sale.order',
      method: 'action_cancel',
      ids: [order.id],
      context: { disable_cancel_warning: true },
    },
    AnythingSchema,
  )
  if (!cancelled.ok && !isClear(cancelled.failure)) return cancelled
  const state = await stateOf(session, order.id)
  if (!state.ok) return cancelled.ok ? unknown(state.failure) : cancelled
  if (state.value === 'cancel') return done(written)
  return cancelled.ok ? refused('StateConflict', 'Odoo asks for something before it cancels') : cancelled
}

async function hasLeft(session: Session, order: HeldOrder): Promise<Attempt<boolean>> {
  if (!('delivery_status' in order.raw)) return done(false)
  const read = await session.read(
    {
      model: 'stock.picking',
      method: 'search_count',
      args: {
        domain: [
          ['sale_id', '=', order.id],
          ['picking_type_code', '=', 'outgoing'],
          ['state', '=', 'done'],
        ],
      },
    },
    z.int(),
  )
  return read.ok ? done(read.value > 0) : read
}

async function present(session: Session, model: Model, reference: string): Promise<Attempt<HeldOrder>> {
  const held = await readOrder(session, model, reference)
  if (!held.ok) return held
  return held.value ? done(held.value) : refused('NotFound', 'Odoo has no order of this reference')
}

async function stateOf(session: Session, id: number): Promise<Attempt<string>> {
  const read = await session.read(
    search('sale.order', [['id', '=', id]], ['state']),
    z.array(z.object({ state: z.string() })),
  )
  if (!read.ok) return read
  const [order] = read.value
  return order ? done(order.state) : refused('NotFound', 'Odoo has no order of this reference')
}

const isClear = ({ class: kind }: ErpFailure) => kind !== 'UnknownOutcome' && kind !== 'Protocol'

/** Something was written before this failed. */
const unknown = (failure?: ErpFailure) =>
  refused('UnknownOutcome', failure?.message ?? 'what was written could not be read back')
