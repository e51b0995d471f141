import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { OrderSnapshotSchema } from '#contracts/webhook.ts'
import { aShop, type Shop } from './support/a-shop.ts'
import { callBridge } from './support/call-bridge.ts'
import { aRelayingShop, newestOf, relayAll, sweep, told } from './support/relaying.ts'
import { SEED } from './support/seed.ts'
import type { Order, PlaceOptions } from './support/shop-actions.ts'

const MEMBER = SEED.member.user_id

const FoundSchema = z.object({ event: z.object({ hash: z.string(), snapshot: OrderSnapshotSchema }) })
const read = async (shop: Shop, { order_id }: Pick<Order, 'order_id'>) =>
  FoundSchema.parse(await shop.app(`$app->events()->snapshot('order', ${order_id})`)).event

/** Of the order's refunds what the test is about. */
async function refunds(shop: Shop, order: Pick<Order, 'order_id'>) {
  const { snapshot } = await read(shop, order)
  return (snapshot.refunds ?? []).map(({ amount, to, reason, note }) => ({ amount, to, reason, note }))
}

async function paid(shop: Shop, options: PlaceOptions = {}): Promise<Order> {
  const order = await shop.act.place({ member: MEMBER, ...options })
  await shop.act.pay(order.order_id)
  return order
}

