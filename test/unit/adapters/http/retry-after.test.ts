import { describe, expect, it } from 'vitest'
import { retryAfterMs } from '#adapters/http/retry-after.ts'

const NOW = Date.UTC(2026, 10, 21, 8, 30)

describe('Retry-After', () => {
  it.each<[header: string | undefined, ms: number | undefined]>([
    ['7', 7_000],
    [' 0 ', 0],
    ['Sat, 21 Nov 2026 08:31:00 GMT', 60_000],
    ['Sat, 21 Nov 2026 08:00:00 GMT', 0],
    ['99999999', 86_400_000],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is %s ms', (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms)
  })
})
