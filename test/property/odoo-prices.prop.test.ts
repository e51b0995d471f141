import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { type PricedLine, priceLines } from '#adapters/erp/odoo/prices.ts'
import { sheetOf } from '#adapters/erp/odoo/sheet.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import { lineReference } from '#domain/reference.ts'
import { toOrder } from '#domain/to-order.ts'
import { arbitraryShopConfig, arbitrarySnapshot } from '../support/arbitrary-order.ts'

type Input = Partial<z.input<typeof OdooTargetSchema>>

const NAMED = {
  shipping: 'SHIPPING',
  insurance: 'FEE',
  surcharge: 'FEE',
  pack: 'PACK',
  card: 'CARD',
  tax: 'TAX',
}
const products = fc.constantFrom({}, NAMED, { ...NAMED, discount: 'DISCOUNT' })
/** Percent; the second as Odoo is reckoned with here, in millionths. */
const rate = fc.constantFrom([13, 130_000n], [6, 60_000n], [9, 90_000n], [1, 10_000n], [
  5.5,
  55_000n,
] as const)
const rounding = fc.constantFrom('line' as const, 'order' as const)

const sheetFor = (
  snapshot: Parameters<typeof toOrder>[0],
  config: Parameters<typeof toOrder>[1]['config'],
  target: Input,
) => {
  const order = toOrder(snapshot, { id: 'demo', config })
  const sheet = sheetOf(
    {
      order,
      reference: 'ECdemo-1-1',
      identity: '1.1',
      lineReference: ({ recId }) => lineReference('ECdemo-1-1', recId),
    },
    OdooTargetSchema.parse({ url: 'https://erp.example', database: 'shop', login: 'sync', ...target }),
    { order: {}, line: {}, partner: {} },
  )
  return { order, sheet }
}

/** Half away from zero, on whole numbers: what the adapter reckons with must not be what it is tested with. */
function rounded(millionths: bigint): bigint {
  const [whole, part] = [millionths / 1_000_000n, millionths % 1_000_000n]
  if (part >= 500_000n) return whole + 1n
  return part <= -500_000n ? whole - 1n : whole
}

/** What Odoo makes of the lines, as seen on a real one (test/odoo/taxes.odoo.ts). */
function totalInOdoo(lines: readonly PricedLine[], millionth: bigint, how: 'line' | 'order'): bigint {
  const bases = lines.map(
    ({ quantity, price, untaxed }) => [BigInt(quantity) * BigInt(price), untaxed] as const,
  )
  const base = bases.reduce((sum, [amount]) => sum + amount, 0n)
  const taxed = bases.filter(([, untaxed]) => !untaxed).map(([amount]) => amount * millionth)
  const tax =
    how === 'line'
      ? taxed.reduce((sum, amount) => sum + rounded(amount), 0n)
      : rounded(taxed.reduce((sum, amount) => sum + amount, 0n))
  return base + tax
}

const onTop = (amount: number) => [{ id: 1, name: 'VAT', amount, kind: 'percent', included: false }]

describe('the prices of a sale order', () => {
  it('come to the order’s total to the cent without a tax on top, or say why they cannot', () => {
    let priced = 0
    fc.assert(
      fc.property(arbitrarySnapshot, arbitraryShopConfig, products, (snapshot, config, named) => {
        const { order, sheet } = sheetFor(snapshot, config, { products: named })
        if (!sheet.ok) {
          expect(sheet.failure.class).toBe('Invalid')
          expect(sheet.failure.message).not.toBe('')
          return
        }
        const lines = priceLines(sheet.value, {
          taxesOf: () => [],
          rounding: 'line',
          roundingProduct: undefined,
        })
        if (!lines.ok) throw new Error(lines.failure.message)
        priced += 1
        expect(totalInOdoo(lines.value, 0n, 'line')).toBe(BigInt(order.money.total))
        for (const { quantity } of lines.value) expect(quantity).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
    expect(priced).toBeGreaterThan(10)
  })

  it('come to it with a tax on top as well, but for cents that go to a line of their own', () => {
    let [whole, rest] = [0, 0]
    fc.assert(
      fc.property(
        arbitrarySnapshot,
        arbitraryShopConfig,
        rate,
        rounding,
        (snapshot, config, [percent, millionth], how) => {
          const { order, sheet } = sheetFor(snapshot, config, {
            products: { ...NAMED, discount: 'DISCOUNT' },
          })
          if (!sheet.ok) return
          const taxation = { taxesOf: () => onTop(percent), rounding: how }
          const lines = priceLines(sheet.value, { ...taxation, roundingProduct: 'ROUNDING' })
          if (!lines.ok) throw new Error(lines.failure.message)
          expect(totalInOdoo(lines.value, millionth, how)).toBe(BigInt(order.money.total))
          const cents = lines.value.find(({ code }) => code === 'ROUNDING')
          const without = priceLines(sheet.value, { ...taxation, roundingProduct: undefined })
          if (cents === undefined) {
            whole += 1
            expect(without).toEqual(lines)
            return
          }
          rest += 1
          expect(Math.abs(cents.price)).toBeLessThanOrEqual(2)
          expect(cents.untaxed).toBe(true)
          expect(without).toMatchObject({
            ok: false,
            failure: { class: 'Invalid', field: 'odoo.products.rounding' },
          })
        },
      ),
      { numRuns: 500 },
    )
    expect(whole).toBeGreaterThan(rest)
    expect(rest).toBeGreaterThan(5)
  })

  it('leave a gift one, and turn nothing sold into money back', () => {
    fc.assert(
      fc.property(
        arbitrarySnapshot,
        arbitraryShopConfig,
        rate,
        rounding,
        (snapshot, config, [percent], how) => {
          const { sheet } = sheetFor(snapshot, config, { products: NAMED })
          if (!sheet.ok) return
          const lines = priceLines(sheet.value, {
            taxesOf: () => onTop(percent),
            rounding: how,
            roundingProduct: 'ROUNDING',
          })
          if (!lines.ok) throw new Error(lines.failure.message)
          for (const { id, rest, amount } of sheet.value.lines) {
            const prices = lines.value
              .filter((line) => line.id === id || line.id === rest)
              .map(({ price }) => price)
            if (amount === 0) expect(prices).toEqual([0])
            if (amount > 0) expect(Math.min(...prices)).toBeGreaterThanOrEqual(0)
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
