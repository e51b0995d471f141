import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { misdirected, totals } from './compare.ts'
import type { Desk } from './desk.ts'
import {
  type HeldLine,
  type HeldOrder,
  isConfirmed,
  isLocked,
  knownOrder,
  type Model,
  minorOf,
  nameLines,
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
import { recordId, search, TextSchema } from './records.ts'
import type { Session } from './session.ts'
import type { Sheet } from './sheet-schema.ts'
import { contactIds, heldContacts, writeContacts } from './write-contacts.ts'

/** One write of one order, with what it needs. */
export interface Task extends Desk {
  readonly model: Model
  readonly target: OdooTarget
  /** The order's database id, as the ledger has it. */
  readonly document: number | undefined
}

export interface Written {
  readonly id: number
  readonly no?: string
  readonly confirmed: boolean
}

const AnythingSchema = z.unknown()
const NumbersSchema = z.array(
  z.object({ name: TextSchema, amount_total: z.number(), currency_id: z.tuple([z.int(), z.string()]) }),
)

/** A quotation with all its lines, in one transaction. */
export async function createOrder(task: Task, sheet: Sheet, date: string): Promise<Attempt<Written>> {
  const { session, model } = task
  const known = await recordId(session, 'sale.order', sheet.id)
  if (!known.ok) return known
  if (known.value !== undefined) return refused('DuplicateRef', 'Odoo has an order of this reference')
  const resolved = await resolve(task, model, sheet, task.target)
  if (!resolved.ok) return resolved
  const ids = await contactIds(session, sheet)
  if (!ids.ok) return ids
  const currency = await checkCurrency(task, resolved.value, ids.value.buyer, sheet)
  if (!currency.ok) return currency
  const contacts = await writeContacts(task, sheet, ids.value)
  if (!contacts.ok) return contacts

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
  { session, model, document }: Task,
  sheet: Sheet,
  date: string,
): Promise<Attempt<Written>> {
  const held = await knownOrder(session, model, sheet.reference, document)
  if (!held.ok) return held
  const order = held.value
  const written = { id: order.id, no: order.name, confirmed: true }
  if (order.state === 'cancel') return cancelledThere(order)
  if (isConfirmed(order)) {
    if (order.date_order === date) return done(written)
  } else {
    if (order.currency_id !== sheet.currency) return currencyDiffers(order.currency_id, sheet.currency)
    if (minorOf(order.amount_total) !== sheet.total)
      return refused('Invalid', `not confirmed, the totals differ: ${totals(order, sheet)}`)
    const confirmed = await session.write(
      { model: 'sale.order', method: 'action_confirm', ids: [order.id] },
      AnythingSchema,
    )
    if (!confirmed.ok) {
      if (!isClear(confirmed.failure)) return confirmed
      // Somebody else may have been quicker.
      const state = await stateOf(session, order.id)
      if (!state.ok || !isConfirmed({ state: state.value })) return confirmed
    }
  }
  const dated = await restoreDate(session, order, date)
  // Repeating the confirmation goes on from here.
  if (!dated.ok) return dated
  return isConfirmed({ state: dated.value })
    ? done(written)
    : // A wizard in the answer wants to be asked something first; nothing has happened.
      refused('StateConflict', 'Odoo asks for something before it confirms')
}

const StatesSchema = z.array(z.object({ state: z.string() }))

/**
 * Confirming sets the order's date to now, and its deliveries' deadlines from it. With the date alone back, later smaller
 * quantities become returns instead of smaller deliveries, because moves merge only where the deadline is the same. A lead time
 * that is written, even to what it is, moves the deadline of its line along.
 * @returns the state the order is in
 */
async function restoreDate(session: Session, order: HeldOrder, date: string): Promise<Attempt<string>> {
  const leads = order.lines.map(({ id, customer_lead }) => [1, id, { customer_lead }])
  const saved = await session.write(
    {
      model: 'sale.order',
      method: 'web_save',
      ids: [order.id],
      args: { vals: { date_order: date, order_line: leads }, specification: { state: {} } },
    },
    StatesSchema,
  )
  if (!saved.ok) return saved
  const [now] = saved.value
  return now ? done(now.state) : unknown()
}

/** Brings an order, confirmed or not, to the newest content in one transaction. */
export async function amendOrder(task: Task, sheet: Sheet): Promise<Attempt<Written>> {
  const { session, model, target, document } = task
  const known = await knownOrder(session, model, sheet.reference, document)
  if (!known.ok) return known
  if (known.value.state === 'cancel') return cancelledThere(known.value)
  const late = tooLate(known.value)
  if (late) return refused('StateConflict', late)
  const held = await nameLines(session, known.value)
  if (!held.ok) return held
  const order = held.value

  const resolved = await resolve(task, model, sheet, target)
  if (!resolved.ok) return resolved
  const { products, lines } = resolved.value
  const wanted = new Map(lines.map(({ id, code }) => [id, products.get(code)?.id]))
  const foreign = order.lines.filter(({ ours }) => ours === undefined)
  const added = foreign.reduce((sum, line) => sum + minorOf(line.price_total), 0)
  if (added !== 0)
    return refused('Invalid', `${order.name} has lines that somebody added in Odoo: remove them there`)
  const swapped =
    isConfirmed(order) &&
    order.lines.find(
      ({ ours, product_id }) => ours && wanted.has(ours) && wanted.get(ours) !== product_id?.id,
    )
  if (swapped)
    return refused('StateConflict', `${order.name} is confirmed: a line of it cannot become another product`)

  const theirs = await heldContacts(session, order)
  if (!theirs.ok) return theirs
  const ids = await contactIds(session, sheet, theirs.value)
  if (!ids.ok) return ids
  const contacts = await writeContacts(task, sheet, ids.value)
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

  const after = await knownOrder(session, model, sheet.reference, order.id)
  if (!after.ok) return unknown(after.failure)
  const redirected = await redirectPickings(session, after.value)
  if (!redirected.ok) return redirected
  if (minorOf(after.value.amount_total) !== sheet.total)
    return refused('Invalid', `the totals of ${after.value.name} differ: ${totals(after.value, sheet)}`)
  return done({ id: order.id, no: order.name, confirmed: isConfirmed(order) })
}

/** Not refused as too late, after which a person would replay: the look-up that follows tells what a replay makes of it. */
const cancelledThere = (order: HeldOrder) => refused('NotFound', `${order.name} is cancelled in Odoo`)

function tooLate(order: HeldOrder): string | undefined {
  if (isLocked(order)) return `${order.name} is locked in Odoo`
  return order.delivery_status === 'full' ? `${order.name} is delivered` : undefined
}

async function redirectPickings(session: Session, order: HeldOrder): Promise<Attempt<void>> {
  const address = String(order.partner_shipping_id?.id ?? '')
  for (const id of misdirected(order)) {
    const redirected = await load(session, 'stock.picking', { '.id': String(id), 'partner_id/.id': address })
    if (!redirected.ok) return redirected
  }
  return done(undefined)
}

/** Cancels an order nothing of which has left. */
export async function cancelOrder(
  { session, model, document }: Task,
  reference: string,
): Promise<Attempt<Written>> {
  const held = await knownOrder(session, model, reference, document)
  if (!held.ok) return held
  const order = held.value
  const written = { id: order.id, no: order.name, confirmed: isConfirmed(order) }
  if (order.state === 'cancel') return done(written)
  // Odoo itself would cancel an order that is delivered.
  const left = order.picking_ids.some(
    ({ state, picking_type_code }) => state === 'done' && picking_type_code === 'outgoing',
  )
  if (left) return refused('StateConflict', `${order.name} has left the warehouse, wholly or in part`)

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

async function stateOf(session: Session, id: number): Promise<Attempt<string>> {
  const read = await session.read(search('sale.order', [['id', '=', id]], ['state']), StatesSchema)
  if (!read.ok) return read
  const [order] = read.value
  return order ? done(order.state) : refused('NotFound', 'Odoo has no order of this reference')
}

const isClear = ({ class: kind }: ErpFailure) => kind !== 'UnknownOutcome' && kind !== 'Protocol'

/** Something was written before this failed. */
const unknown = (failure?: ErpFailure) =>
  refused('UnknownOutcome', failure?.message ?? 'what was written could not be read back')
