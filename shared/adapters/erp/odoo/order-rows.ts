import type { OdooTarget } from '#contracts/odoo-target.ts'
import { type Attempt, done, refused } from './attempt.ts'
import type { Desk, Named, Product } from './desk.ts'
import { fullId } from './external-ids.ts'
import { type HeldLine, type HeldOrder, isConfirmed, type Model } from './held-order.ts'
import { textOf } from './html.ts'
import { decimal } from './lines.ts'
import type { Row } from './load.ts'
import { isOnTop, type PricedLine, priceLines } from './prices.ts'
import { companyOf, currencyOf, namedRecords, productCodes, productsBy } from './records.ts'
import type { Custom, Sheet, SheetLine } from './sheet-schema.ts'
import { type ContactLinks, textsOf } from './write-contacts.ts'

/** What a sheet's codes and names mean in this database. */
export interface Resolved {
  readonly named: Named
  readonly products: ReadonlyMap<string, Product>
  readonly lines: readonly PricedLine[]
}

/** Reads only: everything that can be known to be missing is known before anything is written. */
export async function resolve(
  desk: Desk,
  model: Model,
  sheet: Sheet,
  target: OdooTarget,
): Promise<Attempt<Resolved>> {
  const lacking = lackingField(model, sheet, target)
  if (lacking) return lacking
  const named = await namedRecords(desk, target, sheet.term)
  if (!named.ok) return named
  const { pricelist } = named.value
  if (pricelist && pricelist.currency !== sheet.currency)
    return currencyDiffers(pricelist.currency, sheet.currency)
  const products = await productsBy(desk, productCodes(sheet))
  if (!products.ok) return products
  const taxesOf = ({ code }: Pick<SheetLine, 'code'>) =>
    named.value.taxes ?? products.value.get(code)?.taxes ?? []
  const above = sheet.lines.some((line) => !line.untaxed && taxesOf(line).some(isOnTop))
  if (sheet.shopTax !== undefined && !above)
    return refused(
      'Misconfigured',
      'odoo.tax is included in the price in Odoo, and cannot be the one that the shop puts on top of its prices',
      { field: 'odoo.tax' },
    )
  const company = above ? await companyOf(desk) : done(undefined)
  if (!company.ok) return company
  const lines = priceLines(sheet, {
    taxesOf,
    rounding: company.value?.rounding ?? 'line',
    roundingProduct: target.products.rounding,
  })
  if (!lines.ok) return lines
  const all = await productsBy(
    desk,
    lines.value.map(({ code }) => code),
  )
  return all.ok ? done({ named: named.value, products: all.value, lines: lines.value }) : all
}

/** The currency of an order whose pricelist is the buyer's; a buyer who is new has everybody's. */
export async function checkCurrency(
  desk: Desk,
  { named }: Resolved,
  buyer: number | undefined,
  sheet: Sheet,
): Promise<Attempt<void>> {
  if (named.pricelist) return done(undefined)
  const currency = await currencyOf(desk, buyer)
  if (!currency.ok) return currency
  return currency.value === sheet.currency ? done(undefined) : currencyDiffers(currency.value, sheet.currency)
}

export const currencyDiffers = (odoo: string, shop: string) =>
  refused(
    'Invalid',
    `the order would be in ${odoo} in Odoo, and is in ${shop} in the shop: set odoo.pricelist`,
    {
      field: 'odoo.pricelist',
    },
  )

function lackingField(model: Model, sheet: Sheet, target: OdooTarget) {
  const base = (name: string) => name.replace(/\/.*$/, '')
  const order = [
    ...(target.warehouse === undefined ? [] : ['warehouse_id']),
    ...(target.journal === undefined ? [] : ['journal_id']),
    ...Object.keys(sheet.custom.order).map(base),
  ].find((name) => !model.order.has(name))
  const line = Object.keys(sheet.custom.line)
    .map(base)
    .find((name) => !model.line.has(name))
  const field = order === undefined ? line && `sale.order.line.${line}` : `sale.order.${order}`
  return (
    field &&
    refused('Misconfigured', `this Odoo has no field ${field}: a module or a custom field is missing`, {
      field,
    })
  )
}

