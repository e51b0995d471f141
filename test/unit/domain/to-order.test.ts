import { describe, expect, it } from 'vitest'
import { type ShopConfig, ShopConfigSchema } from '#contracts/config.ts'
import type { Line, Order } from '#contracts/order.ts'
import { OrderTombstoneSchema } from '#contracts/webhook.ts'
import { toOrder, toTombstone } from '#domain/to-order.ts'
import { aDelivery, aMember, anOrder, aTombstone, type OrderBuilder } from '../../support/an-order.ts'

const config = ShopConfigSchema.parse({ timeZone: 'Asia/Shanghai', targets: ['erp'] })

const convert = (order: OrderBuilder, change: Partial<ShopConfig> = {}): Order =>
  toOrder(order.snapshot(), { id: 'A1', config: { ...config, ...change } })

function onlyLine(order: OrderBuilder): Line {
  const [line, ...others] = convert(order).lines
  if (!line || others.length > 0) throw new Error('The order does not have exactly one line.')
  return line
}

describe('the state of an order', () => {
  it.each([
    [0, 'placed'],
    [1, 'confirmed'],
    [2, 'cancelled'],
    [3, 'void'],
    [4, 'returned'],
    [5, 'confirmed'],
    [6, 'confirmed'],
  ])('reads order_status %i as %s', (order_status, state) => {
    expect(convert(anOrder().with({ order_status })).state).toBe(state)
  })

  it.each([
    [0, 'unpaid'],
    [1, 'paying'],
    [2, 'paid'],
  ])('reads pay_status %i as %s', (pay_status, state) => {
    expect(convert(anOrder().with({ pay_status })).payment.state).toBe(state)
  })

  it('keeps the raw numbers beside it, the shipping_status 6 of 3.x too', () => {
    const order = convert(anOrder().with({ order_status: 5, shipping_status: 6, pay_status: 2 }))
    expect(order.status).toEqual({ order: 5, shipping: 6, pay: 2 })
  })

  it.each(['order_status', 'pay_status'])('is a bug when the contract lets an unknown %s pass', (column) => {
    expect(() => convert(anOrder().with({ [column]: 7 }))).toThrow(`${column} 7 has no meaning`)
  })
})

describe('who, where and when', () => {
  it('carries identity as the shop stores it and instants as the bridge converts them', () => {
    expect(convert(anOrder().paid())).toMatchObject({
      shop: 'A1',
      orderId: '10086',
      orderSn: '2026112112345',
      addTime: 1_795_190_400,
      payTime: 1_795_190_700,
      orderedAt: '2026-11-21T00:00:00Z',
      confirmedAt: '2026-11-21T00:05:00Z',
      paidAt: '2026-11-21T00:05:00Z',
      shippedAt: null,
      timeZone: 'Asia/Shanghai',
      currency: 'CNY',
      referer: '本站',
      agencyId: '0',
    })
  })

  it('carries the consignee with the names and ids of the regions', () => {
    expect(convert(anOrder()).consignee).toEqual({
      name: '样例收货人',
      country: '中国',
      province: '江苏',
      city: '苏州',
      district: '样例区',
      regionIds: ['1', '16', '221', '1836'],
      address: '样例路 1 号 2 室',
      zipcode: '215000',
      phone: '10000000000',
      mobile: '10000000000',
      tel: '0512-00000000',
      email: 'buyer@example.com',
      bestTime: '工作日',
      landmark: '样例大厦',
    })
  })

  it('takes tel for the phone where mobile is empty', () => {
    expect(convert(anOrder().with({ mobile: '' })).consignee.phone).toBe('0512-00000000')
  })

  it('knows a guest by the user id 0', () => {
    expect(convert(anOrder().guest()).buyer).toEqual({ userId: null, name: '', email: 'buyer@example.com' })
    expect(convert(anOrder()).buyer.userId).toBe('77')
  })

  it('carries notes, wrapping and the wishes of the buyer', () => {
    const order = convert(
      anOrder().with({
        to_buyer: '已备货',
        pay_note: '核对过',
        how_surplus: '退回余额',
        pack_name: '礼盒',
        card_name: '贺卡',
        card_message: '生日快乐',
      }),
    )
    expect(order.notes).toEqual({
      buyer: '请放前台',
      toBuyer: '已备货',
      internal: '核对过',
      outOfStock: '等待所有商品备齐后再发',
      surplus: '退回余额',
    })
    expect(order.giftWrap).toEqual({ pack: '礼盒', card: '贺卡', cardMessage: '生日快乐' })
  })

  it('has no invoice when every invoice column is empty', () => {
    expect(convert(anOrder()).invoice).toBeNull()
  })

  it.each(['inv_type', 'inv_payee', 'inv_content'])('has an invoice when only %s is filled', (column) => {
    const { invoice } = convert(anOrder().with({ [column]: '样例' }))
    expect(Object.values(invoice ?? {}).sort()).toEqual(['', '', '样例'])
  })
})

