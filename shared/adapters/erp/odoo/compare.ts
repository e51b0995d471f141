import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import { type Attempt, done, together } from './attempt.ts'
import { type HeldOrder, isConfirmed, minorOf } from './held-order.ts'
import { textOf } from './html.ts'
import { decimal, minor } from './lines.ts'
import {
  IdSchema,
  LinkSchema,
  namedRecords,
  productCodes,
  productsBy,
  search,
  TextSchema,
} from './records.ts'
import type { Session } from './session.ts'
import type { Contact, Custom, Sheet } from './sheet-schema.ts'
import { contactIds } from './write-contacts.ts'

const ContactFieldsSchema = z.array(z.record(z.string(), z.unknown()))
const PickingsSchema = z.array(z.object({ id: IdSchema, partner_id: LinkSchema }))

/** Whether the order in Odoo is what the sheet asks for. A failure is Odoo's not answering, never a difference. */
export async function isSame(
  session: Session,
  held: HeldOrder,
  sheet: Sheet,
  target: OdooTarget,
): Promise<Attempt<boolean>> {
  if (!sameLines(held, sheet) || !sameHead(held, sheet)) return done(false)
  const records = await together({
    contacts: contactIds(session, sheet),
    named: namedRecords(session, target, sheet.term),
    address: sameAddress(session, held.partner_shipping_id, sheet.delivery),
    pickings: pickingsGoThere(session, held),
    products: sameProducts(session, held, sheet),
  })
  if (!records.ok) return records
  const { contacts, named, address, pickings, products } = records.value
  return done(
    address &&
      pickings &&
      products &&
      held.partner_id === contacts.buyer &&
      held.partner_shipping_id === contacts.delivery &&
      held.partner_invoice_id === (sheet.invoice ? contacts.invoice : contacts.buyer) &&
      (named.term === undefined || held.payment_term_id === named.term) &&
      (named.warehouse === undefined || held.warehouse_id === named.warehouse) &&
      (named.journal === undefined || held.journal_id === named.journal) &&
      (named.pricelist === undefined || held.pricelist_id === named.pricelist.id) &&
      (named.taxes === undefined ||
        held.lines.every((line) => idle(line) || sameIds(line.taxes, named.taxes ?? []))),
  )
}

function sameHead(held: HeldOrder, sheet: Sheet): boolean {
  return (
    held.currency_id === sheet.currency &&
    minorOf(held.amount_total) === sheet.total &&
    textOf(held.note) === textOf(sheet.note) &&
    sameCustom(sheet.custom.order, held.raw)
  )
}

/** A line that sells nothing: taken off by us, or a heading. */
const idle = (line: HeldOrder['lines'][number]) => line.product_uom_qty === 0 || line.product_id === undefined

function sameLines(held: HeldOrder, sheet: Sheet): boolean {
  const selling = held.lines.filter((line) => !idle(line))
  if (selling.length !== sheet.lines.length) return false
  return sheet.lines.every(({ id, name, quantity, price }) => {
    const line = selling.find(({ ours }) => ours === id)
    return (
      line !== undefined &&
      line.product_uom_qty === quantity &&
      minorOf(line.price_unit) === minor(price) &&
      line.discount === 0 &&
      (name === '' || plain(line.name) === plain(name)) &&
      sameCustom(sheet.custom.line, line.raw)
    )
  })
}

/** A product that is gone, or got another code, is a difference. */
async function sameProducts(session: Session, held: HeldOrder, sheet: Sheet): Promise<Attempt<boolean>> {
  const products = await productsBy(session, productCodes(sheet))
  if (!products.ok) return products.failure.class === 'MissingReference' ? done(false) : products
  return done(
    sheet.lines.every(
      ({ id, code }) =>
        held.lines.find(({ ours }) => ours === id)?.product_id === products.value.get(code)?.id,
    ),
  )
}

/** Its text as well: somebody may have rewritten the contact. */
async function sameAddress(
  session: Session,
  id: number | undefined,
  { fields }: Contact,
): Promise<Attempt<boolean>> {
  if (id === undefined) return done(false)
  const names = ['name', 'street', 'street2', 'zip']
  const read = await session.read(search('res.partner', [['id', '=', id]], names), ContactFieldsSchema)
  if (!read.ok) return read
  const [contact] = read.value
  return done(
    names.every(
      (name) => plain(TextSchema.safeParse(contact?.[name]).data ?? '') === plain(fields[name] ?? ''),
    ),
  )
}

/** Odoo leaves a delivery at the address the order had when it was confirmed. */
async function pickingsGoThere(session: Session, held: HeldOrder): Promise<Attempt<boolean>> {
  const pickings = await misdirectedPickings(session, held, held.partner_shipping_id)
  return pickings.ok ? done(pickings.value.length === 0) : pickings
}

/** Deliveries of the order that are still open and go elsewhere. */
export async function misdirectedPickings(
  session: Session,
  held: Pick<HeldOrder, 'id' | 'state' | 'raw'>,
  address: number | undefined,
): Promise<Attempt<number[]>> {
  // Without the warehouse there are no deliveries.
  if (!isConfirmed(held) || !('delivery_status' in held.raw)) return done([])
  const read = await session.read(
    search(
      'stock.picking',
      [
        ['sale_id', '=', held.id],
        ['picking_type_code', '=', 'outgoing'],
        ['state', 'not in', ['done', 'cancel']],
      ],
      ['partner_id'],
    ),
    PickingsSchema,
  )
  return read.ok
    ? done(read.value.filter(({ partner_id }) => partner_id !== address).map(({ id }) => id))
    : read
}

const ScalarSchema = z.union([z.string(), z.number(), z.boolean()])

/** Links are compared by nobody: what a name or an external id means is Odoo's. */
function sameCustom(custom: Custom, raw: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(custom).every(([name, value]) => {
    const held = ScalarSchema.safeParse(raw[name])
    if (!held.success) return true
    const empty = (one: unknown) => one === false || one === null || one === '' || one === 0
    return empty(value) ? empty(held.data) : plain(textOf(String(held.data))) === plain(textOf(String(value)))
  })
}

const plain = (text: string) => text.replace(/\s+/g, ' ').trim()

const sameIds = (one: readonly number[], other: readonly number[]) =>
  one.length === other.length && one.every((id) => other.includes(id))

export const totals = (held: Pick<HeldOrder, 'amount_total' | 'currency_id'>, sheet: Sheet) =>
  `${decimal(minorOf(held.amount_total))} ${held.currency_id} in Odoo, ${decimal(sheet.total)} ${sheet.currency} in the shop`
