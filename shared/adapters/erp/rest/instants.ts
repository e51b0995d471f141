/**
 * An ERP’s instant as epoch ms: ISO 8601 with its zone, a date or time without one, which is read in `timeZone`, or epoch
 * seconds or milliseconds. Undefined for anything else.
 */
export function toInstant(value: string | number, timeZone: string): number | undefined {
  const text = String(value).trim()
  if (/^\d{10}$/.test(text)) return Number(text) * 1000
  if (/^\d{13}$/.test(text)) return Number(text)
  const parts =
    /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text)
  if (!parts) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone] = parts
  const local = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(local)) return undefined
  if (zone === 'Z') return local
  if (zone !== undefined) return local - minutesOf(zone) * 60_000
  // Twice, because the first guess may lie on the other side of a change of the clocks.
  const guess = local - offsetAt(local, timeZone)
  return local - offsetAt(guess, timeZone)
}

function minutesOf(zone: string): number {
  const [hours, minutes] = [zone.slice(1, 3), zone.slice(-2)].map(Number)
  return (zone.startsWith('-') ? -1 : 1) * ((hours ?? 0) * 60 + (minutes ?? 0))
}

/** How far the clocks of the zone are ahead of UTC, ms. */
function offsetAt(instant: number, timeZone: string): number {
  const shown = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(instant)
  return Date.parse(`${shown.replace(' ', 'T')}Z`) - Math.floor(instant / 1000) * 1000
}
