import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BRIDGE_PROBLEMS,
  BridgeProblemSchema,
  OrderCancelledSchema,
  OrderNotedSchema,
  ShipmentRecordedSchema,
  TicketRepliedSchema,
} from '#contracts/bridge.ts'
import { aShop, type Shop } from './support/a-shop.ts'
import { type BridgeAnswer, callBridge } from './support/call-bridge.ts'
import type { Cut, CuttingProxy } from './support/cutting-proxy.ts'
import { SEED } from './support/seed.ts'
import { aCutShop, aServedShop, GENERATIONS, WRITE } from './support/served-shop.ts'
import type { Order } from './support/shop-actions.ts'
import { waitFor } from './support/wait-for.ts'

const { flask, shirt, towel, voucher } = SEED.goods
const SHIPPED_AT = '2026-11-20T06:30:00Z'
const SHIPPED_AT_EPOCH = Date.parse(SHIPPED_AT) / 1000

const identity = (order: Order) => ({
  order_id: String(order.order_id),
  order_sn: order.order_sn,
  add_time: order.add_time,
})

let serial = 0
const anId = (name: string): string => `${name}-${++serial}`

/** All of the order, or these quantities by position of the line. */
function shipmentOf(order: Order, quantities: readonly number[], more: object = {}) {
  return {
    shipment_id: anId('S'),
    order: identity(order),
    shipped_at: SHIPPED_AT,
    tracking: ['SF100'],
    lines: quantities.flatMap((quantity, index) =>
      quantity > 0 ? [{ rec_id: String(order.rec_ids[index]), quantity }] : [],
    ),
    origin: 'kingdee',
    ...more,
  }
}

const cancelOf = (order: Order, more: object = {}) => ({
  command_id: anId('C'),
  order: identity(order),
  reason: '仓库缺货',
  refund: 'none',
  origin: 'kingdee',
  ...more,
})

const orderNoteOf = (order: Order, more: object = {}) => ({
  note_id: anId('N'),
  order: identity(order),
  text: '退货已签收',
  author: '仓库',
  at: SHIPPED_AT,
  origin: 'kingdee',
  ...more,
})

const send = (shop: Shop, resource: string, body: object) => callBridge(shop, resource, { body })

async function refusal(answer: Promise<BridgeAnswer>) {
  const { status, body } = await answer
  const problem = BridgeProblemSchema.parse(body)
  expect(BRIDGE_PROBLEMS).toHaveProperty([problem.code, 'status'], status)
  return { code: problem.code, field: problem.field }
}

async function shipped(shop: Shop, body: object) {
  const answer = await send(shop, 'shipments', body)
  expect(answer).toMatchObject({ status: 200 })
  return ShipmentRecordedSchema.parse(answer.body)
}

async function cancelled(shop: Shop, body: object) {
  const answer = await send(shop, 'order-cancel', body)
  expect(answer).toMatchObject({ status: 200 })
  return OrderCancelledSchema.parse(answer.body)
}

async function noted(shop: Shop, body: object) {
  const answer = await send(shop, 'order-notes', body)
  expect(answer).toMatchObject({ status: 200 })
  return OrderNotedSchema.parse(answer.body)
}

/** Rows of the order's log that a note of ours made. */
const logOf = (shop: Shop, order: Order) =>
  shop.sql.rows("SELECT * FROM {order_action} WHERE order_id = ? AND action_user = '仓库'", [order.order_id])

async function replied(shop: Shop, body: object) {
  const answer = await send(shop, 'ticket-replies', body)
  expect(answer).toMatchObject({ status: 200 })
  return TicketRepliedSchema.parse(answer.body)
}

const head = (shop: Shop, order: Order) =>
  shop.sql.row('SELECT * FROM {order_info} WHERE order_id = ?', [order.order_id])

async function sendNumbers(shop: Shop, order: Order): Promise<number[]> {
  const rows = await shop.sql.rows(
    'SELECT send_number FROM {order_goods} WHERE order_id = ? ORDER BY rec_id',
    [order.order_id],
  )
  return rows.map((row) => Number(row['send_number']))
}

const notes = (shop: Shop, order: Order) =>
  shop.sql.rows('SELECT * FROM {delivery_order} WHERE order_id = ? ORDER BY delivery_id', [order.order_id])

const noteGoods = (shop: Shop, order: Order) =>
  shop.sql.rows(
    `SELECT g.goods_id, g.product_id, g.parent_id, g.send_number FROM {delivery_goods} g
     JOIN {delivery_order} d ON d.delivery_id = g.delivery_id WHERE d.order_id = ? ORDER BY g.rec_id`,
    [order.order_id],
  )

/** Stock as [flask, towel, shirt, red, blue]. */
async function stock(shop: Shop): Promise<number[]> {
  const goods = await shop.sql.rows('SELECT goods_id, goods_number FROM {goods} WHERE goods_id IN (1, 2, 3)')
  const skus = await shop.sql.rows('SELECT product_id, product_number FROM {products}')
  const of = (id: number) => Number(goods.find((row) => row['goods_id'] === id)?.['goods_number'])
  const sku = (id: number) => Number(skus.find((row) => row['product_id'] === id)?.['product_number'])
  return [of(1), of(3), of(2), sku(1), sku(2)]
}

async function member(shop: Shop) {
  const row = await shop.sql.row('SELECT user_money, pay_points, rank_points FROM {users} WHERE user_id = 1')
  return {
    user_money: String(row['user_money']),
    pay_points: Number(row['pay_points']),
    rank_points: Number(row['rank_points']),
  }
}

const count = async (shop: Shop, sql: string, values: readonly (string | number)[] = []): Promise<number> =>
  Number(await shop.sql.value(sql, values))

