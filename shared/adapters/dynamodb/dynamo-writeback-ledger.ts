import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { WritebackKey, WritebackRow } from '#contracts/writeback.ts'
import type { WritebackLedger, WritebackWritten } from '#ports/writebacks.ts'
import { LedgerTable } from './ledger-table.ts'
import {
  itemToWriteback,
  WRITEBACK_PREFIX,
  writebackKey,
  writebackState,
  writebackToItem,
} from './writeback-item.ts'

const DEFAULT_PAGE = 100

/** The write-backs in the one table. An unreachable table throws the SDK's error: the message is tried again. */
export class DynamoWritebackLedger implements WritebackLedger {
  readonly #rows: LedgerTable

  constructor({ client, table }: { client: DynamoDBClient; table: string }) {
    this.#rows = new LedgerTable({ client, table, prefix: WRITEBACK_PREFIX })
  }

  async get(key: WritebackKey): Promise<WritebackRow | undefined> {
    const item = await this.#rows.read(writebackKey(key))
    return item && itemToWriteback(item)
  }

  async put(row: WritebackRow): Promise<WritebackWritten> {
    const written = await this.#rows.putNext(writebackToItem(row))
    return written.ok ? written : { ok: false, current: written.current && itemToWriteback(written.current) }
  }

  async findByNo(no: string): Promise<WritebackRow[]> {
    return (await this.#rows.findAll('byNo', no)).map(itemToWriteback)
  }

  async findByRef(ref: string): Promise<WritebackRow[]> {
    return (await this.#rows.findAll('byRef', ref)).map(itemToWriteback)
  }

  async list(
    target: string,
    status: 'open' | 'parked',
    page: { limit: number; cursor?: string } = { limit: DEFAULT_PAGE },
  ): Promise<{ rows: WritebackRow[]; cursor?: string }> {
    const { items, ...more } = await this.#rows.page(writebackState(target, status), page)
    return { rows: items.map(itemToWriteback), ...more }
  }
}
