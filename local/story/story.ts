import { unknownProduct } from '../demo/catalogue.ts'
import { COMMITTED_UNHEARD } from '../demo/erp.ts'
import type { ErpCall } from '../demo/erp-call.ts'
import type { ShopOrder } from '../demo/shop-order.ts'
import { lookedAfter, playAfterSales } from './after-sales.ts'
import { arrive, isConfirmed, reach, type Stage, StuckError, settled } from './stage.ts'
import { type Enter, playWayBack, returned } from './way-back.ts'

export interface Played {
  /** As the shop has them now. */
  readonly orders: readonly ShopOrder[]
  /** Those the ERP cannot take until a person has done something. */
  readonly meantToPark: readonly ShopOrder[]
  /** What was still open when the time was up; undefined if everything came to its end. */
  readonly open: string | undefined
}

/** Each order meets another mishap; all must be in the ERP exactly once, or wait for a person. */
export async function play(stage: Stage): Promise<Played> {
  const { shop } = stage
  const cast = new Set<string>()
  const meant = new Set<string>()
  const present = (numbers: ReadonlySet<string>) => shop.orders().filter(({ no }) => numbers.has(no))
  const enter: Enter = (options = {}) => {
    const order = shop.place({ paid: options.paid ?? true, ...(options.items && { items: options.items }) })
    cast.add(order.no)
    if (options.meantToPark) meant.add(order.no)
    return order
  }
  const ended = async () => {
    try {
      await playAll(stage, enter)
      await settled(stage, () => present(cast))
      await returned(stage)
      await lookedAfter(stage)
      return undefined
    } catch (error) {
      if (!(error instanceof StuckError)) throw error
      return error.message
    }
  }
  const open = await ended()
  return { orders: present(cast), meantToPark: present(meant), open }
}

async function playAll(stage: Stage, enter: Enter): Promise<void> {
  // First, because its message stays invisible for half a minute: the rest of the story plays meanwhile.
  const killed = await killInMidCall(stage, enter)
  const hung = await hangAfterCommit(stage, enter)
  await payLater(stage, enter)
  await editAndCancel(stage, enter)
  if (stage.webhooks) {
    await duplicate(stage, enter)
    await arriveOutOfOrder(stage, enter)
  }
  await nameAnUnknownSku(stage, enter)
  await beFoundAgain(stage, hung)
  // Without schedules nothing comes back.
  const sold = stage.fire && (await playWayBack(stage, enter))
  if (sold) await playAfterSales(stage, enter, sold)
  stage.tell(killed, stage.texts.waiting)
  await beFoundAgain(stage, killed)
}

async function killInMidCall(stage: Stage, enter: Enter): Promise<ShopOrder> {
  const { erp, tell, texts, killWorkers } = stage
  let pids: number[] | undefined
  const order = enter()
  erp.prepare((call) => {
    if (!places(call, order)) return undefined
    pids = killWorkers()
    return COMMITTED_UNHEARD
  })
  tell(order, texts.placedPaid)
  await reach(stage, () => pids !== undefined)
  tell(order, texts.killed((pids ?? []).join(', ')))
  tell(order, texts.queueKeeps)
  return order
}

async function hangAfterCommit(stage: Stage, enter: Enter): Promise<ShopOrder> {
  const { erp, tell, texts } = stage
  let hangs = false
  const order = enter()
  erp.prepare((call) => {
    if (!places(call, order)) return undefined
    hangs = true
    return COMMITTED_UNHEARD
  })
  tell(order, texts.willHang)
  await reach(stage, () => hangs)
  tell(order, texts.hung)
  return order
}

async function beFoundAgain(stage: Stage, order: ShopOrder): Promise<void> {
  const { tell, texts, rowOf } = stage
  await reach(stage, async () => (await rowOf(order))?.status === 'done')
  const row = await rowOf(order)
  const wasFound = row?.history.some(({ event }) => event.startsWith('found.live'))
  tell(order, wasFound ? texts.foundAgain : texts.arrived)
}

async function payLater(stage: Stage, enter: Enter): Promise<void> {
  const { shop, tell, texts, rowOf } = stage
  const order = enter({ paid: false })
  tell(order, texts.placedUnpaid)
  await reach(stage, async () => (await rowOf(order))?.status === 'held')
  tell(order, texts.held)
  shop.pay(order.no)
  tell(order, texts.paid)
  await arrive(stage, order)
}

async function editAndCancel(stage: Stage, enter: Enter): Promise<void> {
  const { shop, tell, texts } = stage
  const edited = enter()
  const cancelled = enter()
  tell(edited, texts.placedPaid)
  tell(cancelled, texts.placedPaid)
  await arrive(stage, edited)
  await arrive(stage, cancelled)
  shop.edit(edited.no)
  tell(edited, texts.edited)
  shop.cancel(cancelled.no)
  tell(cancelled, texts.cancelled)
  await reach(stage, () => isConfirmed(stage, edited))
  tell(edited, texts.amended)
  await reach(stage, () => isConfirmed(stage, cancelled))
  tell(cancelled, texts.cancelledInErp)
}

async function duplicate(stage: Stage, enter: Enter): Promise<void> {
  const { shop, webhookUrl, tell, texts } = stage
  const order = enter()
  tell(order, texts.placedPaid)
  await arrive(stage, order)
  const event = shop.lastEvent(order.no)
  if (event !== undefined) await shop.post(webhookUrl, [event])
  shop.touch(order.no)
  tell(order, texts.duplicate)
  await reach(stage, () => isConfirmed(stage, order))
}

async function arriveOutOfOrder(stage: Stage, enter: Enter): Promise<void> {
  const { shop, webhookUrl, tell, texts } = stage
  const order = enter()
  // Captured before the relay sends anything of it, and posted after the relay has sent the edited state.
  const older = shop.capture(order.no)
  shop.edit(order.no)
  tell(order, texts.outOfOrder)
  await reach(stage, () => shop.acceptedSeq(order.no) > 0)
  if (older) await shop.post(webhookUrl, [JSON.stringify(older)])
  await arrive(stage, order)
}

async function nameAnUnknownSku(stage: Stage, enter: Enter): Promise<void> {
  const { shop, erp, tell, texts, rowOf } = stage
  const product = unknownProduct((shop.orders().at(-1)?.id ?? 0) + 1)
  erp.forget(product.sku)
  const order = enter({ items: [{ product, quantity: 1 }], meantToPark: true })
  tell(order, texts.unknownSku(product.sku))
  await reach(stage, async () => (await rowOf(order))?.status === 'parked')
  tell(order, texts.parked)
}

const places = ({ op, reference }: ErpCall, { no }: ShopOrder) =>
  op === 'place' && reference?.split('-')[1] === no
