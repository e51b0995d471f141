import { isDeepStrictEqual } from 'node:util'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { Reason } from '#contracts/ledger-row.ts'
import type { WritebackCommand, WritebackKey, WritebackMessage, WritebackRow } from '#contracts/writeback.ts'
import { appended } from '#domain/history.ts'
import type { Outcome } from '#domain/outcome.ts'
import { REFUND_REMEDY, reason } from '#domain/reasons.ts'
import { closedGateDelay, contendedDelay, MAX_AGE_MS, retryDelay } from '#domain/retry-delay.ts'
import { afterShopFailure, type ShopFailure } from '#domain/shop-failure.ts'
import type { Clock, Ids, Log, Random } from '#ports/runtime.ts'
import type { ShopAnswer, ShopGateway } from '#ports/shop-gateway.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import type { ShopTurn } from './shop-turn.ts'

/** A figure as old as this says nothing any more: a later run has computed it anew. */
const STOCK_OUTDATED_MS = 3_600_000

type StockCommand = Extract<WritebackCommand, { is: 'stock' }>
type ProgressCommand = Extract<WritebackCommand, { is: 'progress' }>
type OrderCommand = Exclude<WritebackCommand, StockCommand | ProgressCommand>

export interface WritebackDeps {
  /** Of any shop; one that is not connected answers AuthDenied. */
  readonly gateway: (shop: string) => Pick<ShopGateway, 'writeStock' | 'recordShipment' | 'cancelOrder'>
  readonly turn: (shop: string) => ShopTurn
  readonly writebacks: Pick<WritebackLedger, 'get' | 'put'>
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log: Log
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
    if (ageMs <= STOCK_OUTDATED_MS) {
      return (await closedGate(message.shop, delays, deps)) ?? writeStock(message, command, delays, deps)
    }
    deps.log.warn('STOCK_OUTDATED', 'Figures waited too long to be written.', aboutStock(message, command))
    return { is: 'done', flavour: 'duplicate' }
  }
  // Progress has a use case of its own.
  if (command.is === 'progress') throw new Error('No consumer takes progress yet.')
  const tooOld = ageMs > MAX_AGE_MS
  const closed = tooOld ? undefined : await closedGate(message.shop, delays, deps)
  return closed ?? new OrderWriteback(message, command, delays, deps).run(tooOld)
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

/** One receive of a shipment or a cancel, from its row as read to its record. */
class OrderWriteback {
  readonly #message: WritebackMessage
  readonly #command: OrderCommand
  readonly #delays: Delays
  readonly #deps: WritebackDeps
  readonly #key: WritebackKey
  readonly #owner: string
  /** The row as the last successful write, or the read, left it. */
  #stored: WritebackRow | undefined

  constructor(message: WritebackMessage, command: OrderCommand, delays: Delays, deps: WritebackDeps) {
    this.#message = message
    this.#command = command
    this.#delays = delays
    this.#deps = deps
    this.#key = { target: message.target, kind: command.is, id: message.id }
    this.#owner = deps.ids.next()
  }

  async run(tooOld: boolean): Promise<Outcome> {
    const { writebacks, clock, turn, times } = this.#deps
    const stored = await writebacks.get(this.#key)
    this.#stored = stored
    const freeInMs = (stored?.claim?.leaseUntil ?? 0) - clock.now()
    if (freeInMs > 0) {
      const afterMs = Math.min(this.#delays.ordinary(), freeInMs + 50)
      return { is: 'retry', afterMs, why: 'claimed by another worker' }
    }
    if (stored?.status === 'done' && this.#message.cause !== 'replay') {
      return this.#toldAnew(stored)
        ? this.#park(reason('shipment-changed'), stored.command)
        : { is: 'done', flavour: 'duplicate' }
    }
    if (tooOld) return this.#park(reason('too-old'))

    if (!(await this.#save('claimed', { status: 'open', claimed: true }))) return this.#lost()
    const answer = await turn(this.#message.shop).call(times.callMs, (deadline) => this.#send(deadline))
    if (!answer) return (await this.#release('later')) ?? laterThanNow(this.#deps)
    return answer.is === 'ok' ? this.#done(answer.value.result) : this.#failed(answer.failure)
  }

  #send(deadline: number): Promise<ShopAnswer<{ readonly result: string }>> {
    const gateway = this.#deps.gateway(this.#message.shop)
    return this.#command.is === 'shipment'
      ? gateway.recordShipment(this.#command.shipment, deadline)
      : gateway.cancelOrder(this.#command.cancel, deadline)
  }

  /** The ERP tells otherwise now of what the shop has recorded. */
  #toldAnew({ told }: WritebackRow): boolean {
    return this.#message.told !== undefined && !isDeepStrictEqual(told, this.#message.told)
  }

  async #done(result: string): Promise<Outcome> {
    const written = await this.#save(result, { status: 'done', result })
    return written ? { is: 'done', flavour: 'applied' } : this.#lost()
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
    const { no, ref } = this.#command
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
