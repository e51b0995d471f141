/** Now, and later than the one before: what happened in the same millisecond still happened one after the other. */
export function risingInstant(before: string | undefined): string {
  return new Date(Math.max(Date.now(), before === undefined ? 0 : Date.parse(before) + 1)).toISOString()
}
