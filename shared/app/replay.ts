import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { DeliveryQueue, Enqueued } from '#ports/delivery-queue.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock, Ids } from '#ports/runtime.ts'

export interface ReplayDeps {
  readonly ledger: Pick<Ledger, 'getSubject'>
  readonly queue: DeliveryQueue
  readonly clock: Clock
  readonly ids: Ids
}

/** A person’s word on a write nobody can ask about. */
export type Verdict = NonNullable<DeliveryMessage['verdict']>

/** Why a row cannot be replayed as asked. */
export type ReplayObstacle =
  /** The person behind it was erased. */
  | 'erased'
  /** Its stored state has expired; the shop has to send it anew. */
  | 'no-subject'
  /** Only a person’s word ends park(verify). */
  | 'needs-verdict'
  /** A word on a write that is known would make the ledger believe what is not so. */
  | 'nothing-unknown'

export type Prepared =
  | { readonly ok: true; readonly message: DeliveryMessage }
  | { readonly ok: false; readonly obstacle: ReplayObstacle }

/** The message of a replay: the newest state we hold, under the version it was seen with; its age starts anew. */
export async function prepareReplay(
  row: LedgerRow,
  verdict: Verdict | undefined,
  { ledger, clock, ids }: Pick<ReplayDeps, 'ledger' | 'clock' | 'ids'>,
): Promise<Prepared> {
  if (row.status === 'erased') return { ok: false, obstacle: 'erased' }
  if (!verdict && row.reason?.code === 'verify') return { ok: false, obstacle: 'needs-verdict' }
  if (verdict && !isUnknown(row)) return { ok: false, obstacle: 'nothing-unknown' }
  const subject = await ledger.getSubject(row.key)
  if (!subject) return { ok: false, obstacle: 'no-subject' }
  const { shop, target, kind } = row.key
  const now = EpochMsSchema.encode(clock.now())
  // What is still stored has survived every erasure until now.
  const isGuest = subject.is === 'customer' && subject.customer.userId === null
  return {
    ok: true,
    message: {
      v: 1,
      shop,
      target,
      kind,
      cause: 'replay',
      ...(verdict ? { verdict } : {}),
      firstSeenAt: now,
      correlationId: ids.next(),
      version: row.seen.version,
      wireHash: row.seen.wireHash,
      ...(isGuest ? { bornAt: now } : {}),
      subject,
    },
  }
}

/** What of a row a person can know better than we do. */
function isUnknown({ intent, reason }: LedgerRow): boolean {
  return intent !== undefined || reason?.code === 'verify' || reason?.code === 'missing-in-erp'
}

export type Replayed =
  | { readonly is: Enqueued; readonly correlationId: string }
  | { readonly is: 'not-possible'; readonly obstacle: ReplayObstacle }

/** Queues one more delivery of a row’s newest state. Every replay is a message of its own, however soon it follows another. */
export async function replay(
  row: LedgerRow,
  verdict: Verdict | undefined,
  deps: ReplayDeps,
): Promise<Replayed> {
  const prepared = await prepareReplay(row, verdict, deps)
  if (!prepared.ok) return { is: 'not-possible', obstacle: prepared.obstacle }
  const { message } = prepared
  const [answer = 'failed'] = await deps.queue.enqueue([
    { message, dedupId: `replay|${message.correlationId}` },
  ])
  return { is: answer, correlationId: message.correlationId }
}
