/** Words of a key that stand for a person, or for what lets somebody act as one. */
const DENIED = new Set(
  [
    'consignee buyer receiver recipient payee',
    'mobile tel telephone phone email mail address zipcode',
    'postscript landmark',
    'body headers authorization signature secret password token',
  ]
    .join(' ')
    .split(' '),
)
const DENIED_WHOLE = new Set([
  'name',
  'username',
  'nickname',
  'firstname',
  'lastname',
  'fullname',
  'realname',
])
const NAMED_PERSON = /^(user|customer|contact|member|guest)name$/

function isDenied(key: string): boolean {
  const words = key.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase())
  const whole = words.join('')
  return DENIED_WHOLE.has(whole) || NAMED_PERSON.test(whole) || words.some((word) => DENIED.has(word))
}

/**
 * A copy without the keys that carry people or secrets, at any depth. A net under the rule that fields hold references and
 * numbers only: it knows keys, not what stands in a text.
 */
export function withoutPeople(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => !isDenied(key))
      .map(([key, value]) => [key, inner(value)]),
  )
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inner)
  if (value instanceof Error) return describe(value)
  if (value === null || typeof value !== 'object') return value
  return withoutPeople({ ...value })
}

/** A SyntaxError quotes the text it could not parse, so that only its kind is kept. */
function describe(error: Error): Record<string, unknown> {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line))
  return {
    kind: error.name,
    ...(!(error instanceof SyntaxError) && { message: error.message }),
    stack: frames?.slice(0, 10).map((line) => line.trim()),
  }
}
