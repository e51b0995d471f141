import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contendedDelay, MAX_AGE_MS, retryDelay } from '#domain/retry-delay.ts'

const FLOOR = 30_000
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('the time until the next try', () => {
  it('is a tenth of the age, between the floor and half an hour, give or take a fifth', () => {
    expect(retryDelay(0, FLOOR, 0.5)).toBe(30_000)
    expect(retryDelay(600_000, FLOOR, 0.5)).toBe(60_000)
    expect(retryDelay(600_000, FLOOR, 0)).toBe(48_000)
    expect(retryDelay(600_000, FLOOR, 0.999_999)).toBe(72_000)
    expect(retryDelay(MAX_AGE_MS, FLOOR, 0.5)).toBe(1_800_000)
  })

  it('lets an outage of ten days end with far fewer receives than the queue allows', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 50 }), (jitter) => {
        let age = 0
        let receives = 0
        while (age <= MAX_AGE_MS) {
          age += retryDelay(age, FLOOR, jitter[receives % jitter.length] ?? 0)
          receives += 1
        }
        expect(receives).toBeLessThan(700)
      }),
      { numRuns: 50 },
    )
  })

  it('for a lock is one to ten seconds, and never above an ordinary retry', () => {
    fc.assert(
      fc.property(unit, fc.integer({ min: 100, max: 60_000 }), (random, floor) => {
        const delay = contendedDelay(floor, random)
        expect(delay).toBeLessThanOrEqual(Math.min(10_000, floor))
        expect(delay).toBeGreaterThanOrEqual(Math.min(1_000, floor))
      }),
    )
    expect(contendedDelay(30_000, 0.5)).toBe(5_500)
  })
})
