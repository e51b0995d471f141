/** What the demo ERP is called for, what it answers, and what it keeps. */

export const READ_OPS = ['stock', 'feed', 'items', 'commitments', 'shipments'] as const
export type ErpReadOp = (typeof READ_OPS)[number]
export const ERP_OPS = ['place', 'amend', 'confirm', 'cancel', 'find', ...READ_OPS] as const
export type ErpOp = (typeof ERP_OPS)[number]

export interface ErpDocument {
  readonly id: string
  readonly no: string
  readonly reference: string
  readonly status: 'open' | 'confirmed' | 'partly-shipped' | 'shipped' | 'cancelled'
  readonly body: Readonly<Record<string, unknown>>
  /** How often it was written. */
  readonly revision: number
}

export interface ErpCall {
  readonly op: ErpOp | 'other'
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** Undefined where the body is no JSON. */
  readonly body: unknown
  readonly reference: string | undefined
}

export interface ErpReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Anything but a string is sent as JSON. */
  readonly body?: unknown
}
