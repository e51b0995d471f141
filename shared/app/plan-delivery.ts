import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { ContentHash, LedgerRow, Reason, RowKey } from '#contracts/ledger-row.ts'
import { generationInQuestion, sameContent, settledAt } from '#domain/decide.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { Outcome } from '#domain/outcome.ts'
import { type ReasonCode, reason } from '#domain/reasons.ts'
import { isOlder } from '#domain/version.ts'
import type {
  Answer,
  Built,
  Capabilities,
  ErpDocument,
  ErpGateway,
  ErpGateways,
  Found,
  Write,
} from '#ports/erp-gateway.ts'
import type { Ledger, Written } from '#ports/ledger.ts'
import type { Clock } from '#ports/runtime.ts'
import { hashOf } from './content-hash.ts'
import { type DeliverDeps, deliver, rowKeyOf } from './deliver.ts'
import type { Turn } from './turn.ts'

/** Stands in a planned request for an id that only the ERP’s answer to an earlier one can give. */
export const ID_TO_COME = '{id}'

/** What a delivery would do. `replace`: cancel the document and place it anew, where the ERP cannot amend. */
export type PlannedAction =
  | 'place'
  | 'amend'
  | 'replace'
  | 'cancel'
  | 'resend'
  | 'hold'
  | 'park'
  | 'wait'
  | 'nothing'

export type PlannedBecause =
  /** place */
  | 'not-in-erp'
  | 'cancelled-before'
  | 'step-missing'
  /** place, amend, cancel, resend */
  | 'unanswered'
  /** amend, replace */
  | 'content-differs'
  /** cancel */
  | 'cancelled-in-shop'
  | 'deleted-in-shop'
  | 'merged-in-shop'
  /** hold, park */
  | 'reason'
  /** wait */
  | 'claimed'
  | 'unsettled'
  | 'failure'
  | 'predecessor'
  /** nothing */
  | 'older'
  | 'erased'
  | 'returned'
  | 'deleted'
  | 'same-content'
  | 'nothing-to-cancel'

export interface Plan {
  readonly action: PlannedAction
  readonly because: PlannedBecause
  /** The writes, in order. Each after the first supposes that the one before was confirmed. */
  readonly calls: readonly ErpRequest[]
  /** The ERP would be asked first; supposed is that it shows what the ledger knows. */
  readonly looksUp: boolean
  /** How it would end, every call being confirmed. */
  readonly outcome: Outcome
  /** Why it would be held or parked. */
  readonly reason?: Reason
  /** What building the request failed on. */
  readonly failure?: ErpFailure
  /** The row before, if there is one. */
  readonly row?: LedgerRow
}

export interface PlanDeps
  extends Pick<
    DeliverDeps,
    | 'rules'
    | 'gateways'
    | 'owners'
    | 'privacy'
    | 'retentionDays'
    | 'people'
    | 'surroundings'
    | 'ledger'
    | 'times'
  > {
  readonly clock: Clock
}

/**
 * What `deliver` would do with a message now, and why, with the very requests: the real delivery runs against a ledger that
 * keeps its writes to itself and an ERP that is never called. Not foreseen: the gate, the brake on deletions, and what the ERP
 * answers.
 */
