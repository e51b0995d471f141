import type { ShopConfig } from '#contracts/config.ts'
import type { Line, Order, OrderMoney, OrderState, PaymentState, Tombstone } from '#contracts/order.ts'
import type { OrderSnapshot, OrderTombstone, WireLine } from '#contracts/webhook.ts'
import { allocate, split } from './allocation.ts'
import { regionsOf } from './regions.ts'
import { type Known, unknownFields } from './unknown-fields.ts'

type PackageMember = NonNullable<WireLine['package_goods']>[number]

/**
 * The canonical order of a snapshot. Whatever the shop's arithmetic is, this holds to the cent:
 * Σ lines.net + charges − unallocated + residual = total, and the parts of a line sum up to its net.
 */
export function toOrder(
  snapshot: OrderSnapshot,
  shop: { readonly id: string; readonly config: ShopConfig },
): Order {
  const { lines, money } = toLinesAndMoney(snapshot, shop.config)
  return {
    shop: shop.id,
    orderId: snapshot.order_id,
    orderSn: snapshot.order_sn,
    addTime: snapshot.add_time,
    payTime: snapshot.pay_time,
    state: orderState(snapshot.order_status),
    status: { order: snapshot.order_status, shipping: snapshot.shipping_status, pay: snapshot.pay_status },
    orderedAt: snapshot.added_at,
    confirmedAt: snapshot.confirmed_at,
    paidAt: snapshot.paid_at,
    shippedAt: snapshot.shipped_at,
    timeZone: shop.config.timeZone,
    currency: snapshot.currency,
    buyer: {
      userId: snapshot.user_id === '0' ? null : snapshot.user_id,
      name: snapshot.user_name,
      email: snapshot.email,
    },
    consignee: {
      name: snapshot.consignee,
      ...regionsOf(snapshot),
      address: snapshot.address,
      zipcode: snapshot.zipcode,
      phone: snapshot.mobile || snapshot.tel,
      mobile: snapshot.mobile,
      tel: snapshot.tel,
      email: snapshot.email,
      bestTime: snapshot.best_time,
      landmark: snapshot.sign_building,
    },
    payment: {
      state: paymentState(snapshot.pay_status),
      cod: snapshot.is_cod === 1,
      method: { id: snapshot.pay_id, code: snapshot.pay_code, name: snapshot.pay_name },
      records: snapshot.payments.map((record) => ({
        logId: record.log_id,
        amount: minorUnits(record.order_amount),
        paid: record.is_paid === 1,
        type: record.order_type,
      })),
    },
    shipping: {
      method: { id: snapshot.shipping_id, code: snapshot.shipping_code, name: snapshot.shipping_name },
      trackingNos: trackingNumbers(snapshot.invoice_no),
    },
    money,
    lines,
    deliveries: toDeliveries(snapshot),
    invoice:
      snapshot.inv_type || snapshot.inv_payee || snapshot.inv_content
        ? { type: snapshot.inv_type, title: snapshot.inv_payee, content: snapshot.inv_content }
        : null,
    notes: {
      buyer: snapshot.postscript,
      toBuyer: snapshot.to_buyer,
      internal: snapshot.pay_note,
      outOfStock: snapshot.how_oos,
      surplus: snapshot.how_surplus,
    },
    giftWrap: { pack: snapshot.pack_name, card: snapshot.card_name, cardMessage: snapshot.card_message },
    activity: snapshot.extension_code
      ? {
          code: snapshot.extension_code,
          id: snapshot.extension_id,
          // A group-buy whose activity is not reported is treated as one that has not succeeded.
          depositOnly:
            snapshot.extension_code === 'group_buy' && snapshot.group_buy?.status !== GROUP_BUY_SUCCEEDED,
        }
      : null,
    mergedFrom: (snapshot.merged_from ?? []).map((predecessor) => ({
      orderId: predecessor.order_id,
      orderSn: predecessor.order_sn,
      addTime: predecessor.add_time,
      recIds: predecessor.rec_ids,
    })),
    referer: snapshot.referer,
    agencyId: snapshot.agency_id,
    extra: unknownFields(snapshot, ORDER_FIELDS),
  }
}

