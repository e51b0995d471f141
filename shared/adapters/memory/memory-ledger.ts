import * as z from 'zod'
import { type Subject, SubjectSchema } from '#contracts/delivery-message.ts'
import { type LedgerRow, LedgerRowSchema, type RowKey, type RowStatus } from '#contracts/ledger-row.ts'
import type { Ledger, Written } from '#ports/ledger.ts'
import type { Clock } from '#ports/runtime.ts'

interface Body {
  readonly text: string
  readonly expiresAt: number
}

/** A ledger for tests and trials. Rows and bodies are kept as text, so that no caller shares an object with it. */
export class MemoryLedger implements Ledger {
  readonly #rows = new Map<string, string>()
  readonly #bodies = new Map<string, Body>()
  /** By person and row: until when. */
  readonly #people = new Map<string, Map<string, number>>()
  readonly #clock: Clock

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock
  }

  async get(key: RowKey): Promise<LedgerRow | undefined> {
    const text = this.#rows.get(keyText(key))
    return text === undefined ? undefined : toRow(text)
  }

  getMany(keys: readonly RowKey[]): Promise<(LedgerRow | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)))
  }

  async put(row: LedgerRow): Promise<Written> {
    // Encoded before the comparison: a row that could not be read back is refused whatever is stored.
    const text = JSON.stringify(z.encode(LedgerRowSchema, row))
    const stored = this.#rows.get(keyText(row.key))
    const current = stored === undefined ? undefined : toRow(stored)
    if (current?.rev === row.rev && current.writer === row.writer) return { ok: true }
    const expected = row.rev === 1 ? current === undefined : current?.rev === row.rev - 1
    if (!expected) return { ok: false, current }
    this.#rows.set(keyText(row.key), text)
    return { ok: true }
  }

  async putSubject(
    key: RowKey,
    subject: Subject,
    ttlSeconds: number,
    people: readonly string[] = [],
  ): Promise<void> {
    for (const person of people) {
      const rows = this.#people.get(person) ?? new Map<string, number>()
      this.#people.set(person, rows.set(keyText(key), this.#clock.now() + ttlSeconds * 1000))
    }
    this.#keep(keyText(key), JSON.stringify(z.encode(SubjectSchema, subject)), ttlSeconds)
  }

  async getSubject(key: RowKey): Promise<Subject | undefined> {
    const text = this.#body(keyText(key))
    return text === undefined ? undefined : SubjectSchema.parse(JSON.parse(text))
  }

  async putRequest(key: RowKey, id: string, bytes: string, ttlSeconds: number): Promise<void> {
    this.#keep(`${keyText(key)} ${id}`, bytes, ttlSeconds)
  }

  async getRequest(key: RowKey, id: string): Promise<string | undefined> {
    return this.#body(`${keyText(key)} ${id}`)
  }

  async getRequests(key: RowKey): Promise<Record<string, string>> {
    const prefix = `${keyText(key)} `
    const ids = [...this.#bodies.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
    const requests = ids.map((id) => [id, this.#body(`${prefix}${id}`)] as const)
    return Object.fromEntries(requests.filter((entry): entry is [string, string] => entry[1] !== undefined))
  }

  async removeBodies(
    key: RowKey,
    people: readonly string[],
  ): Promise<{ subjects: number; requests: number }> {
    const requests = Object.keys(await this.getRequests(key))
    const subjects = (await this.getSubject(key)) ? 1 : 0
    for (const name of [keyText(key), ...requests.map((id) => `${keyText(key)} ${id}`)])
      this.#bodies.delete(name)
    for (const person of people) this.#people.get(person)?.delete(keyText(key))
    return { subjects, requests: requests.length }
  }

  async findByNo(no: string): Promise<LedgerRow[]> {
    return no === '' ? [] : this.#all().filter((row) => row.no === no)
  }

  async findByRef(ref: string): Promise<LedgerRow[]> {
    return this.#all().filter((row) => row.ref === ref)
  }

  async findByPerson(person: string): Promise<LedgerRow[]> {
    const now = this.#clock.now()
    return [...(this.#people.get(person) ?? [])]
      .filter(([, until]) => until > now)
      .flatMap(([name]) => this.#rows.get(name) ?? [])
      .map(toRow)
      .sort((a, b) => b.firstSeenAt - a.firstSeenAt)
  }

  async list(
    target: string,
    status: Exclude<RowStatus, 'done' | 'erased'>,
    page: { limit: number; cursor?: string } = { limit: 100 },
  ): Promise<{ rows: LedgerRow[]; cursor?: string }> {
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

  #all(): LedgerRow[] {
    return [...this.#rows.values()].map(toRow)
  }

  #keep(key: string, text: string, ttlSeconds: number): void {
    this.#bodies.set(key, { text, expiresAt: this.#clock.now() + ttlSeconds * 1000 })
  }

  #body(key: string): string | undefined {
    const body = this.#bodies.get(key)
    return body && body.expiresAt > this.#clock.now() ? body.text : undefined
  }
}

const toRow = (text: string): LedgerRow => LedgerRowSchema.parse(JSON.parse(text))
const keyText = (key: RowKey): string => `${key.shop}#${key.kind}#${key.sourceId}#${key.target}`
/** Sorts as (updatedAt, key); 16 digits hold any epoch in ms. */
const position = (row: LedgerRow): string => `${String(row.updatedAt).padStart(16, '0')} ${keyText(row.key)}`