describe('payment and shipping', () => {
  it('carries the method, the flag of cash on delivery and the payment records', () => {
    expect(convert(anOrder().cod()).payment).toEqual({
      state: 'unpaid',
      cod: true,
      method: { id: '4', code: 'cod', name: '货到付款' },
      records: [{ logId: '88', amount: 1990, paid: false, type: 0 }],
    })
    expect(convert(anOrder().paid()).payment).toMatchObject({ cod: false, records: [{ paid: true }] })
  })

  it.each([
    ['', []],
    ['SF1', ['SF1']],
    ['SF1<br>SF2<BR />SF3', ['SF1', 'SF2', 'SF3']],
    [' SF1 <br><br> ', ['SF1']],
  ])('splits the tracking numbers of %j at <br>', (invoice_no, numbers) => {
    expect(convert(anOrder().with({ invoice_no })).shipping.trackingNos).toEqual(numbers)
  })

  it('carries delivery notes with their state', () => {
    const order = convert(
      anOrder().with({ deliveries: [aDelivery({ status: 2, invoice_no: 'SF1<br>SF2' })] }),
    )
    expect(order.deliveries).toEqual([
      {
        deliveryId: '901',
        deliverySn: '202611211030000001',
        status: 2,
        trackingNos: ['SF1', 'SF2'],
        carrier: '顺丰速运',
        lines: [{ goodsId: '31', productId: '311', sku: 'TEE-L', quantity: 1 }],
      },
    ])
  })

  it('finds the code of a delivered goods without SKU rows on the order line, and of a member in its package', () => {
    const delivered = (goods_id: string) => ({
      goods_id,
      product_id: '0',
      product_sn: '',
      send_number: 1,
      extension_code: '',
      parent_id: '0',
    })
    const order = convert(
      anOrder()
        .withLine({ goods_id: '31', goods_sn: 'TEE', product_id: '0', product_sn: '' })
        .withPackage([aMember({ goods_id: '41', goods_sn: 'CUP' })], {
          goods_id: '99',
          goods_sn: 'not a goods',
        })
        .with({ deliveries: [aDelivery({ lines: [delivered('31'), delivered('41'), delivered('99')] })] }),
    )
    expect(order.deliveries[0]?.lines.map(({ sku }) => sku)).toEqual(['TEE', 'CUP', ''])
  })
})

describe('the kind of a line', () => {
  it.each<[string, Parameters<OrderBuilder['withLine']>[0], Line['kind']]>([
    ['an ordinary goods', {}, 'goods'],
    ['a goods given away', { is_gift: '8', goods_price: '0.00' }, 'gift'],
    ['a gift that costs something', { is_gift: '8', goods_price: '1.00' }, 'gift'],
    ['a package', { extension_code: 'package_buy' }, 'package'],
    ['a card by extension code', { extension_code: 'virtual_card' }, 'virtual'],
    ['a goods that is not real', { is_real: 0 }, 'virtual'],
    [
      'money off without goods',
      { goods_id: '0', goods_price: '-5.00', is_gift: '9', is_real: 0 },
      'promotion',
    ],
    ['money off on a goods', { goods_price: '-5.00' }, 'promotion'],
    ['nothing off without goods', { goods_id: '0', goods_price: '0.00', is_real: 0 }, 'promotion'],
    ['money off times nothing', { goods_id: '0', goods_price: '-5.00', goods_number: 0 }, 'promotion'],
    ['a free goods', { goods_price: '0.00' }, 'goods'],
    ['a goods of which none is left', { goods_number: 0 }, 'goods'],
    [
      'a charge without goods',
      { goods_id: '0', goods_sn: '', product_id: '0', goods_price: '5.00' },
      'goods',
    ],
  ])('of %s', (_what, change, kind) => {
    expect(onlyLine(anOrder().withLine(change)).kind).toBe(kind)
  })
})

