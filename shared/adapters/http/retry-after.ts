const LONGEST = 24 * 3_600_000

/** Retry-After (RFC 9110 §10.2.3: seconds or a date) in milliseconds from `now`, at most a day. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), LONGEST)
}
