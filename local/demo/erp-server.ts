import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import * as z from 'zod'
import {
  COLLECTIONS,
  type Collection,
  type ErpCall,
  type ErpDocument,
  type ErpOp,
  type ErpReadOp,
  type ErpReply,
} from './erp-call.ts'
import { ErpDocuments } from './erp-documents.ts'
import { ErpProgress, type ErpStep } from './erp-progress.ts'
import { answerRead, freeOf, linesOf, type ReadScene, readOpOf, shippedOf } from './erp-reads.ts'
import { ErpWarehouse, type WarehouseShipment } from './erp-warehouse.ts'
import { risingInstant } from './rising-instant.ts'

/**
 * A small ERP that exists nowhere else: it runs in the demo and in tests. Orders are created, confirmed, amended, shipped and
 * cancelled over JSON; what makes a repeated create harmless is a setting, so that every kind of ERP can be played. It keeps
 * stock in warehouses, which an order reserves when it is placed and a shipment takes away. Customers, returns, tickets and
 * requests for spare parts are written alike; of parts it promises only what is free.
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
  /** And the steps of returns and tickets in this one. */
  readonly progressFile?: string
  /** Entries of a page of what is read page by page. */
  readonly pageSize?: number
  /** Looks at a call before the ERP does; what it returns is the answer. */
  readonly intercept?: (call: ErpCall) => ErpReply | undefined | Promise<ErpReply | undefined>
  readonly fault?: (call: ErpCall) => Fault | undefined
}

/** Orders call their reference by another name than all else. */
const BodySchema = z.looseObject({
  order_id: z.string().min(1).optional(),
  reference: z.string().min(1).optional(),
  lines: z.array(z.looseObject({ sku: z.string(), quantity: z.number().optional() })).optional(),
})
type Body = z.infer<typeof BodySchema>

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
  readonly #documents: ErpDocuments
  readonly #progress: ErpProgress
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
    this.#documents = new ErpDocuments(options.file)
    this.#progress = new ErpProgress(options.progressFile)
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

  /** Of orders. */
  documents(reference?: string): ErpDocument[] {
    return this.documentsOf('orders', reference)
  }

  documentsOf(collection: Collection, reference?: string): ErpDocument[] {
    return this.#documents.of(collection, reference)
  }

  steps(): readonly ErpStep[] {
    return this.#progress.steps()
  }

  /** Somebody in the ERP has got on with it, and says so; undefined where it has no such return or ticket. */
  advance(
    reference: string,
    step: Pick<ErpStep, 'step' | 'person' | 'note' | 'fee'> & { readonly at?: string },
  ): ErpStep | undefined {
    const of = (['return', 'ticket'] as const).find(
      (kind) => this.documentsOf(`${kind}s`, reference).length > 0,
    )
    return of && this.#progress.add({ of, reference, at: risingInstant(this.steps().at(-1)?.at), ...step })
  }

  /** Orders per reference: more than one under a reference is a double. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { reference } of this.documents()) counts[reference] = (counts[reference] ?? 0) + 1
    return counts
  }

  /** Goods leave the warehouse: from now on it can be neither changed nor cancelled. Answers the shipments, one a document. */
  ship(reference: string, parcel: Parcel = {}): WarehouseShipment[] {
    const { carrier = CARRIER, warehouse = MAIN_WAREHOUSE, tracking = [] } = parcel
    return [...this.documents(reference), ...this.documentsOf('parts', reference)].flatMap((document) => {
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
        return { status: 200, body: { documents: this.documentsOf(call.collection, asked(call)).map(shown) } }
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
      case 'progress':
        return this.#read(call, call.op)
    }
  }

  #read(call: ErpCall, op: ErpReadOp): ErpReply {
    return answerRead(op, call, this.#scene())
  }

  #scene(): ReadScene {
    return {
      warehouse: this.warehouse,
      documents: (reference) => this.documents(reference),
      holders: () => [...this.documentsOf('orders'), ...this.documentsOf('parts')],
      steps: this.steps(),
      main: MAIN_WAREHOUSE,
      pageSize: this.#options.pageSize ?? PAGE_SIZE,
      poisoned: this.poisoned,
    }
  }

  #place({ collection, body: sent }: ErpCall): ErpReply {
    const checked = this.#check(collection, sent)
    if (!checked.ok) return checked.reply
    const { body, reference } = checked
    const existing = this.documentsOf(collection, reference).at(-1)
    if (existing && this.mode === 'unique-reference') {
      return {
        status: 409,
        body: { error: 'duplicate', message: `${reference} exists`, id: existing.id },
      }
    }
    if (existing && this.mode === 'upsert') return this.#rewrite(existing, body)
    const missing = collection === 'parts' && this.#lacking(body)
    if (missing) return missing
    const count = this.documentsOf(collection).length
    const [idPrefix, noPrefix] = PREFIXES[collection]
    const id = this.#options.longIds
      ? String(FIRST_LONG_ID + BigInt(COLLECTIONS.indexOf(collection) * 1_000 + count))
      : `${idPrefix}${FIRST_ID + count}`
    const created: ErpDocument = {
      id,
      no: `${noPrefix}-${FIRST_ID + count}`,
      collection,
      reference,
      status: 'open',
      body,
      revision: 1,
    }
    this.#write(created, 'place', 'created')
    return { status: 201, body: shown(created) }
  }

  /** Nothing is promised that others have a claim on. */
  #lacking({ lines = [] }: Body): ErpReply | undefined {
    const scene = this.#scene()
    for (const [sku, wanted] of Map.groupBy(lines, (line) => line.sku)) {
      const free = freeOf(scene, sku)
      if (wanted.reduce((sum, { quantity = 0 }) => sum + quantity, 0) <= free) continue
      return { status: 409, body: { error: 'no_stock', message: `of ${sku} only ${free} are free`, sku } }
    }
    return undefined
  }

  #change(call: ErpCall, op: 'amend' | 'confirm' | 'cancel'): ErpReply {
    const document = this.#documents.get(idIn(call.path))
    if (!document) return refusal(404, 'no_document', 'there is no such document')
    if (op === 'amend') {
      const checked = this.#check(document.collection, call.body)
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

  #rewrite(document: ErpDocument, body: Body): ErpReply {
    const conflict = conflictOf(document)
    if (conflict) return conflict
    const amended = { ...document, body, revision: document.revision + 1 }
    this.#write(amended, 'amend', 'amended')
    return { status: 200, body: shown(amended) }
  }

  #check(
    collection: Collection,
    body: unknown,
  ): { ok: true; body: Body; reference: string } | { ok: false; reply: ErpReply } {
    const parsed = BodySchema.safeParse(body)
    const name = nameOfReference(collection)
    const reference = parsed.data?.[name]
    if (!parsed.success || reference === undefined) {
      const field = parsed.error?.issues[0]?.path.join('.') || name
      const message = `the field ${field} is missing or wrong`
      return { ok: false, reply: { status: 400, body: { error: 'invalid', message, field } } }
    }
    const unknown = parsed.data.lines?.find(({ sku }) => this.unknownSkus.has(sku))
    if (!unknown) return { ok: true, body: parsed.data, reference }
    const message = `there is no item ${unknown.sku}`
    return { ok: false, reply: { status: 422, body: { error: 'unknown_sku', message, sku: unknown.sku } } }
  }

  #write(document: ErpDocument, op: JournalEntry['op'], event: JournalEntry['event']): void {
    const before = this.#documents.get(document.id)
    this.#documents.put(document)
    this.warehouse.move([before, document].flatMap((one) => (one ? linesOf(one).map(({ sku }) => sku) : [])))
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
}

