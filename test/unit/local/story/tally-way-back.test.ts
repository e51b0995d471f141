import { describe, expect, test } from 'vitest'
import { PRODUCTS } from '../../../../local/demo/catalogue.ts'
import type { ErpDocument } from '../../../../local/demo/erp-call.ts'
import type { WarehouseShipment } from '../../../../local/demo/erp-warehouse.ts'
import type { ShopOrder } from '../../../../local/demo/shop-order.ts'
import { isWhole, tallyStock, tallyWayBack } from '../../../../local/story/tally-way-back.ts'

const [tea] = PRODUCTS
const order: ShopOrder = {
  id: 1001,
  no: '2026112201001',
  status: 'confirmed',
  addTime: 1_795_190_400,
  payTime: 1_795_190_400,
  buyer: 0,
  lines: [{ ...tea, recId: '10010', quantity: 3 }],
}
const document: ErpDocument = {
  id: 'D1',
  no: 'SO-1',
  collection: 'orders',
  reference: 'ECdemo-2026112201001-rt',
  status: 'confirmed',
  body: { order_no: order.no, lines: [{ sku: tea.sku, quantity: 3 }] },
  revision: 1,
}
const shipment: WarehouseShipment = {
  id: 'DN-501',
  reference: document.reference,
  at: '2026-11-22T05:00:00.000Z',
  warehouse: 'MAIN',
  carrier: { code: 'SF', name: 'SF' },
  tracking: ['SF1', 'SF2'],
  lines: [{ sku: tea.sku, quantity: 1, serials: [] }],
}
const delivered: ShopOrder = {
  ...order,
  deliveries: [
    {
      id: '1',
      no: `${order.no}-1`,
      returned: false,
      tracking: ['SF1', 'SF2'],
      at: 1_795_190_500,
      lines: [{ recId: '10010', quantity: 1 }],
    },
  ],
}

interface Scene {
  readonly order?: ShopOrder
  readonly documents?: readonly ErpDocument[]
  readonly shipments?: readonly WarehouseShipment[]
  readonly onHand: number
  readonly shown: number
}

/** A shop with one order, and an ERP with 20 of the other SKUs, as both should be. */
const scene = ({ order: only = order, documents = [document], shipments = [], onHand, shown }: Scene) => ({
  shop: {
    orders: () => [only],
    order: (no: string) => (no === only.no ? only : undefined),
    stockOf: (sku: string) => ({
      goods_id: '1',
      product_id: '0',
      sku,
      as_of: null,
      quantity: sku === tea.sku ? shown : 20,
    }),
  },
  erp: {
    documents: () => [...documents],
    documentsOf: () => [],
    shipments: (reference?: string) =>
      shipments.filter((one) => reference === undefined || one.reference === reference),
    shelves: (sku: string) => [{ sku, warehouse: 'MAIN', onHand: sku === tea.sku ? onHand : 20 }],
  },
})

describe('the count of the way back', () => {
  test.each<[what: string, scene: Scene, isRight: boolean]>([
    ['what the ERP has free and what is sold and still here', { onHand: 10, shown: 10 }, true],
    ['more than the ERP has', { onHand: 10, shown: 11 }, false],
    ['less than the ERP has', { onHand: 10, shown: 9 }, false],
    ['what is sold and still here, when nothing is free', { onHand: 2, shown: 3 }, true],
    ['an order the ERP does not have yet', { documents: [], onHand: 10, shown: 10 }, true],
    [
      'a piece less once one was shipped',
      { order: delivered, shipments: [shipment], onHand: 9, shown: 9 },
      true,
    ],
    ['a shipment the shop does not know of', { shipments: [shipment], onHand: 9, shown: 10 }, true],
    [
      'a doubled document, which takes twice',
      { documents: [document, { ...document, id: 'D2' }], onHand: 10, shown: 7 },
      true,
    ],
    [
      'a cancelled order',
      { order: { ...order, status: 'cancelled' }, documents: [], onHand: 10, shown: 10 },
      true,
    ],
  ])('judges a shop that shows %s', (_, given, isRight) => {
    expect(tallyStock(scene(given), tea.sku).isRight).toBe(isRight)
  })

  test('finds a shipment by its parcels and pieces', () => {
    const arrived = scene({ order: delivered, shipments: [shipment], onHand: 9, shown: 9 })
    expect(tallyWayBack(arrived)).toEqual({ skus: { right: 4, of: 4 }, shipments: { right: 1, of: 1 } })
    expect(isWhole(tallyWayBack(arrived))).toBe(true)
  })

  test.each<[what: string, change: Partial<WarehouseShipment>]>([
    ['one of its parcels', { tracking: ['SF1'] }],
    ['its pieces', { lines: [{ sku: tea.sku, quantity: 2, serials: [] }] }],
  ])('misses a shipment that differs in %s', (_, change) => {
    const differs = scene({ order: delivered, shipments: [{ ...shipment, ...change }], onHand: 9, shown: 9 })
    expect(tallyWayBack(differs).shipments).toEqual({ right: 0, of: 1 })
    expect(isWhole(tallyWayBack(differs))).toBe(false)
  })
})