describe.each(GENERATIONS)('a shipment, in a shop of $generation', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aServedShop(options)
  })
  afterAll(() => shop.dispose())

  it('of the whole order is recorded as splitting and shipping it does', async () => {
    const order = await shop.act.place({
      lines: [
        { goods: flask.goods_id, quantity: 2 },
        { goods: shirt.goods_id, product: shirt.red.product_id },
        { package: SEED.package.act_id, quantity: 2 },
      ],
    })
    await shop.act.pay(order.order_id)
    const before = await stock(shop)
    const shipment = shipmentOf(order, [2, 1, 2])
    const answer = await shipped(shop, shipment)

    const [note, ...others] = await notes(shop, order)
    expect(others).toEqual([])
    expect(note).toMatchObject({
      order_sn: order.order_sn,
      add_time: order.add_time,
      status: 0,
      invoice_no: 'SF100',
      shipping_id: SEED.shipping.express,
      shipping_name: '顺丰速运',
      action_user: 'kingdee',
      consignee: '李四',
      address: '文三路2号 &amp; 后院',
      how_oos: '等待所有商品备齐后再发',
      suppliers_id: 0,
    })
    expect(answer).toEqual({
      result: 'recorded',
      shipment_id: shipment.shipment_id,
      delivery_id: String(note?.['delivery_id']),
      delivery_sn: note?.['delivery_sn'],
      order_status: 5,
      shipping_status: 1,
    })
    expect(String(note?.['delivery_sn'])).toMatch(/^E[0-9A-F]{16}$/)
    expect(await noteGoods(shop, order)).toEqual([
      { goods_id: 1, product_id: 0, parent_id: 0, send_number: 2 },
      { goods_id: 2, product_id: 1, parent_id: 0, send_number: 1 },
      { goods_id: 1, product_id: 0, parent_id: 1, send_number: 2 },
      { goods_id: 3, product_id: 0, parent_id: 1, send_number: 4 },
    ])
    expect(await head(shop, order)).toMatchObject({
      order_status: 5,
      shipping_status: 1,
      pay_status: 2,
      invoice_no: 'SF100',
      shipping_time: shop.time.now(SHIPPED_AT_EPOCH),
    })
    expect(await sendNumbers(shop, order)).toEqual([2, 1, 2])
    const [flasks = 0, towels = 0, shirts = 0, red = 0, blue = 0] = before
    expect(await stock(shop)).toEqual([flasks - 4, towels - 4, shirts - 1, red - 1, blue])
    const action = await shop.sql.row(
      "SELECT * FROM {order_action} WHERE order_id = ? AND action_user = 'kingdee'",
      [order.order_id],
    )
    expect(action).toMatchObject({ order_status: 5, shipping_status: 1, pay_status: 2, action_place: 1 })
    expect(String(action['action_note'])).toContain(`[${shipment.shipment_id}]`)
  })

  it('of a part leaves the order partly shipped, and the next one ends it', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 3 }] })
    expect(await shipped(shop, shipmentOf(order, [1]))).toMatchObject({ order_status: 6, shipping_status: 4 })
    const confirmed = await head(shop, order)
    expect(confirmed['confirm_time']).toBeGreaterThan(0)
    expect(await sendNumbers(shop, order)).toEqual([1])
    const second = shipmentOf(order, [2], { tracking: ['SF100', 'SF200'] })
    expect(await shipped(shop, second)).toMatchObject({ order_status: 5, shipping_status: 1 })
    expect(await head(shop, order)).toMatchObject({
      invoice_no: 'SF100<br>SF200',
      confirm_time: confirmed['confirm_time'],
    })
    expect(await sendNumbers(shop, order)).toEqual([3])
  })

  it('that is repeated is answered as before, and nothing happens twice', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    const shipment = shipmentOf(order, [1])
    const first = await shipped(shop, shipment)
    const before = await stock(shop)
    expect(await shipped(shop, shipment)).toEqual({ ...first, result: 'duplicate' })
    expect(await stock(shop)).toEqual(before)
    expect(await notes(shop, order)).toHaveLength(1)
  })

  it('is known by its delivery number even if the claim is lost', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    const shipment = shipmentOf(order, [1])
    const first = await shipped(shop, shipment)
    await shop.root.exec('DELETE FROM {erpsync_command}')
    expect(await shipped(shop, shipment)).toEqual({ ...first, result: 'duplicate' })
    expect(await notes(shop, order)).toHaveLength(1)
  })

  it('of the same id with another content is refused', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    const shipment = shipmentOf(order, [1])
    await shipped(shop, shipment)
    expect(await refusal(send(shop, 'shipments', { ...shipment, tracking: ['SF999'] }))).toMatchObject({
      code: 'command-differs',
    })
    const other = await shop.act.place()
    expect(await refusal(send(shop, 'shipments', { ...shipment, order: identity(other) }))).toMatchObject({
      code: 'command-differs',
    })
  })

  it('fills lines of one SKU in the order of their ids', async () => {
    const order = await shop.act.place({
      lines: [
        { goods: flask.goods_id, quantity: 2 },
        { goods: flask.goods_id, quantity: 1, price: '0.00' },
      ],
    })
    await shipped(shop, shipmentOf(order, [0, 1]))
    expect(await sendNumbers(shop, order)).toEqual([1, 0])
    expect(await refusal(send(shop, 'shipments', shipmentOf(order, [2, 1])))).toMatchObject({
      code: 'quantity-exceeds',
    })
    await shipped(shop, shipmentOf(order, [2, 0]))
    expect(await sendNumbers(shop, order)).toEqual([2, 1])
    expect(await head(shop, order)).toMatchObject({ order_status: 5, shipping_status: 1 })
  })

  it('of more than is left is refused, and so is one of what a person has put on a note', async () => {
    const order = await shop.act.place({
      lines: [{ goods: flask.goods_id, quantity: 3 }, { package: SEED.package.act_id }],
    })
    const [recId = 0] = order.rec_ids
    expect(await refusal(send(shop, 'shipments', shipmentOf(order, [4])))).toEqual({
      code: 'quantity-exceeds',
      field: 'lines.0.quantity',
    })
    await shop.act.split(order.order_id, { [recId]: 2 })
    expect(await refusal(send(shop, 'shipments', shipmentOf(order, [3])))).toMatchObject({
      code: 'quantity-exceeds',
    })
    expect(await count(shop, 'SELECT COUNT(*) FROM {erpsync_command} WHERE step <> ?', ['done'])).toBe(0)
    expect(await shipped(shop, shipmentOf(order, [1, 1]))).toMatchObject({
      order_status: 5,
      // A person's note is still to be shipped.
      shipping_status: 4,
    })
    expect(await sendNumbers(shop, order)).toEqual([3, 1])
  })

  it('of exactly what a person has prepared ships that note', async () => {
    const order = await shop.act.place({
      lines: [{ goods: flask.goods_id, quantity: 2 }, { package: SEED.package.act_id }],
    })
    const deliveryId = await shop.act.split(order.order_id)
    const [flasks = 0, towels = 0] = await stock(shop)
    expect(await shipped(shop, shipmentOf(order, [2, 1]))).toMatchObject({
      delivery_id: String(deliveryId),
      order_status: 5,
      shipping_status: 1,
    })
    expect(await notes(shop, order)).toMatchObject([{ status: 0, invoice_no: 'SF100', action_user: 'admin' }])
    expect((await stock(shop)).slice(0, 2)).toEqual([flasks - 3, towels - 2])
  })

  it('ships anew what a person took back, under another id', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    const { delivery_id } = await shipped(shop, shipmentOf(order, [2]))
    await shop.sql.exec('UPDATE {delivery_order} SET status = 2, invoice_no = ? WHERE delivery_id = ?', [
      '',
      delivery_id,
    ])
    await shop.sql.exec("UPDATE {order_info} SET shipping_status = 5, invoice_no = '' WHERE order_id = ?", [
      order.order_id,
    ])
    expect(await shipped(shop, shipmentOf(order, [2]))).toMatchObject({ result: 'recorded', delivery_id })
    expect(await head(shop, order)).toMatchObject({
      order_status: 5,
      shipping_status: 1,
      invoice_no: 'SF100',
    })
  })

  it('counts nothing that came back', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id }] })
    await shop.act.ship(order.order_id)
    await shop.act.return(order.order_id)
    expect(await refusal(send(shop, 'shipments', shipmentOf(order, [1])))).toMatchObject({
      code: 'order-closed',
    })
  })

  it('of a closed order, of another order, of no order and of no line of it is refused', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id }, { goods: voucher.goods_id }] })
    const shipment = shipmentOf(order, [1])
    expect(
      await refusal(
        send(shop, 'shipments', { ...shipment, order: { ...shipment.order, add_time: order.add_time - 1 } }),
      ),
    ).toMatchObject({ code: 'identity-mismatch' })
    expect(
      await refusal(
        send(shop, 'shipments', { ...shipment, order: { ...shipment.order, order_id: '999999' } }),
      ),
    ).toMatchObject({ code: 'not-found' })
    expect(
      await refusal(send(shop, 'shipments', { ...shipment, lines: [{ rec_id: '999999', quantity: 1 }] })),
    ).toEqual({ code: 'unknown-line', field: 'lines.0.rec_id' })
    expect(await refusal(send(shop, 'shipments', shipmentOf(order, [0, 1])))).toMatchObject({
      code: 'unknown-line',
    })
    await shop.act.cancel(order.order_id)
    expect(await refusal(send(shop, 'shipments', shipment))).toMatchObject({ code: 'order-closed' })
    expect(await notes(shop, order)).toEqual([])
  })

  it('never takes stock below zero', async () => {
    const order = await shop.act.place({
      lines: [
        { goods: towel.goods_id, quantity: 5 },
        { goods: shirt.goods_id, product: shirt.blue.product_id, quantity: 4 },
      ],
    })
    await shop.act.setStock({ goods: towel.goods_id }, 3)
    await shop.act.setStock({ goods: shirt.goods_id, product: shirt.blue.product_id }, 2)
    const [, , shirts = 0] = await stock(shop)
    await shipped(shop, shipmentOf(order, [5, 4]))
    const [, towels, left, , blue] = await stock(shop)
    expect([towels, left, blue]).toEqual([0, shirts - 4, 0])
  })

  it('takes no stock that was taken when the order was placed, nor where the shop keeps none', async () => {
    for (const [code, value] of [
      ['stock_dec_time', '1'],
      ['use_storage', '0'],
    ] as const) {
      const order = await shop.act.place({ lines: [{ goods: flask.goods_id }] })
      await shop.act.configure(code, value)
      const before = await stock(shop)
      await shipped(shop, shipmentOf(order, [1]))
      expect(await stock(shop)).toEqual(before)
      await shop.act.configure(code, value === '1' ? '0' : '1')
    }
  })

  it('goes by the carrier of the call, of the shop’s own list if it is there', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    await shipped(shop, shipmentOf(order, [1], { carrier: { shipping_code: 'flat', name: 'Flat' } }))
    await shipped(shop, shipmentOf(order, [1], { carrier: { name: '<中通>' } }))
    expect(await notes(shop, order)).toMatchObject([
      { shipping_id: SEED.shipping.flat, shipping_name: '市内快递' },
      { shipping_id: SEED.shipping.express, shipping_name: '&lt;中通&gt;' },
    ])
    expect(await head(shop, order)).toMatchObject({ shipping_name: '顺丰速运' })
  })

  it('keeps as many tracking numbers as fit whole, and none as markup', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id }] })
    const tracking = [
      'b<1>',
      ...Array.from({ length: 9 }, (_, n) => `TRACKING-NUMBER-OF-FORTY-CHARACTERS-${n}`),
    ]
    await shipped(shop, shipmentOf(order, [1], { tracking }))
    const [note] = await notes(shop, order)
    expect(note?.['invoice_no']).toBe('b&lt;1&gt;')
    const { invoice_no } = await head(shop, order)
    expect(String(invoice_no).split('<br>')).toEqual(['b&lt;1&gt;', ...tracking.slice(1, 6)])
  })

  it('that ends the order gives the member points and coupons, as the shop does', async () => {
    await shop.root.exec('DELETE FROM {bonus_type}')
    await shop.sql.insert('bonus_type', {
      type_id: 7,
      send_type: 2,
      min_amount: '100.00',
      send_end_date: 2_000_000_000,
    })
    await shop.sql.insert('bonus_type', { type_id: 8, send_type: 1, send_end_date: 2_000_000_000 })
    await shop.sql.exec('UPDATE {goods} SET give_integral = -1, rank_integral = -1')
    await shop.sql.exec('UPDATE {goods} SET bonus_type_id = 8, give_integral = 3 WHERE goods_id = ?', [
      towel.goods_id,
    ])
    const order = await shop.act.place({
      member: 1,
      lines: [
        { goods: flask.goods_id, quantity: 4 },
        { goods: towel.goods_id, quantity: 2 },
      ],
    })
    const before = await member(shop)
    await shipped(shop, shipmentOf(order, [4, 1]))
    expect(await member(shop)).toEqual(before)
    const last = shipmentOf(order, [0, 1])
    await shipped(shop, last)
    expect(await member(shop)).toEqual({
      user_money: before.user_money,
      pay_points: before.pay_points + 206,
      rank_points: before.rank_points + 240,
    })
    expect(await shop.sql.row('SELECT * FROM {account_log} WHERE user_id = 1')).toMatchObject({
      pay_points: 206,
      rank_points: 240,
      change_type: 99,
      change_desc: expect.stringContaining(order.order_sn),
    })
    const coupons = await shop.sql.rows('SELECT * FROM {user_bonus} ORDER BY bonus_id')
    expect(coupons.map((row) => Number(row['bonus_type_id'])).toSorted((a, b) => a - b)).toEqual([7, 7, 8, 8])
    for (const coupon of coupons)
      expect(coupon).toMatchObject({ user_id: 1, bonus_sn: 0, order_id: 0, used_time: 0 })
    await shop.root.exec('DELETE FROM {bonus_type}')
  })

  it('is at work once when it is called twice at a time', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    const shipment = shipmentOf(order, [1])
    const [flasks = 0] = await stock(shop)
    const answers = await Promise.all([
      shipped(shop, shipment),
      shipped(shop, shipment),
      shipped(shop, shipment),
    ])
    expect(answers.map(({ result }) => result).toSorted()).toEqual(['duplicate', 'duplicate', 'recorded'])
    expect(await notes(shop, order)).toHaveLength(1)
    expect((await stock(shop))[0]).toBe(flasks - 1)
  })

  it('takes its pieces from a stock that others take from at the same time', async () => {
    const orders = await Promise.all(
      Array.from({ length: 9 }, () =>
        shop.act.place({
          lines: [{ goods: towel.goods_id }, { package: SEED.package.act_id }, { goods: flask.goods_id }],
        }),
      ),
    )
    await shop.sql.exec('UPDATE {goods} SET goods_number = 500 WHERE goods_id IN (1, 3)')
    await Promise.all(
      orders.map((order, n) => shipped(shop, shipmentOf(order, n % 2 === 0 ? [1, 1, 1] : [0, 1, 1]))),
    )
    expect((await stock(shop)).slice(0, 2)).toEqual([500 - 18, 500 - 18 - 5])
  })

  it('waits its turn at an order that another call is at, and then says busy', async () => {
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id }] })
    const held = shop.app(`
      $app->db->lock('order.${order.order_id}');
      return $app->db->value('SELECT SLEEP(7)');`)
    await waitFor('the lock', async () => {
      const sleeping = await count(
        shop,
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = ? AND info = 'SELECT SLEEP(7)'",
        [shop.database],
      )
      return sleeping > 0 || undefined
    })
    expect(await refusal(send(shop, 'shipments', shipmentOf(order, [1])))).toMatchObject({ code: 'busy' })
    await held
    expect(await notes(shop, order)).toEqual([])
  })

  it('empties the shop’s cache', async () => {
    const order = await shop.act.place()
    const cached = shop.path('temp/caches/0/index_1234.php')
    writeFileSync(cached, '')
    await shipped(shop, shipmentOf(order, [1]))
    expect(existsSync(cached)).toBe(false)
  })
})

