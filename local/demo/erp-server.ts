import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import * as z from 'zod'
import type { ErpCall, ErpDocument, ErpOp, ErpReadOp, ErpReply } from './erp-call.ts'
import { answerRead, linesOf, readOpOf, shippedOf } from './erp-reads.ts'
import { ErpWarehouse, type WarehouseShipment } from './erp-warehouse.ts'

/**
 * A small ERP that exists nowhere else: it runs in the demo and in tests. Orders are created, confirmed, amended, shipped and
 * cancelled over JSON; what makes a repeated create harmless is a setting, so that every kind of ERP can be played. It keeps
 * stock in warehouses, which an order reserves when it is placed and a shipment takes away.
 */

export type ErpMode = 'upsert' | 'unique-reference' | 'request-key' | 'none'
/** What goes wrong with a call: what becomes of its effect (`held` until `commitHeld`), and what comes back instead of the answer. */
export interface Fault {
  readonly commit: 'no' | 'yes' | { readonly afterMs: number } | 'held'
  /** `truncate`: the connection breaks inside the answer. `cut`: a whole answer with half the JSON. */
  readonly answer: 'hang' | 'reset' | 'truncate' | 'cut' | ErpReply
}

export interface JournalEntry {
  readonly at: string
  readonly op: ErpOp | 'other'
  readonly reference?: string
  readonly event:
    | 'received'
    | 'answered'
    | 'unanswered'
    | 'created'
    | 'amended'
    | 'confirmed'
    | 'cancelled'
    | 'shipped'
  readonly status?: number
  readonly id?: string
}

export interface ErpServerOptions {
  readonly mode?: ErpMode
  /** SKUs it has no item for. */
  readonly unknownSkus?: Iterable<string>
  /** Writes ids as JSON numbers beyond 53 bits. */
  readonly longIds?: boolean
  /** Documents survive in this file, one line for each write. */
  readonly file?: string
  /** So do stock and shipments in this one. */
  readonly warehouseFile?: string
  /** Entries of a page of what is read page by page. */
  readonly pageSize?: number
  /** Looks at a call before the ERP does; what it returns is the answer. */
  readonly intercept?: (call: ErpCall) => ErpReply | undefined | Promise<ErpReply | undefined>
  readonly fault?: (call: ErpCall) => Fault | undefined
}

const DocumentSchema = z.object({
  id: z.string(),
  no: z.string(),
  reference: z.string(),
  status: z.enum(['open', 'confirmed', 'partly-shipped', 'shipped', 'cancelled']),
  body: z.record(z.string(), z.unknown()),
  revision: z.int(),
})
const BodySchema = z.looseObject({
  order_id: z.string().min(1),
  lines: z.array(z.looseObject({ sku: z.string() })).optional(),
})
type OrderBody = z.infer<typeof BodySchema>

/** What leaves for an order. Lines: by default all that has not left yet. */
export interface Parcel {
  readonly lines?: readonly { readonly sku: string; readonly quantity: number; readonly serials?: string[] }[]
  readonly carrier?: WarehouseShipment['carrier']
  readonly tracking?: readonly string[]
  readonly warehouse?: string
}

/** Where orders take their goods from. */
export const MAIN_WAREHOUSE = 'MAIN'
const CARRIER = { code: 'SF', name: '顺丰速运' }

const PAGE_SIZE = 50
const FIRST_ID = 1001
const FIRST_LONG_ID = 9_223_372_036_854_770_000n

export class ErpServer {
  mode: ErpMode
  readonly unknownSkus: Set<string>
  readonly warehouse: ErpWarehouse
  /** It answers every stock figure with 0. */
  poisoned = false
  readonly journal: JournalEntry[] = []
  readonly #documents = new Map<string, ErpDocument>()
  /** Answers already given, by idempotency key. */
  readonly #answered = new Map<string, ErpReply>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #held: ErpCall[] = []
  readonly #options: ErpServerOptions
  readonly #server = createServer((request, response) => void this.#serve(request, response))

