import type { Clock } from '#ports/runtime.ts'
import type { ShopGateway } from '#ports/shop-gateway.ts'

export interface WorldOptions {
  /** When the shop reduces its stock. */
  readonly stockMode: 'placement' | 'shipment'
}

export interface PlacedLine {
  readonly rec_id: string
  readonly sku: string
  readonly quantity: number
}

export interface PlacedOrder {
  readonly order_id: string
  readonly order_sn: string
  readonly add_time: number
  /** In the order asked for. */
  readonly lines: readonly [PlacedLine, ...PlacedLine[]]
}

/**
 * A shop with its bridge served over HTTP, and hands to act in it as its customers and administrators do. Ids and raw times
 * are those of the shop's rows. Everything invented.
 */
export interface ShopWorld {
  /** Epoch of the installation. */
  readonly epoch: string
  /** Where its endpoints are, ending in `v1/`, and the `brsec_…` secret: for calls that no gateway makes. */
  readonly bridge: { readonly url: string; readonly secret: string }
  /** A new gateway for it, with a clock of the caller's (default: the real one). */
  gateway(clock?: Clock): ShopGateway

  readonly skus: {
    /** Code of a goods without SKU rows. */
    readonly plain: string
    /** Codes of two SKUs of one goods. */
    readonly variants: readonly [string, string]
    /** A code that two goods bear. */
    readonly ambiguous: string
  }
  /** Sets the number of a SKU as an administrator does, with the total of its goods. */
  setStock(sku: string, quantity: number): Promise<void>
  stock(sku: string): Promise<number>
  /** The number that listings show for the goods of a SKU: for a goods with SKU rows the sum of them. */
  goodsStock(sku: string): Promise<number>

  /** A whole checkout, with a member where one is named, else by a guest; unpaid, not confirmed, paid online (not COD). */
  placeOrder(order: {
    readonly lines: readonly { readonly sku: string; readonly quantity: number }[]
    readonly user_id?: string
  }): Promise<PlacedOrder>
  /** Paid in full at the gateway, which confirms it. */
  pay(order: PlacedOrder): Promise<void>
  /** One piece more of its first line. */
  edit(order: PlacedOrder): Promise<void>
  /** Cancelled in the admin. */
  cancel(order: PlacedOrder): Promise<void>
  /** Its row, its lines, its notes. Asked only for orders that were cancelled. */
  deleteOrder(order: PlacedOrder): Promise<void>
  /** Returned in the admin; asked only for orders of which something was shipped. */
  makeReturn(order: PlacedOrder): Promise<{ readonly back_id: string; readonly return_time: number }>

  addCustomer(): Promise<{ readonly user_id: string; readonly reg_time: number }>
  /** Changes the telephone number of a member. */
  editCustomer(userId: string): Promise<void>
  deleteCustomer(userId: string): Promise<void>

  /** A customer's message, about an order where one is named. */
  leaveMessage(message: {
    readonly title: string
    readonly text: string
    readonly order?: PlacedOrder
  }): Promise<{ readonly msg_id: string; readonly msg_time: number }>
  deleteMessage(msgId: string): Promise<void>

  /** Waits until everything done so far can be seen in the changes feed. */
  captured(): Promise<void>
  close(): Promise<void>
}
