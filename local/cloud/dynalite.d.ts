declare module 'dynalite' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http'

  export default function dynalite(options: {
    path: string
    createTableMs: number
  }): Server<typeof IncomingMessage, typeof ServerResponse>
}

declare module 'dynalite/db/index.js' {
  interface Level {
    get(key: string): Promise<Row | undefined>
    keys(range: { gte: string; lt: string }): AsyncIterable<string>
    values(range: { gte: string; lt: string }): AsyncIterable<Row>
    batch(
      operations: ({ type: 'put'; key: string; value: Row } | { type: 'del'; key: string })[],
    ): Promise<void>
    close(): Promise<void>
  }
  type Row = Record<string, unknown>
  interface Index {
    IndexName: string
  }

  const db: {
    create(options: { path?: string }): { db: Level }
    getIndexActions(
      indexes: Index[],
      existing: null,
      item: Row,
      table: Row,
    ): { puts: { index: string; key: string; item: Row }[] }
  }
  export default db
}
