import { describe, expect, it } from 'vitest'
import { commonContent, compareContent } from '#adapters/mapping/compare-content.ts'

describe('comparing content', () => {
  const expected = {
    order_id: 'EC1-1',
    total: '12.30',
    note: null,
    zip: '0100',
    lines: [
      { sku: 'A', quantity: 1 },
      { sku: 'B', quantity: 2 },
    ],
  }

  it.each<[what: string, found: unknown]>([
    ['all of it', expected],
    ['a part of it, and more', { order_id: 'EC1-1', created_by: 'somebody' }],
    ['amounts as numbers', { total: 12.3 }],
    ['amounts with more places', { total: '12.3000' }],
    ['nothing for null', { note: '' }],
    ['text with blanks around it', { order_id: ' EC1-1 ' }],
    ['lines in another order', { lines: [{ quantity: '2.0', sku: 'B' }, { sku: 'A' }] }],
  ])('sees the same content in %s', (_, found) => {
    expect(compareContent(expected, found)).toBe('same')
  })

  it.each<[what: string, found: unknown]>([
    ['another amount', { total: 12.31 }],
    ['a code whose leading zero is gone', { zip: '100' }],
    ['text where there was none', { note: 'x' }],
    ['nothing where there was text', { order_id: null }],
    ['a line too few', { lines: [{ sku: 'A', quantity: 1 }] }],
    ['a line twice', { lines: [{ sku: 'A' }, { sku: 'A' }] }],
    [
      'another quantity on a line',
      {
        lines: [
          { sku: 'A', quantity: 1 },
          { sku: 'B', quantity: 3 },
        ],
      },
    ],
    ['a list where there was text', { order_id: ['EC1-1'] }],
    ['text where there was a list', { lines: 'A' }],
  ])('sees a difference in %s', (_, found) => {
    expect(compareContent(expected, found)).toBe('different')
  })

  it.each<[what: string, found: unknown]>([
    ['nothing', {}],
    ['other keys', { created_by: 'somebody' }],
    ['lines without a common key', { lines: [{ item: 1 }, { item: 2 }] }],
  ])('does not know by %s', (_, found) => {
    expect(compareContent(expected, found)).toBe('unknown')
  })
})

describe('what two contents have in common', () => {
  it('is the members that are equal in both', () => {
    expect(
      commonContent(
        { a: 1, b: 2, c: { d: 'x', e: 'y' }, lines: [{ sku: 'A', sent: 0 }], nos: [], gone: 1 },
        { a: 1, b: 3, c: { d: 'x', e: 'z' }, lines: [{ sku: 'A', sent: 1 }], nos: ['n'] },
      ),
    ).toEqual({ a: 1, c: { d: 'x' }, lines: [{ sku: 'A' }] })
  })

  it('drops a list of values as a whole', () => {
    expect(commonContent({ list: [1, 2] }, { list: [1, 3] })).toEqual({})
    expect(commonContent({ list: [1, 2] }, { list: [1, 2] })).toEqual({ list: [1, 2] })
  })

  it('is nothing where the contents are of another kind', () => {
    expect(commonContent('a', 'b')).toEqual({})
  })
})
