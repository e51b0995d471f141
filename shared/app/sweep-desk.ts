import type { ShopConfig, TargetConfig } from '#contracts/config.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { Kind } from '#contracts/scalars.ts'
import { DAY_MS } from '#domain/due.ts'
import { identityOf } from '#domain/identity.ts'
import { orderSourceId } from '#domain/reference.ts'
import { freshRow, rowSeeing } from '#domain/row.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'
import type { DeliveryQueue } from '#ports/delivery-queue.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock, Ids, Log } from '#ports/runtime.ts'
import type { Secrets } from '#ports/secrets.ts'
import type { ShopAnswer, ShopGateway } from '#ports/shop-gateway.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import { shortHash } from './content-hash.ts'
import { rowKeyOf } from './deliver.ts'
import { personHashFor } from './person-hash.ts'
import { readEvent } from './read-event.ts'
import type { RunEnd } from './run.ts'
import { openShopTurn, type ShopTurn } from './shop-turn.ts'
import { targetsFor } from './targets-for.ts'

/** Calls that one turn at the shop's gate is opened for. */
const CALLS_PER_TURN = 20

export interface SweepDeskDeps {
  readonly shop: string
  readonly config: ShopConfig
  readonly targets: Readonly<Record<string, Pick<TargetConfig, 'kinds'>>>
  readonly secrets: Pick<Secrets, 'personKey'>
  readonly gateway: ShopGateway
  readonly gate: TargetGate
  readonly ledger: Ledger
  readonly queue: DeliveryQueue
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  /** Waits, where only the rate stands in the way. */
  readonly pause: (ms: number) => Promise<void>
  /** Time for one call. */
  readonly callMs: number
}

export type Asked<Value> =
  | { readonly is: 'ok'; readonly value: Value }
  /** This one call is wrong; others may go on. */
  | { readonly is: 'refused'; readonly failure: ShopFailure }
  | { readonly is: 'end'; readonly end: RunEnd }

/** One identity of the shop. */
export interface Thing {
  readonly kind: Kind
  readonly id: string
  readonly stamp: number
}

export interface Receiver {
  readonly target: string
  /** As it was read. */
  readonly row: LedgerRow | undefined
}

/** What became of each receiver, in their order. */
export type Posted =
  | { readonly is: 'posted'; readonly queued: readonly boolean[] }
  /** Nobody can take it as it is; it was logged. */
  | { readonly is: 'unfit'; readonly code: string }
  | { readonly is: 'end'; readonly end: RunEnd }

/** Asks the shop through its gate, and enqueues what it says. */
export class SweepDesk {
  readonly #deps: SweepDeskDeps
  readonly #endsAt: number
  #turn: ShopTurn | undefined
  #epoch: { readonly name: string; readonly no: number } | undefined

  constructor(deps: SweepDeskDeps, endsAt: number) {
    this.#deps = deps
    this.#endsAt = endsAt
  }

  /** The epoch that answers have to be of from now on. */
  expect(epoch: { readonly name: string; readonly no: number }): void {
    this.#epoch = epoch
  }

  get epochNo(): number {
    return this.#epoch?.no ?? 0
  }

  async ask<Value>(
    call: (gateway: ShopGateway, deadline: number) => Promise<ShopAnswer<Value>>,
  ): Promise<Asked<Value>> {
    const { gate, shop, clock, pause, gateway, callMs } = this.#deps
    while (clock.now() + callMs < this.#endsAt) {
      this.#turn ??= openShopTurn(gate, shop, CALLS_PER_TURN, this.#endsAt, clock)
      const entry = await this.#turn.enter()
      const answer = entry.open
        ? await this.#turn.call(callMs, (deadline) => call(gateway, deadline))
        : undefined
      if (answer) return this.#heard(answer)
      await this.close()
      if (!entry.open && entry.why === 'breaker')
        return { is: 'end', end: { is: 'waiting', why: `the gate of shop ${shop} is closed` } }
      if (!entry.open) await pause(entry.retryAfterMs)
    }
    return { is: 'end', end: SAVED }
  }

  /** Gives the turn at the shop's gate back. */
  async close(): Promise<void> {
    await this.#turn?.end()
    this.#turn = undefined
  }