  constructor(options: ErpServerOptions = {}) {
    this.#options = options
    this.mode = options.mode ?? 'unique-reference'
    this.unknownSkus = new Set(options.unknownSkus)
    this.warehouse = new ErpWarehouse(options.warehouseFile)
    if (options.file && existsSync(options.file)) this.#load(options.file)
  }

  /** Resolves to its base address. Port 0 takes a free one. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
    return `http://127.0.0.1:${address.port}`
  }

  /** Whatever hangs is cut off; a late commit that has not happened never does. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  documents(reference?: string): ErpDocument[] {
    const all = [...this.#documents.values()]
    return reference === undefined ? all : all.filter((document) => document.reference === reference)
  }

  /** Documents per reference: more than one under a reference is a double. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { reference } of this.#documents.values()) counts[reference] = (counts[reference] ?? 0) + 1
    return counts
  }

  /** Goods leave the warehouse: from now on it can be neither changed nor cancelled. Answers the shipments, one a document. */
  ship(reference: string, parcel: Parcel = {}): WarehouseShipment[] {
    const { carrier = CARRIER, warehouse = MAIN_WAREHOUSE, tracking = [] } = parcel
    return this.documents(reference).flatMap((document) => {
      const open = this.#openLines(document)
      if (document.status === 'cancelled' || document.status === 'shipped') return []
      const lines = (parcel.lines ?? open).map((line) => {
        const lineRef = open.find(({ sku }) => sku === line.sku)?.lineRef
        return { serials: [], ...line, ...(lineRef === undefined ? {} : { lineRef }) }
      })
      const at = new Date().toISOString()
      const goods = { reference, at, warehouse, carrier, tracking: [...tracking], lines }
      const sent = lines.length > 0 ? [this.warehouse.send(goods)] : []
      const status = this.#openLines(document).length > 0 ? 'partly-shipped' : 'shipped'
      this.#write({ ...document, status }, 'other', 'shipped')
      return sent
    })
  }

