import type { Line, Order } from '#contracts/order.ts'

export interface OrderChange {
  readonly id?: string
  readonly addTime?: number
  readonly state?: Order['state']
  readonly payment?: Order['payment']['state']
  readonly cod?: boolean
  readonly quantity?: number
  readonly sku?: string
  readonly residual?: number
  readonly address?: string
  readonly depositOnly?: boolean
  readonly mergedFrom?: Order['mergedFrom']
}

const PRICE = 1_990

function line(recId: string, sku: string, quantity: number): Line {
  return {
    recId,
    kind: 'goods',
    sku,
    goodsId: '7',
    productId: '71',
    goodsSn: 'TEE',
    name: 'T-shirt',
    attributes: 'size:L',
    quantity,
    unitPrice: PRICE,
    marketPrice: PRICE,
    amount: PRICE * quantity,
    discount: 0,
    net: PRICE * quantity,
    sentQuantity: 0,
    giftActivityId: '0',
    parentGoodsId: '0',
    parts: [],
    extra: {},
  }
}

/** A paid order of two lines, changed as said. For what the intake does to a snapshot, see an-order.ts. */
export function canonicalOrder(change: OrderChange = {}): Order {
  const quantity = change.quantity ?? 1
  const orderId = change.id ?? '1001'
  const lines = [line(`${orderId}1`, change.sku ?? 'TEE-L', quantity), line(`${orderId}2`, 'MUG-01', 1)]
  const goods = lines.reduce((sum, { amount }) => sum + amount, 0)
  const state = change.state ?? 'confirmed'
  const payment = change.payment ?? 'paid'
  return {
    shop: 'demo',
    orderId,
    orderSn: `20261120${orderId.slice(-5).padStart(5, '0')}`,
    addTime: change.addTime ?? 1_763_600_000,
    payTime: payment === 'paid' ? 1_763_600_300 : 0,
    state,
    status: {
      order: { placed: 0, confirmed: 1, cancelled: 2, void: 3, returned: 4 }[state],
      shipping: 0,
      pay: { unpaid: 0, paying: 1, paid: 2 }[payment],
    },
    orderedAt: '2026-11-20T23:00:00Z',
    confirmedAt: null,
    paidAt: payment === 'paid' ? '2026-11-20T23:05:00Z' : null,
    shippedAt: null,
    timeZone: 'Asia/Shanghai',
    currency: 'CNY',
    buyer: { userId: '12', name: 'demo-buyer', email: '' },
    consignee: {
      name: '测试收货人',
      country: '中国',
      province: '上海',
      city: '上海',
      district: '徐汇区',
      regionIds: ['1', '25', '321', '2703'],
      address: change.address ?? '示例路 1 号',
      zipcode: '',
      phone: '',
      mobile: '',
      tel: '',
      email: '',
      bestTime: '',
      landmark: '',
    },
    payment: {
      state: payment,
      cod: change.cod ?? false,
      method: { id: '1', code: 'alipay', name: '支付宝' },
      records: [],
    },
    shipping: { method: { id: '2', code: 'sf_express', name: '顺丰' }, trackingNos: [] },
    money: {
      goods: goods + (change.residual ?? 0),
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
      paid: payment === 'paid' ? goods : 0,
      due: payment === 'paid' ? 0 : goods,
      totalFee: goods,
      total: goods,
      charges: 0,
      unallocated: 0,
      residual: change.residual ?? 0,
    },
    lines,
    deliveries: [],
    invoice: null,
    notes: { buyer: '', toBuyer: '', internal: '', outOfStock: '', surplus: '' },
    giftWrap: { pack: '', card: '', cardMessage: '' },
    activity:
      change.depositOnly === undefined
        ? null
        : { code: 'group_buy', id: '5', depositOnly: change.depositOnly },
    mergedFrom: change.mergedFrom ?? [],
    referer: '',
    agencyId: '0',
    extra: {},
  }
}
