import type { Progress } from '#contracts/progress.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { StockMeaning } from '#domain/stock.ts'
import type { WriteContext } from './call-context.ts'

export type { StockMeaning } from '#domain/stock.ts'

/** What an ERP is read for; each is there only where the adapter and its configuration can. No read fails as unknown. */
export interface ErpReads {
  readonly stock?: ErpStock
  readonly commitments?: ErpCommitments
  readonly shipments?: ErpShipments
  readonly aftersales?: ErpAftersales
}

export type ErpRead<Value> =
  | { readonly is: 'ok'; readonly value: Value }
  | { readonly is: 'failed'; readonly failure: ErpFailure }

export interface ErpStock {
  readonly meaning: StockMeaning
  /** The figure may be older than the answer by so much. */
  readonly lagMs: number
  /** At most so many SKUs in one call of `bySku`. */
  readonly maxSkus: number
  /**
   * Figures of these SKUs, added up over the warehouses (none named = all the ERP counts by itself). A SKU it does not know
   * is absent from the answer; a known one without stock is 0. May be negative or fractional.
   */
  bySku(
    skus: readonly string[],
    warehouses: readonly string[],
    context: WriteContext,
  ): Promise<ErpRead<ReadonlyMap<string, number>>>
  /**
   * SKUs whose figure may have changed since the cursor, those that fell to 0 included; without a cursor it begins now.
   * Absent: this ERP has no feed.
   */
  readonly since?: (
    cursor: string | undefined,
    warehouses: readonly string[],
    context: WriteContext,
  ) => Promise<ErpRead<SkuPage>>
  /** Every SKU it has, page by page; without a cursor from the beginning. `more` false: the end. */
  readonly all?: (cursor: string | undefined, context: WriteContext) => Promise<ErpRead<SkuPage>>
}

export interface SkuPage {
  readonly skus: readonly string[]
  readonly cursor: string
  readonly more: boolean
}

/** What the ERP holds for one of our documents. */
export interface Commitment {
  readonly state: 'live' | 'cancelled' | 'absent'
  /** In minor units, tax included; undefined where it cannot tell. */
  readonly total?: number
  /** By SKU, lines of the same SKU added up. */
  readonly items: readonly CommittedItem[]
}

export interface CommittedItem {
  readonly sku: string
  readonly ordered: number
  /** Taken out of the free figure and not shipped yet; undefined where the ERP does not tell. */
  readonly reserved?: number
  readonly shipped: number
}

export interface ErpCommitments {
  readonly maxReferences: number
  /**
   * For an ERP that does not tell `reserved`: the step of a document from which on all its quantity is out of the free
   * figure. Absent: only shipments cover.
   */
  readonly reservesAt?: string
  /** By reference with generation; every reference asked for is in the answer. */
  read(
    references: readonly string[],
    context: WriteContext,
  ): Promise<ErpRead<ReadonlyMap<string, Commitment>>>
}

/** Goods that left the warehouse for one of our orders. */
export interface ErpShipment {
  /** The ERP’s own id, at most 64 of [A-Za-z0-9._:/-]. */
  readonly id: string
  /** Of the document, with generation, as we gave it. */
  readonly reference: string
  /** Epoch ms. */
  readonly shippedAt: number
  readonly carrier?: { readonly code: string; readonly name: string }
  readonly tracking: readonly string[]
  readonly lines: readonly ErpShipmentLine[]
}

export interface ErpShipmentLine {
  /** Of the shop’s line, where the ERP keeps our line reference. */
  readonly recId?: string
  readonly sku: string
  readonly quantity: number
  readonly serials: readonly string[]
}

export interface ErpShipments {
  /** Done shipments of our documents since the cursor, oldest first; without one from the beginning of our documents. */
  read(cursor: string | undefined, context: WriteContext): Promise<ErpRead<ShipmentPage>>
  /** For an ERP that hands them out of a queue: takes these off it. Only after the shop accepted, or the park is durable. */
  readonly acknowledge?: (ids: readonly string[], context: WriteContext) => Promise<ErpRead<undefined>>
}

export interface ShipmentPage {
  readonly shipments: readonly ErpShipment[]
  /** What could not be read as a shipment, each with its own failure; the page goes on without it. */
  readonly unreadable: readonly {
    readonly id: string
    readonly why: string
    /** Where that much could be read: it may be of another installation. */
    readonly reference?: string
  }[]
  readonly cursor: string
  readonly more: boolean
}

export interface ErpAftersales {
  /**
   * Steps of our tickets and returns since the cursor, oldest first; without one from the beginning of our documents. A step
   * may be told again: its id is the same.
   */
  read(cursor: string | undefined, context: WriteContext): Promise<ErpRead<AftersalesPage>>
}

export interface AftersalesPage {
  readonly progress: readonly Progress[]
  /** What could not be read as a step, each with its own failure; the page goes on without it. */
  readonly unreadable: readonly {
    readonly id: string
    readonly why: string
    /** Where that much could be read: it may be of another installation. */
    readonly reference?: string
  }[]
  readonly cursor: string
  readonly more: boolean
}
