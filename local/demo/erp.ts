import { timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { writeWhole } from '../write-whole.ts'
import { type ErpCall, type ErpDocument, type ErpReply, ErpServer, type Fault } from './erp-server.ts'

export interface DemoErpOptions {
  /** Documents and settings live here. */
  readonly dataDir: string
  /** The key for a new `dataDir`. */
  readonly newApiKey: () => string
}

/** What happens to one call: it is asked about each until it answers. */
export type Mishap = (call: ErpCall) => Fault | undefined

/** The ERP did the work, and nobody will ever hear of it. */
export const COMMITTED_UNHEARD: Fault = { commit: 'yes', answer: 'hang' }

const SettingsSchema = z.object({ apiKey: z.string(), unknownSkus: z.array(z.string()) })
const DuplicateSchema = z.object({ reference: z.string() })

/**
 * The ERP of the demo. It takes every order it is sent, twice when sent twice: only the bridge keeps it from doubling.
 * Its API is under /api; the other paths are for whoever watches.
 */
export class DemoErp {
  readonly #server: ErpServer
  readonly #settingsFile: string
  readonly #settings: z.infer<typeof SettingsSchema>
  readonly #mishaps = new Set<Mishap>()
  #url = ''

  constructor({ dataDir, newApiKey }: DemoErpOptions) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    this.#settingsFile = join(dataDir, 'erp-settings.json')
    this.#settings = existsSync(this.#settingsFile)
      ? SettingsSchema.parse(JSON.parse(readFileSync(this.#settingsFile, 'utf8')))
      : { apiKey: newApiKey(), unknownSkus: [] }
    this.#server = new ErpServer({
      mode: 'none',
      unknownSkus: this.#settings.unknownSkus,
      file: join(dataDir, 'erp-documents.jsonl'),
      intercept: (call) => this.#answer(call),
      fault: (call) => this.#mishap(call),
    })
    this.#save()
  }

  /** What its API asks for as a bearer token. */
  get apiKey(): string {
    return this.#settings.apiKey
  }

  get url(): string {
    return this.#url
  }

  async listen(port: number): Promise<void> {
    this.#url = await this.#server.listen(port)
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  documents(): ErpDocument[] {
    return this.#server.documents()
  }

  /** Until `learn`, orders with this SKU are refused. */
  forget(sku: string): void {
    this.#server.unknownSkus.add(sku)
    this.#save()
  }

  learn(sku: string): void {
    this.#server.unknownSkus.delete(sku)
    this.#save()
  }

  /** Until it has happened once. */
  prepare(mishap: Mishap): void {
    this.#mishaps.add(mishap)
  }

  #mishap(call: ErpCall): Fault | undefined {
    for (const mishap of this.#mishaps) {
      const fault = mishap(call)
      if (!fault) continue
      this.#mishaps.delete(mishap)
      return fault
    }
    return undefined
  }

  #answer(call: ErpCall): ErpReply | Promise<ErpReply> | undefined {
    const { method, path, query } = call
    if (path.startsWith('/api/'))
      return this.#isKnown(call) ? undefined : problem(401, 'the API key is wrong')
    const item = /^\/items\/([^/]+)$/.exec(path)?.[1]
    if (method === 'GET' && path === '/') return { status: 200, body: GUIDE }
    if (method === 'GET' && path === '/orders') return { status: 200, body: this.#list(query['order_no']) }
    if (method === 'GET' && path === '/counts') return { status: 200, body: this.#server.counts() }
    if (method === 'GET' && path === '/items')
      return { status: 200, body: { unknown: [...this.#server.unknownSkus] } }
    if (method === 'PUT' && item !== undefined) {
      this.learn(decodeURIComponent(item))
      return { status: 200, body: { sku: decodeURIComponent(item) } }
    }
    if (method === 'POST' && path === '/control/duplicate') return this.#duplicate(call.body)
    return problem(404, `there is no ${method} ${path}`)
  }

  #isKnown({ headers }: ErpCall): boolean {
    const given = Buffer.from(headers['authorization'] ?? '')
    const wanted = Buffer.from(`Bearer ${this.#settings.apiKey}`)
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  }

  #list(orderNo: string | undefined): object {
    const documents = this.documents().filter(
      ({ body }) => orderNo === undefined || body['order_no'] === orderNo,
    )
    return { demo: true, count: documents.length, orders: documents }
  }

  /** Enters an order a second time, as a clerk might: no bridge can prevent it, but the count must show it. */
  async #duplicate(body: unknown): Promise<ErpReply> {
    const wanted = DuplicateSchema.safeParse(body)
    const [document] = wanted.success ? this.#server.documents(wanted.data.reference) : []
    if (!document) return problem(404, 'name the reference of an order: {"reference": "…"}')
    const response = await fetch(`${this.#url}/api/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#settings.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(document.body),
    })
    const created: unknown = await response.json()
    return { status: response.status, body: created }
  }

  #save(): void {
    const settings = { ...this.#settings, unknownSkus: [...this.#server.unknownSkus] }
    writeWhole(this.#settingsFile, JSON.stringify(settings))
  }
}

const GUIDE = {
  what: 'The demo ERP of ecshop-erp-sync. Everything in it is invented.',
  paths: {
    'GET /orders': 'its documents; ?order_no= for one order of the shop',
    'GET /counts': 'documents by reference',
    'GET /items': 'the SKUs it has no item for',
    'PUT /items/{sku}': 'creates the item',
    'POST /control/duplicate': '{"reference"}: enters an order a second time, to see that the count shows it',
  },
}

function problem(status: number, message: string): ErpReply {
  return { status, body: { error: 'demo', message } }
}
