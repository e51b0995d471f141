import type { DocumentKind } from '#contracts/scalars.ts'

/**
 * What is sent for an order where no mapping is named, and the template for one. A string, because a bundle carries no files of its own.
 */
export const DEFAULT_MAPPING = `{
  "order_id": reference,
  "source_identity": identity,
  "customer_name": order.consignee.name,
  "total_amount": $money(order.money.total, "number"),
  "currency": order.currency,
  "order_date": $date(order.orderedAt, "YYYYMMDD"),
  "lines": [order.lines.{
    "line_ref": $lineRef($),
    "sku": sku,
    "quantity": quantity,
    "unit_price": $money(unitPrice, "number"),
    "net_amount": $money(net, "number")
  }],
  "order": order
}
`

const AS_IT_IS = (members: string) => `{
  "reference": reference,
  "source_identity": identity,
${members}
}
`

/** The same of each kind: whatever else there is goes as it is. */
export const DEFAULT_MAPPINGS: Readonly<Record<DocumentKind, string>> = {
  order: DEFAULT_MAPPING,
  customer: AS_IT_IS('  "customer": customer,\n  "purchases": [purchases]'),
  return: AS_IT_IS('  "return": return,\n  "order": order'),
  ticket: AS_IT_IS('  "ticket": ticket,\n  "purchases": [purchases],\n  "parts": [parts]'),
  parts: AS_IT_IS('  "parts": parts'),
}
