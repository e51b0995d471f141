import * as z from 'zod'
import type { CustomerWrite, FoundDocument } from '#ports/erp-gateway.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { deliveryContact, firstOf, oneLine, ownerOfCustomer, streetOf } from './contacts.ts'
import type { Desk } from './desk.ts'
import { digest, fullId, partnerName } from './external-ids.ts'
import { ourNames } from './held-order.ts'
import { htmlOf, textOf } from './html.ts'
import type { Kind } from './kind-gateway.ts'
import { load, type Row } from './load.ts'
import { fieldsNamed, IdSchema, readNested, recordId, search, TextSchema } from './records.ts'
import type { Session } from './session.ts'
import { ContactSchema } from './sheet-schema.ts'
import { rowOf } from './write-contacts.ts'

const CREATE = 'create'
const MODEL = 'res.partner'
const RANK = 'res.partner.category'

const CustomerSheetSchema = z.strictObject({
  contact: ContactSchema,
  reference: z.string(),
  addresses: z.array(ContactSchema),
  about: z.string().describe('what Odoo has no field for; one paragraph of the contact’s notes'),
  rank: z.strictObject({ id: z.string(), name: z.string() }).optional(),
})
type CustomerSheet = z.infer<typeof CustomerSheetSchema>

/** By it a paragraph of ours is told from what people write beside it. */
const ABOUT = 'ECShop: '
const ABOUT_PARAGRAPH = /<p[^>]*>ECShop: [^<]*<\/p>/g

/** Customers as the contacts that their orders are for. A guest and a member stay two, whatever phone they share. */
export const customers: Kind<CustomerWrite, CustomerSheet> = {
  abilities: { steps: [CREATE], amend: true, cancel: false },
  schema: CustomerSheetSchema,
  call: () => `${MODEL}/load`,
  sheetOf: (write) => done(sheetOf(write)),

  async find(desk, reference, expected): Promise<Attempt<FoundDocument | undefined>> {
    const id = await (expected
      ? recordId(desk.session, MODEL, expected.contact.id)
      : idByReference(desk.session, reference))
    if (!id.ok || id.value === undefined) return id.ok ? done(undefined) : id
    const held = await heldCustomer(desk.session, id.value)
    if (!held.ok) return held
    const document = { id: String(id.value), state: 'live', step: CREATE } as const
    if (!expected) return done({ ...document, content: 'unknown' })
    const row = await rowOf(desk, expected.contact)
    if (!row.ok) return row
    return done({ ...document, content: isSame(held.value, expected, row.value) ? 'same' : 'different' })
  },

  async write(desk, { op, sheet }) {
    if (!sheet) return refused('Unsupported', 'a contact is not cancelled')
    const { session } = desk
    const known = await recordId(session, MODEL, sheet.contact.id)
    if (!known.ok) return known
    if (op === 'place') {
      // An order may have made it.
      if (known.value !== undefined) return refused('DuplicateRef', 'Odoo has this contact')
      const written = await create(desk, sheet)
      return written.ok ? live(written.value) : written
    }
    if (known.value === undefined) return refused('NotFound', 'Odoo has no contact of this reference')
    const written = await amend(desk, sheet, known.value)
    return written.ok ? live(known.value) : written
  },
}

const live = (id: number) => done({ id: String(id), state: 'live', step: CREATE } as const)

function sheetOf({ customer, reference }: CustomerWrite): CustomerSheet {
  const { shop, addresses, rank } = customer
  const owner = ownerOfCustomer(customer)
  const usual = addresses.find(({ isDefault }) => isDefault) ?? addresses[0]
  const place = usual && {
    fields: streetOf(usual),
    country: usual.country,
    province: usual.province,
  }
  const name = firstOf(customer.name, customer.userName, reference)
  const rankName = oneLine(rank?.name ?? '')
  return {
    reference,
    contact: {
      id: partnerName('p', shop, owner),
      fields: {
        name,
        email: oneLine(customer.email),
        phone: oneLine(customer.phone),
        ...place?.fields,
      },
      ...(place ? { country: place.country, province: place.province } : {}),
    },
    addresses: addresses.map((address) =>
      deliveryContact(shop, owner, { ...address, name: firstOf(address.name, name) }, [address.phone]),
    ),
    about: `${ABOUT}${aboutOf(customer, reference).join(' · ')}`,
    ...(rankName === '' ? {} : { rank: { id: `rank_${shop}_${digest(rankName)}`, name: rankName } }),
  }
}

function aboutOf({ userName, birthday, otherPhones, sameAs }: CustomerWrite['customer'], reference: string) {
  return [
    reference,
    userName,
    birthday,
    ...otherPhones,
    // A person decides whether they are one; the phone alone does not say it.
    sameAs === null ? '' : `= ${sameAs}?`,
  ]
    .map(oneLine)
    .filter((text) => text !== '')
}

const LinkSchema = z.union([z.object({ id: IdSchema }), z.literal(false)])
const HeldSchema = z.looseObject({
  id: IdSchema,
  ref: TextSchema,
  comment: TextSchema,
  country_id: LinkSchema,
  state_id: LinkSchema,
  category_id: z.array(z.object({ id: IdSchema })),
  child_ids: z.array(z.object({ id: IdSchema })),
})
interface Held {
  readonly record: z.infer<typeof HeldSchema>
  /** External ids of ours, of addresses and ranks. */
  readonly addresses: ReadonlySet<string>
  readonly ranks: ReadonlyMap<number, string>
}

