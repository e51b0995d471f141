import type { ErpFailure } from '#domain/erp-failure.ts'
import { type Attempt, done, together } from './attempt.ts'
import { fullId } from './external-ids.ts'
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

/** The ids of an order's contacts, where they are there. */
export async function contactIds(session: Session, sheet: Pick<Sheet, 'buyer' | 'delivery' | 'invoice'>) {
  const { buyer, delivery, invoice } = sheet
  return together({
    buyer:
      'reference' in buyer
        ? (collectiveCustomer(session, buyer.reference) as Promise<Attempt<number | undefined>>)
        : recordId(session, 'res.partner', buyer.id),
    delivery: recordId(session, 'res.partner', delivery.id),
    invoice: invoice
      ? recordId(session, 'res.partner', invoice.id)
      : Promise.resolve(done<undefined>(undefined)),
  })
}

/**
 * Makes the contacts that are missing, and never touches one that is there: a person may have corrected it. Repeating it is
 * harmless, so that nothing here is ever unknown. Addresses are written through their parent: Odoo 18 does not let a salesman
 * load one by itself.
 */
export async function writeContacts(session: Session, sheet: Sheet): Promise<Attempt<ContactLinks>> {
  const known = await contactIds(session, sheet)
  if (!known.ok) return known
  const ids = known.value
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
    const row = await rowOf(session, contact)
    if (!row.ok) return row
    children.push(
      Object.fromEntries(Object.entries(row.value).map(([name, value]) => [`child_ids/${name}`, value])),
    )
  }
  const written =
    ids.buyer === undefined && !('reference' in buyer)
      ? await writeBuyer(session, buyer, custom.partner, children)
      : await load(session, 'res.partner', { '.id': String(ids.buyer) }, children)
  return written.ok ? done(links) : harmless(written)
}

async function writeBuyer(session: Session, buyer: Contact, custom: Custom, children: readonly Row[]) {
  const row = await rowOf(session, buyer)
  return row.ok
    ? load(session, 'res.partner', { ...row.value, ...textsOf(custom) }, children, 'create-only')
    : row
}

async function rowOf(
  session: Session,
  { id, fields, country = '', province = '' }: Contact,
): Promise<Attempt<Row>> {
  const region = await regionOf(session, country, province)
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
