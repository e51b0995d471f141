import { gunzipSync } from 'node:zlib'

/** Ways a text may lie in bytes: UTF-8, UTF-16, escaped in JSON, and base64 from any place. */
function spellings(text: string): Buffer[] {
  const utf8 = Buffer.from(text)
  const escaped = text.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const base64 = [0, 1, 2].map((shift) => {
    const inner = Buffer.concat([Buffer.alloc(shift), utf8]).toString('base64')
    // The characters at both ends depend on what stands beside it.
    const from = shift === 0 ? 0 : 4
    return Buffer.from(inner.slice(from, inner.length - 4))
  })
  return [
    utf8,
    Buffer.from(text, 'utf16le'),
    Buffer.from(text, 'utf16le').swap16(),
    Buffer.from(escaped),
    ...base64,
  ]
}

/** Which of these texts lie in bytes, or in what is gzipped there. */
export function tracesIn(bytes: Buffer, texts: readonly string[]): string[] {
  const layers = [bytes, ...unzipped(bytes)]
  return texts.filter((text) =>
    spellings(text).some(
      (spelling) => spelling.length > 3 && layers.some((layer) => layer.includes(spelling)),
    ),
  )
}

function unzipped(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  const magic = Buffer.from([0x1f, 0x8b, 0x08])
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    try {
      found.push(gunzipSync(bytes.subarray(at)))
    } catch {
      // Not everything that looks so is gzip.
    }
  }
  return found
}
