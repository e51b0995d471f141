import { stableJson } from '#app/content-hash.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Order } from '#contracts/order.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type {
  Answer,
  Built,
  Capabilities,
  CustomerWrite,
  ErpDocument,
  ErpGateway,
  Found,
  OrderWrite,
  PartsWrite,
  ReturnWrite,
  TicketWrite,
  WriteContext,
} from '#ports/erp-gateway.ts'
import type { Clock } from '#ports/runtime.ts'

/** What the ERP does with one call instead of answering it. */
export type Fault =
  | { readonly do: 'refuse'; readonly failure: ErpFailure }
  /** Nothing happens, no answer comes. */
  | { readonly do: 'hang-before' }
  /** It commits, no answer comes. */
  | { readonly do: 'hang-after' }
  /** No answer comes; it commits so many ms after the call's deadline. */
  | { readonly do: 'commit-late'; readonly afterMs: number }

type AnyWrite = OrderWrite | CustomerWrite | ReturnWrite | TicketWrite | PartsWrite

interface Stored {
  readonly id: string
  readonly reference: string
  identity: string
  content: string
  state: 'live' | 'cancelled'
  step: string
}

export interface MemoryErpOptions {
  readonly clock: Clock & { advance(ms: number): void }
  readonly abilities?: Partial<Capabilities>
  /** Whether a look-up returns identity and content. */
  readonly shows?: { identity?: boolean; content?: boolean }
}

/**
 * An ERP in memory that commits, refuses, hangs and forgets on demand. Time passes only when a call hangs: until its deadline.
 * It keeps every document it ever made, so that a double shows.
 */
export class MemoryErp implements ErpGateway<AnyWrite> {
  readonly documents: Stored[] = []
  readonly journal: string[] = []
  readonly faults: Fault[] = []
  readonly findFaults: ErpFailure[] = []
  readonly unknownSkus = new Set<string>()
  /** References whose document can no longer be changed or cancelled. */
  readonly shipped = new Set<string>()
  maxLive = 0
  readonly #late: { at: number; commit: () => void }[] = []
  readonly #requests = new Map<string, Answer>()
  readonly #options: MemoryErpOptions
  readonly #abilities: Capabilities
  #next = 1

