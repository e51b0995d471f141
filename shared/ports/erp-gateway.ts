import type { Customer } from '#contracts/customer.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Line, Order } from '#contracts/order.ts'
import type { PartsRequest, PartsState } from '#contracts/parts.ts'
import type { Purchase } from '#contracts/purchase.ts'
import type { Return } from '#contracts/return.ts'
import type { Ticket } from '#contracts/ticket.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { WriteContext } from './call-context.ts'
import type { ErpReads } from './erp-reads.ts'

export type { WriteContext } from './call-context.ts'

/** What an ERP can do, fixed by its adapter and configuration; no network. */
export interface Capabilities {
  /**
   * What makes a repeated create harmless. `upsert`: the same reference overwrites · `unique-reference`: a second create is
   * refused as DuplicateRef · `request-key`: the same request answers with its first result · `none`: it doubles.
   */
  readonly idempotency: 'upsert' | 'unique-reference' | 'request-key' | 'none'
  /** Whether `find` by reference works. */
  readonly find: boolean
  readonly amend: boolean
  readonly cancel: boolean
  /** Steps of a creation in order; the first one creates, e.g. ['create'] or ['create', 'confirm']. */
  readonly steps: readonly [string, ...string[]]
  /** How long after its deadline a call may still take effect; undefined = the stage's default. */
  readonly settleMs?: number
}

/** A document as the ERP was seen to hold it. */
export interface ErpDocument {
  readonly id: string
  readonly no?: string
  readonly state: 'live' | 'cancelled'
  /** The last of `Capabilities.steps` it has reached. */
  readonly step: string
}

export interface FoundDocument extends ErpDocument {
  /** The source identity it carries, where the ERP can return one (`order_id.add_time`). */
  readonly identity?: string
  /** Against the content of the request that was expected, over the fields the mapping sends. */
  readonly content: 'same' | 'different' | 'unknown'
}

export type Found =
  | { readonly is: 'absent' }
  | { readonly is: 'many'; readonly count: number }
  | { readonly is: 'one'; readonly document: FoundDocument }
  | { readonly is: 'failed'; readonly failure: ErpFailure }

export type Built =
  | { readonly ok: true; readonly request: ErpRequest }
  | { readonly ok: false; readonly failure: ErpFailure }

export type Answer =
  | { readonly ok: true; readonly document: ErpDocument }
  | { readonly ok: false; readonly failure: ErpFailure }

/** What every write has, whatever it is of. */
export interface Write {
  /** With generation. */
  readonly reference: string
  /** The source identity, as the ledger's key has it. */
  readonly identity: string
  readonly document?: ErpDocument
}

export interface OrderWrite extends Write {
  readonly order: Order
  readonly lineReference: (line: Line) => string
}

export interface CustomerWrite extends Write {
  readonly customer: Customer
  /** What the customer bought, newest first, as far as the ledger still has it. */
  readonly purchases: readonly Purchase[]
}

export interface ReturnWrite extends Write {
  readonly return: Return
  /** The ERP's document of the order, where this target has one. */
  readonly order?: { readonly reference: string; readonly document: ErpDocument }
}

export interface TicketWrite extends Write {
  readonly ticket: Ticket
  /** What the ticket's order was of; nothing for a ticket about no order. */
  readonly purchases: readonly Purchase[]
  /** Spare parts the desk asked for. */
  readonly parts: readonly PartsState[]
}

export interface PartsWrite extends Write {
  readonly parts: PartsRequest
}

/**
 * One ERP, as far as it takes documents of one kind. place, amend and cancel build a request; `send` is the only call that
 * writes. Expected failures are values; a throw is a bug.
 */
export interface ErpGateway<W extends Write = OrderWrite> {
  describe(): Capabilities
  /** What the target takes of this thing, for the content hash: the mapping's output on it. */
  content(write: W): Promise<{ ok: true; content: unknown } | { ok: false; failure: ErpFailure }>
  find(reference: string, expected: ErpRequest | undefined, context: WriteContext): Promise<Found>
  place(write: W, step: string): Promise<Built>
  amend(write: W & { readonly document: ErpDocument }): Promise<Built>
  cancel(cancel: { reference: string; document: ErpDocument; reason: string }): Promise<Built>
  send(request: ErpRequest, context: WriteContext): Promise<Answer>
  /** The way back. Absent: this target is only written. */
  readonly reads?: ErpReads
}

/** What a target takes: a kind that is absent is one its adapter or configuration cannot take. */
export interface ErpGateways {
  readonly order?: ErpGateway
  readonly customer?: ErpGateway<CustomerWrite>
  readonly return?: ErpGateway<ReturnWrite>
  readonly ticket?: ErpGateway<TicketWrite>
  readonly parts?: ErpGateway<PartsWrite>
  readonly reads?: ErpReads
}
