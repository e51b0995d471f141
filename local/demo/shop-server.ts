import { createServer, type IncomingMessage, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import * as z from 'zod'
import { answerBridge, BRIDGE_PATH } from './bridge-api.ts'
import { FREIGHT, PRODUCTS } from './catalogue.ts'
import type { DemoShop } from './shop.ts'
import { buyerOf, goodsOf, type ShopOrder, totalOf, wire } from './shop-order.ts'

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
  if (route === 'POST /orders') return place(parsedJson((await text(request)) || '{}'), shop)

  const [, no, action] = /^\/orders\/([A-Za-z0-9]+)(?:\/([a-z-]+))?$/.exec(pathname) ?? []
  const order = no === undefined ? undefined : shop.order(no)
  if (no === undefined || !order) return problem(404, `There is no ${route}.`)
  if (action === undefined && request.method === 'GET') return { status: 200, body: shown(order) }
  return request.method === 'POST'
    ? act(action ?? '', no, shop, webhookUrl)
    : problem(404, `There is no ${route}.`)
}

async function act(action: string, no: string, shop: DemoShop, webhookUrl: string): Promise<Reply> {
  switch (action) {
    case 'pay':
      return changed(shop.pay(no), 'Only an open, unpaid order can be paid.')
    case 'edit':
      return changed(shop.edit(no), 'A cancelled order cannot be edited.')
    case 'cancel':
      return changed(shop.cancel(no), 'It is cancelled already.')
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
      return problem(404, 'An order can be paid, edited, cancelled, duplicated, sent out of order.')
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
  }
}