/** What is left of a deleted order, in our words. */
export function toTombstone(tombstone: OrderTombstone, shop: { readonly id: string }): Tombstone {
  const { order_status: status, merged_into: successor } = tombstone
  return {
    shop: shop.id,
    orderId: tombstone.order_id,
    orderSn: tombstone.order_sn,
    addTime: tombstone.add_time,
    recIds: tombstone.rec_ids,
    state: status === null ? null : orderState(status),
    mergedInto: successor ? { orderId: successor.order_id, orderSn: successor.order_sn } : null,
  }
}

const GROUP_BUY_SUCCEEDED = 3

function orderState(status: number): OrderState {
  switch (status) {
    case 0:
      return 'placed'
    case 1:
    case 5: // split into delivery notes
    case 6: // split in part
      return 'confirmed'
    case 2:
      return 'cancelled'
    case 3:
      return 'void'
    case 4:
      return 'returned'
    default:
      throw new Error(`order_status ${status} has no meaning; the contract refuses it`)
  }
}

function paymentState(status: number): PaymentState {
  switch (status) {
    case 0:
      return 'unpaid'
    case 1:
      return 'paying'
    case 2:
      return 'paid'
    default:
      throw new Error(`pay_status ${status} has no meaning; the contract refuses it`)
  }
}

/** The contract fixes two decimals, so that dropping the point is exact. Adding 0 turns -0 into 0. */
export const minorUnits = (wire: string): number => Number(wire.replace('.', '')) + 0

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

/** ECShop joins tracking numbers by a literal `<br>`. */
export const trackingNumbers = (joined: string): string[] =>
  joined
    .split(/<br\s*\/?>/i)
    .map((number) => number.trim())
    .filter((number) => number !== '')

/** goods_sn is the code of the SPU: where the goods has SKU rows, a SKU without a code has none. */
export const skuOf = (row: { product_id: string; product_sn: string; goods_sn: string }): string =>
  row.product_id === '0' ? row.goods_sn : row.product_sn

function lineKind(line: WireLine, amount: number): Line['kind'] {
  // ECShop writes "so much off" as a line without goods and below zero. One without goods that costs something is no gift
  // of the shop's: it stays a line, and lacks its SKU.
  if (amount < 0 || (line.goods_id === '0' && amount === 0)) return 'promotion'
  if (line.is_gift !== '0') return 'gift'
  if (line.extension_code === 'package_buy') return 'package'
  if (line.is_real === 0 || line.extension_code === 'virtual_card') return 'virtual'
  return 'goods'
}

function toLinesAndMoney(snapshot: OrderSnapshot, config: ShopConfig): { lines: Line[]; money: OrderMoney } {
  const goods = minorUnits(snapshot.goods_amount)
  const discount = minorUnits(snapshot.discount)
  const tax = minorUnits(snapshot.tax)
  const shipping = minorUnits(snapshot.shipping_fee)
  const insurance = minorUnits(snapshot.insure_fee)
  const surcharge = minorUnits(snapshot.pay_fee)
  const pack = minorUnits(snapshot.pack_fee)
  const card = minorUnits(snapshot.card_fee)
  const coupon = minorUnits(snapshot.bonus)
  const pointsMoney = minorUnits(snapshot.integral_money)

  const charges = sum([tax, shipping, insurance, surcharge, pack, card])
  const totalFee = goods - discount + charges
  const rebate =
    (config.couponsAre === 'discount' ? coupon : 0) + (config.pointsAre === 'discount' ? pointsMoney : 0)

  const priced = snapshot.lines.map((line) => {
    // A negative price times 0 is -0.
    const amount = minorUnits(line.goods_price) * line.goods_number + 0
    return { line, amount, kind: lineKind(line, amount) }
  })
  const promotions = sum(priced.filter(({ kind }) => kind === 'promotion').map(({ amount }) => amount))
  const { shares, rest } = allocate(
    discount - promotions + rebate,
    priced.map(({ amount }) => Math.max(0, amount)),
  )

  return {
    lines: priced.map(({ line, amount, kind }, index) => toLine(line, kind, amount, shares[index] ?? 0)),
    money: {
      goods,
      discount,
      tax,
      shipping,
      insurance,
      surcharge,
      pack,
      card,
      coupon,
      points: snapshot.integral,
      pointsMoney,
      balance: minorUnits(snapshot.surplus),
      paid: minorUnits(snapshot.money_paid),
      due: minorUnits(snapshot.order_amount),
      totalFee,
      total: totalFee - rebate,
      charges,
      unallocated: rest,
      residual: goods - sum(priced.map(({ amount }) => amount)),
    },
  }
}

