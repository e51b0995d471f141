import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import * as z from 'zod'
import { type Kind, KindSchema } from '#contracts/scalars.ts'
import type { Product } from './catalogue.ts'

const ChangeSchema = z.object({
  kind: KindSchema,
  id: z.int(),
  stamp: z.int().describe('raw time of a deleted identity, 0 for a thing that is there'),
  deleted: z.int().transform(Boolean),
  seq: z.int(),
  at: z.int(),
  payload: z.string().nullable().describe('tombstone of a deleted identity'),
  why: z.string().nullable(),
})
/** One row per changed thing, and one per deleted identity. A relayed row stays, for the changes feed. */
export type Change = z.infer<typeof ChangeSchema>

const StockSchema = z.object({
  goods_id: z.string(),
  product_id: z.string(),
  sku: z.string(),
  quantity: z.int(),
  as_of: z.int().nullable(),
})
export type Stock = z.infer<typeof StockSchema>

const ORDER_COLUMNS = 'id, no, body, last_event, accepted_seq'
const OrderRowSchema = z.object({
  id: z.int(),
  no: z.string(),
  body: z.string(),
  last_event: z.string().nullable(),
  accepted_seq: z.int(),
})
export type OrderRow = z.infer<typeof OrderRowSchema>

const IdentitySchema = z.object({ epoch: z.string(), secret: z.string() })
const AccessSchema = z.object({ secret: z.string() })
const NumberSchema = z.object({ value: z.int() })
const BodySchema = z.object({ body: z.string() })
const CommandSchema = z.object({ hash: z.string(), answer: z.string() })

const STATES = { pending: 0, relayed: 1, setAside: 2 } as const
/** So much of everything is in the demo shop’s warehouse at first. */
const FIRST_STOCK = 1_000

/** The demo shop’s SQLite file: its tables, and what the bridge of an ECShop keeps beside them. */
export class ShopDatabase {
  readonly #database: DatabaseSync

