import * as z from 'zod'
import { appendLine, readLines } from './lines-file.ts'

const ShippedLineSchema = z.object({
  lineRef: z.string().optional(),
  sku: z.string(),
  quantity: z.number(),
  serials: z.array(z.string()),
})

const ShipmentSchema = z.object({
  id: z.string(),
  reference: z.string(),
  at: z.iso.datetime(),
  warehouse: z.string(),
  carrier: z.object({ code: z.string(), name: z.string() }),
  tracking: z.array(z.string()).describe('one for each parcel'),
  lines: z.array(ShippedLineSchema),
})
/** Goods of one document that left together, in one parcel or several. */
export type WarehouseShipment = z.infer<typeof ShipmentSchema>

const EntrySchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('stock'), sku: z.string(), warehouse: z.string(), onHand: z.number() }),
  z.object({ is: z.literal('moved'), skus: z.array(z.string()) }),
  z.object({ is: z.literal('shipment'), shipment: ShipmentSchema }),
])
type Entry = z.infer<typeof EntrySchema>

export interface Shelf {
  readonly sku: string
  readonly warehouse: string
  readonly onHand: number
}

/** What lies in the demo ERP’s warehouses, what left them, and in which order that happened. */
export class ErpWarehouse {
  readonly #shelves = new Map<string, Map<string, number>>()
  readonly #shipments: WarehouseShipment[] = []
  /** SKUs in the order in which their figures moved; a place in it is a cursor of the feed. */
  readonly #moves: string[] = []
  readonly #file: string | undefined

  /** @param file everything survives in it, one line for each event */
  constructor(file?: string) {
    this.#file = file
    for (const line of readLines(file)) this.#apply(EntrySchema.parse(JSON.parse(line)))
  }

  /** The shelves of a SKU, in the order they were filled first; none = no such item. */
  shelves(sku: string): Shelf[] {
    const shelves = this.#shelves.get(sku) ?? new Map<string, number>()
    return [...shelves].map(([warehouse, onHand]) => ({ sku, warehouse, onHand }))
  }

  skus(): string[] {
    return [...this.#shelves.keys()]
  }

  shipments(reference?: string): WarehouseShipment[] {
    return this.#shipments.filter((shipment) => reference === undefined || shipment.reference === reference)
  }

  moves(): readonly string[] {
    return this.#moves
  }

  put(shelf: Shelf): void {
    this.#record({ is: 'stock', ...shelf })
  }

  /** Their figures changed without goods being moved: an order reserves them, or no longer does. */
  move(skus: Iterable<string>): void {
    const moved = [...new Set(skus)]
    if (moved.length > 0) this.#record({ is: 'moved', skus: moved })
  }

  /** Takes its pieces off the shelves; the figure may become negative, as in many an ERP. */
  send(shipment: Omit<WarehouseShipment, 'id'>): WarehouseShipment {
    const sent = { id: `DN-${FIRST_SHIPMENT + this.#shipments.length}`, ...shipment }
    this.#record({ is: 'shipment', shipment: sent })
    return sent
  }

  #record(entry: Entry): void {
    appendLine(this.#file, entry)
    this.#apply(entry)
  }

  #apply(entry: Entry): void {
    switch (entry.is) {
      case 'stock':
        this.#set(entry.sku, entry.warehouse, entry.onHand)
        this.#moves.push(entry.sku)
        break
      case 'moved':
        this.#moves.push(...entry.skus)
        break
      case 'shipment': {
        const { warehouse, lines } = entry.shipment
        this.#shipments.push(entry.shipment)
        for (const { sku, quantity } of lines) {
          this.#set(sku, warehouse, (this.#shelves.get(sku)?.get(warehouse) ?? 0) - quantity)
          this.#moves.push(sku)
        }
      }
    }
  }

  #set(sku: string, warehouse: string, onHand: number): void {
    const shelves = this.#shelves.get(sku) ?? new Map<string, number>()
    this.#shelves.set(sku, shelves.set(warehouse, onHand))
  }
}

const FIRST_SHIPMENT = 501
