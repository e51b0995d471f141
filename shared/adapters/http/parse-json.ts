export type ParsedJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false }

/**
 * Reads JSON whose numbers a double cannot hold: such a number comes back as the string of its digits, so that an id of
 * 64 bits stays what it is.
 */
export function parseJson(text: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text, keepDigits) }
  } catch {
    return { ok: false }
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  const whole = /^-?\d+$/.test(context.source)
  return (whole && !Number.isSafeInteger(value)) || !Number.isFinite(value) ? context.source : value
}
