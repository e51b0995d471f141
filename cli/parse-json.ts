/** Undefined stands for "not JSON": no JSON text means it. The parser's own message quotes the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
