import type { ShopConfig, TargetConfig } from '#contracts/config.ts'
import type { Customer } from '#contracts/customer.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import type { LedgerRow, RowKey } from '#contracts/ledger-row.ts'
import type { Line, Order } from '#contracts/order.ts'
import type { AskedPart, PartsRequest, PartsState } from '#contracts/parts.ts'
import type { Purchase, WarrantyRule } from '#contracts/purchase.ts'
import type { Return } from '#contracts/return.ts'
import type { Ticket } from '#contracts/ticket.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import { epochMs } from '#domain/calendar.ts'
import { identityOf } from '#domain/identity.ts'
import { partsState } from '#domain/parts.ts'
import { generationReference, orderSourceId } from '#domain/reference.ts'
import { warrantyOf } from '#domain/warranty.ts'
import type { ErpGateways, ReturnWrite } from '#ports/erp-gateway.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock } from '#ports/runtime.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import { shortHash } from './content-hash.ts'
import type { DeliverDeps } from './deliver.ts'
import type { Surroundings } from './matter.ts'
import { targetsFor } from './targets-for.ts'
import type { Turn } from './turn.ts'

/** As many as a service agent looks through. */
const NEWEST_ORDERS = 20

export interface SurroundingsDeps {
  readonly target: string
  readonly config: {
    readonly shops: Readonly<Record<string, Pick<ShopConfig, 'targets' | 'timeZone'>>>
    readonly targets: Readonly<Record<string, Pick<TargetConfig, 'kinds'>>>
    readonly warranty: readonly WarrantyRule[]
  }
  readonly gateways: Pick<ErpGateways, 'reads'>
  readonly ledger: Pick<Ledger, 'get' | 'getMany' | 'getSubject' | 'findByNo' | 'findByRef' | 'findByPerson'>
  readonly writebacks: Pick<WritebackLedger, 'findByRef'>
  readonly clock: Clock
  /** Time for one call. */
  readonly callMs: number
}

/** What a delivery says beside the thing itself: what was bought, which parts were asked for, the document of a return’s order. */
export function surroundingsWith(deps: SurroundingsDeps): NonNullable<DeliverDeps['surroundings']> {
  return async ({ message, people, row }, turn): Promise<Surroundings> => {
    const { subject } = message
    switch (subject.is) {
      case 'customer':
        return { purchases: await purchasesOfCustomer(subject.customer, people, deps), parts: [] }
      case 'ticket':
        return {
          purchases: await purchasesOfTicket(subject.ticket, message.shop, deps),
          parts: await partsOf(message, deps),
        }
      case 'return': {
        const order = await documentOf(subject.return, deps)
        return { purchases: [], parts: [], ...(order ? { order } : {}) }
      }
      case 'parts':
        return { purchases: [], parts: [], asked: await asked(subject.parts, message, row, turn, deps) }
      case 'snapshot':
      case 'tombstone':
      case 'gone':
        return { purchases: [], parts: [] }
    }
  }
}

/** The lines of the order that a ticket is about; whichever target has its stored state. */
async function purchasesOfTicket(
  { order }: Ticket,
  shop: string,
  deps: SurroundingsDeps,
): Promise<Purchase[]> {
  if (!order) return []
  const { ledger, config } = deps
  const shopConfig = config.shops[shop]
  const takers = shopConfig ? targetsFor(shopConfig, config.targets)('order') : []
  const { addTime } = order
  const keys: RowKey[] =
    addTime === null
      ? (await ledger.findByRef(order.reference)).map(({ key }) => key)
      : takers.map((target) => ({
          shop,
          kind: 'order',
          sourceId: orderSourceId(order.orderId, addTime),
          target,
        }))
  for (const key of keys) {
    const subject = await ledger.getSubject(key)
    if (subject?.is !== 'snapshot') continue
    return purchasesIn(subject.order, order.reference, deps)
  }
  return []
}

/** The newest orders of a member; of a guest those that name the same people, and no member. */
async function purchasesOfCustomer(
  { shop, userId }: Customer,
  people: readonly string[],
  deps: SurroundingsDeps,
): Promise<Purchase[]> {
  const { ledger } = deps
  const named = (await Promise.all(people.map((person) => ledger.findByPerson(person)))).flat()
  const orders = named.filter(({ key }) => key.kind === 'order' && key.shop === shop)
  // One row for each, whichever targets have it.
  const rows = new Map(orders.map((row) => [row.ref, row]))
  const newest = [...rows.values()].toSorted((a, b) => b.firstSeenAt - a.firstSeenAt).slice(0, NEWEST_ORDERS)
  const purchases = await Promise.all(
    newest.map(async ({ key, ref }) => {
      const subject = await ledger.getSubject(key)
      const isTheirs = subject?.is === 'snapshot' && subject.order.buyer.userId === userId
      return isTheirs ? purchasesIn(subject.order, ref, deps) : []
    }),
  )
  return purchases.flat().toSorted((a, b) => epochMs(b.purchasedAt) - epochMs(a.purchasedAt))
}

