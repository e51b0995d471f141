import type { Purchase, WarrantyRule } from '#contracts/purchase.ts'

/** The warranty of what was sold; the first rule that fits decides. Null: none. @param timeZone of the shop */
export function warrantyOf(
  { sku, name, purchasedAt, shippedAt }: Pick<Purchase, 'sku' | 'name' | 'purchasedAt' | 'shippedAt'>,
  rules: readonly WarrantyRule[],
  timeZone: string,
): Purchase['warranty'] {
  const rule = rules.find((one) => fits(one.sku, sku) && fits(one.name, name))
  if (!rule || rule.months === 0) return null
  const { months, from } = rule
  const start = from === 'shipment' ? shippedAt : purchasedAt
  if (start === null) return { months, startsOn: null, endsOn: null }
  const startsOn = localDate(start, timeZone)
  return { months, startsOn, endsOn: lastDay(startsOn, months) }
}

/** Whether a text is as a pattern says, in which "*" stands for any characters. */
function fits(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return text === pattern
  if (!text.startsWith(head)) return false
  let from = head.length
  for (const piece of rest) {
    const at = text.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return text.length - tail.length >= from && text.endsWith(tail)
}

/** The day on the calendar of the shop, YYYY-MM-DD. */
export function localDate(instant: string, timeZone: string): string {
  const format = { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const parts = new Intl.DateTimeFormat('en-CA', format).formatToParts(new Date(instant))
  const part = (type: 'year' | 'month' | 'day') => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`
}

/**
 * Of months that begin on this day. It is the eve of the same day of the month; where that month is too short for the eve,
 * its last day. Only days are counted: no clock is put forward or back between them.
 */
export function lastDay(startsOn: string, months: number): string {
  const [year = 0, month = 1, day = 1] = startsOn.split('-').map(Number)
  const lengthThen = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  const end = new Date(Date.UTC(year, month - 1 + months, Math.min(day - 1, lengthThen)))
  return end.toISOString().slice(0, 10)
}