describe('the SKU of a line', () => {
  it.each([
    ['the code of the SKU row', { product_id: '311', product_sn: 'TEE-L', goods_sn: 'TEE' }, 'TEE-L'],
    [
      'the code of the goods where it has no SKU rows',
      { product_id: '0', product_sn: 'TEE-L', goods_sn: 'TEE' },
      'TEE',
    ],
    [
      'missing where the SKU row has none, never the SPU',
      { product_id: '311', product_sn: '', goods_sn: 'TEE' },
      '',
    ],
    [
      'missing on a package, whose members have theirs',
      { extension_code: 'package_buy', goods_sn: 'SET' },
      '',
    ],
  ])('is %s', (_what, change, sku) => {
    expect(onlyLine(anOrder().withLine(change)).sku).toBe(sku)
  })
})

describe('a line', () => {
  it('carries its columns in our words', () => {
    expect(onlyLine(anOrder().withLine({ goods_number: 3, send_number: 2, parent_id: '30' }))).toEqual({
      recId: '501',
      kind: 'goods',
      sku: 'TEE-L',
      goodsId: '31',
      productId: '311',
      goodsSn: 'TEE',
      name: '纯棉 T 恤 & 标准款',
      attributes: '尺码:L \n',
      quantity: 3,
      unitPrice: 1990,
      marketPrice: 2500,
      amount: 5970,
      discount: 0,
      net: 5970,
      sentQuantity: 2,
      giftActivityId: '0',
      parentGoodsId: '30',
      parts: [],
      extra: {},
    })
  })

  it('stays apart from another line of the same SKU', () => {
    const { lines } = convert(anOrder().withLine().withGift({ product_id: '311', product_sn: 'TEE-L' }))
    expect(lines.map(({ recId, sku, kind }) => [recId, sku, kind])).toEqual([
      ['501', 'TEE-L', 'goods'],
      ['502', 'TEE-L', 'gift'],
    ])
  })
})

describe('a package', () => {
  const breakfast = [
    aMember({ goods_id: '41', goods_sn: 'CUP', goods_price: '30.00', goods_number: 1 }),
    aMember({
      goods_id: '42',
      goods_sn: 'TEA',
      product_id: '421',
      product_sn: 'TEA-50',
      goods_name: '茶',
      goods_price: '10.00',
      goods_number: 2,
    }),
  ]

  it('is exploded by the members at order time, times the packages ordered', () => {
    const line = onlyLine(anOrder().withPackage(breakfast, { goods_price: '40.00', goods_number: 3 }))
    expect(line).toMatchObject({ kind: 'package', sku: '', net: 12_000 })
    expect(line.parts).toEqual([
      { goodsId: '41', productId: '0', sku: 'CUP', name: '马克杯', quantity: 3, net: 7200 },
      { goodsId: '42', productId: '421', sku: 'TEA-50', name: '茶', quantity: 6, net: 4800 },
    ])
  })

  it('shares what is left of its price after the discount', () => {
    const line = onlyLine(anOrder().withPackage(breakfast, { goods_price: '40.00' }).withDiscount('10.00'))
    expect(line.parts.map(({ net }) => net)).toEqual([1800, 1200])
  })

  it('shares equally where no member has a price of its own, a price below zero being none', () => {
    const free = breakfast.map((member) => ({ ...member, goods_price: '-1.00' }))
    const line = onlyLine(anOrder().withPackage(free, { goods_price: '40.01' }))
    expect(line.parts.map(({ net }) => net)).toEqual([2001, 2000])
  })

  it('has no parts where the bridge knows no members', () => {
    expect(onlyLine(anOrder().withPackage([])).parts).toEqual([])
    expect(onlyLine(anOrder().withLine({ extension_code: 'package_buy' })).parts).toEqual([])
  })

  it('is the only kind that has parts', () => {
    expect(onlyLine(anOrder().withPackage(breakfast, { extension_code: '' })).parts).toEqual([])
  })
})

