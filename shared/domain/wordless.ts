import type { WritebackRow } from '#contracts/writeback.ts'
import { appended } from './history.ts'

/** What a row says whose words were erased. */
export const ERASED = 'erased'

/** A step without what people wrote and who they are; that it was taken, and when, stays. */
export function wordless(command: WritebackRow['command']): WritebackRow['command'] {
  if (command?.is !== 'progress') return command
  const { note: _note, person: _person, ...progress } = command.progress
  return { ...command, progress: { ...progress, parcels: [] } }
}

/** The row of a step of somebody who was erased: done, whatever it was. */
export function wordlessRow(row: WritebackRow, now: number, writer: string): WritebackRow {
  const { reason: _reason, claim: _claim, command, ...rest } = row
  return {
    ...rest,
    ...(command ? { command: wordless(command) } : {}),
    rev: row.rev + 1,
    writer,
    status: 'done',
    result: ERASED,
    updatedAt: now,
    history: appended(
      row.history.map(({ detail: _detail, ...entry }) => entry),
      { at: now, event: ERASED },
    ),
  }
}
