import { describe, expect, it } from 'vitest'
import { dayIn, isDue, nightOf } from '#domain/due.ts'

const at = (text: string) => Date.parse(text)
const SHANGHAI = { at: '03:30', timeZone: 'Asia/Shanghai' }
const BERLIN = { at: '02:30', timeZone: 'Europe/Berlin' }

describe('a run', () => {
  const now = at('2026-11-21T08:30:00Z')

  it('is due when it has never run', () => {
    expect(isDue(undefined, 5, now)).toBe(true)
  })

  it('is due with the tick that comes nearest to its time, early or late', () => {
    expect(isDue(now - 4 * 60_000, 5, now)).toBe(false)
    expect(isDue(now - 4.4 * 60_000, 5, now)).toBe(false)
    expect(isDue(now - 4.5 * 60_000, 5, now)).toBe(true)
    expect(isDue(now - 7 * 60_000, 5, now)).toBe(true)
  })

  it('of every minute is due with every tick', () => {
    expect(isDue(now - 59_000, 1, now)).toBe(true)
    expect(isDue(now, 1, now)).toBe(false)
  })
})

describe('a night', () => {
  it('begins at its time in the zone, and has the name of that day', () => {
    expect(nightOf(at('2026-11-20T19:29:59Z'), SHANGHAI)).toBe('2026-11-20')
    expect(nightOf(at('2026-11-20T19:30:00Z'), SHANGHAI)).toBe('2026-11-21')
    expect(nightOf(at('2026-11-21T15:59:00Z'), SHANGHAI)).toBe('2026-11-21')
    expect(nightOf(at('2026-11-21T16:00:00Z'), SHANGHAI)).toBe('2026-11-21')
  })

  it('at midnight is the day itself', () => {
    const midnight = { at: '00:00', timeZone: 'Asia/Shanghai' }
    expect(nightOf(at('2026-11-20T15:59:00Z'), midnight)).toBe('2026-11-20')
    expect(nightOf(at('2026-11-20T16:00:00Z'), midnight)).toBe('2026-11-21')
  })

  it('comes once where the clock is put forward over it, and once where it passes twice', () => {
    const nights = (from: string, hours: number) =>
      new Set(
        Array.from({ length: hours * 4 }, (_, quarter) => nightOf(at(from) + quarter * 900_000, BERLIN)),
      )
    expect([...nights('2027-03-27T12:00:00Z', 24)]).toEqual(['2027-03-27', '2027-03-28'])
    expect([...nights('2026-10-24T12:00:00Z', 24)]).toEqual(['2026-10-24', '2026-10-25'])
  })

  it('before its time is that of the day before, even where that day had 23 hours', () => {
    expect(nightOf(at('2027-03-28T22:15:00Z'), { ...BERLIN, at: '00:30' })).toBe('2027-03-28')
  })

  it.each(['2026-10-24T12:00:00Z', '2027-03-27T12:00:00Z'])(
    'is later once a day in the days after %s',
    (from) => {
      for (const night of ['00:30', '02:30', '03:00']) {
        const found = ['2026-01-01']
        for (let tick = 0; tick < 12 * 12; tick += 1) {
          const now = nightOf(at(from) + tick * 1_200_000, { ...BERLIN, at: night })
          if (now > (found.at(-1) ?? '')) found.push(now)
        }
        const first = Date.parse(from.slice(0, 10))
        const days = [0, 1, 2].map((day) => new Date(first + day * 86_400_000).toISOString().slice(0, 10))
        expect(found.slice(1)).toEqual(days)
      }
    },
  )
})

describe('a day', () => {
  it('is the one a calendar in the zone shows', () => {
    expect(dayIn(at('2026-11-20T15:59:59Z'), 'Asia/Shanghai')).toBe('2026-11-20')
    expect(dayIn(at('2026-11-20T16:00:00Z'), 'Asia/Shanghai')).toBe('2026-11-21')
  })
})
