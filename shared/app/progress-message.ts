import { EpochMsSchema } from '#contracts/instant.ts'
import type { Progress } from '#contracts/progress.ts'
import type { WritebackMessage } from '#contracts/writeback.ts'

/** One step of a ticket or return, as a command for its shop. */
export function progressMessage(
  progress: Progress,
  about: Pick<WritebackMessage, 'shop' | 'target' | 'correlationId'>,
  now: number,
): WritebackMessage {
  return {
    v: 1,
    ...about,
    id: progress.id,
    cause: 'run',
    firstSeenAt: EpochMsSchema.encode(now),
    command: { is: 'progress', no: '', ref: progress.reference, progress },
  }
}
