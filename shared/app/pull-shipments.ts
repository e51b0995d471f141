import { isDeepStrictEqual } from 'node:util'
import type { ShipmentsConfig } from '#contracts/config.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { PullInput } from '#contracts/pull-run.ts'
import {
  type ToldShipment,
  ToldShipmentSchema,
  type WritebackKey,
  type WritebackMessage,
  type WritebackRow,
} from '#contracts/writeback.ts'
import { reason } from '#domain/reasons.ts'
import type { ErpShipments, ShipmentPage } from '#ports/erp-reads.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import {
  AGAIN,
  type Feed,
  Pull,
  type PullDeps,
  type PullWords,
  pullUnder,
  type Queueing,
  type RowState,
  type Taken,
} from './pull.ts'
import type { RunEnd } from './run.ts'
import { type Made, type Owner, shipmentCommand } from './shipment-command.ts'
import type { Called } from './stock/calls.ts'

export interface PullShipmentsDeps extends PullDeps {
  readonly config: ShipmentsConfig
  /** Undefined = this ERP’s adapter, as it is configured, cannot tell of shipments. */
  readonly erp: ErpShipments | undefined
  readonly ledger: Pick<Ledger, 'findByRef' | 'getSubject'>
  readonly writebacks: WritebackLedger
}

/** Of its lock, and of its lines in the log. */
export const shipmentRunName = (target: string): string => `shipments:${target}`

const WORDS: PullWords = {
  unreadable: 'shipment-unreadable',
  parked: 'SHIPMENT_PARKED',
  foreign: {
    code: 'SHIPMENTS_FOREIGN',
    message: 'Shipments of shops that are not configured here were left.',
    counted: 'shipments',
  },
  queued: 'commands',
}

/**
 * Brings a target’s shipments to the shops (protocol §6): each becomes a command in the queue or a parked row, and only then
 * does the cursor move on; of an ERP that hands them out, those are taken off that the shop has accepted, or that are parked.
 *
 * @param endsAt when the function stops, epoch ms
 */
export async function pullShipments(
  input: PullInput,
  deps: PullShipmentsDeps,
  endsAt: number,
): Promise<RunEnd> {
  const { target } = input
  return pullUnder(shipmentRunName(target), input, deps, async (kept, before, hold) => {
    const { erp } = deps
    if (!erp) {
      const why = `${target} cannot tell of shipments: see its \`shipments\` in sync.config.json`
      return { kept, end: { is: 'failed', why } }
    }
    const counts = { read: 0, queued: 0, parked: 0, known: 0, foreign: 0, acknowledged: 0 }
    const pull = new Pull(target, deps, endsAt, WORDS, counts)
    return pull.run(kept, before, hold, new ShipmentFeed(pull, erp, deps, counts))
  })
}

class ShipmentFeed implements Feed<ShipmentPage> {
  readonly #pull: Pull
  readonly #erp: ErpShipments
  readonly #deps: PullShipmentsDeps
  readonly #counts: { read: number; known: number; acknowledged: number }

  constructor(
    pull: Pull,
    erp: ErpShipments,
    deps: PullShipmentsDeps,
    counts: { read: number; known: number; acknowledged: number },
  ) {
    this.#pull = pull
    this.#erp = erp
    this.#deps = deps
    this.#counts = counts
  }

  read(...asked: Parameters<ErpShipments['read']>): ReturnType<ErpShipments['read']> {
    return this.#erp.read(...asked)
  }

  async take(page: ShipmentPage): Promise<Taken> {
    const { writebacks } = this.#deps
    const pull = this.#pull
    this.#counts.read += entriesOf(page)
    const shipments = page.shipments.filter((shipment) => !pull.isForeign(shipment))
    const unreadable = page.unreadable.filter((entry) => !pull.isForeign(entry))
    const settled: string[] = []
    const ready: Ready[] = []
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
          : await shipmentCommand(told, pull.target, this.#deps.config, this.#deps, also)
      if (made.ok) {
        ready.push({ made, told, row })
        also.push({ key, status: 'open', command: made.command })
      } else {
        if (!(await pull.park(key, row, made.reason, parkedState(made.owner, row, told)))) return AGAIN
        settled.push(told.id)
      }
    }
    for (const { id, why } of unreadable) {
      const key = this.#keyOf(id)
      const row = await writebacks.get(key)
      const parked = reason('shipment-unreadable', { detail: why, subject: id })
      const known = row?.status === 'parked' && isDeepStrictEqual(row.reason, parked)
      if (known) this.#counts.known += 1
      else if (!(await pull.park(key, row, parked, parkedState(row ?? NOBODYS, row)))) return AGAIN
      settled.push(id)
    }
    const isBehindOthers = page.more && shipments.length + unreadable.length === 0
    const halted = await pull.queue(ready.map((one) => this.#queueing(one)))
    return halted ?? { is: 'taken', settled, ...(isBehindOthers ? { behind: this.#behindOthers() } : {}) }
  }

  #queueing({ made, told, row }: Ready): Queueing {
    const { target, correlationId } = this.#pull
    const key = this.#keyOf(told.id)
    const message: WritebackMessage = {
      v: 1,
      shop: made.owner.shop,
      target,
      id: key.id,
      cause: 'run',
      firstSeenAt: EpochMsSchema.encode(this.#deps.clock.now()),
      correlationId,
      command: made.command,
      told,
    }
    const { command, owner } = made
    const { shop, no, ref } = owner
    return {
      key,
      row,
      message,
      queued: { shop, no, ref, command, told },
      parked: parkedState(owner, row, told),
    }
  }

  async acknowledge(ids: readonly string[]): Promise<Called<undefined> | undefined> {
    const { acknowledge } = this.#erp
    if (!acknowledge || ids.length === 0) return undefined
    const answer = await this.#pull.calls.erp(this.#pull.target, (context) => acknowledge(ids, context))
    if (answer.is === 'ok') this.#counts.acknowledged += ids.length
    return answer
  }

  #behindOthers(): string {
    const shops = this.#pull.foreignShops().join(', ')
    return `what ${this.#pull.target} hands out first is of shops of other installations (${shops}), which have to take it off`
  }

  #keyOf(id: string): WritebackKey {
    return { target: this.#pull.target, kind: 'shipment', id }
  }
}

interface Ready {
  readonly made: Extract<Made, { ok: true }>
  readonly told: ToldShipment
  readonly row: WritebackRow | undefined
}

const NOBODYS: Owner = { no: '', ref: '' }

/** What was commanded before stays with a row. */
function parkedState(
  { shop, no, ref }: Owner,
  row: WritebackRow | undefined,
  told: ToldShipment | undefined = row?.told,
): RowState {
  return {
    ...(shop === undefined ? {} : { shop }),
    no,
    ref,
    ...(row?.command ? { command: row.command } : {}),
    ...(told ? { told } : {}),
  }
}

const entriesOf = ({ shipments, unreadable }: ShipmentPage): number => shipments.length + unreadable.length