describe.each(GENERATIONS)('an order cancelled by the ERP, in a shop of $generation', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aServedShop({ ...options, stockMode: 'placement' })
  })
  afterAll(() => shop.dispose())

  it('gives back what placing it took, once', async () => {
    const before = await stock(shop)
    const money = await member(shop)
    const bonusId = await shop.sql.insert('user_bonus', {
      bonus_type_id: 1,
      user_id: 1,
      used_time: 5,
      order_id: 1,
    })
    const order = await shop.act.place({
      member: 1,
      lines: [
        { goods: flask.goods_id, quantity: 2 },
        { goods: shirt.goods_id, product: shirt.red.product_id, quantity: 3 },
        { package: SEED.package.act_id, quantity: 2 },
      ],
      head: {
        surplus: '12.30',
        integral: 40,
        integral_money: '0.40',
        bonus: '5.00',
        bonus_id: bonusId,
        money_paid: '20.50',
        pay_status: 2,
        order_status: 1,
      },
    })
    expect(await stock(shop)).not.toEqual(before)
    const command = cancelOf(order, { refund: 'balance', reason: '缺货 <a> & "b"' })
    expect(await cancelled(shop, command)).toEqual({ result: 'cancelled', order_status: 2 })
    const after = async () => ({
      stock: await stock(shop),
      member: await member(shop),
      journal: await count(shop, 'SELECT COUNT(*) FROM {account_log}'),
      actions: await count(shop, "SELECT COUNT(*) FROM {order_action} WHERE action_user = 'kingdee'"),
    })
    const once = await after()
    expect(once).toEqual({
      stock: before,
      member: {
        user_money: (Number(money.user_money) + 32.8).toFixed(2),
        pay_points: money.pay_points + 40,
        rank_points: money.rank_points,
      },
      journal: 3,
      actions: 1,
    })
    expect(await head(shop, order)).toMatchObject({
      order_status: 2,
      shipping_status: 0,
      pay_status: 0,
      pay_time: 0,
      money_paid: '0.00',
      order_amount: '0.00',
      surplus: '0.00',
      integral: 0,
      integral_money: '0.00',
      bonus: '0.00',
      bonus_id: 0,
      to_buyer: '缺货 &lt;a&gt; &amp; &quot;b&quot;',
    })
    expect(await shop.sql.row('SELECT * FROM {user_bonus} WHERE bonus_id = ?', [bonusId])).toMatchObject({
      order_id: 0,
      used_time: 0,
    })
    expect(await cancelled(shop, command)).toEqual({ result: 'duplicate', order_status: 2 })
    expect(await cancelled(shop, cancelOf(order))).toEqual({ result: 'already', order_status: 2 })
    expect(await after()).toEqual(once)
    expect(await refusal(send(shop, 'order-cancel', { ...command, reason: 'other' }))).toMatchObject({
      code: 'command-differs',
    })
  })

  it('keeps its stock where placing it took none', async () => {
    await shop.act.configure('stock_dec_time', '0')
    const before = await stock(shop)
    const order = await shop.act.place()
    await cancelled(shop, cancelOf(order))
    expect(await stock(shop)).toEqual(before)
    await shop.act.configure('stock_dec_time', '1')
  })

  it('is left to a person if it was paid and the money has nowhere to go', async () => {
    const paid = await shop.act.place({ member: 1, head: { money_paid: '9.90' } })
    expect(await refusal(send(shop, 'order-cancel', cancelOf(paid)))).toEqual({
      code: 'needs-a-person',
      field: 'refund',
    })
    const guest = await shop.act.place({ head: { money_paid: '9.90' } })
    expect(await refusal(send(shop, 'order-cancel', cancelOf(guest, { refund: 'balance' })))).toMatchObject({
      code: 'needs-a-person',
    })
    expect(await head(shop, paid)).toMatchObject({ order_status: 0, money_paid: '9.90' })
    expect(await count(shop, "SELECT COUNT(*) FROM {erpsync_command} WHERE step <> 'done'")).toBe(0)
  })

  it('is too late once anything was shipped, and a person’s matter while a note is prepared', async () => {
    const part = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    await shipped(shop, shipmentOf(part, [1]))
    expect(await refusal(send(shop, 'order-cancel', cancelOf(part)))).toMatchObject({ code: 'too-late' })
    const prepared = await shop.act.place()
    await shop.act.split(prepared.order_id)
    expect(await refusal(send(shop, 'order-cancel', cancelOf(prepared)))).toMatchObject({
      code: 'needs-a-person',
    })
    const returned = await shop.act.place()
    await shop.act.ship(returned.order_id)
    await shop.act.return(returned.order_id)
    expect(await refusal(send(shop, 'order-cancel', cancelOf(returned)))).toMatchObject({
      code: 'order-closed',
    })
  })

  it('is already void if a person made it so', async () => {
    const order = await shop.act.place()
    await shop.act.void(order.order_id)
    expect(await cancelled(shop, cancelOf(order))).toEqual({ result: 'already', order_status: 3 })
  })
})

