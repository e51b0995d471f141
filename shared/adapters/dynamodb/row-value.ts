import { gunzipSync, gzipSync } from 'node:zlib'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'

/** Above this a row is gzipped: it is read and written several times, and a thousand lines are 100 kB of text. */
const PLAIN_ROW_BYTES = 8_192

export function toRowValue(row: unknown): AttributeValue {
  const json = JSON.stringify(row)
  return Buffer.byteLength(json) > PLAIN_ROW_BYTES ? { B: gzipSync(json) } : { S: json }
}

/** Throws for what is neither; the error may quote the content. */
export function fromRowValue(value: AttributeValue | undefined): unknown {
  return JSON.parse(value?.B ? gunzipSync(value.B).toString() : (value?.S ?? ''))
}
