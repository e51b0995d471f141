import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import { type Attempt, done, refused, together } from './attempt.ts'
import type { Company, Desk, Named, Product, Tax } from './desk.ts'
import { fullId, MODULE } from './external-ids.ts'
import type { Session } from './session.ts'
import type { Sheet } from './sheet-schema.ts'

export const IdSchema = z.int().positive()
/** Odoo writes an empty field of any type as false. */
export const TextSchema = z.union([z.string(), z.literal(false).transform(() => '')])
const ReferenceSchema = z.tuple([z.string(), z.union([IdSchema, z.literal(false)])])

/**
 * The record behind an external id of ours, by the one method that needs no right on `ir.model.data`. Absent is only what
 * Odoo says in so many words.
 * @param among where it is to be found if Odoo is in doubt, for a model of which `load` would make one of nothing but a name
 */
export async function recordId(
  session: Session,
  model: string,
  name: string,
  among?: unknown[],
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
  if (id !== false) return done(id)
  return among === undefined ? exactId(session, model, name) : idAmong(session, model, name, among)
}

/** A record that is there and is not found so is made again by nobody: `load` knows it. */
async function idAmong(
  session: Session,
  model: string,
  name: string,
  domain: unknown[],
): Promise<Attempt<number | undefined>> {
  const read = await readNested(session, model, domain, {}, z.object({ id: IdSchema }), {
    context: { active_test: false },
  })
  if (!read.ok || read.value.length === 0) return read.ok ? done(undefined) : read
  const ids = read.value.map(({ id }) => id)
  const names = await session.read(
    { model, method: 'get_external_id', ids },
    z.record(z.string(), z.string()),
  )
  if (!names.ok) return names
  return done(ids.find((one) => names.value[one] === fullId(name)))
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

const TaxSchema = z
  .object({
    id: IdSchema,
    name: z.string(),
    amount: z.number(),
    amount_type: z.string(),
    price_include: z.boolean(),
  })
  .transform(({ amount_type: kind, price_include: included, ...tax }): Tax => ({ ...tax, kind, included }))
export const TaxesSchema = z.array(TaxSchema)
export const TAX_FIELDS = fieldsNamed(['name', 'amount', 'amount_type', 'price_include'])

const ProductSchema = z.object({
  id: IdSchema,
  default_code: TextSchema,
  name: TextSchema,
  taxes_id: TaxesSchema,
})

/** Products by Internal Reference. One that is not there, or there twice, names its code. */
export async function productsBy(
  { session, memory }: Desk,
  codes: readonly string[],
): Promise<Attempt<ReadonlyMap<string, Product>>> {
  const wanted = [...new Set(codes)]
  const products = new Map<string, Product>()
  const asked = wanted.filter((code) => {
    const known = memory.products.get(code)
    if (known) products.set(code, known)
    return !known
  })
  if (asked.length === 0) return done(products)
  const read = await readNested(
    session,
    'product.product',
    [['default_code', 'in', asked]],
    { ...fieldsNamed(['default_code', 'name']), taxes_id: { fields: TAX_FIELDS } },
    ProductSchema,
  )
  if (!read.ok) return read
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
  if (subject !== undefined)
    return refused('MissingReference', `no product has the Internal Reference ${quoted(missing)}`, {
      subject,
    })
  for (const [code, product] of products) if (asked.includes(code)) memory.products.set(code, product)
  return done(products)
}

const quoted = (codes: readonly string[]) =>
  `${codes
    .slice(0, 5)
    .map((code) => `"${code}"`)
    .join(', ')}${codes.length > 5 ? ', …' : ''}`

const NameSchema = z.object({ name: z.string() }).transform(({ name }) => name)

export async function namedRecords(
  { session, memory }: Desk,
  target: Pick<OdooTarget, 'warehouse' | 'journal' | 'pricelist' | 'tax'>,
  term: string | undefined,
): Promise<Attempt<Named>> {
  return memory.named.or(term ?? '', () => askNamed(session, target, term))
}

async function askNamed(
  session: Session,
  target: Pick<OdooTarget, 'warehouse' | 'journal' | 'pricelist' | 'tax'>,
  term: string | undefined,
): Promise<Attempt<Named>> {
  const plain = z.object({ id: IdSchema })
  const one = async <T>(
    model: string,
    domain: unknown[],
    specification: Specification,
    schema: z.ZodType<T>,
    setting: string,
    value: string | undefined,
  ): Promise<Attempt<T | undefined>> => {
    if (value === undefined) return done(undefined)
    const read = await readNested(session, model, domain, specification, schema)
    if (!read.ok) return read
    const [first, second] = read.value
    if (first !== undefined && second === undefined) return done(first)
    const how = first === undefined ? 'which Odoo does not have' : 'which Odoo has more than once'
    return refused('Misconfigured', `odoo.${setting} names "${value}", ${how}`, { field: `odoo.${setting}` })
  }
  const { warehouse, journal, pricelist, tax } = target
  const taxName = typeof tax === 'object' ? tax.name : undefined
  const found = await together({
    term: one('account.payment.term', [['name', '=', term]], {}, plain, 'paymentTerms', term),
    warehouse: one('stock.warehouse', [['code', '=', warehouse]], {}, plain, 'warehouse', warehouse),
    journal: one(
      'account.journal',
      [
        ['name', '=', journal],
        ['type', '=', 'sale'],
      ],
      {},
      plain,
      'journal',
      journal,
    ),
    pricelist: one(
      'product.pricelist',
      [['name', '=', pricelist]],
      { currency_id: { fields: fieldsNamed(['name']) } },
      z.object({ id: IdSchema, currency_id: NameSchema }),
      'pricelist',
      pricelist,
    ),
    tax: one(
      'account.tax',
      [
        ['name', '=', taxName],
        ['type_tax_use', '=', 'sale'],
      ],
      TAX_FIELDS,
      TaxSchema,
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
    ...(value.tax ? { taxes: [value.tax] } : tax === 'none' ? { taxes: [] } : {}),
  })
}

const CompanySchema = z.object({
  currency_id: NameSchema,
  tax_calculation_rounding_method: z.string(),
})

/** The login has one. */
export async function companyOf({ session, memory }: Desk): Promise<Attempt<Company>> {
  return memory.company.or('', async () => {
    const read = await readNested(
      session,
      'res.company',
      [],
      { currency_id: { fields: fieldsNamed(['name']) }, tax_calculation_rounding_method: {} },
      CompanySchema,
    )
    if (!read.ok) return read
    const [first] = read.value
    if (!first) return refused('Misconfigured', 'the login has no company in Odoo')
    const rounding = first.tax_calculation_rounding_method === 'round_globally' ? 'order' : 'line'
    return done({ currency: first.currency_id, rounding })
  })
}

const PartnerCurrencySchema = z.object({
  property_product_pricelist: z.union([z.object({ currency_id: NameSchema }), z.literal(false)]).optional(),
})

/** What the order will be in, if nothing names a pricelist: the buyer's, or the company's currency. */
export async function currencyOf(desk: Desk, partner: number | undefined): Promise<Attempt<string>> {
  if (partner !== undefined) return askCurrency(desk, [['id', '=', partner]])
  // Without a contact yet: any record has what a new one will have, and the company's own is always there.
  return desk.memory.currency.or('', () => askCurrency(desk, [['ref_company_ids', '!=', false]]))
}

async function askCurrency(desk: Desk, whose: unknown[]): Promise<Attempt<string>> {
  const read = await readNested(
    desk.session,
    'res.partner',
    whose,
    {
      property_product_pricelist: { fields: { currency_id: { fields: fieldsNamed(['name']) } } },
    },
    PartnerCurrencySchema,
  )
  if (!read.ok) return read
  const pricelist = read.value[0]?.property_product_pricelist
  if (pricelist) return done(pricelist.currency_id)
  const company = await companyOf(desk)
  return company.ok ? done(company.value.currency) : company
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

/** Which fields are wanted; of linked records as well, so that an order is one question. */
export interface Specification {
  readonly [field: string]: { readonly fields?: Specification }
}

export function fieldsNamed(names: readonly string[]): Specification {
  return Object.fromEntries(names.map((name) => [name, {}]))
}

interface Reading {
  readonly order?: string
  readonly limit?: number
  readonly context?: Readonly<Record<string, unknown>>
}

/** As the web client reads its forms: records with what they link to, in one call. */
export async function readNested<T>(
  session: Session,
  model: string,
  domain: unknown[],
  specification: Specification,
  schema: z.ZodType<T>,
  { order, limit, context }: Reading = {},
): Promise<Attempt<T[]>> {
  const args = {
    domain,
    specification,
    ...(order === undefined ? {} : { order }),
    // Of a whole page it would count all that match.
    ...(limit === undefined ? {} : { limit, count_limit: limit }),
  }
  const read = await session.read(
    { model, method: 'web_search_read', args, ...(context === undefined ? {} : { context }) },
    z.object({ records: z.array(schema) }),
  )
  return read.ok ? done(read.value.records) : read
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
