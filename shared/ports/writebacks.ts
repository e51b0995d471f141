import type { WritebackKey, WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import type { Enqueued } from './delivery-queue.ts'

/** The FIFO queue of commands for the shops. Commands about one thing of a shop keep their order. */
export interface WritebackQueue {
  /** One result per message, in order. Never throws for an unreachable queue: that is `failed`. */
  enqueue(messages: readonly WritebackMessage[]): Promise<Enqueued[]>
}

export type WritebackWritten =
  | { readonly ok: true }
  /** Somebody else wrote in between; the row as it is now, undefined if it is gone. */
  | { readonly ok: false; readonly current: WritebackRow | undefined }

/** One row per shipment and cancel for a shop. Reads by key are strongly consistent. */
export interface WritebackLedger {
  get(key: WritebackKey): Promise<WritebackRow | undefined>
  /** As `Ledger.put`: the whole row, if its `rev` is still `row.rev - 1`. */
  put(row: WritebackRow): Promise<WritebackWritten>
  /** By order_sn. Eventually consistent. */
  findByNo(no: string): Promise<WritebackRow[]>
  /** By reference of the order, without generation. Eventually consistent. */
  findByRef(ref: string): Promise<WritebackRow[]>
  /** Rows of a target that are not done, oldest first, a page at a time. Eventually consistent. */
  list(
    target: string,
    status: 'open' | 'parked',
    page?: { limit: number; cursor?: string },
  ): Promise<{ rows: WritebackRow[]; cursor?: string }>
}
