import type { Customer, PostalAddress } from '#contracts/customer.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { Order } from '#contracts/order.ts'
import type { PartsRequest } from '#contracts/parts.ts'
import type { Disclosure, Disclosures } from '#contracts/privacy.ts'
import type { Return } from '#contracts/return.ts'
import type { Ticket } from '#contracts/ticket.ts'
import { type FoundInText, peopleInText } from './people-in-text.ts'
import { normalisedPhone } from './phone.ts'

/** Stands where something was taken out of a text. */
const TAKEN = '***'

/**
 * The thing as a target may see it. The same thing always looks the same, and what was masked once is not masked further.
 * Money, lines, times and references stay as they are.
 */
export function disclosed(subject: Subject, disclosures: Disclosures): Subject {
  switch (subject.is) {
    case 'snapshot':
      return { is: 'snapshot', order: orderDisclosed(subject.order, disclosures) }
    case 'customer':
      return { is: 'customer', customer: customerDisclosed(subject.customer, disclosures) }
    case 'return':
      return { is: 'return', return: returnDisclosed(subject.return, disclosures) }
    case 'ticket':
      return { is: 'ticket', ticket: ticketDisclosed(subject.ticket, disclosures) }
    case 'parts':
      return { is: 'parts', parts: partsDisclosed(subject.parts, disclosures) }
    case 'tombstone':
    case 'gone':
      return subject
  }
}

function orderDisclosed(order: Order, disclosures: Disclosures): Order {
  const { buyer, consignee, invoice, notes, giftWrap, extra } = order
  const mask = new Mask(disclosures, {
    names: [buyer.name, consignee.name],
    phones: [consignee.phone, consignee.mobile, consignee.tel],
    addresses: [consignee.address],
  })
  return {
    ...order,
    buyer: { ...buyer, name: mask.name(buyer.name), email: mask.email(buyer.email) },
    consignee: {
      ...mask.place(consignee),
      name: mask.name(consignee.name),
      phone: mask.phone(consignee.phone),
      mobile: mask.phone(consignee.mobile),
      tel: mask.phone(consignee.tel),
      email: mask.email(consignee.email),
      bestTime: mask.text(consignee.bestTime),
    },
    invoice: invoice && {
      type: invoice.type,
      title: mask.name(invoice.title),
      content: mask.text(invoice.content),
    },
    notes: {
      buyer: mask.text(notes.buyer),
      toBuyer: mask.text(notes.toBuyer),
      internal: mask.text(notes.internal),
      outOfStock: mask.text(notes.outOfStock),
      surplus: mask.text(notes.surplus),
    },
    giftWrap: { ...giftWrap, cardMessage: mask.text(giftWrap.cardMessage) },
    extra: mask.extra(extra),
  }
}

function customerDisclosed(customer: Customer, disclosures: Disclosures): Customer {
  const { userName, name, email, phone, otherPhones, addresses, extra } = customer
  const mask = new Mask(disclosures, {
    names: [userName, name, ...addresses.map((address) => address.name)],
    phones: [phone, ...otherPhones, ...addresses.map((address) => address.phone)],
    addresses: addresses.map(({ address }) => address),
  })
  const known = disclosures.name === 'full'
  return {
    ...customer,
    userName: mask.name(userName),
    name: mask.name(name),
    email: mask.email(email),
    phone: mask.phone(phone),
    otherPhones: otherPhones.map((other) => mask.phone(other)).filter((other) => other !== ''),
    sex: known ? customer.sex : 'unknown',
    birthday: known ? customer.birthday : '',
    addresses: addresses.map((address) => ({
      ...mask.place(address),
      name: mask.name(address.name),
      phone: mask.phone(address.phone),
      email: mask.email(address.email),
    })),
    extra: {
      ...mask.extra(extra),
      ...(typeof extra['qq'] === 'string' ? { qq: mask.phone(extra['qq']) } : {}),
    },
  }
}

function returnDisclosed(thing: Return, disclosures: Disclosures): Return {
  const { consignee, note, extra } = thing
  const mask = new Mask(disclosures, {
    names: [consignee?.name],
    phones: [consignee?.phone],
    addresses: [consignee?.address],
  })
  return {
    ...thing,
    consignee: consignee && {
      name: mask.name(consignee.name),
      phone: mask.phone(consignee.phone),
      // One text: nobody can tell where its district ends.
      address: mask.address(consignee.address),
      email: mask.email(consignee.email),
    },
    note: mask.text(note),
    extra: mask.extra(extra),
  }
}

function ticketDisclosed(ticket: Ticket, disclosures: Disclosures): Ticket {
  const { customer, title, content, replies, extra } = ticket
  const mask = new Mask(disclosures, { names: [customer.name] })
  return {
    ...ticket,
    title: mask.text(title),
    content: mask.text(content),
    customer: { ...customer, name: mask.name(customer.name), email: mask.email(customer.email) },
    replies: replies.map((reply) => ({ ...reply, by: mask.text(reply.by), text: mask.text(reply.text) })),
    extra: mask.extra(extra),
  }
}

function partsDisclosed(parts: PartsRequest, disclosures: Disclosures): PartsRequest {
  const mask = new Mask(disclosures, {})
  return {
    ...parts,
    lines: parts.lines.map((line) => ({ ...line, description: mask.text(line.description) })),
  }
}

/** What is known of the people of a thing by its fields, and is recognised in its texts. */
interface Known {
  readonly names?: readonly (string | undefined)[]
  readonly phones?: readonly (string | undefined)[]
  readonly addresses?: readonly (string | undefined)[]
}