function toLine(line: WireLine, kind: Line['kind'], amount: number, discount: number): Line {
  const net = kind === 'promotion' ? 0 : amount - discount
  return {
    recId: line.rec_id,
    kind,
    sku: kind === 'package' ? '' : skuOf(line),
    goodsId: line.goods_id,
    productId: line.product_id,
    goodsSn: line.goods_sn,
    name: line.goods_name,
    attributes: line.goods_attr,
    quantity: line.goods_number,
    unitPrice: minorUnits(line.goods_price),
    marketPrice: minorUnits(line.market_price),
    amount,
    discount,
    net,
    sentQuantity: line.send_number,
    giftActivityId: line.is_gift,
    parentGoodsId: line.parent_id,
    parts: kind === 'package' ? toParts(line.package_goods ?? [], line.goods_number, net) : [],
    extra: unknownFields(line, LINE_FIELDS),
  }
}

function toParts(members: readonly PackageMember[], packages: number, net: number): Line['parts'] {
  const shares = split(
    net,
    members.map((member) => Math.max(0, minorUnits(member.goods_price)) * member.goods_number),
  )
  return members.map((member, index) => ({
    goodsId: member.goods_id,
    productId: member.product_id,
    sku: skuOf(member),
    name: member.goods_name,
    quantity: member.goods_number * packages,
    net: shares[index] ?? 0,
  }))
}

function toDeliveries(snapshot: OrderSnapshot): Order['deliveries'] {
  // A delivery line carries no goods_sn. A package line's goods_id is that of the activity, so its members speak for it.
  const spuCodes = new Map(
    snapshot.lines
      .flatMap((line) => (line.extension_code === 'package_buy' ? (line.package_goods ?? []) : [line]))
      .map((row) => [row.goods_id, row.goods_sn]),
  )
  return snapshot.deliveries.map((delivery) => ({
    deliveryId: delivery.delivery_id,
    deliverySn: delivery.delivery_sn,
    status: delivery.status,
    trackingNos: trackingNumbers(delivery.invoice_no),
    carrier: delivery.shipping_name,
    lines: delivery.lines.map((line) => ({
      goodsId: line.goods_id,
      productId: line.product_id,
      sku: skuOf({ ...line, goods_sn: spuCodes.get(line.goods_id) ?? '' }),
      quantity: line.send_number,
    })),
  }))
}

const ORDER_FIELDS: Readonly<Record<Known<OrderSnapshot>, true>> = {
  order_id: true,
  order_sn: true,
  user_id: true,
  user_name: true,
  order_status: true,
  shipping_status: true,
  pay_status: true,
  add_time: true,
  confirm_time: true,
  pay_time: true,
  shipping_time: true,
  added_at: true,
  confirmed_at: true,
  paid_at: true,
  shipped_at: true,
  consignee: true,
  country: true,
  province: true,
  city: true,
  district: true,
  address: true,
  zipcode: true,
  tel: true,
  mobile: true,
  email: true,
  best_time: true,
  sign_building: true,
  postscript: true,
  shipping_id: true,
  shipping_name: true,
  shipping_code: true,
  pay_id: true,
  pay_name: true,
  pay_code: true,
  is_cod: true,
  how_oos: true,
  how_surplus: true,
  pack_name: true,
  card_name: true,
  card_message: true,
  inv_type: true,
  inv_payee: true,
  inv_content: true,
  currency: true,
  goods_amount: true,
  shipping_fee: true,
  insure_fee: true,
  pay_fee: true,
  pack_fee: true,
  card_fee: true,
  tax: true,
  discount: true,
  bonus: true,
  integral: true,
  integral_money: true,
  surplus: true,
  money_paid: true,
  order_amount: true,
  referer: true,
  invoice_no: true,
  extension_code: true,
  extension_id: true,
  group_buy: true,
  to_buyer: true,
  pay_note: true,
  agency_id: true,
  lines: true,
  deliveries: true,
  payments: true,
  merged_from: true,
  refunds: true,
}

const LINE_FIELDS: Readonly<Record<Known<WireLine>, true>> = {
  rec_id: true,
  goods_id: true,
  goods_name: true,
  goods_sn: true,
  product_id: true,
  product_sn: true,
  goods_number: true,
  market_price: true,
  goods_price: true,
  goods_attr: true,
  goods_attr_id: true,
  send_number: true,
  is_real: true,
  extension_code: true,
  parent_id: true,
  is_gift: true,
  package_goods: true,
}
