import type { LedgerRow } from '#contracts/ledger-row.ts'
import { generationReference } from '#domain/reference.ts'

const iso = (epochMs: number): string => new Date(epochMs).toISOString()
const versionText = ({ epoch, seq }: LedgerRow['seen']['version']): string => `${epoch}:${seq}`

/** A row in a list: references, numbers and codes, nobody's name. */
export function rowSummary(row: LedgerRow) {
  const { erp, reason } = row
  return {
    shop: row.key.shop,
    target: row.key.target,
    reference: row.ref,
    number: row.no,
    status: row.status,
    ...(reason ? { reason } : {}),
    ...(erp
      ? { erp: { id: erp.id, ...(erp.no === undefined ? {} : { no: erp.no }), state: erp.state } }
      : {}),
    changedAt: iso(row.updatedAt),
  }
}

/** Its whole life. */
export function rowDetails(row: LedgerRow) {
  const { intent, applied, erp } = row
  return {
    ...rowSummary(row),
    kind: row.key.kind,
    sourceId: row.key.sourceId,
    documentReference: documentReference(row),
    shopState: row.shopState,
    versions: {
      seen: versionText(row.seen.version),
      ...(applied ? { applied: versionText(applied.version) } : {}),
    },
    ...(erp ? { erp } : {}),
    ...(intent
      ? {
          unknown: {
            op: intent.op,
            step: intent.step,
            version: versionText(intent.version),
            calls: intent.calls,
            deadline: iso(intent.deadline),
          },
        }
      : {}),
    ...(row.unsettledUntil === undefined ? {} : { unsettledUntil: iso(row.unsettledUntil) }),
    lines: row.lines.map(({ at, ...line }) => ({ ...line, at: iso(at) })),
    ...(row.claim ? { claimedUntil: iso(row.claim.leaseUntil) } : {}),
    firstSeenAt: iso(row.firstSeenAt),
    ...(row.wakeAt === undefined ? {} : { wakeAt: iso(row.wakeAt) }),
    history: row.history.map(({ at, ...entry }) => ({ at: iso(at), ...entry })),
  }
}

/** The reference of the document it has or would get next. */
export function documentReference({ ref, generation, erp }: LedgerRow): string {
  return generationReference(ref, erp?.state === 'live' ? erp.generation : generation)
}

/** When it was last parked. */
export function parkedSince({ history, updatedAt }: Pick<LedgerRow, 'history' | 'updatedAt'>): number {
  return history.findLast(({ event }) => event.startsWith('parked'))?.at ?? updatedAt
}
