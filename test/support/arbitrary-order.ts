import * as fc from 'fast-check'
import type { ShopConfig } from '#contracts/config.ts'
import type { OrderSnapshot, WireLine } from '#contracts/webhook.ts'
import { aDelivery, aLine, aMember, anOrder, wire } from './an-order.ts'

/**
 * Minor units: zero, a few cents (where remainders tie), everyday prices, and the largest that `decimal(10,2)` holds.
 * A large price meets at most 999 pieces on at most 8 lines, so that sums stay within wire money.
 */
const price = fc.oneof(fc.constant(0), fc.nat(9), fc.nat(50_000), fc.nat(9_999_999_999))
const quantity = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 999 }))
const negated = (amount: fc.Arbitrary<number>) => amount.map((value) => 0 - value)
const id = fc.bigInt({ min: 1n, max: 99_999_999_999_999_999_999n }).map(String)

const goods = fc.record({
  price,
  quantity,
  productId: fc.constantFrom('0', '311'),
  code: fc.constantFrom('', 'TEE-L'),
})

const member = fc
  .record({ price: fc.oneof(price, negated(fc.nat(500))), quantity: fc.integer({ min: 0, max: 9 }) })
  .map(({ price, quantity }) => aMember({ goods_price: wire(price), goods_number: quantity }))

const line: fc.Arbitrary<Partial<WireLine>> = fc.oneof(
  { weight: 4, arbitrary: goods.map(({ productId, code }) => ({ product_id: productId, product_sn: code })) },
  fc.constant({ is_gift: '8' }),
  fc.constantFrom<Partial<WireLine>>({ is_real: 0 }, { extension_code: 'virtual_card' }),
  fc
    .array(member, { maxLength: 5 })
    .map((members) => ({ extension_code: 'package_buy', package_goods: members })),
  fc.constant({ extension_code: 'package_buy', goods_sn: '' }),
)

const pricedLine: fc.Arbitrary<Partial<WireLine>> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({ line, price, quantity })
      .map(({ line, price, quantity }) => ({ ...line, goods_price: wire(price), goods_number: quantity })),
  },
  // A promotion, as ECShop writes it, and as somebody edits it by hand.
  fc
    .record({ price: fc.oneof(price, negated(price)), quantity, goodsId: fc.constantFrom('0', '31') })
    .map(({ price, quantity, goodsId }) => ({
      goods_id: goodsId,
      goods_price: wire(price),
      goods_number: quantity,
      is_real: 0 as const,
      is_gift: '9',
    })),
)

/** Usually nothing, sometimes a little, sometimes more than the order is worth, seldom below zero. */
const orderMoney = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: price },
  { weight: 1, arbitrary: negated(fc.nat(50_000)) },
)

const MONEY_COLUMNS = [
  'shipping_fee',
  'insure_fee',
  'pay_fee',
  'pack_fee',
  'card_fee',
  'tax',
  'discount',
  'bonus',
  'integral_money',
  'surplus',
  'money_paid',
  'order_amount',
] as const

const money = fc
  .tuple(...MONEY_COLUMNS.map(() => orderMoney))
  .map((amounts) =>
    Object.fromEntries(MONEY_COLUMNS.map((column, index) => [column, wire(amounts[index] ?? 0)])),
  )

const unknownColumns = fc.dictionary(
  fc.constantFrom('lastmodify', 'callback_status', 'goods_discount_fee', 'constructor'),
  // Through JSON, which has no negative zero.
  fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(JSON.stringify(JSON.parse(text)))),
  { maxKeys: 3 },
)

const shop = fc.record({
  order_id: id,
  order_status: fc.integer({ min: 0, max: 6 }),
  shipping_status: fc.integer({ min: 0, max: 6 }),
  pay_status: fc.integer({ min: 0, max: 2 }),
  is_cod: fc.constantFrom(0 as const, 1 as const),
  user_id: fc.oneof(fc.constant('0'), id),
  consignee: fc.string({ unit: 'grapheme', maxLength: 20 }),
  mobile: fc.constantFrom('', '10000000000'),
  tel: fc.constantFrom('', '0512-00000000'),
  invoice_no: fc.constantFrom('', 'SF1', 'SF1<br>SF2', 'SF1<br />'),
  inv_payee: fc.constantFrom('', '样例公司'),
})

const activity = fc.oneof(
  fc.constant({}),
  fc.record({
    extension_code: fc.constantFrom('group_buy', 'auction', 'snatch', 'exchange_goods'),
    group_buy: fc.integer({ min: 0, max: 4 }).map((status) => ({ deposit: '10.00', status })),
  }),
)

/**
 * Snapshots that fit the contract, with whatever arithmetic: gifts, packages, promotions, amounts of zero, below zero and
 * very large, and in one of three a goods_amount that is not the sum of its lines.
 */
export const arbitrarySnapshot: fc.Arbitrary<OrderSnapshot> = fc
  .record({
    shop,
    activity,
    money,
    unknownColumns,
    unknownOfLine: unknownColumns,
    lines: fc.array(pricedLine, { minLength: 1, maxLength: 8 }),
    unbalanced: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, fc.oneof(price, negated(price))),
    delivered: fc.boolean(),
    merged: fc.boolean(),
  })
  .map(({ shop, activity, money, unknownColumns, unknownOfLine, lines, unbalanced, delivered, merged }) => {
    const base = lines.reduce(
      (order, change, index) => order.withLine(index === 0 ? { ...unknownOfLine, ...change } : change),
      anOrder(),
    )
    return base
      .with({ ...unknownColumns, ...shop, ...activity, ...money })
      .with(unbalanced === undefined ? {} : { goods_amount: wire(unbalanced) })
      .with(delivered ? { deliveries: [aDelivery()] } : {})
      .with(
        merged
          ? {
              merged_from: [
                { order_id: '10001', order_sn: '2026112100001', add_time: 1, rec_ids: [aLine().rec_id] },
              ],
            }
          : {},
      )
      .snapshot()
  })

export const arbitraryShopConfig: fc.Arbitrary<ShopConfig> = fc.record({
  timeZone: fc.constantFrom('Asia/Shanghai', 'UTC'),
  couponsAre: fc.constantFrom('discount' as const, 'tender' as const),
  pointsAre: fc.constantFrom('discount' as const, 'tender' as const),
  targets: fc.constant(['erp']),
  sweepMinutes: fc.constant(5),
  rate: fc.constant({ perMinute: 300, slots: 2 }),
})
