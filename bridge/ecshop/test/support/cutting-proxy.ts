import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A write of the connection to be cut at, and whether the server still executes it. */
export interface Cut {
  /** Counted from 1. */
  readonly write: number
  /** Which statements count. */
  readonly of: RegExp
  readonly executed: boolean
}

const COM_QUERY = 3

/**
 * Stands between PHP and the database and cuts a connection at its n-th write, as a process does that is killed there: the
 * bridge itself needs no switch for tests. Only connections that are made while it is armed are cut.
 */
export class CuttingProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #cut: Cut | undefined
  #hasCut = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  static async before(upstreamPort: number): Promise<CuttingProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no port')
    const proxy = new CuttingProxy(server, address.port)
    server.on('connection', (client) => proxy.#join(client, connect(upstreamPort, '127.0.0.1')))
    return proxy
  }

  arm(cut: Cut): void {
    this.#cut = cut
    this.#hasCut = false
  }

  /** @returns whether anything was cut since it was armed */
  disarm(): boolean {
    this.#cut = undefined
    return this.#hasCut
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #join(client: Socket, upstream: Socket): void {
    const cut = this.#cut
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end).on('close', () => {
        this.#sockets.delete(socket)
        end()
      })
    }
    if (cut === undefined) {
      client.pipe(upstream)
      upstream.pipe(client)
      return
    }
    let writes = 0
    let isEnding = false
    const packets = new Packets()
    client.on('data', (bytes: Buffer) => {
      for (const { sequence, payload, raw } of packets.add(bytes)) {
        const isWrite =
          sequence === 0 && payload[0] === COM_QUERY && cut.of.test(payload.subarray(1).toString('latin1'))
        if (isWrite) writes += 1
        if (isWrite && writes === cut.write) {
          this.#hasCut = true
          isEnding = true
          if (!cut.executed) {
            end()
            return
          }
        }
        upstream.write(raw)
      }
    })
    upstream.on('data', (bytes: Buffer) => {
      // The server has answered: the statement is done, and nobody will hear of it.
      if (isEnding) end()
      else client.write(bytes)
    })
  }
}

/** The client's packets of MySQL's protocol: three bytes of length, one of sequence. */
class Packets {
  #rest: Buffer = Buffer.alloc(0)

  add(bytes: Buffer): { readonly sequence: number; readonly payload: Buffer; readonly raw: Buffer }[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const whole = []
    while (this.#rest.length >= 4) {
      const end = 4 + this.#rest.readUIntLE(0, 3)
      if (this.#rest.length < end) break
      const raw = this.#rest.subarray(0, end)
      whole.push({ sequence: raw.readUInt8(3), payload: raw.subarray(4), raw })
      this.#rest = this.#rest.subarray(end)
    }
    return whole
  }
}
