import { type Attempt, done, together } from './attempt.ts'
import { fullId } from './external-ids.ts'
import { load, type Row } from './load.ts'
import { collectiveCustomer, recordId } from './records.ts'
import { regionOf } from './regions.ts'
import type { Session } from './session.ts'
import type { Contact, Custom, Sheet } from './sheet-schema.ts'

export interface ContactIds {
  readonly buyer: number
  readonly delivery: number
  readonly invoice: number
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
 * harmless, so that nothing here is ever unknown.
 */
export async function writeContacts(session: Session, sheet: Sheet): Promise<Attempt<ContactIds>> {
  const known = await contactIds(session, sheet)
  if (!known.ok) return known
  const { buyer, delivery, invoice, custom } = sheet

  const made = async (
    id: number | undefined,
    contact: Contact,
    parent: number | undefined,
    fields: Custom = {},
  ) => {
    if (id !== undefined) return done(id)
    const row = await rowOf(session, contact, parent, fields)
    if (!row.ok) return row
    return harmless(await load(session, 'res.partner', row.value, [], 'create-only'))
  }
  const buyerId =
    'reference' in buyer
      ? done(known.value.buyer ?? 0)
      : await made(known.value.buyer, buyer, undefined, custom.partner)
  if (!buyerId.ok) return buyerId
  const deliveryId = await made(known.value.delivery, delivery, buyerId.value)
  if (!deliveryId.ok) return deliveryId
  const invoiceId = invoice ? await made(known.value.invoice, invoice, buyerId.value) : buyerId
  if (!invoiceId.ok) return invoiceId
  return done({ buyer: buyerId.value, delivery: deliveryId.value, invoice: invoiceId.value })
}

async function rowOf(
  session: Session,
  { id, fields, country = '', province = '' }: Contact,
  parent: number | undefined,
  custom: Custom,
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
    ...(parent === undefined ? {} : { 'parent_id/.id': String(parent) }),
    ...(countryId === undefined ? {} : { 'country_id/.id': String(countryId) }),
    ...(state === undefined ? {} : { 'state_id/.id': String(state) }),
    ...textsOf(custom),
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

function harmless(written: Attempt<number>): Attempt<number> {
  if (written.ok) return written
  const { class: kind } = written.failure
  const unclear = kind === 'UnknownOutcome' || kind === 'Protocol'
  return { ok: false, failure: { ...written.failure, class: unclear ? 'Transient' : kind } }
}
