import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import type { HistoryEntry, LedgerRow, RowKey } from '#contracts/ledger-row.ts'
import type { Order } from '#contracts/order.ts'
import { newerOf } from './version.ts'

const HISTORY_HEAD = 8
const HISTORY_TAIL = 32

/** The identity behind a message, both numbers raw. */
export function subjectIdentity(subject: Subject): { orderId: string; orderSn: string; addTime: number } {
  return subject.is === 'snapshot' ? subject.order : subject.tombstone
}

/** A row that has never been written. */
export function freshRow(key: RowKey, message: DeliveryMessage, reference: string, now: number): LedgerRow {
  return {
    v: 1,
    key,
    rev: 0,
    writer: '',
    no: subjectIdentity(message.subject).orderSn,
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
    lines: message.subject.is === 'snapshot' ? linesSeen(row.lines, message.subject.order, now) : row.lines,
    cause: inheritedCause(row, message),
  }
}

/** What supersedes a replay that has not ended inherits its cause (protocol §3.2). */
export function inheritedCause(row: LedgerRow, message: DeliveryMessage): DeliveryMessage['cause'] {
  const pending = row.status === 'open' && (row.cause === 'replay' || row.cause === 'repair')
  return pending && message.cause !== 'replay' ? row.cause : message.cause
}

/** One entry per line and per package member; what was sent and shipped stays with its rec_id and SKU. */
function linesSeen(before: LedgerRow['lines'], order: Order, now: number): LedgerRow['lines'] {
  const known = new Map(before.map((line) => [`${line.recId}|${line.sku}`, line]))
  const wanted = order.lines.flatMap((line) => {
    if (line.kind === 'promotion') return []
    const items = line.kind === 'package' ? line.parts : [line]
    return items.map((item) => ({ recId: line.recId, sku: item.sku, qty: item.quantity }))
  })
  return wanted.map((item) => {
    const old = known.get(`${item.recId}|${item.sku}`)
    return {
      ...item,
      sentQty: old?.sentQty ?? 0,
      shipped: old?.shipped ?? 0,
      reserved: old?.reserved ?? 0,
      at: old?.at ?? now,
    }
  })
}

/** The ERP confirmed the newest content: every line stands there in its full quantity. */
export function linesSent(lines: LedgerRow['lines'], now: number): LedgerRow['lines'] {
  return lines.map((line) => ({ ...line, sentQty: line.qty, at: now }))
}

/** Appends, keeping the beginning and the end of a long life. */
export function withHistory(row: LedgerRow, entry: HistoryEntry): LedgerRow {
  const all = [...row.history, entry]
  const history =
    all.length <= HISTORY_HEAD + HISTORY_TAIL
      ? all
      : [...all.slice(0, HISTORY_HEAD), ...all.slice(all.length - HISTORY_TAIL)]
  return { ...row, history }
}
