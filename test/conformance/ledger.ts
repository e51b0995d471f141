import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { Order } from '#contracts/order.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock } from '#ports/runtime.ts'
import { aLongOrder, anOrderSnapshot, aTombstone, snapshotOf, tombstoneOf } from '../support/a-delivery.ts'
import { aRow, aRowKey, rowLines } from '../support/a-ledger-row.ts'
import { ManualClock } from '../support/manual-clock.ts'

const DAY_SECONDS = 86_400

/** What every Ledger does. `open` gives an empty one. */
export function ledgerConformance(engine: string, open: (clock: Clock) => Promise<Ledger>): void {
  describe(`the ledger on ${engine}`, () => {
    let clock: ManualClock
    let ledger: Ledger

    beforeEach(async () => {
      clock = new ManualClock()
      ledger = await open(clock)
    })

    const seed = async (...rows: LedgerRow[]) => {
      for (const row of rows) expect(await ledger.put(row)).toEqual({ ok: true })
    }

    describe('a row', () => {
      it('is absent before its first write', async () => {
        expect(await ledger.get(aRowKey())).toBeUndefined()
      })

      it('comes back as it was written', async () => {
        const row = aRow({
          status: 'parked',
          reason: {
            code: 'missing-sku',
            message: '货品不存在 🧧 𠮷',
            remedy: 'Create it.',
            subject: 'TEA-250',
          },
          applied: {
            version: { epoch: 'epoch-one', seq: 5, epochNo: 0 },
            hash: { v: 1, source: 'aa', mapped: 'bb' },
          },
          intent: {
            op: 'place',
            step: 'create',
            generation: 0,
            hash: { v: 1, source: 'aa', mapped: 'bb' },
            version: { epoch: 'epoch-one', seq: 7, epochNo: 0 },
            deadline: 1_763_712_030_000,
            calls: 2,
          },
          unsettledUntil: 1_763_712_330_000,
          lines: rowLines(2),
          claim: { owner: 'worker-1', leaseUntil: 1_763_712_060_000 },
          wakeAt: 1_763_798_400_000,
          history: [{ at: 1_763_712_000_000, event: 'parked', seq: 7, detail: '第一次' }],
        })
        await seed(row)
        expect(await ledger.get(row.key)).toEqual(row)
      })

      it('holds an order of a thousand lines', async () => {
        const row = aRow({ lines: rowLines(1_000) })
        await seed(row)
        expect(await ledger.get(row.key)).toEqual(row)
      })

      it('is read back at once after each of many writes', async () => {
        for (let rev = 1; rev <= 20; rev += 1) {
          await seed(aRow({ rev, updatedAt: 1_763_712_000_000 + rev }))
          expect((await ledger.get(aRowKey()))?.rev).toBe(rev)
        }
      })

      it('is another row for another shop, kind, source identity or target', async () => {
        await seed(aRow())
        const others = [
          aRowKey({ shop: 'B2' }),
          aRowKey({ kind: 'return' }),
          aRowKey({ sourceId: '10086.1763712001' }),
          aRowKey({ target: 'erp-two' }),
        ]
        for (const key of others) expect(await ledger.get(key)).toBeUndefined()
      })

      it('is not shared with the caller that wrote or read it', async () => {
        const row = aRow({ lines: rowLines(1) })
        await seed(row)
        row.lines.pop()
        const read = await ledger.get(row.key)
        read?.lines.pop()
        expect((await ledger.get(row.key))?.lines).toHaveLength(1)
      })

      it('is refused when it could not be read back', async () => {
        await expect(ledger.put(aRow({ updatedAt: Number.NaN }))).rejects.toThrow('updatedAt')
        expect(await ledger.get(aRowKey())).toBeUndefined()
      })
    })

    describe('many rows', () => {
      const numbered = (index: number) => aRow({ key: aRowKey({ sourceId: `${index}.1763712000` }) })

      it('come in the order of their keys, with a gap where there is none', async () => {
        await seed(numbered(1), numbered(2), numbered(3))
        const keys = [3, 9, 1, 2, 1].map((index) => numbered(index).key)
        expect(await ledger.getMany(keys)).toEqual([
          numbered(3),
          undefined,
          numbered(1),
          numbered(2),
          numbered(1),
        ])
        expect(await ledger.getMany([])).toEqual([])
      })

      it('come however many they are', async () => {
        const all = Array.from({ length: 230 }, (_, index) => numbered(index))
        for (let from = 0; from < all.length; from += 10)
          await Promise.all(all.slice(from, from + 10).map((row) => ledger.put(row)))
        expect(await ledger.getMany(all.map(({ key }) => key))).toEqual(all)
      })

      it('come as last written', async () => {
        await seed(numbered(1), { ...numbered(1), rev: 2, status: 'done' })
        expect(await ledger.getMany([numbered(1).key])).toMatchObject([{ rev: 2, status: 'done' }])
      })
    })

    describe('a write', () => {
      it('has one winner among fifty that race to make the row', async () => {
        const writers = Array.from({ length: 50 }, (_, index) => `worker-${index}`)
        const results = await Promise.all(writers.map((writer) => ledger.put(aRow({ writer }))))
        const winner = writers[results.findIndex((result) => result.ok)]
        expect(results.filter((result) => result.ok)).toHaveLength(1)
        expect((await ledger.get(aRowKey()))?.writer).toBe(winner)
        for (const result of results) {
          if (!result.ok) expect(result.current?.writer).toBe(winner)
        }
      })

      it('has one winner among fifty that race to change the row', async () => {
        await seed(aRow())
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, index) => ledger.put(aRow({ rev: 2, writer: `worker-${index}` }))),
        )
        expect(results.filter((result) => result.ok)).toHaveLength(1)
        expect((await ledger.get(aRowKey()))?.rev).toBe(2)
      })

      it('tells the loser the row as it is now', async () => {
        const now = aRow({ rev: 2, writer: 'worker-2', status: 'held', lines: rowLines(1_000) })
        await seed(aRow(), now)
        expect(await ledger.put(aRow({ rev: 2, writer: 'worker-1' }))).toEqual({ ok: false, current: now })
        expect(await ledger.put(aRow({ rev: 1, writer: 'worker-3' }))).toEqual({ ok: false, current: now })
      })

      it('loses against a row that is gone', async () => {
        expect(await ledger.put(aRow({ rev: 4 }))).toEqual({ ok: false, current: undefined })
      })

      it('loses when it skips a revision', async () => {
        const row = aRow()
        await seed(row)
        expect(await ledger.put(aRow({ rev: 3 }))).toEqual({ ok: false, current: row })
      })

      it('of our own that was repeated is ours', async () => {
        const first = aRow()
        const second = aRow({ rev: 2, writer: 'worker-2', status: 'done' })
        await seed(first, first, second, second)
        expect(await ledger.get(first.key)).toEqual(second)
      })

      it('of our own is lost once somebody wrote after it', async () => {
        const later = aRow({ rev: 2, writer: 'worker-2' })
        await seed(aRow(), later)
        expect(await ledger.put(aRow())).toEqual({ ok: false, current: later })
      })
    })

    describe('a body', () => {
      const order: Order = {
        ...aLongOrder(),
        notes: { buyer: '请尽快 🚚👩‍👩‍👧', toBuyer: '', internal: '', outOfStock: '', surplus: '' },
      }

      it('is absent before it is put', async () => {
        expect(await ledger.getSubject(aRowKey())).toBeUndefined()
        expect(await ledger.getRequest(aRowKey(), 'r1')).toBeUndefined()
      })

      it('comes back as it was put, with a thousand lines, money and emoji', async () => {
        await ledger.putSubject(aRowKey(), snapshotOf(order), DAY_SECONDS)
        expect(await ledger.getSubject(aRowKey())).toEqual(snapshotOf(order))
      })

      it('comes back however badly it compresses, up to what a queue carries', async () => {
        const note = createHash('shake256', { outputLength: 750_000 }).update('noise').digest('base64')
        const subject = snapshotOf(anOrderSnapshot({ extra: { note } }))
        await ledger.putSubject(aRowKey(), snapshotOf(order), DAY_SECONDS)
        await ledger.putSubject(aRowKey(), subject, DAY_SECONDS)
        expect(await ledger.getSubject(aRowKey())).toEqual(subject)
        await ledger.putRequest(aRowKey(), 'r1', note, DAY_SECONDS)
        expect(await ledger.getRequest(aRowKey(), 'r1')).toBe(note)
        clock.advance((DAY_SECONDS + 1) * 1000)
        expect(await ledger.getSubject(aRowKey())).toBeUndefined()
      })

      it('is replaced by the next', async () => {
        await ledger.putSubject(aRowKey(), snapshotOf(order), DAY_SECONDS)
        await ledger.putSubject(aRowKey(), tombstoneOf(aTombstone()), DAY_SECONDS)
        expect(await ledger.getSubject(aRowKey())).toEqual(tombstoneOf(aTombstone()))
      })

      it('lies beside the row and leaves it alone', async () => {
        await ledger.putSubject(aRowKey(), snapshotOf(order), DAY_SECONDS)
        await ledger.putRequest(aRowKey(), 'r1', 'bytes', DAY_SECONDS)
        expect(await ledger.get(aRowKey())).toBeUndefined()
        await seed(aRow())
        expect(await ledger.getRequest(aRowKey(), 'r1')).toBe('bytes')
      })

      it('of a request is kept by its id, character for character', async () => {
        await ledger.putRequest(aRowKey(), 'r1', '{"note":"🧧\\u0000"}', DAY_SECONDS)
        await ledger.putRequest(aRowKey(), 'r2', '', DAY_SECONDS)
        expect(await ledger.getRequest(aRowKey(), 'r1')).toBe('{"note":"🧧\\u0000"}')
        expect(await ledger.getRequest(aRowKey(), 'r2')).toBe('')
      })

      it('is gone after its time, removed or not', async () => {
        await ledger.putSubject(aRowKey(), snapshotOf(order), DAY_SECONDS)
        await ledger.putRequest(aRowKey(), 'r1', 'bytes', DAY_SECONDS)
        clock.advance((DAY_SECONDS - 1) * 1000)
        expect(await ledger.getRequest(aRowKey(), 'r1')).toBe('bytes')
        clock.advance(2_000)
        expect(await ledger.getSubject(aRowKey())).toBeUndefined()
        expect(await ledger.getRequest(aRowKey(), 'r1')).toBeUndefined()
      })
    })

    describe('a search', () => {
      it('finds by order number the rows of every shop, target and identity', async () => {
        const rows = [
          aRow(),
          aRow({ key: aRowKey({ shop: 'B2' }) }),
          aRow({ key: aRowKey({ target: 'erp-two' }), lines: rowLines(1_000) }),
          aRow({ key: aRowKey({ sourceId: '20000.1763800000' }), status: 'done' }),
        ]
        await seed(...rows, aRow({ key: aRowKey({ shop: 'C3' }), no: '2026112199999' }))
        const found = await ledger.findByNo('2026112112345')
        expect(found).toHaveLength(4)
        expect(found).toEqual(expect.arrayContaining(rows))
      })

      it('finds by reference', async () => {
        const row = aRow({ status: 'erased' })
        await seed(row, aRow({ key: aRowKey({ shop: 'B2' }), ref: 'ECB2-2026112112345-7s6' }))
        expect(await ledger.findByRef(row.ref)).toEqual([row])
      })

      it('finds nothing for what nobody has', async () => {
        await seed(aRow(), aRow({ key: aRowKey({ shop: 'B2' }), no: '' }))
        expect(await ledger.findByNo('0')).toEqual([])
        expect(await ledger.findByNo('')).toEqual([])
        expect(await ledger.findByRef('ECZZ')).toEqual([])
      })

      it('shows the row as last written, and no bodies', async () => {
        await ledger.putSubject(aRowKey(), snapshotOf(anOrderSnapshot()), DAY_SECONDS)
        const second = aRow({ rev: 2, no: '2026112100000' })
        await seed(aRow(), second)
        expect(await ledger.findByNo('2026112112345')).toEqual([])
        expect(await ledger.findByNo('2026112100000')).toEqual([second])
      })
    })

    describe('a person', () => {
      const other = aRowKey({ sourceId: '20000.1763800000' })

      it('finds the rows whose stored state names them, newest first', async () => {
        const rows = [aRow({ firstSeenAt: 1_000 }), aRow({ key: other, firstSeenAt: 2_000 })]
        await seed(...rows, aRow({ key: aRowKey({ shop: 'B2' }) }))
        await ledger.putSubject(aRowKey(), snapshotOf(anOrderSnapshot()), DAY_SECONDS, ['p1', 'p2'])
        await ledger.putSubject(other, snapshotOf(anOrderSnapshot()), DAY_SECONDS, ['p1'])
        expect(await ledger.findByPerson('p1')).toEqual(rows.toReversed())
        expect(await ledger.findByPerson('p2')).toEqual([rows[0]])
        expect(await ledger.findByPerson('p3')).toEqual([])
      })

      it('finds rows beyond a page of what a table answers', async () => {
        const many = Array.from({ length: 120 }, (_, index) => aRowKey({ sourceId: `${index}.1763712000` }))
        for (const key of many) {
          await seed(aRow({ key }))
          await ledger.putSubject(key, snapshotOf(anOrderSnapshot()), DAY_SECONDS, ['p1'])
        }
        expect(await ledger.findByPerson('p1')).toHaveLength(120)
      })

      it('finds no row that was never written', async () => {
        await ledger.putSubject(aRowKey(), snapshotOf(anOrderSnapshot()), DAY_SECONDS, ['p1'])
        expect(await ledger.findByPerson('p1')).toEqual([])
      })

      it('finds nothing once what was stored has expired', async () => {
        await seed(aRow())
        await ledger.putSubject(aRowKey(), snapshotOf(anOrderSnapshot()), DAY_SECONDS, ['p1'])
        clock.advance((DAY_SECONDS + 1) * 1000)
        expect(await ledger.findByPerson('p1')).toEqual([])
      })
    })

    describe('the bodies of a row', () => {
      const long = () =>
        snapshotOf(
          anOrderSnapshot({
            extra: { note: createHash('shake256', { outputLength: 600_000 }).update('n').digest('base64') },
          }),
        )

      it('are told request by request', async () => {
        const large = createHash('shake256', { outputLength: 600_000 }).update('large').digest('base64')
        await ledger.putSubject(aRowKey(), long(), DAY_SECONDS)
        await ledger.putRequest(aRowKey(), 'r1', large, DAY_SECONDS)
        await ledger.putRequest(aRowKey(), 'r#2', 'bytes', DAY_SECONDS)
        await ledger.putRequest(aRowKey({ shop: 'B2' }), 'r3', 'bytes', DAY_SECONDS)
        expect(await ledger.getRequests(aRowKey())).toEqual({ r1: large, 'r#2': 'bytes' })
        clock.advance((DAY_SECONDS + 1) * 1000)
        expect(await ledger.getRequests(aRowKey())).toEqual({})
      })

      it('are removed with what finds them, and the row stays', async () => {
        await seed(aRow())
        await ledger.putSubject(aRowKey(), long(), DAY_SECONDS, ['p1', 'p2'])
        await ledger.putRequest(aRowKey(), 'r1', 'bytes', DAY_SECONDS)
        await ledger.putRequest(aRowKey(), 'r2', 'bytes', DAY_SECONDS)
        expect(await ledger.removeBodies(aRowKey(), ['p1'])).toEqual({ subjects: 1, requests: 2 })
        expect(await ledger.getSubject(aRowKey())).toBeUndefined()
        expect(await ledger.getRequests(aRowKey())).toEqual({})
        expect(await ledger.findByPerson('p1')).toEqual([])
        expect(await ledger.findByPerson('p2')).toEqual([aRow()])
        expect(await ledger.get(aRowKey())).toEqual(aRow())
      })

      it('are none where none were stored', async () => {
        expect(await ledger.removeBodies(aRowKey(), ['p1'])).toEqual({ subjects: 0, requests: 0 })
      })
    })

    describe('a list', () => {
      const parked = (index: number) =>
        aRow({
          key: aRowKey({ sourceId: `${index}.1763712000` }),
          status: 'parked',
          updatedAt: 1_763_712_000_000 - index * 1_000,
        })

      it('holds the rows of one target and status, oldest first', async () => {
        await seed(
          parked(1),
          parked(3),
          parked(2),
          aRow({ key: aRowKey({ sourceId: '8.1' }), status: 'held' }),
          aRow({ key: aRowKey({ sourceId: '9.1' }), status: 'done' }),
          aRow({ key: aRowKey({ target: 'erp-two' }), status: 'parked' }),
        )
        expect((await ledger.list('erp-one', 'parked')).rows).toEqual([parked(3), parked(2), parked(1)])
        expect((await ledger.list('erp-one', 'held')).rows).toHaveLength(1)
        expect((await ledger.list('erp-one', 'new')).rows).toEqual([])
      })

      it('loses a row that ends', async () => {
        await seed(parked(1), { ...parked(1), rev: 2, status: 'done' })
        expect(await ledger.list('erp-one', 'parked')).toEqual({ rows: [] })
      })

      it('goes on from a cursor until every row has been seen once', async () => {
        const rows = Array.from({ length: 7 }, (_, index) => parked(7 - index))
        await seed(...rows)
        const seen: LedgerRow[] = []
        let cursor: string | undefined
        let pages = 0
        do {
          const page = await ledger.list('erp-one', 'parked', { limit: 3, ...(cursor && { cursor }) })
          expect(page.rows.length).toBeLessThanOrEqual(3)
          seen.push(...page.rows)
          cursor = page.cursor
          pages += 1
        } while (cursor !== undefined && pages < 10)
        expect(seen).toEqual(rows)
      })

      it('refuses a cursor that it did not return', async () => {
        await expect(ledger.list('erp-one', 'parked', { limit: 3, cursor: 'page 2' })).rejects.toThrow(
          'cursor',
        )
      })
    })
  })
}
