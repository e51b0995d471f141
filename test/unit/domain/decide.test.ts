import { describe, expect, it } from 'vitest'
import { RulesSchema } from '#contracts/config.ts'
import type { Tombstone } from '#contracts/order.ts'
import { contentOf } from '#domain/content.ts'
import { decide, knownFromRow, sameContent, settledAt } from '#domain/decide.ts'
import { desire, objection } from '#domain/desire.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'

const rules = RulesSchema.parse({})
const hash = { v: 1, source: 's', mapped: 'm' }
const { version } = aRow().seen

describe('the same content', () => {
  it('is either hash being equal, under one version of the function', () => {
    expect(sameContent(hash, { v: 1, source: 's', mapped: 'other' })).toBe(true)
    expect(sameContent(hash, { v: 1, source: 'other', mapped: 'm' })).toBe(true)
    expect(sameContent(hash, { v: 1, source: 'other', mapped: 'other' })).toBe(false)
    expect(sameContent(hash, { ...hash, v: 2 })).toBe(false)
    expect(sameContent(undefined, hash)).toBe(false)
  })
})

describe('the time a write is settled', () => {
  const intent = {
    op: 'place' as const,
    step: 'create',
    generation: 0,
    hash,
    version,
    deadline: 100,
    calls: 1,
  }
  it('is the later of the intent’s own and what earlier calls left', () => {
    expect(settledAt(aRow(), 10)).toBe(0)
    expect(settledAt(aRow({ unsettledUntil: 70 }), 10)).toBe(70)
    expect(settledAt(aRow({ intent }), 10)).toBe(110)
    expect(settledAt(aRow({ intent, unsettledUntil: 500 }), 10)).toBe(500)
  })
})

describe('what the row alone says', () => {
  const erp = { id: 'D1', no: 'SO-1', generation: 0, step: 'create', state: 'live' as const }
  it('of a live document is its number and whether its content is the newest', () => {
    const row = aRow({ erp, applied: { version, hash } })
    expect(knownFromRow(row, hash, false)).toEqual({
      is: 'live',
      id: 'D1',
      no: 'SO-1',
      step: 'create',
      content: 'same',
    })
    expect(knownFromRow(row, { v: 1, source: 'x', mapped: 'y' }, false)).toMatchObject({
      content: 'different',
    })
    expect(knownFromRow(row, hash, true)).toMatchObject({ content: 'unknown' })
    expect(knownFromRow(row, undefined, false)).toMatchObject({ content: 'unknown' })
    const { no: _no, ...unnumbered } = erp
    expect(knownFromRow(aRow({ erp: unnumbered }), hash, false)).toEqual({
      is: 'live',
      id: 'D1',
      step: 'create',
      content: 'different',
    })
  })

  it('of a cancelled one is whose cancel it was: ours raised the generation', () => {
    const cancelled = { ...erp, state: 'cancelled' as const }
    expect(knownFromRow(aRow({ erp: cancelled, generation: 1 }), hash, false)).toEqual({
      is: 'cancelled',
      byUs: true,
    })
    expect(knownFromRow(aRow({ erp: cancelled }), hash, false)).toEqual({ is: 'cancelled', byUs: false })
    expect(knownFromRow(aRow(), hash, false)).toEqual({ is: 'none' })
  })
})

