import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Line, Order } from '#contracts/order.ts'
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

export interface OrderWrite {
  readonly order: Order
  /** With generation. */
  readonly reference: string
  readonly identity: string
  readonly lineReference: (line: Line) => string
  readonly document?: ErpDocument
}

/**
 * One ERP. place, amend and cancel build a request; `send` is the only call that writes. Expected failures are values;
 * a throw is a bug.
 */
export interface ErpGateway {
  describe(): Capabilities
  /** What the target takes of this order, for the content hash: the mapping's output on it. */
  content(write: OrderWrite): Promise<{ ok: true; content: unknown } | { ok: false; failure: ErpFailure }>
  find(reference: string, expected: ErpRequest | undefined, context: WriteContext): Promise<Found>
  place(write: OrderWrite, step: string): Promise<Built>
  amend(write: OrderWrite & { readonly document: ErpDocument }): Promise<Built>
  cancel(cancel: { reference: string; document: ErpDocument; reason: string }): Promise<Built>
  send(request: ErpRequest, context: WriteContext): Promise<Answer>
  /** The way back. Absent: this target is only written. */
  readonly reads?: ErpReads
}
