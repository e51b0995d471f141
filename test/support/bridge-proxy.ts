import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { close, listen } from '../../local/cloud/listen.ts'

type At = (when: 'before' | 'after', body: string) => void

/** Between the functions and the bridge of a shop: sees every call, and that it was answered before the answer is given. */
export class BridgeProxy {
  readonly #upstream: string
  readonly #at: At
  readonly #server = createServer((request, response) => {
    this.#forward(request).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      () => response.destroy(),
    )
  })

  /** @param at called before the shop has the call and after it has acted; where it throws, the connection breaks */
  constructor(upstream: string, at: At) {
    this.#upstream = upstream
    this.#at = at
  }

  start(): Promise<string> {
    return listen(this.#server)
  }

  close(): Promise<void> {
    return close(this.#server)
  }

  async #forward(request: IncomingMessage): Promise<{ status: number; body: Buffer }> {
    const sent = await buffer(request)
    this.#at('before', sent.toString())
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
    const answer = await fetch(`${this.#upstream}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(sent.length > 0 ? { body: sent } : {}),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    this.#at('after', sent.toString())
    return { status: answer.status, body }
  }
}