  constructor(options: MemoryErpOptions) {
    this.#options = options
    this.#abilities = {
      idempotency: 'none',
      find: true,
      amend: true,
      cancel: true,
      steps: ['create'],
      ...options.abilities,
    }
  }

  describe(): Capabilities {
    return this.#abilities
  }

  live(reference?: string): Stored[] {
    this.#settle()
    return this.documents.filter(
      (document) =>
        document.state === 'live' && (reference === undefined || document.reference.startsWith(reference)),
    )
  }

  static mapped(order: Order): unknown {
    return {
      total: order.money.total,
      paid: order.payment.state,
      to: order.consignee.address,
      lines: order.lines.map((line) => [line.recId, line.sku, line.quantity, line.net]),
    }
  }

  /** Of any kind; an order is one that has lines to refer to. */
  static contentOf(write: AnyWrite): unknown {
    if ('lineReference' in write) return MemoryErp.mapped(write.order)
    const { reference: _reference, identity: _identity, document: _document, ...thing } = write
    return thing
  }

  async content(write: AnyWrite) {
    return { ok: true as const, content: MemoryErp.contentOf(write) }
  }

  async place(write: AnyWrite, step: string): Promise<Built> {
    return this.#build('place', step, write)
  }

  async amend(write: AnyWrite & { document: ErpDocument }): Promise<Built> {
    return this.#build('amend', 'amend', write)
  }

  async cancel({ reference, document }: { reference: string; document: ErpDocument }): Promise<Built> {
    const bytes = stableJson({ op: 'cancel', reference, id: document.id })
    return {
      ok: true,
      request: {
        op: 'cancel',
        step: 'cancel',
        reference,
        key: `${reference}:cancel`,
        bytes,
        content: undefined,
      },
    }
  }

  #build(op: 'place' | 'amend', step: string, write: AnyWrite): Built {
    const content = MemoryErp.contentOf(write)
    const { reference, identity } = write
    const bytes = stableJson({ op, step, reference, identity, id: write.document?.id, content })
    return {
      ok: true,
      request: {
        op,
        step,
        reference,
        content,
        bytes,
        key: `${reference}:${op}:${step}:${stableJson(content)}`,
      },
    }
  }

  async find(reference: string, expected: ErpRequest | undefined, context: WriteContext): Promise<Found> {
    this.#settle()
    const failure = this.findFaults.shift()
    if (failure) return { is: 'failed', failure }
    if (this.#options.clock.now() > context.deadline)
      return { is: 'failed', failure: { class: 'Transient', message: 'too late' } }
    const found = this.documents.filter((document) => document.reference === reference)
    this.journal.push(`find ${reference}: ${found.length}`)
    const live = found.filter((document) => document.state === 'live')
    const [one, ...more] = live.length > 0 ? live : found.slice(-1)
    if (!one) return { is: 'absent' }
    if (more.length > 0) return { is: 'many', count: found.length }
    const { identity = true, content = true } = this.#options.shows ?? {}
    const same = expected?.content !== undefined && one.content === stableJson(expected.content)
    return {
      is: 'one',
      document: {
        id: one.id,
        state: one.state,
        step: one.step,
        ...(identity ? { identity: one.identity } : {}),
        content: !content || expected?.content === undefined ? 'unknown' : same ? 'same' : 'different',
      },
    }
  }

  async send(request: ErpRequest, context: WriteContext): Promise<Answer> {
    this.#settle()
    const { clock } = this.#options
    if (clock.now() >= context.deadline) {
      this.journal.push(`not sent ${request.op} ${request.reference}`)
      return {
        ok: false,
        failure: { class: 'Transient', message: 'the deadline passed before anything was sent' },
      }
    }
    const fault = this.faults.shift()
    this.journal.push(`${request.op} ${request.step} ${request.reference}${fault ? ` [${fault.do}]` : ''}`)
    const unknown: Answer = { ok: false, failure: { class: 'UnknownOutcome', message: 'no answer' } }
    switch (fault?.do) {
      case 'refuse':
        return { ok: false, failure: fault.failure }
      case 'hang-before':
        clock.advance(context.deadline - clock.now())
        return unknown
      case 'hang-after':
        this.#commit(request)
        clock.advance(context.deadline - clock.now())
        return unknown
      case 'commit-late':
        this.#late.push({ at: context.deadline + fault.afterMs, commit: () => this.#commit(request) })
        clock.advance(context.deadline - clock.now())
        return unknown
      case undefined:
        return this.#commit(request)
    }
  }

  /** What was delayed happens when its time has come, before anything else looks. */
  #settle(): void {
    const now = this.#options.clock.now()
    for (const late of this.#late.filter(({ at }) => at <= now)) {
      this.#late.splice(this.#late.indexOf(late), 1)
      late.commit()
    }
  }

  #commit(request: ErpRequest): Answer {
    const { idempotency } = this.#abilities
    const before = idempotency === 'request-key' ? this.#requests.get(request.key) : undefined
    if (before) return before
    const answer = this.#apply(request)
    if (answer.ok) this.#requests.set(request.key, answer)
    const byReference = Map.groupBy(
      this.documents.filter(({ state }) => state === 'live'),
      ({ reference }) => reference.replace(/(?<=-[^-]+-[^-]+|-[A-Z][^-]*)-[0-9a-z]$/, ''),
    )
    this.maxLive = Math.max(this.maxLive, ...[...byReference.values()].map((list) => list.length), 0)
    return answer
  }

  #apply(request: ErpRequest): Answer {
    const { steps, idempotency } = this.#abilities
    const parsed: { id?: string; identity?: string; content?: { lines?: [string, string][] } } = JSON.parse(
      request.bytes,
    )
    const missing = parsed.content?.lines?.map(([, sku]) => sku).find((sku) => this.unknownSkus.has(sku))
    if (missing !== undefined) {
      return {
        ok: false,
        failure: { class: 'MissingReference', subject: missing, message: `unknown item ${missing}` },
      }
    }
    const own = this.documents.filter(({ reference }) => reference === request.reference)
    const current =
      own.find(({ id }) => id === parsed.id) ?? own.find(({ state }) => state === 'live') ?? own.at(-1)
    const content = stableJson(parsed.content)
    if (request.op === 'place' && request.step === steps[0]) {
      if (current && idempotency === 'unique-reference') {
        return { ok: false, failure: { class: 'DuplicateRef', message: 'the reference exists' } }
      }
      if (current && idempotency === 'upsert') {
        current.content = content
        current.state = 'live'
        return ok(current)
      }
      const created: Stored = {
        id: `D${this.#next++}`,
        reference: request.reference,
        identity: parsed.identity ?? '',
        content,
        state: 'live',
        step: request.step,
      }
      this.documents.push(created)
      return ok(created)
    }
    if (!current) return { ok: false, failure: { class: 'NotFound', message: 'no such document' } }
    if (request.op === 'place') {
      current.step = request.step
      return ok(current)
    }
    if (this.shipped.has(current.reference))
      return { ok: false, failure: { class: 'StateConflict', message: 'already shipped' } }
    if (request.op === 'cancel') current.state = 'cancelled'
    else if (current.state === 'cancelled')
      return { ok: false, failure: { class: 'StateConflict', message: 'cancelled' } }
    else current.content = content
    return ok(current)
  }
}

function ok(document: Stored): Answer {
  return { ok: true, document: { id: document.id, state: document.state, step: document.step } }
}
