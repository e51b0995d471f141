import type { Rules } from '#contracts/config.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { type ErpRequest, ErpRequestSchema } from '#contracts/erp-request.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { ContentHash, Intent, LedgerRow, Reason, RowKey, RowStatus } from '#contracts/ledger-row.ts'
import type { Owners } from '#contracts/owners.ts'
import type { Disclosures, Retention } from '#contracts/privacy.ts'
import type { Return } from '#contracts/return.ts'
import type { Kind } from '#contracts/scalars.ts'
import {
  type Decision,
  decide,
  generationInQuestion,
  interpret,
  isWrite,
  type Known,
  knownFromRow,
  knownWithoutLookUp,
  settledAt,
} from '#domain/decide.ts'
import { type Desire, desire } from '#domain/desire.ts'
import { disclosed } from '#domain/disclose.ts'
import { DAY_MS } from '#domain/due.ts'
import { erasedRow, rebornRow } from '#domain/erased-row.ts'
import { type ErpFailure, FAILURE_RULES } from '#domain/erp-failure.ts'
import { identityOf } from '#domain/identity.ts'
import type { Outcome } from '#domain/outcome.ts'
import { type ReasonCode, reason, WAKES } from '#domain/reasons.ts'
import { generationReference, orderSourceId } from '#domain/reference.ts'
import {
  closedGateDelay,
  contendedDelay,
  LONGEST_RETRY_MS,
  MAX_AGE_MS,
  retryDelay,
} from '#domain/retry-delay.ts'
import { freshRow, inheritedCause, linesSent, rowSeeing, withHistory } from '#domain/row.ts'
import { compareVersions, isOlder } from '#domain/version.ts'
import type { Answer, Built, Capabilities, ErpDocument, ErpGateways, Write } from '#ports/erp-gateway.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock, Ids, Log, Random } from '#ports/runtime.ts'
import type { ShopReader } from '#ports/shop-gateway.ts'
import { shortHash } from './content-hash.ts'
import { type Matter, matterOf, type Surroundings, unsupportedMatter } from './matter.ts'
import type { People } from './people.ts'
import type { Turn } from './turn.ts'

const DAY_S = 86_400
/** A request is repeated for as long as its message lives, and a person may look at it for a while. */
const REQUEST_DAYS = 30
/** More writes than any honest path needs in one delivery (cancel, place, confirm, and a duplicate in between). */
const MAX_CALLS = 6

export interface DeliverDeps {
  readonly rules: Rules
  readonly gateways: ErpGateways
  /** Whose word counts for each kind. */
  readonly owners: Pick<Owners, Kind>
  /** What of a person the target may see; nothing else is stored for it either. */
  readonly privacy: Disclosures
  readonly retentionDays: Retention
  readonly people: People
  /** What is known around a thing. Absent: nothing. */
  readonly surroundings?: (thing: Surrounded, turn: Turn) => Promise<Surroundings>
  readonly ledger: Ledger
  /** Re-reads the shop for a replay; without it the stored state stands in. */
  readonly shop?: ShopReader
  readonly allowTombstone: (shop: string, perHour: number) => Promise<boolean>
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log: Log
  readonly times: DeliverTimes
}

/** A thing whose surroundings are asked for. */
export interface Surrounded {
  /** As its target may see it. */
  readonly message: DeliveryMessage
  /** Keyed hashes of those it names. */
  readonly people: readonly string[]
  /** Its own, if there is one. */
  readonly row: LedgerRow | undefined
}

/** Milliseconds. lease > function timeout > call; checked when the stack is synthesised. */
export interface DeliverTimes {
  readonly callMs: number
  readonly leaseMs: number
  readonly settleMs: number
  readonly retryFloorMs: number
}

export function rowKeyOf(message: Pick<DeliveryMessage, 'shop' | 'target' | 'subject'>): RowKey {
  const { kind, sourceId } = identityOf(message.subject, shortHash)
  return { shop: message.shop, kind, sourceId, target: message.target }
}

const NOTHING_AROUND: Surroundings = { purchases: [], parts: [] }

