import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { Progress } from '#contracts/progress.ts'
import type { AftersalesPage, ErpAftersales } from '#ports/erp-reads.ts'
import { type Attempt, done } from './attempt.ts'
import { onward, PlaceSchema } from './changes.ts'
import type { Changes, ReadChanges } from './feed.ts'
import { answered, type ReadDeps, readCursor } from './reading.ts'
import { creditNoteFeed, pickingFeed } from './return-steps.ts'
import type { Session } from './session.ts'
import { taskFeed } from './task-steps.ts'

/** As for deliveries: nothing else would tell of a step that is missed. */
const SETTLE_MS = 60 * 60_000

const FeedSchema = z.object({
  place: PlaceSchema.default({}),
  /** Steps that were told, and may be met again. */
  told: z.array(z.string()).default([]),
  /** The same of the pass under way. */
  met: z.array(z.string()).default([]),
})
type Feed = z.infer<typeof FeedSchema>
const CursorSchema = z.record(z.string(), FeedSchema)

/** What people do with tickets and returns. Undefined where the target has neither. */
export function createAftersales(
  deps: ReadDeps,
  { tickets, returns }: Pick<OdooTarget, 'tickets' | 'returns'>,
): ErpAftersales | undefined {
  const feeds: Record<string, ReadChanges> = {}
  if (tickets) feeds['tasks'] = taskFeed(deps, tickets)
  if (returns) feeds['pickings'] = pickingFeed(deps)
  if (returns && returns.creditNotes !== 'none') feeds['creditNotes'] = creditNoteFeed()
  if (Object.keys(feeds).length === 0) return undefined

  async function page(session: Session, text: string | undefined): Promise<Attempt<AftersalesPage>> {
    const kept = text === undefined ? done<z.infer<typeof CursorSchema>>({}) : readCursor(CursorSchema, text)
    if (!kept.ok) return kept
    const next: Record<string, Feed> = {}
    const progress: Progress[] = []
    const unreadable: AftersalesPage['unreadable'][number][] = []
    let more = false
    for (const [name, read] of Object.entries(feeds)) {
      const feed = kept.value[name] ?? FeedSchema.parse({})
      const changes = await read(session, feed.place)
      if (!changes.ok) return changes
      const { steps, isLast } = changes.value
      const told = new Set(feed.told)
      progress.push(...steps.map((step) => step.progress).filter(({ id }) => !told.has(id)))
      unreadable.push(...changes.value.unreadable.filter(({ id }) => !told.has(id)))
      next[name] = advanced(feed, changes.value, deps.clock.now())
      more ||= !isLast
    }
    const oldest = progress.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
    return done({ progress: oldest, unreadable, cursor: JSON.stringify(next), more })
  }

  return { read: (cursor, context) => answered(deps, context, (session) => page(session, cursor)) }
}

function advanced({ place, told, met }: Feed, { changed, isLast, steps }: Changes, now: number): Feed {
  const next = onward(place, changed, isLast, { now, settleMs: SETTLE_MS })
  // A pass ends before whatever is not settled, so nothing else is met again.
  const from = next.pass?.before ?? next.from ?? ''
  const unsettled = steps.flatMap(({ stamp, progress }) => (stamp >= from ? [progress.id] : []))
  const seen = [...new Set([...met, ...unsettled])]
  return isLast ? { place: next, told: seen, met: [] } : { place: next, told, met: seen }
}
