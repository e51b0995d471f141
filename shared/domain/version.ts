import type { Version } from '#contracts/scalars.ts'

/** Negative when `a` is older. Epochs order by their position in the shop's list, then seq decides (protocol §1). */
export function compareVersions(a: Version, b: Version): number {
  return a.epochNo - b.epochNo || a.seq - b.seq
}

export const isOlder = (a: Version, b: Version): boolean => compareVersions(a, b) < 0
export const newerOf = (a: Version, b: Version): Version => (isOlder(a, b) ? b : a)
