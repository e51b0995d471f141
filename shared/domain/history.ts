import type { HistoryEntry } from '#contracts/ledger-row.ts'

const HEAD = 8
const TAIL = 32

/** Appends, keeping the beginning and the end of a long life. */
export function appended(history: readonly HistoryEntry[], entry: HistoryEntry): HistoryEntry[] {
  const all = [...history, entry]
  return all.length <= HEAD + TAIL ? all : [...all.slice(0, HEAD), ...all.slice(all.length - TAIL)]
}
