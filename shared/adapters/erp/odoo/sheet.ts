import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { OrderWrite } from '#ports/erp-gateway.ts'
import { type Attempt, done } from './attempt.ts'
import { contactsOf } from './contacts.ts'
import { lineName, orderName } from './external-ids.ts'
import { htmlOf } from './html.ts'
import { linesOf, taxIsCharged } from './lines.ts'
import type { CustomFields, Sheet } from './sheet-schema.ts'

/** What Odoo is to hold of an order. Nothing in it changes by a write-back or by how the shop's clock is read. */
export function sheetOf(write: OrderWrite, target: OdooTarget, custom: CustomFields): Attempt<Sheet> {
  const { order, reference } = write
  const lines = linesOf(order, reference, write.lineReference, target)
  if (!lines.ok) return lines
  const term = target.paymentTerms[order.payment.method.code] ?? target.paymentTerms['*']
  const { notes, giftWrap, consignee, invoice } = order
  return done({
    id: orderName(reference),
    reference,
    orderSn: order.orderSn,
    note: htmlOf([
      notes.buyer,
      notes.outOfStock,
      consignee.bestTime,
      giftWrap.cardMessage,
      invoice?.content ?? '',
    ]),
    currency: order.currency,
    total: order.money.total,
    ...(taxIsCharged(order, target) ? { shopTax: order.money.tax } : {}),
    ...(term === undefined ? {} : { term }),
    ...contactsOf(order, target.customer),
    lines: lines.value,
    rounding: lineName(reference, 'rounding'),
    custom,
  })
}
