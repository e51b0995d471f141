import * as z from 'zod'
import { IdSchema, InstantSchema, MoneySchema, RawTimeSchema, ShopIdSchema } from './scalars.ts'

/**
 * The canonical order: what every target maps from. Money is a decimal string on the wire (queue, mapping input) and
 * integer minor units inside. `state` and `payment.state` are ours; the raw numbers stay beside them in `status`.
 */

export const OrderStateSchema = z.enum(['placed', 'confirmed', 'cancelled', 'void', 'returned'])
export type OrderState = z.infer<typeof OrderStateSchema>
export const PaymentStateSchema = z.enum(['unpaid', 'paying', 'paid'])
export type PaymentState = z.infer<typeof PaymentStateSchema>

const Extra = z.record(z.string(), z.unknown())
const MethodSchema = z.object({ id: z.string(), code: z.string(), name: z.string() })

/** A member of an exploded package, with its share of the package's net amount. */
export const LinePartSchema = z.object({
  goodsId: IdSchema,
  productId: IdSchema,
  sku: z.string(),
  name: z.string(),
  quantity: z.int(),
  net: MoneySchema,
})

export const LineKindSchema = z.enum(['goods', 'gift', 'package', 'virtual', 'promotion'])

export const LineSchema = z.object({
  recId: IdSchema,
  kind: LineKindSchema,
  sku: z
    .string()
    .describe('product_sn, or goods_sn where the goods has no SKU rows; empty if the shop has none'),
  goodsId: IdSchema,
  productId: IdSchema,
  goodsSn: z.string(),
  name: z.string(),
  attributes: z.string(),
  quantity: z.int(),
  unitPrice: MoneySchema,
  marketPrice: MoneySchema,
  amount: MoneySchema.describe('unitPrice × quantity'),
  discount: MoneySchema.describe('its share of what was given on the order as a whole'),
  net: MoneySchema.describe('amount − discount; 0 on a promotion line, whose value is shared out'),
  sentQuantity: z.int().describe('ECShop raises send_number when a delivery note is made, not when it ships'),
  giftActivityId: IdSchema,
  parentGoodsId: IdSchema,
  parts: z.array(LinePartSchema),
  extra: Extra,
})
export type Line = z.infer<typeof LineSchema>

export const OrderMoneySchema = z.object({
  goods: MoneySchema,
  discount: MoneySchema,
  tax: MoneySchema,
  shipping: MoneySchema,
  insurance: MoneySchema,
  surcharge: MoneySchema.describe('pay_fee'),
  pack: MoneySchema,
  card: MoneySchema,
  coupon: MoneySchema.describe('bonus'),
  points: z.int(),
  pointsMoney: MoneySchema.describe('integral_money'),
  balance: MoneySchema.describe('surplus: member balance used'),
  paid: MoneySchema.describe('money_paid'),
  due: MoneySchema.describe('order_amount; never a reason to stop'),
  totalFee: MoneySchema.describe('goods − discount + tax + shipping + insurance + surcharge + pack + card'),
  total: MoneySchema.describe('totalFee less coupon and points where they count as discount'),
  charges: MoneySchema.describe('tax + shipping + insurance + surcharge + pack + card'),
  unallocated: MoneySchema.describe('discount beyond the value of the lines'),
  residual: MoneySchema.describe('goods − Σ line amounts; not 0 means the shop’s own totals disagree'),
})
export type OrderMoney = z.infer<typeof OrderMoneySchema>

export const OrderSchema = z.object({
  shop: ShopIdSchema,
  orderId: IdSchema,
  orderSn: z.string(),
  addTime: RawTimeSchema,
  payTime: RawTimeSchema,
  state: OrderStateSchema,
  status: z.object({ order: z.int(), shipping: z.int(), pay: z.int() }),
  orderedAt: InstantSchema,
  confirmedAt: InstantSchema.nullable(),
  paidAt: InstantSchema.nullable(),
  shippedAt: InstantSchema.nullable(),
  timeZone: z.string(),
  currency: z.string(),
  buyer: z.object({ userId: IdSchema.nullable(), name: z.string(), email: z.string() }),
  consignee: z.object({
    name: z.string(),
    country: z.string(),
    province: z.string(),
    city: z.string(),
    district: z.string(),
    regionIds: z.array(IdSchema),
    address: z.string(),
    zipcode: z.string(),
    phone: z.string().describe('mobile, or tel where mobile is empty'),
    mobile: z.string(),
    tel: z.string(),
    email: z.string(),
    bestTime: z.string(),
    landmark: z.string(),
  }),
  payment: z.object({
    state: PaymentStateSchema,
    cod: z.boolean(),
    method: MethodSchema,
    records: z.array(z.object({ logId: IdSchema, amount: MoneySchema, paid: z.boolean(), type: z.int() })),
  }),
  shipping: z.object({ method: MethodSchema, trackingNos: z.array(z.string()) }),
  money: OrderMoneySchema,
  lines: z.array(LineSchema),
  deliveries: z.array(
    z.object({
      deliveryId: IdSchema,
      deliverySn: z.string(),
      status: z.int(),
      trackingNos: z.array(z.string()),
      carrier: z.string(),
      lines: z.array(
        z.object({ goodsId: IdSchema, productId: IdSchema, sku: z.string(), quantity: z.int() }),
      ),
    }),
  ),
  invoice: z.object({ type: z.string(), title: z.string(), content: z.string() }).nullable(),
  notes: z.object({
    buyer: z.string(),
    toBuyer: z.string(),
    internal: z.string(),
    outOfStock: z.string(),
    surplus: z.string(),
  }),
  giftWrap: z.object({ pack: z.string(), card: z.string(), cardMessage: z.string() }),
  activity: z
    .object({
      code: z.string(),
      id: IdSchema,
      depositOnly: z.boolean().describe('a group-buy that has not succeeded yet'),
    })
    .nullable(),
  mergedFrom: z.array(
    z.object({ orderId: IdSchema, orderSn: z.string(), addTime: RawTimeSchema, recIds: z.array(IdSchema) }),
  ),
  referer: z.string(),
  agencyId: IdSchema,
  extra: Extra.describe('fields of the snapshot this version does not know'),
})
/** Money as integer minor units. */
export type Order = z.output<typeof OrderSchema>

export const TombstoneSchema = z.object({
  shop: ShopIdSchema,
  orderId: IdSchema,
  orderSn: z.string(),
  addTime: RawTimeSchema,
  recIds: z.array(IdSchema),
  state: OrderStateSchema.nullable(),
  mergedInto: z.object({ orderId: IdSchema, orderSn: z.string() }).nullable(),
})
export type Tombstone = z.infer<typeof TombstoneSchema>
