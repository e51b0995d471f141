import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import { type Attempt, done } from './attempt.ts'
import type { Desk, Named, Tax } from './desk.ts'
import { type HeldOrder, isConfirmed, minorOf, nameLines } from './held-order.ts'
import { textOf } from './html.ts'
import { decimal } from './lines.ts'
import { isOnTop, type PricedLine, priceLines } from './prices.ts'
import { companyOf, namedRecords } from './records.ts'
import type { Custom, Sheet } from './sheet-schema.ts'
import { contactIds, heldContacts } from './write-contacts.ts'

/** Whether the order in Odoo is what the sheet asks for. A failure is Odoo's not answering, never a difference. */
export async function isSame(
  desk: Desk,
  held: HeldOrder,
  sheet: Sheet,
  target: OdooTarget,
): Promise<Attempt<boolean>> {
  const { session } = desk
  if (!sameHead(held, sheet) || !sameAddress(held, sheet) || misdirected(held).length > 0) return done(false)
  const named = await namedRecords(desk, target, sheet.term)
  if (!named.ok) return named
  if (!sameNamed(held, named.value)) return done(false)
  const whole = await nameLines(session, held)
  if (!whole.ok) return whole
  const lines = await linesExpected(desk, whole.value, sheet, target)
  if (!lines.ok) return lines
  if (!lines.value || !sameLines(whole.value, lines.value, sheet.custom.line, named.value)) return done(false)
  const known = await heldContacts(session, held)
  if (!known.ok) return known
  const contacts = await contactIds(session, sheet, known.value)
  if (!contacts.ok) return contacts
  const { buyer, delivery, invoice } = contacts.value
  return done(
    held.partner_id?.id === buyer &&
      held.partner_shipping_id?.id === delivery &&
      held.partner_invoice_id === (sheet.invoice ? invoice : buyer),
  )
}

function sameNamed(held: HeldOrder, { term, warehouse, journal, pricelist }: Named): boolean {
  return (
    (term === undefined || held.payment_term_id === term) &&
    (warehouse === undefined || held.warehouse_id === warehouse) &&
    (journal === undefined || held.journal_id === journal) &&
    (pricelist === undefined || held.pricelist_id === pricelist.id)
  )
}

/** The sheet's lines at the prices that go with the taxes they have in Odoo; undefined where there are no such prices. */
async function linesExpected(
  desk: Desk,
  held: HeldOrder,
  sheet: Sheet,
  { products }: Pick<OdooTarget, 'products'>,
): Promise<Attempt<readonly PricedLine[] | undefined>> {
  const above = held.lines.some(({ taxes }) => taxes.some(isOnTop))
  const company = above ? await companyOf(desk) : done(undefined)
  if (!company.ok) return company
  const lines = priceLines(sheet, {
    taxesOf: ({ id, rest }) => held.lines.find(({ ours }) => ours === id || ours === rest)?.taxes ?? [],
    rounding: company.value?.rounding ?? 'line',
    roundingProduct: products.rounding,
  })
  return done(lines.ok ? lines.value : undefined)
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

function sameLines(held: HeldOrder, lines: readonly PricedLine[], custom: Custom, { taxes }: Named): boolean {
  const selling = held.lines.filter((line) => !idle(line))
  if (selling.length !== lines.length) return false
  return lines.every(({ id, code, name, quantity, price, untaxed }) => {
    const line = selling.find(({ ours }) => ours === id)
    return (
      line !== undefined &&
      line.product_id?.default_code === code &&
      line.product_uom_qty === quantity &&
      minorOf(line.price_unit) === price &&
      line.discount === 0 &&
      (name === '' || plain(line.name) === plain(name)) &&
      (untaxed ? line.taxes.length === 0 : taxes === undefined || sameTaxes(line.taxes, taxes)) &&
      sameCustom(custom, line.raw)
    )
  })
}

/** Its text as well: somebody may have rewritten the contact. */
function sameAddress({ partner_shipping_id: held }: HeldOrder, { delivery: { fields } }: Sheet): boolean {
  const same = (text: string, name: string) => plain(text) === plain(fields[name] ?? '')
  return (
    held !== undefined &&
    same(held.name, 'name') &&
    same(held.street, 'street') &&
    same(held.street2, 'street2') &&
    same(held.zip, 'zip')
  )
}

/** Open deliveries that go elsewhere: Odoo leaves them at the address the order had when it was confirmed. */
export function misdirected(held: HeldOrder): number[] {
  if (!isConfirmed(held)) return []
  return held.picking_ids
    .filter(
      ({ state, picking_type_code, partner_id }) =>
        picking_type_code === 'outgoing' &&
        state !== 'done' &&
        state !== 'cancel' &&
        partner_id !== held.partner_shipping_id?.id,
    )
    .map(({ id }) => id)
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

const sameTaxes = (one: readonly Tax[], other: readonly Tax[]) =>
  one.length === other.length && one.every(({ id }) => other.some((tax) => tax.id === id))

export const totals = (held: Pick<HeldOrder, 'amount_total' | 'currency_id'>, sheet: Sheet) =>
  `${decimal(minorOf(held.amount_total))} ${held.currency_id} in Odoo, ${decimal(sheet.total)} ${sheet.currency} in the shop`
