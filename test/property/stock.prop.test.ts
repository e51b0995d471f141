import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StockMode } from '#contracts/bridge.ts'
import { SafetyRuleSchema } from '#contracts/stock.ts'
import { figuresToWrite, type ShopStock, safetyStock } from '#domain/stock.ts'

const shopArb = (shop: string, share: number): fc.Arbitrary<ShopStock> =>
  fc.record({
    shop: fc.constant(shop),
    share: fc.constant(share),
    mode: fc.constantFrom<StockMode>('placement', 'shipment'),
    quantity: fc.integer({ min: -2, max: 40 }),
    unshipped: fc.nat(9),
    promised: fc.oneof(fc.constant(0), fc.nat(40)),
  })

/** One to four shops whose shares add up to 1 at most. */
const poolArb = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }).chain((parts) => {
  const whole = parts.reduce((sum, part) => sum + part, 0)
  return fc.tuple(...parts.map((part, index) => shopArb(`S${index}`, part / whole)))
})

const offers = ({ mode, quantity, unshipped }: ShopStock) =>
  Math.max(0, mode === 'shipment' ? quantity - unshipped : quantity)

describe('figures of several shops', () => {
  it('raise none by what the others show, were promised, or are raised to at the same time', () => {
    fc.assert(
      fc.property(fc.nat(60), poolArb, (pieces, shops) => {
        const { writes } = figuresToWrite(pieces, shops)
        const after = shops.map((shop) => {
          const write = writes.find((one) => one.shop === shop.shop)
          return { before: offers(shop), promised: shop.promised, now: write?.offers ?? offers(shop) }
        })
        after.forEach((raised, index) => {
          if (raised.now <= raised.before) return
          // Decreases may arrive late, or never.
          const others = after.filter((_, other) => other !== index)
          const shown = others.reduce((sum, one) => sum + Math.max(one.before, one.promised, one.now), 0)
          expect(raised.now + shown).toBeLessThanOrEqual(pieces)
        })
      }),
    )
  })

  it('come to rest after two rounds, at all there is', () => {
    fc.assert(
      fc.property(fc.nat(60), poolArb, (pieces, pool) => {
        let shops: ShopStock[] = pool.map((shop) => ({ ...shop, promised: 0 }))
        for (let round = 0; round < 2; round += 1) {
          const { writes } = figuresToWrite(pieces, shops)
          shops = shops.map((shop) => ({
            ...shop,
            quantity: writes.find((write) => write.shop === shop.shop)?.quantity ?? shop.quantity,
          }))
        }
        expect(figuresToWrite(pieces, shops)).toEqual({ writes: [], heldBack: false })
        expect(shops.reduce((sum, shop) => sum + offers(shop), 0)).toBe(pieces)
        for (const shop of shops)
          if (shop.mode === 'shipment') expect(shop.quantity).toBeGreaterThanOrEqual(shop.unshipped)
      }),
    )
  })
})

describe('safety stock', () => {
  it('stays within its bounds, and never falls when the figure rises', () => {
    const rule = fc
      .record({
        units: fc.nat(20),
        percent: fc.integer({ min: 0, max: 100 }),
        min: fc.nat(10),
        more: fc.nat(30),
      })
      .map(({ units, percent, min, more }) =>
        SafetyRuleSchema.parse({ sku: '*', units, percent, min, max: min + more }),
      )
    fc.assert(
      fc.property(rule, fc.integer({ min: -50, max: 500 }), fc.nat(50), (kept, figure, more) => {
        const now = safetyStock([kept], 'ANY', figure)
        expect(now).toBeGreaterThanOrEqual(kept.min ?? 0)
        expect(now).toBeLessThanOrEqual(kept.max ?? Number.POSITIVE_INFINITY)
        expect(safetyStock([kept], 'ANY', figure + more)).toBeGreaterThanOrEqual(now)
      }),
    )
  })
})
