import { describe, expect, it } from 'vitest'
import { erasedRow, rebornRow } from '#domain/erased-row.ts'
import { aRow, rowLines } from '../../support/a-ledger-row.ts'

const row = aRow({
  rev: 4,
  status: 'parked',
  reason: { code: 'refused', message: 'Wang is unknown', remedy: 'Call Wang.' },
  lines: rowLines(1),
  intent: {
    op: 'amend',
    step: 'create',
    generation: 1,
    hash: { v: 1, source: 'aa', mapped: 'bb' },
    version: { epoch: 'e', seq: 1, epochNo: 0 },
    deadline: 1,
    calls: 1,
    bytes: 'r1',
  },
  erp: { id: '77', no: 'S77', generation: 1, step: 'create', state: 'live' },
  claim: { owner: 'me', leaseUntil: 5 },
  wakeAt: 9,
  parts: {
    lines: [{ sku: 'ZIP-01', quantity: 1, description: 'for Wang', available: 2 }],
    parcels: [],
    refused: 'Wang owes',
  },
  history: [{ at: 1, event: 'parked', detail: 'Wang', correlationId: 'c' }],
})

describe('the row of somebody who was erased', () => {
  it('keeps references, quantities and the document, and no sentence', () => {
    const erased = erasedRow(row, 100, 'eraser')
    expect(erased).toMatchObject({
      rev: 5,
      status: 'erased',
      ref: row.ref,
      no: row.no,
      lines: row.lines,
      erp: row.erp,
    })
    expect(erased.intent).toEqual({ ...row.intent, bytes: undefined })
    expect(erased.history).toEqual([
      { at: 1, event: 'parked', correlationId: 'c' },
      { at: 100, event: 'erased' },
    ])
    expect(erased.parts?.lines).toMatchObject([{ sku: 'ZIP-01', quantity: 1, available: 2 }])
    expect(JSON.stringify(erased)).not.toContain('Wang')
    expect([erased.claim, erased.wakeAt, erased.reason]).toEqual([undefined, undefined, undefined])
  })

  it('starts anew with a document of its own when a guest comes back', () => {
    const reborn = rebornRow(erasedRow(row, 100, 'eraser'))
    expect(reborn).toMatchObject({ status: 'new', generation: 2, rev: 5 })
    expect([reborn.erp, reborn.applied, reborn.intent]).toEqual([undefined, undefined, undefined])
    const { erp: _erp, intent: _intent, ...never } = row
    expect(rebornRow(never).generation).toBe(row.generation)
  })
})
