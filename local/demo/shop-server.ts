import { createServer, type IncomingMessage, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import * as z from 'zod'
import { MoneySchema } from '#contracts/scalars.ts'
import { answerBridge, BRIDGE_PATH } from './bridge-api.ts'
import { FREIGHT, PRODUCTS } from './catalogue.ts'
import type { DemoShop } from './shop.ts'
import { buyerOf, goodsOf, instant, type ShopOrder, sentOf, totalOf, wire } from './shop-order.ts'
import type { Ticket } from './shop-things.ts'

interface Reply {
  readonly status: number
  readonly body: object
}

const PlaceSchema = z.object({
  paid: z.boolean().default(true),
  lines: z
    .array(z.object({ sku: z.string(), quantity: z.int().positive().max(999) }))
    .min(1)
    .max(50)
    .optional(),
})

const ReturnSchema = z.object({ refund: z.enum(['balance', 'withdrawal']).optional() })
const RefundSchema = z.object({ amount: MoneySchema })
const AskSchema = z.object({ title: z.string().min(1).max(200), text: z.string().min(1).max(2000) })
const ReplySchema = AskSchema.pick({ text: true })

const GUIDE = {
  what: 'The demo shop of ecshop-erp-sync. Everything in it is invented.',
  paths: {
    'GET /orders': 'its orders',
    [BRIDGE_PATH]: 'its bridge, for signed calls: docs/contracts/bridge-v1.md',
    'GET /outbox': 'what its bridge has not got accepted yet',
    'POST /orders': '{"paid", "lines": [{"sku", "quantity"}]}, all optional: places an order',
    'POST /orders/{no}/pay': 'pays it, which confirms it',
    'POST /orders/{no}/edit': 'one piece more of the first line',
    'POST /orders/{no}/cancel': 'cancels it',
    'POST /orders/{no}/ship': 'ships what is left of it',
    'POST /orders/{no}/return':
      '{"refund": "balance" | "withdrawal"}, optional: takes back all that was shipped',
    'POST /orders/{no}/refund': '{"amount": "12.30"}: gives a member some of the money back',
    'POST /orders/{no}/ask': '{"title", "text"}: its customer’s message',
    'GET /tickets': 'its customers’ messages, and what was answered',
    'POST /tickets/{id}/reply': '{"text"}: an administrator answers',
    'POST /orders/{no}/duplicate': 'sends its last event once more, byte for byte',
    'POST /orders/{no}/out-of-order': 'edits it and sends what it was before after what it is now',
  },
}

/** The demo shop's own address, for people who want to go on where the story ends. */
export function createShopServer(shop: DemoShop, webhookUrl: () => string): Server {
  return createServer((request, response) => {
    answer(request, shop, webhookUrl()).then(
      ({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      // The caller broke off.
      () => response.destroy(),
    )
  })
}

async function answer(request: IncomingMessage, shop: DemoShop, webhookUrl: string): Promise<Reply> {
  const { pathname } = new URL(request.url ?? '/', 'http://shop')
  if (pathname.startsWith(BRIDGE_PATH)) return answerBridge(request, shop)
  const route = `${request.method} ${pathname}`
  if (route === 'GET /') return { status: 200, body: GUIDE }
  if (route === 'GET /orders') return { status: 200, body: { demo: true, orders: shop.orders().map(shown) } }
  if (route === 'GET /outbox') return { status: 200, body: { waiting: shop.outbox() } }
  if (route === 'GET /tickets')
    return { status: 200, body: { demo: true, tickets: shop.tickets().map(asked) } }
  const body = request.method === 'POST' ? parsedJson((await text(request)) || '{}') : undefined
  if (route === 'POST /orders') return place(body, shop)

  const [, ticketId] = /^POST \/tickets\/(\d+)\/reply$/.exec(route) ?? []
  if (ticketId !== undefined) return reply(Number(ticketId), body, shop)

  const [, no, action] = /^\/orders\/([A-Za-z0-9]+)(?:\/([a-z-]+))?$/.exec(pathname) ?? []
  const order = no === undefined ? undefined : shop.order(no)
  if (no === undefined || !order) return problem(404, `There is no ${route}.`)
  if (action === undefined && request.method === 'GET') return { status: 200, body: shown(order) }
  return request.method === 'POST'
    ? act(action ?? '', order, body, shop, webhookUrl)
    : problem(404, `There is no ${route}.`)
}

async function act(
  action: string,
  order: ShopOrder,
  body: unknown,
  shop: DemoShop,
  webhookUrl: string,
): Promise<Reply> {
  const { no } = order
  switch (action) {
    case 'pay':
      return changed(shop.pay(no), 'Only an open, unpaid order can be paid.')
    case 'edit':
      return changed(shop.edit(no), 'A cancelled order cannot be edited.')
    case 'cancel':
      return changed(shop.cancel(no), 'It is cancelled already.')
    case 'ship':
      return ship(order, shop)
    case 'return': {
      const wish = ReturnSchema.safeParse(body)
      if (!wish.success) return problem(400, z.prettifyError(wish.error))
      const returns = shop.takeBack(no, wish.data.refund)
      return changed(returns.length > 0 ? shop.order(no) : undefined, 'Nothing of it was shipped.')
    }
    case 'refund': {
      const wish = RefundSchema.safeParse(body)
      if (!wish.success) return problem(400, z.prettifyError(wish.error))
      return changed(shop.refundPart(no, wish.data.amount), 'So much was not paid, or by no member.')
    }
    case 'ask': {
      const wish = AskSchema.safeParse(body)
      if (!wish.success) return problem(400, z.prettifyError(wish.error))
      return { status: 201, body: asked(shop.ask(wish.data.title, wish.data.text, order)) }
    }
    case 'duplicate': {
      const event = shop.lastEvent(no)
      if (event === undefined) return problem(409, 'Nothing was accepted of it yet.')
      return { status: 200, body: { answers: await shop.post(webhookUrl, [event]) } }
    }
    case 'out-of-order': {
      const older = shop.capture(no)
      const edited = shop.edit(no)
      const newer = shop.capture(no)
      if (!edited || !older || !newer) return problem(409, 'A cancelled order cannot be edited.')
      const answers = [
        await shop.post(webhookUrl, [JSON.stringify(newer)]),
        await shop.post(webhookUrl, [JSON.stringify(older)]),
      ]
      return { status: 200, body: { answers } }
    }
    default:
      return problem(404, 'What can be done with an order is said at /.')
  }
}

function place(body: unknown, shop: DemoShop): Reply {
  const wish = PlaceSchema.safeParse(body)
  if (!wish.success) return problem(400, z.prettifyError(wish.error))
  const { paid, lines } = wish.data
  const items = lines?.map(({ sku, quantity }) => ({
    product: PRODUCTS.find((product) => product.sku === sku),
    quantity,
  }))
  const known = items?.flatMap(({ product, quantity }) => (product ? [{ product, quantity }] : []))
  if (known && known.length !== items?.length) {
    return problem(400, `This shop sells ${PRODUCTS.map(({ sku }) => sku).join(', ')}.`)
  }
  return { status: 201, body: shown(shop.place({ paid, ...(known ? { items: known } : {}) })) }
}

function ship(order: ShopOrder, shop: DemoShop): Reply {
  const lines = order.lines.flatMap((line) => {
    const quantity = line.quantity - sentOf(order, line)
    return quantity > 0 ? [{ rec_id: line.recId, quantity }] : []
  })
  const isOpen = order.status === 'placed' || order.status === 'confirmed'
  if (!isOpen || lines.length === 0) return problem(409, 'There is nothing left to ship.')
  shop.ship(order.no, { tracking: [`DEMO${order.id}`], lines })
  return changed(shop.order(order.no), 'It is gone.')
}

function reply(id: number, body: unknown, shop: DemoShop): Reply {
  const wish = ReplySchema.safeParse(body)
  if (!wish.success) return problem(400, z.prettifyError(wish.error))
  shop.reply(id, 'demo-admin', wish.data.text)
  const ticket = shop.ticket(id)
  return ticket ? { status: 200, body: asked(ticket) } : problem(404, 'There is no such message.')
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function changed(order: ShopOrder | undefined, why: string): Reply {
  return order ? { status: 200, body: shown(order) } : problem(409, why)
}

function problem(status: number, message: string): Reply {
  return { status, body: { error: message } }
}

function shown(order: ShopOrder): object {
  return {
    order_no: order.no,
    status: order.status,
    paid: order.payTime > 0,
    receiver: buyerOf(order).name,
    goods: wire(goodsOf(order)),
    freight: wire(FREIGHT),
    total: wire(totalOf(order)),
    lines: order.lines.map(({ sku, name, quantity, price }) => ({ sku, name, quantity, price: wire(price) })),
    refunds: (order.refunds ?? []).map(({ amount, to, at }) => ({
      amount: wire(amount),
      to,
      at: instant(at),
    })),
    log: (order.log ?? []).map(({ at, by, text }) => ({ at: instant(at), by, text })),
  }
}

function asked({ id, title, text, order, replies }: Ticket): object {
  return {
    ticket: id,
    ...(order ? { order_no: order.no } : {}),
    title,
    text,
    replies: replies.map(({ author, text: words }) => ({ by: author, text: words })),
  }
}
