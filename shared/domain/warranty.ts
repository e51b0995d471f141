import type { Purchase, WarrantyRule } from '#contracts/purchase.ts'
import { epochMs, lastDayOf } from './calendar.ts'
import { dayIn } from './due.ts'
import { fitsPattern } from './pattern.ts'

/** The warranty of what was sold; the first rule that fits decides. Null: none. @param timeZone of the shop */
export function warrantyOf(
  { sku, name, purchasedAt, shippedAt }: Pick<Purchase, 'sku' | 'name' | 'purchasedAt' | 'shippedAt'>,
  rules: readonly WarrantyRule[],
  timeZone: string,
): Purchase['warranty'] {
  const rule = rules.find((one) => fitsPattern(one.sku, sku) && fitsPattern(one.name, name))
  if (!rule || rule.months === 0) return null
  const { months, from } = rule
  const start = from === 'shipment' ? shippedAt : purchasedAt
  if (start === null) return { months, startsOn: null, endsOn: null }
  const startsOn = dayIn(epochMs(start), timeZone)
  return { months, startsOn, endsOn: lastDayOf(months, startsOn) }
}
