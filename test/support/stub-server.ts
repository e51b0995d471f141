import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'

export interface StubRequest {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface StubAnswer {
  readonly status: number
  readonly body: unknown
}

export interface StubServer {
  readonly endpoint: string
  readonly requests: StubRequest[]
  stop(): Promise<void>
}

/** An HTTP server on loopback that answers JSON; undefined = it never answers. */
export async function startStub(
  answer: (request: StubRequest) => StubAnswer | undefined,
): Promise<StubServer> {
  const requests: StubRequest[] = []
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const received = { headers: request.headers, body }
        requests.push(received)
        const reply = answer(received)
        if (!reply) return
        response.writeHead(reply.status, { 'content-type': 'application/x-amz-json-1.0' })
        response.end(JSON.stringify(reply.body))
      },
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the stub has no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