describe.each(GENERATIONS)('a reply, in a shop of $generation', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aServedShop(options)
  })
  afterAll(() => shop.dispose())

  async function aMessage() {
    const msg_time = shop.time.now()
    const msg_id = await shop.sql.insert('feedback', {
      user_id: 1,
      user_name: 'zhangsan',
      msg_title: '何时发货',
      msg_content: '请问',
      msg_type: 5,
      msg_time,
    })
    return { msg_id: String(msg_id), msg_time }
  }
  const replyTo = (ticket: { readonly msg_id: string; readonly msg_time: number }, more: object = {}) => ({
    reply_id: anId('R'),
    ticket,
    text: '今天 <b>发货</b> & 明天到 </TextArea>',
    author: '客服 <小王>',
    at: SHIPPED_AT,
    origin: 'crm',
    ...more,
  })
  const under = (msgId: string) =>
    shop.sql.rows('SELECT * FROM {feedback} WHERE parent_id = ? ORDER BY msg_id', [msgId])

  it('stands under the message as the reply screen writes it, once', async () => {
    const ticket = await aMessage()
    const reply = replyTo(ticket)
    const answer = await replied(shop, reply)
    const rows = await under(ticket.msg_id)
    expect(rows).toMatchObject([
      {
        user_id: 0,
        user_name: '客服 &lt;小王&gt;',
        msg_title: 'reply',
        msg_type: 0,
        msg_status: 0,
        msg_content: '今天 <b>发货</b> & 明天到 < /TextArea>',
        msg_time: shop.time.now(SHIPPED_AT_EPOCH),
        order_id: 0,
      },
    ])
    expect(answer).toEqual({
      result: 'recorded',
      reply_id: reply.reply_id,
      msg_id: String(rows[0]?.['msg_id']),
    })
    expect(await replied(shop, reply)).toEqual({ ...answer, result: 'duplicate' })
    expect(await under(ticket.msg_id)).toEqual(rows)
    expect(await refusal(send(shop, 'ticket-replies', { ...reply, text: 'other' }))).toMatchObject({
      code: 'command-differs',
    })
  })

  it('is added to the one before, because the shop shows one row per message', async () => {
    const ticket = await aMessage()
    await replied(shop, replyTo(ticket, { text: '第一' }))
    await replied(shop, replyTo(ticket, { text: '第二', at: '2026-11-21T06:30:00Z' }))
    expect(await under(ticket.msg_id)).toMatchObject([
      {
        msg_content: '第一\n\n客服 <小王> 2026-11-21 14:30\n第二',
        msg_time: shop.time.now(SHIPPED_AT_EPOCH + 86_400),
      },
    ])
  })

  it('replaces what the column cannot hold and cuts nothing off', async () => {
    const ticket = await aMessage()
    await replied(shop, replyTo(ticket, { text: '收到😀谢谢' }))
    const [row] = await under(ticket.msg_id)
    expect(String(row?.['msg_content'])).toMatch(
      options.generation === '2.8' ? /^收到😀谢谢$/ : /^收到\?谢谢$/,
    )
  })

  it('to another message, to none, or to a reply is refused', async () => {
    const ticket = await aMessage()
    expect(
      await refusal(send(shop, 'ticket-replies', replyTo({ ...ticket, msg_time: ticket.msg_time + 1 }))),
    ).toMatchObject({ code: 'identity-mismatch' })
    expect(
      await refusal(send(shop, 'ticket-replies', replyTo({ ...ticket, msg_id: '999999' }))),
    ).toMatchObject({ code: 'not-found' })
    const { msg_id } = await replied(shop, replyTo(ticket))
    expect(
      await refusal(
        send(shop, 'ticket-replies', replyTo({ msg_id, msg_time: shop.time.now(SHIPPED_AT_EPOCH) })),
      ),
    ).toMatchObject({ code: 'not-found' })
  })

  it('that would not fit any more is left to a person', async () => {
    const ticket = await aMessage()
    await replied(shop, replyTo(ticket))
    await shop.sql.exec('UPDATE {feedback} SET msg_content = ? WHERE parent_id = ?', [
      'x'.repeat(59_990),
      ticket.msg_id,
    ])
    expect(await refusal(send(shop, 'ticket-replies', replyTo(ticket)))).toMatchObject({
      code: 'needs-a-person',
    })
  })
})

