import type { ShopConfig } from '#contracts/config.ts'
import type { Order } from '#contracts/order.ts'
import type { Return } from '#contracts/return.ts'
import type { OrderSnapshot } from '#contracts/webhook.ts'
import type { ReturnSnapshot } from '#contracts/webhook-things.ts'
import { orderReference, type ShortHash } from './reference.ts'
import { minorUnits, skuOf, trackingNumbers } from './to-order.ts'
import { type Known, unknownFields } from './unknown-fields.ts'

/** Goods that came back: a row of `back_order`. ECShop does not say in which currency the shop sells; the ERP knows the order's. */
export function toReturn(
  snapshot: ReturnSnapshot,
  shop: { readonly id: string; readonly config: Pick<ShopConfig, 'timeZone'> },
  hash: ShortHash,
): Return {
  return {
    shop: shop.id,
    type: 'goods',
    returnId: snapshot.back_id,
    rawTime: snapshot.return_time,
    returnedAt: snapshot.returned_at,
    timeZone: shop.config.timeZone,
    currency: '',
    order: {
      orderId: snapshot.order_id,
      orderSn: snapshot.order_sn,
      addTime: snapshot.order_add_time,
      reference: orderReference(shop.id, snapshot.order_sn, snapshot.order_id, hash),
    },
    deliverySn: snapshot.delivery_sn,
    trackingNos: trackingNumbers(snapshot.invoice_no),
    carrier: snapshot.shipping_name,
    userId: snapshot.user_id === '0' ? null : snapshot.user_id,
    by: snapshot.action_user,
    consignee: {
      name: snapshot.consignee,
      phone: snapshot.mobile || snapshot.tel,
      address: [snapshot.province.name, snapshot.city.name, snapshot.district.name, snapshot.address]
        .filter((part) => part !== '')
        .join(' '),
      email: snapshot.email,
    },
    note: snapshot.postscript,
    lines: snapshot.lines.map((line) => ({
      recIds: line.order_rec_ids,
      sku: skuOf(line),
      goodsId: line.goods_id,
      productId: line.product_id,
      name: line.goods_name,
      attributes: line.goods_attr,
      quantity: line.send_number,
    })),
    refund: null,
    extra: unknownFields(snapshot, RETURN_FIELDS),
  }
}

/** Money that ECShop recorded as given back for an order, each row of `account_log` a refund of its own. */
export function toRefunds(snapshot: OrderSnapshot, order: Order, hash: ShortHash): Return[] {
  return (snapshot.refunds ?? []).map((refund) => ({
    shop: order.shop,
    type: 'refund',
    returnId: refund.log_id,
    rawTime: refund.change_time,
    returnedAt: refund.refunded_at,
    timeZone: order.timeZone,
    currency: order.currency,
    order: {
      orderId: order.orderId,
      orderSn: order.orderSn,
      addTime: order.addTime,
      reference: orderReference(order.shop, order.orderSn, order.orderId, hash),
    },
    deliverySn: '',
    trackingNos: [],
    carrier: '',
    userId: refund.user_id === '0' ? null : refund.user_id,
    by: '',
    consignee: null,
    note: refund.note ?? '',
    lines: [],
    refund: {
      amount: minorUnits(refund.amount),
      to: refund.to,
      of: refund.reason === 'refund' ? 'payment' : 'balance',
    },
    extra: {},
  }))
}

const RETURN_FIELDS: Readonly<Partial<Record<Known<ReturnSnapshot>, true>>> = {
  back_id: true,
  return_time: true,
  returned_at: true,
  order_id: true,
  order_sn: true,
  order_add_time: true,
  delivery_sn: true,
  invoice_no: true,
  shipping_id: true,
  shipping_name: true,
  user_id: true,
  action_user: true,
  status: true,
  consignee: true,
  country: true,
  province: true,
  city: true,
  district: true,
  address: true,
  tel: true,
  mobile: true,
  email: true,
  postscript: true,
  lines: true,
}
