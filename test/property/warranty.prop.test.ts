import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type WarrantyRule, WarrantyRuleSchema } from '#contracts/purchase.ts'
import { warrantyOf } from '#domain/warranty.ts'
import { aPurchase } from '../support/a-purchase.ts'

const DAY = 86_400_000
const utc = (day: string) => Date.parse(`${day}T00:00:00Z`)
const rule = (change: Partial<WarrantyRule>): WarrantyRule =>
  WarrantyRuleSchema.parse({ months: 12, ...change })
const term = (shippedAt: string, months: number, timeZone = 'Asia/Shanghai') => {
  const warranty = warrantyOf(aPurchase({ shippedAt }), [rule({ months })], timeZone)
  if (!warranty || warranty.startsOn === null || warranty.endsOn === null) throw new Error('it has no term')
  return { startsOn: warranty.startsOn, endsOn: warranty.endsOn }
}

const instant = fc
  .date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString())
const months = fc.integer({ min: 1, max: 600 })
/** Noon in Shanghai of any day, the odd ones as often as all others. */
const day = fc.oneof(
  instant,
  fc
    .constantFrom('2024-02-29', '2023-02-28', '2026-01-31', '2026-03-31', '2026-12-31', '2026-03-01')
    .map((text) => `${text}T04:00:00.000Z`),
)

describe('a warranty', () => {
  it('lasts up to the eve of the day it began on, or to the end of a month that has no such eve', () => {
    fc.assert(
      fc.property(day, months, (shippedAt, count) => {
        const { startsOn, endsOn } = term(shippedAt, count)
        const next = new Date(utc(endsOn) + DAY)
        const start = new Date(utc(startsOn))
        const passed =
          (next.getUTCFullYear() - start.getUTCFullYear()) * 12 + next.getUTCMonth() - start.getUTCMonth()
        const isSameDay = passed === count && next.getUTCDate() === start.getUTCDate()
        // The first of the month after one that is too short.
        const isEndOfShort =
          passed === count + 1 &&
          next.getUTCDate() === 1 &&
          new Date(utc(endsOn)).getUTCDate() < start.getUTCDate()
        expect(isSameDay || isEndOfShort).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never ends earlier for being longer, or for beginning later', () => {
    fc.assert(
      fc.property(day, day, months, months, (one, other, few, many) => {
        const [early, late] = [one, other].toSorted() as [string, string]
        const [shorter, longer] = [few, many].toSorted((a, b) => a - b) as [number, number]
        expect(term(early, shorter).endsOn <= term(late, longer).endsOn).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('begins on the day that the calendar of the shop shows', () => {
    const zones = fc.constantFrom(
      ['Asia/Shanghai', 8],
      ['Etc/GMT+11', -11],
      ['Pacific/Kiritimati', 14],
      ['UTC', 0],
    )
    fc.assert(
      fc.property(instant, zones, (shippedAt, [zone, hours]) => {
        const there = new Date(Date.parse(shippedAt) + Number(hours) * 3_600_000).toISOString().slice(0, 10)
        expect(term(shippedAt, 12, String(zone)).startsOn).toBe(there)
      }),
    )
  })

  it('counts days alone, so that a clock put forward meanwhile takes none', () => {
    fc.assert(
      fc.property(instant, months, (shippedAt, count) => {
        const there = term(shippedAt, count, 'America/New_York')
        expect(term(`${there.startsOn}T12:00:00Z`, count, 'UTC')).toEqual(there)
      }),
    )
  })

  it.each([
    ['2024-02-29', 12, '2025-02-28'],
    ['2023-03-01', 12, '2024-02-29'],
    ['2026-01-31', 1, '2026-02-28'],
    ['2026-01-28', 1, '2026-02-27'],
    ['2026-11-20', 24, '2028-11-19'],
    ['2026-01-01', 1, '2026-01-31'],
  ])('that begins on %s for %i months ends on %s', (startsOn, count, endsOn) => {
    expect(term(`${startsOn}T04:00:00Z`, count)).toEqual({ startsOn, endsOn })
  })
})

describe('the rules of warranty', () => {
  const bought = aPurchase({ sku: 'BLD-01', name: '样例搅拌机' })
  const monthsBy = (...rules: Partial<WarrantyRule>[]) =>
    warrantyOf(bought, rules.map(rule), 'Asia/Shanghai')?.months

  it('are asked in their order, and the first that fits decides', () => {
    expect(monthsBy({ sku: 'LAMP-*', months: 3 }, { sku: 'BLD-*', months: 24 }, { months: 12 })).toBe(24)
  })

  it('fit by patterns on SKU and name, both', () => {
    expect(monthsBy({ sku: 'B*-*1', name: '*搅拌*', months: 6 })).toBe(6)
    expect(monthsBy({ sku: 'BLD-01', name: '*灯*', months: 6 })).toBeUndefined()
    expect(monthsBy({ sku: 'BLD-0', months: 6 })).toBeUndefined()
    expect(monthsBy({ sku: 'BLD-01*01', months: 6 })).toBeUndefined()
  })

  it('give none where none fits, or the one that fits says so', () => {
    expect(monthsBy()).toBeUndefined()
    expect(monthsBy({ sku: 'BLD-*', months: 0 }, { months: 12 })).toBeUndefined()
  })

  it('let it begin with the purchase where they say so, and not at all before the shipment elsewhere', () => {
    const waiting = aPurchase({ purchasedAt: '2026-03-01T17:00:00Z', shippedAt: null })
    const from = (start: WarrantyRule['from']) =>
      warrantyOf(waiting, [rule({ from: start })], 'Asia/Shanghai')
    expect(from('purchase')).toEqual({ months: 12, startsOn: '2026-03-02', endsOn: '2027-03-01' })
    expect(from('shipment')).toEqual({ months: 12, startsOn: null, endsOn: null })
  })
})