describe.each(GENERATIONS)('a note on an order, in a shop of $generation', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aServedShop(options)
  })
  afterAll(() => shop.dispose())

  it('stands in the log with the statuses that the order has, and changes no other row', async () => {
    const order = await shop.act.place()
    await shop.act.pay(order.order_id)
    await shop.act.ship(order.order_id)
    const before = await head(shop, order)
    const body = orderNoteOf(order)
    const { action_id } = await noted(shop, body)
    expect(await logOf(shop, order)).toEqual([
      expect.objectContaining({
        action_id: Number(action_id),
        order_status: before['order_status'],
        shipping_status: before['shipping_status'],
        pay_status: 2,
        action_place: 0,
        action_note: '退货已签收',
        log_time: shop.time.now(SHIPPED_AT_EPOCH),
      }),
    ])
    expect(await head(shop, order)).toEqual(before)
    expect(await noted(shop, body)).toEqual({ result: 'duplicate', note_id: body.note_id, action_id })
    expect(await refusal(send(shop, 'order-notes', { ...body, text: 'other' }))).toMatchObject({
      code: 'command-differs',
    })
  })

  it('is encoded as the log prints it, and cut between characters where that makes it too long', async () => {
    const order = await shop.act.place()
    await noted(shop, orderNoteOf(order, { text: ' <b>已退</b>\n&\t完 ' }))
    await noted(shop, orderNoteOf(order, { text: `${'字'.repeat(250)}<<` }))
    expect((await logOf(shop, order)).map((row) => row['action_note'])).toEqual([
      '&lt;b&gt;已退&lt;/b&gt; &amp; 完',
      `${'字'.repeat(250)}&lt;`,
    ])
  })

  it('is never later than now', async () => {
    const order = await shop.act.place()
    await noted(shop, orderNoteOf(order, { at: '2099-01-01T00:00:00Z' }))
    const [row] = await logOf(shop, order)
    expect(Math.abs(Number(row?.['log_time']) - shop.time.now())).toBeLessThan(60)
  })

  it('on another order, on none and on one that was deleted is refused', async () => {
    const order = await shop.act.place()
    const other = { ...identity(order), order_sn: `${order.order_sn}1` }
    const none = { ...identity(order), order_id: '999999' }
    const codes = [
      await refusal(send(shop, 'order-notes', orderNoteOf(order, { order: other }))),
      await refusal(send(shop, 'order-notes', orderNoteOf(order, { order: none }))),
    ]
    await shop.act.cancel(order.order_id)
    await shop.act.delete(order.order_id)
    codes.push(await refusal(send(shop, 'order-notes', orderNoteOf(order))))
    expect(codes).toEqual([
      { code: 'identity-mismatch', field: 'order' },
      { code: 'not-found', field: 'order.order_id' },
      { code: 'not-found', field: 'order.order_id' },
    ])
    expect(await logOf(shop, order)).toEqual([])
  })
})