/** Every line of an order as something bought; of a package what is in it. */
async function purchasesIn(
  order: Order,
  orderReference: string,
  { config, writebacks }: SurroundingsDeps,
): Promise<Purchase[]> {
  const shipments = await writebacks.findByRef(orderReference)
  const timeZone = config.shops[order.shop]?.timeZone ?? order.timeZone
  return order.lines.flatMap((line) => {
    if (line.kind === 'promotion') return []
    const left = leavingOf(line, shipments)
    const shippedAt = left
      .map(({ at }) => at)
      .toSorted((a, b) => epochMs(a) - epochMs(b))
      .at(-1)
    const items = line.kind === 'package' ? line.parts : [line]
    return items.map(({ sku, name, quantity }): Purchase => {
      const bought = {
        orderReference,
        orderSn: order.orderSn,
        recId: line.recId,
        sku,
        model: line.goodsSn,
        name,
        specification: line.attributes.trim(),
        quantity,
        purchasedAt: order.orderedAt,
        channel: order.referer,
        shippedAt: shippedAt ?? order.shippedAt,
        serials: [...new Set(left.flatMap(({ serials }) => serials.get(sku) ?? []))],
      }
      return { ...bought, warranty: warrantyOf(bought, config.warranty, timeZone) }
    })
  })
}

interface Leaving {
  readonly at: string
  /** By SKU. */
  readonly serials: ReadonlyMap<string, readonly string[]>
}

/** The shipments that a line left with, as the ERP told of them. */
function leavingOf(line: Line, shipments: readonly WritebackRow[]): Leaving[] {
  return shipments.flatMap(({ command, status, told }) => {
    if (command?.is !== 'shipment' || status === 'parked') return []
    const { shipment } = command
    if (!shipment.lines.some(({ rec_id }) => rec_id === line.recId)) return []
    const ofLine = told?.lines.filter(({ recId }) => recId === undefined || recId === line.recId) ?? []
    const bySku = Map.groupBy(ofLine, ({ sku }) => sku)
    const serials = new Map([...bySku].map(([sku, lines]) => [sku, lines.flatMap((one) => one.serials)]))
    return [{ at: shipment.shipped_at, serials }]
  })
}

/** What became of the parts that this desk asked for, for this ticket. */
async function partsOf(message: DeliveryMessage, deps: SurroundingsDeps): Promise<PartsState[]> {
  const { ledger, config, target } = deps
  const { shop, subject, tells } = message
  const shopConfig = config.shops[shop]
  const takers = shopConfig ? targetsFor(shopConfig, config.targets)('parts') : []
  if (takers.length === 0) return []
  const { reference, sourceId } = identityOf(subject, shortHash)
  const known = (await ledger.findByNo(reference)).filter(({ key }) => key.kind === 'parts')
  const ids = new Set([...known.map(({ key }) => key.sourceId), ...(tells === undefined ? [] : [tells])])
  const own = [...ids].filter((id) => id.startsWith(`${target}.${sourceId}.`)).toSorted()
  // A search may be behind; what is read by key is not.
  const keys = own.flatMap((id) =>
    takers.map((taker): RowKey => ({ shop, kind: 'parts', sourceId: id, target: taker })),
  )
  const rows = await ledger.getMany(keys)
  return rows.filter((row) => row !== undefined).map(partsState)
}

/** The document of a return’s order at the same target. */
async function documentOf(
  { shop, order }: Return,
  { ledger, target }: SurroundingsDeps,
): Promise<ReturnWrite['order']> {
  if (order.addTime === null) return undefined
  const sourceId = orderSourceId(order.orderId, order.addTime)
  const row = await ledger.get({ shop, kind: 'order', sourceId, target })
  if (!row?.erp) return undefined
  const { id, no, step, state, generation } = row.erp
  return {
    reference: generationReference(row.ref, generation),
    document: { id, ...(no === undefined ? {} : { no }), step, state },
  }
}

/** What was asked for, with what the ERP has of it now. A figure that cannot be had holds nothing up. */
async function asked(
  { lines, withdrawn, refused }: PartsRequest,
  { correlationId }: DeliveryMessage,
  row: LedgerRow | undefined,
  turn: Turn,
  { gateways, clock, callMs }: SurroundingsDeps,
): Promise<NonNullable<LedgerRow['parts']>> {
  const before = row?.parts
  const parcels = before?.parcels ?? []
  const why = refused ?? before?.refused
  const known = new Map(before?.lines.map(({ sku, available }) => [sku, available]))
  const keep = (line: (typeof lines)[number]): AskedPart => ({
    ...line,
    available: known.get(line.sku) ?? null,
  })
  const kept = {
    lines: lines.length > 0 ? lines.map(keep) : (before?.lines ?? []),
    parcels,
    ...(why === undefined ? {} : { refused: why }),
  }
  const { stock } = gateways.reads ?? {}
  const isNews = !withdrawn && row?.status !== 'done'
  // It shares the token of the write it leads to, as a look-up does.
  if (!isNews || !stock || !turn.hasTime(callMs)) return kept
  const skus = [...new Set(lines.map(({ sku }) => sku))].slice(0, stock.maxSkus)
  const answer = await turn.inSlot(async () =>
    turn.hasTime(callMs)
      ? stock.bySku(skus, [], { deadline: clock.now() + callMs, correlationId })
      : undefined,
  )
  if (!answer) return kept
  turn.report(answer.is === 'failed' ? answer.failure.class : undefined)
  if (answer.is === 'failed') return kept
  return {
    ...kept,
    lines: kept.lines.map((line) => ({ ...line, available: answer.value.get(line.sku) ?? line.available })),
  }
}
