import type { Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow, RowKey, RowStatus } from '#contracts/ledger-row.ts'

export type Written =
  | { readonly ok: true }
  /** Somebody else wrote in between; the row as it is now, undefined if it is gone. */
  | { readonly ok: false; readonly current: LedgerRow | undefined }

/** One row per (shop, kind, source identity, target), and the bodies beside it. All reads by key are strongly consistent. */
export interface Ledger {
  get(key: RowKey): Promise<LedgerRow | undefined>
  /** The rows of these keys in their order, in few calls; a key may come twice. */
  getMany(keys: readonly RowKey[]): Promise<(LedgerRow | undefined)[]>
  /**
   * Writes the whole row if its `rev` is still `row.rev - 1` (for rev 1: if there is none). A write of ours that the SDK
   * repeated is recognised by (rev, writer) and is ok.
   */
  put(row: LedgerRow): Promise<Written>
  /**
   * The newest state of the thing, gzipped, with a TTL in seconds from now. Overwrites.
   * @param people hashes of those it names (ports/person-key.ts): they find the row for as long
   */
  putSubject(key: RowKey, subject: Subject, ttlSeconds: number, people?: readonly string[]): Promise<void>
  getSubject(key: RowKey): Promise<Subject | undefined>
  /** The bytes of a request that may only be repeated as they were. */
  putRequest(key: RowKey, id: string, bytes: string, ttlSeconds: number): Promise<void>
  getRequest(key: RowKey, id: string): Promise<string | undefined>
  /** Every stored request of a row, by its id. */
  getRequests(key: RowKey): Promise<Readonly<Record<string, string>>>
  /**
   * Removes the stored state and every stored request of a row, and what finds it by these people; the row stays. Says how
   * many of each there were.
   */
  removeBodies(key: RowKey, people: readonly string[]): Promise<{ subjects: number; requests: number }>
  /** By order_sn: several rows when several shops, targets or re-issued numbers share it. Eventually consistent. */
  findByNo(no: string): Promise<LedgerRow[]>
  /** By reference without generation. Eventually consistent. */
  findByRef(ref: string): Promise<LedgerRow[]>
  /** Rows whose stored state names a person, or named them within its TTL; newest first. */
  findByPerson(person: string): Promise<LedgerRow[]>
  /** Rows of a target that are not done, oldest first, a page at a time. Eventually consistent. */
  list(
    target: string,
    status: Exclude<RowStatus, 'done' | 'erased'>,
    page?: { limit: number; cursor?: string },
  ): Promise<{ rows: LedgerRow[]; cursor?: string }>
}
