import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import type * as z from 'zod'
import { TargetWebhookSchema } from '#contracts/target-webhook.ts'
import type { ErpLab, Mishap } from '../conformance/erp-gateway.ts'

type Message = z.input<typeof TargetWebhookSchema>

interface Call {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly verified: boolean
}

/** What a receiver of webhooks holds of a thing. */
interface Held {
  readonly id: string
  readonly state: 'live' | 'cancelled'
  readonly data: Readonly<Record<string, unknown>>
  readonly closed: boolean
}

interface Fault {
  readonly commit: 'yes' | 'no' | 'held'
  readonly answer:
    | 'hang'
    | 'reset'
    | 'truncate'
    | 'usual'
    | { status: number; body: string; headers?: Record<string, string> }
}

const json = { 'content-type': 'application/json' }
const CUT = { status: 200, body: '{"id":"D', headers: json }

const FAULTS: Readonly<Record<Mishap, Fault>> = {
  'error-500': { commit: 'no', answer: { status: 500, body: '{"message":"internal error"}' } },
  'error-502-committed': { commit: 'yes', answer: { status: 502, body: '<html>Bad Gateway</html>' } },
  'rate-limit': {
    commit: 'no',
    answer: { status: 429, body: '{"message":"slow down"}', headers: { 'retry-after': '7' } },
  },
  'hang-before-commit': { commit: 'no', answer: 'hang' },
  'hang-after-commit': { commit: 'yes', answer: 'hang' },
  'held-commit': { commit: 'held', answer: 'hang' },
  'reset-before-commit': { commit: 'no', answer: 'reset' },
  'reset-after-commit': { commit: 'yes', answer: 'reset' },
  truncated: { commit: 'yes', answer: 'truncate' },
  'cut-json': { commit: 'yes', answer: CUT },
  html: {
    commit: 'yes',
    answer: {
      status: 200,
      body: '<!doctype html><title>Log in</title>',
      headers: { 'content-type': 'text/html' },
    },
  },
}

/**
 * A receiver as docs/guides/webhook-target.md asks for one: it verifies with the library of Standard Webhooks, drops ids it has
 * seen, and keeps one document for each reference.
 */
export class WebhookReceiver {
  readonly calls: Call[] = []
  readonly held = new Map<string, Held>()
  url = ''
  readonly #server = createServer((request, response) => {
    text(request).then(
      (body) => this.#receive(request.headers, body, response),
      () => response.destroy(),
    )
  })
  readonly #webhook: Webhook
  readonly #unknownSku: string | undefined
  readonly #seen = new Map<string, string>()
  readonly #faults: Fault[] = []
  #late: (() => void) | undefined

  constructor({ secret, unknownSku }: { secret: string; unknownSku?: string }) {
    this.#webhook = new Webhook(secret)
    this.#unknownSku = unknownSku
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the receiver has no port')
    this.url = `http://127.0.0.1:${address.port}/events`
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  fail(fault: Mishap | Fault): void {
    this.#faults.push(typeof fault === 'string' ? FAULTS[fault] : fault)
  }

  /** As the conformance suite sees it. */
  get lab(): ErpLab {
    return {
      ...(this.#unknownSku === undefined ? {} : { unknownSku: this.#unknownSku }),
      documents: async (reference) => (this.held.has(reference) ? 1 : 0),
      calls: async () => this.calls.length,
      fail: async (mishap) => this.fail(mishap),
      babble: async (status, body) => this.fail({ commit: 'no', answer: { status, body, headers: json } }),
      commitHeld: async () => this.#late?.(),
      ship: async (reference) => {
        const held = this.held.get(reference)
        if (held) this.held.set(reference, { ...held, closed: true })
      },
    }
  }

  #receive(headers: IncomingHttpHeaders, body: string, response: ServerResponse): void {
    const message = this.#verified(headers, body)
    this.calls.push({ headers, body, verified: message !== undefined })
    if (!message) return void response.writeHead(401, json).end('{"message":"the signature is wrong"}')

    const fault: Fault = this.#faults.shift() ?? { commit: 'yes', answer: 'usual' }
    const id = String(headers['webhook-id'])
    let reply = { status: 200, body: '{}' }
    if (fault.commit === 'yes') reply = this.#commit(id, message)
    if (fault.commit === 'held') this.#late = () => void this.#commit(id, message)
    const { answer } = fault
    if (answer === 'hang') return
    if (answer === 'reset') return void response.destroy()
    if (answer === 'truncate') {
      response.writeHead(200, { ...json, 'content-length': '1000' }).write('{"id":')
      return void setImmediate(() => response.destroy())
    }
    const { status, body: said, headers: more } = answer === 'usual' ? { ...reply, headers: json } : answer
    response.writeHead(status, more)
    // Some statuses have no body.
    response.end(status === 204 || status === 304 ? undefined : said)
  }

  #verified(headers: IncomingHttpHeaders, body: string): Message | undefined {
    const one = (name: string) => String(headers[name] ?? '')
    try {
      this.#webhook.verify(body, {
        'webhook-id': one('webhook-id'),
        'webhook-timestamp': one('webhook-timestamp'),
        'webhook-signature': one('webhook-signature'),
      })
    } catch {
      return undefined
    }
    const parsed: unknown = JSON.parse(body)
    TargetWebhookSchema.parse(parsed)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed above, kept as it is on the wire
    return parsed as Message
  }

  #commit(id: string, { type, data }: Message): { status: number; body: string } {
    const known = this.#seen.get(id)
    if (known !== undefined) return { status: 200, body: known }
    if (!('reference' in data)) return { status: 200, body: '' }
    const { reference } = data
    if (this.#unknownSku !== undefined && JSON.stringify(data).includes(`"sku":"${this.#unknownSku}"`))
      return { status: 422, body: JSON.stringify({ message: 'no such item', missing: this.#unknownSku }) }
    const held = this.held.get(reference)
    if (held?.closed) return { status: 409, body: '{"message":"it is closed"}' }
    const document: Held = {
      id: held?.id ?? `D${this.held.size + 1}`,
      state: type.endsWith('.cancelled') ? 'cancelled' : 'live',
      data,
      closed: false,
    }
    this.held.set(reference, document)
    const answer = JSON.stringify({ id: document.id, no: `N-${document.id}` })
    this.#seen.set(id, answer)
    return { status: 200, body: answer }
  }
}
