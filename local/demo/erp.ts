import { timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { ReturnStepSchema } from '#contracts/progress.ts'
import { writeWhole } from '../write-whole.ts'
import { PRODUCTS, SPARE_PARTS } from './catalogue.ts'
import { COLLECTIONS, type Collection, type ErpCall, type ErpDocument, type ErpReply } from './erp-call.ts'
import type { ErpStep } from './erp-progress.ts'
import { linesOf } from './erp-reads.ts'
import { ErpServer, type Fault, MAIN_WAREHOUSE, type Parcel } from './erp-server.ts'
import type { Shelf, WarehouseShipment } from './erp-warehouse.ts'

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
const ShelfSchema = z.object({ quantity: z.number(), warehouse: z.string().min(1).default(MAIN_WAREHOUSE) })
const ParcelSchema = z.object({
  lines: z
    .array(
      z.object({
        sku: z.string(),
        quantity: z.number().positive(),
        serials: z.array(z.string()).default([]),
      }),
    )
    .min(1)
    .optional(),
  carrier: z.object({ code: z.string(), name: z.string() }).optional(),
  tracking: z.array(z.string()).default([]),
  warehouse: z.string().optional(),
})
const StepSchema = z.object({
  step: ReturnStepSchema,
  person: z.string().optional(),
  note: z.string().optional(),
  fee: z.string().optional(),
})
const PoisonSchema = z.object({ on: z.boolean() })

/** Together as much as the demo shop has at first. */
const FIRST_STOCK: Readonly<Record<string, number>> = { [MAIN_WAREHOUSE]: 600, SOUTH: 400 }

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
      warehouseFile: join(dataDir, 'erp-warehouse.jsonl'),
      progressFile: join(dataDir, 'erp-progress.jsonl'),
      intercept: (call) => this.#answer(call),
      fault: (call) => this.#mishap(call),
    })
    this.#save()
    for (const { sku } of PRODUCTS) {
      if (this.#server.warehouse.shelves(sku).length > 0) continue
      for (const [warehouse, onHand] of Object.entries(FIRST_STOCK)) this.putStock({ sku, warehouse, onHand })
    }
    for (const { sku, onHand } of SPARE_PARTS) {
      if (this.shelves(sku).length === 0) this.putStock({ sku, warehouse: MAIN_WAREHOUSE, onHand })
    }
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

  /** Orders. */
  documents(): ErpDocument[] {
    return this.#server.documents()
  }

  documentsOf(collection: Collection): ErpDocument[] {
    return this.#server.documentsOf(collection)
  }

  steps(): readonly ErpStep[] {
    return this.#server.steps()
  }

  /** Somebody in the warehouse or in accounting has got on with a return. */
  advance(reference: string, step: z.infer<typeof StepSchema>): ErpStep | undefined {
    if (step.step === 'inspected') this.#putBack(reference)
    return this.#server.advance(reference, step)
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

  shelves(sku: string): Shelf[] {
    return this.#server.warehouse.shelves(sku)
  }

  putStock(shelf: Shelf): void {
    this.#server.warehouse.put(shelf)
  }

  shipments(reference?: string): WarehouseShipment[] {
    return this.#server.warehouse.shipments(reference)
  }

  /** Goods of an order of the shop leave, by its number there. */
  ship(orderNo: string, parcel: Parcel = {}): WarehouseShipment[] {
    const references = this.documents()
      .filter(({ body }) => body['order_no'] === orderNo)
      .map(({ reference }) => reference)
    return [...new Set(references)].flatMap((reference) => this.#server.ship(reference, parcel))
  }

  /** Spare parts leave, by the reference of their request. */
  shipParts(reference: string, parcel: Parcel = {}): WarehouseShipment[] {
    return this.#server.ship(reference, parcel)
  }

  /** From now on it answers every figure with 0, and says that all of them changed. */
  poison(on: boolean): void {
    this.#server.poisoned = on
    this.#server.warehouse.move(this.#server.warehouse.skus())
  }

  /** What has been looked at goes back on the shelf. */
  #putBack(reference: string): void {
    for (const { sku, quantity } of this.#server.documentsOf('returns', reference).flatMap(linesOf)) {
      const shelf = this.shelves(sku).find(({ warehouse }) => warehouse === MAIN_WAREHOUSE)
      this.putStock({ sku, warehouse: MAIN_WAREHOUSE, onHand: (shelf?.onHand ?? 0) + quantity })
    }
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
    if (method === 'GET' && path === '/stock') return { status: 200, body: this.#stock() }
    if (method === 'GET' && path === '/shipments')
      return { status: 200, body: { shipments: this.shipments() } }
    const sku = /^\/stock\/([^/]+)$/.exec(path)?.[1]
    if (method === 'PUT' && sku !== undefined) return this.#fill(decodeURIComponent(sku), call.body)
    const collection = COLLECTIONS.find((one) => path === `/${one}`)
    if (method === 'GET' && collection !== undefined)
      return { status: 200, body: { demo: true, [collection]: this.documentsOf(collection) } }
    if (method === 'GET' && path === '/progress') return { status: 200, body: { steps: this.steps() } }
    const returned = /^\/returns\/([A-Za-z0-9-]+)\/steps$/.exec(path)?.[1]
    if (method === 'POST' && returned !== undefined) return this.#step(returned, call.body)
    const orderNo = /^\/orders\/([A-Za-z0-9]+)\/ship$/.exec(path)?.[1]
    if (method === 'POST' && orderNo !== undefined) return this.#send(orderNo, call.body)
    if (method === 'POST' && path === '/control/poison') return this.#poison(call.body)
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

  #stock(): object {
    const { warehouse, poisoned } = this.#server
    return { demo: true, poisoned, stock: warehouse.skus().flatMap((sku) => warehouse.shelves(sku)) }
  }

  #fill(sku: string, body: unknown): ErpReply {
    const wish = ShelfSchema.safeParse(body)
    if (!wish.success) return problem(400, 'say how much there is: {"quantity": 12, "warehouse": "MAIN"}')
    const { quantity: onHand, warehouse } = wish.data
    this.putStock({ sku, warehouse, onHand })
    return { status: 200, body: { stock: this.shelves(sku) } }
  }

  #send(orderNo: string, body: unknown): ErpReply {
    const wish = ParcelSchema.safeParse(body ?? {})
    if (!wish.success) return problem(400, z.prettifyError(wish.error))
    const { lines, carrier, tracking, warehouse } = wish.data
    const shipments = this.ship(orderNo, {
      tracking,
      ...(lines ? { lines } : {}),
      ...(carrier ? { carrier } : {}),
      ...(warehouse === undefined ? {} : { warehouse }),
    })
    if (shipments.length === 0) return problem(409, 'nothing of such an order is left to leave')
    return { status: 200, body: { shipments } }
  }

  #step(reference: string, body: unknown): ErpReply {
    const wish = StepSchema.safeParse(body)
    if (!wish.success) return problem(400, z.prettifyError(wish.error))
    const step = this.advance(reference, wish.data)
    return step ? { status: 200, body: { step } } : problem(404, 'there is no return of this reference')
  }

  #poison(body: unknown): ErpReply {
    const wish = PoisonSchema.safeParse(body)
    if (!wish.success) return problem(400, 'say whether: {"on": true}')
    this.poison(wish.data.on)
    return { status: 200, body: { poisoned: this.#server.poisoned } }
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
    'GET /stock': 'what lies in its warehouses',
    'PUT /stock/{sku}': '{"quantity", "warehouse"}: counts a shelf anew; the shop follows',
    'POST /orders/{no}/ship':
      '{"lines": [{"sku", "quantity", "serials"}], "tracking": ["…"], "carrier": {"code", "name"}}, all optional: goods leave for an order of the shop',
    'GET /shipments': 'what has left',
    'GET /customers, /returns, /parts':
      'whoever bought, what came back, and the spare parts that were asked for',
    'POST /returns/{reference}/steps':
      '{"step": "received" | "inspected" | "refunded" | "refused", "person", "note", "fee"}: the shop follows',
    'GET /progress': 'these steps',
    'POST /control/poison': '{"on": true}: answers every stock figure with 0, to see the brake hold',
    'POST /control/duplicate': '{"reference"}: enters an order a second time, to see that the count shows it',
  },
}

function problem(status: number, message: string): ErpReply {
  return { status, body: { error: 'demo', message } }
}