  #openLines(document: ErpDocument) {
    const left = new Map<string, number>()
    return linesOf(document).flatMap(({ sku, quantity, line_ref }) => {
      const gone = left.get(sku) ?? shippedOf(this.warehouse, document, sku)
      left.set(sku, Math.max(0, gone - quantity))
      const open = Math.max(0, quantity - gone)
      return open === 0 ? [] : [{ sku, quantity: open, ...(line_ref ? { lineRef: line_ref } : {}) }]
    })
  }

  /** What was held takes effect now, long after its caller gave up. */
  commitHeld(): void {
    for (const call of this.#held.splice(0)) this.#execute(call)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request, (id) => this.#documents.get(id)?.reference)
    if (!call) return
    const intercepted = await this.#options.intercept?.(call)
    if (intercepted) return this.#reply(response, intercepted)
    this.#note({ op: call.op, reference: call.reference, event: 'received' })

    const fault = call.op === 'other' ? undefined : this.#options.fault?.(call)
    if (!fault) return this.#answer(call, response, this.#execute(call))
    if (fault.commit === 'held') this.#held.push(call)
    const late = typeof fault.commit === 'object' ? fault.commit.afterMs : undefined
    const real = fault.commit === 'yes' ? this.#execute(call) : undefined
    if (late !== undefined) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#execute(call)
      }, late)
      this.#timers.add(timer)
    }
    const { answer } = fault
    if (typeof answer === 'object') return this.#answer(call, response, answer)
    this.#note({ op: call.op, reference: call.reference, event: 'unanswered' })
    if (answer === 'reset') response.destroy()
    if (answer === 'hang') return
    const text = JSON.stringify(real?.body ?? { id: '0', status: 'open' })
    const half = text.slice(0, Math.ceil(text.length / 2))
    if (answer === 'cut')
      this.#reply(response, { status: 200, body: half, headers: { 'content-type': 'application/json' } })
    if (answer === 'truncate') {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      })
      response.write(half, () => response.destroy())
    }
  }

  #answer(call: ErpCall, response: ServerResponse, reply: ErpReply): void {
    this.#note({ op: call.op, reference: call.reference, event: 'answered', status: reply.status })
    this.#reply(response, reply)
  }

  #reply(response: ServerResponse, { status, headers, body }: ErpReply): void {
    const isText = typeof body === 'string'
    response.writeHead(status, {
      ...(isText || body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    })
    response.end(isText || body === undefined ? body : this.#json(body))
  }

  #json(body: unknown): string {
    const text = JSON.stringify(body)
    return this.#options.longIds ? text.replace(/"id":"(\d+)"/g, '"id":$1') : text
  }

  #execute(call: ErpCall): ErpReply {
    const key = call.headers['idempotency-key']
    if (this.mode !== 'request-key' || call.op !== 'place') return this.#perform(call)
    if (!key) return refusal(400, 'no_key', 'the header Idempotency-Key is missing')
    const before = this.#answered.get(key)
    if (before) return before
    const reply = this.#perform(call)
    if (reply.status < 300) this.#answered.set(key, reply)
    return reply
  }

  #perform(call: ErpCall): ErpReply {
    switch (call.op) {
      case 'find':
        return { status: 200, body: { documents: this.documents(call.query['order_id']).map(shown) } }
      case 'place':
        return this.#place(call)
      case 'amend':
      case 'confirm':
      case 'cancel':
        return this.#change(call, call.op)
      case 'other':
        return refusal(404, 'not_found', `there is no ${call.method} ${call.path}`)
      case 'stock':
      case 'feed':
      case 'items':
      case 'commitments':
      case 'shipments':
        return this.#read(call, call.op)
    }
  }

  #read(call: ErpCall, op: ErpReadOp): ErpReply {
    return answerRead(op, call, {
      warehouse: this.warehouse,
      documents: (reference) => this.documents(reference),
      main: MAIN_WAREHOUSE,
      pageSize: this.#options.pageSize ?? PAGE_SIZE,
      poisoned: this.poisoned,
    })
  }

  #place(call: ErpCall): ErpReply {
    const checked = this.#check(call.body)
    if (!checked.ok) return checked.reply
    const { body } = checked
    const reference = body.order_id
    const existing = this.documents(reference).at(-1)
    if (existing && this.mode === 'unique-reference') {
      return {
        status: 409,
        body: { error: 'duplicate', message: `the order ${reference} exists`, id: existing.id },
      }
    }
    if (existing && this.mode === 'upsert') return this.#rewrite(existing, body)
    const count = this.#documents.size
    const id = this.#options.longIds ? String(FIRST_LONG_ID + BigInt(count)) : `D${FIRST_ID + count}`
    const created: ErpDocument = {
      id,
      no: `SO-${FIRST_ID + count}`,
      reference,
      status: 'open',
      body,
      revision: 1,
    }
    this.#write(created, 'place', 'created')
    return { status: 201, body: shown(created) }
  }

  #change(call: ErpCall, op: 'amend' | 'confirm' | 'cancel'): ErpReply {
    const document = this.#documents.get(idIn(call.path))
    if (!document) return refusal(404, 'no_document', 'there is no such order')
    if (op === 'amend') {
      const checked = this.#check(call.body)
      return checked.ok ? this.#rewrite(document, checked.body) : checked.reply
    }
    if (op === 'cancel' && document.status === 'cancelled') return { status: 200, body: shown(document) }
    const conflict = conflictOf(document)
    if (conflict) return conflict
    const changed: ErpDocument = {
      ...document,
      status: op === 'cancel' ? 'cancelled' : 'confirmed',
      revision: document.revision + 1,
    }
    this.#write(changed, op, op === 'cancel' ? 'cancelled' : 'confirmed')
    return { status: 200, body: shown(changed) }
  }

  #rewrite(document: ErpDocument, body: OrderBody): ErpReply {
    const conflict = conflictOf(document)
    if (conflict) return conflict
    const amended = { ...document, body, revision: document.revision + 1 }
    this.#write(amended, 'amend', 'amended')
    return { status: 200, body: shown(amended) }
  }

  #check(body: unknown): { ok: true; body: OrderBody } | { ok: false; reply: ErpReply } {
    const parsed = BodySchema.safeParse(body)
    if (!parsed.success) {
      const field = parsed.error.issues[0]?.path.join('.') ?? ''
      const message = `the field ${field} is missing or wrong`
      return { ok: false, reply: { status: 400, body: { error: 'invalid', message, field } } }
    }
    const unknown = parsed.data.lines?.find(({ sku }) => this.unknownSkus.has(sku))
    if (!unknown) return { ok: true, body: parsed.data }
    const message = `there is no item ${unknown.sku}`
    return { ok: false, reply: { status: 422, body: { error: 'unknown_sku', message, sku: unknown.sku } } }
  }

  #write(document: ErpDocument, op: JournalEntry['op'], event: JournalEntry['event']): void {
    const before = this.#documents.get(document.id)
    this.#documents.set(document.id, document)
    this.warehouse.move([before, document].flatMap((one) => (one ? linesOf(one).map(({ sku }) => sku) : [])))
    if (this.#options.file) appendFileSync(this.#options.file, `${JSON.stringify(document)}\n`)
    this.#note({ op, reference: document.reference, event, id: document.id })
  }

  #note(entry: Omit<JournalEntry, 'at' | 'reference'> & { reference: string | undefined }): void {
    const { reference, ...rest } = entry
    this.journal.push({
      at: new Date().toISOString(),
      ...(reference === undefined ? {} : { reference }),
      ...rest,
    })
  }

  /** The last line of a document is what it is. A line that a crash cut short was never acknowledged: it is cut off. */
  #load(file: string): void {
    const text = readFileSync(file, 'utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole !== text) writeFileSync(file, whole)
    for (const line of whole.split('\n').filter(Boolean)) {
      const document = DocumentSchema.parse(JSON.parse(line))
      this.#documents.set(document.id, document)
    }
  }
}

