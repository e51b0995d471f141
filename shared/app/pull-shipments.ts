import { isDeepStrictEqual } from 'node:util'
import type { ShipmentsConfig } from '#contracts/config.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { Reason } from '#contracts/ledger-row.ts'
import { type ShipmentRunInput, type ShipmentsKept, ShipmentsKeptSchema } from '#contracts/shipment-run.ts'
import {
  type ToldShipment,
  ToldShipmentSchema,
  type WritebackKey,
  type WritebackMessage,
  type WritebackRow,
} from '#contracts/writeback.ts'
import { isDue } from '#domain/due.ts'
import { appended } from '#domain/history.ts'
import { reason } from '#domain/reasons.ts'
import { shopIn } from '#domain/reference.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { ErpShipments, ShipmentPage } from '#ports/erp-reads.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Log } from '#ports/runtime.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import type { WritebackLedger, WritebackQueue } from '#ports/writebacks.ts'
import { type Hold, type RunDeps, type RunEnd, underLock } from './run.ts'
import { type Made, type Owner, shipmentCommand } from './shipment-command.ts'
import { Calls } from './stock/calls.ts'

export interface PullShipmentsDeps extends RunDeps {
  readonly config: ShipmentsConfig
  /** Undefined = this ERP’s adapter, as it is configured, cannot tell of shipments. */
  readonly erp: ErpShipments | undefined
  /** Those of this configuration: what is of another is of another installation on the same ERP. */
  readonly shops: readonly string[]
  readonly ledger: Pick<Ledger, 'findByRef' | 'getSubject'>
  readonly writebacks: WritebackLedger
  readonly queue: WritebackQueue
  readonly gate: TargetGate
  readonly log: Log
  /** Lets time pass, for a token of the rate. */
  readonly wait: (ms: number) => Promise<void>
  readonly callMs: number
}

/** Of its lock, and of its lines in the log. */
export const shipmentRunName = (target: string): string => `shipments:${target}`

const NOTHING_KEPT: ShipmentsKept = { startedAt: null, cursor: null, more: false }

/**
 * Brings a target’s shipments to the shops (protocol §6): each becomes a command in the queue or a parked row, and only then
 * does the cursor move on; of an ERP that hands them out, those are taken off that the shop has accepted, or that are parked.
 *
 * @param endsAt when the function stops, epoch ms
 */
export async function pullShipments(
  { target, now = false }: ShipmentRunInput,
  deps: PullShipmentsDeps,
  endsAt: number,
): Promise<RunEnd> {
  return underLock(shipmentRunName(target), ShipmentsKeptSchema, NOTHING_KEPT, deps, async (kept, hold) => {
    const startedAt = deps.clock.now()
    const due = now || kept.more || isDue(kept.startedAt ?? undefined, deps.config.everyMinutes, startedAt)
    if (!due) return { kept, end: { is: 'not-due' } }
    return new ShipmentRun(target, deps, endsAt).run({ ...kept, startedAt }, kept, hold)
  })
}

interface Queueing {
  readonly made: Extract<Made, { ok: true }>
  readonly told: ToldShipment
  readonly row: WritebackRow | undefined
}

type Taken =
  /** Ids that are done with: the ERP need not tell of them again. `foreign`: how many are of other installations. */
  | { readonly is: 'taken'; readonly settled: readonly string[]; readonly foreign: number }
  /** A worker is at one of its rows: the page is read again with the next tick. */
  | { readonly is: 'again' }
  | { readonly is: 'failed'; readonly why: string }

const AGAIN = { is: 'again' } as const

type Ended = { readonly kept: ShipmentsKept; readonly end: RunEnd }

class ShipmentRun {
  readonly #target: string
  readonly #deps: PullShipmentsDeps
  readonly #calls: Calls
  readonly #correlationId: string
  readonly #counts = { read: 0, queued: 0, parked: 0, known: 0, foreign: 0, acknowledged: 0 }
  /** The shop by the id of the shipment: a page may be read again. */
  readonly #foreign = new Map<string, string>()

  constructor(target: string, deps: PullShipmentsDeps, endsAt: number) {
    this.#target = target
    this.#deps = deps
    this.#correlationId = deps.ids.next()
    this.#calls = new Calls({ ...deps, correlationId: this.#correlationId }, endsAt)
  }

