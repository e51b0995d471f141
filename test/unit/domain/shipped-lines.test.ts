import { describe, expect, it } from 'vitest'
import type { Line } from '#contracts/order.ts'
import { shippedLines } from '#domain/shipped-lines.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'

const [template] = canonicalOrder().lines
if (!template) throw new Error('an order has lines')

const goods = (recId: string, sku: string, quantity: number): Line => ({ ...template, recId, sku, quantity })
/** @param members pieces of each SKU in one package */
const pack = (recId: string, quantity: number, members: Record<string, number>): Line => ({
  ...template,
  recId,
  kind: 'package',
  sku: '',
  quantity,
  parts: Object.entries(members).map(([sku, each]) => ({
    goodsId: '1',
    productId: '0',
    sku,
    name: sku,
    quantity: each * quantity,
    net: 0,
  })),
})
const told = (sku: string, quantity: number, recId?: string) => ({
  sku,
  quantity,
  serials: [],
  ...(recId === undefined ? {} : { recId }),
})

type Told = ReturnType<typeof told>

/** What leaves of each line, or why nothing can be said. */
function shipped(lines: Told[], order: Line[], taken: Record<string, number> = {}) {
  const result = shippedLines(lines, order, new Map(Object.entries(taken)))
  return result.ok
    ? Object.fromEntries(result.lines.map(({ recId, quantity }) => [recId, quantity]))
    : `${result.reason.code} ${result.reason.subject}`
}

describe('a shipment of single lines', () => {
  it('goes by the ERP’s word on the line, whatever the SKU', () => {
    const order = [goods('1', 'A', 2), goods('2', 'A', 3)]
    expect(shipped([told('A', 2, '2')], order)).toEqual({ '2': 2 })
    expect(shipped([told('A-NEW', 1, '1')], order)).toEqual({ '1': 1 })
    // More than is left is for the shop to refuse: it knows best.
    expect(shipped([told('A', 9, '1')], order)).toEqual({ '1': 9 })
  })

  it('fills lines of one SKU in their order, less what other shipments are of', () => {
    const order = [goods('1', 'A', 2), goods('2', 'B', 1), goods('3', 'A', 3)]
    expect(shipped([told('A', 1)], order)).toEqual({ '1': 1 })
    expect(shipped([told('A', 4)], order)).toEqual({ '1': 2, '3': 2 })
    expect(shipped([told('A', 3)], order, { '1': 1 })).toEqual({ '1': 1, '3': 2 })
    expect(shipped([told('A', 1), told('A', 1)], order)).toEqual({ '1': 2 })
    expect(shipped([told('A', 2, '1'), told('A', 1)], order)).toEqual({ '1': 2, '3': 1 })
  })

  it('is of no line where the order has no such SKU, or no more of it', () => {
    const order = [goods('1', 'A', 2)]
    expect(shipped([told('Z', 1)], order)).toBe('shipment-unknown-line Z')
    expect(shipped([told('A', 1), told('Z', 1)], order)).toBe('shipment-unknown-line Z')
    expect(shipped([told('A', 3)], order)).toBe('shipment-unknown-line A')
    expect(shipped([told('A', 1)], order, { '1': 2 })).toBe('shipment-unknown-line A')
  })

  it('goes by the SKU where its line was edited away', () => {
    expect(shipped([told('A', 1, '99')], [goods('1', 'A', 2)])).toEqual({ '1': 1 })
  })

  it('is of no promotion line', () => {
    const promotion: Line = { ...goods('1', 'A', 1), kind: 'promotion' }
    expect(shipped([told('A', 1)], [promotion])).toBe('shipment-unknown-line A')
    expect(shipped([told('A', 1, '1')], [promotion])).toBe('shipment-unknown-line A')
  })

  it.each([0, -1, 1.5])('of %d pieces cannot be read', (quantity) => {
    expect(shipped([told('A', quantity)], [goods('1', 'A', 2)])).toBe('shipment-unreadable A')
  })
})

describe('a shipment of packages', () => {
  const order = [goods('1', 'A', 1), pack('2', 2, { A: 1, B: 2 })]

  it('counts whole packages of the members that left', () => {
    expect(shipped([told('A', 1), told('B', 2)], order)).toEqual({ '2': 1 })
    expect(shipped([told('A', 2), told('B', 4)], order)).toEqual({ '2': 2 })
    expect(shipped([told('A', 1, '2'), told('B', 2, '2')], order)).toEqual({ '2': 1 })
  })

  it('leaves to single lines what makes up no package', () => {
    expect(shipped([told('A', 1)], order)).toEqual({ '1': 1 })
    expect(shipped([told('A', 3), told('B', 4)], order)).toEqual({ '1': 1, '2': 2 })
    expect(shipped([told('A', 1), told('B', 2)], order, { '2': 2 })).toBe('package-in-parts B')
  })

  it('is never of a part', () => {
    expect(shipped([told('B', 1)], order)).toBe('package-in-parts B')
    expect(shipped([told('A', 2), told('B', 2)], [pack('2', 2, { A: 1, B: 2 })])).toBe('package-in-parts A')
    expect(shipped([told('A', 1, '2')], order)).toBe('package-in-parts B')
    expect(shipped([told('A', 1, '2'), told('B', 3, '2')], order)).toBe('package-in-parts B')
    const single = [pack('2', 1, { B: 2 })]
    expect(shipped([told('B', 1, '2')], single)).toBe('package-in-parts B')
  })

  it('adds up a member that is in the package twice', () => {
    const twice: Line = { ...pack('2', 1, { A: 1 }) }
    const doubled = { ...twice, parts: [...twice.parts, ...twice.parts] }
    expect(shipped([told('A', 2)], [doubled])).toEqual({ '2': 1 })
    expect(shipped([told('A', 1)], [doubled])).toBe('package-in-parts A')
  })
})