const PLAIN = ['name', 'email', 'phone', 'street', 'street2', 'city', 'zip']

async function heldCustomer(session: Session, id: number): Promise<Attempt<Held>> {
  const link = { fields: {} }
  const read = await readNested(
    session,
    MODEL,
    [['id', '=', id]],
    {
      ...fieldsNamed([...PLAIN, 'ref', 'comment']),
      country_id: link,
      state_id: link,
      category_id: link,
      child_ids: link,
    },
    HeldSchema,
    { context: { active_test: false } },
  )
  if (!read.ok) return read
  const [record] = read.value
  if (!record) return refused('AuthDenied', 'the login may not read a contact of ours')
  const addresses = await ourNames(
    session,
    MODEL,
    record.child_ids.map(({ id: child }) => child),
  )
  if (!addresses.ok) return addresses
  const ranks = await ourNames(
    session,
    RANK,
    record.category_id.map(({ id: tag }) => tag),
  )
  if (!ranks.ok) return ranks
  return done({ record, addresses: new Set(addresses.value.values()), ranks: ranks.value })
}

function isSame({ record, addresses, ranks }: Held, sheet: CustomerSheet, row: Row): boolean {
  const plain = PLAIN.every((name) => row[name] === undefined || row[name] === (record[name] || ''))
  const linked = (['country_id', 'state_id'] as const).every((name) => {
    const wanted = row[`${name}/.id`]
    const link = record[name]
    return wanted === undefined || (link !== false && wanted === String(link.id))
  })
  const told = record.comment.match(ABOUT_PARAGRAPH)?.map(textOf) ?? []
  const rank = [...ranks.values()].join()
  return (
    plain &&
    linked &&
    sheet.addresses.every(({ id }) => addresses.has(id)) &&
    told.length === 1 &&
    told[0] === textOf(htmlOf([sheet.about])) &&
    rank === (sheet.rank?.id ?? '')
  )
}

async function create(desk: Desk, sheet: CustomerSheet): Promise<Attempt<number>> {
  const row = await rowOf(desk, sheet.contact)
  if (!row.ok) return row
  const children = await childrenOf(desk, sheet.addresses)
  if (!children.ok) return children
  const rank = await rankId(desk, sheet)
  if (!rank.ok) return rank
  const head = {
    ...row.value,
    ref: sheet.reference,
    comment: htmlOf([sheet.about]),
    ...(rank.value === undefined ? {} : { 'category_id/.id': String(rank.value) }),
  }
  return load(desk.session, MODEL, head, children.value, 'create-only')
}

/** Brings what is the shop's to what it is there. Ranks and notes of people stay, and so do addresses that orders went to. */
async function amend(desk: Desk, sheet: CustomerSheet, id: number): Promise<Attempt<number>> {
  const held = await heldCustomer(desk.session, id)
  if (!held.ok) return held
  const { record, addresses, ranks } = held.value
  const row = await rowOf(desk, sheet.contact)
  if (!row.ok) return row
  const { id: _name, ...fields } = row.value
  const children = await childrenOf(
    desk,
    sheet.addresses.filter((address) => !addresses.has(address.id)),
  )
  if (!children.ok) return children
  const rank = await rankId(desk, sheet)
  if (!rank.ok) return rank
  const tags = [
    ...record.category_id.map((tag) => tag.id).filter((tag) => !ranks.has(tag)),
    ...(rank.value === undefined ? [] : [rank.value]),
  ]
  const head = {
    '.id': String(id),
    ...fields,
    ...(record.ref === '' ? { ref: sheet.reference } : {}),
    comment: `${record.comment.replace(ABOUT_PARAGRAPH, '')}${htmlOf([sheet.about])}`,
    'category_id/.id': tags.join(','),
  }
  return load(desk.session, MODEL, head, children.value)
}

async function childrenOf(desk: Desk, contacts: CustomerSheet['addresses']): Promise<Attempt<Row[]>> {
  const children: Row[] = []
  // Two entries of an address book may be alike.
  for (const contact of new Map(contacts.map((one) => [one.id, one])).values()) {
    const row = await rowOf(desk, contact)
    if (!row.ok) return row
    children.push(
      Object.fromEntries(Object.entries(row.value).map(([name, value]) => [`child_ids/${name}`, value])),
    )
  }
  return done(children)
}

/** The tag of the rank, made where it is missing. */
async function rankId(
  { session, memory }: Desk,
  { rank }: CustomerSheet,
): Promise<Attempt<number | undefined>> {
  if (!rank) return done(undefined)
  return memory.ids.or(`${RANK} ${rank.id}`, async () => {
    const known = await recordId(session, RANK, rank.id)
    if (!known.ok) return known
    if (known.value !== undefined) return done(known.value)
    const made = await load(session, RANK, { id: fullId(rank.id), name: rank.name }, [], 'create-only')
    return made.ok ? made : again(made)
  })
}

/** A tag alone is no document: whatever became of it, it can be asked for again. */
const again = (made: { readonly ok: false; readonly failure: { readonly message: string } }) =>
  refused('Contended', made.failure.message)

async function idByReference(session: Session, reference: string): Promise<Attempt<number | undefined>> {
  const read = await session.read(
    search(MODEL, [['ref', '=', reference]], ['id']),
    z.array(z.object({ id: IdSchema })),
  )
  if (!read.ok) return read
  return done(read.value[0]?.id)
}
