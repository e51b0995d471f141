import { createHash } from 'node:crypto'
import type {
  OrderSnapshot,
  OrderTombstone,
  WebhookEvent,
  WireDeliverySchema,
  WireLine,
} from '#contracts/webhook.ts'

type PackageMember = NonNullable<WireLine['package_goods']>[number]
type WireDelivery = (typeof WireDeliverySchema)['_output']

const cents = (wire: string): number => Number(wire.replace('.', ''))

/** Integer minor units as the wire writes them. */
export function wire(minor: number): string {
  const digits = String(Math.abs(minor)).padStart(3, '0')
  return `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** A row of order_goods: one T-shirt at 19.90 unless said otherwise. */
export function aLine(change: Partial<WireLine> = {}): WireLine {
  return {
    rec_id: '501',
    goods_id: '31',
    goods_name: '纯棉 T 恤 & 标准款',
    goods_sn: 'TEE',
    product_id: '311',
    product_sn: 'TEE-L',
    goods_number: 1,
    market_price: '25.00',
    goods_price: '19.90',
    goods_attr: '尺码:L \n',
    goods_attr_id: '71',
    send_number: 0,
    is_real: 1,
    extension_code: '',
    parent_id: '0',
    is_gift: '0',
    ...change,
  }
}

export function aMember(change: Partial<PackageMember> = {}): PackageMember {
  return {
    goods_id: '41',
    goods_sn: 'CUP',
    goods_name: '马克杯',
    product_id: '0',
    product_sn: '',
    goods_number: 1,
    goods_price: '30.00',
    ...change,
  }
}

export function aDelivery(change: Partial<WireDelivery> = {}): WireDelivery {
  return {
    delivery_id: '901',
    delivery_sn: '202611211030000001',
    status: 0,
    invoice_no: 'SF100000000001',
    shipping_id: '3',
    shipping_name: '顺丰速运',
    updated_at: '2026-11-21T02:30:00Z',
    lines: [
      {
        goods_id: '31',
        product_id: '311',
        product_sn: 'TEE-L',
        send_number: 1,
        extension_code: '',
        parent_id: '0',
      },
    ],
    ...change,
  }
}

/** The shop's number of the first line that nobody numbered. */
const FIRST_REC_ID = 501

/**
 * Snapshots as the bridge sends them, totals in balance unless `with` unbalances them:
 * `anOrder().paid().withLine({ goods_number: 2 }).withDiscount('5.00').snapshot()`. Every step returns a new builder.
 */
export class OrderBuilder {
  readonly #fields: Partial<OrderSnapshot>
  readonly #lines: readonly Partial<WireLine>[]
  readonly #settled: boolean

  constructor(
    fields: Partial<OrderSnapshot> = {},
    lines: readonly Partial<WireLine>[] = [],
    settled = false,
  ) {
    this.#fields = fields
    this.#lines = lines
    this.#settled = settled
  }

  /** Sets columns as they are, totals too. */
  with(fields: Partial<OrderSnapshot>): OrderBuilder {
    return new OrderBuilder({ ...this.#fields, ...fields }, this.#lines, this.#settled)
  }

  withLine(change: Partial<WireLine> = {}): OrderBuilder {
    return this.withLines([change])
  }

  withLines(changes: readonly Partial<WireLine>[]): OrderBuilder {
    return new OrderBuilder(this.#fields, [...this.#lines, ...changes], this.#settled)
  }

  withGift(change: Partial<WireLine> = {}): OrderBuilder {
    return this.withLine({
      goods_price: '0.00',
      goods_name: '赠品袜子',
      goods_sn: 'SOCK',
      product_id: '0',
      product_sn: '',
      is_gift: '8',
      ...change,
    })
  }

  /** "5.00 off", the way ECShop writes it: a line without goods and below zero. */
  withPromotion(off: string): OrderBuilder {
    return this.withLine({
      goods_id: '0',
      goods_name: '满减活动',
      goods_sn: '',
      product_id: '0',
      product_sn: '',
      goods_price: wire(-cents(off)),
      market_price: '0.00',
      goods_attr: '',
      goods_attr_id: '',
      is_real: 0,
      is_gift: '9',
    })
  }

  withPackage(members: readonly PackageMember[], change: Partial<WireLine> = {}): OrderBuilder {
    return this.withLine({
      goods_id: '12',
      goods_name: '早餐套装',
      goods_sn: '',
      product_id: '0',
      product_sn: '',
      goods_attr: '',
      goods_attr_id: '',
      extension_code: 'package_buy',
      package_goods: [...members],
      ...change,
    })
  }

  withDiscount(discount: string): OrderBuilder {
    return this.with({ discount })
  }

  withCoupon(bonus: string): OrderBuilder {
    return this.with({ bonus })
  }

  withPoints(integral: number, money: string): OrderBuilder {
    return this.with({ integral, integral_money: money })
  }

  withShipping(fee: string): OrderBuilder {
    return this.with({ shipping_fee: fee })
  }

  guest(): OrderBuilder {
    return this.with({ user_id: '0', user_name: '' })
  }

  paid(): OrderBuilder {
    return new OrderBuilder(
      {
        ...this.#fields,
        order_status: 1,
        pay_status: 2,
        confirm_time: 1_795_190_700,
        pay_time: 1_795_190_700,
        confirmed_at: '2026-11-21T00:05:00Z',
        paid_at: '2026-11-21T00:05:00Z',
      },
      this.#lines,
      true,
    )
  }

  cod(): OrderBuilder {
    return this.with({ is_cod: 1, pay_id: '4', pay_code: 'cod', pay_name: '货到付款' })
  }

  cancelled(): OrderBuilder {
    return this.with({ order_status: 2, pay_status: 0 })
  }

  groupBuy(status: number, deposit = '10.00'): OrderBuilder {
    return this.with({ extension_code: 'group_buy', extension_id: '6', group_buy: { deposit, status } })
  }

  snapshot(): OrderSnapshot {
    const lines = (this.#lines.length > 0 ? this.#lines : [{}]).map((change, index) =>
      aLine({ rec_id: String(FIRST_REC_ID + index), ...change }),
    )
    const goods = lines.reduce((sum, line) => sum + cents(line.goods_price) * line.goods_number, 0)
    const base: OrderSnapshot = { ...BASE, goods_amount: wire(goods), lines, ...this.#fields }
    const total =
      cents(base.goods_amount) -
      cents(base.discount) +
      [base.tax, base.shipping_fee, base.insure_fee, base.pay_fee, base.pack_fee, base.card_fee]
        .map(cents)
        .reduce((sum, charge) => sum + charge, 0)
    const due = total - cents(base.bonus) - cents(base.integral_money) - cents(base.surplus)
    return {
      ...base,
      money_paid: wire(this.#settled ? due : 0),
      order_amount: wire(this.#settled ? 0 : due),
      payments: [{ log_id: '88', order_amount: wire(due), order_type: 0, is_paid: this.#settled ? 1 : 0 }],
      ...this.#fields,
    }
  }
}

export const anOrder = (): OrderBuilder => new OrderBuilder()

export function aTombstone(change: Partial<OrderTombstone> = {}): OrderTombstone {
  return {
    order_id: '10086',
    order_sn: '2026112112345',
    add_time: 1_795_190_400,
    rec_ids: ['501'],
    order_status: 2,
    ...change,
  }
}

export const EPOCH = 'e-2026-11'

const sha256 = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex')

export function snapshotEvent(snapshot: OrderSnapshot, { seq = 1, epoch = EPOCH } = {}): WebhookEvent {
  return { type: 'order.snapshot', version: { epoch, seq }, hash: sha256(snapshot), hashVersion: 1, snapshot }
}

export function deletedEvent(tombstone: OrderTombstone, { seq = 1, epoch = EPOCH } = {}): WebhookEvent {
  return {
    type: 'order.deleted',
    version: { epoch, seq },
    hash: sha256(tombstone),
    hashVersion: 1,
    tombstone,
  }
}

const BASE: OrderSnapshot = {
  order_id: '10086',
  order_sn: '2026112112345',
  user_id: '77',
  user_name: 'demo-buyer',
  order_status: 0,
  shipping_status: 0,
  pay_status: 0,
  add_time: 1_795_190_400,
  confirm_time: 0,
  pay_time: 0,
  shipping_time: 0,
  added_at: '2026-11-21T00:00:00Z',
  confirmed_at: null,
  paid_at: null,
  shipped_at: null,
  consignee: '样例收货人',
  country: { id: '1', name: '中国' },
  province: { id: '16', name: '江苏' },
  city: { id: '221', name: '苏州' },
  district: { id: '1836', name: '样例区' },
  address: '样例路 1 号 2 室',
  zipcode: '215000',
  tel: '0512-00000000',
  mobile: '10000000000',
  email: 'buyer@example.com',
  best_time: '工作日',
  sign_building: '样例大厦',
  postscript: '请放前台',
  shipping_id: '3',
  shipping_name: '顺丰速运',
  shipping_code: 'sf_express',
  pay_id: '1',
  pay_name: '支付宝',
  pay_code: 'alipay',
  is_cod: 0,
  how_oos: '等待所有商品备齐后再发',
  how_surplus: '',
  pack_name: '',
  card_name: '',
  card_message: '',
  inv_type: '',
  inv_payee: '',
  inv_content: '',
  currency: 'CNY',
  goods_amount: '0.00',
  shipping_fee: '0.00',
  insure_fee: '0.00',
  pay_fee: '0.00',
  pack_fee: '0.00',
  card_fee: '0.00',
  tax: '0.00',
  discount: '0.00',
  bonus: '0.00',
  integral: 0,
  integral_money: '0.00',
  surplus: '0.00',
  money_paid: '0.00',
  order_amount: '0.00',
  referer: '本站',
  invoice_no: '',
  extension_code: '',
  extension_id: '0',
  to_buyer: '',
  pay_note: '',
  agency_id: '0',
  lines: [],
  deliveries: [],
  payments: [],
}