/** A new quotation. */
export function newOrderRow(sheet: Sheet, { named }: Resolved, contacts: ContactLinks, date: string): Row {
  return {
    id: fullId(sheet.id),
    client_order_ref: sheet.orderSn,
    origin: sheet.reference,
    date_order: date,
    note: sheet.note,
    ...contactColumns(contacts),
    ...link('payment_term_id/.id', named.term),
    ...link('warehouse_id/.id', named.warehouse),
    ...link('journal_id/.id', named.journal),
    ...link('pricelist_id/.id', named.pricelist?.id),
    ...textsOf(sheet.custom.order),
  }
}

/** What differs: a field that is written, even to what it is, makes Odoo compute others anew. */
export function changedOrderRow(
  sheet: Sheet,
  { named }: Resolved,
  contacts: ContactLinks,
  held: HeldOrder,
): Row {
  const changed = (name: string, now: number | undefined, wanted: number | undefined): Row =>
    wanted === undefined || wanted === now ? {} : link(name, wanted)
  return {
    id: fullId(sheet.id),
    ...(textOf(held.note) === textOf(sheet.note) ? {} : { note: sheet.note }),
    ...(sameContacts(contacts, held) ? {} : contactColumns(contacts)),
    ...changed('payment_term_id/.id', held.payment_term_id, named.term),
    ...changed('warehouse_id/.id', held.warehouse_id, named.warehouse),
    ...changed('journal_id/.id', held.journal_id, named.journal),
    ...(isConfirmed(held) ? {} : changed('pricelist_id/.id', held.pricelist_id, named.pricelist?.id)),
    ...textsOf(sheet.custom.order),
  }
}

/** All three or none: Odoo derives those that are left out from the others. */
function contactColumns({ buyer, delivery, invoice }: ContactLinks): Row {
  return {
    [`partner_id/${buyer.column}`]: buyer.value,
    [`partner_shipping_id/${delivery.column}`]: delivery.value,
    [`partner_invoice_id/${invoice.column}`]: invoice.value,
  }
}

const sameContacts = ({ buyer, delivery, invoice }: ContactLinks, held: HeldOrder) =>
  held.partner_id?.id === buyer.id &&
  held.partner_shipping_id?.id === delivery.id &&
  held.partner_invoice_id === invoice.id

const link = (name: string, id: number | undefined): Row => (id === undefined ? {} : { [name]: String(id) })

export function lineRows(sheet: Sheet, resolved: Resolved, { taxField }: Model): Row[] {
  return resolved.lines.map(({ id, code, name, quantity, price, untaxed }) => {
    const product = resolved.products.get(code)
    return lineRow(
      {
        id: fullId(id),
        product: product?.id,
        quantity: String(quantity),
        price: decimal(price),
        name: name || product?.name || code,
        custom: sheet.custom.line,
      },
      taxField,
      taxesSent(resolved)?.(product, untaxed),
    )
  })
}

/**
 * Which taxes a line is given; undefined where Odoo takes the product's. They are given where the prices were made for them, and
 * where some line is to have none.
 */
function taxesSent({ named, products, lines }: Resolved) {
  const above = [...products.values()].some(({ taxes }) => taxes.some(isOnTop))
  if (named.taxes === undefined && !above && !lines.some(({ untaxed }) => untaxed)) return undefined
  return (product: Product | undefined, untaxed: boolean): readonly number[] =>
    untaxed ? [] : (named.taxes ?? product?.taxes ?? []).map(({ id }) => id)
}

/** A line that is no longer there sells none: `load` cannot remove it, and a confirmed order must keep it. */
export function emptiedRow(
  line: HeldLine & { readonly ours: string },
  resolved: Resolved,
  { taxField }: Model,
): Row {
  return lineRow(
    {
      id: fullId(line.ours),
      product: line.product_id?.id,
      quantity: '0',
      price: String(line.price_unit),
      name: line.name,
      custom: {},
    },
    taxField,
    taxesSent(resolved) && line.taxes.map(({ id }) => id),
  )
}

function lineRow(
  line: {
    id: string
    product: number | undefined
    quantity: string
    price: string
    name: string
    custom: Custom
  },
  taxField: string,
  taxes: readonly number[] | undefined,
): Row {
  const row: Row = {
    id: line.id,
    'product_id/.id': String(line.product ?? ''),
    product_uom_qty: line.quantity,
    price_unit: line.price,
    // A pricelist would give one of its own.
    discount: '0',
    name: line.name,
    ...(taxes === undefined ? {} : { [`${taxField}/.id`]: taxes.join(',') }),
    ...textsOf(line.custom),
  }
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [`order_line/${name}`, value]))
}
