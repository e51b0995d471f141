import type { ErpDocument } from '#ports/erp-gateway.ts'

export type Addressed =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly missing: 'id' | 'no' | 'usable' }

/** Path and query with their placeholders filled in, percent-encoded. */
export function addressOf(
  operation: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  reference: string,
  document: Pick<ErpDocument, 'id' | 'no'> | undefined,
): Addressed {
  const values: Record<string, string | undefined> = { reference, id: document?.id, no: document?.no }
  const wanted = [operation.path, ...Object.values(operation.query)].join('').matchAll(/\{(\w+)\}/g)
  for (const [, name = ''] of wanted) {
    const value = values[name]
    if (value === undefined) return { ok: false, missing: name === 'no' ? 'no' : 'id' }
    // A segment of dots would climb out of the path.
    if (value === '' || value === '.' || value === '..') return { ok: false, missing: 'usable' }
  }
  const raw = (template: string) => template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encode(values[name] ?? ''))
  const query = Object.entries(operation.query).map(
    ([name, template]) => `${encode(name)}=${encode(raw(template))}`,
  )
  return { ok: true, url: query.length > 0 ? `${path}?${query.join('&')}` : path }
}

const encode = (text: string) => encodeURIComponent(text.toWellFormed())
