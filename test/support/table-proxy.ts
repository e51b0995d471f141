import { createServer, type IncomingMessage } from 'node:http'
import * as z from 'zod'

const PutSchema = z.looseObject({
  ConditionExpression: z.string().optional(),
  ExpressionAttributeValues: z.unknown().optional(),
  Item: z.looseObject({
    pk: z.object({ S: z.string() }),
    sk: z.object({ S: z.string() }),
    row: z.object({ S: z.string() }).optional(),
  }),
})
export type Put = z.infer<typeof PutSchema>

export type Moment = { readonly write: number; readonly when: 'before' | 'after' }

export interface TableProxyOptions {
  /** Called at each moment of each write of a ledger row; the write waits for it. */
  readonly at?: (moment: Moment, put: Put) => void | Promise<void>
  /** Changes a write on its way, to leave one of the product's rules out. */
  readonly rewrite?: (put: Put) => Put
}

/** Between the functions and the table: sees every write of a ledger row. */
export class TableProxy {
  upstream = ''
  url = ''
  writes = 0
  readonly #options: TableProxyOptions
  readonly #server = createServer((request, response) => {
    this.#forward(request).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      () => response.destroy(),
    )
  })

  constructor(options: TableProxyOptions) {
    this.#options = options
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    this.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    return this
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #forward(request: IncomingMessage) {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks).toString()
    const put = this.#rowWrite(request, text)
    const write = put ? ++this.writes : 0
    if (put) await this.#options.at?.({ write, when: 'before' }, put)
    const sent = put && this.#options.rewrite ? JSON.stringify(this.#options.rewrite(put)) : text
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
    const answer = await fetch(this.upstream, {
      method: 'POST',
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      body: sent,
    })
    const body = Buffer.from(await answer.arrayBuffer())
    if (put) await this.#options.at?.({ write, when: 'after' }, put)
    const { 'content-encoding': _encoding, ...answered } = Object.fromEntries(answer.headers)
    return { status: answer.status, headers: { ...answered, 'content-length': String(body.length) }, body }
  }

  #rowWrite(request: IncomingMessage, text: string): Put | undefined {
    if (request.headers['x-amz-target'] !== 'DynamoDB_20120810.PutItem') return undefined
    const put = PutSchema.safeParse(JSON.parse(text)).data
    return put?.Item.sk.S === 'row' ? put : undefined
  }
}
