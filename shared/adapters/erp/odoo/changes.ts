import * as z from 'zod'

/** As Odoo writes an instant: UTC, to the second. */
const StampSchema = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)

const MINUTE_MS = 60_000

/** How far the changed records of a model have been read. */
export const PlaceSchema = z.object({
  /** Whatever was written before is behind us; absent: nothing is. */
  from: StampSchema.optional(),
  /** A pass over what changed since, by record id, because that is what a change leaves alone. */
  pass: z
    .object({
      after: z.int().positive(),
      /** What was written before this, when the pass began, can be seen by now. */
      before: StampSchema,
      /** The last of that which the pass has met. */
      settled: StampSchema.optional(),
    })
    .optional(),
})
export type Place = z.infer<typeof PlaceSchema>

export interface Changed {
  readonly id: number
  readonly write_date: string
}

/** The next page is whatever matches, by id. */
export function changesFrom({ from, pass }: Place): unknown[] {
  return [
    ...(from === undefined ? [] : [['write_date', '>=', from]]),
    ...(pass === undefined ? [] : [['id', '>', pass.after]]),
  ]
}

/**
 * A record bears the second in which its transaction began, and is not seen before that has ended: a stamp is past only once
 * it is older than any transaction runs. So a pass that has met everything moves on to the last such stamp, and what is
 * younger is met again.
 *
 * @param settleMs how long a transaction may run, and clocks may differ
 */
export function onward(
  { from, pass }: Place,
  page: readonly Changed[],
  isLast: boolean,
  { now, settleMs }: { now: number; settleMs: number },
): Place {
  // By the minute, so that who asks twice in a row hears the same.
  const before = pass?.before ?? stampOf(Math.floor((now - settleMs) / MINUTE_MS) * MINUTE_MS)
  const met = page.flatMap(({ write_date: stamp }) => (stamp < before ? [stamp] : []))
  const settled = [...(pass?.settled === undefined ? [] : [pass.settled]), ...met].toSorted().at(-1)
  const last = page.at(-1)
  if (!isLast && last)
    return {
      ...(from === undefined ? {} : { from }),
      pass: { after: last.id, before, ...(settled === undefined ? {} : { settled }) },
    }
  const next = settled === undefined ? from : stampOf(instantOf(settled) + 1000)
  return next === undefined ? {} : { from: next }
}

/** "2026-11-21 08:30:00" */
export const stampOf = (epochMs: number): string =>
  new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')

/** Epoch ms; NaN for what is no instant. */
export const instantOf = (stamp: string): number => Date.parse(`${stamp.replace(' ', 'T')}Z`)
