import * as z from 'zod'
import { type WritebackKey, type WritebackRow, WritebackRowSchema } from '#contracts/writeback.ts'
import type { WritebackLedger, WritebackWritten } from '#ports/writebacks.ts'

/** Write-backs for tests and trials. Rows are kept as text, so that no caller shares an object with it. */
export class MemoryWritebackLedger implements WritebackLedger {
  readonly #rows = new Map<string, string>()

  async get(key: WritebackKey): Promise<WritebackRow | undefined> {
    const text = this.#rows.get(keyText(key))
    return text === undefined ? undefined : toRow(text)
  }

  async put(row: WritebackRow): Promise<WritebackWritten> {
    // Encoded before the comparison: a row that could not be read back is refused whatever is stored.
    const text = JSON.stringify(z.encode(WritebackRowSchema, row))
    const stored = this.#rows.get(keyText(row.key))
    const current = stored === undefined ? undefined : toRow(stored)
    if (current?.rev === row.rev && current.writer === row.writer) return { ok: true }
    const expected = row.rev === 1 ? current === undefined : current?.rev === row.rev - 1
    if (!expected) return { ok: false, current }
    this.#rows.set(keyText(row.key), text)
    return { ok: true }
  }

  async findByNo(no: string): Promise<WritebackRow[]> {
    return no === '' ? [] : this.#all().filter((row) => row.no === no)
  }

  async findByRef(ref: string): Promise<WritebackRow[]> {
    return ref === '' ? [] : this.#all().filter((row) => row.ref === ref)
  }

  async list(
    target: string,
    status: 'open' | 'parked',
    page: { limit: number; cursor?: string } = { limit: 100 },
  ): Promise<{ rows: WritebackRow[]; cursor?: string }> {
    if (page.cursor !== undefined && !/^\d{16} /.test(page.cursor)) {
      throw new Error('the cursor is not one that list returned')
    }
    const rest = this.#all()
      .filter((row) => row.key.target === target && row.status === status)
      .sort((a, b) => (position(a) < position(b) ? -1 : 1))
      .filter((row) => page.cursor === undefined || position(row) > page.cursor)
    const rows = rest.slice(0, page.limit)
    const last = rest.length > rows.length ? rows.at(-1) : undefined
    return { rows, ...(last && { cursor: position(last) }) }
  }

  #all(): WritebackRow[] {
    return [...this.#rows.values()].map(toRow)
  }
}

const toRow = (text: string): WritebackRow => WritebackRowSchema.parse(JSON.parse(text))
const keyText = ({ target, kind, id }: WritebackKey): string => `${target}#${kind}#${id}`
/** Sorts as (updatedAt, key); 16 digits hold any epoch in ms. */
const position = (row: WritebackRow): string =>
  `${String(row.updatedAt).padStart(16, '0')} ${keyText(row.key)}`
