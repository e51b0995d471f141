import { describe, expect, it } from 'vitest'
import { contactsOf, normalisedPhone } from '#adapters/erp/odoo/contacts.ts'
import { htmlOf, textOf } from '#adapters/erp/odoo/html.ts'
import { countryCode, stateNamed } from '#adapters/erp/odoo/regions.ts'
import type { Order } from '#contracts/order.ts'
import { canonicalOrder } from '../../../../support/canonical-order.ts'

const PER_BUYER = { mode: 'per-buyer' } as const
const guest = (phone: string, change: Partial<Order> = {}): Order => {
  const order = canonicalOrder()
  const consignee = { ...order.consignee, phone, mobile: phone }
  return { ...order, buyer: { userId: null, name: '', email: '' }, consignee, ...change }
}
const idOf = (order: Order) => {
  const { buyer } = contactsOf(order, PER_BUYER)
  return 'id' in buyer ? buyer.id : buyer.reference
}

describe('the contacts of an order', () => {
  it('are the member, whatever the address', () => {
    expect(idOf(canonicalOrder())).toBe('p_demo_u12')
    expect(idOf(canonicalOrder({ id: '1002', address: '别的路' }))).toBe('p_demo_u12')
  })

  it('are one for a guest’s phone, however it is written', () => {
    expect(idOf(guest('10000000000'))).toBe(idOf(guest('+86 100-0000-0000')))
    expect(idOf(guest('10000000000'))).not.toBe(idOf(guest('10000000001')))
  })

  it('are new for each order of somebody nothing is known of', () => {
    expect(idOf(guest('', { orderId: '1' }))).not.toBe(idOf(guest('', { orderId: '2' })))
  })

  it('never carry a phone number in their external ids', () => {
    expect(JSON.stringify([idOf(guest('10000000000'))])).not.toContain('10000000000')
  })

  it('have another address for another content, and the same for the same', () => {
    const address = (text: string) => contactsOf(canonicalOrder({ address: text }), PER_BUYER).delivery.id
    expect(address('示例路 1 号')).toBe(address('示例路 1 号'))
    expect(address('示例路 1 号')).not.toBe(address('示例路 2 号'))
  })

  it('are one collective customer where that is configured, with addresses of its own', () => {
    const contacts = contactsOf(canonicalOrder(), { mode: 'collective', reference: 'WEB' })
    expect(contacts.buyer).toEqual({ reference: 'WEB' })
    expect(contacts.delivery.fields).toMatchObject({ type: 'delivery', name: '测试收货人', city: '上海' })
  })

  it.each([
    ['样例公司 91330100MA00000000', '样例公司', '91330100MA00000000'],
    ['样例公司，税号：91330100MA00000000', '样例公司', '91330100MA00000000'],
    ['样例公司', '样例公司', ''],
    ['ABCDEFGHIJKLMNOP', 'ABCDEFGHIJKLMNOP', ''],
  ])('split the invoice title “%s”', (title, name, vat) => {
    const order = { ...canonicalOrder(), invoice: { type: '', title, content: '' } }
    expect(contactsOf(order, PER_BUYER).invoice?.fields).toMatchObject({ name, vat, is_company: '1' })
  })

  it.each(['', '个人'])('have no invoice address for the title “%s”', (title) => {
    const order = { ...canonicalOrder(), invoice: { type: '', title, content: '' } }
    expect(contactsOf(order, PER_BUYER).invoice).toBeUndefined()
  })
})

describe('a phone number', () => {
  it.each([
    ['+86 138 0000 0000', '13800000000'],
    ['008613800000000', '13800000000'],
    ['0512-00000000', '051200000000'],
    ['8612345', '8612345'],
  ])('“%s” is %s', (phone, digits) => {
    expect(normalisedPhone(phone)).toBe(digits)
  })
})

describe('a region', () => {
  it.each([
    ['中国', 'CN'],
    ['China', 'CN'],
    ['日本', 'JP'],
    ['Germany', 'DE'],
    ['Atlantis', undefined],
  ])('“%s” is %s', (name, code) => {
    expect(countryCode(name)).toBe(code)
  })

  it('is found with or without what kind of region it is, and never guessed', () => {
    const states = [
      { id: 1, name: '浙江省' },
      { id: 2, name: '上海市' },
      { id: 3, name: '河北省' },
      { id: 4, name: '北安' },
      { id: 5, name: '北安县' },
      { id: 6, name: '吉林省' },
      { id: 7, name: '吉林市' },
    ]
    expect(stateNamed('浙江', states)).toBe(1)
    expect(stateNamed('上海市', states)).toBe(2)
    expect(stateNamed('北安', states)).toBe(4)
    expect(stateNamed('河', states)).toBeUndefined()
    expect(stateNamed('吉林', states)).toBeUndefined()
  })
})

describe('a note', () => {
  it('reads the same after Odoo has rewritten its markup', () => {
    const note = htmlOf(['快 <点> & "好"\n谢谢', ' ', '下午送'])
    expect(note).toBe('<p>快 &lt;点&gt; &amp; &quot;好&quot;<br>谢谢</p><p>下午送</p>')
    expect(textOf('<p>快 &lt;点&gt; &amp; "好"<br>谢谢</p>\n<p>下午送</p>')).toBe(textOf(note))
  })
})