describe('money', () => {
  it('keeps every component and adds them up as ECShop does', () => {
    const order = anOrder().withLine({ goods_price: '100.00', goods_number: 2 }).with({
      tax: '6.01',
      shipping_fee: '12.00',
      insure_fee: '1.02',
      pay_fee: '2.03',
      pack_fee: '3.04',
      card_fee: '4.05',
      discount: '20.00',
      bonus: '10.00',
      integral: 500,
      integral_money: '5.00',
      surplus: '30.00',
    })
    expect(convert(order.paid()).money).toEqual({
      goods: 20_000,
      discount: 2000,
      tax: 601,
      shipping: 1200,
      insurance: 102,
      surcharge: 203,
      pack: 304,
      card: 405,
      coupon: 1000,
      points: 500,
      pointsMoney: 500,
      balance: 3000,
      paid: 16_315,
      due: 0,
      totalFee: 20_815,
      total: 19_315,
      charges: 2815,
      unallocated: 0,
      residual: 0,
    })
  })

  it.each([
    ['discount', 'discount', 8500, [8500]],
    ['discount', 'tender', 9000, [9000]],
    ['tender', 'discount', 9500, [9500]],
    ['tender', 'tender', 10_000, [10_000]],
  ] as const)(
    'with coupons as %s and points as %s has the total %i',
    (couponsAre, pointsAre, total, nets) => {
      const order = anOrder().withLine({ goods_price: '100.00' }).withCoupon('10.00').withPoints(500, '5.00')
      const { money, lines } = convert(order, { couponsAre, pointsAre })
      expect(money).toMatchObject({ total, totalFee: 10_000, coupon: 1000, pointsMoney: 500 })
      expect(lines.map(({ net }) => net)).toEqual(nets)
    },
  )

  it('shares a discount by the amount of the lines, the cent left over to the largest remainder', () => {
    const { lines } = convert(
      anOrder()
        .withLine({ goods_price: '10.00' })
        .withLine({ goods_price: '10.00', goods_number: 2 })
        .withDiscount('1.00'),
    )
    expect(lines.map(({ discount, net }) => [discount, net])).toEqual([
      [33, 967],
      [67, 1933],
    ])
  })

  it('shares the value of a promotion line out and leaves the line at nothing', () => {
    const { lines, money } = convert(
      anOrder().withLine({ goods_price: '30.00' }).withPromotion('5.00').withDiscount('1.00'),
    )
    expect(lines.map(({ kind, amount, discount, net }) => [kind, amount, discount, net])).toEqual([
      ['goods', 3000, 600, 2400],
      ['promotion', -500, 0, 0],
    ])
    expect(money).toMatchObject({ goods: 2500, total: 2400, residual: 0, unallocated: 0 })
  })

  it('gives a gift of no value no discount', () => {
    const { lines } = convert(anOrder().withLine().withGift().withDiscount('5.00'))
    expect(lines.map(({ discount }) => discount)).toEqual([500, 0])
  })

  it('gives no line more discount than it is worth, and reports the rest', () => {
    const { lines, money } = convert(
      anOrder().withLine({ goods_price: '3.00' }).withDiscount('5.00').withShipping('8.00'),
    )
    expect(lines.map(({ net }) => net)).toEqual([0])
    expect(money).toMatchObject({ unallocated: 200, charges: 800, total: 600 })
  })

  it('reports what goods_amount lacks against the lines, and judges nothing', () => {
    const { money, lines } = convert(
      anOrder().withLine({ goods_price: '100.00' }).with({ goods_amount: '99.50' }),
    )
    expect(money).toMatchObject({ goods: 9950, residual: -50, total: 9950 })
    expect(lines.map(({ net }) => net)).toEqual([10_000])
  })

  it('takes order_amount as it is, below zero too', () => {
    expect(convert(anOrder().with({ order_amount: '-3.50' })).money.due).toBe(-350)
  })

  it('reads -0.00 as nothing', () => {
    const { money } = convert(anOrder().with({ surplus: '-0.00', discount: '-0.00' }))
    expect(money).toMatchObject({ balance: 0, discount: 0, unallocated: 0 })
  })

  it('holds the largest amount of the wire exactly', () => {
    const { money } = convert(anOrder().with({ surplus: '999999999999.99', money_paid: '-999999999999.99' }))
    expect(money).toMatchObject({ balance: 99_999_999_999_999, paid: -99_999_999_999_999 })
    expect(Number.isSafeInteger(money.balance)).toBe(true)
  })

  it('takes a points-mall order, which costs nothing but points', () => {
    const order = convert(
      anOrder()
        .withLine({ goods_price: '0.00' })
        .with({ extension_code: 'exchange_goods', extension_id: '31', integral: 2000 }),
    )
    expect(order.money).toMatchObject({ total: 0, points: 2000 })
    expect(order.activity).toEqual({ code: 'exchange_goods', id: '31', depositOnly: false })
  })
})

