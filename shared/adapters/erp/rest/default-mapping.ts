/**
 * What is sent where no mapping is named, and the template for one. A string, because a bundle carries no files of its own.
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
