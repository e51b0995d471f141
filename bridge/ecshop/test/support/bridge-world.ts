import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import type { PlacedLine, PlacedOrder, ShopWorld } from '../../../../test/conformance/shop-gateway.ts'
import { aShop, type ShopOptions } from './a-shop.ts'
import { relayAll } from './relaying.ts'
import { SEED } from './seed.ts'
import type { CartLine } from './shop-actions.ts'
import { aWebhookDouble } from './webhook-double.ts'

const { flask, shirt, towel, twins } = SEED.goods

const GOODS: Readonly<Record<string, { readonly goods: number; readonly product?: number }>> = {
  [flask.sku]: { goods: flask.goods_id },
  [towel.sku]: { goods: towel.goods_id },
  [shirt.red.sku]: { goods: shirt.goods_id, product: shirt.red.product_id },
  [shirt.blue.sku]: { goods: shirt.goods_id, product: shirt.blue.product_id },
}

const soldAs = (sku: string): { readonly goods: number; readonly product?: number } => {
  const sold = GOODS[sku]
  if (!sold) throw new Error(`the shop does not sell ${sku}`)
  return sold
}

/** A shop of ours behind its bridge, for the shop gateway's conformance suite. */
export async function bridgeWorld(
  options: ShopOptions & { readonly capture: 'triggers' | 'poll' },
): Promise<ShopWorld> {
  const { capture, ...rest } = options
  const shop = await aShop(rest)
  await shop.sql.exec('DELETE FROM {users}')
  await shop.sql.exec('DELETE FROM {user_address}')
  const service = await aWebhookDouble()
  await shop.install({ capture, webhookUrl: service.url })
  service.secrets = [await shop.state('webhook_secret')]
  await shop.serve()
  const { act, sql } = shop
  const [epoch, secret] = [await shop.state('epoch'), await shop.state('bridge_secret')]
  const url = `${shop.url}erpsync/v1/`
  const idOf = ({ order_id }: PlacedOrder): number => Number(order_id)
  let customers = 0

  return {
    epoch,
    bridge: { url, secret },
    seesDeletions: capture === 'triggers',
    gateway: (clock = { now: () => Date.now() }) =>
      createEcshopGateway({ access: async () => ({ url, secrets: [secret] }), clock }),
    skus: { plain: flask.sku, variants: [shirt.red.sku, shirt.blue.sku], ambiguous: twins.sku },
    setStock: (sku, quantity) => act.setStock(soldAs(sku), quantity),
    stock: async (sku) => {
      const { goods, product } = soldAs(sku)
      return Number(
        product === undefined
          ? await sql.value('SELECT goods_number FROM {goods} WHERE goods_id = ?', [goods])
          : await sql.value('SELECT product_number FROM {products} WHERE product_id = ?', [product]),
      )
    },
    goodsStock: async (sku) =>
      Number(await sql.value('SELECT goods_number FROM {goods} WHERE goods_id = ?', [soldAs(sku).goods])),
    placeOrder: async ({ lines, user_id }) => {
      const order = await act.place({
        lines: lines.map(({ sku, quantity }): CartLine => ({ ...soldAs(sku), quantity })),
        ...(user_id === undefined ? {} : { member: Number(user_id) }),
      })
      const [first, ...others] = lines.map(
        (line, index): PlacedLine => ({ ...line, rec_id: String(order.rec_ids[index]) }),
      )
      if (!first) throw new Error('an order has lines')
      return {
        order_id: String(order.order_id),
        order_sn: order.order_sn,
        add_time: order.add_time,
        lines: [first, ...others],
      }
    },
    pay: (order) => act.pay(idOf(order)),
    edit: async ({ lines: [{ rec_id }] }) => {
      const quantity = await sql.value('SELECT goods_number FROM {order_goods} WHERE rec_id = ?', [rec_id])
      await act.editLine(Number(rec_id), { quantity: Number(quantity) + 1 })
    },
    cancel: (order) => act.cancel(idOf(order)),
    deleteOrder: (order) => act.delete(idOf(order)),
    makeReturn: async (order, refund) => {
      const [backId] = await act.return(idOf(order), refund)
      const row = await sql.row('SELECT return_time FROM {back_order} WHERE back_id = ?', [backId])
      return { back_id: String(backId), return_time: Number(row['return_time']) }
    },
    refundPart: (order, amount) => act.refundPart(idOf(order), amount, { to: 'balance' }),
    orderLog: async (order) => {
      const rows = await sql.rows(
        'SELECT action_id, action_user, action_note FROM {order_action} WHERE order_id = ? ORDER BY action_id',
        [idOf(order)],
      )
      return rows.map((row) => ({
        id: String(row['action_id']),
        by: String(row['action_user']),
        text: String(row['action_note']),
      }))
    },
    addCustomer: async () => {
      customers += 1
      const { user_id, reg_time } = await act.register(`member${customers}`)
      return { user_id: String(user_id), reg_time }
    },
    editCustomer: (userId) => act.editMember(Number(userId), { mobile_phone: '13800000077' }),
    deleteCustomer: (userId) => act.removeMember(Number(userId)),
    leaveMessage: async ({ title, text, order }) => {
      const { msg_id, msg_time } = await act.message({
        title,
        text,
        ...(order === undefined ? {} : { order: idOf(order) }),
      })
      return { msg_id: String(msg_id), msg_time }
    },
    answerByHand: async (msgId, text) => {
      // The screen shows what is there, ended as browsers end lines; the administrator writes below it.
      const [before] = await sql.rows('SELECT msg_content FROM {feedback} WHERE parent_id = ?', [msgId])
      const there = before ? `${String(before['msg_content']).replaceAll('\n', '\r\n')}\r\n\r\n` : ''
      await act.reply(Number(msgId), `${there}${text}`)
    },
    deleteMessage: (msgId) => act.deleteMessage(Number(msgId)),
    // The feed collects by itself what triggers wrote. By polling, changes are found and sent in the same breath.
    captured: async () => {
      if (capture === 'poll') await relayAll(shop)
    },
    close: async () => {
      await shop.dispose()
      await service.stop()
    },
  }
}
