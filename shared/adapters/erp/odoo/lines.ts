import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { Line, Order } from '#contracts/order.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { base36, lineName } from './external-ids.ts'
import type { SheetLine } from './sheet-schema.ts'

type Products = OdooTarget['products']

/** Something sold, before its amount is put into a price for each. */
interface Item {
  readonly reference: string
  readonly part?: string
  readonly code: string
  readonly name: string
  readonly quantity: number
  /** Minor units, of all pieces. */
  readonly amount: number
}

const CHARGES = ['shipping', 'insurance', 'surcharge', 'pack', 'card', 'tax'] as const

/**
 * The lines of the sale order. Σ quantity × price is the order's total to the cent; an order for which that cannot be had
 * is refused. What was given on the order as a whole is a line of its own where a product stands for it
 * (`products.discount`), and otherwise taken off each line, as the shop's taxes have it.
 */
export function linesOf(
  order: Order,
  reference: string,
  lineReference: (line: Line) => string,
  products: Products,
): Attempt<SheetLine[]> {
  const { money } = order
  const apart = products.discount !== undefined
  const sold = order.lines.flatMap((line) => itemsOf(line, lineReference(line), apart))

  const charged: { readonly what: keyof Products; readonly amount: number; readonly name: string }[] =
    CHARGES.map((what) => ({
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
    charges.push({ reference, part: what, code, name, quantity: 1, amount })
  }

  const without = sold.find(({ code, quantity }) => code === '' && quantity !== 0)
  if (without) return refused('Invalid', `"${without.name}" has no SKU`.slice(0, 300), { field: 'sku' })

  const lines = [...sold, ...charges].flatMap(priced)
  const sum = lines.reduce((total, { quantity, price }) => total + quantity * minor(price), 0)
  if (sum !== money.total) {
    const { currency } = order
    return refused(
      'Invalid',
      `the lines come to ${decimal(sum)} ${currency}, the order to ${decimal(money.total)} ${currency}`,
    )
  }
  return done(lines)
}

/** A promotion's value is shared out over the others. A package is what it holds, each with its share of the net amount. */
function itemsOf(line: Line, reference: string, discountApart: boolean): Item[] {
  if (line.kind === 'promotion') return []
  if (line.kind === 'package') {
    const seen = new Map<string, number>()
    return line.parts.map(({ goodsId, productId, sku, name, quantity, net }) => {
      const key = `${base36(goodsId)}x${base36(productId)}`
      const before = seen.get(key) ?? 0
      seen.set(key, before + 1)
      const part = before === 0 ? key : `${key}x${before}`
      return { reference, part, code: sku, name, quantity, amount: net }
    })
  }
  const name = [line.name, line.attributes.replace(/\s+/g, ' ').trim()]
    .filter((text) => text !== '')
    .join('\n')
  const amount = discountApart ? line.amount : line.net
  return [{ reference, code: line.sku, name, quantity: line.quantity, amount }]
}

/** One line, or two whose prices differ by a cent, because a price has two decimals. */
function priced({ reference, part, code, name, quantity, amount }: Item): SheetLine[] {
  if (quantity <= 0) return []
  const price = Math.floor(amount / quantity)
  const dearer = amount - price * quantity
  const line = (suffix: string, pieces: number, each: number): SheetLine => ({
    id: lineName(reference, part === undefined && suffix === '' ? undefined : `${part ?? ''}${suffix}`),
    code,
    name,
    quantity: pieces,
    price: decimal(each),
  })
  return [line('', quantity - dearer, price), ...(dearer > 0 ? [line('r', dearer, price + 1)] : [])]
}

/** Minor units as Odoo takes them: "12.30". */
export function decimal(amount: number): string {
  const digits = String(Math.abs(amount)).padStart(3, '0')
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** The minor units of a price written by `decimal`. */
export const minor = (price: string): number => Number(price.replace('.', ''))