/** Brings the ERP to the state the message carries, once, whatever fails in between (protocol §3). */
export async function deliver(received: DeliveryMessage, turn: Turn, deps: DeliverDeps): Promise<Outcome> {
  const now = deps.clock.now()
  const key = rowKeyOf(received)
  if (await deps.people.erased(received)) return endErased(received, key, now, deps)
  const ageMs = now - EpochMsSchema.decode(received.firstSeenAt)
  const ordinaryMs = retryDelay(ageMs, deps.times.retryFloorMs, deps.random.next())

  if (ageMs > MAX_AGE_MS) return parkTooOld(received, key, now, deps)
  const entry = await turn.enter()
  if (!entry.open) {
    const afterMs = closedGateDelay(entry, ordinaryMs, deps.times.retryFloorMs, deps.random.next())
    return { is: 'retry', afterMs, why: entry.why === 'slots' ? 'no slot free' : 'gate closed' }
  }

  const fresh = await refreshed(received, key, deps)
  if (fresh !== received && (await deps.people.erased(fresh))) return endErased(fresh, key, now, deps)
  const { message, people } = await forTarget(fresh, deps)
  const stored = await deps.ledger.get(key)
  if (stored && isOlder(message.version, stored.seen.version)) return { is: 'done', flavour: 'duplicate' }
  // A guest is known by a phone for ever, and may come back; anything else is the very thing that was erased.
  const returns = message.bornAt !== undefined
  if (stored?.status === 'erased' && !returns) return { is: 'done', flavour: 'erased' }
  const row = stored?.status === 'erased' ? rebornRow(stored) : stored
  if (row?.claim && row.claim.leaseUntil > now) {
    return {
      is: 'retry',
      afterMs: Math.min(ordinaryMs, row.claim.leaseUntil - now + 50),
      why: 'claimed by another worker',
    }
  }
  const around = (await deps.surroundings?.({ message, people, row }, turn)) ?? NOTHING_AROUND
  const matter = matterOf(message.subject, key.kind, deps.gateways, deps.rules, around) ?? unsupportedMatter()
  return new Delivery(message, people, key, row, ageMs, turn, matter, around.asked, deps).run()
}

/** The message as its target may see it, and whom it names, who can be found by what is not shown. */
async function forTarget(
  message: DeliveryMessage,
  { privacy, people }: Pick<DeliverDeps, 'privacy' | 'people'>,
): Promise<{ message: DeliveryMessage; people: readonly string[] }> {
  return {
    message: { ...message, subject: disclosed(message.subject, privacy) },
    people: await people.hashesOf(message.subject),
  }
}

/** Nothing of it is kept or sent; the row says so, so that the sweep brings it no more. */
async function endErased(
  message: DeliveryMessage,
  key: RowKey,
  now: number,
  { ledger, ids, random, times }: DeliverDeps,
): Promise<Outcome> {
  const row = await ledger.get(key)
  if (row?.status === 'erased') return { is: 'done', flavour: 'erased' }
  if (row?.claim && row.claim.leaseUntil > now)
    return { is: 'retry', afterMs: row.claim.leaseUntil - now + 50, why: 'claimed by another worker' }
  const seen = rowSeeing(
    row ?? freshRow(key, message, identityOf(message.subject, shortHash), now),
    message,
    now,
  )
  const written = await ledger.put(erasedRow(seen, now, ids.next()))
  return written.ok
    ? { is: 'done', flavour: 'erased' }
    : { is: 'retry', afterMs: contendedDelay(times.retryFloorMs, random.next()), why: 'another worker wrote' }
}

const subjectTtl = ({ kind }: RowKey, { retentionDays }: Pick<DeliverDeps, 'retentionDays'>): number =>
  retentionDays[kind] * DAY_S
const requestTtl = ({ kind }: RowKey, { retentionDays }: Pick<DeliverDeps, 'retentionDays'>): number =>
  Math.min(retentionDays[kind], REQUEST_DAYS) * DAY_S

/** A replay or repair carries the shop's state of now, where the shop can be read. */
async function refreshed(message: DeliveryMessage, key: RowKey, deps: DeliverDeps): Promise<DeliveryMessage> {
  if ((message.cause !== 'replay' && message.cause !== 'repair') || !deps.shop) return message
  const read = await deps.shop.read(key)
  if (read.is === 'unavailable' || isOlder(read.version, message.version)) return message
  return { ...message, subject: read.subject, version: read.version, wireHash: read.wireHash }
}

/** Parks only what would still be news: nothing newer was seen, nothing as new was applied, nobody is at work on it. */
async function parkTooOld(
  message: DeliveryMessage,
  key: RowKey,
  now: number,
  deps: DeliverDeps,
): Promise<Outcome> {
  const row = await deps.ledger.get(key)
  if (row?.claim && row.claim.leaseUntil > now)
    return { is: 'retry', afterMs: row.claim.leaseUntil - now + 50, why: 'claimed' }
  const outdated =
    row &&
    (row.status === 'erased' ||
      isOlder(message.version, row.seen.version) ||
      (row.applied && compareVersions(message.version, row.applied.version) <= 0))
  if (outdated) return { is: 'done', flavour: 'duplicate' }

  const base = rowSeeing(
    row ?? freshRow(key, message, identityOf(message.subject, shortHash), now),
    message,
    now,
  )
  const { claim: _expired, ...unclaimed } = base
  const kept = row?.status === 'parked' && row.reason?.code === 'verify' ? row.reason : reason('too-old')
  const { message: shown, people } = await forTarget(message, deps)
  await deps.ledger.putSubject(key, shown.subject, subjectTtl(key, deps), people)
  const parked = withHistory(
    {
      ...unclaimed,
      rev: base.rev + 1,
      writer: deps.ids.next(),
      status: 'parked',
      reason: kept,
      updatedAt: now,
    },
    {
      at: now,
      event: 'parked',
      detail: kept.code,
      seq: message.version.seq,
      correlationId: message.correlationId,
    },
  )
  const written = await deps.ledger.put(parked)
  return written.ok
    ? { is: 'park', code: kept.code }
    : { is: 'retry', afterMs: deps.times.retryFloorMs, why: 'row changed' }
}

