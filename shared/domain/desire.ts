import type { Rules } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow, Reason } from '#contracts/ledger-row.ts'
import type { Order } from '#contracts/order.ts'
import { reason } from './reasons.ts'

/** What the shop's state asks of the ERP, before we look at what the ERP has. */
export type Desire =
  | { readonly want: 'present' }
  | { readonly want: 'absent'; readonly because: string }
  /** Unpaid and the like: not to be placed yet; a document that is there already is kept up to date. */
  | { readonly want: 'hold'; readonly reason: Reason }
  /** Returned, or deleted though no order: the document stays as it is. */
  | { readonly want: 'keep' }
  /** Gone without having been cancelled: a person decides if the ERP has it. */
  | { readonly want: 'vanished' }
  /** The other side's word counts for this kind: nothing is written. */
  | { readonly want: 'not-ours'; readonly reason: Reason }
  | { readonly want: 'park'; readonly reason: Reason }

type ShopState = LedgerRow['shopState']

/** @param shop what the ledger knows of the thing, this subject included. @param decided a person asked for it (replay) */
export function desire(subject: Subject, shop: ShopState, rules: Rules, decided: boolean): Desire {
  switch (subject.is) {
    case 'snapshot':
      return desireOfOrder(subject.order, shop, rules, decided)
    case 'tombstone':
      return desireOfTombstone(subject.tombstone, shop)
    case 'parts':
      return subject.parts.withdrawn ? { want: 'absent', because: 'withdrawn' } : { want: 'present' }
    case 'customer':
    case 'return':
    case 'ticket':
      return { want: 'present' }
    // A row deleted in the shop undoes nothing that happened: what an ERP has of it stays. Erasing a person is another matter.
    case 'gone':
      return { want: 'keep' }
  }
}

function desireOfOrder(order: Order, shop: ShopState, rules: Rules, decided: boolean): Desire {
  switch (order.state) {
    case 'cancelled':
    case 'void':
      return { want: 'absent', because: order.state }
    case 'returned':
      return { want: 'keep' }
    case 'placed':
    case 'confirmed':
      return desireOfOpen(order, shop, rules, decided)
  }
}

function desireOfOpen(order: Order, shop: ShopState, rules: Rules, decided: boolean): Desire {
  if (order.activity?.depositOnly) return { want: 'hold', reason: reason('deposit') }
  if (order.payment.cod) {
    return rules.cod === 'confirmed' && order.state === 'placed'
      ? { want: 'hold', reason: reason('cod-unconfirmed') }
      : { want: 'present' }
  }
  const paid =
    order.payment.state === 'paid' || (order.payment.state === 'paying' && rules.paying === 'as-paid')
  if (!paid && rules.unpaid === 'hold') return { want: 'hold', reason: reason('unpaid') }
  if (paid && shop.revived && rules.latePayment === 'park' && !decided) {
    return { want: 'park', reason: reason('late-payment') }
  }
  return { want: 'present' }
}

function desireOfTombstone(tombstone: (Subject & { is: 'tombstone' })['tombstone'], shop: ShopState): Desire {
  if (tombstone.mergedInto) return { want: 'absent', because: 'merged' }
  const endedInShop = [tombstone.state, shop.state].some((state) => state === 'cancelled' || state === 'void')
  return endedInShop ? { want: 'absent', because: 'deleted' } : { want: 'vanished' }
}

/** What must hold before an order is placed or amended; a cancel is never stopped by arithmetic. */
export function objection(order: Order, rules: Rules): Reason | undefined {
  const { residual } = order.money
  if (Math.abs(residual) > rules.residualTolerance) {
    return reason('unbalanced', { detail: `The difference is ${residual} minor units of ${order.currency}.` })
  }
  if (rules.missingSku === 'park') {
    for (const line of order.lines) {
      const items = line.kind === 'package' ? line.parts : line.kind === 'promotion' ? [] : [line]
      if (items.some((item) => item.sku === '')) {
        return reason('missing-sku', { subject: line.recId, field: `lines[rec_id=${line.recId}].sku` })
      }
    }
  }
  return undefined
}