export async function planDelivery(message: DeliveryMessage, deps: PlanDeps): Promise<Plan> {
  const key = rowKeyOf(message)
  const before = await deps.ledger.get(key)
  const ledger = new RehearsalLedger(deps.ledger)
  const erp = new RehearsalErp(() => ledger.get(key), message.verdict)
  const outcome = await deliver(message, OPEN_TURN, {
    ...deps,
    ledger,
    gateways: erp.standIns(deps.gateways),
    allowTombstone: async () => true,
    ids: { next: () => 'rehearsal' },
    random: { next: () => 0.5 },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  const after = await ledger.get(key)
  const { calls, failure } = erp
  const why = reasonOf(outcome, after)
  return {
    ...explain({
      message,
      before,
      after,
      outcome,
      erp,
      now: deps.clock.now(),
      settleMs: settleMsOf(message, deps),
    }),
    calls,
    looksUp: erp.lookedUp,
    outcome,
    ...(why ? { reason: why } : {}),
    ...(failure ? { failure } : {}),
    ...(before ? { row: before } : {}),
  }
}

const settleMsOf = ({ kind }: DeliveryMessage, { gateways, times }: PlanDeps): number =>
  gateways[kind]?.describe().settleMs ?? times.settleMs

function reasonOf(outcome: Outcome, after: LedgerRow | undefined): Reason | undefined {
  if (outcome.is === 'park') return after?.reason ?? reason(outcome.code as ReasonCode)
  return outcome.is === 'done' && outcome.flavour === 'held' ? after?.reason : undefined
}

interface Rehearsed {
  readonly message: DeliveryMessage
  readonly before: LedgerRow | undefined
  readonly after: LedgerRow | undefined
  readonly outcome: Outcome
  readonly erp: RehearsalErp
  readonly now: number
  readonly settleMs: number
}

function explain(rehearsed: Rehearsed): Pick<Plan, 'action' | 'because'> {
  const [first] = rehearsed.erp.calls
  return first ? explainCall(first, rehearsed) : explainEnd(rehearsed)
}

function explainCall(first: ErpRequest, { before, erp }: Rehearsed): Pick<Plan, 'action' | 'because'> {
  if (first === erp.repeated) return { action: 'resend', because: 'unanswered' }
  switch (first.op) {
    case 'place': {
      if (first.step !== erp.firstStep) return { action: 'place', because: 'step-missing' }
      if (before?.intent) return { action: 'place', because: 'unanswered' }
      return { action: 'place', because: before?.erp ? 'cancelled-before' : 'not-in-erp' }
    }
    case 'amend':
      return { action: 'amend', because: before?.intent ? 'unanswered' : 'content-differs' }
    case 'cancel':
      return erp.cancelledBecause === 'replaced'
        ? { action: 'replace', because: 'content-differs' }
        : { action: 'cancel', because: CANCELLED[erp.cancelledBecause ?? ''] ?? 'cancelled-in-shop' }
  }
}

/** By the reason a cancel is built with. */
const CANCELLED: Readonly<Record<string, PlannedBecause>> = {
  deleted: 'deleted-in-shop',
  merged: 'merged-in-shop',
}

function explainEnd({
  message,
  before,
  after,
  outcome,
  erp,
  now,
  settleMs,
}: Rehearsed): Pick<Plan, 'action' | 'because'> {
  switch (outcome.is) {
    case 'park':
      return { action: 'park', because: 'reason' }
    case 'retry': {
      if (erp.failure) return { action: 'wait', because: 'failure' }
      if (before?.claim && before.claim.leaseUntil > now) return { action: 'wait', because: 'claimed' }
      const unsettled = before !== undefined && settledAt(before, settleMs) > now
      return { action: 'wait', because: unsettled ? 'unsettled' : 'predecessor' }
    }
    case 'done': {
      if (outcome.flavour === 'held') return { action: 'hold', because: 'reason' }
      if (outcome.flavour === 'erased') return { action: 'nothing', because: 'erased' }
      if (before && isOlder(message.version, before.seen.version))
        return { action: 'nothing', because: 'older' }
      if (message.subject.is === 'gone') return { action: 'nothing', because: 'deleted' }
      if (message.subject.is === 'snapshot' && message.subject.order.state === 'returned')
        return { action: 'nothing', because: 'returned' }
      const live = after?.erp?.state === 'live'
      return { action: 'nothing', because: live ? 'same-content' : 'nothing-to-cancel' }
    }
  }
}

/** A gate that stands open and counts nothing. */
const OPEN_TURN: Turn = {
  enter: async () => ({ open: true }),
  take: () => true,
  hasTime: () => true,
  inSlot: (call) => call(),
  report: () => {},
  end: async () => {},
}

/** Reads through to the real ledger and keeps every write to itself. */
class RehearsalLedger implements Ledger {
  readonly #real: Ledger
  readonly #rows = new Map<string, LedgerRow>()

  constructor(real: Ledger) {
    this.#real = real
  }

  async get(key: RowKey): Promise<LedgerRow | undefined> {
    return this.#rows.get(keyText(key)) ?? this.#real.get(key)
  }

  getMany(keys: readonly RowKey[]): Promise<(LedgerRow | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)))
  }

  async put(row: LedgerRow): Promise<Written> {
    this.#rows.set(keyText(row.key), row)
    return { ok: true }
  }

  async putSubject(): Promise<void> {}
  async putRequest(): Promise<void> {}

  getSubject(key: RowKey): Promise<Subject | undefined> {
    return this.#real.getSubject(key)
  }

  getRequest(key: RowKey, id: string): Promise<string | undefined> {
    return this.#real.getRequest(key, id)
  }

  getRequests(key: RowKey): Promise<Readonly<Record<string, string>>> {
    return this.#real.getRequests(key)
  }

  async removeBodies(): Promise<{ subjects: number; requests: number }> {
    return { subjects: 0, requests: 0 }
  }

  findByPerson(person: string): Promise<LedgerRow[]> {
    return this.#real.findByPerson(person)
  }

  findByNo(no: string): Promise<LedgerRow[]> {
    return this.#real.findByNo(no)
  }

  findByRef(ref: string): Promise<LedgerRow[]> {
    return this.#real.findByRef(ref)
  }

  list(...query: Parameters<Ledger['list']>): ReturnType<Ledger['list']> {
    return this.#real.list(...query)
  }
}

