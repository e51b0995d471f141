import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Notes } from '#ports/notes.ts'
import type { Clock } from '#ports/runtime.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** Text that gzip hardly gets smaller. */
export const noise = (bytes: number, seed = 'noise') =>
  createHash('shake256', { outputLength: bytes }).update(seed).digest('base64')

/** What every Notes does. `open` gives an empty one. */
export function notesConformance(engine: string, open: (clock: Clock) => Promise<Notes>): void {
  describe(`notes on ${engine}`, () => {
    let clock: ManualClock
    let notes: Notes

    beforeEach(async () => {
      clock = new ManualClock()
      notes = await open(clock)
    })

    it('are absent before the first write', async () => {
      expect(await notes.read('sweep:A1')).toBeUndefined()
    })

    it('come back as they were written, under the number of the write', async () => {
      expect(await notes.write('sweep:A1', 0, '{"长":"🧧 𠮷"}')).toBe(true)
      expect(await notes.read('sweep:A1')).toEqual({ rev: 1, text: '{"长":"🧧 𠮷"}' })
      expect(await notes.write('sweep:A1', 1, '')).toBe(true)
      expect(await notes.read('sweep:A1')).toEqual({ rev: 2, text: '' })
    })

    it('are told apart by their whole names', async () => {
      await notes.write('stock:main', 0, 'one')
      await notes.write('stock:main:1', 0, 'two')
      expect(await notes.read('stock:main')).toEqual({ rev: 1, text: 'one' })
      expect(await notes.read('stock:main:2')).toBeUndefined()
    })

    it('refuse a write that does not follow the last one', async () => {
      await notes.write('sweep:A1', 0, 'first')
      await notes.write('sweep:A1', 1, 'second')
      for (const rev of [0, 1, 3]) expect(await notes.write('sweep:A1', rev, 'mine')).toBe(false)
      expect(await notes.read('sweep:A1')).toEqual({ rev: 2, text: 'second' })
    })

    it('refuse a write after one that is gone', async () => {
      expect(await notes.write('sweep:A1', 3, 'mine')).toBe(false)
      expect(await notes.read('sweep:A1')).toBeUndefined()
    })

    it('let one of twenty win that race to make, and to change', async () => {
      for (const rev of [0, 1]) {
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) => notes.write('sweep:A1', rev, `${rev}-${index}`)),
        )
        expect(results.filter(Boolean)).toHaveLength(1)
        expect(await notes.read('sweep:A1')).toEqual({
          rev: rev + 1,
          text: `${rev}-${results.indexOf(true)}`,
        })
      }
    })

    it('hold several megabytes, however badly they compress', async () => {
      const texts = [noise(1_500_000, 'one'), 'short', noise(2_000_000, 'two'), noise(600_000, 'three')]
      for (const [rev, text] of texts.entries()) {
        expect(await notes.write('plan:main:1', rev, text)).toBe(true)
        expect(await notes.read('plan:main:1')).toEqual({ rev: rev + 1, text })
      }
    })

    it('keep a long text whole when somebody loses a race with another', async () => {
      const [one, two] = [noise(500_000, 'one'), noise(500_000, 'two')]
      await notes.write('plan:main:1', 0, one)
      expect(await notes.write('plan:main:1', 0, two)).toBe(false)
      expect(await notes.read('plan:main:1')).toEqual({ rev: 1, text: one })
    })

    it('are read whole, old or new, while a long text is written again and again', async () => {
      const text = (rev: number) => noise(500_000, String(rev))
      await notes.write('plan:main:1', 0, text(0))
      const writing = (async () => {
        for (let rev = 1; rev <= 4; rev += 1) await notes.write('plan:main:1', rev, text(rev))
      })()
      for (let reads = 0; reads < 6; reads += 1) {
        const note = await notes.read('plan:main:1')
        expect(note?.text).toBe(text((note?.rev ?? 0) - 1))
      }
      await writing
    })

    it('are gone after their time, and can then be written anew', async () => {
      await notes.write('plan:main:1', 0, noise(500_000), 60)
      await notes.write('sweep:A1', 0, 'stays')
      clock.advance(59_000)
      expect((await notes.read('plan:main:1'))?.rev).toBe(1)
      clock.advance(2_000)
      expect(await notes.read('plan:main:1')).toBeUndefined()
      expect(await notes.write('plan:main:1', 1, 'late')).toBe(false)
      expect(await notes.write('plan:main:1', 0, 'anew')).toBe(true)
      clock.advance(86_400_000)
      expect(await notes.read('plan:main:1')).toEqual({ rev: 1, text: 'anew' })
      expect(await notes.read('sweep:A1')).toEqual({ rev: 1, text: 'stays' })
    })
  })
}
