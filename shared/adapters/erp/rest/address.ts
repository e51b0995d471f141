import type { ErpDocument } from '#ports/erp-gateway.ts'

export type Addressed =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly missing: 'id' | 'no' | 'usable' }

interface Template {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** Path and query with their placeholders filled in, percent-encoded. */
export function addressOf(
  operation: Template,
  reference: string,
  document: Pick<ErpDocument, 'id' | 'no'> | undefined,
): Addressed {
  const values: Record<string, string | undefined> = { reference, id: document?.id, no: document?.no }
  for (const name of namesIn([operation.path, ...Object.values(operation.query)])) {
    const value = values[name]
    if (value === undefined) return { ok: false, missing: name === 'no' ? 'no' : 'id' }
    if (!canBeSegment(value)) return { ok: false, missing: 'usable' }
  }
  return { ok: true, url: fillIn(operation, values) }
}

/**
 * The same for a read: a parameter whose placeholder has no value is left out. Undefined where a path would lack one, or
 * be led elsewhere by one.
 */
export function readAddressOf(
  operation: Template,
  values: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const fits = namesIn([operation.path]).every((name) => {
    const value = values[name]
    return value !== undefined && canBeSegment(value)
  })
  if (!fits) return undefined
  const query = Object.entries(operation.query).filter(([, template]) =>
    namesIn([template]).every((name) => values[name] !== undefined),
  )
  return fillIn({ path: operation.path, query: Object.fromEntries(query) }, values)
}

/** The placeholders that path and query have. */
export const placeholdersOf = ({ path, query }: Template) => namesIn([path, ...Object.values(query)])

const namesIn = (texts: readonly string[]) =>
  [...texts.join('').matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

/** A segment of dots would climb out of the path. */
const canBeSegment = (value: string) => value !== '' && value !== '.' && value !== '..'

function fillIn(operation: Template, values: Readonly<Record<string, string | undefined>>): string {
  const raw = (template: string) => template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encode(values[name] ?? ''))
  const query = Object.entries(operation.query).map(
    ([name, template]) => `${encode(name)}=${encode(raw(template))}`,
  )
  return query.length > 0 ? `${path}?${query.join('&')}` : path
}

const encode = (text: string) => encodeURIComponent(text.toWellFormed())
