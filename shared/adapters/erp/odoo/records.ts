import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import { type Attempt, done, refused, together } from './attempt.ts'
import { fullId, MODULE } from './external-ids.ts'
import type { Session } from './session.ts'
import type { Sheet } from './sheet-schema.ts'

export const IdSchema = z.int().positive()
/** Odoo writes an empty field of any type as false. */
export const TextSchema = z.union([z.string(), z.literal(false).transform(() => '')])
export const LinkSchema = z.union([
  z.tuple([IdSchema, z.string()]).transform(([id]) => id),
  z.literal(false).transform(() => undefined),
])

const ReferenceSchema = z.tuple([z.string(), z.union([IdSchema, z.literal(false)])])

/**
 * The record behind an external id of ours, by the one method that needs no right on `ir.model.data`. Absent is only what
 * Odoo says in so many words.
 */
export async function recordId(
  session: Session,
  model: string,
  name: string,
): Promise<Attempt<number | undefined>> {
  const called = await session.ask({
    model: 'ir.model.data',
    method: 'check_object_reference',
    args: { module: MODULE, xml_id: name },
  })
  if (!called.ok) {
    const absent =
      called.fault?.name === 'builtins.ValueError' &&
      called.fault.message === `External ID not found in the system: ${fullId(name)}`
    return absent ? done(undefined) : { ok: false, failure: called.failure }
  }
  const found = ReferenceSchema.safeParse(called.value)
  if (!found.success) return refused('Transient', 'the answer to a look-up by external id could not be read')
  const [of, id] = found.data
  if (of !== model) return refused('Invalid', `the external id ${fullId(name)} is that of another model`)
  return id === false ? exactId(session, model, name) : done(id)
}

/**
 * A worker of the server may remember an id that was rolled back, and says "not to be seen". `load` asks the database: it
 * answers with the record, which it leaves alone, or lacks what a new one would need.
 */
async function exactId(session: Session, model: string, name: string): Promise<Attempt<number | undefined>> {
  const read = await session.read(
    {
      model,
      method: 'load',
      args: { fields: ['id'], data: [[fullId(name)]] },
      context: { mode: 'update', noupdate: true },
    },
    z.object({
      ids: z.union([z.array(IdSchema), z.literal(false)]),
      messages: z.array(z.object({ message: z.string() })),
    }),
  )
  if (!read.ok) return read
  const { ids, messages } = read.value
  if (ids !== false && ids[0] !== undefined) return done(ids[0])
  return messages.some(({ message }) => /Missing required value|require a name|mandatory field/.test(message))
    ? done(undefined)
    : refused('Contended', 'Odoo gives no clear answer to a look-up by external id')
}

export interface Product {
  readonly id: number
  readonly name: string
  readonly taxes: readonly number[]
}

const ProductsSchema = z.array(
  z.object({ id: IdSchema, default_code: TextSchema, name: TextSchema, taxes_id: z.array(IdSchema) }),
)

/** Products by Internal Reference. One that is not there, or there twice, names its code. */
export async function productsBy(
  session: Session,
  codes: readonly string[],
): Promise<Attempt<Map<string, Product>>> {
  const wanted = [...new Set(codes)]
  const read = await session.read(
    search('product.product', [['default_code', 'in', wanted]], ['default_code', 'name', 'taxes_id']),
    ProductsSchema,
  )
  if (!read.ok) return read
  const products = new Map<string, Product>()
  for (const { id, default_code, name, taxes_id } of read.value) {
    if (products.has(default_code))
      return refused(
        'MissingReference',
        `more than one product has the Internal Reference "${default_code}"`,
        {
          subject: default_code,
        },
      )
    products.set(default_code, { id, name, taxes: taxes_id })
  }
  const missing = wanted.filter((code) => !products.has(code))
  const [subject] = missing
  return subject === undefined
    ? done(products)
    : refused('MissingReference', `no product has the Internal Reference ${quoted(missing)}`, { subject })
}

const quoted = (codes: readonly string[]) =>
  `${codes
    .slice(0, 5)
    .map((code) => `"${code}"`)
    .join(', ')}${codes.length > 5 ? ', …' : ''}`

/** What the configuration names, as records; absent where it names nothing. */
export interface Named {
  readonly term?: number
  readonly warehouse?: number
  readonly journal?: number
  readonly pricelist?: { readonly id: number; readonly currency: string }
  readonly taxes?: readonly number[]
}

const CurrencyLinkSchema = z.tuple([IdSchema, z.string()]).transform(([, name]) => name)

