import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { askedBy } from '#domain/parts.ts'
import type { DeliveryQueue } from '#ports/delivery-queue.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock, Ids, Log } from '#ports/runtime.ts'

export interface TellDeskDeps {
  readonly ledger: Pick<Ledger, 'get' | 'getSubject'>
  readonly deliveries: DeliveryQueue
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
}

/**
 * Delivers the ticket anew for which these parts were asked, so that its desk hears what became of them. May be done again.
 * False: the queue did not take it.
 */
export async function tellDesk(
  { key, rev }: Pick<LedgerRow, 'key' | 'rev'>,
  { ledger, deliveries, clock, ids, log }: TellDeskDeps,
): Promise<boolean> {
  const { desk, ticket } = askedBy(key.sourceId)
  const ticketKey = { shop: key.shop, kind: 'ticket', sourceId: ticket, target: desk } as const
  const row = await ledger.get(ticketKey)
  if (row?.status === 'erased') return true
  const subject = row && (await ledger.getSubject(ticketKey))
  if (!subject) {
    log.warn('DESK_NOT_TOLD', 'The ticket that parts were asked for is not known any more.', { target: desk })
    return true
  }
  const [answer] = await deliveries.enqueue([
    {
      message: {
        v: 1,
        shop: key.shop,
        target: desk,
        kind: 'ticket',
        cause: 'repair',
        firstSeenAt: EpochMsSchema.encode(clock.now()),
        correlationId: ids.next(),
        version: row.seen.version,
        wireHash: row.seen.wireHash,
        subject,
        tells: key.sourceId,
      },
      dedupId: ['tells', key.shop, key.sourceId, key.target, rev].join('|'),
    },
  ])
  return answer === 'queued'
}