describe('a shop of the GBK edition', () => {
  it('gets its texts in GBK, with what GBK lacks replaced', async () => {
    await using shop = await aServedShop({ generation: '2.7', engine: 'MyISAM', charset: 'gbk' })
    const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
    await shipped(shop, shipmentOf(order, [1], { carrier: { shipping_code: '顺丰', name: '中通😀速递' } }))
    expect(await notes(shop, order)).toMatchObject([{ shipping_name: '中通?速递', consignee: '李四' }])
    expect(await count(shop, "SELECT COUNT(*) FROM {delivery_goods} WHERE goods_name = '保温杯 500ml'")).toBe(
      1,
    )
    const other = await shop.act.place()
    await noted(shop, orderNoteOf(other, { text: '已收到😀货' }))
    expect(await logOf(shop, other)).toMatchObject([{ action_note: '已收到?货' }])
    await cancelled(shop, cancelOf(other, { reason: '缺货😀了' }))
    expect(await head(shop, other)).toMatchObject({ to_buyer: '缺货?了' })
    const msg_time = shop.time.now()
    const msg_id = await shop.sql.insert('feedback', {
      user_id: 1,
      msg_title: 'x',
      msg_content: 'y',
      msg_time,
    })
    for (const text of ['第一😀', '第二😀'])
      await replied(shop, {
        reply_id: anId('R'),
        ticket: { msg_id: String(msg_id), msg_time },
        text,
        author: '客服',
        at: SHIPPED_AT,
        origin: 'crm',
      })
    expect(await shop.sql.value('SELECT msg_content FROM {feedback} WHERE parent_id = ?', [msg_id])).toBe(
      '第一?\n\n客服 2026-11-20 14:30\n第二?',
    )
  })
})

/** The statement that does it all at once. */
const SHIPPING = { write: 1, of: /^\s*UPDATE\b.*erpsync_command/is, executed: false }