export async function namedRecords(
  session: Session,
  target: Pick<OdooTarget, 'warehouse' | 'journal' | 'pricelist' | 'tax'>,
  term: string | undefined,
): Promise<Attempt<Named>> {
  const plain = z.object({ id: IdSchema })
  const one = async <T>(
    model: string,
    domain: unknown[],
    fields: string[],
    schema: z.ZodType<T>,
    setting: string,
    value: string | undefined,
  ): Promise<Attempt<T | undefined>> => {
    if (value === undefined) return done(undefined)
    const read = await session.read(search(model, domain, fields), z.array(schema))
    if (!read.ok) return read
    const [first, second] = read.value
    if (first !== undefined && second === undefined) return done(first)
    const how = first === undefined ? 'which Odoo does not have' : 'which Odoo has more than once'
    return refused('Misconfigured', `odoo.${setting} names "${value}", ${how}`, { field: `odoo.${setting}` })
  }
  const { warehouse, journal, pricelist, tax } = target
  const taxName = typeof tax === 'object' ? tax.name : undefined
  const found = await together({
    term: one('account.payment.term', [['name', '=', term]], ['id'], plain, 'paymentTerms', term),
    warehouse: one('stock.warehouse', [['code', '=', warehouse]], ['id'], plain, 'warehouse', warehouse),
    journal: one(
      'account.journal',
      [
        ['name', '=', journal],
        ['type', '=', 'sale'],
      ],
      ['id'],
      plain,
      'journal',
      journal,
    ),
    pricelist: one(
      'product.pricelist',
      [['name', '=', pricelist]],
      ['currency_id'],
      z.object({ id: IdSchema, currency_id: CurrencyLinkSchema }),
      'pricelist',
      pricelist,
    ),
    tax: one(
      'account.tax',
      [
        ['name', '=', taxName],
        ['type_tax_use', '=', 'sale'],
      ],
      ['id'],
      plain,
      'tax',
      taxName,
    ),
  })
  if (!found.ok) return found
  const { value } = found
  return done({
    ...(value.term ? { term: value.term.id } : {}),
    ...(value.warehouse ? { warehouse: value.warehouse.id } : {}),
    ...(value.journal ? { journal: value.journal.id } : {}),
    ...(value.pricelist
      ? { pricelist: { id: value.pricelist.id, currency: value.pricelist.currency_id } }
      : {}),
    ...(value.tax ? { taxes: [value.tax.id] } : tax === 'none' ? { taxes: [] } : {}),
  })
}

const TaxesSchema = z.array(
  z.object({ id: IdSchema, name: z.string(), amount: z.number(), price_include: z.boolean() }),
)

/** A shop's prices are what the buyer pays. A tax that Odoo puts on top would make it another total. */
export async function taxesAreIncluded(session: Session, taxes: readonly number[]): Promise<Attempt<void>> {
  if (taxes.length === 0) return done(undefined)
  const read = await session.read(
    search('account.tax', [['id', 'in', [...new Set(taxes)]]], ['name', 'amount', 'price_include']),
    TaxesSchema,
  )
  if (!read.ok) return read
  const onTop = read.value.find(({ amount, price_include }) => amount !== 0 && !price_include)
  return onTop
    ? refused(
        'Invalid',
        `Odoo puts the tax "${onTop.name}" on top of the price, which is what the buyer paid already: use a tax that is included in the price`,
        { field: 'odoo.tax' },
      )
    : done(undefined)
}

/** What the order will be in, if nothing names a pricelist: the buyer's, or the company's currency. */
export async function currencyOf(session: Session, partner: number | undefined): Promise<Attempt<string>> {
  // Without a contact yet: any record has what a new one will have, and the company's own is always there.
  const whose = partner === undefined ? [['ref_company_ids', '!=', false]] : [['id', '=', partner]]
  const read = await session.read(
    search('res.partner', whose, ['property_product_pricelist']),
    z.array(z.object({ property_product_pricelist: LinkSchema.optional() })),
  )
  if (!read.ok) return read
  const pricelist = read.value[0]?.property_product_pricelist
  const from =
    pricelist === undefined
      ? search('res.company', [], ['currency_id'])
      : search('product.pricelist', [['id', '=', pricelist]], ['currency_id'])
  const currency = await session.read(from, z.array(z.object({ currency_id: CurrencyLinkSchema })))
  if (!currency.ok) return currency
  const [first] = currency.value
  return first ? done(first.currency_id) : refused('Misconfigured', 'Odoo names no currency for this order')
}

/** The one contact all orders are for. */
export async function collectiveCustomer(session: Session, reference: string): Promise<Attempt<number>> {
  const read = await session.read(
    search('res.partner', [['ref', '=', reference]], ['id']),
    z.array(z.object({ id: IdSchema })),
  )
  if (!read.ok) return read
  const [first, second] = read.value
  if (first && !second) return done(first.id)
  return refused(
    'Misconfigured',
    `odoo.customer names the Internal Reference "${reference}", which ${first ? 'more than one contact has' : 'no contact has'}`,
    { field: 'odoo.customer' },
  )
}

export const search = (model: string, domain: unknown[], fields: string[]) => ({
  model,
  method: 'search_read',
  args: { domain, fields },
})

export const productCodes = ({ lines }: Sheet) => lines.map(({ code }) => code)

const FieldsSchema = z.record(z.string(), z.object({ type: z.string() }))

/** Which fields this database has, with their types. */
export async function fieldsOf(
  session: Session,
  model: string,
): Promise<Attempt<ReadonlyMap<string, string>>> {
  const read = await session.read(
    { model, method: 'fields_get', args: { attributes: ['type'] } },
    FieldsSchema,
  )
  if (!read.ok) return read
  return done(new Map(Object.entries(read.value).map(([name, { type }]) => [name, type])))
}
