import type { Subject } from '#contracts/delivery-message.ts'
import { peopleInText } from './people-in-text.ts'
import { normalisedPhone } from './phone.ts'

/** One way to know a person by. A user is known in its shop only. */
export interface Person {
  readonly of: 'phone' | 'email' | 'user'
  /** Normalised phone, e-mail in lower case, `{shop}:{user_id}`. */
  readonly value: string
}

/** More than an order or a ticket honestly names. */
const MOST = 40

/**
 * Whom a thing is about or names: by its fields, and by phones and e-mail addresses in its texts. What is masked names nobody,
 * nor does what is deleted.
 */
export function peopleOf(subject: Subject): Person[] {
  const { shop, users, phones, emails, rest } = fieldsOf(subject)
  const texts = textsIn(rest).flatMap(peopleInText)
  const found = (what: 'phone' | 'email') => texts.filter(({ is }) => is === what).map(({ text }) => text)
  const people = [
    ...users.flatMap((user) => (user === null ? [] : [{ of: 'user' as const, value: `${shop}:${user}` }])),
    ...[...phones.filter(isWhole), ...found('phone')].map((text) => ({
      of: 'phone' as const,
      value: normalisedPhone(text),
    })),
    ...[...emails.filter(isWhole), ...found('email')].map((text) => ({
      of: 'email' as const,
      value: text.trim().toLowerCase(),
    })),
  ]
  const distinct = new Map(
    people.filter(({ value }) => value !== '').map((person) => [`${person.of} ${person.value}`, person]),
  )
  return [...distinct.values()].slice(0, MOST)
}

const isWhole = (text: string): boolean => !text.includes('*')

/** The person that somebody wrote down: a phone, an e-mail address, or the number of a member of each shop. */
export function peopleMeant(text: string, shops: readonly string[]): Person[] {
  const plain = text.trim()
  if (plain.includes('@')) return [{ of: 'email', value: plain.toLowerCase() }]
  // A user_id of seven digits and more could be a phone: nobody has so many members and such short numbers.
  if (/^\d{1,6}$/.test(plain)) return shops.map((shop) => ({ of: 'user', value: `${shop}:${plain}` }))
  const phone = normalisedPhone(plain)
  return phone === '' ? [] : [{ of: 'phone', value: phone }]
}

interface Fields {
  readonly shop: string
  readonly users: readonly (string | null)[]
  readonly phones: readonly string[]
  readonly emails: readonly string[]
  /** Where texts are looked for. */
  readonly rest: unknown
}

function fieldsOf(subject: Subject): Fields {
  switch (subject.is) {
    case 'snapshot': {
      const { shop, buyer, consignee, invoice, notes, giftWrap, extra } = subject.order
      return {
        shop,
        users: [buyer.userId],
        phones: [consignee.phone, consignee.mobile, consignee.tel],
        emails: [buyer.email, consignee.email],
        rest: [buyer.name, consignee.name, consignee.address, invoice, notes, giftWrap, extra],
      }
    }
    case 'customer': {
      // Whom somebody sends presents to is in their book of addresses, and has not become them.
      const { shop, userId, phone, otherPhones, email, userName, name, extra } = subject.customer
      return {
        shop,
        users: [userId],
        phones: [phone, ...otherPhones],
        emails: [email],
        rest: [userName, name, extra],
      }
    }
    case 'return': {
      const { shop, userId, consignee, note, extra } = subject.return
      return {
        shop,
        users: [userId],
        phones: consignee ? [consignee.phone] : [],
        emails: consignee ? [consignee.email] : [],
        rest: [consignee?.name, consignee?.address, note, extra],
      }
    }
    case 'ticket': {
      const { shop, customer, title, content, replies, extra } = subject.ticket
      return {
        shop,
        users: [customer.userId],
        phones: [],
        emails: [customer.email],
        rest: [customer.name, title, content, replies.map(({ text }) => text), extra],
      }
    }
    case 'parts': {
      const { shop, lines } = subject.parts
      return { shop, users: [], phones: [], emails: [], rest: lines.map(({ description }) => description) }
    }
    case 'tombstone':
      return { ...NOBODY, shop: subject.tombstone.shop }
    case 'gone':
      return { ...NOBODY, shop: subject.gone.shop }
  }
}

const NOBODY: Omit<Fields, 'shop'> = { users: [], phones: [], emails: [], rest: null }

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
