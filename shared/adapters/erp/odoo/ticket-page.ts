import type { PartsState } from '#contracts/parts.ts'
import type { Purchase } from '#contracts/purchase.ts'
import type { TicketWrite } from '#ports/erp-gateway.ts'
import { htmlOf } from './html.ts'

type Language = 'zh' | 'en'
type Words = Readonly<Record<keyof typeof EN, string>>

const EN = {
  inWarranty: 'IN WARRANTY until',
  outOfWarranty: 'OUT OF WARRANTY since',
  notRunning: 'warranty begins with the shipment, months',
  customer: 'Customer',
  order: 'Order',
  bought: 'Bought',
  shipped: 'shipped',
  notShipped: 'not shipped',
  serials: 'serial numbers',
  channel: 'from',
  parts: 'Spare parts',
  available: 'available',
  image: 'Image',
  requested: 'requested',
  confirmed: 'confirmed',
  refused: 'refused',
  withdrawn: 'withdrawn',
}
const ZH: Words = {
  inWarranty: '保修期内，至',
  outOfWarranty: '已过保修期，截止',
  notRunning: '保修自发货起算，月数',
  customer: '客户',
  order: '订单',
  bought: '购买',
  shipped: '发货',
  notShipped: '未发货',
  serials: '序列号',
  channel: '来源',
  parts: '备件',
  available: '可用',
  image: '图片',
  requested: '已申请',
  confirmed: '已确认',
  refused: '被拒绝',
  withdrawn: '已撤回',
}

/** What a service agent reads of a ticket, in HTML; whether a warranty covers it comes first. */
export function ticketPage({ ticket, purchases, parts, reference }: TicketWrite, language: Language): string {
  const words = language === 'zh' ? ZH : EN
  const { customer, order, image, replies } = ticket
  const day = (instant: string | null) => (instant === null ? '' : dayOf(instant, ticket.timeZone))
  return htmlOf([
    purchases
      .map((one) => warrantyOf(one, day(ticket.writtenAt), words))
      .filter(Boolean)
      .join('\n'),
    ticket.content,
    image === '' ? '' : `${words.image}: ${image}`,
    `${words.customer}: ${listed([customer.name, customer.email, customer.reference ?? ''])}`,
    order ? `${words.order}: ${listed([order.orderSn, order.reference])}` : '',
    purchases.map((one) => purchaseOf(one, day, words)).join('\n'),
    parts.map((one) => partsOf(one, words)).join('\n'),
    ...replies.map(({ at, by, text }) => `${listed([day(at), by])}: ${text}`),
    reference,
  ])
}

/** As of the day it was written: the same on every day it is sent. */
function warrantyOf({ model, sku, name, warranty }: Purchase, today: string, words: Words): string {
  if (!warranty) return ''
  const what = listed([model || sku, name])
  const { endsOn, months } = warranty
  if (endsOn === null) return `${what}: ${words.notRunning} ${months}`
  const covered = today === '' || today <= endsOn
  return `${what}: ${covered ? words.inWarranty : words.outOfWarranty} ${endsOn}`
}

function purchaseOf(purchase: Purchase, day: (instant: string | null) => string, words: Words): string {
  const { model, sku, name, specification, quantity, purchasedAt, shippedAt, serials, channel } = purchase
  return listed([
    `${model || sku} × ${quantity}`,
    sku === model ? '' : sku,
    name,
    specification,
    `${words.bought} ${day(purchasedAt)}`,
    shippedAt === null ? words.notShipped : `${words.shipped} ${day(shippedAt)}`,
    channel === '' ? '' : `${words.channel} ${channel}`,
    serials.length === 0 ? '' : `${words.serials} ${serials.join(' ')}`,
  ])
}

function partsOf({ reference, state, why, documentNo, lines }: PartsState, words: Words): string {
  const goods = lines.map(
    ({ sku, quantity, available }) =>
      `${sku} × ${quantity}${available === null ? '' : ` (${words.available} ${available})`}`,
  )
  return `${words.parts} ${listed([reference, words[state], why ?? '', documentNo ?? '', ...goods])}`
}

const listed = (texts: readonly string[]) => texts.filter((text) => text.trim() !== '').join(' · ')

/** YYYY-MM-DD */
const dayOf = (instant: string, timeZone: string) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(Date.parse(instant))
