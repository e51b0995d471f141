import { isDeepStrictEqual } from 'node:util'
import { readBrake, releaseBrake } from '#app/stock/brake-note.ts'
import { PRODUCTS, type Product } from '../demo/catalogue.ts'
import { DEMO_POOL } from '../demo/demo-config.ts'
import type { Parcel } from '../demo/erp-server.ts'
import type { DemoShop } from '../demo/shop.ts'
import type { ShopOrder } from '../demo/shop-order.ts'
import { arrive, bring, isConfirmed, type Stage, StuckError } from './stage.ts'
import { isWhole, tallyStock, tallyWayBack } from './tally-way-back.ts'

export type Enter = (options?: {
  paid?: boolean
  items?: NonNullable<Parameters<DemoShop['place']>[0]>['items']
  meantToPark?: boolean
}) => ShopOrder

/** What comes back from the ERP, and what no webhook told. Answers what was shipped. */
export async function playWayBack(stage: Stage, enter: Enter): Promise<ShopOrder | undefined> {
  if (stage.webhooks) await loseAWebhook(stage, enter)
  await countAShelf(stage)
  const shipped = await shipInParts(stage, enter)
  await tripTheBrake(stage)
  return shipped
}

/** Stock and shipments are in the shop as the ERP has them. */
export async function returned(stage: Stage): Promise<void> {
  if (!stage.fire) return
  const isBack = () => isWhole(tallyWayBack(stage))
  await bring(stage, ['shipments', 'stock'], isBack, stage.texts.openWayBack)
}

async function loseAWebhook(stage: Stage, enter: Enter): Promise<void> {
  const { shop, tell, texts } = stage
  const order = enter()
  shop.loseWebhook(order.no)
  tell(order, texts.webhookLost)
  await bring(stage, ['sweep'], () => isConfirmed(stage, order))
  tell(order, texts.swept)
}

async function countAShelf(stage: Stage): Promise<void> {
  const { shop, erp, tell, texts } = stage
  const [{ sku }] = PRODUCTS
  const [shelf] = erp.shelves(sku)
  if (!shelf) return
  const onHand = COUNTED.find((figure) => figure !== shelf.onHand) ?? 0
  const before = shop.stockOf(sku)?.quantity ?? 0
  erp.putStock({ ...shelf, onHand })
  tell({ no: sku }, texts.shelfCounted(shelf.warehouse, shelf.onHand, onHand))
  await bring(stage, ['stock'], () => tallyStock(stage, sku).isRight, texts.openStock(sku))
  tell({ no: sku }, texts.stockArrived(before, shop.stockOf(sku)?.quantity ?? 0))
}

const COUNTED = [420, 380] as const

async function shipInParts(stage: Stage, enter: Enter): Promise<ShopOrder | undefined> {
  const { tell, texts } = stage
  const [, cup, , lamp] = PRODUCTS
  if (!cup || !lamp) return undefined
  const items = [piecesOf(lamp, 2), piecesOf(cup, 1)]
  const order = enter({ items })
  tell(order, texts.placedPaid)
  await arrive(stage, order)

  const first = { sku: lamp.sku, quantity: 1, serials: [`SN-${order.id}-1`] }
  await send(stage, order, { lines: [first], tracking: [`SF${order.no}1`, `SF${order.no}2`] }, texts.partLeft)
  await send(stage, order, { tracking: [`SF${order.no}3`] }, texts.restLeft)
  return order
}

async function send(
  stage: Stage,
  { no }: ShopOrder,
  parcel: Parcel & { readonly tracking: readonly string[] },
  left: (tracking: string) => string,
): Promise<void> {
  const { shop, erp, tell, texts } = stage
  erp.ship(no, parcel)
  tell({ no }, left(parcel.tracking.join(', ')))
  const note = () =>
    shop.order(no)?.deliveries?.find(({ tracking }) => isDeepStrictEqual(tracking, parcel.tracking))
  await bring(stage, ['shipments'], () => note() !== undefined, texts.openShipment(no))
  tell({ no }, texts.parcelsShown(note()?.no ?? ''))
}

const piecesOf = (product: Product, quantity: number) => ({ product, quantity })

async function tripTheBrake(stage: Stage): Promise<void> {
  const { shop, erp, notes, tell, texts } = stage
  const figures = () => PRODUCTS.map(({ sku }) => shop.stockOf(sku)?.quantity)
  const name = { no: DEMO_POOL }
  const before = figures()
  erp.poison(true)
  tell(name, texts.poisoned)
  const brake = () => readBrake(DEMO_POOL, notes)
  await bring(stage, ['stock'], async () => (await brake())?.state === 'tripped', texts.openBrake)
  const { changed = 0, of = 0 } = (await brake())?.counts ?? {}
  if (figures().some((figure, index) => figure !== before[index])) throw new StuckError(texts.brakeFailed)
  tell(name, texts.brakeTripped(changed, of))

  erp.poison(false)
  await releaseBrake(DEMO_POOL, notes)
  tell(name, texts.brakeReleased)
  await bring(stage, ['stock'], async () => (await brake())?.state === 'passed', texts.openBrake)
  tell(name, texts.brakePassed)
}