function shown({ id, no, reference, status, body }: ErpDocument) {
  return { id, no, order_id: reference, status, body }
}

function refusal(status: number, error: string, message: string): ErpReply {
  return { status, body: { error, message } }
}

function conflictOf({ status }: ErpDocument): ErpReply | undefined {
  if (status === 'open' || status === 'confirmed') return undefined
  return { status: 409, body: { error: 'too_late', message: `the order is ${status}`, status } }
}

const idIn = (path: string) => decodeURIComponent(/^\/api\/orders\/([^/]+)/.exec(path)?.[1] ?? '')

function opOf(method: string, path: string): ErpCall['op'] {
  const read = readOpOf(method, path)
  if (read) return read
  if (path === '/api/orders') return method === 'POST' ? 'place' : method === 'GET' ? 'find' : 'other'
  if (/^\/api\/orders\/[^/]+$/.test(path)) return method === 'PUT' ? 'amend' : 'other'
  const action = method === 'POST' && /^\/api\/orders\/[^/]+\/(confirm|cancel)$/.exec(path)?.[1]
  return action === 'confirm' || action === 'cancel' ? action : 'other'
}

/** Undefined when the caller broke off: a request that did not arrive whole is no request. */
async function readCall(
  request: IncomingMessage,
  referenceOf: (id: string) => string | undefined,
): Promise<ErpCall | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
  } catch {
    return undefined
  }
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://erp')
  const method = request.method ?? 'GET'
  const text = Buffer.concat(chunks).toString('utf8')
  const body = readJson(text)
  const query = Object.fromEntries(searchParams)
  const named = BodySchema.pick({ order_id: true }).safeParse(body)
  return {
    op: opOf(method, pathname),
    method,
    path: pathname,
    query,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    text,
    body,
    reference: query['order_id'] ?? (named.success ? named.data.order_id : referenceOf(idIn(pathname))),
  }
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
