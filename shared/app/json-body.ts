export type JsonBody =
  | { readonly is: 'json'; readonly value: unknown }
  | { readonly is: 'invalid-encoding' }
  | { readonly is: 'not-json' }

/** Reads a body as UTF-8 and JSON, and says which of the two it is not. */
export function jsonBody(bytes: Uint8Array): JsonBody {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { is: 'invalid-encoding' }
  }
  try {
    return { is: 'json', value: JSON.parse(text) }
  } catch {
    return { is: 'not-json' }
  }
}
