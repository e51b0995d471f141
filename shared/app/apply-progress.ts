import type { OrderNote, TicketReply } from '#contracts/bridge.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow, Reason } from '#contracts/ledger-row.ts'
import type { Owners } from '#contracts/owners.ts'
import type { PartsRequest } from '#contracts/parts.ts'
import type { Progress } from '#contracts/progress.ts'
import type { WritebackCommand, WritebackMessage } from '#contracts/writeback.ts'
import { PARTS_VERSIONS } from '#domain/parts.ts'
import { cut, progressText } from '#domain/progress.ts'
import { reason } from '#domain/reasons.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'
import { ERASED } from '#domain/wordless.ts'
import type { DeliveryQueue } from '#ports/delivery-queue.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock, Log } from '#ports/runtime.ts'
import type { ShopAnswer, ShopGateway } from '#ports/shop-gateway.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import { commandId } from './command-id.ts'
import { shortHash, stableJson } from './content-hash.ts'
import { type TellDeskDeps, tellDesk } from './tell-desk.ts'

/** A target may tell of what it has just got, before a search finds it. */
const NOT_FOUND_YET_MS = 15 * 60_000
const MAX_AUTHOR = { reply: 60, note: 30 } as const
/** What the bridge takes (contracts/bridge.ts). */
const MAX_ORIGIN = 30

export interface ProgressDeps extends TellDeskDeps {
  readonly gateway: (shop: string) => Pick<ShopGateway, 'replyToTicket' | 'noteOrder'>
  readonly writebacks: Pick<WritebackLedger, 'get'>
  readonly ledger: Pick<Ledger, 'get' | 'put' | 'getSubject' | 'findByRef'>
  readonly deliveries: DeliveryQueue
  readonly owners: Pick<Owners, 'ticket-progress' | 'return-progress'>
  /** Targets of a shop that take requests for spare parts. */
  readonly partsTargets: (shop: string) => readonly string[]
  readonly timeZone: (shop: string) => string
  readonly clock: Clock
  readonly log: Log
}

/** What came of a command while its row was claimed. `no`: the number a person knows the thing by, once it is known. */
export type Carried = { readonly no?: string } & (
  | { readonly is: 'done'; readonly result: string }
  | { readonly is: 'park'; readonly reason: Reason }
  | { readonly is: 'failed'; readonly failure: ShopFailure }
  | { readonly is: 'retry'; readonly why: string; readonly when: 'ordinary' | 'soon' }
  /** No time or token is left for the call. */
  | { readonly is: 'later' }
)

/** One call of the shop, within its turn. Undefined: there is no time or token left for it. */
export type CallShop = <Value>(
  call: (deadline: number) => Promise<ShopAnswer<Value>>,
) => Promise<ShopAnswer<Value> | undefined>

type ProgressCommand = Extract<WritebackCommand, { is: 'progress' }>
type ParcelCommand = Extract<WritebackCommand, { is: 'parcel' }>

/** The result of a command that the owners table keeps from the shop. */
export const REFUSED_BY_OWNER = 'refused: owned-by-shop'

/** Tells the customer of a step, and asks the ERP for the spare parts it needs. All of it may be done again. */
export async function applyProgress(
  message: WritebackMessage,
  { progress }: ProgressCommand,
  callShop: CallShop,
  deps: ProgressDeps,
): Promise<Carried> {
  if (deps.owners[`${progress.of}-progress`] === 'shop') return { is: 'done', result: REFUSED_BY_OWNER }
  const row = await rowBehind(message, progress, deps)
  if (!row) {
    const ageMs = deps.clock.now() - EpochMsSchema.decode(message.firstSeenAt)
    return ageMs < NOT_FOUND_YET_MS
      ? { is: 'retry', why: 'its thing is not found yet', when: 'soon' }
      : { is: 'park', reason: reason('progress-unknown-reference', { subject: progress.reference }) }
  }
  const { no } = row
  if (row.status === 'erased') return { no, is: 'done', result: ERASED }
  const parts = progress.of === 'ticket' ? await askForParts(message, progress, row, deps) : 'none'
  if (parts === 'failed') return { no, is: 'retry', why: 'parts not queued', when: 'ordinary' }

  const told =
    progress.of === 'ticket'
      ? await reply(message, progress, row, callShop, deps)
      : await note(message, progress, row, callShop, deps)
  if (told.is === 'done' && parts === 'nobody') return { no, is: 'park', reason: reason('parts-no-target') }
  return { no, ...told }
}

/** The row of the ticket or return at the target that tells of it; the newest, where an id was given out anew. */
async function rowBehind(
  { shop, target }: WritebackMessage,
  { of, reference }: Progress,
  { ledger }: ProgressDeps,
): Promise<LedgerRow | undefined> {
  const rows = await ledger.findByRef(reference)
  return rows
    .filter(({ key }) => key.kind === of && key.target === target && key.shop === shop)
    .toSorted((a, b) => b.firstSeenAt - a.firstSeenAt)[0]
}

async function reply(
  { shop, target }: WritebackMessage,
  progress: Progress,
  { key }: LedgerRow,
  callShop: CallShop,
  { gateway, timeZone }: ProgressDeps,
): Promise<Carried> {
  const [id = '', time] = key.sourceId.split('.')
  const body: TicketReply = {
    reply_id: commandId(target, progress.id),
    ticket: { msg_id: id, msg_time: Number(time) },
    text: progressText(progress, timeZone(shop)),
    author: authorOf(progress, target, MAX_AUTHOR.reply),
    at: progress.at,
    origin: target.slice(0, MAX_ORIGIN),
  }
  return carried(await callShop((deadline) => gateway(shop).replyToTicket(body, deadline)))
}