describe.each([
  { generation: '2.8', engine: 'InnoDB', charset: 'utf8mb4' },
  { generation: '2.7', engine: 'MyISAM', charset: 'gbk' },
  { generation: '2.7', engine: 'MyISAM', charset: 'utf8' },
] as const)('a refund of a $generation shop on $engine in $charset', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aShop({ ...options, capture: 'triggers' })
    await shop.serve()
  })
  afterAll(() => shop.dispose())
  beforeEach(async () => {
    await shop.sql.exec('DELETE FROM {account_log}')
    await shop.sql.exec('DELETE FROM {user_account}')
    // Tests are faster than administrators: what one ended must not be a second before what the next begins.
    await shop.sql.exec('DELETE FROM {order_action}')
  })

  it.each([
    ['zh_cn', '订单退款：%s', 'refund'],
    ['zh_tw', '訂單退款：%s', 'refund'],
    ['en_us', 'Order refundment: %s.', 'refund'],
    ['a failed group-buy', '团购失败:%s', 'refund'],
    ['a failed group-buy in en_us', 'Associates failed.:%s', 'refund'],
    ['zh_cn, of balance', '由于取消、无效或退货操作，退回支付订单 %s 时使用的预付款', 'balance-returned'],
    ['zh_tw, of balance', '由於取消、無效或退貨操作，退回支付訂單 %s 時使用的預付款', 'balance-returned'],
    [
      'en_us, of balance',
      'Because of canceled, invalid or return operation, returned to pay for the use of orders %s advances',
      'balance-returned',
    ],
    ['zh_cn, by the customer', '取消订单 %s，退回支付订单时使用的预付款', 'balance-returned'],
    ['zh_tw, by the customer', '取消訂單 %s，退回支付訂單時使用的預付款', 'balance-returned'],
    [
      'en_us, by the customer',
      'Cancel order %s,return advancedly payed balance for order',
      'balance-returned',
    ],
    ['zh_cn, after an edit', '编辑订单 %s ，改变使用预付款支付的金额', 'balance-returned'],
    ['en_us, after an edit', 'Edit orders %s, change the use of the advance payment', 'balance-returned'],
  ])('is known by the shop’s own words: %s', async (_language, words, reason) => {
    const order = await shop.act.place({ member: MEMBER })
    const note = words.replace('%s', order.order_sn)
    const log_id = await shop.act.credit(MEMBER, '12.30', note)
    const { snapshot } = await read(shop, order)
    const [refund] = snapshot.refunds ?? []
    expect(snapshot.refunds).toHaveLength(1)
    expect(refund).toMatchObject({ log_id: String(log_id), amount: '12.30', to: 'balance', reason, note })
    expect(refund?.user_id).toBe(String(MEMBER))
    expect(shop.time.now(Date.parse(String(refund?.refunded_at)) / 1000)).toBe(refund?.change_time)
  })

  it.each([
    ['of an order whose number begins alike', (sn: string) => `订单退款：${sn}1`, {}],
    ['of an order whose number ends alike', (sn: string) => `订单退款：A${sn}`, {}],
    ['of another order', () => '订单退款：2019010100001', {}],
    ['that an administrator made by hand', (sn: string) => `订单退款：${sn}`, { change_type: 2 }],
    ['of points', (sn: string) => `订单退款：${sn}`, { user_money: '0.00', pay_points: 5 }],
    ['that took money', (sn: string) => `支付订单 ${sn}`, { user_money: '-3.00' }],
    ['of frozen money', (sn: string) => `订单退款：${sn}`, { frozen_money: '-3.00' }],
    ['for having brought the customer', (sn: string) => `订单号 ${sn}, 分成:金钱 3.00 积分 0`, {}],
    ['of another member', (sn: string) => `订单退款：${sn}`, { user_id: 77 }],
    ['from before the order', (sn: string) => `订单退款：${sn}`, { change_time: 1 }],
  ])('is no movement of the balance %s', async (_what, words, more) => {
    const order = await shop.act.place({ member: MEMBER })
    await shop.act.credit(MEMBER, '3.00', words(order.order_sn), more)
    expect((await read(shop, order)).snapshot).not.toHaveProperty('refunds')
  })

  it('for a return is found although its text names no order, each with its own', async () => {
    const orders: Order[] = []
    for (const price of ['11.00', '12.00', '13.00']) {
      const order = await paid(shop, { lines: [{ goods: 1, price }] })
      await shop.act.ship(order.order_id)
      orders.push(order)
    }
    const [first, second, third] = orders
    if (!first || !second || !third) throw new Error('there are three')
    await shop.act.return(first.order_id, 'balance')
    await shop.act.return(second.order_id, 'withdrawal')
    await shop.act.return(third.order_id)
    expect(await refunds(shop, first)).toEqual([
      { amount: '21.00', to: 'balance', reason: 'refund', note: '1' },
    ])
    expect(await refunds(shop, second)).toEqual([
      { amount: '22.00', to: 'withdrawal', reason: 'refund', note: '2' },
    ])
    // What was given for another order a moment before is not this one's.
    expect(await refunds(shop, third)).toEqual([])
  })

  it('with a note of the administrator’s is known by the request it was made in', async () => {
    const order = await paid(shop)
    await shop.act.cancel(order.order_id, '缺货', { to: 'balance', note: '已与客户电话确认' })
    expect(await refunds(shop, order)).toEqual([
      { amount: '60.00', to: 'balance', reason: 'refund', note: '已与客户电话确认' },
    ])
    const other = await paid(shop)
    await shop.act.cancel(other.order_id, '缺货', { to: 'withdrawal', note: '退到银行卡' })
    expect(await refunds(shop, other)).toEqual([
      { amount: '60.00', to: 'withdrawal', reason: 'refund', note: '退到银行卡' },
    ])
  })

  it('is not taken from a later order by a note on this one', async () => {
    const order = await paid(shop)
    await shop.act.ship(order.order_id)
    await shop.act.return(order.order_id)
    await shop.act.credit(MEMBER, '9.00', '1')
    const answer = await callBridge(shop, 'order-notes', {
      body: {
        note_id: 'not-a-return',
        order: {
          order_id: String(order.order_id),
          order_sn: order.order_sn,
          add_time: order.add_time,
        },
        text: '已验货',
        author: '仓库',
        at: new Date().toISOString(),
        origin: 'erp',
      },
    })
    expect(answer).toMatchObject({ status: 200 })
    await shop.sql.exec(
      "UPDATE {order_action} SET log_time = log_time - 60 WHERE order_id = ? AND action_note = ''",
      [order.order_id],
    )
    expect(await refunds(shop, order)).toEqual([])
  })

  it('in part is known by its text, and several add up in their order', async () => {
    const order = await paid(shop)
    await shop.act.refundPart(order.order_id, '5.00', { to: 'balance' })
    await shop.act.refundPart(order.order_id, '6.00', {
      to: 'withdrawal',
      note: `${order.order_sn} 少发一件`,
    })
    expect(await refunds(shop, order)).toMatchObject([
      { amount: '5.00', reason: 'refund' },
      { amount: '6.00', to: 'withdrawal', reason: 'refund' },
    ])
  })

  it('is told apart from the balance that a cancelled order had used, whoever cancels', async () => {
    const head = { surplus: '8.00' }
    const byHand = await paid(shop, { head })
    await shop.act.cancel(byHand.order_id, '缺货', { to: 'balance' })
    const byUs = await paid(shop, { head })
    const answer = await callBridge(shop, 'order-cancel', {
      body: {
        command_id: 'told-apart',
        order: { order_id: String(byUs.order_id), order_sn: byUs.order_sn, add_time: byUs.add_time },
        reason: '缺货',
        refund: 'balance',
        origin: 'erp',
      },
    })
    expect(answer).toMatchObject({ status: 200 })
    for (const order of [byHand, byUs]) {
      expect(await refunds(shop, order)).toMatchObject([
        { amount: '60.00', to: 'balance', reason: 'refund' },
        { amount: '8.00', to: 'balance', reason: 'balance-returned' },
      ])
    }
  })

  it('is none for a guest, whose withdrawal only a person can pay out', async () => {
    const order = await shop.act.place()
    await shop.act.pay(order.order_id)
    await shop.act.cancel(order.order_id, '缺货', { to: 'withdrawal' })
    expect((await read(shop, order)).snapshot).not.toHaveProperty('refunds')
  })
})

