import { describe, expect, it } from 'vitest'
import { BrakeSchema } from '#contracts/stock.ts'
import { isWorseThanReleased, trips } from '#domain/brake.ts'

const brake = BrakeSchema.parse({ zeroPercent: 20, movePercent: 60, fromSkus: 20 })

describe('the brake', () => {
  it('lets up to its share of the pool pass, and trips above it', () => {
    expect(trips({ of: 1000, zeroed: 200, changed: 600 }, brake)).toBe(false)
    expect(trips({ of: 1000, zeroed: 201, changed: 201 }, brake)).toBe(true)
    expect(trips({ of: 1000, zeroed: 0, changed: 601 }, brake)).toBe(true)
  })

  it('never trips over a few SKUs, however small the pool', () => {
    expect(trips({ of: 19, zeroed: 19, changed: 19 }, brake)).toBe(false)
    expect(trips({ of: 20, zeroed: 20, changed: 20 }, brake)).toBe(true)
  })

  it('can be told never to trip', () => {
    const never = BrakeSchema.parse({ zeroPercent: 100, movePercent: 100 })
    expect(trips({ of: 100, zeroed: 100, changed: 100 }, never)).toBe(false)
  })

  it('holds a released plan that has grown by more than it lets pass unasked', () => {
    const released = { of: 1000, zeroed: 500, changed: 900 }
    expect(isWorseThanReleased({ of: 1000, zeroed: 700, changed: 950 }, released, brake)).toBe(false)
    expect(isWorseThanReleased({ of: 1000, zeroed: 701, changed: 950 }, released, brake)).toBe(true)
    expect(isWorseThanReleased({ of: 1000, zeroed: 100, changed: 100 }, released, brake)).toBe(false)
  })
})