/** ECShop has no place for words at a return: they go into the log of its order. */
async function note(
  { shop, target }: WritebackMessage,
  progress: Progress,
  { key }: LedgerRow,
  callShop: CallShop,
  { gateway, timeZone, ledger }: ProgressDeps,
): Promise<Carried> {
  const subject = await ledger.getSubject(key)
  if (subject?.is !== 'return') return { is: 'park', reason: reason('progress-forgotten') }
  const { orderId, orderSn, addTime } = subject.return.order
  if (addTime === null) return { is: 'done', result: 'order-gone' }
  const body: OrderNote = {
    note_id: commandId(target, progress.id),
    order: { order_id: orderId, order_sn: orderSn, add_time: addTime },
    text: progressText(progress, timeZone(shop)),
    author: authorOf(progress, target, MAX_AUTHOR.note),
    at: progress.at,
    origin: target.slice(0, MAX_ORIGIN),
  }
  return carried(await callShop((deadline) => gateway(shop).noteOrder(body, deadline)))
}

const authorOf = ({ person }: Progress, target: string, characters: number): string =>
  cut(person === undefined || person.trim() === '' ? target : person, characters)

export function carried(answer: ShopAnswer<{ readonly result: string }> | undefined): Carried {
  if (!answer) return { is: 'later' }
  return answer.is === 'ok' ? { is: 'done', result: answer.value.result } : answer
}

/** `nobody`: it asks for parts, and no target takes the request. */
async function askForParts(
  { shop, target, correlationId }: WritebackMessage,
  progress: Extract<Progress, { of: 'ticket' }>,
  row: LedgerRow,
  { deliveries, writebacks, partsTargets, clock }: ProgressDeps,
): Promise<'none' | 'queued' | 'failed' | 'nobody'> {
  const { id, parts, withdraws, at } = progress
  const about = {
    shop,
    ticket: { reference: row.ref, sourceId: row.key.sourceId, target },
    requestedAt: at,
  }
  const requests: PartsRequest[] = []
  if (parts.length > 0) requests.push({ ...about, requestId: id, withdrawn: false, lines: parts })
  if (withdraws !== undefined) {
    // Steps come in any order: it may not have been asked for yet.
    const asked = (await writebacks.get({ target, kind: 'progress', id: withdraws }))?.command
    const lines = asked?.is === 'progress' && asked.progress.of === 'ticket' ? asked.progress.parts : []
    requests.push({ ...about, requestId: withdraws, withdrawn: true, lines })
  }
  if (requests.length === 0) return 'none'
  const targets = partsTargets(shop)
  if (targets.length === 0) return parts.length > 0 ? 'nobody' : 'none'
  const firstSeenAt = EpochMsSchema.encode(clock.now())
  const answers = await deliveries.enqueue(
    requests.flatMap((request) =>
      targets.map((to) => ({ message: partsMessage(request, to, { firstSeenAt, correlationId }) })),
    ),
  )
  return answers.every((answer) => answer === 'queued') ? 'queued' : 'failed'
}

/** The delivery of a request, or of its end. */
export function partsMessage(
  parts: PartsRequest,
  target: string,
  about: Pick<DeliveryMessage, 'firstSeenAt' | 'correlationId'>,
): DeliveryMessage {
  const { asked, withdrawn, cleared } = PARTS_VERSIONS
  return {
    v: 1,
    shop: parts.shop,
    target,
    kind: 'parts',
    cause: 'event',
    ...about,
    version: parts.refused !== undefined ? cleared : parts.withdrawn ? withdrawn : asked,
    wireHash: shortHash(stableJson(parts), 40),
    subject: { is: 'parts', parts },
  }
}

/** Spare parts left: the desk that asked for them hears of the parcel. */
export async function applyParcel(
  { shop, target }: WritebackMessage,
  { request, parcel }: ParcelCommand,
  { ledger, ids, log, ...deps }: ProgressDeps,
): Promise<Carried> {
  const key = { shop, kind: 'parts', sourceId: request, target } as const
  const row = await ledger.get(key)
  if (!row) return { is: 'park', reason: reason('shipment-unknown-order') }
  const before = row.parts ?? { lines: [], parcels: [] }
  const parcels = [...before.parcels.filter(({ id }) => id !== parcel.id), parcel].toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  )
  let { rev } = row
  if (stableJson(parcels) !== stableJson(before.parcels)) {
    // Its delivery is at work on the row.
    if (row.claim && row.claim.leaseUntil > deps.clock.now())
      return { is: 'retry', why: 'the request is claimed', when: 'soon' }
    rev += 1
    const written = await ledger.put({ ...row, rev, writer: ids.next(), parts: { ...before, parcels } })
    if (!written.ok) return { is: 'retry', why: 'another worker wrote', when: 'soon' }
  }
  const told = await tellDesk({ key, rev }, { ...deps, ledger, ids, log })
  return told
    ? { is: 'done', result: 'told' }
    : { is: 'retry', why: 'the desk was not told', when: 'ordinary' }
}