/** Each call is cut at its first write, then at its second, … before the server executes it, or after. */
describe.each(GENERATIONS)(
  'a write-back that dies between two statements, in a shop of $generation',
  (options) => {
    let proxy: CuttingProxy
    let shop: Shop
    let dispose: () => Promise<void>
    beforeAll(async () => {
      ;({ proxy, shop, dispose } = await aCutShop(options))
      await shop.sql.insert('bonus_type', {
        type_id: 7,
        send_type: 2,
        min_amount: '100.00',
        send_end_date: 2_000_000_000,
      })
      await shop.sql.exec('UPDATE {goods} SET give_integral = -1, rank_integral = -1')
    })
    afterAll(() => dispose())

    /** @param check of one call that was cut and repeated; gets the answer of the repeated one */
    async function atEveryWrite(
      resource: string,
      prepare: () => Promise<{
        readonly body: object
        readonly check: (answer: BridgeAnswer) => Promise<void>
      }>,
    ): Promise<number> {
      for (let write = 1; write < 40; write += 1) {
        for (const executed of [false, true]) {
          const { body, check } = await prepare()
          const cut: Cut = { write, of: WRITE, executed }
          proxy.arm(cut)
          const answer = await send(shop, resource, body)
          const wasCut = proxy.disarm()
          // PHP tells its log of the lost connection.
          shop.takeWarnings()
          if (!wasCut) {
            expect(answer).toMatchObject({ status: 200 })
            return write - 1
          }
          // Not busy, which says that nothing was changed.
          expect(answer).toMatchObject({ status: 500, body: { code: 'internal-error' } })
          const again = await send(shop, resource, body)
          expect(again).toMatchObject({ status: 200 })
          await check(again)
        }
      }
      throw new Error('it never ended')
    }

    it('is completed by the repeated call: a shipment', { timeout: 240_000 }, async () => {
      const writes = await atEveryWrite('shipments', async () => {
        const order = await shop.act.place({
          member: 1,
          lines: [
            { goods: flask.goods_id, quantity: 2 },
            { goods: shirt.goods_id, product: shirt.red.product_id },
            { package: SEED.package.act_id },
          ],
        })
        const [flasks = 0, towels = 0, shirts = 0, red = 0, blue = 0] = await stock(shop)
        const before = await member(shop)
        const coupons = await count(shop, 'SELECT COUNT(*) FROM {user_bonus}')
        const body = shipmentOf(order, [2, 1, 1])
        return {
          body,
          check: async (answer) => {
            const [note, ...others] = await notes(shop, order)
            expect(others).toEqual([])
            expect(note).toMatchObject({ status: 0, invoice_no: 'SF100' })
            expect(ShipmentRecordedSchema.parse(answer.body)).toMatchObject({
              delivery_id: String(note?.['delivery_id']),
              order_status: 5,
              shipping_status: 1,
            })
            expect((await noteGoods(shop, order)).map((row) => row['send_number'])).toEqual([2, 1, 1, 2])
            expect(await head(shop, order)).toMatchObject({
              order_status: 5,
              shipping_status: 1,
              invoice_no: 'SF100',
            })
            expect(await sendNumbers(shop, order)).toEqual([2, 1, 1])
            expect(await stock(shop)).toEqual([flasks - 3, towels - 2, shirts - 1, red - 1, blue])
            expect(await member(shop)).toMatchObject({
              pay_points: before.pay_points + 199,
              rank_points: before.rank_points + 199,
            })
            const { order_sn, order_id } = order
            expect(
              await count(shop, 'SELECT COUNT(*) FROM {account_log} WHERE LOCATE(?, change_desc) > 0', [
                order_sn,
              ]),
            ).toBe(1)
            expect(
              await count(
                shop,
                "SELECT COUNT(*) FROM {order_action} WHERE action_user = 'kingdee' AND order_id = ?",
                [order_id],
              ),
            ).toBe(1)
            expect(
              await count(shop, 'SELECT COUNT(*) FROM {user_bonus} WHERE user_id = 1 AND bonus_sn = 0'),
            ).toBe(coupons + 2)
            expect(await count(shop, 'SELECT COUNT(*) FROM {user_bonus}')).toBe(coupons + 2)
            expect(await shipped(shop, body)).toMatchObject({ result: 'duplicate' })
          },
        }
      })
      // The claim, the note, its lines (two), three counts, all at once, two journals, the coupons (two), the answer.
      expect(writes).toBe(13)
    })

    it('is completed by the repeated call: a shipment of a note that a person prepared', {
      timeout: 240_000,
    }, async () => {
      await atEveryWrite('shipments', async () => {
        const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
        await shop.act.split(order.order_id)
        const [flasks = 0] = await stock(shop)
        const body = shipmentOf(order, [2])
        return {
          body,
          check: async () => {
            expect(await notes(shop, order)).toMatchObject([{ status: 0, action_user: 'admin' }])
            expect(await sendNumbers(shop, order)).toEqual([2])
            expect((await stock(shop))[0]).toBe(flasks - 2)
            expect(await head(shop, order)).toMatchObject({ order_status: 5, shipping_status: 1 })
          },
        }
      })
    })

    it('is completed by the repeated call: a cancel', { timeout: 240_000 }, async () => {
      await shop.act.configure('stock_dec_time', '1')
      const writes = await atEveryWrite('order-cancel', async () => {
        const before = await stock(shop)
        const money = await member(shop)
        const order = await shop.act.place({
          member: 1,
          lines: [
            { goods: flask.goods_id, quantity: 2 },
            { goods: shirt.goods_id, product: shirt.red.product_id },
            { package: SEED.package.act_id },
          ],
          head: { surplus: '3.00', integral: 7, money_paid: '3.00' },
        })
        const body = cancelOf(order, { refund: 'balance' })
        return {
          body,
          check: async () => {
            expect(await stock(shop)).toEqual(before)
            expect(await member(shop)).toMatchObject({
              user_money: (Number(money.user_money) + 6).toFixed(2),
              pay_points: money.pay_points + 7,
            })
            expect(await head(shop, order)).toMatchObject({ order_status: 2, surplus: '0.00', integral: 0 })
            expect(
              await count(shop, 'SELECT COUNT(*) FROM {account_log} WHERE LOCATE(?, change_desc) > 0', [
                order.order_sn,
              ]),
            ).toBe(3)
            expect(
              await count(
                shop,
                "SELECT COUNT(*) FROM {order_action} WHERE action_user = 'kingdee' AND order_id = ?",
                [order.order_id],
              ),
            ).toBe(1)
            expect(await cancelled(shop, body)).toEqual({ result: 'duplicate', order_status: 2 })
          },
        }
      })
      await shop.act.configure('stock_dec_time', '0')
      // The claim, all at once, two journals, the answer.
      expect(writes).toBe(5)
    })

    it('is completed by the repeated call: a reply', { timeout: 240_000 }, async () => {
      const writes = await atEveryWrite('ticket-replies', async () => {
        const msg_time = shop.time.now()
        const msg_id = await shop.sql.insert('feedback', {
          user_id: 1,
          msg_title: 'x',
          msg_content: 'y',
          msg_time,
        })
        const body = {
          reply_id: anId('R'),
          ticket: { msg_id: String(msg_id), msg_time },
          text: '好的',
          author: '客服',
          at: SHIPPED_AT,
          origin: 'crm',
        }
        return {
          body,
          check: async () => {
            expect(
              await shop.sql.rows('SELECT msg_content FROM {feedback} WHERE parent_id = ?', [msg_id]),
            ).toEqual([{ msg_content: '好的' }])
            expect(await shop.app(`$app->events()->snapshot('ticket', ${msg_id})`)).toMatchObject({
              event: {
                snapshot: { replies: [{ by_bridge: true, bridge_reply_ids: [body.reply_id] }] },
              },
            })
          },
        }
      })
      // The claim, the empty row, whose text it will be, its text with the answer.
      expect(writes).toBe(4)
    })

    it('is completed by the repeated call: a note', { timeout: 240_000 }, async () => {
      const writes = await atEveryWrite('order-notes', async () => {
        const order = await shop.act.place()
        const body = orderNoteOf(order)
        return {
          body,
          check: async () => {
            expect(await logOf(shop, order)).toMatchObject([
              { action_note: '退货已签收', order_status: 0, shipping_status: 0, pay_status: 0 },
            ])
            expect(await noted(shop, body)).toMatchObject({ result: 'duplicate' })
          },
        }
      })
      // The claim, the row, its words with the answer.
      expect(writes).toBe(3)
    })

    it('is given up with its order: a note on one that was deleted meanwhile', async () => {
      const order = await shop.act.place()
      const body = orderNoteOf(order)
      proxy.arm({ write: 2, of: WRITE, executed: true })
      await send(shop, 'order-notes', body)
      expect(proxy.disarm()).toBe(true)
      shop.takeWarnings()
      await shop.act.cancel(order.order_id)
      await shop.act.delete(order.order_id)
      expect(await refusal(send(shop, 'order-notes', body))).toMatchObject({ code: 'not-found' })
      expect(
        await count(shop, 'SELECT COUNT(*) FROM {erpsync_command} WHERE command_id = ?', [body.note_id]),
      ).toBe(0)
      expect(await logOf(shop, order)).toEqual([])
    })

    it('goes on as the shop is then: a cancelled order’s half-made note is taken back', async () => {
      const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
      const body = shipmentOf(order, [2])
      const before = await stock(shop)
      proxy.arm(SHIPPING)
      await send(shop, 'shipments', body)
      expect(proxy.disarm()).toBe(true)
      shop.takeWarnings()
      expect(await notes(shop, order)).toMatchObject([{ status: 2 }])
      expect(await sendNumbers(shop, order)).toEqual([2])
      await shop.act.cancel(order.order_id)
      expect(await refusal(send(shop, 'shipments', body))).toMatchObject({ code: 'order-closed' })
      expect(await notes(shop, order)).toEqual([])
      expect(await sendNumbers(shop, order)).toEqual([0])
      expect(await stock(shop)).toEqual(before)
      expect(
        await count(shop, 'SELECT COUNT(*) FROM {erpsync_command} WHERE command_id = ?', [body.shipment_id]),
      ).toBe(0)
    })

    it('leaves the half-made note to its own call', async () => {
      const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
      const body = shipmentOf(order, [2])
      proxy.arm(SHIPPING)
      await send(shop, 'shipments', body)
      expect(proxy.disarm()).toBe(true)
      shop.takeWarnings()
      expect(await refusal(send(shop, 'shipments', shipmentOf(order, [2])))).toMatchObject({
        code: 'quantity-exceeds',
      })
      expect(await shipped(shop, body)).toMatchObject({ result: 'recorded' })
    })

    it('takes nothing twice if a person shipped the half-made note', async () => {
      const order = await shop.act.place({ lines: [{ goods: flask.goods_id, quantity: 2 }] })
      const body = shipmentOf(order, [2])
      const [flasks = 0] = await stock(shop)
      proxy.arm(SHIPPING)
      await send(shop, 'shipments', body)
      expect(proxy.disarm()).toBe(true)
      shop.takeWarnings()
      const [note] = await notes(shop, order)
      await shop.act.shipNote(Number(note?.['delivery_id']))
      expect(await shipped(shop, body)).toMatchObject({ delivery_id: String(note?.['delivery_id']) })
      expect((await stock(shop))[0]).toBe(flasks - 2)
      expect(await notes(shop, order)).toHaveLength(1)
    })
  },
)

