import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import type { HistoryEntry, LedgerRow, RowKey } from '#contracts/ledger-row.ts'
import type { Order } from '#contracts/order.ts'
import { appended } from './history.ts'
import type { Identity } from './identity.ts'
import { newerOf } from './version.ts'

/** A line that is gone, in the shop and in the ERP, stays for a day: stock is compared by what both said meanwhile. */
const GONE_LINE_MS = 86_400_000

/** A row that has never been written. */
export function freshRow(
  key: RowKey,
  message: DeliveryMessage,
  { no, reference }: Pick<Identity, 'no' | 'reference'>,
  now: number,
): LedgerRow {
  return {
    v: 1,
    key,
    rev: 0,
    writer: '',
    no,
    ref: reference,
    status: 'new',
    generation: 0,
    seen: { version: message.version, wireHash: message.wireHash },
    shopState: shopStateAfter(undefined, message.subject),
    lines: [],
    cause: message.cause,
    firstSeenAt: now,
    updatedAt: now,
    history: [],
  }
}

type ShopState = LedgerRow['shopState']

function shopStateAfter(before: ShopState | undefined, subject: Subject): ShopState {
  if (subject.is === 'tombstone') {
    const state = subject.tombstone.state ?? before?.state ?? 'void'
    return {
      state,
      payment: before?.payment ?? 'unpaid',
      everOpen: before?.everOpen ?? false,
      gone: true,
      revived: false,
    }
  }
  if (subject.is !== 'snapshot') {
    const withdrawn = subject.is === 'parts' && subject.parts.withdrawn
    const gone = subject.is === 'gone'
    return { state: withdrawn ? 'withdrawn' : 'present', everOpen: !gone, gone, revived: false }
  }
  const { state, payment } = subject.order
  const open = state === 'placed' || state === 'confirmed'
  return {
    state,
    payment: payment.state,
    everOpen: (before?.everOpen ?? false) || open,
    gone: false,
    revived:
      open && payment.state !== 'unpaid' && before !== undefined && (before.revived || endedUnpaid(before)),
  }
}

/**
 * A gateway's late notification makes any order confirmed and paid (lib_payment.php). An admin's draft looks void before
 * its first save, but was never open.
 */
function endedUnpaid(before: ShopState): boolean {
  return (
    before.everOpen &&
    (before.state === 'cancelled' || before.state === 'void') &&
    before.payment === 'unpaid'
  )
}

/** The row after it has seen this message: `seen` only rises, a replay's cause is inherited until the row ends. */
export function rowSeeing(row: LedgerRow, message: DeliveryMessage, now: number): LedgerRow {
  const newest = newerOf(row.seen.version, message.version)
  return {
    ...row,
    seen: newest === row.seen.version ? row.seen : { version: message.version, wireHash: message.wireHash },
    shopState: shopStateAfter(row.rev === 0 ? undefined : row.shopState, message.subject),
    lines: message.subject.is === 'snapshot' ? linesSeen(row, message.subject.order, now) : row.lines,
    cause: inheritedCause(row, message),
  }
}

/** What supersedes a replay that has not ended inherits its cause (protocol §3.2). */
export function inheritedCause(row: LedgerRow, message: DeliveryMessage): DeliveryMessage['cause'] {
  const pending = row.status === 'open' && (row.cause === 'replay' || row.cause === 'repair')
  return pending && message.cause !== 'replay' ? row.cause : message.cause
}

/**
 * One entry per line and per package member; what was sent and shipped stays with its rec_id and SKU. A line that the shop
 * removed stays, with quantity 0, while the ERP’s document may have it, and a day longer.
 */
function linesSeen(row: LedgerRow, order: Order, now: number): LedgerRow['lines'] {
  const known = new Map(row.lines.map((line) => [`${line.recId}|${line.sku}`, line]))
  const unsettled = row.intent !== undefined || now < (row.unsettledUntil ?? 0)
  const wanted = order.lines.flatMap((line) => {
    if (line.kind === 'promotion') return []
    const items = line.kind === 'package' ? line.parts : [line]
    return items.map((item) => ({ recId: line.recId, sku: item.sku, qty: item.quantity }))
  })
  const listed = wanted.map((item) => {
    const key = `${item.recId}|${item.sku}`
    const old = known.get(key)
    known.delete(key)
    return {
      ...item,
      sentQty: old?.sentQty ?? 0,
      ...(unsettled && old ? asked(old) : {}),
      shipped: old?.shipped ?? 0,
      reserved: old?.reserved ?? 0,
      at: old?.at ?? now,
    }
  })
  const removed = [...known.values()]
    .map(({ askedQty, ...line }) => ({
      ...line,
      qty: 0,
      ...(unsettled ? asked({ qty: line.qty, askedQty }) : {}),
    }))
    .filter(({ sentQty, askedQty = 0, at }) => sentQty > 0 || askedQty > 0 || now - at < GONE_LINE_MS)
  return [...listed, ...removed]
}

/** What a write that got no clear answer may have asked for, whatever the shop said later. */
function asked({ qty, askedQty = 0 }: { qty: number; askedQty?: number | undefined }): { askedQty: number } {
  return { askedQty: Math.max(qty, askedQty) }
}

/** The ERP confirmed the newest content: every line stands there in its full quantity. */
export function linesSent(lines: LedgerRow['lines'], now: number): LedgerRow['lines'] {
  return lines.map(({ askedQty: _asked, ...line }) => {
    const gone = line.qty === 0 && line.sentQty === 0
    return gone ? line : { ...line, sentQty: line.qty, at: now }
  })
}

export function withHistory(row: LedgerRow, entry: HistoryEntry): LedgerRow {
  return { ...row, history: appended(row.history, entry) }
}
