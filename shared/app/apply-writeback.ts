import { isDeepStrictEqual } from 'node:util'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { Reason } from '#contracts/ledger-row.ts'
import type { Owners } from '#contracts/owners.ts'
import type { Retention } from '#contracts/privacy.ts'
import type { WritebackCommand, WritebackKey, WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import { appended } from '#domain/history.ts'
import type { Outcome } from '#domain/outcome.ts'
import { REFUND_REMEDY, reason } from '#domain/reasons.ts'
import { closedGateDelay, contendedDelay, MAX_AGE_MS, retryDelay } from '#domain/retry-delay.ts'
import { afterShopFailure, type ShopFailure } from '#domain/shop-failure.ts'
import { ERASED, wordless } from '#domain/wordless.ts'
import type { Random } from '#ports/runtime.ts'
import type { ShopGateway } from '#ports/shop-gateway.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import {
  applyParcel,
  applyProgress,
  type CallShop,
  type Carried,
  carried,
  type ProgressDeps,
  REFUSED_BY_OWNER,
} from './apply-progress.ts'
import { stableJson } from './content-hash.ts'
import type { ShopTurn } from './shop-turn.ts'

/** A figure as old as this says nothing any more: a later run has computed it anew. */
const STOCK_OUTDATED_MS = 3_600_000
const OWNED_BY_SHOP = 'The configuration says that the shop’s word counts: nothing was written.'

type StockCommand = Extract<WritebackCommand, { is: 'stock' }>
type RowCommand = Exclude<WritebackCommand, StockCommand>

export interface WritebackDeps extends ProgressDeps {
  /** Of any shop; one that is not connected answers AuthDenied. */
  readonly gateway: (
    shop: string,
  ) => Pick<ShopGateway, 'writeStock' | 'recordShipment' | 'cancelOrder' | 'replyToTicket' | 'noteOrder'>
  readonly turn: (shop: string) => ShopTurn
  readonly writebacks: Pick<WritebackLedger, 'get' | 'put'>
  readonly retentionDays: Pick<Retention, 'ticket' | 'return'>
  /** Whose word counts for each kind. */
  readonly owners: Pick<Owners, 'stock' | 'shipment' | 'ticket-progress' | 'return-progress'>
  readonly random: Random
  /** Milliseconds. lease > function timeout > call; checked when the stack is synthesised. */
  readonly times: { readonly callMs: number; readonly leaseMs: number; readonly retryFloorMs: number }
}

/** Carries out one command in its shop, once, whatever fails in between (protocol §6). */
export async function applyWriteback(message: WritebackMessage, deps: WritebackDeps): Promise<Outcome> {
  const { clock, times, random } = deps
  const ageMs = clock.now() - EpochMsSchema.decode(message.firstSeenAt)
  const delays: Delays = {
    ordinary: () => retryDelay(ageMs, times.retryFloorMs, random.next()),
    soon: () => contendedDelay(times.retryFloorMs, random.next()),
  }
  const { command } = message
  if (command.is === 'stock') {
    if (deps.owners.stock === 'shop') {
      deps.log.warn('OWNER_REFUSED', OWNED_BY_SHOP, aboutStock(message, command))
      return { is: 'done', flavour: 'held' }
    }
    if (ageMs <= STOCK_OUTDATED_MS) {
      return (await closedGate(message.shop, delays, deps)) ?? writeStock(message, command, delays, deps)
    }
    deps.log.warn('STOCK_OUTDATED', 'Figures waited too long to be written.', aboutStock(message, command))
    return { is: 'done', flavour: 'duplicate' }
  }
  const tooOld = ageMs > MAX_AGE_MS
  // A parcel of spare parts is nothing the shop is asked for.
  const closed = tooOld || command.is === 'parcel' ? undefined : await closedGate(message.shop, delays, deps)
  return closed ?? new RowWriteback(message, command, delays, deps).run(tooOld)
}

interface Delays {
  ordinary(): number
  soon(): number
}

async function closedGate(
  shop: string,
  delays: Delays,
  { turn, times, random }: WritebackDeps,
): Promise<Outcome | undefined> {
  const entry = await turn(shop).enter()
  if (entry.open) return undefined
  const afterMs = closedGateDelay(entry, delays.ordinary(), times.retryFloorMs, random.next())
  return { is: 'retry', afterMs, why: entry.why === 'slots' ? 'no slot free' : 'gate closed' }
}

const laterThanNow = ({ times }: WritebackDeps): Outcome => ({
  is: 'retry',
  afterMs: times.retryFloorMs,
  why: 'rate or time used up',
})

