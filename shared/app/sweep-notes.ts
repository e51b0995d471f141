import {
  type DriftReport,
  DriftReportSchema,
  type Repairs,
  RepairsSchema,
  type SweepAsked,
  SweepAskedSchema,
  type SweepKept,
  SweepKeptSchema,
} from '#contracts/drift.ts'
import type { Notes } from '#ports/notes.ts'
import { keptBy } from './run.ts'

/** The note of the run itself: its lock, and what it keeps. */
export const sweepName = (shop: string): string => `sweep:${shop}`
const askedName = (shop: string): string => `sweep-asked:${shop}`
const driftName = (shop: string): string => `drift:${shop}`
const repairsName = (shop: string): string => `repairs:${shop}`

export function readSweep(notes: Notes, shop: string): Promise<SweepKept | undefined> {
  return keptBy(notes, sweepName(shop), SweepKeptSchema)
}

/** Asks the sweep for something a person decided; it obeys with its next tick. */
export async function askSweep(
  notes: Notes,
  shop: string,
  what: keyof SweepAsked,
  now: number,
): Promise<void> {
  const name = askedName(shop)
  for (;;) {
    const note = await notes.read(name)
    const asked = SweepAskedSchema.parse(note ? JSON.parse(note.text) : {})
    if (await notes.write(name, note?.rev ?? 0, JSON.stringify({ ...asked, [what]: now }))) return
  }
}

export async function readAsked(notes: Notes, shop: string): Promise<SweepAsked> {
  const note = await notes.read(askedName(shop))
  return SweepAskedSchema.parse(note ? JSON.parse(note.text) : {})
}

/** The last comparison that came to its end. */
export async function readDrift(notes: Notes, shop: string): Promise<DriftReport | undefined> {
  const note = await notes.read(driftName(shop))
  return note && DriftReportSchema.parse(JSON.parse(note.text))
}

/** Only the sweep writes it, and only under its lock. */
export function writeDrift(notes: Notes, report: DriftReport): Promise<void> {
  return overwrite(notes, driftName(report.shop), report)
}

/** What is still to be delivered anew of what a person asked for. */
export async function readRepairs(notes: Notes, shop: string): Promise<Repairs> {
  const note = await notes.read(repairsName(shop))
  return note ? RepairsSchema.parse(JSON.parse(note.text)) : []
}

/** Only the sweep writes it, and only under its lock. */
export function writeRepairs(notes: Notes, shop: string, repairs: Repairs): Promise<void> {
  return overwrite(notes, repairsName(shop), RepairsSchema.parse(repairs))
}

async function overwrite(notes: Notes, name: string, value: unknown): Promise<void> {
  const before = await notes.read(name)
  await notes.write(name, before?.rev ?? 0, JSON.stringify(value))
}
