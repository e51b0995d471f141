import { createServer, type RequestListener, type Server } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport, type TransportDeps } from '#adapters/http/transport.ts'

const realClock = { now: () => Date.now() }
const soon = (ms = 5_000) => Date.now() + ms

describe('the HTTP transport', () => {
  const servers: Server[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  async function serve(listener: RequestListener) {
    const seen = { requests: 0, connections: 0, aborted: 0 }
    const server = createServer((request, response) => {
      seen.requests += 1
      response.once('close', () => {
        if (!response.writableFinished) seen.aborted += 1
      })
      listener(request, response)
    })
    server.on('connection', () => {
      seen.connections += 1
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no address')
    return { url: `http://127.0.0.1:${address.port}/x`, port: address.port, seen }
  }

  const transport = (deps: Partial<TransportDeps> = {}) => createTransport({ clock: realClock, ...deps })
  const post = (url: string) => ({ method: 'POST', url, headers: { 'x-kind': 'a' }, body: '{"a":1}' })

  it('returns status, headers and text', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(201, { 'X-Number': '7' })
      request.pipe(response)
    })
    const result = await transport()(post(url), soon())
    expect(result).toMatchObject({ is: 'answer', status: 201, headers: { 'x-number': '7' }, text: '{"a":1}' })
  })

  it('keeps its connection for the next call', async () => {
    const { url, seen } = await serve((_, response) => response.end('{}'))
    const send = transport()
    for (let call = 0; call < 3; call += 1) {
      await send(post(url), soon())
      await setImmediate()
    }
    expect(seen).toMatchObject({ requests: 3, connections: 1 })
  })

  it('sends nothing after the deadline', async () => {
    const { url, seen } = await serve((_, response) => response.end())
    expect(await transport()(post(url), Date.now())).toEqual({ is: 'not-sent', code: 'DEADLINE' })
    expect(seen.connections).toBe(0)
  })

  it('sends not a byte when it wakes up after the deadline on a connected socket', async () => {
    const { url, seen } = await serve((_, response) => response.end())
    // Awake when the call begins, past the deadline when the socket is ready.
    const times = [0, 60_000]
    const sleeper = { now: () => times.shift() ?? 60_000 }
    expect(await transport({ clock: sleeper })(post(url), 30_000)).toEqual({
      is: 'not-sent',
      code: 'DEADLINE',
    })
    expect(seen.requests).toBe(0)
    expect(times).toEqual([])
  })

  it('sends when the deadline is still ahead on the connected socket', async () => {
    const { url, seen } = await serve((_, response) => response.end('{}'))
    const times = [0, 29_999]
    const clock = { now: () => times.shift() ?? 60_000 }
    expect(await transport({ clock })(post(url), 30_000)).toMatchObject({ is: 'answer' })
    expect(seen.requests).toBe(1)
  })

  it('aborts a call at its deadline, and what it did is unclear', async () => {
    const { url, seen } = await serve(() => undefined)
    const started = Date.now()
    expect(await transport()(post(url), soon(200))).toEqual({ is: 'unclear', code: 'TIMEOUT' })
    expect(Date.now() - started).toBeLessThan(3_000)
    await expect.poll(() => seen.aborted).toBe(1)
  })

  it('knows that nothing was sent when the connection is refused', async () => {
    const { url, port } = await serve(() => undefined)
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
    expect(port).toBeGreaterThan(0)
    expect(await transport()(post(url), soon())).toEqual({ is: 'not-sent', code: 'ECONNREFUSED' })
  })

  it('knows that nothing was sent when TLS fails', async () => {
    const { url } = await serve((_, response) => response.end())
    const result = await transport()(post(url.replace('http:', 'https:')), soon())
    expect(result.is).toBe('not-sent')
  })

  it('knows that nothing was sent of a request that is none', async () => {
    const { url, seen } = await serve((_, response) => response.end())
    const request = { method: 'POST', url, headers: { 'x-name': '收货人' } }
    expect(await transport()(request, soon())).toEqual({ is: 'not-sent', code: 'INVALID_REQUEST' })
    expect(seen.requests).toBe(0)
  })

  it('calls a reset after the bytes left unclear', async () => {
    const { url, seen } = await serve((request, response) => {
      if (seen.requests === 1) response.end('{}')
      else request.socket.destroy()
    })
    const send = transport()
    await send(post(url), soon())
    await setImmediate()
    // The connection was kept from the call before; nothing is sent again over another.
    expect((await send(post(url), soon())).is).toBe('unclear')
    expect(seen.requests).toBe(2)
  })

  it('calls an answer that breaks off unclear, with the status it had', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"half":', () => response.destroy())
    })
    expect(await transport()(post(url), soon())).toMatchObject({ is: 'unclear', status: 200 })
  })

  it('does not read an answer that never ends', async () => {
    const { url, seen } = await serve((_, response) => {
      const chunk = 'x'.repeat(1_000)
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const result = await transport({ maxAnswerBytes: 10_000 })(post(url), soon())
    expect(result).toEqual({ is: 'unclear', code: 'TOO_LARGE', status: 200 })
    await expect.poll(() => seen.aborted).toBe(1)
  })

  it('follows no redirect', async () => {
    const { url, seen } = await serve((_, response) => {
      response.writeHead(307, { location: '/elsewhere' })
      response.end()
    })
    expect(await transport()(post(url), soon())).toMatchObject({ is: 'answer', status: 307 })
    expect(seen.requests).toBe(1)
  })

  it('sends a request once, also when it is told that it came to the wrong server', async () => {
    const { url, seen } = await serve((_, response) => {
      response.writeHead(421)
      response.end()
    })
    expect((await transport()(post(url), soon())).is).toBe('unclear')
    expect(seen.requests).toBe(1)
  })

  it('reads GBK where the answer says so, and UTF-8 where it names nonsense', async () => {
    const texts: [string, Buffer][] = [
      ['application/json; charset=GBK', Buffer.from([0xb6, 0xa9, 0xb5, 0xa5])],
      ['application/json; charset=no-such-thing', Buffer.from('订单')],
    ]
    const { url } = await serve((_, response) => {
      const [type = '', bytes] = texts.shift() ?? []
      response.writeHead(200, { 'content-type': type })
      response.end(bytes)
    })
    expect(await transport()(post(url), soon())).toMatchObject({ text: '订单' })
    expect(await transport()(post(url), soon())).toMatchObject({ text: '订单' })
  })

  describe('with a fetch that says nothing about its bytes', () => {
    const failing = (code: string) =>
      transport({
        fetch: () =>
          Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) })),
      })

    it.each([
      'ECONNREFUSED',
      'ENOTFOUND',
      'EAI_AGAIN',
      'UND_ERR_CONNECT_TIMEOUT',
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ])('takes %s for not sent', async (code) => {
      expect(await failing(code)(post('http://erp.invalid/'), soon())).toEqual({ is: 'not-sent', code })
    })

    it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EPROTO', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT'])(
      'takes %s for unclear',
      async (code) => {
        expect(await failing(code)(post('http://erp.invalid/'), soon())).toEqual({ is: 'unclear', code })
      },
    )
  })
})