const keyText = ({ shop, kind, sourceId, target }: RowKey): string => [shop, kind, sourceId, target].join('#')

/** Builds what the real gateways build, notes what would be sent, and says yes to it. */
class RehearsalErp {
  readonly calls: ErpRequest[] = []
  failure: ErpFailure | undefined
  lookedUp = false
  cancelledBecause: string | undefined
  /** A request from the ledger, not built anew. */
  repeated: ErpRequest | undefined
  /** Of a creation, at the gateway that was asked. */
  firstStep = ''
  readonly #row: () => Promise<LedgerRow | undefined>
  readonly #verdict: DeliveryMessage['verdict']
  readonly #built = new Map<ErpRequest, ErpDocument | undefined>()
  #hash: ContentHash | undefined

  constructor(row: () => Promise<LedgerRow | undefined>, verdict: DeliveryMessage['verdict']) {
    this.#row = row
    this.#verdict = verdict
  }

  standIns({ order, customer, return: returns, ticket, parts }: ErpGateways): ErpGateways {
    return {
      ...(order && { order: this.#standIn(order) }),
      ...(customer && { customer: this.#standIn(customer) }),
      ...(returns && { return: this.#standIn(returns) }),
      ...(ticket && { ticket: this.#standIn(ticket) }),
      ...(parts && { parts: this.#standIn(parts) }),
    }
  }

  #standIn<W extends Write>(real: ErpGateway<W>): ErpGateway<W> {
    return {
      describe: () => {
        const abilities = real.describe()
        this.firstStep = abilities.steps[0]
        return abilities
      },
      content: async (write) => {
        const mapped = await real.content(write)
        if (mapped.ok) this.#hash = hashOf(write, mapped.content)
        else this.failure = mapped.failure
        return mapped
      },
      place: async (write, step) => this.#note(await real.place(write, step), write.document),
      amend: async (write) => this.#note(await real.amend(write), write.document),
      cancel: async (cancel) => {
        this.cancelledBecause = cancel.reason
        return this.#note(await real.cancel(cancel), cancel.document)
      },
      find: () => this.#find(real.describe()),
      send: (request) => this.#send(request),
    }
  }

  #note(built: Built, document: ErpDocument | undefined): Built {
    if (built.ok) this.#built.set(built.request, document)
    else this.failure = built.failure
    return built
  }

  async #find({ steps }: Capabilities): Promise<Found> {
    this.lookedUp = true
    const row = await this.#row()
    const erp = row && row.erp?.generation === generationInQuestion(row) ? row.erp : undefined
    if (this.#verdict === 'absent') return { is: 'absent' }
    if (erp) {
      const same = this.#hash !== undefined && sameContent(row?.applied?.hash, this.#hash)
      const { id, no, state, step } = erp
      const content = same ? 'same' : 'different'
      return { is: 'one', document: { id, ...(no === undefined ? {} : { no }), state, step, content } }
    }
    if (this.#verdict !== 'placed') return { is: 'absent' }
    const step = row?.intent?.step ?? steps[0]
    return {
      is: 'one',
      document: {
        id: ID_TO_COME,
        state: 'live',
        step: steps.includes(step) ? step : steps[0],
        content: 'unknown',
      },
    }
  }

  async #send(request: ErpRequest): Promise<Answer> {
    this.calls.push(request)
    if (!this.#built.has(request)) this.repeated ??= request
    const document = this.#built.get(request)
    const id = document?.id ?? ID_TO_COME
    const no = document?.no === undefined ? {} : { no: document.no }
    return request.op === 'place'
      ? { ok: true, document: { id, ...no, state: 'live', step: request.step } }
      : {
          ok: true,
          document: {
            id,
            ...no,
            state: request.op === 'cancel' ? 'cancelled' : 'live',
            step: document?.step ?? request.step,
          },
        }
  }
}