  /** @param before as it was kept: what a run that has to wait leaves, so that the next minute tries again */
  async run(kept: ShipmentsKept, before: ShipmentsKept, hold: Hold<ShipmentsKept>): Promise<Ended> {
    const ended = await this.#pages(kept, before, hold)
    if (this.#foreign.size > 0)
      this.#deps.log.info('SHIPMENTS_FOREIGN', 'Shipments of shops that are not configured here were left.', {
        target: this.#target,
        shops: this.#foreignShops(),
        shipments: this.#foreign.size,
      })
    return ended
  }

  async #pages(kept: ShipmentsKept, before: ShipmentsKept, hold: Hold<ShipmentsKept>): Promise<Ended> {
    const { erp } = this.#deps
    if (!erp)
      return failed(
        kept,
        `${this.#target} cannot tell of shipments: see its \`shipments\` in sync.config.json`,
      )
    let place = kept
    for (;;) {
      const asked = place.cursor ?? undefined
      const page = await this.#calls.erp(this.#target, (context) => erp.read(asked, context))
      if (page.is === 'closed')
        return { kept: { ...place, startedAt: before.startedAt }, end: waiting(page.why) }
      if (page.is === 'failed') return failed(place, page.why)
      if (page.is !== 'ok') return this.#saved(place)

      const taken = await this.#take(page.value)
      if (taken.is === 'failed') return failed(place, taken.why)
      if (taken.is === 'again') return this.#saved(place)
      const { cursor, more } = page.value
      // An ERP that hands them out may show again what the shops have not accepted yet.
      const moved = cursor !== place.cursor || taken.settled.length > 0
      place = { ...place, cursor, more: more && moved }
      if (!(await hold.save(place))) return { kept: place, end: { is: 'busy' } }

      const answer = await this.#acknowledge(erp, taken.settled)
      if (answer?.is === 'failed') return failed(place, answer.why)
      if (answer?.is === 'closed') return { kept: place, end: waiting(answer.why) }
      if (answer?.is === 'late') return this.#saved(place)
      if (place.more) continue
      const isBehindOthers = page.value.more && taken.foreign === entriesOf(page.value)
      return isBehindOthers
        ? { kept: { ...place, startedAt: before.startedAt }, end: waiting(this.#behindOthers()) }
        : { kept: place, end: { is: 'done', counts: this.#counts } }
    }
  }

  #behindOthers(): string {
    const shops = this.#foreignShops().join(', ')
    return `what ${this.#target} hands out first is of shops of other installations (${shops}), which have to take it off`
  }

  #foreignShops(): string[] {
    return [...new Set(this.#foreign.values())]
  }

  /** Whether it is of a shop that is none of ours; counts it. */
  #isForeign({ id, reference }: { readonly id: string; readonly reference?: string }): boolean {
    const shop = reference === undefined ? undefined : shopIn(reference)
    if (shop === undefined || this.#deps.shops.includes(shop)) return false
    this.#foreign.set(id, shop)
    this.#counts.foreign = this.#foreign.size
    return true
  }

  #saved(place: ShipmentsKept): Ended {
    return { kept: { ...place, more: true }, end: { is: 'saved', counts: this.#counts } }
  }

  async #take(page: ShipmentPage): Promise<Taken> {
    const { writebacks } = this.#deps
    this.#counts.read += entriesOf(page)
    const shipments = page.shipments.filter((shipment) => !this.#isForeign(shipment))
    const unreadable = page.unreadable.filter((entry) => !this.#isForeign(entry))
    const foreign = entriesOf(page) - entriesOf({ shipments, unreadable })
    const settled: string[] = []
    const queueing: Queueing[] = []
    const also: Pick<WritebackRow, 'key' | 'status' | 'command'>[] = []
    for (const shipment of shipments) {
      const told = ToldShipmentSchema.parse(shipment)
      const key = this.#keyOf(told.id)
      const row = await writebacks.get(key)
      if (row && isDeepStrictEqual(row.told, told)) {
        this.#counts.known += 1
        if (row.status !== 'open') settled.push(told.id)
        continue
      }
      const made: Made =
        row?.status === 'done' && row.command?.is !== 'parcel'
          ? { ok: false, owner: row, reason: reason('shipment-changed') }
          : await shipmentCommand(told, this.#target, this.#deps.config, this.#deps, also)
      if (made.ok) {
        queueing.push({ made, told, row })
        also.push({ key, status: 'open', command: made.command })
      } else {
        if (!(await this.#park(key, made.owner, row, made.reason, told))) return AGAIN
        settled.push(told.id)
      }
    }
    for (const { id, why } of unreadable) {
      const key = this.#keyOf(id)
      const row = await writebacks.get(key)
      const parked = reason('shipment-unreadable', { detail: why, subject: id })
      const known = row?.status === 'parked' && isDeepStrictEqual(row.reason, parked)
      if (known) this.#counts.known += 1
      else if (!(await this.#park(key, row ?? { no: '', ref: '' }, row, parked))) return AGAIN
      settled.push(id)
    }
    return (await this.#queue(queueing)) ?? { is: 'taken', settled, foreign }
  }

  /** First the queue, then the rows: what is queued twice takes effect once. */
  async #queue(entries: readonly Queueing[]): Promise<Exclude<Taken, { is: 'taken' }> | undefined> {
    const { queue, clock } = this.#deps
    const messages = entries.map(
      ({ made, told }): WritebackMessage => ({
        v: 1,
        shop: made.owner.shop,
        target: this.#target,
        id: this.#keyOf(told.id).id,
        cause: 'run',
        firstSeenAt: EpochMsSchema.encode(clock.now()),
        correlationId: this.#correlationId,
        command: made.command,
        told,
      }),
    )
    const answers = await queue.enqueue(messages)
    let failures = 0
    for (const [index, { made, told, row }] of entries.entries()) {
      const answer: Enqueued = answers[index] ?? 'failed'
      const key = this.#keyOf(told.id)
      if (answer === 'queued') {
        this.#counts.queued += 1
        // A row that is there is the consumer’s to change.
        if (!row)
          await this.#write(key, made.owner, undefined, 'queued', {
            status: 'open',
            command: made.command,
            told,
          })
      } else if (answer === 'failed') {
        failures += 1
      } else {
        const why = reason('shipment-unreadable', {
          detail: 'It is too large for the queue.',
          subject: told.id,
        })
        if (!(await this.#park(key, made.owner, row, why, told))) return AGAIN
      }
    }
    if (failures === 0) return undefined
    return { is: 'failed', why: `the queue did not take ${failures} of ${entries.length} commands` }
  }

  async #park(
    key: WritebackKey,
    owner: Owner,
    row: WritebackRow | undefined,
    why: Reason,
    told: ToldShipment | undefined = row?.told,
  ): Promise<boolean> {
    if (row?.claim && row.claim.leaseUntil > this.#deps.clock.now()) return false
    const { command } = row ?? {}
    const parked = await this.#write(key, owner, row, `parked: ${why.code}`, {
      status: 'parked',
      reason: why,
      ...(command ? { command } : {}),
      ...(told ? { told } : {}),
    })
    if (parked) {
      this.#counts.parked += 1
      const { id } = key
      this.#deps.log.warn('SHIPMENT_PARKED', why.message, {
        target: key.target,
        id,
        reference: owner.ref,
        reason: why.code,
      })
    }
    return parked
  }

  async #write(
    key: WritebackKey,
    { shop, no, ref }: Owner,
    row: WritebackRow | undefined,
    event: string,
    state: Pick<WritebackRow, 'status' | 'reason' | 'command' | 'told'>,
  ): Promise<boolean> {
    const { writebacks, clock, ids } = this.#deps
    const now = clock.now()
    const written = await writebacks.put({
      v: 1,
      key,
      rev: (row?.rev ?? 0) + 1,
      writer: ids.next(),
      ...(shop === undefined ? {} : { shop }),
      no,
      ref,
      ...state,
      ...(row?.result === undefined ? {} : { result: row.result }),
      firstSeenAt: row?.firstSeenAt ?? now,
      updatedAt: now,
      history: appended(row?.history ?? [], { at: now, event, correlationId: this.#correlationId }),
    })
    return written.ok
  }

  async #acknowledge(erp: ErpShipments, ids: readonly string[]) {
    const { acknowledge } = erp
    if (!acknowledge || ids.length === 0) return undefined
    const answer = await this.#calls.erp(this.#target, (context) => acknowledge(ids, context))
    if (answer.is === 'ok') this.#counts.acknowledged += ids.length
    return answer
  }

  #keyOf(id: string): WritebackKey {
    return { target: this.#target, kind: 'shipment', id }
  }
}

const entriesOf = ({ shipments, unreadable }: Pick<ShipmentPage, 'shipments' | 'unreadable'>): number =>
  shipments.length + unreadable.length
const waiting = (why: string): RunEnd => ({ is: 'waiting', why })
const failed = (kept: ShipmentsKept, why: string): Ended => ({ kept, end: { is: 'failed', why } })
