import type { ErpFailure } from '#domain/erp-failure.ts'
import { type Attempt, done, together } from './attempt.ts'
import type { Desk } from './desk.ts'
import { fullId } from './external-ids.ts'
import { type HeldOrder, ourNames } from './held-order.ts'
import { load, type Row } from './load.ts'
import { collectiveCustomer, recordId } from './records.ts'
import { regionOf } from './regions.ts'
import type { Session } from './session.ts'
import type { Contact, Custom, Sheet } from './sheet-schema.ts'

/** How an order names a contact: by external id, or a collective customer by its database id. */
export interface ContactLink {
  readonly column: 'id' | '.id'
  readonly value: string
  /** Where it was there before. */
  readonly id: number | undefined
}

export interface ContactLinks {
  readonly buyer: ContactLink
  readonly delivery: ContactLink
  readonly invoice: ContactLink
}

/** The contacts of an order as it is held, by the names of their external ids: often nothing has to be asked of them. */
export async function heldContacts(session: Session, held: HeldOrder): Promise<Attempt<Known>> {
  const ids = [held.partner_id?.id, held.partner_shipping_id?.id, held.partner_invoice_id]
  const names = await ourNames(session, 'res.partner', [...new Set(ids.filter((id) => id !== undefined))])
  if (!names.ok) return names
  const known = new Map([...names.value].map(([id, name]) => [name, id]))
  const buyer = held.partner_id
  return done({ ids: known, ...(buyer?.ref ? { collective: { reference: buyer.ref, id: buyer.id } } : {}) })
}

export interface Known {
  readonly ids: ReadonlyMap<string, number>
  readonly collective?: { readonly reference: string; readonly id: number }
}

export interface ContactIds {
  readonly buyer: number | undefined
  readonly delivery: number | undefined
  readonly invoice: number | undefined
}

/** The ids of an order's contacts, where they are there. Addresses are made with their buyer: without one there are none. */
export async function contactIds(
  session: Session,
  { buyer, delivery, invoice }: Pick<Sheet, 'buyer' | 'delivery' | 'invoice'>,
  { ids, collective }: Known = { ids: new Map() },
): Promise<Attempt<ContactIds>> {
  const idOf = async (contact: Contact | undefined): Promise<Attempt<number | undefined>> => {
    const id = contact && ids.get(contact.id)
    return contact && id === undefined ? recordId(session, 'res.partner', contact.id) : done(id)
  }
  const buyerId = await (async (): Promise<Attempt<number | undefined>> => {
    if (!('reference' in buyer)) return idOf(buyer)
    if (collective?.reference === buyer.reference) return done(collective.id)
    return collectiveCustomer(session, buyer.reference)
  })()
  if (!buyerId.ok) return buyerId
  if (buyerId.value === undefined) return done({ buyer: undefined, delivery: undefined, invoice: undefined })
  const others = await together({ delivery: idOf(delivery), invoice: idOf(invoice) })
  return others.ok ? done({ buyer: buyerId.value, ...others.value }) : others
}

/**
 * Makes the contacts that are missing, and never touches one that is there: a person may have corrected it. Repeating it is
 * harmless, so that nothing here is ever unknown. Addresses are written through their parent: Odoo 18 does not let a salesman
 * load one by itself.
 * @param ids what is there of them
 */
export async function writeContacts(
  desk: Desk,
  sheet: Sheet,
  ids: ContactIds,
): Promise<Attempt<ContactLinks>> {
  const { buyer, delivery, invoice, custom } = sheet
  const ours = ({ id: name }: Contact, id: number | undefined): ContactLink => ({
    column: 'id',
    value: fullId(name),
    id,
  })
  const buyerLink: ContactLink =
    'reference' in buyer ? { column: '.id', value: String(ids.buyer), id: ids.buyer } : ours(buyer, ids.buyer)
  const links = {
    buyer: buyerLink,
    delivery: ours(delivery, ids.delivery),
    invoice: invoice ? ours(invoice, ids.invoice) : buyerLink,
  }

  const missing = [
    ...(ids.delivery === undefined ? [delivery] : []),
    ...(invoice && ids.invoice === undefined ? [invoice] : []),
  ]
  if (ids.buyer !== undefined && missing.length === 0) return done(links)
  const children: Row[] = []
  for (const contact of missing) {
    const row = await rowOf(desk, contact)
    if (!row.ok) return row
    children.push(
      Object.fromEntries(Object.entries(row.value).map(([name, value]) => [`child_ids/${name}`, value])),
    )
  }
  const written =
    ids.buyer === undefined && !('reference' in buyer)
      ? await writeBuyer(desk, buyer, custom.partner, children)
      : await load(desk.session, 'res.partner', { '.id': String(ids.buyer) }, children)
  return written.ok ? done(links) : harmless(written)
}

async function writeBuyer(desk: Desk, buyer: Contact, custom: Custom, children: readonly Row[]) {
  const row = await rowOf(desk, buyer)
  return row.ok
    ? load(desk.session, 'res.partner', { ...row.value, ...textsOf(custom) }, children, 'create-only')
    : row
}

export async function rowOf(
  desk: Desk,
  { id, fields, country = '', province = '' }: Contact,
): Promise<Attempt<Row>> {
  const region = await regionOf(desk, country, province)
  if (!region.ok) return region
  const { country: countryId, state } = region.value
  const unplaced = [countryId === undefined ? country : '', state === undefined ? province : '']
  const city = [...unplaced, fields['city'] ?? ''].map((text) => text.trim()).filter((text) => text !== '')
  return done({
    id: fullId(id),
    ...fields,
    ...(fields['city'] === undefined ? {} : { city: [...new Set(city)].join(' ') }),
    ...(countryId === undefined ? {} : { 'country_id/.id': String(countryId) }),
    ...(state === undefined ? {} : { 'state_id/.id': String(state) }),
  })
}

/** Custom fields as `load` takes them. */
export function textsOf(custom: Custom): Row {
  const texts = Object.entries(custom).map(([name, value]) => [name, textOfValue(value)] as const)
  return Object.fromEntries(texts)
}

function textOfValue(value: Custom[string]): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value)
}

function harmless(written: { readonly failure: ErpFailure }): { ok: false; failure: ErpFailure } {
  const { class: kind } = written.failure
  const unclear = kind === 'UnknownOutcome' || kind === 'Protocol'
  return { ok: false, failure: { ...written.failure, class: unclear ? 'Transient' : kind } }
}
