import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linesOf } from '#adapters/erp/odoo/lines.ts'
import { lineReference } from '#domain/reference.ts'
import { toOrder } from '#domain/to-order.ts'
import { arbitraryShopConfig, arbitrarySnapshot } from '../support/arbitrary-order.ts'

const NAMED = {
  shipping: 'SHIPPING',
  insurance: 'FEE',
  surcharge: 'FEE',
  pack: 'PACK',
  card: 'CARD',
  tax: 'TAX',
}
const products = fc.constantFrom({}, NAMED, { ...NAMED, discount: 'DISCOUNT' })

/** By digits: what the adapter reckons with must not be what it is tested with. */
const cents = (price: string) => BigInt(price.replace('.', ''))

describe('the lines of a sale order', () => {
  it('come to the order’s total to the cent, or say why they cannot', () => {
    let built = 0
    fc.assert(
      fc.property(arbitrarySnapshot, arbitraryShopConfig, products, (snapshot, config, named) => {
        const order = toOrder(snapshot, { id: 'demo', config })
        const lines = linesOf(order, 'ECdemo-1-1', ({ recId }) => lineReference('ECdemo-1-1', recId), named)
        if (!lines.ok) {
          expect(lines.failure.class).toBe('Invalid')
          expect(lines.failure.message).not.toBe('')
          return
        }
        built += 1
        const sum = lines.value.reduce(
          (total, { quantity, price }) => total + BigInt(quantity) * cents(price),
          0n,
        )
        expect(sum).toBe(BigInt(order.money.total))
        for (const { price, quantity } of lines.value) {
          expect(price).toMatch(/^-?\d+\.\d{2}$/)
          expect(quantity).toBeGreaterThan(0)
        }
      }),
      { numRuns: 500 },
    )
    expect(built).toBeGreaterThan(10)
  })
})
