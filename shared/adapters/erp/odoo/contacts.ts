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
  const phone = normalisedPhone(consignee.phone)
  const known = phone || buyer.email || consignee.email
  // Nothing tells this guest from another.
  return known ? `g${digest(known)}` : `o${base36(orderId)}x${addTime.toString(36)}`
}

/** Digits; China's country code makes no other number. */
export function normalisedPhone(phone: string): string {
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
  const fields = {
    type: 'delivery',
    name: firstOf(consignee.name, buyer.name, owner),
    street: oneLine(consignee.address),
    street2: [consignee.district, consignee.landmark].map(oneLine).filter(Boolean).join(' '),
    city: oneLine(consignee.city),
    zip: consignee.zipcode.trim(),
    phone: [...new Set([consignee.mobile, consignee.tel, consignee.phone].map(oneLine).filter(Boolean))].join(
      ' / ',
    ),
    email: consignee.email.trim(),
  }
  const { country, province } = consignee
  const content = JSON.stringify([fields, country, province])
  return { id: partnerName('a', shop, owner, content), fields, country, province }
}

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

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim()

const firstOf = (...texts: string[]) => texts.map(oneLine).find((text) => text !== '') ?? ''
