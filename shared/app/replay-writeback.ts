import type { ShipmentsConfig } from '#contracts/config.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { Reason } from '#contracts/ledger-row.ts'
import type { WritebackCommand, WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import { appended } from '#domain/history.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import type { WritebackLedger, WritebackQueue } from '#ports/writebacks.ts'
import { type ShipmentCommandDeps, shipmentCommand } from './shipment-command.ts'

export interface ReplayWritebackDeps extends ShipmentCommandDeps {
  readonly writebacks: Pick<WritebackLedger, 'findByRef' | 'put'>
  readonly queue: WritebackQueue
  readonly carriers: ShipmentsConfig['carriers']
  readonly clock: Clock
  readonly ids: Ids
}

export type WritebackReplayed =
  | { readonly is: Enqueued; readonly correlationId: string }
  /** Nothing was told of it that a command could be made of. */
  | { readonly is: 'no-command' }
  /** Still no command can be made of it. */
  | { readonly is: 'not-possible'; readonly reason: Reason }

/**
 * Queues a command once more, under its own id. One that the shop refused, or of which none could be made, is made anew of what
 * the ERP told and the order as it is now; one that may have been carried out is repeated as it was.
 */
export async function replayWriteback(
  row: WritebackRow,
  deps: ReplayWritebackDeps,
): Promise<WritebackReplayed> {
  const { key, told } = row
  const again = mayBeCarriedOut(row) ? row.command : undefined
  const made = again || !told ? undefined : await shipmentCommand(told, key.target, deps, deps)
  if (made && !made.ok) return { is: 'not-possible', reason: made.reason }
  const command = again ?? made?.command ?? row.command
  const shop = made?.owner.shop ?? row.shop
  if (!command || shop === undefined) return { is: 'no-command' }
  const message = commandMessage({ shop, target: key.target, id: key.id, cause: 'replay', command }, deps)
  const [answer = 'failed'] = await deps.queue.enqueue([{ ...message, ...(told ? { told } : {}) }])
  return { is: answer, correlationId: message.correlationId }
}

/** After a refusal nothing has happened; all that has a command and was not refused may have reached the shop. */
function mayBeCarriedOut({ command, status, reason, result }: WritebackRow): boolean {
  if (!command) return false
  return status !== 'parked' || result !== undefined || reason?.code === 'too-old'
}

/** A message about a command, of this moment. */
export function commandMessage(
  about: Pick<WritebackMessage, 'shop' | 'target' | 'id' | 'cause'> & { readonly command: WritebackCommand },
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
): WritebackMessage {
  return {
    v: 1,
    ...about,
    firstSeenAt: EpochMsSchema.encode(clock.now()),
    correlationId: ids.next(),
  }
}

/** A person has done by hand what it is about. False when somebody is at it, or wrote in between. */
export async function settleByHand(
  row: WritebackRow,
  { writebacks, clock, ids }: Pick<ReplayWritebackDeps, 'writebacks' | 'clock' | 'ids'>,
): Promise<boolean> {
  const now = clock.now()
  if (row.claim && row.claim.leaseUntil > now) return false
  const { reason: _reason, claim: _claim, ...rest } = row
  const written = await writebacks.put({
    ...rest,
    rev: row.rev + 1,
    writer: ids.next(),
    status: 'done',
    result: 'by-hand',
    updatedAt: now,
    history: appended(row.history, { at: now, event: 'settled by hand' }),
  })
  return written.ok
}
