import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { compareContent } from '#adapters/mapping/compare-content.ts'
import { money } from '#adapters/mapping/helpers.ts'
import { MoneySchema } from '#contracts/scalars.ts'

/** Every amount the wire can carry. */
const minor = fc.integer({ min: -99_999_999_999_999, max: 99_999_999_999_999 })

describe('money in a mapping', () => {
  it('is exact in every form', () => {
    fc.assert(
      fc.property(minor, (amount) => {
        const wire = z.encode(MoneySchema, amount)
        expect(money(wire, 'minor')).toBe(amount)
        expect(money(wire, 'string')).toBe(wire)
        // The shortest decimal of the number is the amount: no 12.299999.
        const digits = JSON.stringify(money(wire, 'number'))
        expect(Number(wire)).toBe(Number(digits))
        expect(/^-?\d+(\.\d{1,2})?$/.test(digits)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('compares equal in every form of the same amount, and different from any other', () => {
    fc.assert(
      fc.property(minor, minor, (amount, other) => {
        const wire = z.encode(MoneySchema, amount)
        const forms = [wire, money(wire, 'number'), wire.replace(/\.?0+$/, '') || '0']
        for (const form of forms) expect(compareContent({ total: wire }, { total: form })).toBe('same')
        fc.pre(other !== amount)
        expect(compareContent({ total: wire }, { total: z.encode(MoneySchema, other) })).toBe('different')
      }),
    )
  })
})
