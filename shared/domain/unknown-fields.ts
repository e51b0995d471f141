/** What a snapshot has beyond the names given: it reaches a mapping under `extra`. */
export function unknownFields(
  row: Record<string, unknown>,
  known: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !known.includes(name)))
}
