import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { Version } from '#contracts/scalars.ts'
import { DAY_MS } from './due.ts'
import { isOlder } from './version.ts'

/** What the shop was found to say of a thing: its content is at least as new as the version, never older. */
export interface ShopFact {
  readonly version: Version
  /** Undefined = it is gone. */
  readonly wireHash: string | undefined
}

/**
 * `seen`: nothing to do · `confirm`: the ledger has this very state, under an older version, which is raised so that nothing
 * in between passes for news · `queued`: its message is on its way · `busy`: a worker is at it, look again · `withheld`: a
 * person decides · `enqueue`.
 */
export type SweepVerdict = 'seen' | 'confirm' | 'queued' | 'busy' | 'withheld' | 'enqueue'

export function sweepVerdict(
  row: LedgerRow | undefined,
  fact: ShopFact,
  { now, holding }: { readonly now: number; readonly holding: boolean },
): SweepVerdict {
  if (!row) return 'enqueue'
  if (row.status === 'erased') return 'seen'
  // A row that the sweep made says what was enqueued, not what was delivered.
  const delivered = row.status !== 'new'
  if (delivered && !isOlder(row.seen.version, fact.version)) return 'seen'
  if (isOnItsWay(row, now) && !isOlder(row.enqueued.version, fact.version)) return 'queued'
  if (isClaimed(row, now)) return 'busy'
  if (delivered && saysSame(row, fact.wireHash)) return 'confirm'
  if (delivered && holding && row.seen.version.epochNo < fact.version.epochNo) return 'withheld'
  return 'enqueue'
}

/** Enqueued by the sweep within a day, and nothing as new was delivered since. */
export function isOnItsWay(
  row: LedgerRow,
  now: number,
): row is LedgerRow & { enqueued: NonNullable<LedgerRow['enqueued']> } {
  const { enqueued } = row
  if (!enqueued || now - enqueued.at >= DAY_MS) return false
  return row.status === 'new' || isOlder(row.seen.version, enqueued.version)
}

export function isClaimed({ claim }: LedgerRow, now: number): boolean {
  return claim !== undefined && claim.leaseUntil > now
}

/** Hashes of two versions of the function, `{version}:{hash}`, say nothing about each other. */
export function saysSame(row: LedgerRow, wireHash: string | undefined): boolean {
  return wireHash === undefined ? row.shopState.gone : !row.shopState.gone && row.seen.wireHash === wireHash
}

export function isComparable(row: LedgerRow, wireHash: string): boolean {
  const [version] = wireHash.split(':')
  return row.seen.wireHash.split(':')[0] === version
}

/** What waits for its time and has come to it: a mapping that may exist by now, or a message that was never received. */
export function isToWake(row: LedgerRow, now: number): boolean {
  if (isClaimed(row, now)) return false
  if (row.status === 'new') return now - (row.enqueued?.at ?? row.firstSeenAt) >= DAY_MS
  return row.wakeAt !== undefined && row.wakeAt <= now && !isOnItsWay(row, now)
}
