import type { Return } from '#contracts/return.ts'

/** One T-shirt that came back, of the first line of `canonicalOrder()`. */
export function aReturn(change: Partial<Return> = {}): Return {
  return {
    shop: 'demo',
    type: 'goods',
    returnId: '41',
    rawTime: 1_763_700_000,
    returnedAt: '2025-11-21T04:40:00Z',
    timeZone: 'Asia/Shanghai',
    currency: 'CNY',
    order: {
      orderId: '1001',
      orderSn: '2026112001001',
      addTime: 1_763_600_000,
      reference: 'ECdemo-2026112001001-rt',
    },
    deliverySn: '20261121043000001',
    trackingNos: ['SF100000000001'],
    carrier: '顺丰速运',
    userId: '12',
    by: 'admin',
    consignee: {
      name: '样例收货人',
      phone: '10000000000',
      address: '江苏 苏州 样例区 样例路 1 号 2 室',
      email: '',
    },
    note: '',
    lines: [
      {
        recIds: ['10011'],
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
    ...change,
  }
}

/** Money given back, with or without goods. */
export function aRefund(change: Partial<Return> = {}): Return {
  return aReturn({
    type: 'refund',
    returnId: '77',
    deliverySn: '',
    trackingNos: [],
    carrier: '',
    consignee: null,
    lines: [],
    refund: { amount: 1_990, to: 'balance', of: 'payment' },
    ...change,
  })
}
