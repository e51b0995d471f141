import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { FREIGHT } from '../demo/catalogue.ts'
import type { ErpDocument } from '../demo/erp-call.ts'
import { buyerOf, type ShopOrder, totalOf, wire } from '../demo/shop-order.ts'

/** One order of the shop against what the ERP has under its number. */
export interface Finding {
  readonly order: ShopOrder
  /** The shop wants it in the ERP: paid, and not cancelled. */
  readonly wanted: boolean
  readonly documents: readonly ErpDocument[]
  readonly live: number
  /** Every live document says what the shop says; undefined where there is none. */
  readonly equal: boolean | undefined
  /** A person has to do something, and it is on the list of those who do. */
  readonly parked: boolean
  /** The ERP does not have what the shop has, and nobody was told. */
  readonly lost: boolean
  /** Live documents more than one. */
  readonly surplus: number
}

export interface Totals {
  readonly lost: number
  readonly doubled: number
  readonly parked: number
}

/** Counts in the ERP. `isParked` is the ledger's word; everything else is compared without any code of the bridge. */
export function tally(
  orders: readonly ShopOrder[],
  documents: readonly ErpDocument[],
  isParked: (order: ShopOrder) => boolean,
): Finding[] {
  return orders.map((order) => {
    const found = documents.filter((document) => isOf(order, document))
    const live = found.filter(({ status }) => status !== 'cancelled')
    // Money that was given back after the goods came back unmakes no order.
    const wanted = (order.payTime > 0 && order.status !== 'cancelled') || order.status === 'returned'
    const parked = isParked(order)
    const equal = live.length === 0 ? undefined : live.every((document) => saysTheSame(document, order))
    return {
      order,
      wanted,
      documents: found,
      live: live.length,
      equal,
      parked,
      lost: !parked && (wanted ? equal !== true : live.length > 0),
      surplus: Math.max(0, live.length - 1),
    }
  })
}

export function totals(findings: readonly Finding[]): Totals {
  return {
    lost: findings.filter(({ lost }) => lost).length,
    doubled: findings.reduce((sum, { surplus }) => sum + surplus, 0),
    parked: findings.filter(({ parked }) => parked).length,
  }
}

/** By the number people know the order by, so that a second reference for the same order would count as a double. */
const isOf = ({ no }: ShopOrder, { reference, body }: ErpDocument) =>
  body['order_no'] === no || reference.split('-')[1] === no

const ContentSchema = z.object({
  receiver: z.string(),
  phone: z.string(),
  currency: z.string(),
  total: z.string(),
  freight: z.string(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int(), price: z.string() })),
})

function saysTheSame(document: ErpDocument, order: ShopOrder): boolean {
  const content = ContentSchema.safeParse(document.body)
  const buyer = buyerOf(order)
  const expected: z.infer<typeof ContentSchema> = {
    receiver: buyer.name,
    phone: buyer.mobile,
    currency: 'CNY',
    total: wire(totalOf(order)),
    freight: wire(FREIGHT),
    lines: order.lines.map(({ sku, quantity, price }) => ({ sku, quantity, price: wire(price) })),
  }
  return content.success && isDeepStrictEqual(content.data, expected)
}
