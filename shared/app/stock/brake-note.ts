import { type BrakeNote, BrakeNoteSchema } from '#contracts/stock-run.ts'
import type { Notes } from '#ports/notes.ts'

const nameOf = (pool: string): string => `stock-brake:${pool}`

export async function readBrake(pool: string, notes: Notes): Promise<BrakeNote | undefined> {
  const note = await notes.read(nameOf(pool))
  return note && BrakeNoteSchema.parse(JSON.parse(note.text))
}

export async function writeBrake(pool: string, brake: BrakeNote, notes: Notes): Promise<boolean> {
  const rev = (await notes.read(nameOf(pool)))?.rev ?? 0
  return notes.write(nameOf(pool), rev, JSON.stringify(brake))
}

/** A person lets the held plan pass, and what is not much worse. Undefined: the brake holds nothing. */
export async function releaseBrake(pool: string, notes: Notes): Promise<BrakeNote | undefined> {
  const note = await notes.read(nameOf(pool))
  const brake = note && BrakeNoteSchema.parse(JSON.parse(note.text))
  if (!note || brake?.state !== 'tripped') return undefined
  const released: BrakeNote = { ...brake, state: 'released' }
  return (await notes.write(nameOf(pool), note.rev, JSON.stringify(released))) ? released : undefined
}
