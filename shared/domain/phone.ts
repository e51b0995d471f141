/**
 * A phone number in one spelling: digits only, without the Chinese country code; a foreign one keeps its "+". Empty where
 * there are too few digits to tell anybody by.
 */
export function normalisedPhone(text: string): string {
  const halfWidth = text.normalize('NFKC')
  const foreign = /^\s*(\+|00)(?!86)/.test(halfWidth)
  const digits = halfWidth.replace(/\D/g, '').replace(/^00/, '')
  const local = foreign ? digits : digits.replace(/^86(?=1\d{10}$|0?\d{9,11}$)/, '')
  if (local.length < 7) return ''
  return foreign ? `+${local}` : local
}
