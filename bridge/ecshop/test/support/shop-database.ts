import { type Connection, createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'

export type Value = string | number | null | Buffer
export type Row = Readonly<Record<string, Value>>
/** For `?`: a list for IN (?), a list of rows for VALUES ?, a row for SET ?. */
type Parameter = Value | undefined | readonly Parameter[] | Row

/**
 * A shop's database as the shop itself uses it: autocommit, sql_mode ''. `{name}` in a statement is a table with its
 * prefix.
 */
export class ShopDatabase {
  readonly connection: Connection
  readonly prefix: string

  constructor(connection: Connection, prefix: string) {
    this.connection = connection
    this.prefix = prefix
  }

  static async open(options: {
    readonly port: number
    readonly user: string
    readonly password?: string
    readonly database?: string
    readonly prefix: string
  }): Promise<ShopDatabase> {
    const { prefix, ...where } = options
    const connection = await createConnection({
      ...where,
      host: '127.0.0.1',
      charset: 'UTF8MB4_GENERAL_CI',
      dateStrings: true,
      supportBigNumbers: true,
    })
    await connection.query("SET sql_mode = ''")
    return new ShopDatabase(connection, prefix)
  }

  sql(statement: string): string {
    return statement.replaceAll(/\{([a-z_]+)\}/g, (_, name) => `\`${this.prefix}${name}\``)
  }

  async rows(statement: string, values: readonly Parameter[] = []): Promise<Row[]> {
    const [rows] = await this.connection.query<RowDataPacket[]>(this.sql(statement), [...values])
    return rows.map((row): Row => ({ ...row }))
  }

  /** The only row. */
  async row(statement: string, values: readonly Parameter[] = []): Promise<Row> {
    const [row, second] = await this.rows(statement, values)
    if (row === undefined || second !== undefined) throw new Error(`not exactly one row: ${statement}`)
    return row
  }

  /** The only value of the only row. */
  async value(statement: string, values: readonly Parameter[] = []): Promise<Value> {
    const [value = null] = Object.values(await this.row(statement, values))
    return value
  }

  /** Runs a statement that returns no rows. */
  async exec(statement: string, values: readonly Parameter[] = []): Promise<ResultSetHeader> {
    const [done] = await this.connection.query<ResultSetHeader>(this.sql(statement), [...values])
    return done
  }

  /** @returns the AUTO_INCREMENT id */
  async insert(table: string, row: Row): Promise<number> {
    const columns = Object.keys(row).map((name) => `\`${name}\``)
    const done = await this.exec(`INSERT INTO {${table}} (${columns.join(', ')}) VALUES (?)`, [
      Object.values(row),
    ])
    return done.insertId
  }

  close(): Promise<void> {
    return this.connection.end()
  }
}
