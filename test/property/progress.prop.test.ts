import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Progress, ProgressSchema, ReturnStepSchema, TicketStepSchema } from '#contracts/progress.ts'
import { checked, courseOf, inTheirOrder, progressText } from '#domain/progress.ts'

const steps = (of: 'ticket' | 'return') =>
  fc
    .uniqueArray(
      fc.record({
        id: fc.string({ unit: fc.constantFrom('a', 'b', '1', '2', ':'), minLength: 1, maxLength: 3 }),
        step: fc.constantFrom(...(of === 'ticket' ? TicketStepSchema : ReturnStepSchema).options),
        // With and without fractions: texts of equal instants differ, and sort otherwise than they happened.
        at: fc.constantFrom(
          '2026-11-20T01:00:00Z',
          '2026-11-20T01:00:00.000Z',
          '2026-11-20T01:00:00.5Z',
          '2026-11-20T01:00:01Z',
          '2026-11-21T00:00:00Z',
        ),
      }),
      { selector: ({ id }) => id, maxLength: 8 },
    )
    .map((list) => list.map((one) => ProgressSchema.parse({ of, reference: 'ECA1-T7', ...one })))
const either = fc.constantFrom('ticket' as const, 'return' as const).chain(steps)

describe('the steps of a ticket or return', () => {
  it('lead to the same state in whatever order and however often they are told', () => {
    fc.assert(
      fc.property(
        either.chain((list) => fc.tuple(fc.constant(list), shuffledWithRepeats(list))),
        ([list, told]) => {
          expect(courseOf(told)).toEqual(courseOf(list))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('all count: each moves the state on, or is kept as out of order', () => {
    fc.assert(
      fc.property(either, (list) => {
        const { state, outOfOrder } = courseOf(list)
        const inOrder = inTheirOrder(list).filter(({ id }) => !outOfOrder.includes(id))
        expect(state).toBe(inOrder.at(-1)?.step)
        // What was out of order would have changed nothing had it not been told.
        expect(courseOf(inOrder)).toEqual({ state, outOfOrder: [] })
      }),
      { numRuns: 1_000 },
    )
  })

  it('change nothing after an end', () => {
    fc.assert(
      fc.property(
        either,
        fc.constantFrom('closed', 'refunded', 'refused', 'replacement-shipped'),
        (list, end) => {
          const { state } = courseOf(list)
          fc.pre(state === end)
          const later = list[0] && { ...list[0], id: 'zzz', at: '2026-12-01T00:00:00Z' }
          expect(courseOf(later ? [...list, later] : list).state).toBe(end)
        },
      ),
    )
  })

  it('keep their order by time and not by text', () => {
    const [half, whole] = [
      { at: '2026-11-20T01:00:00.5Z', id: 'a' },
      { at: '2026-11-20T01:00:00Z', id: 'b' },
    ]
    expect(inTheirOrder([half, whole])).toEqual([whole, half])
  })
})

function shuffledWithRepeats<T>(list: readonly T[]): fc.Arbitrary<T[]> {
  if (list.length === 0) return fc.constant([])
  return fc
    .tuple(
      fc.shuffledSubarray([...list], { minLength: list.length }),
      fc.array(fc.tuple(fc.constantFrom(...list), fc.nat(20)), { maxLength: 4 }),
    )
    .map(([shuffled, again]) =>
      again.reduce((all, [one, at]) => all.toSpliced(at % (all.length + 1), 0, one), shuffled),
    )
}

describe('a machine of steps', () => {
  it('is refused where a step cannot be reached, leads nowhere, or is no end though nothing follows', () => {
    const machine = { starts: ['a'], next: { a: ['b'], b: [] }, ends: ['b'] } as const
    expect(checked<'a' | 'b'>(machine)).toBe(machine)
    expect(() => checked<'a' | 'b'>({ ...machine, starts: ['b'] })).toThrow('No step leads to "a".')
    expect(() => checked<'a' | 'b'>({ ...machine, starts: ['a', 'b'], next: { a: ['a'], b: [] } })).toThrow(
      '"a" leads to no end.',
    )
    expect(() => checked<'a' | 'b'>({ ...machine, next: { a: ['b'], b: ['a'] } })).toThrow(
      '"b" has to be an end',
    )
  })
})

describe('a step in words', () => {
  const step = (change: object): Progress =>
    ProgressSchema.parse({
      of: 'ticket',
      id: 's-1',
      reference: 'ECA1-T7',
      at: '2026-11-20T16:30:00Z',
      step: 'repairing',
      ...change,
    })

  it('tells state, time on the clock of the shop, person, note, fee and parcels with their news, newest first', () => {
    const told = step({
      person: '样例师傅',
      note: '已更换主板。',
      fee: { amount: '120.00', currency: 'CNY' },
      parcels: [
        {
          carrier: '顺丰速运',
          tracking: 'SF1',
          events: [
            { at: '2026-11-20T01:00:00Z', text: '已揽收' },
            { at: '2026-11-20T09:00:00Z', text: '派送中' },
          ],
        },
        { tracking: 'YT2' },
      ],
    })
    expect(progressText(told, 'Asia/Shanghai').split('\n')).toEqual([
      '【维修中】2026-11-21 00:30',
      '处理人：样例师傅',
      '已更换主板。',
      '费用：120.00 元',
      '包裹：顺丰速运 SF1',
      '  2026-11-20 17:00 派送中',
      '  2026-11-20 09:00 已揽收',
      '包裹：YT2',
    ])
  })

  it('names another currency as it is', () => {
    expect(progressText(step({ fee: { amount: '9.50', currency: 'EUR' } }), 'UTC')).toContain(
      '费用：9.50 EUR',
    )
  })

  it('fits what the bridge takes, however long, and cuts no character in two', () => {
    const long = fc.string({ unit: fc.constantFrom('字', '🔧', 'x'), minLength: 100, maxLength: 450 })
    fc.assert(
      fc.property(long, fc.constantFrom('ticket', 'return'), (note, of) => {
        const events = Array.from({ length: 20 }, () => ({
          at: '2026-11-20T01:00:00Z',
          text: Array.from(note).slice(0, 90).join(''),
        }))
        const told = step({
          of,
          ...(of === 'return' ? { step: 'received' } : {}),
          note,
          parcels: [{ tracking: 'SF1', events }],
        })
        const text = progressText(told, 'Asia/Shanghai')
        expect(text.length).toBeLessThanOrEqual(of === 'ticket' ? 2_000 : 255)
        expect(text.endsWith('…')).toBe(true)
        expect(text.isWellFormed()).toBe(true)
      }),
    )
  })
})
