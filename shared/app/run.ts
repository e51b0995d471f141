import { type RunNote, RunNoteSchema } from '#contracts/run-note.ts'
import type { Notes } from '#ports/notes.ts'
import type { Clock, Ids } from '#ports/runtime.ts'

/** How one invocation of a scheduled run ended; numbers and names only, for the log, the alarms and `status`. */
export type RunEnd =
  | { readonly is: 'done'; readonly counts: Readonly<Record<string, number>> }
  /** Its time was nearly over: it goes on from its place with the next tick. */
  | { readonly is: 'saved'; readonly counts: Readonly<Record<string, number>> }
  | { readonly is: 'not-due' }
  /** Another invocation is at it. */
  | { readonly is: 'busy' }
  /** Nothing is wrong with us: a gate is closed, a person is awaited. It goes on by itself once that ends. */
  | { readonly is: 'waiting'; readonly why: string }
  /** Something must be mended; what was done stays done, the cursor stays where it was. */
  | { readonly is: 'failed'; readonly why: string }

/** Reads and writes what a run keeps, as the schema of its contract has it. */
export interface KeptFormat<Kept> {
  parse(value: unknown): Kept
}

export interface Hold<Kept> {
  /** Keeps it now, and the lock for another lease; false = the lock is lost: stop, and write nothing more. */
  save(kept: Kept): Promise<boolean>
}

export interface RunDeps {
  readonly notes: Notes
  readonly clock: Clock
  readonly ids: Ids
  /** Longer than the function’s timeout. */
  readonly leaseMs: number
}

/**
 * Runs `work` while nobody else runs under this name. What it returns is kept; when it throws, the lock ends with its lease
 * and what was saved last is kept.
 */
export async function underLock<Kept>(
  name: string,
  format: KeptFormat<Kept>,
  initial: Kept,
  { notes, clock, ids, leaseMs }: RunDeps,
  work: (kept: Kept, hold: Hold<Kept>) => Promise<{ readonly kept: Kept; readonly end: RunEnd }>,
): Promise<RunEnd> {
  const owner = ids.next()
  const stored = await readLocked(notes, name)
  if (stored.lock && stored.lock.until > clock.now()) return { is: 'busy' }
  let { rev } = stored
  const before = stored.kept === undefined ? initial : format.parse(stored.kept)

  const write = async (kept: Kept, held: boolean) => {
    const lock = held ? { owner, until: clock.now() + leaseMs } : null
    if (!(await notes.write(name, rev, JSON.stringify({ lock, kept })))) return false
    rev += 1
    return true
  }

  if (!(await write(before, true))) return { is: 'busy' }
  const { kept, end } = await work(before, { save: (now) => write(now, true) })
  return (await write(kept, false)) ? end : { is: 'busy' }
}

/** What a run kept last, without taking its lock. */
export async function keptBy<Kept>(
  notes: Notes,
  name: string,
  format: KeptFormat<Kept>,
): Promise<Kept | undefined> {
  const { kept } = await readLocked(notes, name)
  return kept === undefined ? undefined : format.parse(kept)
}

async function readLocked(notes: Notes, name: string): Promise<RunNote & { readonly rev: number }> {
  const note = await notes.read(name)
  if (!note) return { rev: 0, lock: null, kept: undefined }
  return { ...RunNoteSchema.parse(JSON.parse(note.text)), rev: note.rev }
}
