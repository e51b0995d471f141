import type { Subject } from '#contracts/delivery-message.ts'
import type { DocumentKind } from '#contracts/scalars.ts'

/** What is personal about somebody, as the fields of things have it. */
export interface SamplePerson {
  readonly login: string
  readonly name: string
  readonly phone: string
  readonly email: string
  readonly district: string
  readonly street: string
  readonly zipcode: string
  readonly birthday: string
  readonly invoiceTitle: string
  /** What they wrote: to an order, into a ticket. */
  readonly words: string
}

/** Somebody invented, who bought a T-shirt, sent it back and wrote a message: one thing of each kind. */
export function thingsOf(shop: string, person: SamplePerson): Readonly<Record<DocumentKind, Subject>> {
  const { login, name, phone, email, district, street, zipcode, birthday, invoiceTitle, words } = person
  const place = {
    country: '中国',
    province: '江苏',
    city: '南京',
    district,
    regionIds: ['1', '16', '220', '1836'],
    zipcode,
    landmark: '',
  }
  const order = {
    orderId: '70001',
    orderSn: '2026112170001',
    addTime: 1_763_712_000,
    reference: `EC${shop}-2026112170001-1i0h`,
  }
  const times = { timeZone: 'Asia/Shanghai' }
  return {
    order: {
      is: 'snapshot',
      order: {
        shop,
        orderId: order.orderId,
        orderSn: order.orderSn,
        addTime: order.addTime,
        payTime: order.addTime,
        state: 'confirmed',
        status: { order: 1, shipping: 0, pay: 2 },
        orderedAt: '2026-11-21T08:00:00Z',
        confirmedAt: '2026-11-21T08:00:00Z',
        paidAt: '2026-11-21T08:00:00Z',
        shippedAt: null,
        ...times,
        currency: 'CNY',
        buyer: { userId: '7001', name: login, email },
        consignee: {
          ...place,
          name,
          address: street,
          phone,
          mobile: phone,
          tel: '',
          email,
          bestTime: '',
        },
        payment: {
          state: 'paid',
          cod: false,
          method: { id: '1', code: 'alipay', name: '支付宝' },
          records: [],
        },
        shipping: { method: { id: '2', code: 'sf_express', name: '顺丰' }, trackingNos: [] },
        money: {
          goods: 1_990,
          discount: 0,
          tax: 0,
          shipping: 0,
          insurance: 0,
          surcharge: 0,
          pack: 0,
          card: 0,
          coupon: 0,
          points: 0,
          pointsMoney: 0,
          balance: 0,
          paid: 1_990,
          due: 0,
          totalFee: 1_990,
          total: 1_990,
          charges: 0,
          unallocated: 0,
          residual: 0,
        },
        lines: [
          {
            recId: '90001',
            kind: 'goods',
            sku: 'TEE-L',
            goodsId: '7',
            productId: '71',
            goodsSn: 'TEE',
            name: 'T-shirt',
            attributes: 'size:L',
            quantity: 1,
            unitPrice: 1_990,
            marketPrice: 1_990,
            amount: 1_990,
            discount: 0,
            net: 1_990,
            sentQuantity: 0,
            giftActivityId: '0',
            parentGoodsId: '0',
            parts: [],
            extra: {},
          },
        ],
        deliveries: [],
        invoice: { type: '', title: invoiceTitle, content: '' },
        notes: { buyer: words, toBuyer: '', internal: '', outOfStock: '', surplus: '' },
        giftWrap: { pack: '', card: '', cardMessage: '' },
        activity: null,
        mergedFrom: [],
        referer: '',
        agencyId: '0',
        extra: {},
      },
    },
    customer: {
      is: 'customer',
      customer: {
        shop,
        userId: '7001',
        guestKey: null,
        regTime: 1_763_700_000,
        registeredAt: '2026-11-21T04:40:00Z',
        ...times,
        userName: login,
        name,
        email,
        phone,
        otherPhones: [],
        sex: 'female',
        birthday,
        rank: null,
        addresses: [{ addressId: '1', isDefault: true, ...place, name, address: street, phone, email }],
        sameAs: null,
        extra: {},
      },
    },
    return: {
      is: 'return',
      return: {
        shop,
        type: 'goods',
        returnId: '501',
        rawTime: 1_763_798_400,
        returnedAt: '2026-11-22T08:00:00Z',
        ...times,
        currency: '',
        order,
        deliverySn: '20261121170001',
        trackingNos: [],
        carrier: '顺丰',
        userId: '7001',
        by: 'admin',
        consignee: { name, phone, address: `江苏 南京 ${district} ${street}`, email },
        note: words,
        lines: [
          {
            recIds: ['90001'],
            sku: 'TEE-L',
            goodsId: '7',
            productId: '71',
            name: 'T-shirt',
            attributes: 'size:L',
            quantity: 1,
          },
        ],
        refund: null,
        extra: {},
      },
    },
    ticket: {
      is: 'ticket',
      ticket: {
        shop,
        ticketId: '301',
        msgTime: 1_763_798_500,
        writtenAt: '2026-11-22T08:01:40Z',
        ...times,
        type: 'after-sale',
        title: 'T-shirt',
        content: words,
        image: '',
        customer: { userId: '7001', name: login, email, reference: `EC${shop}-U7001` },
        order,
        replies: [],
        extra: {},
      },
    },
    parts: {
      is: 'parts',
      parts: {
        shop,
        requestId: 'step-1',
        ticket: { reference: `EC${shop}-T301`, sourceId: '301.1763798500', target: 'desk' },
        requestedAt: '2026-11-22T08:10:00Z',
        withdrawn: false,
        lines: [{ sku: 'ZIP-01', quantity: 1, description: words }],
      },
    },
  }
}
