const AMOUNT = /^(-?)(\d{1,13})(?:\.(\d{1,2})0*)?$/
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/**
 * `$money(amount[, form])`: an amount of the order, which is a decimal string, as a number (12.3), as a string ("12.30") or
 * in minor units (1230). Exact; sums belong in minor units.
 */
export function money(amount: unknown, form: unknown = 'number'): number | string | undefined {
  if (amount === undefined || amount === null) return undefined
  const parts = typeof amount === 'string' ? AMOUNT.exec(amount) : null
  if (!parts) throw new Error('the amount is not a decimal string of the order such as "12.30"')
  const [, sign = '', whole = '', places = ''] = parts
  const plain = `${BigInt(whole)}.${places.padEnd(2, '0')}`
  const exact = plain === '0.00' ? plain : `${sign}${plain}`
  switch (form) {
    case 'number':
      return Number(exact)
    case 'string':
      return exact
    case 'minor':
      return Number(exact.replace('.', ''))
    default:
      throw new Error('the form is none of "number", "string", "minor"')
  }
}

const DATE_FORMS: Readonly<Record<string, (part: (name: string) => string) => string>> = {
  YYYYMMDD: (part) => `${part('year')}${part('month')}${part('day')}`,
  'YYYY-MM-DD': (part) => `${part('year')}-${part('month')}-${part('day')}`,
  'YYYY-MM-DD HH:mm:ss': (part) =>
    `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}`,
}
const EPOCH_FORMS: Readonly<Record<string, (ms: number) => number>> = {
  epoch: (ms) => Math.floor(ms / 1000),
  epochMs: (ms) => ms,
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/**
 * `$date(instant, form[, zone])`: an instant of the order as a date or time in a zone, by default the shop's: an order at
 * 07:00 in China is not yesterday's.
 */
export function date(instant: unknown, form: unknown, zone: unknown): string | number | undefined {
  if (instant === undefined || instant === null) return undefined
  if (typeof instant !== 'string' || !INSTANT.test(instant)) {
    throw new Error('the instant is not one of the order’s such as "2026-11-21T08:30:00Z"')
  }
  const name = String(form)
  const ms = Date.parse(instant)
  if (Object.hasOwn(EPOCH_FORMS, name)) return EPOCH_FORMS[name]?.(ms)
  const write = Object.hasOwn(DATE_FORMS, name) ? DATE_FORMS[name] : undefined
  if (!write) {
    throw new Error(
      `the form is none of ${[...Object.keys(DATE_FORMS), ...Object.keys(EPOCH_FORMS)].map((known) => `"${known}"`).join(', ')}`,
    )
  }
  const parts = clockOf(zone).formatToParts(ms)
  return write((wanted) => parts.find(({ type }) => type === wanted)?.value.padStart(2, '0') ?? '')
}

function clockOf(zone: unknown): Intl.DateTimeFormat {
  if (typeof zone !== 'string')
    throw new Error('there is no order here whose time zone could be used: name the zone')
  const known = clocks.get(zone)
  if (known) return known
  try {
    const clock = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    clocks.set(zone, clock)
    return clock
  } catch {
    throw new Error('the zone is not an IANA time zone such as "Asia/Shanghai"')
  }
}
