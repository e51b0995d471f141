import { isDeepStrictEqual } from 'node:util'
import { PRODUCTS } from '../demo/catalogue.ts'
import type { DemoErp } from '../demo/erp.ts'
import type { ErpDocument } from '../demo/erp-call.ts'
import { linesOf } from '../demo/erp-reads.ts'
import type { DemoShop } from '../demo/shop.ts'
import { type ShopOrder, sentOf, statusesOf } from '../demo/shop-order.ts'

interface Both {
  readonly shop: Pick<DemoShop, 'orders' | 'order' | 'stockOf'>
  readonly erp: Pick<DemoErp, 'documents' | 'documentsOf' | 'shelves' | 'shipments'>
}

export interface WayBack {
  readonly skus: Share
  readonly shipments: Share
}

interface Share {
  readonly right: number
  readonly of: number
}

export const isWhole = ({ skus, shipments }: WayBack) =>
  skus.right === skus.of && shipments.right === shipments.of

/** What the shop shows of the ERP’s stock and shipments, compared without any code of the bridge. */
export function tallyWayBack(both: Both): WayBack {
  const { shop, erp } = both
  const shipments = erp.shipments().filter(({ reference }) => orderNoOf(erp, reference) !== undefined)
  const shown = shipments.filter(({ reference, tracking, lines }) =>
    shop
      .order(orderNoOf(erp, reference) ?? '')
      ?.deliveries?.some(
        (delivery) =>
          isDeepStrictEqual(delivery.tracking, tracking) && piecesIn(delivery.lines) === piecesIn(lines),
      ),
  )
  return {
    skus: {
      right: PRODUCTS.filter(({ sku }) => tallyStock(both, sku).isRight).length,
      of: PRODUCTS.length,
    },
    shipments: { right: shown.length, of: shipments.length },
  }
}

/**
 * A shop that takes goods off its stock when they are shipped shows what may still be sold and what is sold and still here. To
 * be sold is what the ERP has free, less what was ordered and is not in the ERP yet.
 */
export function tallyStock({ shop, erp }: Both, sku: string): { readonly isRight: boolean } {
  const documents = [...erp.documents(), ...erp.documentsOf('parts')].filter(
    ({ status }) => status !== 'cancelled',
  )
  const onHand = erp.shelves(sku).reduce((sum, shelf) => sum + shelf.onHand, 0)
  const reserved = documents.reduce((sum, document) => sum + Math.max(0, leftOn(erp, document, sku)), 0)
  const open = shop.orders().filter(isOpen)
  const missing = open.filter(({ no }) => !documents.some(({ body }) => body['order_no'] === no))
  const unshipped = open
    .flatMap((order) => order.lines.map((line) => ({ ...line, left: line.quantity - sentOf(order, line) })))
    .reduce((sum, line) => sum + (line.sku === sku ? line.left : 0), 0)
  const ordered = piecesIn(missing.flatMap(({ lines }) => lines.filter((line) => line.sku === sku)))
  const free = Math.max(0, Math.floor(onHand - reserved - ordered))
  return { isRight: shop.stockOf(sku)?.quantity === free + unshipped }
}

const isOpen = (order: ShopOrder) =>
  (order.status === 'placed' || order.status === 'confirmed') && statusesOf(order).shipping_status !== 1

function leftOn(erp: Both['erp'], document: ErpDocument, sku: string): number {
  const ofSku = (lines: readonly { sku: string; quantity: number }[]) =>
    piecesIn(lines.filter((line) => line.sku === sku))
  const gone = erp.shipments(document.reference).flatMap(({ lines }) => lines)
  return ofSku(linesOf(document)) - ofSku(gone)
}

function orderNoOf(erp: Both['erp'], reference: string): string | undefined {
  const no = erp.documents().find((document) => document.reference === reference)?.body['order_no']
  return typeof no === 'string' ? no : undefined
}

const piecesIn = (lines: readonly { readonly quantity: number }[]) =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0)
