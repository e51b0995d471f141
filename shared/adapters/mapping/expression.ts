import jsonata from 'jsonata'

/** Guards against a mapping that runs away, not against a slow one. */
const LIMITS = { timeout: 5_000, stack: 5_000, sequence: 1_000_000 }

/** The same input must always give the same bytes: these read a clock, a dice, or hide what they do. */
const REFUSED: Readonly<Record<string, string>> = {
  now: 'reads the clock: a request that is repeated would differ. Use the order’s own instants with $date',
  millis: 'reads the clock: a request that is repeated would differ. Use the order’s own instants with $date',
  random: 'gives another value each time: a request that is repeated would differ',
  shuffle: 'gives another order each time: a request that is repeated would differ',
  toMillis: 'takes what a text leaves out from the clock. Use $date(instant, "epochMs")',
  eval: 'runs text as an expression, which cannot be checked beforehand',
}

export type Ran =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string }
export type Compiled =
  | { readonly ok: true; readonly run: (input: unknown, helpers?: Record<string, unknown>) => Promise<Ran> }
  | { readonly ok: false; readonly problem: string }

/**
 * Compiles a JSONata expression. Problems are sentences naming `where`, the line and the token.
 * @param where a file or a setting, as the merchant knows it
 */
export function compileExpression(text: string, where: string): Compiled {
  const place = (position: unknown, token: unknown) => describePlace(text, where, position, token)
  let compiled: jsonata.Expression
  try {
    compiled = jsonata(text, LIMITS)
  } catch (error) {
    const { position, token, message } = readError(error)
    return { ok: false, problem: `${place(position, token)}: ${message}` }
  }
  for (const { name, position } of variablesOf(compiled.ast())) {
    const why = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined
    if (why) return { ok: false, problem: `${place(position, `$${name}`)}: it ${why}` }
  }
  return {
    ok: true,
    async run(input, helpers = {}) {
      try {
        return { ok: true, value: await compiled.evaluate(input, helpers) }
      } catch (error) {
        const { position, token, message } = readError(error)
        return { ok: false, problem: `${place(position, token)}: ${withoutValues(message, error)}` }
      }
    },
  }
}

function describePlace(text: string, where: string, position: unknown, token: unknown): string {
  const line = typeof position === 'number' ? text.slice(0, position).split('\n').length : undefined
  return [
    where,
    ...(line !== undefined && text.includes('\n') ? [`line ${line}`] : []),
    ...(typeof token === 'string' && token !== '(end)' ? [`at "${token}"`] : []),
  ].join(', ')
}

function* variablesOf(
  node: unknown,
  seen = new Set<object>(),
): Generator<{ name: string; position: unknown }> {
  if (typeof node !== 'object' || node === null || seen.has(node)) return
  seen.add(node)
  if ('type' in node && node.type === 'variable' && 'value' in node && typeof node.value === 'string') {
    yield { name: node.value, position: 'position' in node ? node.position : undefined }
  }
  for (const child of Object.values(node)) yield* variablesOf(child, seen)
}

/** JSONata throws plain objects {code, position, token, value, message}. */
function readError(error: unknown): { position: unknown; token: unknown; message: string } {
  const read = (name: string): unknown =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
  const message = read('message')
  return {
    position: read('position'),
    token: read('token'),
    message: typeof message === 'string' ? message : 'failed',
  }
}

/** JSONata quotes the value it stumbled over, which may be somebody’s name. */
function withoutValues(message: string, error: unknown): string {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'value') : undefined
  if (value === undefined || typeof value === 'function') return message
  return message.replaceAll(JSON.stringify(value) ?? '', '…')
}
