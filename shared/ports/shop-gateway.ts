import type {
  Changes,
  Digests,
  Export,
  Health,
  OrderCancel,
  OrderCancelled,
  OrderNote,
  OrderNoted,
  Shipment,
  ShipmentRecorded,
  StockAnswer,
  StockQuery,
  StockWrite,
  StockWritten,
  TicketReplied,
  TicketReply,
} from '#contracts/bridge.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { RowKey } from '#contracts/ledger-row.ts'
import type { Kind, Version } from '#contracts/scalars.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'

export type ShopRead =
  | {
      readonly is: 'subject'
      readonly subject: Subject
      readonly version: Version
      readonly wireHash: string
    }
  | { readonly is: 'unavailable' }

/** Any shop's own state of one thing, freshly read, with a version drawn just before (protocol §1). */
export interface ShopReader {
  read(key: RowKey): Promise<ShopRead>
}

export type ShopAnswer<Value> =
  | { readonly is: 'ok'; readonly value: Value }
  | { readonly is: 'failed'; readonly failure: ShopFailure }

/** A page by primary key, rising: `after` is the `next` of the page before, `"0"` for the first. */
export interface PageQuery {
  readonly after: string
  readonly limit: number
  /** Raw shop time: only what came into being at or after it. */
  readonly since?: number
}

/**
 * One shop's bridge. `deadline` is absolute (epoch ms): nothing leaves after it, what runs is aborted at it and awaited.
 * Expected failures are values; a throw is a bug. Of the reads none fails as Unknown. The four commands (shipment, reply,
 * cancel, note) carry an id of the caller's: repeated as they were they are answered `duplicate`, so Unknown is ended by repeating.
 */
export interface ShopGateway {
  health(deadline: number): Promise<ShopAnswer<Health>>
  /** Things changed since the cursor, each with its newest seq only; 0 begins, `limit` is at most 1000. */
  changes(query: { after: number; limit: number }, deadline: number): Promise<ShopAnswer<Changes>>
  /** With a stamp (raw time) that very identity, as a tombstone when it is gone. Refused `not-found` if never known. */
  thing(
    kind: Kind,
    identity: { id: string; stamp?: number },
    deadline: number,
  ): Promise<ShopAnswer<WebhookEvent>>
  /** Whole snapshots, at most 100 a page. */
  exportPage(kind: Kind, page: PageQuery, deadline: number): Promise<ShopAnswer<Export>>
  /** The same without content: what a comparison needs. */
  digestPage(kind: Kind, page: PageQuery, deadline: number): Promise<ShopAnswer<Digests>>
  readStock(query: StockQuery, deadline: number): Promise<ShopAnswer<StockAnswer>>
  /** Compare-and-set, with a result for each SKU. Unknown is ended by reading again: an older `as_of` is refused as stale. */
  writeStock(write: StockWrite, deadline: number): Promise<ShopAnswer<StockWritten>>
  recordShipment(shipment: Shipment, deadline: number): Promise<ShopAnswer<ShipmentRecorded>>
  replyToTicket(reply: TicketReply, deadline: number): Promise<ShopAnswer<TicketReplied>>
  cancelOrder(cancel: OrderCancel, deadline: number): Promise<ShopAnswer<OrderCancelled>>
  /** A line in the order’s log, which is no change of the order. Refused `bridge-too-old` by a bridge that cannot. */
  noteOrder(note: OrderNote, deadline: number): Promise<ShopAnswer<OrderNoted>>
}
