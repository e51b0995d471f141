import { describe, expect, test } from 'vitest'
import type { ErpDocument } from '../../../../local/demo/erp-call.ts'
import type { ShopOrder } from '../../../../local/demo/shop-order.ts'
import { tally, totals } from '../../../../local/story/tally.ts'

const order: ShopOrder = {
  id: 1001,
  no: '2026112201001',
  status: 'confirmed',
  addTime: 1_795_190_400,
  payTime: 1_795_190_400,
  buyer: 0,
  lines: [
    {
      recId: '10010',
      goodsId: '102',
      productId: '1021',
      goodsSn: 'CUP',
      sku: 'CUP-WHITE',
      name: '手工白瓷杯',
      attributes: '',
      price: 4_590,
      quantity: 2,
    },
  ],
}

const content = {
  order_no: '2026112201001',
  receiver: '演示买家甲',
  phone: '10000000011',
  currency: 'CNY',
  total: '101.80',
  freight: '10.00',
  lines: [{ line_ref: 'any', sku: 'CUP-WHITE', quantity: 2, price: '45.90' }],
}

function aDocument(change: Partial<ErpDocument> = {}): ErpDocument {
  return {
    id: 'D1',
    no: 'SO-1',
    collection: 'orders',
    reference: 'ECdemo-2026112201001-rt',
    status: 'confirmed',
    body: content,
    revision: 1,
    ...change,
  }
}

const counted = (of: ShopOrder, documents: readonly ErpDocument[], parked = false) =>
  totals(tally([of], documents, () => parked))

describe('the count in the ERP', () => {
  test('finds a paid order that is there once in order', () => {
    expect(counted(order, [aDocument()])).toEqual({ lost: 0, doubled: 0, parked: 0 })
  })

  test('calls a paid order lost that is not there', () => {
    const another = aDocument({ reference: 'ECdemo-2026112201002-ru', body: { ...content, order_no: 'x' } })
    expect(counted(order, [another])).toEqual({ lost: 1, doubled: 0, parked: 0 })
  })

  test('calls a paid order lost whose only document is cancelled', () => {
    expect(counted(order, [aDocument({ status: 'cancelled' })])).toEqual({ lost: 1, doubled: 0, parked: 0 })
  })

  test.each([
    ['a quantity', { lines: [{ sku: 'CUP-WHITE', quantity: 1, price: '45.90' }] }],
    ['a SKU', { lines: [{ sku: 'CUP-BLACK', quantity: 2, price: '45.90' }] }],
    ['the total', { total: '101.81' }],
    ['the receiver', { receiver: '演示买家乙' }],
  ])('calls an order lost whose document differs in %s', (_what, difference) => {
    const [finding] = tally([order], [aDocument({ body: { ...content, ...difference } })], () => false)
    expect(finding).toMatchObject({ equal: false, lost: true })
  })

  test('calls a cancellation lost that left a live document', () => {
    const cancelled: ShopOrder = { ...order, status: 'cancelled' }
    expect(counted(cancelled, [aDocument()])).toEqual({ lost: 1, doubled: 0, parked: 0 })
    expect(counted(cancelled, [aDocument({ status: 'cancelled' })])).toEqual({
      lost: 0,
      doubled: 0,
      parked: 0,
    })
  })

  test('wants nothing of an unpaid order in the ERP', () => {
    const unpaid: ShopOrder = { ...order, status: 'placed', payTime: 0 }
    expect(counted(unpaid, [])).toEqual({ lost: 0, doubled: 0, parked: 0 })
    expect(counted(unpaid, [aDocument()])).toEqual({ lost: 1, doubled: 0, parked: 0 })
  })

  test('counts every live document beyond the first, under whatever reference', () => {
    const copies = ['ECdemo-2026112201001-rt', 'ECdemo-2026112201001-rt-1', 'typed in by hand'].map(
      (reference) => aDocument({ reference }),
    )
    expect(counted(order, copies)).toEqual({ lost: 0, doubled: 2, parked: 0 })
  })

  test('does not count a replaced document that is cancelled', () => {
    const replaced = aDocument({ id: 'D0', status: 'cancelled' })
    expect(counted(order, [replaced, aDocument()])).toEqual({ lost: 0, doubled: 0, parked: 0 })
  })

  test('counts what is parked as parked, not as lost', () => {
    expect(counted(order, [], true)).toEqual({ lost: 0, doubled: 0, parked: 1 })
  })
})
