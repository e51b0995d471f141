export type Comparison = 'same' | 'different' | 'unknown'

/**
 * Compares what the ERP returned with what we would send, over the keys both have. Amounts compare by value ("12.30" is
 * 12.3), null and "" both say nothing, list entries may come in another order. Without a common key nothing is known.
 */
export function compareContent(expected: unknown, found: unknown): Comparison {
  if (isObject(expected) && isObject(found)) return compareObjects(expected, found)
  if (Array.isArray(expected) && Array.isArray(found)) return compareLists(expected, found)
  return compareLeaves(expected, found) ? 'same' : 'different'
}

function compareObjects(expected: Record<string, unknown>, found: Record<string, unknown>): Comparison {
  const common = Object.keys(expected).filter((key) => Object.hasOwn(found, key))
  return summarise(common.map((key) => compareContent(expected[key], found[key])))
}

function compareLists(expected: unknown[], found: unknown[]): Comparison {
  if (expected.length !== found.length) return 'different'
  if (expected.length === 0) return 'same'
  const inOrder = summarise(expected.map((entry, index) => compareContent(entry, found[index])))
  if (inOrder !== 'different') return inOrder
  const left = [...found]
  for (const entry of expected) {
    const index = left.findIndex((candidate) => compareContent(entry, candidate) === 'same')
    if (index < 0) return 'different'
    left.splice(index, 1)
  }
  return 'same'
}

function summarise(parts: readonly Comparison[]): Comparison {
  if (parts.includes('different')) return 'different'
  return parts.includes('same') ? 'same' : 'unknown'
}

function compareLeaves(expected: unknown, found: unknown): boolean {
  return leaf(expected) === leaf(found)
}

/** One spelling for each value; anything else, an object where text was expected, equals nothing but itself. */
function leaf(value: unknown): unknown {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string' && typeof value !== 'number') return value
  const text = String(value).trim()
  // A leading zero makes it a code, not a number.
  const decimal = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/.exec(text)
  if (!decimal) return text
  const [, sign, whole = '', places = ''] = decimal
  const trimmed = places.replace(/0+$/, '')
  const digits = trimmed ? `${whole}.${trimmed}` : whole
  return digits === '0' ? digits : `${sign}${digits}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const NOTHING = Symbol('nothing')

/** What two JSON values have in common: members that are equal in both. Lists stay whole or go. */
export function commonContent(one: unknown, other: unknown): unknown {
  const common = commonPart(one, other)
  return common === NOTHING ? {} : common
}

function commonPart(one: unknown, other: unknown): unknown {
  if (isObject(one) && isObject(other)) {
    const members = Object.keys(one).map((key) => [
      key,
      Object.hasOwn(other, key) ? commonPart(one[key], other[key]) : NOTHING,
    ])
    return Object.fromEntries(members.filter(([, part]) => part !== NOTHING))
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    const entries = one.map((entry, index) => commonPart(entry, other[index]))
    return one.length === other.length && !entries.includes(NOTHING) ? entries : NOTHING
  }
  return one === other ? one : NOTHING
}
