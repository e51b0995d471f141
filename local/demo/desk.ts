import { createHmac, timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import * as z from 'zod'
import { close, listen } from '../cloud/listen.ts'
import { writeWhole } from '../write-whole.ts'
import { appendLine, readLines } from './lines-file.ts'
import { risingInstant } from './rising-instant.ts'

/**
 * The service desk of the demo: a program that knows Standard Webhooks, and nothing of the bridge. It takes tickets and
 * customers by signed webhook, keeps one for each reference, and tells what becomes of a ticket by a signed call.
 */

const PurchaseSchema = z.looseObject({
  orderSn: z.string(),
  sku: z.string(),
  serials: z.array(z.string()),
  warranty: z.looseObject({ endsOn: z.string().nullable() }).nullable(),
})
const PartsSchema = z.looseObject({
  requestId: z.string(),
  state: z.string(),
  why: z.string().optional(),
  documentNo: z.string().optional(),
  reference: z.string(),
  parcels: z.array(z.looseObject({ tracking: z.array(z.string()) })),
})
const TicketSchema = z.object({
  is: z.literal('ticket'),
  reference: z.string(),
  no: z.string(),
  isOpen: z.boolean(),
  ticket: z.looseObject({ title: z.string(), content: z.string() }),
  purchases: z.array(PurchaseSchema),
  parts: z.array(PartsSchema),
})
export type DeskTicket = Readonly<z.infer<typeof TicketSchema>>

const CustomerSchema = z.object({
  is: z.literal('customer'),
  reference: z.string(),
  no: z.string(),
  isOpen: z.boolean(),
  customer: z.looseObject({ name: z.string(), phone: z.string() }),
})
export type DeskCustomer = Readonly<z.infer<typeof CustomerSchema>>

/** What somebody at the desk does with a ticket. */
const DoneSchema = z.looseObject({
  step: z.string(),
  person: z.string().optional(),
  note: z.string().optional(),
  parts: z.array(z.looseObject({ sku: z.string(), quantity: z.int() })).optional(),
})
export type Done = z.infer<typeof DoneSchema>

const StepSchema = DoneSchema.extend({ id: z.string(), reference: z.string(), at: z.string() })
export type DeskStep = Readonly<z.infer<typeof StepSchema>>

const EntrySchema = z.discriminatedUnion('is', [
  TicketSchema,
  CustomerSchema,
  z.object({ is: z.literal('step'), step: StepSchema }),
])

const MessageSchema = z.object({
  type: z.string(),
  data: z.looseObject({ reference: z.string().optional() }),
})

const SettingsSchema = z.object({ signing: z.string(), callback: z.string() })

export interface DemoDeskOptions {
  readonly dataDir: string
  /** A secret of Standard Webhooks, for a new `dataDir`. */
  readonly newSecret: () => string
}

const TOLERANCE_S = 300
const CALL_TIMEOUT_MS = 10_000

export class DemoDesk {
  readonly #file: string
  readonly #settings: z.infer<typeof SettingsSchema>
  readonly #entries = new Map<string, DeskTicket | DeskCustomer>()
  readonly #steps: DeskStep[] = []
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #progressUrl = ''
  #url = ''

  constructor({ dataDir, newSecret }: DemoDeskOptions) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const settings = join(dataDir, 'desk-settings.json')
    this.#settings = existsSync(settings)
      ? SettingsSchema.parse(JSON.parse(readFileSync(settings, 'utf8')))
      : { signing: newSecret(), callback: newSecret() }
    writeWhole(settings, JSON.stringify(this.#settings))
    this.#file = join(dataDir, 'desk.jsonl')
    for (const line of readLines(this.#file)) this.#apply(EntrySchema.parse(JSON.parse(line)))
  }

  /** Whoever writes to it signs with the one; what it tells is signed with the other. */
  get secrets(): Readonly<z.infer<typeof SettingsSchema>> {
    return this.#settings
  }

  get url(): string {
    return this.#url
  }

  async listen(port: number): Promise<void> {
    this.#url = await listen(this.#server, port)
  }

  close(): Promise<void> {
    return close(this.#server)
  }

  /** Where it tells what becomes of its tickets. */
  tellTo(progressUrl: string): void {
    this.#progressUrl = progressUrl
  }

  tickets(): DeskTicket[] {
    return [...this.#entries.values()].filter((entry) => entry.is === 'ticket')
  }

  customers(): DeskCustomer[] {
    return [...this.#entries.values()].filter((entry) => entry.is === 'customer')
  }

  ticket(reference: string): DeskTicket | undefined {
    return this.tickets().find((ticket) => ticket.reference === reference)
  }

  steps(): readonly DeskStep[] {
    return this.#steps
  }

  /** Somebody at the desk gets on with a ticket. Answers the step, which is not told yet. */
  note(reference: string, done: Done): DeskStep {
    const id = `DESK-${this.#steps.length + 1}`
    const step: DeskStep = { id, reference, at: risingInstant(this.#steps.at(-1)?.at), ...done }
    this.#record({ is: 'step', step })
    return step
  }

  /** Posts steps, in the order they are given in. Answers the status; a step may be told as often as one likes. */
  async tell(steps: readonly DeskStep[]): Promise<number> {
    const body = JSON.stringify({ steps: steps.map((step) => ({ of: 'ticket', ...step })) })
    const id = `msg_${steps.map((step) => step.id).join('_')}`
    const timestamp = Math.floor(Date.now() / 1000)
    const response = await fetch(this.#progressUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': `${timestamp}`,
        'webhook-signature': `v1,${signature(this.#settings.callback, `${id}.${timestamp}.${body}`).toString('base64')}`,
      },
      body,
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    })
    await response.body?.cancel()
    return response.status
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#answer(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const { pathname } = new URL(request.url ?? '/', 'http://desk')
    const text = await textOf(request)
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
        return { status: 200, body: GUIDE }
      case 'GET /tickets':
        return { status: 200, body: { demo: true, tickets: this.tickets(), steps: this.#steps } }
      case 'GET /customers':
        return { status: 200, body: { demo: true, customers: this.customers() } }
      case 'POST /hooks':
        return this.#isSigned(request, text) ? this.#take(text) : problem(401, 'the signature is wrong')
    }
    const reference = /^\/tickets\/([A-Za-z0-9-]+)\/steps$/.exec(pathname)?.[1]
    if (request.method === 'POST' && reference !== undefined) return this.#advance(reference, text)
    return problem(404, `there is no ${request.method} ${pathname}`)
  }

  #isSigned({ headers }: IncomingMessage, text: string): boolean {
    const timestamp = Number(headers['webhook-timestamp'])
    if (!(Math.abs(Date.now() / 1000 - timestamp) < TOLERANCE_S)) return false
    const wanted = signature(this.#settings.signing, `${String(headers['webhook-id'])}.${timestamp}.${text}`)
    return String(headers['webhook-signature'])
      .split(' ')
      .map((one) => Buffer.from(one.replace(/^v1,/, ''), 'base64'))
      .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted))
  }

  /** One entry for each reference, brought to the state it is told: what comes twice changes nothing. */
  #take(text: string): { status: number; body: object } {
    const message = MessageSchema.safeParse(readJson(text))
    if (!message.success) return problem(400, 'this is no message of a webhook')
    const { type, data } = message.data
    const [is = '', happened] = type.split('.')
    if (data.reference === undefined) return { status: 204, body: {} }
    const known = this.#entries.get(data.reference)
    const no = known?.no ?? `${is === 'ticket' ? 'CASE' : 'CONTACT'}-${this.#entries.size + 1}`
    const told = happened === 'cancelled' ? { ...known, isOpen: false } : { ...data, is, no, isOpen: true }
    const entry = EntrySchema.safeParse(told)
    if (!entry.success || entry.data.is === 'step') return problem(422, `this desk takes no ${type}`)
    this.#record(entry.data)
    return { status: 200, body: { id: no, no } }
  }

  async #advance(reference: string, text: string): Promise<{ status: number; body: object }> {
    const done = DoneSchema.safeParse(readJson(text))
    if (!done.success) return problem(400, z.prettifyError(done.error))
    if (!this.ticket(reference)) return problem(404, 'there is no ticket of this reference')
    const step = this.note(reference, done.data)
    return { status: 200, body: { step, told: await this.tell([step]) } }
  }

  #record(entry: z.infer<typeof EntrySchema>): void {
    appendLine(this.#file, entry)
    this.#apply(entry)
  }

  #apply(entry: z.infer<typeof EntrySchema>): void {
    if (entry.is === 'step') this.#steps.push(entry.step)
    else this.#entries.set(entry.reference, entry)
  }
}

const signature = (secret: string, text: string): Buffer =>
  createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(text)
    .digest()

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

function problem(status: number, message: string): { status: number; body: object } {
  return { status, body: { error: 'demo', message } }
}

const GUIDE = {
  what: 'The demo service desk of ecshop-erp-sync. Everything in it is invented.',
  paths: {
    'GET /tickets': 'its tickets, and what became of them',
    'GET /customers': 'its customers',
    'POST /hooks': 'where the bridge tells of them, signed',
    'POST /tickets/{reference}/steps':
      '{"step": "accepted" | "assigned" | "inspecting" | "repairing" | "waiting-parts" | "shipped" | "closed", "person", "note", "parts": [{"sku", "quantity"}]}: the shop follows',
  },
}