type Content = { ok: true; hash: ContentHash } | { ok: false; failure: ErpFailure }
type Ended = { readonly outcome: Outcome }
type Advanced = { readonly known: Known }

/** One receive of one message, from the row as read to its record. */
class Delivery {
  readonly #message: DeliveryMessage
  /** Whom the thing names. */
  readonly #people: readonly string[]
  readonly #turn: Turn
  readonly #deps: DeliverDeps
  readonly #matter: Matter
  readonly #ageMs: number
  readonly #owner: string
  readonly #abilities: Capabilities
  readonly #settleMs: number
  readonly #cause: DeliveryMessage['cause']
  /** The row as the last successful write, or the read, left it. */
  #stored: LedgerRow | undefined
  /** The row as it stands in our hands. */
  #row: LedgerRow
  readonly #subjectIsNews: boolean
  #subjectStored = false
  #calls = 0
  #lookedUp = false
  /** A look-up takes the token of the write it may lead to as well: else a tight rate would let it look up for ever. */
  #tokenInHand = false
  #built: { readonly reference: string; readonly built: Built } | undefined
  readonly #takenOver: boolean
  readonly #wish: Desire

  constructor(
    message: DeliveryMessage,
    people: readonly string[],
    key: RowKey,
    row: LedgerRow | undefined,
    ageMs: number,
    turn: Turn,
    matter: Matter,
    asked: Surroundings['asked'],
    deps: DeliverDeps,
  ) {
    const now = deps.clock.now()
    this.#message = message
    this.#people = people
    this.#turn = turn
    this.#deps = deps
    this.#ageMs = ageMs
    this.#owner = deps.ids.next()
    this.#matter = matter
    this.#abilities = matter.gateway.describe()
    this.#settleMs = this.#abilities.settleMs ?? deps.times.settleMs
    this.#stored = row
    const base = row ?? freshRow(key, message, identityOf(message.subject, shortHash), now)
    this.#cause = inheritedCause(base, message)
    this.#takenOver = base.claim !== undefined
    // The sweep makes a row before any message was received: nobody has stored its subject yet.
    const unseen = row === undefined || row.status === 'new'
    this.#subjectIsNews = unseen || isOlder(row.seen.version, message.version)
    const { claim: _expired, reason: why, ...unclaimed } = rowSeeing(base, message, now)
    // What it was held for is over; what it was parked for stands until it ends otherwise.
    this.#row = {
      ...unclaimed,
      ...(why && base.status !== 'held' ? { reason: why } : {}),
      ...(asked ? { parts: asked } : {}),
    }
    const { kind } = key
    this.#wish =
      kind !== 'parts' && deps.owners[kind] === 'erp'
        ? { want: 'not-ours', reason: reason('owned-by-erp') }
        : desire(message.subject, this.#row.shopState, deps.rules, this.#decided)
  }

