import * as z from 'zod'
import { redact } from '#adapters/http/redact.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { failureOfLoad } from './errors.ts'
import { IdSchema } from './records.ts'
import type { Session } from './session.ts'

/** Column → text. `load` takes text only; an empty one clears the field. */
export type Row = Readonly<Record<string, string>>

/**
 * As when a module is updated: a record that is there and is marked `noupdate` stays as it is, and `load` answers with its
 * id. So a create that comes late or twice changes nothing, whatever became of the order in between.
 */
const CREATE_ONLY = { mode: 'update', noupdate: true }

const LoadedSchema = z.object({
  ids: z.union([z.array(IdSchema), z.literal(false)]),
  messages: z.array(z.object({ type: z.string().optional(), message: z.string() })),
})

/**
 * Writes one record by external id, all or nothing. The unique index on external ids makes it one record however often and
 * however concurrently it is written.
 * @param lines rows of a one-to-many field: each is a record of its own
 * @param how `create-only` leaves a record alone that is there already, and was made in this way
 */
export async function load(
  session: Session,
  model: string,
  head: Row,
  lines: readonly Row[] = [],
  how: 'create-only' | 'overwrite' = 'overwrite',
): Promise<Attempt<number>> {
  const columns = [...new Set([head, ...lines].flatMap((row) => Object.keys(row)))]
  const [first = {}, ...others] = lines
  const data = [{ ...head, ...first }, ...others].map((row: Row) =>
    columns.map((column) => row[column] ?? ''),
  )
  const loaded = await session.write(
    {
      model,
      method: 'load',
      args: { fields: columns, data },
      ...(how === 'create-only' ? { context: CREATE_ONLY } : {}),
    },
    LoadedSchema,
  )
  if (!loaded.ok) return loaded
  const { ids, messages } = loaded.value
  if (ids === false) {
    const errors = messages.filter(({ type }) => type !== 'warning').map(({ message }) => message)
    const failure = failureOfLoad(errors)
    return { ok: false, failure: { ...failure, message: redact(failure.message, [], session.sent) } }
  }
  const [id, another] = ids
  return id !== undefined && another === undefined
    ? done(id)
    : refused('Protocol', `${model}/load wrote ${ids.length} records instead of one`)
}
