import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { MemoryNotes } from '#adapters/memory/memory-notes.ts'
import { type Hold, keptBy, type RunEnd, underLock } from '#app/run.ts'
import { CountingIds } from '../../support/counting-ids.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const KeptSchema = z.object({ place: z.int() })
type Kept = z.infer<typeof KeptSchema>
const INITIAL: Kept = { place: 0 }
const DONE: RunEnd = { is: 'done', counts: {} }
const LEASE_MS = 330_000

describe('a run under its lock', () => {
  let clock: ManualClock
  let notes: MemoryNotes
  let ids: CountingIds

  beforeEach(() => {
    clock = new ManualClock()
    notes = new MemoryNotes({ clock })
    ids = new CountingIds()
  })

  type Work = (kept: Kept, hold: Hold<Kept>) => Promise<{ kept: Kept; end: RunEnd }>
  const run = (work: Work, name = 'sweep:A1') =>
    underLock(name, KeptSchema, INITIAL, { notes, clock, ids, leaseMs: LEASE_MS }, work)
  const step: Work = async ({ place }) => ({ kept: { place: place + 1 }, end: DONE })
  const kept = () => keptBy(notes, 'sweep:A1', KeptSchema)

  it('begins with what it was told, and goes on with what it kept', async () => {
    expect(await kept()).toBeUndefined()
    expect(await run(step)).toEqual(DONE)
    expect(await kept()).toEqual({ place: 1 })
    await run(step)
    expect(await kept()).toEqual({ place: 2 })
  })

  it('hands over how it ended', async () => {
    const waiting: RunEnd = { is: 'waiting', why: 'the gate is closed' }
    expect(await run(async (before) => ({ kept: before, end: waiting }))).toEqual(waiting)
  })

  it('lets nobody else in while it works, and everybody once it ended', async () => {
    await run(async (before) => {
      expect(await run(step)).toEqual({ is: 'busy' })
      expect(await run(step, 'sweep:B2')).toEqual(DONE)
      return { kept: before, end: DONE }
    })
    expect(await run(step)).toEqual(DONE)
  })

  it('has one winner among ten that begin at once', async () => {
    let works = 0
    const ends = await Promise.all(
      Array.from({ length: 10 }, () =>
        run(async (before) => {
          works += 1
          return step(before, { save: async () => true })
        }),
      ),
    )
    expect(works).toBe(1)
    expect(ends.filter(({ is }) => is === 'busy')).toHaveLength(9)
  })

  it('that crashed keeps what it saved last, and holds the lock until its lease ends', async () => {
    const crashed = run(async (_, hold) => {
      expect(await hold.save({ place: 7 })).toBe(true)
      throw new Error('a bug')
    })
    await expect(crashed).rejects.toThrow('a bug')
    expect(await kept()).toEqual({ place: 7 })
    clock.advance(LEASE_MS - 1)
    expect(await run(step)).toEqual({ is: 'busy' })
    clock.advance(1)
    expect(await run(step)).toEqual(DONE)
    expect(await kept()).toEqual({ place: 8 })
  })

  it('holds the lock for another lease with each save', async () => {
    await run(async (before, hold) => {
      clock.advance(LEASE_MS - 1)
      expect(await hold.save(before)).toBe(true)
      clock.advance(LEASE_MS - 1)
      expect(await run(step)).toEqual({ is: 'busy' })
      return { kept: before, end: DONE }
    })
  })

  it('that overslept its lease is told so, and writes over nobody', async () => {
    const end = await run(async (_, hold) => {
      clock.advance(LEASE_MS)
      expect(await run(step)).toEqual(DONE)
      expect(await hold.save({ place: 40 })).toBe(false)
      return { kept: { place: 41 }, end: DONE }
    })
    expect(end).toEqual({ is: 'busy' })
    expect(await kept()).toEqual({ place: 1 })
  })

  it('that overslept its lease may go on where nobody came', async () => {
    const end = await run(async (_, hold) => {
      clock.advance(LEASE_MS * 2)
      expect(await hold.save({ place: 40 })).toBe(true)
      return { kept: { place: 41 }, end: DONE }
    })
    expect(end).toEqual(DONE)
    expect(await kept()).toEqual({ place: 41 })
  })

  it('throws rather than begin anew where what was kept cannot be read', async () => {
    await notes.write('sweep:A1', 0, JSON.stringify({ lock: null, kept: { place: 'x' } }))
    await expect(run(step)).rejects.toThrow('place')
    expect((await notes.read('sweep:A1'))?.rev).toBe(1)
  })
})
