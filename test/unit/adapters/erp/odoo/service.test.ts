import { describe, expect, it } from 'vitest'
import { contactsOf, ownerOfCustomer } from '#adapters/erp/odoo/contacts.ts'
import { partnerName } from '#adapters/erp/odoo/external-ids.ts'
import { linesOf } from '#adapters/erp/odoo/html.ts'
import { ticketPage } from '#adapters/erp/odoo/ticket-page.ts'
import { aGuest } from '../../../../support/a-customer.ts'
import { aPurchase } from '../../../../support/a-purchase.ts'
import { aTicket } from '../../../../support/a-ticket.ts'
import { canonicalOrder } from '../../../../support/canonical-order.ts'

const buyerOf = (phone: string) => {
  const order = canonicalOrder()
  const { buyer } = contactsOf(
    {
      ...order,
      buyer: { ...order.buyer, userId: null, email: '' },
      consignee: { ...order.consignee, phone, email: '' },
    },
    { mode: 'per-buyer' },
  )
  return 'id' in buyer ? buyer.id : undefined
}
const guestOf = (phone: string) => {
  const guest = aGuest({ phone })
  return { ...guest, addresses: guest.addresses.map((address) => ({ ...address, phone })) }
}

describe('a guest', () => {
  it.each(['10000000001', '+86 100 0000 0001', '0086-10000000001', '+1 212 555 0100'])(
    'is the contact of the orders with the phone %s',
    (phone) => {
      expect(partnerName('p', 'demo', ownerOfCustomer(guestOf(phone)))).toBe(buyerOf(phone))
    },
  )

  it('whose phone is masked is never taken for another with the same mask', () => {
    const [one, other] = ['aaa', 'bbb'].map((guestKey) =>
      ownerOfCustomer({ ...guestOf('100****0001'), guestKey }),
    )
    expect(one).not.toBe(other)
    expect(buyerOf('100****0001')).toMatch(/^p_demo_o/)
  })
})

describe('the page of a ticket', () => {
  const written = (endsOn: string) =>
    ticketPage(
      {
        reference: 'ECdemo-T61',
        identity: 'x',
        ticket: aTicket({ content: 'a <script> & more' }),
        purchases: [{ ...aPurchase(), warranty: { months: 12, startsOn: '2024-11-23', endsOn } }],
        parts: [],
      },
      'en',
    )

  it.each([
    ['2025-11-22', 'IN WARRANTY'],
    ['2025-11-21', 'OUT OF WARRANTY'],
  ])(
    'begins with whether a warranty that ends on %s covers what was written on 2025-11-22: %s',
    (endsOn, words) => {
      const [first = ''] = linesOf(written(endsOn)).split('\n')
      expect(first).toContain(words)
    },
  )

  it('shows what the customer wrote and runs none of it', () => {
    expect(written('2025-11-22')).toContain('a &lt;script&gt; &amp; more')
  })
})

it('a message of several lines keeps them', () => {
  expect(linesOf('<p>Dear customer,<br>it is &lt;done&gt;.</p><p></p><div>Regards</div>')).toBe(
    'Dear customer,\nit is <done>.\n\nRegards',
  )
})
