/** The names a contract spells out, without its "any other field". */
export type Known<T> = keyof { [Name in keyof T as string extends Name ? never : Name]: T[Name] }

/** What a row has beyond the names given: it reaches a mapping under `extra`. */
export function unknownFields(
  row: Record<string, unknown>,
  known: Readonly<Record<string, true | undefined>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => known[name] !== true))
}
