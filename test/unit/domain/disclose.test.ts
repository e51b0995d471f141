import { describe, expect, it } from 'vitest'
import type { Disclosures } from '#contracts/privacy.ts'
import { disclosed } from '#domain/disclose.ts'
import { thingsOf } from '#domain/sample-person.ts'

const FULL: Disclosures = { name: 'full', phone: 'full', email: 'full', address: 'full', idNumber: 'full' }
const PARTIAL: Disclosures = {
  name: 'partial',
  phone: 'partial',
  email: 'partial',
  address: 'partial',
  idNumber: 'partial',
}
const NONE: Disclosures = { name: 'none', phone: 'none', email: 'none', address: 'none', idNumber: 'none' }

const things = thingsOf('A1', {
  login: 'xm_wang',
  name: '王小明',
  phone: '13900001234',
  email: 'xm.wang@example.com',
  district: '玄武区',
  street: '示例路 7 号 301 室',
  zipcode: '210018',
  birthday: '1990-03-07',
  invoiceTitle: '南京示例有限公司',
  words:
    '我是王小明，身份证110101199003077619，打139 0000 1234或写xm.wang@example.com，送到示例路 7 号 301 室',
})

const order = (how: Disclosures) => {
  const seen = disclosed(things.order, how)
  if (seen.is !== 'snapshot') throw new Error('not an order')
  return seen.order
}
const customer = (how: Disclosures) => {
  const seen = disclosed(things.customer, how)
  if (seen.is !== 'customer') throw new Error('not a customer')
  return seen.customer
}

describe('an order', () => {
  it('shows in part enough to recognise a person', () => {
    const { consignee, buyer, invoice, notes } = order(PARTIAL)
    expect(consignee).toMatchObject({
      name: '王**',
      phone: '139****1234',
      mobile: '139****1234',
      email: 'x***@example.com',
      province: '江苏',
      city: '南京',
      district: '玄武区',
      address: '',
      zipcode: '',
    })
    expect(buyer.name).toBe('x**')
    expect(invoice?.title).toBe('南**')
    expect(notes.buyer).toBe(
      '我是王**，身份证**************7619，打139 **** 1234或写x***@example.com，送到***',
    )
  })

  it('shows nobody where nothing is disclosed', () => {
    const { consignee, buyer, invoice, notes } = order(NONE)
    expect(consignee).toEqual({
      name: '',
      country: '',
      province: '',
      city: '',
      district: '',
      regionIds: [],
      address: '',
      zipcode: '',
      phone: '',
      mobile: '',
      tel: '',
      email: '',
      bestTime: '',
      landmark: '',
    })
    expect([buyer.name, buyer.email, invoice?.title]).toEqual(['', '', ''])
    expect(notes.buyer).toBe('我是***，身份证***，打***或写***，送到***')
  })

  it('hides by default the identity numbers in its texts, and nothing else', () => {
    const { notes, consignee } = order({ ...FULL, idNumber: 'none' })
    expect(notes.buyer).toBe(
      '我是王小明，身份证***，打139 0000 1234或写xm.wang@example.com，送到示例路 7 号 301 室',
    )
    expect(consignee.name).toBe('王小明')
  })

  it('hides a phone that is the login, and one in a field nobody knows', () => {
    const { buyer, extra } = order({ ...FULL, phone: 'none' })
    expect(buyer.name).toBe('xm_wang')
    expect(extra).toEqual({})
    const subject = things.order
    if (subject.is !== 'snapshot') throw new Error('not an order')
    const odd = disclosed(
      {
        is: 'snapshot',
        order: {
          ...subject.order,
          buyer: { ...subject.order.buyer, name: '13900001234' },
          extra: { wechat: { tel: 13900001234, more: ['+86 13900001234', true, 7] } },
        },
      },
      { ...FULL, phone: 'none' },
    )
    expect(odd).toMatchObject({
      order: { buyer: { name: '***' }, extra: { wechat: { tel: '***', more: ['***', true, 7] } } },
    })
  })
})

describe('a customer', () => {
  it('has no birthday and no sex where the name is not told in full', () => {
    expect(customer(PARTIAL)).toMatchObject({ name: '王**', birthday: '', sex: 'unknown', userName: 'x**' })
    expect(customer(FULL)).toMatchObject({ birthday: '1990-03-07', sex: 'female' })
  })

  it('has its addresses down to the district, or none of them', () => {
    expect(customer(PARTIAL).addresses).toMatchObject([
      { district: '玄武区', address: '', phone: '139****1234' },
    ])
    expect(customer(NONE).addresses).toMatchObject([{ district: '', regionIds: [], name: '' }])
  })

  it('has a QQ number as much as a phone', () => {
    const subject = things.customer
    if (subject.is !== 'customer') throw new Error('not a customer')
    const known = { is: 'customer' as const, customer: { ...subject.customer, extra: { qq: '100017' } } }
    expect(disclosed(known, NONE)).toMatchObject({ customer: { extra: { qq: '' } } })
    expect(disclosed(known, PARTIAL)).toMatchObject({ customer: { extra: { qq: '****17' } } })
    expect(disclosed(known, FULL)).toEqual(known)
  })

  it('keeps what it is known by', () => {
    expect(customer(NONE)).toMatchObject({ userId: '7001', regTime: 1_763_700_000, shop: 'A1' })
  })
})

it('takes the same out of the texts of a ticket, a return and a request for parts', () => {
  const text = (kind: 'ticket' | 'return' | 'parts') => {
    const seen = disclosed(things[kind], NONE)
    if (seen.is === 'ticket') return seen.ticket.content
    return seen.is === 'return'
      ? seen.return.note
      : seen.is === 'parts'
        ? seen.parts.lines[0]?.description
        : ''
  }
  expect(text('return')).toBe('我是***，身份证***，打***或写***，送到示例路 7 号 301 室')
  expect(text('ticket')).toBe('我是王小明，身份证***，打***或写***，送到示例路 7 号 301 室')
  expect(text('parts')).toBe(text('ticket'))
})