  get #decided(): boolean {
    return this.#cause === 'replay'
  }

  async run(): Promise<Outcome> {
    if (
      this.#stored?.status === 'parked' &&
      this.#stored.reason?.code === 'verify' &&
      !this.#message.verdict
    ) {
      return this.#keepVerifyPark()
    }
    const content = await this.#content()
    const hash = content?.ok ? content.hash : undefined
    const wish = this.#wish
    if (
      wish.want === 'present' &&
      content &&
      !content.ok &&
      FAILURE_RULES[content.failure.class].then !== 'park'
    ) {
      // A broken mapping stops the target, not this order.
      this.#turn.report(content.failure.class)
      return this.#afterFailure(content.failure, 'place')
    }
    const objections = this.#objections(content)

    const first = await this.#firstKnown(hash)
    if ('outcome' in first) return first.outcome
    let { known } = first
    for (;;) {
      const decision = decide({
        desire: wish,
        known,
        abilities: this.#abilities,
        objection: objections,
        predecessors: await this.#predecessors(known),
        decided: this.#decided,
      })
      if (!isWrite(decision)) return this.#end(decision, known, hash)
      const creates = decision.do === 'place' && decision.step === this.#abilities.steps[0]
      if (creates && this.#abilities.idempotency === 'none' && this.#abilities.find && !this.#lookedUp) {
        const looked = await this.#lookUp(hash)
        if ('outcome' in looked) return looked.outcome
        known = looked.known
        continue
      }
      const step = await this.#call(decision, known, hash)
      if ('outcome' in step) return step.outcome
      known = step.known
    }
  }

  #objections(content: Content | undefined): Reason | undefined {
    const { thing } = this.#matter
    if (!thing) return undefined
    if (content && !content.ok)
      return reason('mapping', {
        detail: content.failure.message,
        ...(content.failure.field ? { field: content.failure.field } : {}),
      })
    return thing.objection
  }

  async #content(): Promise<Content | undefined> {
    return this.#matter.thing?.content(this.#write())
  }

  #write(document?: ErpDocument): Write {
    return {
      reference: generationReference(this.#row.ref, this.#row.generation),
      identity: this.#row.key.sourceId,
      ...(document ? { document } : {}),
    }
  }

  async #firstKnown(hash: ContentHash | undefined): Promise<Advanced | Ended> {
    const now = this.#deps.clock.now()
    const unknown = this.#row.intent !== undefined || now < settledAt(this.#row, this.#settleMs)
    const again = this.#cause === 'replay' || this.#cause === 'repair'
    if (this.#abilities.find && (unknown || this.#takenOver || again)) return this.#lookUp(hash)
    if (this.#message.verdict) return { known: this.#byVerdict(this.#message.verdict, hash) }
    if (unknown) {
      const reference = generationReference(this.#row.ref, generationInQuestion(this.#row))
      return { known: knownWithoutLookUp(this.#row, this.#abilities, reference, now, this.#settleMs) }
    }
    return { known: knownFromRow(this.#row, hash, again) }
  }

  /** A person looked where we cannot. */
  #byVerdict(verdict: 'placed' | 'absent', hash: ContentHash | undefined): Known {
    const { intent, erp } = this.#row
    if (verdict === 'absent')
      return this.#settle(erp?.state === 'cancelled' ? { is: 'cancelled', byUs: true } : { is: 'none' })
    const same = !this.#abilities.amend || (intent !== undefined && hash?.mapped === intent.hash.mapped)
    return this.#settle({
      is: 'live',
      id: erp?.id ?? generationReference(this.#row.ref, generationInQuestion(this.#row)),
      step: intent?.step ?? erp?.step ?? this.#abilities.steps[0],
      content: same ? 'same' : 'unknown',
    })
  }

  /** What was unknown is known now: the row holds the document as seen, and no intent. */
  #settle(known: Known): Known {
    if (known.is !== 'none' && known.is !== 'live' && known.is !== 'cancelled') return known
    const generation = generationInQuestion(this.#row)
    const { intent: _intent, unsettledUntil: _until, erp, ...rest } = this.#row
    const base = { ...rest, generation: Math.max(rest.generation, generation) }
    if (known.is === 'live') {
      const no = known.no ?? (erp?.id === known.id ? erp.no : undefined)
      const document = {
        id: known.id,
        ...(no === undefined ? {} : { no }),
        generation,
        step: known.step,
        state: 'live' as const,
      }
      this.#row = { ...base, erp: document }
    } else if (known.is === 'cancelled' && erp) {
      // A document found cancelled fulfils a cancel, whoever did it: what comes next is of a new generation.
      const fulfils = known.byUs || this.#wish.want === 'absent'
      this.#row = {
        ...base,
        generation: fulfils ? Math.max(base.generation, erp.generation + 1) : base.generation,
        erp: { ...erp, state: 'cancelled' },
      }
    } else {
      this.#row = base
    }
    return known
  }

  async #lookUp(hash: ContentHash | undefined): Promise<Advanced | Ended> {
    this.#lookedUp = true
    if (!(await this.#save('claimed'))) return { outcome: this.#lost() }
    const { clock, times } = this.#deps
    const { gateway } = this.#matter
    const expected = await this.#expected()
    const reference = generationReference(this.#row.ref, generationInQuestion(this.#row))
    if (!this.#takeToken() || !this.#turn.take(times.callMs)) return { outcome: await this.#later() }
    this.#tokenInHand = true
    const found = await this.#turn.inSlot(async () => {
      if (!this.#turn.hasTime(times.callMs)) return undefined
      return gateway.find(reference, expected, {
        deadline: clock.now() + times.callMs,
        correlationId: this.#message.correlationId,
      })
    })
    if (!found) return { outcome: await this.#later() }
    this.#turn.report(found.is === 'failed' ? found.failure.class : undefined)
    if (found.is === 'failed') return { outcome: await this.#afterFailure(found.failure, 'find') }

    const { verdict } = this.#message
    // A person's word ends the waiting; what the look-up shows still stands.
    const now = verdict ? Number.MAX_SAFE_INTEGER : clock.now()
    const known = interpret(
      this.#row,
      found,
      hash,
      this.#row.key.sourceId,
      this.#abilities.steps,
      now,
      this.#settleMs,
    )
    this.#note(`found.${found.is === 'one' ? `${found.document.state}.${found.document.content}` : found.is}`)
    if (verdict === 'absent' && known.is === 'missing') return { known: this.#settle({ is: 'none' }) }
    if (
      verdict === 'placed' &&
      known.is === 'live' &&
      known.content === 'unknown' &&
      !this.#abilities.amend
    ) {
      return { known: this.#settle({ ...known, content: 'same' }) }
    }
    return { known: this.#settle(known) }
  }

  /** The newest content as a request, for the look-up to compare with. */
  async #expected(): Promise<ErpRequest | undefined> {
    const built = await this.#creation(generationReference(this.#row.ref, generationInQuestion(this.#row)))
    return built?.ok ? built.request : undefined
  }

  /** Built once for each reference: a mapping of a thousand lines takes its time, and the look-up's is sent next. */
  async #creation(reference: string): Promise<Built | undefined> {
    const { thing } = this.#matter
    if (!thing) return undefined
    if (this.#built?.reference !== reference) {
      const built = await thing.place({ ...this.#write(), reference }, this.#abilities.steps[0])
      this.#built = { reference, built }
    }
    return this.#built.built
  }

  async #predecessors(known: Known): Promise<'clear' | 'pending' | 'too-late'> {
    const { subject } = this.#message
    if (this.#wish.want !== 'present' || known.is === 'live') return 'clear'
    if (subject.is === 'return') return (await this.#orderIsOnItsWay(subject.return)) ? 'pending' : 'clear'
    if (subject.is !== 'snapshot') return 'clear'
    const { order } = subject
    let verdict: 'clear' | 'pending' = 'clear'
    for (const { orderId, addTime } of order.mergedFrom) {
      const row = await this.#deps.ledger.get({ ...this.#row.key, sourceId: orderSourceId(orderId, addTime) })
      if (row?.reason?.code === 'too-late-to-cancel') return 'too-late'
      const cancelled = row !== undefined && !row.intent && row.erp?.state === 'cancelled'
      const neverSent = row !== undefined && !row.intent && !row.erp && row.shopState.gone
      if (!cancelled && !neverSent) verdict = 'pending'
    }
    return verdict
  }

  /** A return waits for its order, unless that is settled otherwise or was never heard of. */
  async #orderIsOnItsWay({ order }: Return): Promise<boolean> {
    if (order.addTime === null || !this.#deps.gateways.order) return false
    const sourceId = orderSourceId(order.orderId, order.addTime)
    const row = await this.#deps.ledger.get({ ...this.#row.key, kind: 'order', sourceId })
    return row?.status === 'new' || row?.status === 'open'
  }

  async #call(
    decision: Extract<Decision, { do: 'place' | 'amend' | 'cancel' | 'resend' }>,
    known: Known,
    hash: ContentHash | undefined,
  ): Promise<Advanced | Ended> {
    const { times, rules } = this.#deps
    if (this.#calls >= MAX_CALLS)
      return { outcome: await this.#release('too many writes in one delivery', times.retryFloorMs) }
    if (
      decision.do === 'cancel' &&
      this.#message.subject.is === 'tombstone' &&
      !this.#decided &&
      !(await this.#deps.allowTombstone(this.#row.key.shop, rules.tombstonesPerHour))
    ) {
      return { outcome: await this.#finish('parked', reason('tombstone-burst')) }
    }
    const prepared = await this.#prepare(decision, known)
    if (!prepared.ok)
      return {
        outcome: await this.#afterFailure(prepared.failure, decision.do === 'resend' ? 'place' : decision.do),
      }
    const { request, generation } = prepared
    if (!this.#takeToken()) return { outcome: await this.#later() }

    this.#calls += 1
    // The slot is given back before the answer is acted on: what follows may need one itself.
    const sent = await this.#turn.inSlot(() => this.#arm(request, generation, decision.do === 'resend', hash))
    if (sent === 'late') return { outcome: await this.#later() }
    if (sent === 'lost') return { outcome: this.#lost() }
    const { intent, answer } = sent
    this.#turn.report(answer.ok ? undefined : answer.failure.class)
    return answer.ok
      ? this.#acknowledged(intent, answer, hash)
      : this.#refused(intent, answer.failure, known, hash)
  }

  /** Writes the intent, then sends. `late` = the slot came too late, `lost` = somebody else has written in between. */
  async #arm(
    request: ErpRequest,
    generation: number,
    repeated: boolean,
    hash: ContentHash | undefined,
  ): Promise<{ intent: Intent; answer: Answer } | 'late' | 'lost'> {
    const { clock, ledger, times } = this.#deps
    if (!this.#turn.hasTime(times.callMs)) return 'late'
    const intent = this.#intentFor(repeated, request, generation, hash)
    if (intent.bytes && !repeated) {
      await ledger.putRequest(
        this.#row.key,
        intent.bytes,
        JSON.stringify(request),
        requestTtl(this.#row.key, this.#deps),
      )
    }
    const unsettled = settledAt(this.#row, this.#settleMs)
    this.#row = {
      ...this.#row,
      generation,
      intent,
      // An overwritten intent that may still take effect leaves its time behind.
      ...(clock.now() < unsettled ? { unsettledUntil: unsettled } : {}),
    }
    if (!(await this.#save(`${request.op}.${request.step}.sent`))) return 'lost'
    const context = { deadline: intent.deadline, correlationId: this.#message.correlationId }
    return { intent, answer: await this.#matter.gateway.send(request, context) }
  }

  /** Its deadline is absolute and stored: a worker that sleeps past it sends nothing. */
  #intentFor(
    repeated: boolean,
    request: ErpRequest,
    generation: number,
    hash: ContentHash | undefined,
  ): Intent {
    const { clock, times } = this.#deps
    const now = clock.now()
    const deadline = now + times.callMs
    const before = this.#row.intent
    if (repeated && before) return { ...before, deadline, calls: before.calls + 1 }
    return {
      op: request.op,
      step: request.step,
      generation,
      hash: hash ?? this.#row.applied?.hash ?? { v: 1, source: '', mapped: '' },
      version: this.#message.version,
      deadline,
      calls: now < settledAt(this.#row, this.#settleMs) ? (before?.calls ?? 1) + 1 : 1,
      ...(this.#abilities.idempotency === 'request-key' && !this.#abilities.find
        ? { bytes: request.key }
        : {}),
    }
  }

  async #prepare(
    decision: Extract<Decision, { do: 'place' | 'amend' | 'cancel' | 'resend' }>,
    known: Known,
  ): Promise<{ ok: true; request: ErpRequest; generation: number } | { ok: false; failure: ErpFailure }> {
    const { ledger } = this.#deps
    const { gateway, thing } = this.#matter
    const { intent, erp } = this.#row
    if (decision.do === 'resend') {
      const stored = intent?.bytes ? await ledger.getRequest(this.#row.key, intent.bytes) : undefined
      if (!intent || stored === undefined) {
        return { ok: false, failure: { class: 'Unsupported', message: 'The stored request has expired.' } }
      }
      return { ok: true, request: ErpRequestSchema.parse(JSON.parse(stored)), generation: intent.generation }
    }

    const live = known.is === 'live' ? known : undefined
    const anew =
      known.is === 'cancelled' && erp
        ? Math.max(this.#row.generation, erp.generation + 1)
        : this.#row.generation
    const generation = live && erp ? erp.generation : anew
    this.#row = { ...this.#row, generation }
    const reference = generationReference(this.#row.ref, generation)
    const document: ErpDocument = {
      id: live?.id ?? erp?.id ?? reference,
      ...(live?.no === undefined ? {} : { no: live.no }),
      state: 'live',
      step: live?.step ?? erp?.step ?? this.#abilities.steps[0],
    }
    if (decision.do === 'cancel') {
      const built = await gateway.cancel({ reference, document, reason: decision.because })
      return built.ok ? { ok: true, request: built.request, generation } : built
    }
    if (!thing)
      return { ok: false, failure: { class: 'Unsupported', message: 'What is gone cannot be placed.' } }
    const built =
      decision.do === 'amend'
        ? await thing.amend({ ...this.#write(), document })
        : live
          ? await thing.place(this.#write(document), decision.step)
          : await this.#creation(reference)
    if (!built) throw new Error('A thing that can be written was not built.')
    return built.ok ? { ok: true, request: built.request, generation } : built
  }

  /** A clear yes. It reaches the ledger with the next write, which the claim makes ours. */
  #acknowledged(
    intent: Intent,
    answer: Extract<Answer, { ok: true }>,
    hash: ContentHash | undefined,
  ): Advanced {
    const now = this.#deps.clock.now()
    const { intent: _answered, ...rest } = this.#row
    const { id, no, step, state } = answer.document
    const current = hash !== undefined && intent.hash.mapped === hash.mapped
    this.#row = {
      ...rest,
      erp: { id, ...(no === undefined ? {} : { no }), generation: intent.generation, step, state },
    }
    this.#note(`${intent.op}.${intent.step}.acknowledged`)
    if (intent.op === 'cancel') {
      this.#row = {
        ...this.#row,
        generation: intent.generation + 1,
        erp: {
          id,
          ...(no === undefined ? {} : { no }),
          generation: intent.generation,
          step,
          state: 'cancelled',
        },
      }
      return { known: { is: 'cancelled', byUs: true } }
    }
    const writesContent = intent.op === 'amend' || intent.step === this.#abilities.steps[0]
    if (writesContent) {
      this.#row = {
        ...this.#row,
        applied: { version: intent.version, hash: intent.hash },
        ...(current ? { lines: linesSent(this.#row.lines, now) } : {}),
        shopState: { ...this.#row.shopState, revived: false },
      }
    }
    return {
      known: {
        is: 'live',
        id,
        ...(no === undefined ? {} : { no }),
        step,
        content: current ? 'same' : 'different',
      },
    }
  }

  async #refused(
    intent: Intent,
    failure: ErpFailure,
    known: Known,
    hash: ContentHash | undefined,
  ): Promise<Advanced | Ended> {
    const rule = FAILURE_RULES[failure.class]
    if (rule.then === 'unknown') {
      const until = Math.max(this.#row.unsettledUntil ?? 0, intent.deadline + this.#settleMs)
      this.#row = { ...this.#row, unsettledUntil: until }
      return { outcome: await this.#release(`${intent.op}.unknown`, this.#delay()) }
    }
    // Anything else is a clear answer: this call changed nothing.
    const { intent: _answered, ...rest } = this.#row
    this.#row = intent.calls > 1 ? this.#row : rest
    if (rule.then === 'find') {
      this.#note(`${intent.op}.${failure.class}`)
      if (this.#abilities.find && !this.#lookedUp) return this.#lookUp(hash)
      if (this.#abilities.find) return { outcome: await this.#release(failure.class, this.#delay()) }
      if (failure.class === 'DuplicateRef') {
        const reference = generationReference(this.#row.ref, intent.generation)
        return {
          known: this.#settle({
            is: 'live',
            id: rest.erp?.id ?? reference,
            step: intent.step,
            content: 'unknown',
          }),
        }
      }
      this.#row = rest
      return { known: known.is === 'live' && rest.erp ? { is: 'missing' } : { is: 'none' } }
    }
    // A cancel that only makes room for a replacement failed to amend.
    const during = intent.op === 'cancel' && this.#wish.want !== 'absent' ? 'amend' : intent.op
    return { outcome: await this.#afterFailure(failure, during) }
  }

  /** A failure that left nothing unknown. */
  async #afterFailure(failure: ErpFailure, during: 'find' | 'place' | 'amend' | 'cancel'): Promise<Outcome> {
    const { times, random } = this.#deps
    const rule = FAILURE_RULES[failure.class]
    switch (rule.then) {
      case 'park':
        if (during === 'find') return this.#release(`find: ${failure.class}`, this.#delay())
        return this.#finish('parked', this.#reasonOf(failure, during))
      case 'retry-soon':
        return this.#release(failure.class, contendedDelay(times.retryFloorMs, random.next()))
      case 'retry':
      case 'unknown':
      case 'find':
        return this.#release(failure.class, Math.max(this.#delay(), failure.retryAfterMs ?? 0))
    }
  }

  #reasonOf(failure: ErpFailure, during: 'place' | 'amend' | 'cancel'): Reason {
    const codes: Partial<Record<ErpFailure['class'], ReasonCode>> = {
      MissingReference: 'missing-reference',
      StateConflict: during === 'cancel' ? 'too-late-to-cancel' : 'too-late-to-amend',
      Unsupported: during === 'cancel' ? 'cancel-unsupported' : 'amend-unsupported',
    }
    return reason(codes[failure.class] ?? 'refused', {
      detail: failure.message,
      ...(failure.subject === undefined ? {} : { subject: failure.subject }),
      ...(failure.field === undefined ? {} : { field: failure.field }),
    })
  }

  async #end(
    decision: Exclude<Decision, { do: 'place' | 'amend' | 'cancel' | 'resend' }>,
    known: Known,
    hash: ContentHash | undefined,
  ): Promise<Outcome> {
    const now = this.#deps.clock.now()
    if (decision.do === 'wait') {
      const untilMs =
        decision.until === undefined ? this.#delay() : decision.until - now + this.#deps.random.next() * 200
      return this.#release(decision.why, Math.min(Math.max(untilMs, 100), LONGEST_RETRY_MS))
    }
    if (known.is === 'live' && known.content === 'same' && hash) {
      this.#row = {
        ...this.#row,
        applied: { version: this.#message.version, hash },
        lines: linesSent(this.#row.lines, now),
      }
    }
    if (known.is === 'cancelled') this.#settle(known)
    switch (decision.do) {
      case 'nothing': {
        const flavour =
          this.#calls > 0 || this.#lookedUp || (this.#subjectIsNews && known.is !== 'live')
            ? 'applied'
            : 'duplicate'
        return this.#finish('done', undefined, flavour, decision.why)
      }
      case 'hold':
        return this.#finish('held', decision.reason)
      case 'park':
        return this.#finish(
          'parked',
          decision.reason,
          'applied',
          '',
          known.is === 'unknowable' || known.is === 'maybe',
        )
    }
  }

  /** A park(verify) waits for a person; newer states are kept for the day it is released. */
  async #keepVerifyPark(): Promise<Outcome> {
    if (this.#subjectIsNews) {
      const stored = this.#stored
      this.#row = { ...this.#row, ...(stored?.reason ? { reason: stored.reason } : {}) }
      if (!(await this.#save('seen while parked', { status: 'parked', claim: false }))) return this.#lost()
    }
    return { is: 'park', code: 'verify' }
  }

  async #finish(
    status: Extract<RowStatus, 'done' | 'held' | 'parked'>,
    why: Reason | undefined,
    flavour: 'applied' | 'duplicate' = 'applied',
    detail = '',
    keepIntent = false,
  ): Promise<Outcome> {
    const now = this.#deps.clock.now()
    const { reason: _old, wakeAt: _wake, intent, ...rest } = this.#row
    const outcome: Outcome =
      status === 'parked' && why
        ? { is: 'park', code: why.code }
        : { is: 'done', flavour: status === 'held' ? 'held' : flavour }
    this.#row = {
      ...rest,
      cause: 'event',
      ...(keepIntent && intent ? { intent } : {}),
      ...(why ? { reason: why } : {}),
      ...(why && WAKES.has(why.code) ? { wakeAt: now + DAY_MS } : {}),
    }
    // A redelivery of what is already recorded changes nothing.
    const recorded =
      this.#calls === 0 && !this.#lookedUp && !this.#subjectIsNews && this.#stored?.status === status
    if (recorded && this.#stored?.reason?.code === why?.code) return outcome
    const event = why ? `${status}: ${why.code}` : status
    if (!(await this.#save(event, { status, claim: false, detail: detail || undefined }))) return this.#lost()
    return outcome
  }

  /** Back to the queue. Writes only where a claim or something learnt has to be let go. */
  async #release(why: string, afterMs: number): Promise<Outcome> {
    const claimed = this.#stored?.claim?.owner === this.#owner
    if (claimed && !(await this.#save(`retry: ${why}`, { status: 'open', claim: false }))) return this.#lost()
    return { is: 'retry', afterMs: Math.round(afterMs), why }
  }

  #later(): Promise<Outcome> {
    return this.#release('rate or time used up', this.#deps.times.retryFloorMs)
  }

  #takeToken(): boolean {
    const { callMs } = this.#deps.times
    const inHand = this.#tokenInHand
    this.#tokenInHand = false
    return inHand ? this.#turn.hasTime(callMs) : this.#turn.take(callMs)
  }

  #lost(): Outcome {
    return {
      is: 'retry',
      afterMs: contendedDelay(this.#deps.times.retryFloorMs, this.#deps.random.next()),
      why: 'another worker wrote',
    }
  }

  #delay(): number {
    return retryDelay(this.#ageMs, this.#deps.times.retryFloorMs, this.#deps.random.next())
  }

  #note(event: string, detail?: string): void {
    this.#row = withHistory(this.#row, {
      at: this.#deps.clock.now(),
      event,
      seq: this.#message.version.seq,
      ...(detail === undefined ? {} : { detail }),
      correlationId: this.#message.correlationId,
    })
  }

  /** One conditional write: rev decides whether the row is still as we know it. */
  async #save(
    event: string,
    how: { status?: RowStatus; claim?: boolean; detail?: string | undefined } = {},
  ): Promise<boolean> {
    const { ledger, clock, times, log } = this.#deps
    const now = clock.now()
    if (this.#subjectIsNews && !this.#subjectStored) {
      const { key } = this.#row
      await ledger.putSubject(key, this.#message.subject, subjectTtl(key, this.#deps), this.#people)
      this.#subjectStored = true
    }
    this.#note(event, how.detail)
    const { claim: _claim, ...rest } = this.#row
    const next: LedgerRow = {
      ...rest,
      rev: (this.#stored?.rev ?? 0) + 1,
      writer: this.#owner,
      status: how.status ?? 'open',
      updatedAt: now,
      ...(how.claim === false ? {} : { claim: { owner: this.#owner, leaseUntil: now + times.leaseMs } }),
    }
    const written = await ledger.put(next)
    if (!written.ok) {
      log.warn('CLAIM_LOST', 'Another worker wrote this row in between.', {
        reference: next.ref,
        rev: next.rev,
      })
      return false
    }
    this.#stored = next
    this.#row = next
    log.info('LEDGER_WRITTEN', event, {
      reference: next.ref,
      target: next.key.target,
      status: next.status,
      seq: this.#message.version.seq,
      ...(next.reason ? { reason: next.reason.code } : {}),
    })
    return true
  }
}
