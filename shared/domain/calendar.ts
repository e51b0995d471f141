/** Instants and days as they are written; nothing here reads a clock. */

/** Of an ISO-8601 instant. */
export function epochMs(instant: string): number {
  // oxlint-disable-next-line no-restricted-globals -- converts a text it is given; reads no clock
  return Date.parse(instant)
}

/** The day and the time there: `2026-11-20 15:30`. */
export function localTime(instant: string, timeZone: string): string {
  const style = { timeZone, dateStyle: 'short', timeStyle: 'short' } as const
  return new Intl.DateTimeFormat('sv-SE', style).format(epochMs(instant))
}

/**
 * The last day of so many months (at least one) that begin on this day: the eve of the same day of a later month; where that
 * month is too short for the eve, its end. Only days are counted: no clock is put forward or back between them.
 */
export function lastDayOf(months: number, startsOn: string): string {
  const [year = 0, month = 1, day = 1] = startsOn.split('-').map(Number)
  const since = year * 12 + (month - 1) + months
  // The eve of a first is the end of the month before.
  const then = day === 1 ? since - 1 : since
  const length = daysIn(then)
  const eve = day === 1 ? length : Math.min(day - 1, length)
  const digits = (value: number, count: number) => String(value).padStart(count, '0')
  return `${digits(Math.floor(then / 12), 4)}-${digits((then % 12) + 1, 2)}-${digits(eve, 2)}`
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** @param month counted from January of the year 0 */
function daysIn(month: number): number {
  const year = Math.floor(month / 12)
  const leaps = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month % 12 === 1 && leaps ? 29 : (LENGTHS[month % 12] ?? 0)
}