  constructor(file: string, products: readonly Product[]) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    this.#database = new DatabaseSync(file)
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS bridge (epoch TEXT NOT NULL, secret TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS access (secret TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, at INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS counter (seq INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS orders (
        id INTEGER PRIMARY KEY, no TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
        last_event TEXT, accepted_seq INTEGER NOT NULL DEFAULT 0
      );
      CREATE TABLE IF NOT EXISTS things (
        kind TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
      );
      CREATE TABLE IF NOT EXISTS changes (
        kind TEXT NOT NULL, id INTEGER NOT NULL, deleted INTEGER NOT NULL, stamp INTEGER NOT NULL,
        seq INTEGER NOT NULL UNIQUE, at INTEGER NOT NULL, payload TEXT, state INTEGER NOT NULL, why TEXT,
        PRIMARY KEY (kind, id, deleted, stamp)
      );
      CREATE TABLE IF NOT EXISTS stock (
        goods_id TEXT NOT NULL, product_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
        as_of INTEGER, PRIMARY KEY (goods_id, product_id)
      );
      CREATE TABLE IF NOT EXISTS commands (
        kind TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (kind, id)
      );
      INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);
    `)
    // As at the installation of a bridge: a new database is a new epoch, with secrets of its own.
    const key = () => randomBytes(32).toString('base64')
    this.#run(
      'INSERT INTO bridge SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM bridge)',
      `demo-${randomUUID().slice(0, 8)}`,
      `whsec_${key()}`,
    )
    this.#run('INSERT INTO access SELECT ? WHERE NOT EXISTS (SELECT 1 FROM access)', `brsec_${key()}`)
    for (const { goodsId, productId, sku } of products) {
      this.#run(
        'INSERT OR IGNORE INTO stock (goods_id, product_id, sku, quantity) VALUES (?, ?, ?, ?)',
        goodsId,
        productId,
        sku,
        FIRST_STOCK,
      )
    }
    this.#takeOverOutbox()
  }

  /** Files of earlier versions kept what was still to be relayed in a table of orders alone. */
  #takeOverOutbox(): void {
    const old = this.#rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'outbox'")
    if (old.length === 0) return
    this.transaction(() => {
      this.#database.exec(`
        INSERT OR IGNORE INTO changes
          SELECT 'order', order_id, 0, 0, trigger_seq, 0, NULL, set_aside * ${STATES.setAside}, why FROM outbox;
        DROP TABLE outbox;
      `)
    })
  }

  /** What the other side has to know of this bridge. */
  get identity(): { readonly epoch: string; readonly secret: string } {
    return IdentitySchema.parse(this.#row('SELECT epoch, secret FROM bridge'))
  }

  /** What calls to the bridge are signed with. */
  get bridgeSecret(): string {
    return AccessSchema.parse(this.#row('SELECT secret FROM access')).secret
  }

  transaction<T>(run: () => T): T {
    if (this.#database.isTransaction) return run()
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }

  /** The counter, one higher. */
  draw(): number {
    return this.#number('UPDATE counter SET seq = seq + 1 RETURNING seq AS value')
  }

  get seq(): number {
    return this.#number('SELECT seq AS value FROM counter')
  }

  /** False when the nonce was used before. Those of before `forgetBefore` (epoch seconds) are forgotten. */
  takeNonce(nonce: string, at: number, forgetBefore: number): boolean {
    this.#run('DELETE FROM nonce WHERE at < ?', forgetBefore)
    return this.#run('INSERT OR IGNORE INTO nonce (nonce, at) VALUES (?, ?)', nonce, at) === 1
  }

  orders(): OrderRow[] {
    return this.#rows(`SELECT ${ORDER_COLUMNS} FROM orders ORDER BY id`).map((row) =>
      OrderRowSchema.parse(row),
    )
  }

  order(id: number): OrderRow | undefined {
    const row = this.#row(`SELECT ${ORDER_COLUMNS} FROM orders WHERE id = ?`, id)
    return row && OrderRowSchema.parse(row)
  }

  orderByNo(no: string): OrderRow | undefined {
    const row = this.#row(`SELECT ${ORDER_COLUMNS} FROM orders WHERE no = ?`, no)
    return row && OrderRowSchema.parse(row)
  }

  putOrder({ id, no, body }: Pick<OrderRow, 'id' | 'no' | 'body'>): void {
    this.#run(
      'INSERT INTO orders (id, no, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      id,
      no,
      body,
    )
  }

  deleteOrder(id: number): void {
    this.#run('DELETE FROM orders WHERE id = ?', id)
  }

  orderAccepted(id: number, event: string, seq: number): void {
    this.#run('UPDATE orders SET last_event = ?, accepted_seq = ? WHERE id = ?', event, seq, id)
  }

  /** By primary key, rising. */
  ids(kind: Kind, after: number, limit: number): number[] {
    const rows =
      kind === 'order'
        ? this.#rows('SELECT id AS value FROM orders WHERE id > ? ORDER BY id LIMIT ?', after, limit)
        : this.#rows(
            'SELECT id AS value FROM things WHERE kind = ? AND id > ? ORDER BY id LIMIT ?',
            kind,
            after,
            limit,
          )
    return rows.map((row) => NumberSchema.parse(row).value)
  }

  thing(kind: Kind, id: number): string | undefined {
    const row = this.#row('SELECT body FROM things WHERE kind = ? AND id = ?', kind, id)
    return row && BodySchema.parse(row).body
  }

  putThing(kind: Kind, id: number, body: string): void {
    this.#run('INSERT OR REPLACE INTO things (kind, id, body) VALUES (?, ?, ?)', kind, id, body)
  }

  deleteThing(kind: Kind, id: number): void {
    this.#run('DELETE FROM things WHERE kind = ? AND id = ?', kind, id)
  }

  /** Never a number that was given out before, even if what bore it is gone. */
  nextId(kind: Kind, first: number): number {
    return this.#number(
      `SELECT MAX(COALESCE((SELECT MAX(id) + 1 FROM orders WHERE ?1 = 'order'), 0),
        COALESCE((SELECT MAX(id) + 1 FROM things WHERE kind = ?1), 0),
        COALESCE((SELECT MAX(id) + 1 FROM changes WHERE kind = ?1), 0), ?2) AS value`,
      kind,
      first,
    )
  }

  /** To be called in the transaction of the change itself. */
  recordChange(change: { kind: Kind; id: number; stamp?: number; payload?: string; at: number }): void {
    const { kind, id, stamp = 0, payload, at } = change
    this.#run(
      `INSERT OR REPLACE INTO changes (kind, id, deleted, stamp, seq, at, payload, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ${STATES.pending})`,
      kind,
      id,
      payload === undefined ? 0 : 1,
      stamp,
      this.draw(),
      at,
      payload ?? null,
    )
  }

  /** What is there no longer is told of by its tombstone. */
  forgetChange(kind: Kind, id: number): void {
    this.#run('DELETE FROM changes WHERE kind = ? AND id = ? AND deleted = 0', kind, id)
  }

  pendingChanges(limit: number): Change[] {
    return this.#changes('WHERE state = ? ORDER BY seq LIMIT ?', STATES.pending, limit)
  }

  /** Pending or set aside. */
  unrelayedChanges(): Change[] {
    return this.#changes('WHERE state <> ? ORDER BY seq', STATES.relayed)
  }

  changesAfter(seq: number, limit: number): Change[] {
    return this.#changes('WHERE seq > ? ORDER BY seq LIMIT ?', seq, limit)
  }

  /** Of a thing that is there. */
  changedAt(kind: Kind, id: number): number {
    const [change] = this.#changes('WHERE kind = ? AND id = ? AND deleted = 0', kind, id)
    return change?.at ?? 0
  }

  changedSeq(kind: Kind, id: number): number {
    const [change] = this.#changes('WHERE kind = ? AND id = ? AND deleted = 0', kind, id)
    return change?.seq ?? 0
  }

  tombstone(kind: Kind, id: number, stamp: number): string | undefined {
    const where = 'WHERE kind = ? AND id = ? AND deleted = 1 AND stamp = ?'
    return this.#changes(where, kind, id, stamp)[0]?.payload ?? undefined
  }

  /** A change that came while its event was under way has another seq: it stays. */
  relayed({ seq }: Change): void {
    this.#run('UPDATE changes SET state = ?, why = NULL WHERE seq = ?', STATES.relayed, seq)
  }

  notRelayed({ seq }: Change, why: string, setAside: boolean): void {
    const state = setAside ? STATES.setAside : STATES.pending
    this.#run('UPDATE changes SET why = ?, state = ? WHERE seq = ?', why, state, seq)
  }

  counts(): { readonly pending: number; readonly setAside: number; readonly oldest: number | null } {
    const rows = this.unrelayedChanges()
    const setAside = this.#number('SELECT COUNT(*) AS value FROM changes WHERE state = ?', STATES.setAside)
    const oldest = rows.reduce<number | null>((first, { at }) => Math.min(first ?? at, at), null)
    return { pending: rows.length - setAside, setAside, oldest }
  }

  /** By SKU; more than one when several goods bear it. */
  stockOf(sku: string): Stock[] {
    return this.#stock('WHERE sku = ?', sku)
  }

  stockAt(goodsId: string, productId: string): Stock | undefined {
    return this.#stock('WHERE goods_id = ? AND product_id = ?', goodsId, productId)[0]
  }

  stockOfGoods(goodsId: string): Stock[] {
    return this.#stock('WHERE goods_id = ?', goodsId)
  }

  /** In the order of goods and product, after that one. */
  stockPage(goodsId: string, productId: string, limit: number): Stock[] {
    const where = 'WHERE (goods_id, product_id) > (?, ?) ORDER BY goods_id, product_id LIMIT ?'
    return this.#stock(where, goodsId, productId, limit)
  }

  setStock({ goods_id, product_id, quantity, as_of }: Omit<Stock, 'sku'>): void {
    this.#run(
      'UPDATE stock SET quantity = ?, as_of = ? WHERE goods_id = ? AND product_id = ?',
      quantity,
      as_of,
      goods_id,
      product_id,
    )
  }

  /** Adds pieces, or takes them; below zero there is nothing to take. Goods the warehouse does not know are left out. */
  moveStock(goodsId: string, productId: string, by: number): void {
    this.#run(
      'UPDATE stock SET quantity = MAX(0, quantity + ?) WHERE goods_id = ? AND product_id = ?',
      by,
      goodsId,
      productId,
    )
  }

  command(kind: string, id: string): { readonly hash: string; readonly answer: string } | undefined {
    const row = this.#row('SELECT hash, answer FROM commands WHERE kind = ? AND id = ?', kind, id)
    return row && CommandSchema.parse(row)
  }

  keepCommand(kind: string, id: string, hash: string, answer: string): void {
    const sql = 'INSERT INTO commands (kind, id, hash, answer) VALUES (?, ?, ?, ?)'
    this.#run(sql, kind, id, hash, answer)
  }

  #changes(where: string, ...values: SQLInputValue[]): Change[] {
    const columns = 'kind, id, stamp, deleted, seq, at, payload, why'
    return this.#rows(`SELECT ${columns} FROM changes ${where}`, ...values).map((row) =>
      ChangeSchema.parse(row),
    )
  }

  #stock(where: string, ...values: SQLInputValue[]): Stock[] {
    const columns = 'goods_id, product_id, sku, quantity, as_of'
    return this.#rows(`SELECT ${columns} FROM stock ${where}`, ...values).map((row) => StockSchema.parse(row))
  }

  #rows(sql: string, ...values: SQLInputValue[]): unknown[] {
    return this.#database.prepare(sql).all(...values)
  }

  #row(sql: string, ...values: SQLInputValue[]): object | undefined {
    return this.#database.prepare(sql).get(...values)
  }

  #number(sql: string, ...values: SQLInputValue[]): number {
    return NumberSchema.parse(this.#row(sql, ...values)).value
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