describe.each([
  { generation: '2.8', engine: 'InnoDB', capture: 'triggers' },
  { generation: '2.7', engine: 'MyISAM', capture: 'poll' },
] as const)('capture by $capture on $engine', (options) => {
  it('tells of a refund with the change of the order that it belongs to', async () => {
    await using world = await aRelayingShop(options)
    const { shop, service } = world
    const order = await paid(shop)
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).not.toHaveProperty('snapshot.refunds')
    await shop.act.refundPart(order.order_id, '5.00', { to: 'balance' })
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { refunds: [{ amount: '5.00' }] } })
    await shop.act.cancel(order.order_id, '缺货', { to: 'balance' })
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({
      snapshot: { order_status: 2, refunds: [{ amount: '5.00' }, { amount: '55.00' }] },
    })
  })

  it('finds by night a credit that came after its order was read', async () => {
    await using world = await aRelayingShop(options)
    const { shop, service } = world
    const order = await paid(shop)
    await relayAll(shop)
    await sweep(shop)
    service.deliveries.length = 0
    await shop.act.credit(MEMBER, '60.00', `订单退款：${order.order_sn}`)
    await sweep(shop)
    expect(told(service)).toEqual([`order.snapshot ${order.order_id}`])
    await sweep(shop)
    expect(told(service)).toHaveLength(1)
  })
})

it('leaves the bytes, the hash and the digest of an order as they were where nothing was given back', async () => {
  await using shop = await aShop({ capture: 'triggers' })
  const orders = [await paid(shop), await paid(shop)] as const
  const digests = (): Promise<unknown> =>
    shop.app(`$app->events()->digests('order', array(${orders.map(({ order_id }) => order_id).join(', ')}))`)
  const before = z.record(z.string(), z.string()).parse(await digests())
  const { hash } = await read(shop, orders[0])
  await shop.act.credit(MEMBER, '5.00', `订单退款：${orders[1].order_sn}`)
  const after = z.record(z.string(), z.string()).parse(await digests())
  expect((await read(shop, orders[0])).hash).toBe(hash)
  expect(after[orders[0].order_id]).toBe(before[orders[0].order_id])
  expect(after[orders[1].order_id]).not.toBe(before[orders[1].order_id])
})

it('asks for refunds with a fixed number of queries, one where nobody was credited', async () => {
  await using shop = await aShop({ capture: 'triggers' })
  const queries = async (ids: readonly number[]) => {
    const [before, after] = z.array(z.coerce.number()).parse(
      await shop.app(`
        $refunds = new ErpSync_Refunds($app->db);
        $asked = "SHOW SESSION STATUS LIKE 'Com_select'";
        $before = $app->db->row($asked);
        $refunds->of(array(${ids.join(', ')}));
        $after = $app->db->row($asked);
        return array($before['Value'], $after['Value']);`),
    )
    return (after ?? 0) - (before ?? 0)
  }
  const guests = [(await shop.act.place()).order_id, (await shop.act.place()).order_id]
  expect(await queries(guests)).toBe(1)
  const orders: number[] = []
  for (let n = 0; n < 5; n++) orders.push((await paid(shop)).order_id)
  expect(await queries(orders)).toBe(2)
  for (const orderId of orders) await shop.act.cancel(orderId, '缺货', { to: 'withdrawal' })
  expect(await queries(orders)).toBe(3)
  await shop.act.credit(MEMBER, '1.00', '1')
  expect(await queries(orders)).toBe(4)
})
