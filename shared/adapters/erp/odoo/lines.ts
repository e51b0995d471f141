import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { Line, Order } from '#contracts/order.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { base36, lineName } from './external-ids.ts'
import type { SheetLine } from './sheet-schema.ts'

type Target = Pick<OdooTarget, 'products' | 'tax'>
type Products = Target['products']

/** Something sold, before its amount is put into a price for each. */
interface Item {
  readonly reference: string
  readonly part?: string
  readonly code: string
  readonly name: string
  readonly quantity: number
  /** Minor units, of all pieces. */
  readonly amount: number
  readonly untaxed: boolean
}

const CHARGES = ['shipping', 'insurance', 'surcharge', 'pack', 'card', 'tax'] as const

/** The tax that the shop put on top of its prices is a tax in Odoo, not a line. */
export const taxIsCharged = ({ money }: Order, { tax }: Target) =>
  typeof tax === 'object' && tax.charged && money.tax !== 0

/**
 * The lines of the sale order. Their amounts, with a tax that is charged, are the order's total to the cent; an order for which
 * that cannot be had is refused. A tax that is charged is on what is sold, as the shop reckons it, and on nothing else. What was given on the order as a whole is a line of its own where a product stands for it
 * (`products.discount`), and otherwise taken off each line, as the shop's taxes have it.
 */
export function linesOf(
  order: Order,
  reference: string,
  lineReference: (line: Line) => string,
  target: Target,
): Attempt<SheetLine[]> {
  const { money } = order
  const { products, tax } = target
  const withTax = taxIsCharged(order, target)
  const goodsOnly = typeof tax === 'object' && tax.charged
  const apart = products.discount !== undefined
  const sold = order.lines.flatMap((line) => itemsOf(line, lineReference(line), apart, goodsOnly && !withTax))

  const charged: { readonly what: keyof Products; readonly amount: number; readonly name: string }[] =
    CHARGES.filter((what) => what !== 'tax' || !withTax).map((what) => ({
      what,
      amount: money[what],
      name: what === 'shipping' ? order.shipping.method.name : '',
    }))
  const shared = order.lines
    .filter(({ kind }) => kind !== 'package')
    .reduce((sum, { discount }) => sum + discount, 0)
  const given = (apart ? shared : 0) + money.unallocated - money.residual
  const needed = [...charged, { what: 'discount' as const, amount: 0 - given, name: '' }].filter(
    ({ amount }) => amount !== 0,
  )

  const charges: Item[] = []
  for (const { what, amount, name } of needed) {
    const code = products[what]
    if (code === undefined) {
      const field = `odoo.products.${what}`
      return refused(
        'Invalid',
        `the order has ${decimal(amount)} of ${what}, and ${field} names no product for it`,
        {
          field,
        },
      )
    }
    charges.push({ reference, part: what, code, name, quantity: 1, amount, untaxed: goodsOnly })
  }

  const without = sold.find(({ code, quantity }) => code === '' && quantity !== 0)
  if (without) return refused('Invalid', `"${without.name}" has no SKU`.slice(0, 300), { field: 'sku' })

  const lines = [...sold, ...charges].filter(({ quantity }) => quantity > 0)
  const sum = lines.reduce((total, { amount }) => total + amount, withTax ? money.tax : 0)
  if (sum !== money.total) {
    const { currency } = order
    return refused(
      'Invalid',
      `the lines come to ${decimal(sum)} ${currency}, the order to ${decimal(money.total)} ${currency}`,
    )
  }
  return done(
    lines.map(({ reference: of, part, ...item }) => ({
      id: lineName(of, part),
      rest: lineName(of, `${part ?? ''}r`),
      ...item,
    })),
  )
}

/** A promotion's value is shared out over the others. A package is what it holds, each with its share of the net amount. */
function itemsOf(line: Line, reference: string, discountApart: boolean, untaxed: boolean): Item[] {
  if (line.kind === 'promotion') return []
  if (line.kind === 'package') {
    const seen = new Map<string, number>()
    return line.parts.map(({ goodsId, productId, sku, name, quantity, net }) => {
      const key = `${base36(goodsId)}x${base36(productId)}`
      const before = seen.get(key) ?? 0
      seen.set(key, before + 1)
      const part = before === 0 ? key : `${key}x${before}`
      return { reference, part, code: sku, name, quantity, amount: net, untaxed }
    })
  }
  const name = [line.name, line.attributes.replace(/\s+/g, ' ').trim()]
    .filter((text) => text !== '')
    .join('\n')
  const amount = discountApart ? line.amount : line.net
  return [{ reference, code: line.sku, name, quantity: line.quantity, amount, untaxed }]
}

/** Minor units as Odoo takes them: "12.30". */
export function decimal(amount: number): string {
  const digits = String(Math.abs(amount)).padStart(3, '0')
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
