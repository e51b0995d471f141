import type { Customer as ShopCustomer } from '#contracts/customer.ts'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { Order } from '#contracts/order.ts'
import { base36, digest, partnerName } from './external-ids.ts'
import type { Contact, Sheet } from './sheet-schema.ts'

type Customer = OdooTarget['customer']
export type Contacts = Pick<Sheet, 'buyer' | 'delivery' | 'invoice'>

/**
 * Who orders, where it goes and who is invoiced. An address is known by its content: it is never rewritten, and one that
 * was used before is used again. The same buyer is the same contact, however many orders arrive at once.
 */
export function contactsOf(order: Order, customer: Customer): Contacts {
  const owner = customer.mode === 'collective' ? `c${digest(customer.reference)}` : ownerOf(order)
  const invoice = invoiceOf(order, owner)
  return {
    buyer: customer.mode === 'collective' ? { reference: customer.reference } : buyerOf(order, owner),
    delivery: deliveryOf(order, owner),
    ...(invoice ? { invoice } : {}),
  }
}

function ownerOf({ buyer, consignee, orderId, addTime }: Order): string {
  if (buyer.userId !== null) return `u${buyer.userId}`
  const known = [normalisedPhone(consignee.phone), buyer.email, consignee.email].find(isTold)
  // Nothing tells this guest from another.
  return known ? `g${digest(known)}` : `o${base36(orderId)}x${addTime.toString(36)}`
}

/** The contact that the orders of a customer are for: a guest’s is known by the phone as the order has it. */
export function ownerOfCustomer({ userId, guestKey, phone, addresses }: ShopCustomer): string {
  if (userId !== null) return `u${userId}`
  const known = normalisedPhone(addresses[0]?.phone ?? phone)
  return isTold(known) ? `g${digest(known)}` : `g${guestKey ?? ''}`
}

/** Half a phone number, masked for this target, is that of many. */
const isTold = (text: string) => text !== '' && !text.includes('*')

/** Digits; China's country code makes no other number. */
export function normalisedPhone(phone: string): string {
  if (phone.includes('*')) return phone
  const digits = phone.replace(/\D/g, '')
  return digits.replace(/^(?:00)?86(?=1\d{10}$)/, '')
}

function buyerOf({ shop, buyer, consignee }: Order, owner: string): Contact {
  const name = firstOf(buyer.userId === null ? '' : buyer.name, consignee.name, buyer.name, owner)
  return {
    id: partnerName('p', shop, owner),
    fields: {
      name,
      email: firstOf(buyer.email, consignee.email),
      phone: buyer.userId === null ? consignee.phone : '',
    },
  }
}

function deliveryOf({ shop, buyer, consignee }: Order, owner: string): Contact {
  const name = firstOf(consignee.name, buyer.name, owner)
  const phones = [consignee.mobile, consignee.tel, consignee.phone]
  return deliveryContact(shop, owner, { ...consignee, name }, phones)
}

type Place = Pick<
  Order['consignee'],
  'name' | 'address' | 'district' | 'landmark' | 'city' | 'zipcode' | 'email' | 'country' | 'province'
>

/** Of an order, or of the address book: what is alike is one record. */
export function deliveryContact(
  shop: string,
  owner: string,
  place: Place,
  phones: readonly string[],
): Contact {
  const fields = {
    type: 'delivery',
    name: place.name,
    ...streetOf(place),
    phone: [...new Set(phones.map(oneLine).filter(Boolean))].join(' / '),
    email: place.email.trim(),
  }
  const { country, province } = place
  const content = JSON.stringify([fields, country, province])
  return { id: partnerName('a', shop, owner, content), fields, country, province }
}

export const streetOf = (place: Omit<Place, 'name' | 'email' | 'country' | 'province'>) => ({
  street: oneLine(place.address),
  street2: [place.district, place.landmark].map(oneLine).filter(Boolean).join(' '),
  city: oneLine(place.city),
  zip: place.zipcode.trim(),
})

/** A company's tax number as it is found inside a title (18 digits and capitals since 2015, 15 to 20 before). */
const TAX_NUMBER = /(?<![0-9A-Za-z])(?=[0-9A-Z]*\d)[0-9A-Z]{15,20}(?![0-9A-Za-z])/

const PRIVATE = new Set(['个人', '個人', 'personal', 'individual'])

function invoiceOf({ shop, invoice }: Order, owner: string): Contact | undefined {
  const title = oneLine(invoice?.title ?? '')
  if (title === '' || PRIVATE.has(title.toLowerCase())) return undefined
  const vat = TAX_NUMBER.exec(title)?.[0] ?? ''
  const name = firstOf(
    oneLine(vat ? title.replace(vat, ' ') : title)
      .replace(/[\s,，;；:：/|()（）]*(?:税号|纳税人识别号)?[\s,，;；:：/|()（）]*$/, '')
      .trim(),
    title,
  )
  const fields = { type: 'invoice', is_company: '1', name, vat }
  return { id: partnerName('i', shop, owner, JSON.stringify(fields)), fields }
}

export const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim()

export const firstOf = (...texts: string[]) => texts.map(oneLine).find((text) => text !== '') ?? ''