  /** Reads a thing anew and enqueues it; a row tells that it was. */
  async post(
    thing: Thing,
    receivers: readonly Receiver[],
    cause: 'sweep' | 'repair',
    dedupId?: (target: string) => string,
  ): Promise<Posted> {
    const { shop, config, targets, secrets, queue, clock, ids, log } = this.#deps
    const { kind, id, stamp } = thing
    const takers = targetsFor(config, targets)
    const read = await this.ask((gateway, deadline) => gateway.thing(kind, { id, stamp }, deadline))
    if (read.is === 'end') return read
    if (read.is === 'refused') return this.#unfit(thing, read.failure.code)
    const event = read.value
    if (event.version.epoch !== this.#epoch?.name) return { is: 'end', end: EPOCH_CHANGED }
    const reading = readEvent(event, {
      shop: { id: shop, config },
      targetsFor: (other) => (other === kind ? receivers.map(({ target }) => target) : takers(other)),
      personHash: await personHashFor(Object.values(targets), secrets),
      epochNo: this.#epoch.no,
    })
    if (reading.is === 'not-subscribed') return this.#unfit(thing, 'not-subscribed')
    if (reading.is === 'invalid')
      return this.#unfit(thing, reading.fault.code ?? 'invalid', reading.fault.field)

    const { version, wireHash, deliveries } = reading
    const [itself] = deliveries
    const { sourceId } = identityOf(itself.subject, shortHash)
    if (itself.kind !== kind || sourceId !== orderSourceId(id, stamp))
      return this.#unfit(thing, 'identity-mismatch')
    const now = clock.now()
    const messages = deliveries.flatMap((one) =>
      one.targets.map(
        (target): DeliveryMessage => ({
          v: 1,
          shop,
          target,
          kind: one.kind,
          cause,
          firstSeenAt: EpochMsSchema.encode(now),
          correlationId: ids.next(),
          version,
          wireHash,
          ...(one.bornAt === undefined ? {} : { bornAt: one.bornAt }),
          subject: one.subject,
        }),
      ),
    )
    const results = await queue.enqueue(
      messages.map((message) => ({ message, ...(dedupId && { dedupId: dedupId(message.target) }) })),
    )
    if (results.includes('too-large')) return this.#unfit(thing, 'too-large')
    for (const [index, message] of messages.entries()) {
      const receiver = receivers[index]
      if (results[index] === 'queued' && receiver) await this.#mark(receiver.row, message)
    }
    if (results.includes('failed'))
      log.error('EVENT_NOT_QUEUED', 'An event could not be queued for every target.', { shop, kind, id })
    return { is: 'posted', queued: receivers.map((_, index) => results[index] === 'queued') }
  }

  /** Tells a target that a thing is in the shop no more, and that nobody said why. */
  async postGone({ kind, id, stamp }: Thing, row: LedgerRow, seq: number): Promise<boolean> {
    const { shop, queue, clock, ids } = this.#deps
    const message: DeliveryMessage = {
      v: 1,
      shop,
      target: row.key.target,
      kind,
      cause: 'repair',
      firstSeenAt: EpochMsSchema.encode(clock.now()),
      correlationId: ids.next(),
      version: { epoch: this.#epoch?.name ?? '', epochNo: this.epochNo, seq },
      wireHash: 'gone',
      subject:
        kind === 'order'
          ? {
              is: 'tombstone',
              tombstone: {
                shop,
                orderId: id,
                orderSn: row.no,
                addTime: stamp,
                recIds: [...new Set(row.lines.map(({ recId }) => recId))],
                state: null,
                mergedInto: null,
              },
            }
          : { is: 'gone', gone: { shop, kind, id, stamp } },
    }
    const [result] = await queue.enqueue([{ message }])
    if (result !== 'queued') return false
    await this.#mark(row, message)
    return true
  }

  /** A write that is lost says that a worker has the thing in hand, which is as good. */
  async #mark(row: LedgerRow | undefined, message: DeliveryMessage): Promise<void> {
    const { ledger, clock, ids } = this.#deps
    const now = clock.now()
    const enqueued = { at: now, version: message.version }
    const writer = ids.next()
    if (!row) {
      const fresh = freshRow(rowKeyOf(message), message, identityOf(message.subject, shortHash), now)
      await ledger.put({ ...rowSeeing(fresh, message, now), rev: 1, writer, enqueued })
      return
    }
    const wakeAt = row.wakeAt === undefined ? {} : { wakeAt: now + DAY_MS }
    await ledger.put({ ...row, rev: row.rev + 1, writer, enqueued, ...wakeAt })
  }

  #unfit({ kind, id }: Thing, code: string, field?: string): Posted {
    const { log, shop } = this.#deps
    log.warn('EVENT_INVALID', 'A thing of the shop could not be read.', { shop, kind, id, code, field })
    return { is: 'unfit', code }
  }

  #heard<Value>(answer: ShopAnswer<Value>): Asked<Value> {
    if (answer.is === 'ok') return answer
    const { failure } = answer
    // One odd thing must not stop all that come after it.
    if (failure.class === 'Refused' || failure.code === 'unreadable') return { is: 'refused', failure }
    if (failure.code === 'restored') {
      const { log, shop } = this.#deps
      log.error('SHOP_RESTORED', 'The database of the shop is older than what it has sent.', { shop })
    }
    return { is: 'end', end: failed(failure) }
  }
}

export const SAVED: RunEnd = { is: 'saved', counts: {} }
export const EPOCH_CHANGED: RunEnd = { is: 'failed', why: 'the shop changed its epoch meanwhile' }
export const failed = ({
  code,
  message,
  remedy,
}: Pick<ShopFailure, 'code' | 'message' | 'remedy'>): RunEnd => ({
  is: 'failed',
  why: `${code}: ${message} ${remedy}`,
})
