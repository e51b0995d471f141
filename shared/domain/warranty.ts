import type { Purchase, WarrantyRule } from '#contracts/purchase.ts'
import { epochMs, lastDayOf } from './calendar.ts'
import { dayIn } from './due.ts'

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
  const startsOn = dayIn(epochMs(start), timeZone)
  return { months, startsOn, endsOn: lastDayOf(months, startsOn) }
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
