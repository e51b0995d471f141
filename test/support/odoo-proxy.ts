import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'
import type { During, Mishap } from '../conformance/erp-gateway.ts'
import type { ReadOf } from '../conformance/erp-reads.ts'

type Trouble =
  | { readonly is: Mishap }
  | { readonly is: 'babble'; readonly status: number; readonly body: string }

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
}

const ExecuteSchema = z.object({
  params: z.object({
    service: z.literal('object'),
    args: z.tuple([z.unknown(), z.unknown(), z.unknown(), z.string(), z.string()]).rest(z.unknown()),
  }),
})

/** What is to be spoiled: the next write or read of an order, or the next call of this method. */
type Target = During | ReadOf | 'action_confirm' | 'action_cancel'

const WRITES = new Set(['load', 'action_confirm', 'action_cancel', 'web_save'])

/**
 * Stands between a gateway and an Odoo, and spoils what it is told to: the next write of an order (`send`), or the next read
 * of one (`find`); of another document where its model is named. Everything else passes.
 */
export class OdooProxy {
  url = ''
  calls = 0
  /** `sale.order/load` and the like, as they came. */
  readonly writes: string[] = []
  readonly #upstream: string
  readonly #document: string
  readonly #server: Server
  readonly #armed = new Map<string, Trouble>()
  readonly #held: (() => Promise<unknown>)[] = []
  /** What was passed on although nobody waits for it: a later request must see what it did. */
  #underWay: Promise<unknown> = Promise.resolve()

  constructor(upstream: string, document = 'sale.order') {
    this.#upstream = upstream.replace(/\/+$/, '')
    this.#document = document
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy())
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  /** @throws when something was to be spoiled and never came */
  async close(): Promise<void> {
    await this.settled()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    for (const [target, { is }] of this.#armed) throw new Error(`no ${target} met the ${is}`)
  }

  fail(mishap: Mishap, target: Target = 'send'): void {
    this.#armed.set(target, { is: mishap })
  }

  babble(status: number, body: string, during: During | ReadOf = 'send'): void {
    this.#armed.set(during, { is: 'babble', status, body })
  }

  async commitHeld(): Promise<void> {
    for (const commit of this.#held.splice(0)) await commit()
  }

  async settled(): Promise<void> {
    await this.#underWay
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.calls += 1
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const body = Buffer.concat(chunks)
    const pass = () => this.#forward(request, body)
    const targets = this.#targetsOf(request.url ?? '/', body)
    await this.#underWay
    const target = targets.find((one) => this.#armed.has(one))
    const trouble = target && this.#armed.get(target)
    if (!trouble) return answer(response, await pass())
    this.#armed.delete(target)
    const commit = () => {
      const passed = pass()
      this.#underWay = passed.catch(() => {})
      return passed
    }
    switch (trouble.is) {
      case 'babble':
        return answer(response, { status: trouble.status, type: 'application/json', body: trouble.body })
      case 'error-500':
        return answer(response, {
          status: 500,
          type: 'application/json',
          body: '{"message":"internal error"}',
        })
      case 'rate-limit':
        response.setHeader('retry-after', '7')
        return answer(response, { status: 429, type: 'text/plain', body: 'slow down' })
      case 'error-502-committed':
        await commit()
        return answer(response, { status: 502, type: 'text/html', body: '<html>Bad Gateway</html>' })
      case 'html':
        await commit()
        return answer(response, {
          status: 200,
          type: 'text/html',
          body: '<!doctype html><title>Odoo</title>',
        })
      case 'hang-before-commit':
        return
      case 'hang-after-commit':
        await commit()
        return
      case 'held-commit':
        this.#held.push(commit)
        return
      case 'reset-before-commit':
        response.destroy()
        return
      case 'reset-after-commit':
        await commit()
        response.destroy()
        return
      case 'cut-json': {
        const { body: whole, ...rest } = await commit()
        return answer(response, { ...rest, body: whole.slice(0, whole.length / 2) })
      }
      case 'truncated': {
        const { status, type, body: whole } = await commit()
        response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(whole) })
        response.write(whole.slice(0, whole.length / 2), () => response.destroy())
      }
    }
  }

  #targetsOf(path: string, body: Buffer): string[] {
    const called = calledBy(path, body.toString())
    if (!called) return []
    const { model, method } = called
    if (model === this.#document && WRITES.has(method)) {
      this.writes.push(`${model}/${method}`)
      return [method, 'send' satisfies During]
    }
    const isLook = model === 'ir.model.data' || model.startsWith(this.#document)
    const find = isLook && method !== 'fields_get' ? ['find' satisfies During] : []
    return method === 'web_search_read' ? [...find, ...readOf(model, body.toString())] : find
  }

  async #forward({ method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer): Promise<Reply> {
    const named = ['content-type', 'accept', 'authorization', 'x-odoo-database'].flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value] as const] : []
    })
    const answered = await fetch(`${this.#upstream}${url}`, {
      method,
      headers: Object.fromEntries(named),
      ...(body.length > 0 ? { body } : {}),
    })
    return {
      status: answered.status,
      type: answered.headers.get('content-type') ?? 'application/octet-stream',
      body: await answered.text(),
    }
  }
}

/** What of the way back a read is for. */
function readOf(model: string, body: string): ReadOf[] {
  switch (model) {
    case 'product.product':
      return [body.includes('"free_qty"') ? 'stock' : 'items']
    case 'stock.move':
    case 'stock.quant':
      return ['feed']
    case 'sale.order':
      return ['commitments']
    case 'stock.picking':
      return ['shipments']
  }
  return []
}

/** Model and method of a call, in JSON-RPC or JSON-2. */
function calledBy(path: string, body: string): { model: string; method: string } | undefined {
  const json2 = /^\/json\/2\/([^/]+)\/([^/?]+)/.exec(path)
  if (json2?.[1] && json2[2]) return { model: json2[1], method: json2[2] }
  if (path !== '/jsonrpc') return undefined
  const parsed = ExecuteSchema.safeParse(JSON.parse(body))
  if (!parsed.success) return undefined
  const [, , , model, method] = parsed.data.params.args
  return { model, method }
}

function answer(response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}