/** Without a row: the shop compares and sets, keeps the instant of each figure, and what it refuses the next run decides. */
async function writeStock(
  message: WritebackMessage,
  command: StockCommand,
  delays: Delays,
  deps: WritebackDeps,
): Promise<Outcome> {
  const { gateway, turn, times, log } = deps
  const about = aboutStock(message, command)
  const answer = await turn(message.shop).call(times.callMs, (deadline) =>
    gateway(message.shop).writeStock(command.write, deadline),
  )
  if (!answer) return laterThanNow(deps)
  if (answer.is === 'ok') {
    const results = Map.groupBy(answer.value.results, ({ result }) => result)
    const counts = Object.fromEntries([...results].map(([result, items]) => [result, items.length]))
    log.info('STOCK_WRITTEN', 'The shop has answered for each figure.', { ...about, ...counts })
    return { is: 'done', flavour: 'applied' }
  }
  const { code, message: sentence } = answer.failure
  const then = afterShopFailure(answer.failure)
  if (then !== 'park') return { is: 'retry', afterMs: delays[then](), why: code }
  log.error('STOCK_REFUSED', sentence, { ...about, reason: code, field: answer.failure.field })
  return { is: 'park', code }
}

const aboutStock = ({ id, shop, target }: WritebackMessage, { pool, write }: StockCommand) => ({
  id,
  shop,
  target,
  pool,
  skus: write.items.length,
})

/** One receive of a command that has a row, from its row as read to its record. */
class RowWriteback {
  readonly #message: WritebackMessage
  readonly #command: RowCommand
  readonly #delays: Delays
  readonly #deps: WritebackDeps
  readonly #key: WritebackKey
  readonly #owner: string
  /** The row as the last successful write, or the read, left it. */
  #stored: WritebackRow | undefined
  /** Learnt on the way. */
  #no: string | undefined

  constructor(message: WritebackMessage, command: RowCommand, delays: Delays, deps: WritebackDeps) {
    this.#message = message
    this.#command = command
    this.#delays = delays
    this.#deps = deps
    // The ERP counts its shipments as one, whatever they are of.
    const kind = command.is === 'parcel' ? 'shipment' : command.is
    this.#key = { target: message.target, kind, id: message.id }
    this.#owner = deps.ids.next()
  }

