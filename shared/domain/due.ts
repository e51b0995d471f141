const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** A tick a little early counts: schedules fire every minute, and never quite on it. */
export function isDue(startedAt: number | undefined, everyMinutes: number, now: number): boolean {
  return startedAt === undefined || now - startedAt >= (everyMinutes - 0.5) * MINUTE_MS
}

/**
 * The day, `YYYY-MM-DD` there, of the last night that has begun: it changes at `at` (`HH:MM`) in the zone. A night is new
 * if it is *later* than the last one: where a clock is put back over `at`, it seems not to have begun for an hour.
 */
export function nightOf(
  now: number,
  { at, timeZone }: { readonly at: string; readonly timeZone: string },
): string {
  const today = dayIn(now, timeZone)
  return timeIn(now, timeZone) >= at ? today : dayBefore(now, timeZone)
}

/** `YYYY-MM-DD` of an instant, as a calendar in the zone shows it. */
export function dayIn(instant: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(instant)
}

/** A day has 23 to 25 hours. */
function dayBefore(now: number, timeZone: string): string {
  const day = dayIn(now - 23 * HOUR_MS, timeZone)
  return day === dayIn(now, timeZone) ? dayIn(now - 25 * HOUR_MS, timeZone) : day
}

function timeIn(instant: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'short' }).format(instant)
}
