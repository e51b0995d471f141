import { beforeEach, describe, expect, it } from 'vitest'
import type { WritebackRow } from '#contracts/writeback.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import { aRow } from '../support/a-ledger-row.ts'
import { aCancelCommand, aToldShipment, aWritebackKey, aWritebackRow } from '../support/a-writeback.ts'

/** What every WritebackLedger does. `open` gives an empty one, and the ledger beside it. */
export function writebackLedgerConformance(
  engine: string,
  open: () => Promise<{ writebacks: WritebackLedger; ledger: Ledger }>,
): void {
  describe(`the write-backs on ${engine}`, () => {
    let writebacks: WritebackLedger
    let ledger: Ledger

    beforeEach(async () => {
      ;({ writebacks, ledger } = await open())
    })

    const seed = async (...rows: WritebackRow[]) => {
      for (const row of rows) expect(await writebacks.put(row)).toEqual({ ok: true })
    }

    describe('a row', () => {
      it('is absent before its first write', async () => {
        expect(await writebacks.get(aWritebackKey())).toBeUndefined()
      })

      it('comes back as it was written', async () => {
        const row = aWritebackRow({
          status: 'parked',
          reason: { code: 'too-late', message: '已发货 🧧 𠮷', remedy: 'Take it back.', field: 'lines' },
          claim: { owner: 'worker-1', leaseUntil: 1_763_712_060_000 },
          result: 'recorded',
          history: [{ at: 1_763_712_000_000, event: 'parked', detail: '第一次', correlationId: 'c1' }],
        })
        await seed(row)
        expect(await writebacks.get(row.key)).toEqual(row)
      })

      it('needs no command, no order and no shop, of what could not be read', async () => {
        const { shop: _shop, command: _command, told: _told, ...rest } = aWritebackRow({ no: '', ref: '' })
        await seed(rest)
        expect(await writebacks.get(rest.key)).toEqual(rest)
      })

      it('holds a shipment of a thousand lines with their serial numbers', async () => {
        const lines = Array.from({ length: 1_000 }, (_, index) => ({
          sku: `SKU-${index}`,
          quantity: 2,
          serials: [`SN-${index}-1`, `SN-${index}-2`],
        }))
        const row = aWritebackRow({ told: aToldShipment({ lines }) })
        await seed(row)
        expect(await writebacks.get(row.key)).toEqual(row)
      })

      it('is another row for another target, kind or id', async () => {
        await seed(aWritebackRow())
        const others = [
          aWritebackKey({ target: 'erp-two' }),
          aWritebackKey({ kind: 'cancel' }),
          aWritebackKey({ id: 'OUT/1' }),
        ]
        for (const key of others) expect(await writebacks.get(key)).toBeUndefined()
      })

      it('is not shared with the caller that wrote or read it', async () => {
        const row = aWritebackRow({ history: [{ at: 1, event: 'queued' }] })
        await seed(row)
        row.history.pop()
        const read = await writebacks.get(row.key)
        read?.history.pop()
        expect((await writebacks.get(row.key))?.history).toHaveLength(1)
      })

      it('is refused when it could not be read back', async () => {
        await expect(writebacks.put(aWritebackRow({ updatedAt: Number.NaN }))).rejects.toThrow('updatedAt')
        expect(await writebacks.get(aWritebackKey())).toBeUndefined()
      })
    })

    describe('a write', () => {
      it.each([1, 2])('of revision %i has one winner among fifty that race', async (rev) => {
        if (rev === 2) await seed(aWritebackRow())
        const writers = Array.from({ length: 50 }, (_, index) => `racer-${index}`)
        const results = await Promise.all(
          writers.map((writer) => writebacks.put(aWritebackRow({ rev, writer }))),
        )
        const winner = writers[results.findIndex((result) => result.ok)]
        expect(results.filter((result) => result.ok)).toHaveLength(1)
        expect(await writebacks.get(aWritebackKey())).toMatchObject({ rev, writer: winner })
        for (const result of results) if (!result.ok) expect(result.current?.writer).toBe(winner)
      })

      it('loses when it skips a revision, or against a row that is gone', async () => {
        expect(await writebacks.put(aWritebackRow({ rev: 4 }))).toEqual({ ok: false, current: undefined })
        await seed(aWritebackRow())
        expect(await writebacks.put(aWritebackRow({ rev: 3 }))).toEqual({
          ok: false,
          current: aWritebackRow(),
        })
      })

      it('of our own that was repeated is ours, until somebody wrote after it', async () => {
        const later = aWritebackRow({ rev: 2, writer: 'worker-2', status: 'done' })
        await seed(aWritebackRow(), aWritebackRow(), later, later)
        expect(await writebacks.put(aWritebackRow())).toEqual({ ok: false, current: later })
      })
    })

    describe('a search', () => {
      it('finds by order number and by reference all that belongs to the order', async () => {
        const rows = [
          aWritebackRow(),
          aWritebackRow({ key: aWritebackKey({ id: 'OUT-2' }), status: 'done' }),
          aWritebackRow({ key: aWritebackKey({ kind: 'cancel', id: 'c1' }), command: aCancelCommand() }),
        ]
        await seed(
          ...rows,
          aWritebackRow({ key: aWritebackKey({ id: 'OUT-9' }), no: '2026112199999', ref: 'ECA1-2' }),
        )
        const byNo = await writebacks.findByNo('2026112112345')
        expect(byNo).toHaveLength(3)
        expect(byNo).toEqual(expect.arrayContaining(rows))
        const byRef = await writebacks.findByRef('ECA1-2026112112345-7s6')
        expect(byRef).toHaveLength(3)
        expect(byRef).toEqual(expect.arrayContaining(rows))
      })

      it('finds nothing for what nobody has', async () => {
        await seed(aWritebackRow({ no: '', ref: '' }))
        expect(await writebacks.findByNo('')).toEqual([])
        expect(await writebacks.findByRef('')).toEqual([])
        expect(await writebacks.findByNo('0')).toEqual([])
      })

      it('finds no row of the ledger, and the ledger finds no write-back', async () => {
        const order = aRow({ status: 'parked' })
        const shipment = aWritebackRow({ status: 'parked' })
        await ledger.put(order)
        await seed(shipment)
        expect(order).toMatchObject({ no: shipment.no, ref: shipment.ref })
        expect(await ledger.findByNo(order.no)).toEqual([order])
        expect(await ledger.findByRef(order.ref)).toEqual([order])
        expect(await ledger.list('erp-one', 'parked')).toEqual({ rows: [order] })
        expect(await writebacks.findByNo(order.no)).toEqual([shipment])
        expect(await writebacks.findByRef(order.ref)).toEqual([shipment])
        expect(await writebacks.list('erp-one', 'parked')).toEqual({ rows: [shipment] })
      })
    })

    describe('a list', () => {
      const parked = (index: number) =>
        aWritebackRow({
          key: aWritebackKey({ id: `OUT-${index}` }),
          status: 'parked',
          updatedAt: 1_763_712_000_000 - index * 1_000,
        })

      it('holds the rows of one target and status, oldest first, until they end', async () => {
        await seed(
          parked(1),
          parked(3),
          parked(2),
          aWritebackRow({ key: aWritebackKey({ id: 'OUT-8' }) }),
          aWritebackRow({ key: aWritebackKey({ target: 'erp-two' }), status: 'parked' }),
        )
        expect((await writebacks.list('erp-one', 'parked')).rows).toEqual([parked(3), parked(2), parked(1)])
        expect((await writebacks.list('erp-one', 'open')).rows).toHaveLength(1)
        await seed({ ...parked(2), rev: 2, status: 'done' })
        expect((await writebacks.list('erp-one', 'parked')).rows).toEqual([parked(3), parked(1)])
      })

      it('goes on from a cursor until every row has been seen once', async () => {
        const rows = Array.from({ length: 7 }, (_, index) => parked(7 - index))
        await seed(...rows)
        const seen: WritebackRow[] = []
        let cursor: string | undefined
        let pages = 0
        do {
          const page = await writebacks.list('erp-one', 'parked', { limit: 3, ...(cursor && { cursor }) })
          expect(page.rows.length).toBeLessThanOrEqual(3)
          seen.push(...page.rows)
          cursor = page.cursor
          pages += 1
        } while (cursor !== undefined && pages < 10)
        expect(seen).toEqual(rows)
      })

      it('refuses a cursor that it did not return', async () => {
        await expect(writebacks.list('erp-one', 'parked', { limit: 3, cursor: 'page 2' })).rejects.toThrow(
          'cursor',
        )
      })
    })
  })
}
