import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate, split } from '#domain/allocation.ts'

const sum = (numbers: readonly number[]): bigint =>
  numbers.reduce((total, number) => total + BigInt(number), 0n)

/** Small enough to collide and tie, and as large as wire money gets. */
const minor = fc.oneof(fc.nat(5), fc.nat(100_000), fc.nat(99_999_999_999_999))
const weights = fc.array(minor, { maxLength: 30 })
const total = fc.oneof(
  minor,
  minor.map((value) => -value),
)

describe('allocate', () => {
  it('neither loses nor invents a unit', () => {
    fc.assert(
      fc.property(total, weights, (total, weights) => {
        const { shares, rest } = allocate(total, weights)
        expect(sum(shares) + BigInt(rest)).toBe(BigInt(total))
      }),
    )
  })

  it('gives every place between 0 and its weight', () => {
    fc.assert(
      fc.property(total, weights, (total, weights) => {
        const { shares } = allocate(total, weights)
        expect(shares).toHaveLength(weights.length)
        shares.forEach((share, index) => {
          expect(share).toBeGreaterThanOrEqual(0)
          expect(share).toBeLessThanOrEqual(weights[index] ?? -1)
        })
      }),
    )
  })

  it('leaves a rest only when the weights are used up or there is nothing to share', () => {
    fc.assert(
      fc.property(total, weights, (total, weights) => {
        const { shares, rest } = allocate(total, weights)
        if (total <= 0) expect({ rest, given: sum(shares) }).toEqual({ rest: total, given: 0n })
        else if (rest > 0) expect(shares).toEqual(weights)
        else expect(rest).toBe(0)
      }),
    )
  })

  it('is never a whole unit away from the exact share', () => {
    fc.assert(
      fc.property(minor, weights, (total, weights) => {
        const base = sum(weights)
        fc.pre(base > 0n && BigInt(total) <= base)
        allocate(total, weights).shares.forEach((share, index) => {
          const off = BigInt(share) * base - BigInt(total) * BigInt(weights[index] ?? 0)
          expect(off > -base && off < base).toBe(true)
        })
      }),
    )
  })

  it('gives a heavier place no less than a lighter one', () => {
    fc.assert(
      fc.property(minor, weights, (total, weights) => {
        const pairs = allocate(total, weights).shares.map((share, index) => ({
          share,
          weight: weights[index] ?? 0,
        }))
        pairs.sort((a, b) => a.weight - b.weight || a.share - b.share)
        pairs.reduce(
          (lighter, heavier) => {
            expect(heavier.share).toBeGreaterThanOrEqual(lighter.share)
            return heavier
          },
          { share: 0, weight: 0 },
        )
      }),
    )
  })

  it('gives the unit that is left over to the largest remainder, and to the earlier place in a tie', () => {
    expect(allocate(10, [1000, 1000, 1000])).toEqual({ shares: [4, 3, 3], rest: 0 })
    expect(allocate(5, [1, 1, 1, 5, 2])).toEqual({ shares: [1, 1, 0, 2, 1], rest: 0 })
    expect(allocate(2, [1, 1, 3])).toEqual({ shares: [1, 0, 1], rest: 0 })
    expect(allocate(100, [333, 333, 334])).toEqual({ shares: [33, 33, 34], rest: 0 })
  })

  it('shares nothing over nothing', () => {
    expect(allocate(500, [])).toEqual({ shares: [], rest: 500 })
    expect(allocate(500, [0, 0])).toEqual({ shares: [0, 0], rest: 500 })
  })
})

describe('split', () => {
  it('hands out the whole amount, whatever its sign and the weights', () => {
    fc.assert(
      fc.property(total, fc.array(minor, { minLength: 1, maxLength: 30 }), (total, weights) => {
        expect(sum(split(total, weights))).toBe(BigInt(total))
      }),
    )
  })

  it('is never a whole unit away from the exact share', () => {
    fc.assert(
      fc.property(total, fc.array(minor, { minLength: 1, maxLength: 30 }), (total, weights) => {
        const fair = sum(weights) > 0n ? weights : weights.map(() => 1)
        const base = sum(fair)
        split(total, weights).forEach((share, index) => {
          const off = BigInt(share) * base - BigInt(total) * BigInt(fair[index] ?? 0)
          expect(off > -base && off < base).toBe(true)
        })
      }),
    )
  })

  it('may give a place more than its weight', () => {
    expect(split(1000, [1, 3])).toEqual([250, 750])
  })

  it('gives equal shares where no place has a weight', () => {
    expect(split(1000, [0, 0, 0])).toEqual([334, 333, 333])
  })

  it('never gives a weightless place anything while another has a weight', () => {
    expect(split(7, [0, 2, 0, 1])).toEqual([0, 5, 0, 2])
  })

  it('splits a negative amount like the positive one', () => {
    expect(split(-1000, [1, 1, 1])).toEqual([-334, -333, -333])
  })

  it('gives plain zeros for nothing', () => {
    for (const share of split(0, [1, 2])) expect(Object.is(share, 0)).toBe(true)
  })
})
