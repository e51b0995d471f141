import { gunzipSync, gzipSync } from 'node:zlib'

/** DynamoDB takes 400 kB in an item; a body that gzip does not get below this is cut. */
const PART_BYTES = 380_000

/** A text, gzipped, in pieces that fit into an item each; at least one. */
export function toParts(text: string): Uint8Array[] {
  const bytes = gzipSync(text)
  const parts: Uint8Array[] = []
  for (let from = 0; from < bytes.length; from += PART_BYTES)
    parts.push(bytes.subarray(from, from + PART_BYTES))
  return parts
}

/** Throws for what is no gzip; the error may quote the content. */
export function fromParts(parts: readonly Uint8Array[]): string {
  return gunzipSync(Buffer.concat(parts)).toString()
}
