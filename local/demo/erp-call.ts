import * as z from 'zod'

/** What the demo ERP is called for, what it answers, and what it keeps. */

export const READ_OPS = ['stock', 'feed', 'items', 'commitments', 'shipments', 'progress'] as const
export type ErpReadOp = (typeof READ_OPS)[number]
export const ERP_OPS = ['place', 'amend', 'confirm', 'cancel', 'find', ...READ_OPS] as const
export type ErpOp = (typeof ERP_OPS)[number]

/** Each is a folder of documents under /api, which are written alike. */
export const COLLECTIONS = ['orders', 'customers', 'returns', 'tickets', 'parts'] as const
export type Collection = (typeof COLLECTIONS)[number]

export const DocumentSchema = z.object({
  id: z.string(),
  no: z.string(),
  collection: z.enum(COLLECTIONS).default('orders'),
  reference: z.string(),
  status: z.enum(['open', 'confirmed', 'partly-shipped', 'shipped', 'cancelled']),
  body: z.record(z.string(), z.unknown()),
  revision: z.int().describe('how often it was written'),
})
export type ErpDocument = Readonly<z.infer<typeof DocumentSchema>>

export interface ErpCall {
  readonly op: ErpOp | 'other'
  readonly collection: Collection
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
