import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { Outcome } from '#domain/outcome.ts'
import { leavesDocument } from '#domain/parts.ts'
import type { Ledger } from '#ports/ledger.ts'
import { partsMessage } from './apply-progress.ts'
import { rowKeyOf } from './deliver.ts'
import { type TellDeskDeps, tellDesk } from './tell-desk.ts'

export interface AfterPartsDeps extends TellDeskDeps {
  readonly ledger: Pick<Ledger, 'get' | 'getSubject'>
  readonly times: { readonly retryFloorMs: number }
}

/**
 * What follows once a request for parts has ended: what the ERP refused half-way is cleared away, and the desk that asked is
 * told. The message is done with only after that, and all of it may be done again: whoever dies in between is made up for.
 */
export async function afterParts(
  { shop, target, subject, correlationId }: DeliveryMessage,
  outcome: Outcome,
  deps: AfterPartsDeps,
): Promise<Outcome> {
  if (subject.is !== 'parts' || outcome.is === 'retry') return outcome
  const { ledger, deliveries, clock, times } = deps
  const row = await ledger.get(rowKeyOf({ shop, target, subject }))
  if (!row || row.status === 'erased') return outcome
  const again: Outcome = { is: 'retry', afterMs: times.retryFloorMs, why: 'what follows was not queued' }
  if (!leavesDocument(row)) return (await tellDesk(row, deps)) ? outcome : again
  const request = { ...subject.parts, withdrawn: true, refused: row.reason?.message ?? '' }
  const about = { firstSeenAt: EpochMsSchema.encode(clock.now()), correlationId }
  const [queued] = await deliveries.enqueue([{ message: partsMessage(request, target, about) }])
  return queued === 'queued' ? outcome : again
}
