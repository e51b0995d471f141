import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shortHash } from '#app/content-hash.ts'
import {
  generationReference,
  lineReference,
  MAX_REFERENCE,
  orderReference,
  orderSourceId,
  recIdIn,
  shopIn,
} from '#domain/reference.ts'

const digits = (max: bigint) => fc.bigInt({ min: 0n, max }).map(String)

describe('a reference', () => {
  it('names shop, order_sn and order_id in base 36', () => {
    expect(orderReference('demo', '2026112260569', '4711', shortHash)).toBe('ECdemo-2026112260569-3mv')
    expect(generationReference('ECdemo-2026112260569-3mv', 0)).toBe('ECdemo-2026112260569-3mv')
    expect(generationReference('ECdemo-2026112260569-3mv', 11)).toBe('ECdemo-2026112260569-3mv-b')
    expect(lineReference('ECdemo-2026112260569-3mv-b', '37')).toBe('ECdemo-2026112260569-3mv-b-11')
    expect(orderSourceId('4711', 1_763_600_000)).toBe('4711.1763600000')
  })

  it('gives its shop back, and nothing that only looks alike does', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{1,4}$/), digits(99_999_999n), (shop, id) => {
        expect(shopIn(generationReference(orderReference(shop, id, id, shortHash), 1))).toBe(shop)
      }),
    )
    for (const other of ['SO-1001', 'EC-1-1', 'ECstore-1-1', 'ec1-1-1', 'ECA1']) {
      expect(shopIn(other)).toBeUndefined()
    }
  })

  it('of a line gives its rec_id back, and only under its own order', () => {
    fc.assert(
      fc.property(digits(99_999_999_999_999_999_999n), fc.nat(35), (recId, generation) => {
        const reference = generationReference('ECdemo-2026112260569-3mv', generation)
        expect(recIdIn(lineReference(reference, recId), reference)).toBe(recId)
        expect(recIdIn(lineReference(reference, recId), 'ECdemo-2026112260569-3mw')).toBeUndefined()
      }),
    )
    expect(recIdIn('10', 'ECdemo-1-1')).toBeUndefined()
    expect(recIdIn('ECdemo-1-1-', 'ECdemo-1-1')).toBeUndefined()
  })

  it('is at most 30 characters of [A-Za-z0-9-] with its generation, whatever the shop numbers its orders', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9]{1,4}$/),
        fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/),
        digits(99_999_999_999_999_999_999n),
        fc.nat(35),
        (shop, sn, id, generation) => {
          const reference = generationReference(orderReference(shop, sn, id, shortHash), generation)
          expect(reference.length).toBeLessThanOrEqual(MAX_REFERENCE)
          expect(reference).toMatch(/^[A-Za-z0-9-]+$/)
        },
      ),
    )
  })

  it('keeps an order_sn of 13 digits readable for every order_id of 32 bits', () => {
    expect(orderReference('demo', '2026112260569', '4294967295', shortHash)).toBe(
      'ECdemo-2026112260569-1z141z3',
    )
  })

  it('replaces an order_sn that does not fit by a hash of it, a different one for a different number', () => {
    const long = (sn: string) => orderReference('demo', sn, '99999999999999999999', shortHash)
    expect(long('20261122605691234567')).not.toContain('20261122')
    expect(long('20261122605691234567')).not.toBe(long('20261122605691234568'))
    expect(long('20261122605691234567')).toBe(long('20261122605691234567'))
    expect(orderReference('demo', 'A_1', '7', shortHash)).not.toContain('_')
  })

  it('differs when an order_sn is re-issued for another order_id', () => {
    expect(orderReference('demo', '2026112260569', '1', shortHash)).not.toBe(
      orderReference('demo', '2026112260569', '2', shortHash),
    )
  })
})
