import { createHash } from 'node:crypto'
import * as z from 'zod'
import { textsIn } from '#adapters/http/redact.ts'
import { createTransport } from '#adapters/http/transport.ts'
import { commonContent } from '#adapters/mapping/compare-content.ts'
import { createMappings, type MappingFiles } from '#adapters/mapping/mapping.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Op } from '#contracts/ledger-row.ts'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import { contentOf, withOtherWriteBacks } from '#domain/content.ts'
import type {
  Answer,
  Built,
  Capabilities,
  ErpDocument,
  ErpGateway,
  ErpGateways,
  OrderWrite,
} from '#ports/erp-gateway.ts'
import type { Clock } from '#ports/runtime.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { createOdooClient, type OdooClient } from './client.ts'
import { isSame } from './compare.ts'
import { customers } from './customers.ts'
import { createMemory, forget, type Memory } from './desk.ts'
import { findOrder, type HeldOrder, isConfirmed, type Model, readModel } from './held-order.ts'
import { kindGateway } from './kind-gateway.ts'
import { parts } from './parts.ts'
import { createReads } from './reads.ts'
import { returns } from './returns.ts'
import { createSession, type Session } from './session.ts'
import { sheetOf } from './sheet.ts'
import { type CustomFields, CustomFieldsSchema, type Sheet, SheetSchema } from './sheet-schema.ts'
import { tickets } from './tickets.ts'
import { amendOrder, cancelOrder, confirmOrder, createOrder, type Task, type Written } from './write-order.ts'

export interface OdooGatewayDeps {
  readonly config: OdooTarget
  /** `settleSeconds` of the target. */
  readonly settleSeconds?: number
  /** The folder of the configuration file; the mapping file is relative to it. */
  readonly configDir: string
  readonly secrets: () => Promise<TargetSecret | undefined>
  readonly fetch?: typeof globalThis.fetch
  readonly clock: Clock
  readonly files?: MappingFiles
}

const CREATE = 'create'
const CONFIRM = 'confirm'

/** The stored form of a request, by names and codes: what they mean in Odoo is looked up when it is sent. */
const OdooBytesSchema = z.strictObject({
  /** The method that writes; reads go before it. */
  call: z.string(),
  /** Naive UTC, as Odoo keeps it. */
  date: z.string().optional(),
  /** The order's database id, where the ledger knows it. */
  document: z.int().positive().optional(),
  sheet: SheetSchema.optional(),
})
type Bytes = z.infer<typeof OdooBytesSchema>

const CALLS: Readonly<Record<Op, string>> = {
  place: 'sale.order/load',
  amend: 'sale.order/load',
  cancel: 'sale.order/action_cancel',
}

/** What the gateways of one target share. */
interface Office {
  readonly client: OdooClient
  readonly memory: Memory
}

function openOffice({ config, clock, secrets, fetch }: OdooGatewayDeps): Office {
  const transport = createTransport({ clock, maxAnswerBytes: 8 * 1_048_576, ...(fetch ? { fetch } : {}) })
  return { client: createOdooClient({ config, secrets, transport, clock }), memory: createMemory(clock) }
}

/** Odoo 17 and later, for every kind that the target is configured to take. See the README beside this file. */
export function createOdooGateways(deps: OdooGatewayDeps): ErpGateways {
  const office = openOffice(deps)
  const { tickets: ticketConfig, returns: returnConfig, parts: partsConfig } = deps.config
  const settleMs = deps.settleSeconds === undefined ? undefined : deps.settleSeconds * 1000
  const order = createOdooGateway(deps, office)
  return {
    order,
    customer: kindGateway(customers, { ...office, settleMs }),
    ...(returnConfig ? { return: kindGateway(returns(returnConfig), { ...office, settleMs }) } : {}),
    ...(partsConfig ? { parts: kindGateway(parts(partsConfig), { ...office, settleMs }) } : {}),
    ...(ticketConfig ? { ticket: kindGateway(tickets(ticketConfig), { ...office, settleMs }) } : {}),
    ...(order.reads ? { reads: order.reads } : {}),
  }
}

