import { BUYERS, PRODUCTS, SPARE_PARTS } from '../demo/catalogue.ts'
import { DEMO_SHOP } from '../demo/demo-config.ts'
import type { DeskTicket, Done } from '../demo/desk.ts'
import type { ShopOrder } from '../demo/shop-order.ts'
import { arrive, bring, reach, type Stage } from './stage.ts'
import { tallyAfterSales } from './tally-after-sales.ts'
import type { Enter } from './way-back.ts'

/** What comes after a sale. @param sold an order with goods that bear serial numbers */
export async function playAfterSales(stage: Stage, enter: Enter, sold: ShopOrder): Promise<void> {
  await joinTheShop(stage)
  await sendBack(stage, enter)
  await askForHelp(stage, sold)
}

/** All of it is where it belongs. */
export async function lookedAfter(stage: Stage): Promise<void> {
  if (!stage.fire) return
  const isThere = () => tallyAfterSales(stage).every(({ right, of }) => right === of)
  await bring(stage, ['aftersales', 'shipments'], isThere, stage.texts.openAfterSales)
}

async function joinTheShop(stage: Stage): Promise<void> {
  const { shop, erp, desk, tell, texts } = stage
  const guest = BUYERS.find(({ userId }) => userId === '0')
  const { id } = shop.register()
  // The same phone as somebody who has only been a guest so far.
  if (guest) shop.moveHouse(id, guest.mobile)
  const reference = `EC${DEMO_SHOP}-U${id}`
  const name = { no: `U${id}` }
  tell(name, texts.registered)
  const inErp = () => erp.documentsOf('customers').find((document) => document.reference === reference)
  await reach(
    stage,
    () =>
      inErp()?.body['phone'] === guest?.mobile && desk.customers().some((one) => one.reference === reference),
    texts.openCustomer(name.no),
  )
  tell(name, texts.customerKnown(inErp()?.no ?? ''))
}

async function sendBack(stage: Stage, enter: Enter): Promise<void> {
  const { shop, erp, tell, texts } = stage
  const [, cup] = PRODUCTS
  if (!cup) return
  const order = enter({ items: [{ product: cup, quantity: 1 }] })
  await arrive(stage, order)
  erp.ship(order.no, { tracking: [`SF${order.no}9`] })
  const isSent = () => (shop.order(order.no)?.deliveries ?? []).length > 0
  await bring(stage, ['shipments'], isSent, texts.openShipment(order.no))

  const [back] = shop.takeBack(order.no)
  if (!back) return
  const reference = `EC${DEMO_SHOP}-R${back.id}`
  tell(order, texts.sentBack)
  const inErp = () => erp.documentsOf('returns').find((document) => document.reference === reference)
  await reach(stage, () => inErp() !== undefined, texts.openReturn(order.no))
  tell(order, texts.returnKnown(inErp()?.no ?? ''))

  for (const step of RETURN_STEPS) erp.advance(reference, step)
  const noted = () => shop.order(order.no)?.log ?? []
  const isNoted = () => RETURN_STEPS.every(({ note }) => noted().some(({ text }) => text.includes(note)))
  await bring(stage, ['aftersales'], isNoted, texts.openReturn(order.no))
  for (const { text } of noted()) tell(order, texts.noted(oneLine(text)))
}

const RETURN_STEPS = [
  { step: 'received', person: '演示仓管员', note: '外包装完好' },
  { step: 'inspected', person: '演示质检员', note: '杯口有一道细纹' },
  { step: 'refunded', person: '演示会计', note: '原路退回' },
] as const

async function askForHelp(stage: Stage, sold: ShopOrder): Promise<void> {
  const { shop, desk, erp, tell, texts } = stage
  const { id } = shop.ask('台灯不亮了', '昨天还好好的，今天按开关没有反应。', sold)
  const reference = `EC${DEMO_SHOP}-T${id}`
  const name = { no: `T${id}` }
  tell(name, texts.asked(sold.no))
  const ticket = () => desk.ticket(reference)
  await reach(stage, () => ticket() !== undefined, texts.openTicket(name.no))
  const lamp = ticket()?.purchases.find(({ serials }) => serials.length > 0)
  tell(name, texts.ticketKnown(ticket()?.no ?? '', lamp?.serials[0] ?? '-', lamp?.warranty?.endsOn ?? '-'))

  const [spare, missing] = SPARE_PARTS
  const steps = TICKET_STEPS.map((done) => desk.note(reference, done))
  // The first of them once more: whoever was not answered tells it again.
  const told = [...steps, ...steps.slice(0, 1)]
  for (const step of told)
    await reach(stage, async () => (await desk.tell([step])) < 300, texts.openTicket(name.no))
  const replies = () => shop.ticket(id)?.replies[0]?.parts ?? []
  const areThere = () => TICKET_STEPS.every(({ note }) => replies().some(({ text }) => text.includes(note)))
  await reach(stage, areThere, texts.openTicket(name.no))
  for (const { text } of replies()) tell(name, texts.replied(oneLine(text)))

  const heard = (state: string) => ticket()?.parts.find((request) => request.state === state)
  await reach(
    stage,
    () => heard('confirmed') !== undefined && heard('refused') !== undefined,
    texts.openParts,
  )
  tell(name, texts.partsConfirmed(spare.sku, heard('confirmed')?.documentNo ?? ''))
  tell(name, texts.partsRefused(missing.sku, heard('refused')?.why ?? ''))

  const request = partsOf(ticket(), 'confirmed')
  if (request) erp.shipParts(request, { tracking: [`SF${id}7`] })
  await bring(stage, ['shipments'], () => (heard('confirmed')?.parcels ?? []).length > 0, texts.openParts)
  tell(name, texts.partsLeft(heard('confirmed')?.parcels[0]?.tracking.join(', ') ?? ''))
}

const [SPARE, MISSING] = SPARE_PARTS
const TICKET_STEPS: readonly (Done & { readonly note: string })[] = [
  { step: 'accepted', person: '演示客服', note: '已收到您的留言' },
  { step: 'inspecting', person: '演示工程师', note: '灯头接触不良' },
  {
    step: 'waiting-parts',
    person: '演示工程师',
    note: '需要更换灯头',
    parts: [{ sku: SPARE.sku, quantity: 1 }],
  },
  {
    step: 'repairing',
    person: '演示工程师',
    note: '顺便询问灯罩',
    parts: [{ sku: MISSING.sku, quantity: 1 }],
  },
  { step: 'closed', person: '演示客服', note: '已修复，可正常使用' },
]

const partsOf = (ticket: DeskTicket | undefined, state: string) =>
  ticket?.parts.find((request) => request.state === state)?.reference

const oneLine = (text: string) => text.split('\n').join(' · ')