  async run(tooOld: boolean): Promise<Outcome> {
    const { writebacks, clock } = this.#deps
    const stored = await writebacks.get(this.#key)
    this.#stored = stored
    const freeInMs = (stored?.claim?.leaseUntil ?? 0) - clock.now()
    if (freeInMs > 0) {
      const afterMs = Math.min(this.#delays.ordinary(), freeInMs + 50)
      return { is: 'retry', afterMs, why: 'claimed by another worker' }
    }
    if (stored?.result === ERASED) return { is: 'done', flavour: 'erased' }
    if (stored && this.#message.cause !== 'replay') {
      // What the shop was told stands as it is until a person has seen to it.
      if (stored.reason?.code === 'progress-changed') return { is: 'done', flavour: 'duplicate' }
      if (stored.status === 'done') {
        const anew = this.#toldAnew(stored)
        if (anew === undefined) return { is: 'done', flavour: 'duplicate' }
        if (anew.is === 'park') return this.#park(anew.reason, anew.command)
      }
    }
    if (tooOld) return this.#park(reason('too-old'))

    if (!(await this.#save('claimed', { status: 'open', claimed: true }))) return this.#lost()
    const end = await this.#carryOut(this.#command)
    this.#no = end.no
    switch (end.is) {
      case 'done':
        return this.#done(end.result)
      case 'park':
        return this.#park(end.reason)
      case 'failed':
        return this.#failed(end.failure)
      case 'retry':
        return (
          (await this.#release(end.why)) ?? { is: 'retry', afterMs: this.#delays[end.when](), why: end.why }
        )
      case 'later':
        return (await this.#release('later')) ?? laterThanNow(this.#deps)
    }
  }

  async #carryOut(command: RowCommand): Promise<Carried> {
    const { owners, times } = this.#deps
    const { shop } = this.#message
    const gateway = this.#deps.gateway(shop)
    const callShop: CallShop = (call) => this.#deps.turn(shop).call(times.callMs, call)
    switch (command.is) {
      case 'shipment':
        return owners.shipment === 'shop'
          ? { is: 'done', result: REFUSED_BY_OWNER }
          : carried(await callShop((deadline) => gateway.recordShipment(command.shipment, deadline)))
      case 'cancel':
        return carried(await callShop((deadline) => gateway.cancelOrder(command.cancel, deadline)))
      case 'progress':
        return applyProgress(this.#message, command, callShop, this.#deps)
      case 'parcel':
        return applyParcel(this.#message, command, this.#deps)
    }
  }

  /** The target tells otherwise now of what it was done for; a desk can simply be told again. */
  #toldAnew({
    told,
    command,
  }: WritebackRow):
    | { readonly is: 'again' }
    | { readonly is: 'park'; readonly reason: Reason; readonly command: WritebackRow['command'] }
    | undefined {
    if (this.#command.is === 'progress')
      return stableJson(command) === stableJson(this.#command)
        ? undefined
        : { is: 'park', reason: reason('progress-changed'), command: this.#command }
    if (this.#message.told === undefined || isDeepStrictEqual(told, this.#message.told)) return undefined
    return this.#command.is === 'parcel'
      ? { is: 'again' }
      : { is: 'park', reason: reason('shipment-changed'), command }
  }

  async #done(result: string): Promise<Outcome> {
    const { ref } = this.#command
    if (result === REFUSED_BY_OWNER)
      this.#deps.log.warn('OWNER_REFUSED', OWNED_BY_SHOP, { ...this.#key, reference: ref })
    const erased = result === ERASED
    const written = await this.#save(result, {
      status: 'done',
      result,
      ...(erased ? { command: wordless(this.#command) } : {}),
    })
    return written ? { is: 'done', flavour: erased ? 'erased' : 'applied' } : this.#lost()
  }

  /** A step holds what people wrote: it is kept as long as the thing it is of. */
  #expiry(now: number): { expiresAt?: number } {
    if (this.#command.is !== 'progress') return {}
    const days = this.#deps.retentionDays[this.#command.progress.of]
    return { expiresAt: Math.ceil(now / 1000) + days * 86_400 }
  }

  async #failed(failure: ShopFailure): Promise<Outcome> {
    const { code, message, field } = failure
    const then = afterShopFailure(failure)
    if (then === 'park') {
      const remedy = this.#isAboutRefund(failure) ? REFUND_REMEDY : failure.remedy
      return this.#park({ code, message, remedy, ...(field === undefined ? {} : { field }) })
    }
    const lost = await this.#release(code)
    return lost ?? { is: 'retry', afterMs: this.#delays[then](), why: code }
  }

  /** The shop’s own remedy is for its caller, and names a field that no person writes. */
  #isAboutRefund({ code, field }: ShopFailure): boolean {
    const isUndecided = this.#command.is === 'cancel' && this.#command.cancel.refund === 'none'
    return isUndecided && code === 'needs-a-person' && field === 'refund'
  }

  /** Back to the queue; an outcome of its own where somebody else wrote. */
  async #release(why: string): Promise<Outcome | undefined> {
    return (await this.#save(`retry: ${why}`, { status: 'open' })) ? undefined : this.#lost()
  }

  async #park(why: Reason, command: WritebackRow['command'] = this.#command): Promise<Outcome> {
    const written = await this.#save(`parked: ${why.code}`, { status: 'parked', reason: why, command })
    return written ? { is: 'park', code: why.code } : this.#lost()
  }

  #lost(): Outcome {
    return { is: 'retry', afterMs: this.#delays.soon(), why: 'another worker wrote' }
  }

  /** One conditional write: rev decides whether the row is still as we know it. */
  async #save(
    event: string,
    state: {
      readonly status: WritebackRow['status']
      readonly claimed?: true
      readonly reason?: Reason
      readonly result?: string
      readonly command?: WritebackRow['command']
    },
  ): Promise<boolean> {
    const { writebacks, clock, times, log } = this.#deps
    const { shop, correlationId } = this.#message
    const { ref } = this.#command
    const no = this.#no ?? (this.#command.no || (this.#stored?.no ?? ''))
    const now = clock.now()
    const { status, claimed, reason: why, result = this.#stored?.result, command = this.#command } = state
    const told = this.#message.told ?? this.#stored?.told
    const next: WritebackRow = {
      v: 1,
      key: this.#key,
      rev: (this.#stored?.rev ?? 0) + 1,
      writer: this.#owner,
      shop,
      no,
      ref,
      status,
      ...(why ? { reason: why } : {}),
      command,
      ...(told ? { told } : {}),
      ...(claimed ? { claim: { owner: this.#owner, leaseUntil: now + times.leaseMs } } : {}),
      ...(result === undefined ? {} : { result }),
      ...this.#expiry(now),
      firstSeenAt: this.#stored?.firstSeenAt ?? now,
      updatedAt: now,
      history: appended(this.#stored?.history ?? [], { at: now, event, correlationId }),
    }
    const written = await writebacks.put(next)
    if (!written.ok) {
      log.warn('CLAIM_LOST', 'Another worker wrote this row in between.', { reference: ref, rev: next.rev })
      return false
    }
    this.#stored = next
    log.info('WRITEBACK_WRITTEN', event, {
      reference: ref,
      shop,
      target: this.#key.target,
      kind: this.#key.kind,
      id: this.#key.id,
      status,
    })
    return true
  }
}
