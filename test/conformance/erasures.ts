import { beforeEach, describe, expect, it } from 'vitest'
import type { Erasures } from '#ports/erasures.ts'

/** What every Erasures does. `open` gives an empty one. */
export function erasuresConformance(engine: string, open: () => Promise<Erasures>): void {
  describe(`the erasures on ${engine}`, () => {
    let erasures: Erasures
    beforeEach(async () => {
      erasures = await open()
    })

    it('know nobody at first', async () => {
      expect(await erasures.latest(['p1', 'p2'], 'A1')).toBeUndefined()
      expect(await erasures.latest([], 'A1')).toBeUndefined()
    })

    it('know the latest of several people', async () => {
      await erasures.add('p1', undefined, 1_000)
      await erasures.add('p2', undefined, 3_000)
      expect(await erasures.latest(['p1'], 'A1')).toBe(1_000)
      expect(await erasures.latest(['p2', 'p1', 'p3'], 'A1')).toBe(3_000)
    })

    it('know the shop that one was for', async () => {
      await erasures.add('p1', 'A1', 1_000)
      expect(await erasures.latest(['p1'], 'B2')).toBeUndefined()
      await erasures.add('p1', undefined, 500)
      expect(await erasures.latest(['p1'], 'B2')).toBe(500)
      expect(await erasures.latest(['p1'], 'A1')).toBe(1_000)
    })

    it('keep the later of two', async () => {
      await erasures.add('p1', 'A1', 2_000)
      await erasures.add('p1', 'A1', 1_000)
      expect(await erasures.latest(['p1'], 'A1')).toBe(2_000)
      await erasures.add('p1', 'A1', 3_000)
      expect(await erasures.latest(['p1'], 'A1')).toBe(3_000)
    })
  })
}
