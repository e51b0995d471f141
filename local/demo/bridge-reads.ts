import * as z from 'zod'
import { BRIDGE_FEATURES, type Changes, type Digests, type Export, type Health } from '#contracts/bridge.ts'
import { IdSchema, type Kind } from '#contracts/scalars.ts'
import type { OrderSnapshot, WebhookEvent } from '#contracts/webhook.ts'
import { type BridgeAnswer, ok, refuse, refuseFields } from './bridge-problem.ts'
import type { DemoShop } from './shop.ts'
import { instant, instantOrNull, wire } from './shop-order.ts'

type Query = Readonly<Record<string, string>>

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,17})$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
const RawTime = whole(0, Number.MAX_SAFE_INTEGER)

/** `GET health.php` */
export function health(shop: DemoShop, query: Query): BridgeAnswer {
  const asked = z.strictObject({}).safeParse(query)
  if (!asked.success) return refuseFields(asked.error)
  const { pending, setAside, oldest } = shop.database.counts()
  const answer: Health = {
    bridge: { version: 'demo', capture: 'triggers', features: [...BRIDGE_FEATURES] },
    platform: { name: 'ecshop', version: 'demo', php: 'none', database: 'SQLite', charset: 'utf-8' },
    epoch: shop.identity.epoch,
    seq: shop.database.seq,
    clock: { now: instant(shop.time()), raw_offset: 0 },
    currency: 'CNY',
    stock_mode: shop.stockMode,
    relay: {
      paused: null,
      pending,
      set_aside: setAside,
      oldest_pending_at: oldest === null ? null : instant(oldest),
      last_accepted_at: null,
      last_error: null,
    },
  }
  return ok(answer)
}

const ChangesQuerySchema = z.strictObject({
  after: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  limit: whole(1, 1000).default(100),
})

/** `GET changes.php` */
export function changes(shop: DemoShop, query: Query): BridgeAnswer {
  const asked = ChangesQuerySchema.safeParse(query)
  if (!asked.success) return refuseFields(asked.error)
  const { after, limit } = asked.data
  const rows = shop.database.changesAfter(after, limit)
  const answer: Changes = {
    epoch: shop.identity.epoch,
    seq: shop.database.seq,
    changes: rows.map(({ seq, kind, id, deleted, stamp, at }) => ({
      seq,
      kind,
      id: String(id),
      deleted,
      stamp,
      at: instant(at),
    })),
    next: rows.at(-1)?.seq ?? after,
    more: rows.length === limit,
  }
  return ok(answer)
}

const ThingQuerySchema = z.strictObject({ id: IdSchema, stamp: RawTime.optional() })
const PageQuerySchema = z.strictObject({
  after: IdSchema.default('0'),
  limit: whole(1, 100).default(50),
  since: RawTime.default(0),
  view: z.enum(['full', 'digest']).default('full'),
})

/** `GET orders.php` and its like. */
export const things =
  (kind: Kind) =>
  (shop: DemoShop, query: Query): BridgeAnswer => {
    if ('id' in query) {
      const asked = ThingQuerySchema.safeParse(query)
      if (!asked.success) return refuseFields(asked.error)
      const event = shop.event(kind, Number(asked.data.id), asked.data.stamp)
      return event ? ok({ event }) : refuse('not-found', 'The shop has no such thing.', 'Compare the id.')
    }
    const asked = PageQuerySchema.safeParse(query)
    if (!asked.success) return refuseFields(asked.error)
    const { after, limit, since, view } = asked.data
    const ids = shop.idsOf(kind, Number(after), limit)
    const events = ids.flatMap((id) => {
      const event = shop.event(kind, id)
      return event && timesOf(event).stamp >= since ? [event] : []
    })
    const page = { epoch: shop.identity.epoch, next: ids.length < limit ? null : String(ids.at(-1)) }
    const full: Export = { ...page, events }
    const digests: Digests = { ...page, digests: events.map(digestOf) }
    return ok(view === 'full' ? full : digests)
  }

function digestOf(event: WebhookEvent): Digests['digests'][number] {
  const { id, stamp } = timesOf(event)
  return {
    id,
    stamp,
    hash: event.hash,
    hashVersion: event.hashVersion,
    at: instantOrNull(stamp),
    total: event.type === 'order.snapshot' ? totalFee(event.snapshot) : null,
  }
}

/** Identity of what is there. */
function timesOf(event: WebhookEvent): { id: string; stamp: number } {
  switch (event.type) {
    case 'order.snapshot':
      return { id: event.snapshot.order_id, stamp: event.snapshot.add_time }
    case 'customer.snapshot':
      return { id: event.snapshot.user_id, stamp: event.snapshot.reg_time }
    case 'return.snapshot':
      return { id: event.snapshot.back_id, stamp: event.snapshot.return_time }
    case 'ticket.snapshot':
      return { id: event.snapshot.msg_id, stamp: event.snapshot.msg_time }
    case 'order.deleted':
    case 'customer.deleted':
    case 'return.deleted':
    case 'ticket.deleted':
      throw new Error('a tombstone is on no page')
  }
}

const fen = (amount: string) => Math.round(Number(amount) * 100)

/** As lib_order.php computes it. */
const totalFee = (order: OrderSnapshot) =>
  wire(
    [order.goods_amount, order.tax, order.shipping_fee, order.insure_fee, order.pay_fee, order.pack_fee]
      .concat(order.card_fee)
      .reduce((sum, amount) => sum + fen(amount), -fen(order.discount)),
  )
