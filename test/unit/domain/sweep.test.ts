import { describe, expect, it } from 'vitest'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { DAY_MS } from '#domain/due.ts'
import { isComparable, isToWake, type ShopFact, sweepVerdict } from '#domain/sweep.ts'
import { aRow } from '../../support/a-ledger-row.ts'

const NOW = 1_795_250_000_000
const version = (seq: number, epochNo = 0) => ({ epoch: `epoch-${epochNo}`, epochNo, seq })
const seen = (seq: number, wireHash = '1:a', epochNo = 0) => ({ version: version(seq, epochNo), wireHash })
const fact = (seq: number, wireHash = '1:a', epochNo = 0): ShopFact => ({
  version: version(seq, epochNo),
  wireHash,
})
const verdict = (row: Partial<LedgerRow> | undefined, told: ShopFact = fact(8), holding = false) =>
  sweepVerdict(row && aRow({ status: 'done', ...row }), told, { now: NOW, holding })

describe('what a sweep does about a thing', () => {
  it('enqueues what has no row, whatever is held back', () => {
    expect(verdict(undefined)).toBe('enqueue')
    expect(verdict(undefined, fact(8, '1:a', 1), true)).toBe('enqueue')
  })

  it('leaves alone what was seen as new, or belongs to somebody who was erased', () => {
    expect(verdict({ seen: seen(8, '1:old') })).toBe('seen')
    expect(verdict({ seen: seen(9, '1:old') })).toBe('seen')
    expect(verdict({ seen: seen(3, '1:old'), status: 'erased' })).toBe('seen')
  })

  it('enqueues what is newer and other, and confirms what is newer and the same', () => {
    expect(verdict({ seen: seen(7, '1:old') })).toBe('enqueue')
    expect(verdict({ seen: seen(7, '1:a') })).toBe('confirm')
    expect(verdict({ seen: seen(99, '1:old') }, fact(1, '1:a', 1))).toBe('enqueue')
  })

  it('does not take hashes of two versions of the function for the same', () => {
    expect(verdict({ seen: seen(7, '2:a') })).toBe('enqueue')
  })

  it('knows a deletion by the row, not by a hash', () => {
    const { shopState } = aRow()
    const gone = { version: version(8), wireHash: undefined }
    expect(verdict({ seen: seen(7), shopState: { ...shopState, gone: true } }, gone)).toBe('confirm')
    expect(verdict({ seen: seen(7), shopState: { ...shopState, gone: true } })).toBe('enqueue')
    expect(verdict({ seen: seen(7), shopState: { ...shopState, gone: false } }, gone)).toBe('enqueue')
  })

  it('enqueues nothing twice within a day, unless the shop changed it since', () => {
    const enqueued = (seq: number, ago: number) => ({
      seen: seen(5, '1:old'),
      enqueued: { at: NOW - ago, version: version(seq) },
    })
    expect(verdict(enqueued(8, DAY_MS - 1))).toBe('queued')
    expect(verdict(enqueued(8, DAY_MS))).toBe('enqueue')
    expect(verdict(enqueued(7, 1))).toBe('enqueue')
  })

  it('forgets what it enqueued once something as new was delivered', () => {
    const row = { seen: seen(7, '1:b'), enqueued: { at: NOW - 1, version: version(6) } }
    expect(verdict(row)).toBe('enqueue')
  })

  it('does not take a row of its own for a delivery', () => {
    const row = { status: 'new' as const, seen: seen(8), enqueued: { at: NOW - DAY_MS, version: version(8) } }
    expect(verdict(row)).toBe('enqueue')
    expect(verdict({ ...row, enqueued: { at: NOW - 1, version: version(8) } })).toBe('queued')
  })

  it('leaves a row to the worker that holds it, for as long as its lease', () => {
    const claimed = (until: number) => ({ seen: seen(7, '1:old'), claim: { owner: 'w', leaseUntil: until } })
    expect(verdict(claimed(NOW + 1))).toBe('busy')
    expect(verdict(claimed(NOW))).toBe('enqueue')
  })

  it('leaves what differs after a new epoch to a person, and nothing else', () => {
    expect(verdict({ seen: seen(99, '1:old') }, fact(1, '1:a', 1), true)).toBe('withheld')
    expect(verdict({ seen: seen(99, '1:a') }, fact(1, '1:a', 1), true)).toBe('confirm')
    expect(verdict({ seen: seen(2, '1:old', 1) }, fact(3, '1:a', 1), true)).toBe('enqueue')
  })
})

describe('a row that waits', () => {
  it('is woken when its time has come', () => {
    expect(isToWake(aRow({ status: 'parked', wakeAt: NOW }), NOW)).toBe(true)
    expect(isToWake(aRow({ status: 'parked', wakeAt: NOW + 1 }), NOW)).toBe(false)
    expect(isToWake(aRow({ status: 'parked' }), NOW)).toBe(false)
  })

  it('is woken when its message was not received for a day', () => {
    const enqueued = { at: NOW - DAY_MS, version: version(8) }
    expect(isToWake(aRow({ status: 'new', enqueued }), NOW)).toBe(true)
    expect(isToWake(aRow({ status: 'new', enqueued }), NOW - 1)).toBe(false)
  })

  it('is not woken while a worker holds it', () => {
    const claim = { owner: 'w', leaseUntil: NOW + 1 }
    expect(isToWake(aRow({ status: 'parked', wakeAt: NOW, claim }), NOW)).toBe(false)
  })
})

describe('two hashes', () => {
  it('can be compared where the same function made them', () => {
    expect(isComparable(aRow({ seen: seen(1, '1:a') }), '1:b')).toBe(true)
    expect(isComparable(aRow({ seen: seen(1, '1:a') }), '2:a')).toBe(false)
  })
})