const PREFIXES: Readonly<Record<Collection, readonly [id: string, no: string]>> = {
  orders: ['D', 'SO'],
  customers: ['C', 'CU'],
  returns: ['R', 'RMA'],
  tickets: ['T', 'CASE'],
  parts: ['P', 'PR'],
}

const nameOfReference = (collection: Collection) => (collection === 'orders' ? 'order_id' : 'reference')
const asked = ({ collection, query }: Pick<ErpCall, 'collection' | 'query'>) =>
  query[nameOfReference(collection)]

function shown({ id, no, collection, reference, status, body }: ErpDocument) {
  return { id, no, [nameOfReference(collection)]: reference, status, body }
}

function refusal(status: number, error: string, message: string): ErpReply {
  return { status, body: { error, message } }
}

function conflictOf({ status }: ErpDocument): ErpReply | undefined {
  if (status === 'open' || status === 'confirmed') return undefined
  return { status: 409, body: { error: 'too_late', message: `it is ${status}`, status } }
}

const PATH = new RegExp(`^/api/(${COLLECTIONS.join('|')})(?:/([^/]+))?(?:/(confirm|cancel))?$`)

function placeIn(path: string) {
  const [, folder, id, action] = PATH.exec(path) ?? []
  const collection = COLLECTIONS.find((one) => one === folder)
  return { collection, id: id === undefined ? undefined : decodeURIComponent(id), action }
}

const idIn = (path: string) => placeIn(path).id ?? ''

function opOf(method: string, path: string): ErpCall['op'] {
  const read = readOpOf(method, path)
  if (read) return read
  const { collection, id, action } = placeIn(path)
  if (!collection) return 'other'
  if (id === undefined) return method === 'POST' ? 'place' : method === 'GET' ? 'find' : 'other'
  if (action === undefined) return method === 'PUT' ? 'amend' : 'other'
  return method === 'POST' && (action === 'confirm' || action === 'cancel') ? action : 'other'
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
  const { collection = 'orders' } = placeIn(pathname)
  const named = BodySchema.safeParse(body).data?.[nameOfReference(collection)]
  return {
    op: opOf(method, pathname),
    collection,
    method,
    path: pathname,
    query,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    text,
    body,
    reference: asked({ collection, query }) ?? named ?? referenceOf(idIn(pathname)),
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