describe('an activity', () => {
  it('is none on an ordinary order', () => {
    expect(convert(anOrder()).activity).toBeNull()
  })

  it.each([
    [0, true],
    [1, true],
    [2, true],
    [3, false],
    [4, true],
  ])('of a group-buy in state %i is paid by deposit only: %s', (status, depositOnly) => {
    expect(convert(anOrder().groupBuy(status)).activity).toEqual({ code: 'group_buy', id: '6', depositOnly })
  })

  it('of a group-buy whose state is not reported counts as paid by deposit only', () => {
    expect(
      convert(anOrder().with({ extension_code: 'group_buy', extension_id: '6' })).activity?.depositOnly,
    ).toBe(true)
  })
})

describe('what the contract does not know', () => {
  it('reaches the mapping in extra, of the order and of a line', () => {
    const order = convert(
      anOrder().withLine({ discount_fee: '1.00' }).with({ goods_discount_fee: '1.00', custom_column: null }),
    )
    expect(order.extra).toEqual({ goods_discount_fee: '1.00', custom_column: null })
    expect(order.lines[0]?.extra).toEqual({ discount_fee: '1.00' })
  })

  it('is nothing on an order of the contract’s own columns', () => {
    const order = convert(anOrder().groupBuy(3).withPackage([aMember()]).with({ merged_from: [] }))
    expect([order.extra, ...order.lines.map(({ extra }) => extra)]).toEqual([{}, {}])
  })
})

describe('a merged order', () => {
  it('names its predecessors and their lines', () => {
    const merged_from = [{ order_id: '1', order_sn: '2026112100001', add_time: 5, rec_ids: ['501', '502'] }]
    expect(convert(anOrder().with({ merged_from })).mergedFrom).toEqual([
      { orderId: '1', orderSn: '2026112100001', addTime: 5, recIds: ['501', '502'] },
    ])
    expect(convert(anOrder()).mergedFrom).toEqual([])
  })
})

describe('a tombstone', () => {
  const convertTombstone = (change: Parameters<typeof aTombstone>[0]) =>
    toTombstone(OrderTombstoneSchema.parse(aTombstone(change)), { id: 'A1' })

  it('carries identity, lines and the state the order was deleted with', () => {
    expect(convertTombstone({ order_status: 3, rec_ids: ['501', '502'] })).toEqual({
      shop: 'A1',
      orderId: '10086',
      orderSn: '2026112112345',
      addTime: 1_795_190_400,
      recIds: ['501', '502'],
      state: 'void',
      mergedInto: null,
    })
  })

  it('has no state when a sweep inferred the deletion', () => {
    expect(convertTombstone({ order_status: null }).state).toBeNull()
  })

  it('keeps the state 0, which is one', () => {
    expect(convertTombstone({ order_status: 0 }).state).toBe('placed')
  })

  it('names the order it was merged into', () => {
    const merged_into = { order_id: '10099', order_sn: '2026112199999' }
    expect(convertTombstone({ merged_into }).mergedInto).toEqual({
      orderId: '10099',
      orderSn: '2026112199999',
    })
  })
})
