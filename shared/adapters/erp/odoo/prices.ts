import { type Attempt, done, refused } from './attempt.ts'
import type { Company, Tax } from './desk.ts'
import { decimal } from './lines.ts'
import type { Sheet, SheetLine } from './sheet-schema.ts'

/** A line with a price for each, as Odoo takes it. */
export interface PricedLine {
  readonly id: string
  readonly code: string
  /** Empty: the product's own. */
  readonly name: string
  readonly quantity: number
  /** Minor units. */
  readonly price: number
  readonly untaxed: boolean
}

/** What Odoo makes of a line's price. */
export interface Taxation {
  /** Taxes of a line that is taxed. */
  readonly taxesOf: (line: SheetLine) => readonly Tax[]
  readonly rounding: Company['rounding']
  /** Code of the product that takes up the cents that no price can. */
  readonly roundingProduct: string | undefined
}

/**
 * Prices for which Odoo's total is the shop's, to the cent. Where Odoo puts a tax on top, a price is what leaves the buyer's
 * amount with the tax; what a line misses, the next one makes up for. Not every amount is one that a tax can be put on top of
 * (at 13 % nothing makes 0.04): such an order needs a product for the rounding.
 */
export function priceLines(sheet: Sheet, taxation: Taxation): Attempt<readonly PricedLine[]> {
  const { taxesOf, rounding, roundingProduct } = taxation
  const reckoning = new Reckoning(rounding)
  const lines: PricedLine[] = []
  let target = 0
  for (const line of sheet.lines) {
    const tax = line.untaxed ? done(undefined) : onTop(taxesOf(line))
    if (!tax.ok) return tax
    target += line.amount
    const shares =
      tax.value === undefined || sheet.shopTax !== undefined
        ? sharesOf(line, line.amount)
        : untaxedShares(line, tax.value, target, reckoning)
    reckoning.add(shares, tax.value)
    for (const { id, quantity, price } of shares)
      lines.push({ id, code: line.code, name: line.name, quantity, price, untaxed: line.untaxed })
  }

  const missed = sheet.total - reckoning.total
  if (missed === 0) return done(lines)
  const both = `${decimal(reckoning.total)} ${sheet.currency} in Odoo, ${decimal(sheet.total)} ${sheet.currency} in the shop`
  // More than what rounding can make is another tax than the shop's.
  if (Math.abs(missed) > lines.length) {
    return refused(
      'Invalid',
      sheet.shopTax === undefined
        ? `the total would be ${both}`
        : `the shop charged ${decimal(sheet.shopTax)} of tax, which is not what odoo.tax comes to: the total would be ${both}. Where there was a discount, name a product in odoo.products.discount`,
      { field: 'odoo.tax' },
    )
  }
  if (roundingProduct === undefined) {
    return refused(
      'Invalid',
      `with a tax on top the total would be ${both}: name a product in odoo.products.rounding, or a tax that is included in the price in odoo.tax`,
      { field: 'odoo.products.rounding' },
    )
  }
  const rest = {
    id: sheet.rounding,
    code: roundingProduct,
    name: '',
    quantity: 1,
    price: missed,
    untaxed: true,
  }
  return done([...lines, rest])
}

interface Share {
  readonly id: string
  readonly quantity: number
  readonly price: number
}

/** One line, or two whose prices differ by a cent, because a price has two decimals. */
function sharesOf({ id, rest, quantity }: SheetLine, amount: number): Share[] {
  const price = Math.floor(amount / quantity)
  const dearer = amount - price * quantity
  return [
    { id, quantity: quantity - dearer, price },
    ...(dearer > 0 ? [{ id: rest, quantity: dearer, price: price + 1 }] : []),
  ]
}

/** How far from the exact quotient the best price can be: the tax jumps by one cent, and one may be carried over. */
const AROUND = [0, 1, -1, 2, -2]

/** Shares of a line so that the order's total so far comes as near to `target` as it can. */
function untaxedShares(line: SheetLine, tax: Tax, target: number, reckoning: Reckoning): Share[] {
  const exact = Math.round(line.amount / (1 + rateOf(tax) / RATE_UNIT))
  let best = sharesOf(line, exact)
  let missed = Math.abs(target - reckoning.totalWith(best, tax))
  for (const step of AROUND) {
    // A gift stays one, and nothing sold becomes money back.
    if (Math.sign(exact + step) !== Math.sign(line.amount)) continue
    const shares = sharesOf(line, exact + step)
    const off = Math.abs(target - reckoning.totalWith(shares, tax))
    if (off < missed) [best, missed] = [shares, off]
  }
  return best
}

/** Odoo's arithmetic: a tax is rounded, half away from zero, for each line or once for the order. */
class Reckoning {
  readonly #rounding: Company['rounding']
  /** Everything but the taxes of `bases`. */
  #settled = 0
  readonly #bases = new Map<number, { readonly rate: number; readonly base: number }>()

  constructor(rounding: Company['rounding']) {
    this.#rounding = rounding
  }

  get total(): number {
    let sum = this.#settled
    for (const { rate, base } of this.#bases.values()) sum += taxOn(base, rate)
    return sum
  }

  totalWith(shares: readonly Share[], tax: Tax): number {
    const rate = rateOf(tax)
    const before = this.#bases.get(tax.id)?.base ?? 0
    const base = before + baseOf(shares)
    const added =
      this.#rounding === 'line' ? taxOnEach(shares, rate) : taxOn(base, rate) - taxOn(before, rate)
    return this.total + baseOf(shares) + added
  }

  add(shares: readonly Share[], tax: Tax | undefined): void {
    this.#settled += baseOf(shares)
    if (!tax) return
    const rate = rateOf(tax)
    if (this.#rounding === 'line') this.#settled += taxOnEach(shares, rate)
    else this.#bases.set(tax.id, { rate, base: (this.#bases.get(tax.id)?.base ?? 0) + baseOf(shares) })
  }
}

const baseOf = (shares: readonly Share[]) =>
  shares.reduce((sum, { quantity, price }) => sum + quantity * price, 0)

const taxOnEach = (shares: readonly Share[], rate: number) =>
  shares.reduce((sum, { quantity, price }) => sum + taxOn(quantity * price, rate), 0)

/** Odoo keeps a rate with four decimals of a percent. */
const RATE_UNIT = 1_000_000
const rateOf = ({ amount }: Tax) => Math.round(amount * 10_000)

function taxOn(base: number, rate: number): number {
  const [amount, unit] = [BigInt(Math.abs(base)) * BigInt(rate), BigInt(RATE_UNIT)]
  return Math.sign(base) * Number((2n * amount + unit) / (2n * unit))
}

/** The one tax that Odoo puts on top of a line's price. */
function onTop(taxes: readonly Tax[]): Attempt<Tax | undefined> {
  const above = taxes.filter(({ amount, included }) => amount !== 0 && !included)
  const [tax] = above
  if (tax === undefined) return done(undefined)
  const alone = taxes.filter(({ amount }) => amount !== 0).length === 1
  if (alone && tax.kind === 'percent') return done(tax)
  return refused(
    'Invalid',
    `Odoo puts the tax "${tax.name}" on top of the price, ${alone ? 'which is no percentage of it' : 'and another besides'}: use one that is a percentage, or included in the price`,
    { field: 'odoo.tax' },
  )
}

/** Whether a tax is put on top of a price somewhere; if not, it does not matter how Odoo rounds. */
export const isOnTop = ({ amount, included }: Tax) => amount !== 0 && !included
