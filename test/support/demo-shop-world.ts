import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import { close, listen } from '../../local/cloud/listen.ts'
import { BRIDGE_PATH } from '../../local/demo/bridge-api.ts'
import { BUYERS, PRODUCTS, type Product } from '../../local/demo/catalogue.ts'
import { DemoShop } from '../../local/demo/shop.ts'
import { createShopServer } from '../../local/demo/shop-server.ts'
import type { ShopWorld, WorldOptions } from '../conformance/shop-gateway.ts'

const soldAs = (sku: string): Product => {
  const product = PRODUCTS.find((one) => one.sku === sku)
  if (!product) throw new Error(`the demo’s catalogue has no ${sku} any more`)
  return product
}
const [SHIRT, LAMP] = [soldAs('TEE-L'), soldAs('LAMP-01')]
const SMALL_SHIRT: Product = { ...SHIRT, productId: '1032', sku: 'TEE-M', attributes: '尺码:M' }
const TWINS: Product[] = ['801', '802'].map((goodsId) => ({
  ...LAMP,
  goodsId,
  goodsSn: 'TWIN',
  sku: 'TWIN',
}))
const GOODS: readonly [Product, ...Product[]] = [...PRODUCTS, SMALL_SHIRT, ...TWINS]

const GUEST = BUYERS.findIndex(({ userId }) => userId === '0')

/** The demo shop, kept in memory, for the shop gateway’s conformance suite. */
export async function demoShopWorld({ stockMode }: WorldOptions): Promise<ShopWorld> {
  const shop = new DemoShop({ file: ':memory:', products: GOODS, stockMode })
  const server = createShopServer(shop, () => '')
  const url = `${await listen(server)}${BRIDGE_PATH}`
  const secret = shop.database.bridgeSecret
  const productOf = (sku: string): Product => {
    const product = GOODS.find((one) => one.sku === sku)
    if (!product) throw new Error(`the demo shop does not sell ${sku}`)
    return product
  }

  return {
    epoch: shop.identity.epoch,
    bridge: { url, secret },
    gateway: (clock = { now: () => Date.now() }) =>
      createEcshopGateway({ access: async () => ({ url, secrets: [secret] }), clock }),
    skus: { plain: LAMP.sku, variants: [SHIRT.sku, SMALL_SHIRT.sku], ambiguous: 'TWIN' },
    setStock: async (sku, quantity) => shop.setStock(sku, quantity),
    stock: async (sku) => shop.stockOf(sku)?.quantity ?? Number.NaN,
    goodsStock: async (sku) =>
      shop.database.stockOfGoods(productOf(sku).goodsId).reduce((sum, { quantity }) => sum + quantity, 0),
    placeOrder: async ({ lines, user_id }) => {
      const order = shop.place({
        items: lines.map(({ sku, quantity }) => ({ product: productOf(sku), quantity })),
        buyer: GUEST,
        ...(user_id === undefined ? {} : { userId: user_id }),
      })
      const [first, ...others] = order.lines.map(({ recId, sku, quantity }) => ({
        rec_id: recId,
        sku,
        quantity,
      }))
      if (!first) throw new Error('an order has lines')
      return {
        order_id: String(order.id),
        order_sn: order.no,
        add_time: order.addTime,
        lines: [first, ...others],
      }
    },
    pay: async ({ order_sn }) => void shop.pay(order_sn),
    edit: async ({ order_sn }) => void shop.edit(order_sn),
    cancel: async ({ order_sn }) => void shop.cancel(order_sn),
    deleteOrder: async ({ order_sn }) => void shop.delete(order_sn),
    makeReturn: async ({ order_sn }, refund) => {
      const [back] = shop.takeBack(order_sn, refund)
      if (!back) throw new Error('nothing of the order was shipped')
      return { back_id: String(back.id), return_time: back.time }
    },
    refundPart: async ({ order_sn }, amount) =>
      void shop.refundPart(order_sn, Math.round(Number(amount) * 100)),
    orderLog: async ({ order_sn }) => shop.order(order_sn)?.log ?? [],
    addCustomer: async () => {
      const { id, regTime } = shop.register()
      return { user_id: String(id), reg_time: regTime }
    },
    editCustomer: async (userId) => shop.moveHouse(Number(userId), '10000000099'),
    deleteCustomer: async (userId) => shop.unregister(Number(userId)),
    leaveMessage: async ({ title, text, order }) => {
      const about = order && shop.order(order.order_sn)
      const { id, time } = shop.ask(title, text, about)
      return { msg_id: String(id), msg_time: time }
    },
    answerByHand: async (msgId, text) => void shop.reply(Number(msgId), 'demo-admin', text),
    deleteMessage: async (msgId) => shop.dropTicket(Number(msgId)),
    captured: async () => {},
    close: async () => {
      await close(server)
      await shop.close()
    },
  }
}