const FEWEST_OF_NAME = 2
const FEWEST_OF_ADDRESS = 4

class Mask {
  readonly #disclosures: Disclosures
  /** What a text has in place of each, in this order. */
  readonly #inText: readonly (readonly [found: string | RegExp, by: (found: string) => string])[]

  constructor(disclosures: Disclosures, { names = [], phones = [], addresses = [] }: Known) {
    this.#disclosures = disclosures
    const { name, phone, address } = disclosures
    this.#inText = [
      ...(address === 'full' ? [] : known(addresses, FEWEST_OF_ADDRESS)).map(
        (text) => [text, () => TAKEN] as const,
      ),
      ...(phone === 'full' ? [] : known(phones, 1).map(normalisedPhone).filter(Boolean)).map(
        (text) => [spaced(text), (found: string) => maskedPhone(found, phone) || TAKEN] as const,
      ),
      ...(name === 'full' ? [] : known(names, FEWEST_OF_NAME)).map(
        (text) => [text, (found: string) => maskedName(found, name) || TAKEN] as const,
      ),
    ]
  }

  name(name: string): string {
    return maskedName(this.text(name), this.#disclosures.name)
  }

  phone(phone: string): string {
    return maskedPhone(this.text(phone), this.#disclosures.phone)
  }

  email(email: string): string {
    return maskedEmail(email.includes('@') ? email : this.text(email), this.#disclosures.email)
  }

  address(address: string): string {
    return this.#disclosures.address === 'full' ? this.text(address) : ''
  }

  /** The parts of a postal address. */
  place<P extends Pick<PostalAddress, Places>>(place: P): P {
    const { address } = this.#disclosures
    const masked = {
      ...place,
      address: this.address(place.address),
      landmark: this.address(place.landmark),
      zipcode: address === 'full' ? place.zipcode : '',
    }
    if (address !== 'none') return masked
    return { ...masked, country: '', province: '', city: '', district: '', regionIds: [] }
  }

  text(text: string): string {
    let masked = text
    for (const [found, by] of this.#inText) masked = masked.replaceAll(found, by)
    // What was taken out may have kept apart what now is found.
    for (let before: string | undefined; before !== masked; ) {
      before = masked
      masked = this.#scrubbed(before)
    }
    return masked
  }

  /** Unknown fields may hold anything. */
  extra(extra: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(extra).map(([key, value]) => [key, this.#value(value)]))
  }

  #value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number') {
      const masked = this.text(String(value))
      return masked === String(value) ? value : masked
    }
    if (Array.isArray(value)) return value.map((inner) => this.#value(inner))
    if (typeof value === 'object' && value !== null) return this.extra({ ...value })
    return value
  }

  #scrubbed(text: string): string {
    let masked = ''
    let from = 0
    for (const found of peopleInText(text)) {
      masked += text.slice(from, found.from) + this.#found(found, text.slice(found.from, found.to))
      from = found.to
    }
    return masked + text.slice(from)
  }

  #found({ is, text }: FoundInText, asWritten: string): string {
    const disclosure = this.#disclosures[is]
    if (disclosure === 'full') return asWritten
    switch (is) {
      case 'idNumber':
        return disclosure === 'none' ? TAKEN : text.replace(/[\dXx](?=.{4})/g, '*')
      case 'phone':
        return maskedPhone(text, disclosure) || TAKEN
      case 'email':
        return maskedEmail(text, disclosure) || TAKEN
    }
  }
}

type Places = 'country' | 'province' | 'city' | 'district' | 'regionIds' | 'address' | 'zipcode' | 'landmark'

/** Longest first; nothing that is masked already. */
function known(texts: readonly (string | undefined)[], fewest: number): string[] {
  return [...new Set(texts)]
    .filter((text) => text !== undefined)
    .map((text) => text.trim())
    .filter((text) => Array.from(text).length >= fewest && !text.includes('*'))
    .toSorted((a, b) => b.length - a.length)
}

/** However its digits are grouped, with a country code before them or without. */
const spaced = (phone: string): RegExp =>
  new RegExp(
    `(?<!\\d)(?:\\+?86[\\s.-]{0,2}|\\+)?${Array.from(phone.replace('+', '')).join('[\\s().-]{0,2}')}(?!\\d)`,
    'g',
  )

const firstOf = (text: string): string => /^./su.exec(text.replaceAll('*', ''))?.[0] ?? ''

/** The first character of each word. */
function maskedName(name: string, disclosure: Disclosure): string {
  if (disclosure === 'full') return name
  if (disclosure === 'none') return ''
  return name.replace(/\S+/gu, (word) => (/^[^*]?\*+$/u.test(word) ? word : `${firstOf(word)}**`))
}

/** 138****5678; of a shorter number its last third. */
function maskedPhone(phone: string, disclosure: Disclosure): string {
  if (disclosure === 'full') return phone
  if (disclosure === 'none') return ''
  const places = phone.match(/[\p{Nd}*]/gu)?.length ?? 0
  const [first, last] = places >= 11 ? [3, 4] : [0, Math.floor(places / 3)]
  let place = 0
  return phone.replace(/[\p{Nd}*]/gu, (digit) => {
    place += 1
    return place <= first || place > places - last ? digit : '*'
  })
}

/** a***@example.com */
function maskedEmail(email: string, disclosure: Disclosure): string {
  if (disclosure === 'full') return email
  if (disclosure === 'none') return ''
  const at = email.lastIndexOf('@')
  if (at < 0) return maskedName(email, disclosure)
  return `${firstOf(email.slice(0, at))}${TAKEN}${email.slice(at)}`
}
