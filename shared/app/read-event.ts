import type { ShopConfig } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import { type EventPeek, EventPeekSchema } from '#contracts/event-peek.ts'
import { OrderSchema } from '#contracts/order.ts'
import { type DocumentKind, type Kind, KindSchema, type Version } from '#contracts/scalars.ts'
import { WebhookEventSchema } from '#contracts/webhook.ts'
import { identityOf } from '#domain/identity.ts'
import { toSubject } from '#domain/to-subject.ts'
import type { PersonHash } from '#ports/person-key.ts'
import { shortHash } from './content-hash.ts'
import { type Fault, faultOf, faultOfIssue } from './event-fault.ts'
import { guestKeyWith } from './person-hash.ts'

/** What holds for every event of a request. */
export interface EventContext {
  readonly shop: { readonly id: string; readonly config: ShopConfig }
  /** Targets of the shop that take a kind. */
  readonly targetsFor: (kind: DocumentKind) => readonly string[]
  readonly personHash: PersonHash
  /** Position of the shop's current epoch, the only one that may post. */
  readonly epochNo: number
}

export interface ToDeliver {
  readonly kind: DocumentKind
  readonly targets: readonly string[]
  readonly subject: Subject
  /** When the thing came into being, where it cannot say so itself. */
  readonly bornAt?: string
}

/** What became of one event: what is to be delivered of it, the thing itself first, or why it is nothing. */
export type Reading = { readonly type?: string; readonly id?: string } & (
  | { readonly is: 'not-subscribed' }
  | { readonly is: 'invalid'; readonly fault: Fault }
  | {
      readonly is: 'subject'
      readonly version: Version
      readonly wireHash: string
      readonly deliveries: readonly [ToDeliver, ...ToDeliver[]]
    }
)

const EVENT_TYPE = new RegExp(`^(${KindSchema.options.join('|')})\\.(snapshot|deleted)$`)
/** The bridge's test of its connection: answered `not-subscribed` once signature and epoch are right. */
const TEST_TYPE = 'bridge.test'

/** Parses one event on its own, so that a bad one does not refuse its neighbours. */
export function readEvent(event: unknown, context: EventContext): Reading {
  const peek = EventPeekSchema.parse(event)
  const told = identify(peek)
  const invalid = (fault: Fault): Reading => ({ ...told, is: 'invalid', fault })

  if (peek.type === TEST_TYPE) return { ...told, is: 'not-subscribed' }
  const kind = kindOf(peek)
  // An order may say something of its customer, or of money given back, to whoever takes no orders.
  const concerned: DocumentKind[] = kind === 'order' ? ['order', 'customer', 'return'] : kind ? [kind] : []
  if (kind && concerned.every((one) => context.targetsFor(one).length === 0))
    return { ...told, is: 'not-subscribed' }

  if (isDeeperThan(MAX_DEPTH, event)) return invalid(faultOf('too-deep'))
  const parsed = WebhookEventSchema.safeParse(event)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    if (!first) throw new Error('The schema library refused an event without an issue.')
    return invalid(faultOfIssue(first, event))
  }
  const { data } = parsed
  const { subject, besides, wireHash } = toSubject(data, {
    ...context.shop,
    hash: shortHash,
    guestKey: guestKeyWith(context.personHash),
  })
  // Every amount of the wire is within bounds; a price times a quantity need not be.
  if (subject.is === 'snapshot' && !OrderSchema.safeEncode(subject.order).success) {
    return invalid(faultOf('amount-out-of-range', 'snapshot'))
  }
  const deliverable = (one: Subject): ToDeliver => {
    const { kind: its } = identityOf(one, shortHash)
    const isGuest = one.is === 'customer' && one.customer.userId === null
    const born = isGuest && subject.is === 'snapshot' ? { bornAt: subject.order.orderedAt } : {}
    return { kind: its, targets: context.targetsFor(its), subject: one, ...born }
  }
  const [first, ...others] = [subject, ...besides].map(deliverable)
  if (!first) throw new Error('An event of no subject.')
  if ([first, ...others].every(({ targets }) => targets.length === 0))
    return { ...told, is: 'not-subscribed' }
  return {
    ...told,
    is: 'subject',
    version: { ...data.version, epochNo: context.epochNo },
    wireHash,
    deliveries: [first, ...others],
  }
}

function kindOf({ type }: EventPeek): Kind | undefined {
  return KindSchema.safeParse(EVENT_TYPE.exec(type ?? '')?.[1]).data
}

function identify(peek: EventPeek): { type?: string; id?: string } {
  const { type, snapshot, tombstone } = peek
  const kind = kindOf(peek)
  const id = kind && (snapshot?.[ID_FIELDS[kind]] ?? tombstone?.[ID_FIELDS[kind]])
  const known = type !== undefined && (kind !== undefined || type === TEST_TYPE)
  return { ...(known && { type }), ...(id && { id }) }
}

const ID_FIELDS = {
  order: 'order_id',
  customer: 'user_id',
  return: 'back_id',
  ticket: 'msg_id',
} as const satisfies Record<Kind, string>

/** Unknown fields travel on unread, to whoever writes them down by recursion. */
const MAX_DEPTH = 32

const isDeeperThan = (depth: number, value: unknown): boolean =>
  value !== null &&
  typeof value === 'object' &&
  (depth === 0 || Object.values(value).some((inner) => isDeeperThan(depth - 1, inner)))
