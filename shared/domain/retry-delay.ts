/** Ten days: older messages are parked (protocol §3, age). */
export const MAX_AGE_MS = 10 * 24 * 3_600_000
export const LONGEST_RETRY_MS = 30 * 60_000

/**
 * `clamp(age / 10, floor, 30 min) ± 20 %`: an outage of days needs few receives, a hiccup is over soon.
 * @param random uniform in [0, 1)
 */
export function retryDelay(ageMs: number, floorMs: number, random: number): number {
  const base = Math.min(LONGEST_RETRY_MS, Math.max(floorMs, ageMs / 10))
  return Math.round(base * (0.8 + 0.4 * random))
}

/** 1 to 10 s, for a lock somebody else holds; never above the floor of an ordinary retry. */
export function contendedDelay(floorMs: number, random: number): number {
  return Math.round(Math.min(floorMs, 1_000 + 9_000 * random))
}

/** @param ordinaryMs what the age of the message asks for */
export function closedGateDelay(
  entry: { readonly why: 'breaker' | 'slots' | 'rate'; readonly retryAfterMs: number },
  ordinaryMs: number,
  floorMs: number,
  random: number,
): number {
  // Somebody else is at work: that is soon over, unlike an outage.
  if (entry.why === 'slots') return contendedDelay(floorMs, random)
  return Math.max(ordinaryMs, Math.min(entry.retryAfterMs, LONGEST_RETRY_MS))
}