describe('emptying the shop’s cache', () => {
  it('removes plain files of the cache folders, and follows no link', async () => {
    await using shop = await aShop()
    const outside = join(dirname(shop.folder), 'outside')
    for (const folder of ['temp/caches/a', 'temp/caches/a/inner', 'temp/caches/top', 'temp/other'])
      mkdirSync(shop.path(folder), { recursive: true })
    mkdirSync(outside)
    const kept = [
      'temp/caches/a/index.htm',
      'temp/caches/a/inner/file.php',
      'temp/caches/top/file.php',
      'temp/caches/file.php',
      'temp/other/file.php',
      'temp/compiled/file.php',
      'data/config.php',
    ]
    for (const file of kept.slice(0, -1)) writeFileSync(shop.path(file), '')
    const gone = [
      'temp/caches/a/file.php',
      'temp/query_caches/file.php',
      'temp/static_caches/shop_config.php',
    ]
    for (const file of gone) writeFileSync(shop.path(file), '')
    writeFileSync(join(outside, 'file.php'), '')
    symlinkSync(outside, shop.path('temp/caches/b'))
    symlinkSync(join(outside, 'file.php'), shop.path('temp/caches/a/link.php'))
    await shop.evaluate('ErpSync_ShopCache::clear($root); return 1;')
    for (const file of gone) expect(existsSync(shop.path(file)), file).toBe(false)
    for (const file of kept) expect(existsSync(shop.path(file)), file).toBe(true)
    expect(readdirSync(outside)).toEqual(['file.php'])
    expect(existsSync(shop.path('temp/caches/a/link.php'))).toBe(true)
  })
})
