import type { WritebackRow } from '#contracts/writeback.ts'
import { epochMs } from '#domain/calendar.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import { withoutGeneration } from './find-rows.ts'

/** How a person names a write-back: what told of it, and its id there. */
export const writebackName = ({ key }: Pick<WritebackRow, 'key'>): string => `${key.target}/${key.id}`

/** The write-backs a person names by `writebackName`, or by the id alone. Strongly consistent. */
export async function writebacksNamed(
  text: string,
  targets: readonly string[],
  writebacks: Pick<WritebackLedger, 'get'>,
): Promise<WritebackRow[]> {
  const keys = targets.flatMap((target) => {
    const id = text.startsWith(`${target}/`) ? text.slice(target.length + 1) : text
    const fits = id.length > 0 && id.length <= 64
    return fits ? (['shipment', 'cancel', 'progress'] as const).map((kind) => ({ target, kind, id })) : []
  })
  const rows = await Promise.all(keys.map((key) => writebacks.get(key)))
  return rows.filter((row) => row !== undefined)
}

/** Those of the thing that a reference or a number means, as they happened. Eventually consistent. */
export async function writebacksOf(
  text: string,
  writebacks: Pick<WritebackLedger, 'findByRef' | 'findByNo'>,
): Promise<WritebackRow[]> {
  for (const rows of [
    () => writebacks.findByRef(text),
    () => writebacks.findByRef(withoutGeneration(text)),
    () => writebacks.findByNo(text),
  ]) {
    const found = await rows()
    if (found.length > 0) return found.toSorted((a, b) => happenedAt(a) - happenedAt(b))
  }
  return []
}

/** Steps have a time of their own, and come in any order. */
const happenedAt = ({ command, firstSeenAt }: WritebackRow): number =>
  command?.is === 'progress' ? epochMs(command.progress.at) : firstSeenAt