/** Its sale orders, and all that is read. */
export function createOdooGateway(deps: OdooGatewayDeps, office: Office = openOffice(deps)): ErpGateway {
  const { config, clock, settleSeconds } = deps
  const { client, memory } = office
  const mappings = createMappings({ configDir: deps.configDir, files: deps.files })
  const steps: [string, ...string[]] = config.confirm ? [CREATE, CONFIRM] : [CREATE]
  const capabilities: Capabilities = {
    idempotency: 'unique-reference',
    find: true,
    amend: true,
    cancel: true,
    steps,
    ...(settleSeconds === undefined ? {} : { settleMs: settleSeconds * 1000 }),
  }
  let model: Model | undefined

  async function modelOf(session: Session): Promise<Attempt<Model>> {
    if (model) return done(model)
    const read = await readModel(session)
    if (read.ok) model = read.value
    return read
  }

  async function customOf(write: OrderWrite): Promise<Attempt<CustomFields>> {
    const none = { order: {}, line: {}, partner: {} }
    if (config.mapping === undefined) return done(none)
    const mapped = await mappings.map(config.mapping, {
      reference: write.reference,
      document: write.document,
      write,
    })
    if (!mapped.ok) return mapped
    const custom = CustomFieldsSchema.safeParse(mapped.body)
    if (custom.success) return done(custom.data)
    const [issue] = custom.error.issues
    return refused(
      'Misconfigured',
      `${config.mapping} gave no usable ${issue?.path.slice(0, 2).join('.') || 'object'}: it is to give {"order": {…}, "line": {…}, "partner": {…}} with texts, numbers and booleans`,
    )
  }

  async function sheetFor(write: OrderWrite): Promise<Attempt<Sheet>> {
    const custom = await customOf(write)
    return custom.ok ? sheetOf(write, config, custom.value) : custom
  }

  async function build(op: Op, step: string, write: OrderWrite): Promise<Built> {
    if (!steps.includes(step))
      return refused('Unsupported', `this target is not configured to ${op} (step "${step}")`)
    const sheet = await sheetFor(write)
    if (!sheet.ok) return sheet
    const other = await sheetFor({ ...write, order: withOtherWriteBacks(write.order) })
    if (!other.ok) return other
    const call = op === 'place' && step === CONFIRM ? 'sale.order/action_confirm' : CALLS[op]
    const bytes: Bytes = {
      call,
      date: naiveUtc(write.order.orderedAt),
      ...databaseId(write.document),
      sheet: sheet.value,
    }
    return request(op, step, write.reference, bytes, commonContent(sheet.value, other.value))
  }

  return {
    describe: () => capabilities,
    reads: createReads({ config, client, clock }),

    async content(write) {
      const order = contentOf(write.order)
      const { document: _any, ...bare } = write
      const sheet = await sheetFor({ ...bare, order })
      return sheet.ok ? { ok: true, content: sheet.value } : sheet
    },

    place: (write, step) => build('place', step, write),
    amend: (write) =>
      build('amend', steps.includes(write.document.step) ? write.document.step : CREATE, write),
    cancel: async ({ reference, document }) =>
      request('cancel', document.step, reference, { call: CALLS.cancel, ...databaseId(document) }, undefined),

    async find(reference, expected, context) {
      const wanted = expected && expectation(expected)
      const session = createSession(client, textsIn(wanted?.sheet), context)
      const known = await modelOf(session)
      if (!known.ok) return { is: 'failed', failure: known.failure }
      const { order, line } = wanted?.sheet.custom ?? { order: {}, line: {} }
      const held = await findOrder(session, known.value, reference, {
        order: Object.keys(order),
        line: Object.keys(line),
      })
      if (!held.ok) return { is: 'failed', failure: held.failure }
      if (!held.value) return { is: 'absent' }
      const found = held.value
      const state = found.state === 'cancel' ? 'cancelled' : 'live'
      const document = {
        id: String(found.id),
        no: found.name,
        state,
        step: reached(found, wanted?.date),
      } as const
      if (!wanted) return { is: 'one', document: { ...document, content: 'unknown' } }
      const same = await isSame({ session, memory }, found, wanted.sheet, config)
      if (!same.ok) return { is: 'failed', failure: same.failure }
      return { is: 'one', document: { ...document, content: same.value ? 'same' : 'different' } }
    },

    async send(sent, context) {
      const bytes = readBytes(sent.bytes)
      if (!bytes) return refused('Invalid', 'the stored request is not one of this adapter')
      const session = createSession(client, textsIn(bytes.sheet), context)
      const known = await modelOf(session)
      if (!known.ok) return known
      const task: Task = { session, memory, model: known.value, target: config, document: bytes.document }
      let written = await run(sent, bytes, task)
      if (!written.ok && written.failure.class === 'MissingReference') {
        // Nothing was written. What was remembered may be gone; what is asked anew says which it is.
        forget(memory)
        written = await run(sent, bytes, task)
      }
      if (!written.ok) return written
      const { id, no, confirmed } = written.value
      return {
        ok: true,
        document: {
          id: String(id),
          ...(no === undefined ? {} : { no }),
          state: sent.op === 'cancel' ? 'cancelled' : 'live',
          step: confirmed && config.confirm ? CONFIRM : CREATE,
        },
      } satisfies Answer
    },
  }

  async function run(
    { op, step, reference }: ErpRequest,
    { sheet, date }: Bytes,
    task: Task,
  ): Promise<Attempt<Written>> {
    if (op === 'cancel') return cancelOrder(task, reference)
    if (!sheet || date === undefined)
      return refused('Invalid', 'the stored request is not one of this adapter')
    if (op === 'amend') return amendOrder(task, sheet)
    return step === CONFIRM ? confirmOrder(task, sheet, date) : createOrder(task, sheet, date)
  }

  /** A confirmation is whole once the order has its date back. */
  function reached(held: HeldOrder, date: string | undefined): string {
    const whole = isConfirmed(held) && (date === undefined || held.date_order === date)
    return config.confirm && whole ? CONFIRM : CREATE
  }
}

/** What the request was to leave behind, less what a write-back changes. */
function expectation({ bytes, content }: ErpRequest): { sheet: Sheet; date: string | undefined } | undefined {
  const sheet = SheetSchema.safeParse(content)
  return sheet.success ? { sheet: sheet.data, date: readBytes(bytes)?.date } : undefined
}

function readBytes(text: string): Bytes | undefined {
  try {
    return OdooBytesSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function request(op: Op, step: string, reference: string, bytes: Bytes, content: unknown): Built {
  const key = createHash('sha256')
    .update(JSON.stringify([op, step, reference, bytes]))
    .digest('hex')
    .slice(0, 32)
  return { ok: true, request: { op, step, reference, key, content, bytes: JSON.stringify(bytes) } }
}

const databaseId = (document: ErpDocument | undefined): { document?: number } => {
  const id = z.coerce.number<string>().pipe(z.int().positive()).safeParse(document?.id)
  return id.success ? { document: id.data } : {}
}

/** "2026-11-21 08:30:00" of "2026-11-21T08:30:00Z". */
const naiveUtc = (instant: string) => instant.slice(0, 19).replace('T', ' ')