describe('the reasons a decision gives', () => {
  const situation = {
    abilities: {
      idempotency: 'none' as const,
      find: true,
      amend: false,
      cancel: false,
      steps: ['create'] as const,
    },
    desire: { want: 'present' as const },
    objection: undefined,
    predecessors: 'clear' as const,
    decided: false,
  }
  it('name the trouble', () => {
    const live = { is: 'live' as const, id: 'D1', step: 'create' }
    const reasons = [
      decide({ ...situation, known: { is: 'many', count: 3 } }),
      decide({ ...situation, known: { is: 'collision' } }),
      decide({ ...situation, known: { is: 'missing' } }),
      decide({ ...situation, known: { is: 'unknowable' } }),
      decide({ ...situation, known: { ...live, content: 'different' } }),
      decide({ ...situation, known: { ...live, content: 'unknown' } }),
      decide({ ...situation, known: { is: 'cancelled', byUs: false } }),
      decide({ ...situation, known: { is: 'none' }, predecessors: 'too-late' }),
      decide({ ...situation, known: { ...live, content: 'same' }, desire: { want: 'vanished' } }),
      decide({
        ...situation,
        known: { ...live, content: 'same' },
        desire: { want: 'absent', because: 'void' },
      }),
    ]
    expect(reasons.map((decision) => (decision.do === 'park' ? decision.reason.code : decision.do))).toEqual([
      'many-documents',
      'reference-collision',
      'missing-in-erp',
      'verify',
      'amend-unsupported',
      'verify',
      'cancelled-in-erp',
      'merge-predecessor',
      'vanished',
      'cancel-unsupported',
    ])
    expect(reasons[0]).toMatchObject({ reason: { message: expect.stringContaining('3') } })
  })
})

describe('what the shop’s state asks for', () => {
  const shop = aRow().shopState
  const tombstone = (change: Partial<Tombstone>) => ({
    is: 'tombstone' as const,
    tombstone: {
      shop: 'demo',
      orderId: '1',
      orderSn: '1',
      addTime: 5,
      recIds: [],
      state: null,
      mergedInto: null,
      ...change,
    },
  })
  it('of a deleted order is a cancel only if it had ended in the shop', () => {
    const open = { ...shop, state: 'confirmed' as const }
    expect(desire(tombstone({}), open, rules, false)).toEqual({ want: 'vanished' })
    expect(desire(tombstone({ state: 'void' }), open, rules, false)).toEqual({
      want: 'absent',
      because: 'deleted',
    })
    expect(desire(tombstone({ state: 'cancelled' }), open, rules, false)).toEqual({
      want: 'absent',
      because: 'deleted',
    })
    expect(desire(tombstone({}), { ...shop, state: 'void' }, rules, false)).toEqual({
      want: 'absent',
      because: 'deleted',
    })
    expect(desire(tombstone({}), { ...shop, state: 'cancelled' }, rules, false)).toMatchObject({
      want: 'absent',
    })
    expect(desire(tombstone({ mergedInto: { orderId: '2', orderSn: '2' } }), open, rules, false)).toEqual({
      want: 'absent',
      because: 'merged',
    })
  })

  it('tells a cancelled order from a void one', () => {
    for (const state of ['cancelled', 'void'] as const) {
      const subject = { is: 'snapshot' as const, order: canonicalOrder({ state }) }
      expect(desire(subject, shop, rules, false)).toEqual({ want: 'absent', because: state })
    }
  })

  it('objects to a difference beyond the tolerance, either way, and names the line without a code', () => {
    const tolerant = { ...rules, residualTolerance: 2 }
    expect(objection(canonicalOrder({ residual: 2 }), tolerant)).toBeUndefined()
    expect(objection(canonicalOrder({ residual: -2 }), tolerant)).toBeUndefined()
    expect(objection(canonicalOrder({ residual: 3 }), tolerant)).toMatchObject({
      code: 'unbalanced',
      message: expect.stringContaining('3 minor units of CNY'),
    })
    expect(objection(canonicalOrder({ residual: -3 }), tolerant)).toMatchObject({ code: 'unbalanced' })
    expect(objection(canonicalOrder({ sku: '' }), rules)).toMatchObject({
      code: 'missing-sku',
      subject: '10011',
      field: 'lines[rec_id=10011].sku',
    })
    expect(objection(canonicalOrder({ sku: '' }), { ...rules, missingSku: 'send' })).toBeUndefined()
  })
})

describe('content', () => {
  it('leaves out what ECShop 3.x keeps books with, and keeps every other unknown field', () => {
    const order = { ...canonicalOrder(), extra: { lastmodify: 5, callback_status: 'true', wishes: 'blue' } }
    expect(contentOf(order).extra).toEqual({ wishes: 'blue' })
  })
})
