import type { ShopConfig } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import { type EventPeek, EventPeekSchema } from '#contracts/event-peek.ts'
import { OrderSchema } from '#contracts/order.ts'
import type { Kind, Version } from '#contracts/scalars.ts'
import { OrderEventSchema, RESERVED_TYPE } from '#contracts/webhook.ts'
import { toSubject } from '#domain/to-subject.ts'
import { type Fault, faultOf, faultOfIssue } from './event-fault.ts'

/** What holds for every event of a request. */
export interface EventContext {
  readonly shop: { readonly id: string; readonly config: ShopConfig }
  /** Targets of the shop that take orders. */
  readonly orderTargets: readonly string[]
  /** Position of the shop's current epoch, the only one that may post. */
  readonly epochNo: number
}

/** What became of one event: a subject for the queue, or why it is none. */
export type Reading = { readonly type?: string; readonly id?: string } & (
  | { readonly is: 'not-subscribed' }
  | { readonly is: 'invalid'; readonly fault: Fault }
  | {
      readonly is: 'subject'
      readonly kind: Kind
      readonly targets: readonly string[]
      readonly version: Version
      readonly wireHash: string
      readonly subject: Subject
    }
)

const ORDER_TYPE = /^order\.(snapshot|deleted)$/

/** Parses one event on its own, so that a bad one does not refuse its neighbours. */
export function readEvent(event: unknown, { shop, orderTargets, epochNo }: EventContext): Reading {
  const peek = EventPeekSchema.parse(event)
  const told = identify(peek)
  const invalid = (fault: Fault): Reading => ({ ...told, is: 'invalid', fault })

  if (RESERVED_TYPE.test(peek.type ?? '')) return { ...told, is: 'not-subscribed' }
  if (ORDER_TYPE.test(peek.type ?? '') && orderTargets.length === 0) return { ...told, is: 'not-subscribed' }

  if (isDeeperThan(MAX_DEPTH, event)) return invalid(faultOf('too-deep'))
  const parsed = OrderEventSchema.safeParse(event)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    if (!first) throw new Error('The schema library refused an event without an issue.')
    return invalid(faultOfIssue(first, event))
  }
  const { data } = parsed
  const { subject, wireHash } = toSubject(data, shop)
  // Every amount of the wire is within bounds; a price times a quantity need not be.
  if (subject.is === 'snapshot' && !OrderSchema.safeEncode(subject.order).success) {
    return invalid(faultOf('amount-out-of-range', 'snapshot'))
  }
  const version = { ...data.version, epochNo }
  return {
    ...told,
    is: 'subject',
    kind: 'order',
    targets: orderTargets,
    version,
    wireHash,
    subject,
  }
}

function identify({ type, snapshot, tombstone }: EventPeek): { type?: string; id?: string } {
  const id = snapshot?.order_id ?? tombstone?.order_id
  const known = type !== undefined && (ORDER_TYPE.test(type) || RESERVED_TYPE.test(type))
  return { ...(known && { type }), ...(id && { id }) }
}

/** Unknown fields travel on unread, to whoever writes them down by recursion. */
const MAX_DEPTH = 32

const isDeeperThan = (depth: number, value: unknown): boolean =>
  value !== null &&
  typeof value === 'object' &&
  (depth === 0 || Object.values(value).some((inner) => isDeeperThan(depth - 1, inner)))
