import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { WebhookEventSchema } from '#contracts/webhook.ts'
import { aShop, type Shop } from './support/a-shop.ts'
import { MariaDb } from './support/mariadb.ts'
import { SEED } from './support/seed.ts'
import { phpString } from './support/shop-folder.ts'

const FoundSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('event'), event: WebhookEventSchema, stamp: z.int() }),
  z.object({ is: z.literal('not-ready'), stamp: z.int() }),
  z.object({ is: z.literal('gone') }),
])
type Event = z.infer<typeof WebhookEventSchema>
type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>
type Kind = 'order' | 'customer' | 'return' | 'ticket'

const events = (shop: Shop, call: string) => shop.app(`return $app->events()->${call};`)

const find = async (shop: Shop, kind: Kind, id: number, stamp?: number) =>
  FoundSchema.parse(
    await events(shop, `snapshot('${kind}', '${id}'${stamp === undefined ? '' : `, ${stamp}`})`),
  )

function isOf<Type extends Event['type']>(event: Event, type: Type): event is EventOf<Type> {
  return event.type === type
}

function expectType<Type extends Event['type']>(event: Event, type: Type): EventOf<Type> {
  if (!isOf(event, type)) throw new Error(`a ${event.type}, not a ${type}`)
  return event
}

async function snapshotOf<Type extends `${Kind}.snapshot`>(
  shop: Shop,
  type: Type,
  id: number,
): Promise<EventOf<Type>> {
  const kind = type.slice(0, type.indexOf('.')) as Kind
  const found = await find(shop, kind, id)
  if (found.is !== 'event') throw new Error(`${kind} ${id} is ${found.is}`)
  return expectType(found.event, type)
}

const orderOf = async (shop: Shop, id: number) => (await snapshotOf(shop, 'order.snapshot', id)).snapshot

/** The tombstone as the relay makes it, from what a trigger wrote. */
const tombstoneOf = async (shop: Shop, order: { order_id: number; add_time: number }, payload = '') =>
  expectType(
    WebhookEventSchema.parse(
      await events(shop, `tombstone('order', '${order.order_id}', ${order.add_time}, array(${payload}))`),
    ),
    'order.deleted',
  ).tombstone

const digestsOf = async (shop: Shop, kind: Kind, ids: readonly number[]) =>
  z
    .union([
      z.record(z.string(), z.string().regex(/^[0-9a-f]{32}$/)),
      z.tuple([]).transform((): Record<string, string> => ({})),
    ])
    .parse(await events(shop, `digests('${kind}', array(${ids.join(', ')}))`))

const changed = (shop: Shop, kind: Kind, id: number) =>
  shop.app(`$app->outbox->changed('${kind}', ${id}, time())`)

const keptDigest = (shop: Shop, kind: Kind, id: number) =>
  shop.root.value('SELECT digest FROM {erpsync_seen} WHERE kind = ? AND thing_id = ?', [kind, id])

describe.each([
  { generation: '2.8', engine: 'InnoDB', charset: 'utf8mb4' },
  { generation: '2.7', engine: 'InnoDB', charset: 'gbk' },
  { generation: '2.7', engine: 'MyISAM', charset: 'gbk' },
  { generation: '2.7', engine: 'MyISAM', charset: 'utf8' },
] as const)('a $generation shop on $engine in $charset', (options) => {
  it('tells of an order, its delivery and its return as the contract has them', async () => {
    await using shop = await aShop({ ...options, capture: 'triggers' })
    const placed = await shop.act.place({
      member: SEED.member.user_id,
      payment: 4,
      lines: [{ goods: 2, product: 1, quantity: 2 }, { package: 1 }, { goods: 1 }],
      head: {
        consignee: '李四 &amp; 王五',
        postscript: '&lt;b&gt;尽快&lt;/b&gt; &amp;amp;',
        inv_payee: '杭州&#39;甲&#39;',
      },
    })
    await shop.act.pay(placed.order_id)
    await shop.act.ship(placed.order_id, { [Number(placed.rec_ids[0])]: 1 })
    const order = await orderOf(shop, placed.order_id)
    expect(order).toMatchObject({
      order_id: String(placed.order_id),
      order_sn: placed.order_sn,
      user_name: SEED.member.user_name,
      consignee: '李四 & 王五',
      postscript: '<b>尽快</b> &amp;',
      inv_payee: "杭州'甲'",
      address: '文三路2号 & 后院',
      country: { id: '1', name: '中国' },
      province: { id: '2', name: '浙江省' },
      city: { id: '3', name: '杭州市' },
      district: { id: '4', name: '西湖区' },
      pay_name: '<b>支付宝</b>',
      pay_code: 'alipay',
      shipping_code: 'sf_express',
      is_cod: 0,
      currency: 'CNY',
      pay_status: 2,
      goods_amount: '308.00',
      shipping_fee: '10.00',
      order_amount: '0.00',
      money_paid: '318.00',
      payments: [{ order_amount: '318.00', is_paid: 1, order_type: 0 }],
    })
    expect(order.lines.map((line) => line.rec_id)).toEqual(placed.rec_ids.map(String))
    expect(order.lines).toMatchObject([
      {
        goods_sn: SEED.goods.shirt.sn,
        product_sn: 'TS-RED',
        goods_number: 2,
        send_number: 1,
        goods_price: '99.00',
      },
      {
        goods_id: '1',
        goods_sn: '',
        product_sn: '',
        extension_code: 'package_buy',
        goods_price: '60.00',
        package_goods: [
          {
            goods_id: '1',
            goods_sn: 'ECS000001',
            goods_name: '保温杯 500ml',
            product_id: '0',
            goods_number: 1,
            goods_price: '50.00',
          },
          {
            goods_id: '3',
            goods_sn: 'ECS000003',
            goods_name: '毛巾',
            product_sn: '',
            goods_number: 2,
            goods_price: '20.00',
          },
        ],
      },
      { goods_sn: 'ECS000001', product_id: '0', product_sn: '' },
    ])
    expect(order.deliveries).toMatchObject([
      { status: 0, invoice_no: 'SF1', lines: [{ product_id: '1', product_sn: 'TS-RED', send_number: 1 }] },
    ])
    expect(Object.keys(order.deliveries[0] ?? {})).not.toContain('consignee')

    await shop.act.ship(placed.order_id)
    const backIds = await shop.act.return(placed.order_id)
    const [first, second] = await Promise.all(
      backIds.map(async (id) => (await snapshotOf(shop, 'return.snapshot', id)).snapshot),
    )
    expect(first).toMatchObject({
      order_id: String(placed.order_id),
      order_sn: placed.order_sn,
      order_add_time: placed.add_time,
      shipping_name: '顺丰速运',
      lines: [{ product_sn: 'TS-RED', send_number: 1, order_rec_ids: [String(placed.rec_ids[0])] }],
    })
    // The flask was sold alone and in the package; the return does not say which of them came back.
    const flask = second?.lines.find((line) => line.goods_id === '1')
    expect(flask?.order_rec_ids).toEqual([String(placed.rec_ids[2]), String(placed.rec_ids[1])])
  })

  it('tells of a customer and of a ticket as the contract has them', async () => {
    await using shop = await aShop({ ...options, capture: 'triggers' })
    await shop.act.editMember(SEED.member.user_id, {
      user_rank: 1,
      alias: 'A &amp; B',
      birthday: '0000-00-00',
    })
    const customer = await snapshotOf(shop, 'customer.snapshot', SEED.member.user_id)
    expect(customer.snapshot).toMatchObject({
      user_name: 'zhangsan',
      alias: 'A & B',
      birthday: '',
      rank_name: '注册用户',
      addresses: [{ consignee: '张三', province: { name: '浙江省' }, mobile: '13800000001' }],
    })
    expect(customer.snapshot).not.toHaveProperty('user_money')
    expect(customer.snapshot).not.toHaveProperty('last_ip')

    const order = await shop.act.place({ member: SEED.member.user_id })
    const message = await shop.act.message({ text: '几时到&hellip;', order: order.order_id })
    await shop.act.reply(message.msg_id, '今天发出')
    const ticket = await snapshotOf(shop, 'ticket.snapshot', message.msg_id)
    expect(ticket.snapshot).toMatchObject({
      msg_content: '几时到…',
      msg_type: 5,
      order_sn: order.order_sn,
      order_add_time: order.add_time,
      replies: [{ msg_content: '今天发出', user_name: 'admin' }],
    })
  })

  it('knows a merged order by its lines, whichever of the two ends is told first', async () => {
    await using shop = await aShop({ ...options, capture: 'poll' })
    const one = await shop.act.place({ member: 1, lines: [{ goods: 1 }] })
    const two = await shop.act.place({ member: 1, lines: [{ goods: 3, quantity: 2 }] })
    for (const { order_id } of [one, two]) await orderOf(shop, order_id)
    const merged = await shop.act.merge(one.order_id, two.order_id)

    const into = { order_id: String(merged.order_id), order_sn: merged.order_sn }
    expect(await tombstoneOf(shop, one)).toEqual({
      order_id: String(one.order_id),
      order_sn: one.order_sn,
      add_time: one.add_time,
      rec_ids: one.rec_ids.map(String),
      order_status: null,
      merged_into: into,
    })
    const order = await orderOf(shop, merged.order_id)
    expect(order.merged_from).toEqual(
      [one, two].map(({ order_id, order_sn, add_time, rec_ids }) => ({
        order_id: String(order_id),
        order_sn,
        add_time,
        rec_ids: rec_ids.map(String),
      })),
    )
    expect((await tombstoneOf(shop, two)).merged_into).toEqual(into)
    // And again: what was told once is told so for ever.
    expect((await orderOf(shop, merged.order_id)).merged_from).toHaveLength(2)
  })
})

describe('an order', () => {
  it('is not ready before its lines exist', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const order = await shop.act.placeHead()
    expect(await find(shop, 'order', order.order_id)).toEqual({ is: 'not-ready', stamp: order.add_time })
    await shop.act.placeLines(order)
    expect((await orderOf(shop, order.order_id)).lines).toHaveLength(1)
  })

  it('is not ready while it is being merged, neither the new one nor those that lost their lines', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const old = await shop.act.place()
    await orderOf(shop, old.order_id)
    const merged = await shop.act.placeHead()
    await shop.sql.exec('UPDATE {order_goods} SET order_id = ? WHERE order_id = ?', [
      merged.order_id,
      old.order_id,
    ])
    expect(await find(shop, 'order', merged.order_id)).toMatchObject({ is: 'not-ready' })
    expect(await find(shop, 'order', old.order_id)).toMatchObject({ is: 'not-ready' })
    await shop.sql.exec('DELETE FROM {order_info} WHERE order_id = ?', [old.order_id])
    expect((await orderOf(shop, merged.order_id)).merged_from).toMatchObject([{ order_sn: old.order_sn }])
  })

  it('is no merge when a line is moved to it from an order that goes on', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const old = await shop.act.place({ lines: [{ goods: 1 }, { goods: 3 }] })
    await orderOf(shop, old.order_id)
    const other = await shop.act.placeHead()
    await shop.sql.exec('UPDATE {order_goods} SET order_id = ? WHERE rec_id = ?', [
      other.order_id,
      old.rec_ids[0],
    ])
    expect(await orderOf(shop, other.order_id)).not.toHaveProperty('merged_from')
    await shop.act.delete(old.order_id)
    expect(await orderOf(shop, other.order_id)).not.toHaveProperty('merged_from')
  })

  it('that was merged out of merged ones names all that went into it', async () => {
    await using shop = await aShop({ capture: 'poll' })
    const orders = [await shop.act.place(), await shop.act.place(), await shop.act.place()] as const
    for (const { order_id } of orders) await orderOf(shop, order_id)
    const first = await shop.act.merge(orders[0].order_id, orders[1].order_id)
    await orderOf(shop, first.order_id)
    const second = await shop.act.merge(first.order_id, orders[2].order_id)
    const sns = (await orderOf(shop, second.order_id)).merged_from?.map(({ order_sn }) => order_sn)
    expect(sns?.toSorted()).toEqual([...orders, first].map(({ order_sn }) => order_sn).toSorted())
  })

  it('merged before the bridge ever read its parts names them by what the triggers saw', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const [one, two] = [await shop.act.place(), await shop.act.place()]
    const merged = await shop.act.merge(one.order_id, two.order_id)
    await shop.app('$collector = new ErpSync_Collector($app); return $collector->collect();')
    const order = await orderOf(shop, merged.order_id)
    expect(order.merged_from?.map(({ order_sn }) => order_sn)).toEqual([one.order_sn, two.order_sn])
    expect((await tombstoneOf(shop, two, "'order_status' => 1")).merged_into).toMatchObject({
      order_sn: merged.order_sn,
    })
  })

  it('keeps the members of its package as they were when it was first seen', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    await shop.sql.exec(
      'INSERT INTO {package_goods} (package_id, goods_id, product_id, goods_number, admin_id) VALUES (1, 2, 2, 1, 1)',
    )
    await shop.sql.exec("UPDATE {products} SET product_sn = '' WHERE product_id = 2")
    const { order_id } = await shop.act.place({ lines: [{ package: 1 }] })
    const before = (await orderOf(shop, order_id)).lines[0]?.package_goods
    expect(before).toMatchObject([
      { goods_id: '1', goods_number: 1 },
      // 99.00 and 10 for the colour.
      { goods_id: '2', product_id: '2', product_sn: '', goods_price: '109.00' },
      { goods_id: '3', goods_number: 2 },
    ])
    await shop.sql.exec('UPDATE {package_goods} SET goods_number = 9')
    await shop.sql.exec('DELETE FROM {package_goods} WHERE goods_id = 3')
    await shop.sql.exec("UPDATE {goods} SET shop_price = 1, goods_name = 'x', goods_sn = 'X'")
    expect((await orderOf(shop, order_id)).lines[0]?.package_goods).toEqual(before)
    // But a code that the merchant filled in since.
    await shop.sql.exec("UPDATE {products} SET product_sn = 'TS-BLUE' WHERE product_id = 2")
    const after = (await orderOf(shop, order_id)).lines[0]?.package_goods
    expect(after).toEqual(
      before?.map((member) => (member.goods_id === '2' ? { ...member, product_sn: 'TS-BLUE' } : member)),
    )
  })

  it('keeps the code of a SKU whose row is made anew', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const { order_id } = await shop.act.place({ lines: [{ goods: 2, product: 2 }] })
    expect((await orderOf(shop, order_id)).lines[0]?.product_sn).toBe('TS-BLUE')
    await shop.sql.exec('DELETE FROM {products} WHERE product_id = 2')
    expect((await orderOf(shop, order_id)).lines[0]).toMatchObject({ product_id: '2', product_sn: 'TS-BLUE' })
  })

  it('of a group-buy tells its deposit and its state', async () => {
    const ladder = 's:12:"price_ladder";a:1:{i:0;a:2:{s:6:"amount";i:1;s:5:"price";d:40;}}'
    const open = { start_time: 1, end_time: 2_000_000_000, is_finished: 0 }
    const states = [
      [{ ...open, start_time: 1_900_000_000 }, 0],
      [open, 1],
      [{ ...open, ext_info: `a:2:{${ladder}s:15:"restrict_amount";i:1;s:7:"deposit";d:0;}` }, 2],
      [{ ...open, end_time: 2 }, 2],
      [{ ...open, is_finished: 3 }, 3],
      [{ ...open, is_finished: 4 }, 4],
    ] as const
    await using shop = await aShop({ capture: 'triggers' })
    for (const [activity, status] of states) {
      const act_id = await shop.sql.insert('goods_activity', {
        act_name: '团购',
        act_desc: '',
        act_type: 1,
        goods_id: 1,
        goods_name: '',
        ext_info: `a:3:{${ladder}s:15:"restrict_amount";i:0;s:7:"deposit";d:12.5;}`,
        ...activity,
      })
      const { order_id } = await shop.act.place({
        head: { extension_code: 'group_buy', extension_id: act_id },
      })
      expect((await orderOf(shop, order_id)).group_buy).toEqual({
        deposit: 'ext_info' in activity ? '0.00' : '12.50',
        status,
      })
    }
  })

  it('carries what the merchant added to it, but no secret and no bytes', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    await shop.root.exec(`ALTER TABLE {order_info} ADD tax_no VARCHAR(30) NOT NULL DEFAULT '',
      ADD api_key VARCHAR(30) NOT NULL DEFAULT 'a-gateway-key', ADD signature_image BLOB NULL, ADD \`lines\` INT NULL`)
    await shop.root.exec('ALTER TABLE {order_info} DROP agency_id, DROP card_fee, DROP inv_type')
    await shop.root.exec("ALTER TABLE {order_goods} ADD warehouse VARCHAR(30) NULL DEFAULT '东仓 &amp; 西仓'")
    const order_id = await shop.sql.insert('order_info', {
      order_sn: '2026112200001',
      add_time: shop.time.now(),
      tax_no: '9133 &amp; 1',
      signature_image: Buffer.from([1, 2, 255]),
      lines: 7,
      tax: '0.00',
      discount: '0.00',
    })
    await shop.act.placeLines({ order_id })
    const order = await orderOf(shop, order_id)
    expect(order).toMatchObject({
      tax_no: '9133 & 1',
      agency_id: '0',
      card_fee: '0.00',
      inv_type: '',
      lines: [{ warehouse: '东仓 & 西仓' }],
    })
    expect(order).not.toHaveProperty('api_key')
    expect(order).not.toHaveProperty('signature_image')
  })

  it('with a number or a status that the contract has no place for is told as it is', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const { order_id } = await shop.act.place({ head: { order_sn: '订单 1/2', order_status: 9 } })
    const told = await events(shop, `snapshot('order', ${order_id})`)
    expect(told).toMatchObject({
      is: 'event',
      event: { snapshot: { order_sn: '订单 1/2', order_status: 9 } },
    })
    expect(() => FoundSchema.parse(told)).toThrow('order_sn')
  })
})

describe('time', () => {
  it.each([
    ['PRC', false],
    ['UTC', false],
    ['America/New_York', false],
    ['PRC', true],
  ])('in a shop in %s, true epoch stored: %s, is told in UTC', async (timeZone, plainTime) => {
    await using shop = await aShop({ timeZone, plainTime, capture: 'triggers' })
    const summer = Date.UTC(2026, 6, 1, 8, 30) / 1000
    const winter = Date.UTC(2026, 11, 1, 8, 30) / 1000
    const { order_id } = await shop.act.place({
      head: { add_time: shop.time.now(summer), confirm_time: shop.time.now(winter), pay_time: 0 },
    })
    expect(await orderOf(shop, order_id)).toMatchObject({
      add_time: shop.time.now(summer),
      added_at: '2026-07-01T08:30:00Z',
      confirmed_at: '2026-12-01T08:30:00Z',
      paid_at: null,
    })
  })
})

describe('an identity', () => {
  it('is gone once another thing has its id, and its tombstone still knows it', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const old = await shop.act.place({ head: { add_time: 1_700_000_000 } })
    await orderOf(shop, old.order_id)
    await shop.act.delete(old.order_id)
    await shop.sql.exec('DELETE FROM {erpsync_change}')
    const next = await shop.act.place({ head: { order_id: old.order_id } })
    expect(next.order_id).toBe(old.order_id)

    expect(await find(shop, 'order', old.order_id, 1_700_000_000)).toEqual({ is: 'gone' })
    expect(await find(shop, 'order', old.order_id, next.add_time)).toMatchObject({ is: 'event' })
    const gone = (stamp: string) => events(shop, `gone('order', '${old.order_id}', ${stamp})`)
    const { tombstone } = expectType(WebhookEventSchema.parse(await gone('1700000000')), 'order.deleted')
    expect(tombstone).toEqual({
      order_id: String(old.order_id),
      order_sn: old.order_sn,
      add_time: 1_700_000_000,
      rec_ids: old.rec_ids.map(String),
      order_status: null,
    })
    // What is there, or was never heard of, is not gone.
    expect(await gone(String(next.add_time))).toBeNull()
    expect(await gone('null')).toBeNull()
    expect(await gone('12345')).toBeNull()
  })

  it('gets a tombstone of every kind', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const make = async (kind: Kind, id: number, stamp: number, payload = '') =>
      WebhookEventSchema.parse(await events(shop, `tombstone('${kind}', ${id}, ${stamp}, array(${payload}))`))
    expect(await make('customer', 7, 5)).toMatchObject({ tombstone: { user_id: '7', reg_time: 5 } })
    expect(await make('return', 7, 5, "'order_id' => '3'")).toMatchObject({
      tombstone: { back_id: '7', order_id: '3' },
    })
    expect(await make('return', 8, 5)).toMatchObject({ tombstone: { order_id: '0' } })
    expect(await make('ticket', 7, 5)).toMatchObject({ tombstone: { msg_id: '7', msg_time: 5 } })
    const payload = "'order_sn' => '2026112200001', 'order_status' => 2, 'rec_ids' => array('9', '3', 9)"
    expect(await make('order', 7, 5, payload)).toMatchObject({
      type: 'order.deleted',
      tombstone: { order_sn: '2026112200001', order_status: 2, rec_ids: ['3', '9'] },
    })
  })
})

describe('a return', () => {
  it('is not ready before its goods exist, and names no order that is gone', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const order = await shop.act.place()
    await shop.act.ship(order.order_id)
    const [back_id = 0] = await shop.act.return(order.order_id)
    const { order_add_time } = (await snapshotOf(shop, 'return.snapshot', back_id)).snapshot
    expect(order_add_time).toBe(order.add_time)
    await shop.sql.exec('DELETE FROM {order_info} WHERE order_id = ?', [order.order_id])
    const { snapshot } = await snapshotOf(shop, 'return.snapshot', back_id)
    expect(snapshot).toMatchObject({
      order_sn: order.order_sn,
      order_add_time: null,
      lines: [{ order_rec_ids: [] }],
    })
    await shop.sql.exec('DELETE FROM {back_goods}')
    expect(await find(shop, 'return', back_id)).toMatchObject({ is: 'not-ready' })
  })
})

describe('a version', () => {
  it('is drawn anew for every snapshot, while the hash tells that nothing changed', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const { order_id } = await shop.act.place()
    const [one, two] = [
      await snapshotOf(shop, 'order.snapshot', order_id),
      await snapshotOf(shop, 'order.snapshot', order_id),
    ]
    expect(two.version.seq).toBeGreaterThan(one.version.seq)
    expect(two.version.epoch).toBe(await shop.state('epoch'))
    expect(two.hash).toBe(one.hash)
    await shop.act.confirm(order_id)
    expect((await snapshotOf(shop, 'order.snapshot', order_id)).hash).not.toBe(one.hash)
  })

  it('is its own for each of many things read at once', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const ids = [(await shop.act.place()).order_id, (await shop.act.place()).order_id]
    const found = z
      .record(z.string(), FoundSchema)
      .parse(await events(shop, `snapshots('order', array(${ids.join(', ')}, 999))`))
    const seqs = ids.map((id) => {
      const one = found[id]
      return one?.is === 'event' ? one.event.version.seq : 0
    })
    expect(seqs[1]).toBe((seqs[0] ?? 0) + 1)
    expect(found['999']).toEqual({ is: 'gone' })
  })
})

describe('a digest', () => {
  it('differs whenever a row of the thing does', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const { order_id, rec_ids } = await shop.act.place({ lines: [{ goods: 1, quantity: 2 }] })
    const untouched = (await shop.act.place()).order_id
    const seen = [await digestsOf(shop, 'order', [order_id, untouched, 999])]
    const changes = [
      () => shop.act.confirm(order_id),
      () => shop.sql.exec('UPDATE {order_goods} SET goods_price = 1 WHERE rec_id = ?', [rec_ids[0]]),
      () => shop.act.split(order_id),
      () => shop.sql.exec('UPDATE {delivery_goods} SET send_number = 1'),
      () => shop.sql.exec("UPDATE {delivery_order} SET invoice_no = 'x'"),
      () => shop.sql.exec('UPDATE {pay_log} SET is_paid = 1 WHERE order_id = ?', [order_id]),
    ]
    for (const change of changes) {
      await change()
      seen.push(await digestsOf(shop, 'order', [order_id, untouched, 999]))
    }
    expect(new Set(seen.map((digests) => digests[order_id])).size).toBe(changes.length + 1)
    expect(new Set(seen.map((digests) => digests[untouched])).size).toBe(1)
    expect(Object.keys(seen[0] ?? {})).toHaveLength(2)
  })

  it('of a group-buy order differs when the activity succeeds', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const act_id = await shop.sql.insert('goods_activity', {
      act_name: '团购',
      act_desc: '',
      act_type: 1,
      goods_name: '',
      start_time: 1,
      end_time: 2,
      ext_info: '',
    })
    const { order_id } = await shop.act.place({ head: { extension_code: 'group_buy', extension_id: act_id } })
    const before = await digestsOf(shop, 'order', [order_id])
    await shop.sql.exec('UPDATE {goods_activity} SET is_finished = 3 WHERE act_id = ?', [act_id])
    expect(await digestsOf(shop, 'order', [order_id])).not.toEqual(before)
  })

  it('of a customer does not differ by a login', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const before = await digestsOf(shop, 'customer', [1])
    await shop.act.login(1)
    await shop.sql.exec('UPDATE {users} SET user_money = 1, pay_points = 9 WHERE user_id = 1')
    expect(await digestsOf(shop, 'customer', [1])).toEqual(before)
    await shop.act.editAddress(1, { mobile: '13800000009' })
    expect(await digestsOf(shop, 'customer', [1])).not.toEqual(before)
  })

  it('of a ticket differs by an answer', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const { msg_id } = await shop.act.message({ text: '在吗' })
    const before = await digestsOf(shop, 'ticket', [msg_id])
    const reply = await shop.act.reply(msg_id, '在')
    expect(await digestsOf(shop, 'ticket', [msg_id])).not.toEqual(before)
    // A reply is part of a ticket, and none.
    expect(await digestsOf(shop, 'ticket', [reply])).toEqual({})
    expect(await find(shop, 'ticket', reply)).toEqual({ is: 'gone' })
  })

  it('is kept only of what is about to be relayed: a reading for others hides no change', async () => {
    await using shop = await aShop({ capture: 'poll' })
    const { order_id } = await shop.act.place()
    await orderOf(shop, order_id)
    expect(await keptDigest(shop, 'order', order_id)).toBe('')
    await changed(shop, 'order', order_id)
    await orderOf(shop, order_id)
    expect(await keptDigest(shop, 'order', order_id)).toBe('')
    await events(shop, `snapshot('order', ${order_id}, null, true)`)
    expect(await keptDigest(shop, 'order', order_id)).toBe(
      (await digestsOf(shop, 'order', [order_id]))[order_id],
    )
    await shop.app('$app->outbox->relayed(current($app->outbox->due(1, time())))')
    await shop.act.confirm(order_id)
    await orderOf(shop, order_id)
    expect(await keptDigest(shop, 'order', order_id)).not.toBe(
      (await digestsOf(shop, 'order', [order_id]))[order_id],
    )
  })
})

it('pages by primary key, from a raw time on', async () => {
  await using shop = await aShop({ capture: 'triggers' })
  const ids: number[] = []
  for (const add_time of [100, 300, 200]) ids.push((await shop.act.place({ head: { add_time } })).order_id)
  const page = (after: number, limit: number, since: number) =>
    events(shop, `page('order', ${after}, ${limit}, ${since})`)
  expect(await page(0, 2, 0)).toEqual(ids.slice(0, 2).map(String))
  expect(await page(ids[1] ?? 0, 2, 0)).toEqual(ids.slice(2).map(String))
  expect(await page(0, 9, 200)).toEqual(ids.slice(1).map(String))
})

it('asks the database a fixed number of times, however many orders', async () => {
  await using shop = await aShop({ capture: 'triggers' })
  const queries = async (ids: readonly number[]) => {
    const [before, after] = z.array(z.coerce.number()).parse(
      await shop.app(`
        $events = $app->events();
        $asked = "SHOW SESSION STATUS LIKE 'Com_select'";
        $before = $app->db->row($asked);
        $events->snapshots('order', array(${ids.join(', ')}));
        $after = $app->db->row($asked);
        return array($before['Value'], $after['Value']);`),
    )
    return (after ?? 0) - (before ?? 0)
  }
  const orders: number[] = []
  for (let n = 0; n < 8; n++) {
    const { order_id } = await shop.act.place({
      member: 1,
      lines: [{ goods: 2, product: 1 }, { package: 1 }],
    })
    await shop.act.ship(order_id)
    orders.push(order_id)
  }
  const one = await queries(orders.slice(0, 1))
  expect(await queries(orders)).toBeLessThanOrEqual(one)
  expect(one).toBeLessThan(30)
})

it('tells the same names within a pass, and the new ones in the next', async () => {
  await using shop = await aShop({ capture: 'triggers' })
  const { order_id } = await shop.act.place()
  const names = await shop.app(`
    $events = $app->events();
    $names = array();
    $found = $events->snapshot('order', ${order_id});
    $names[] = $found['event']['snapshot']['district']['name'];
    $app->db->exec("UPDATE {region} SET region_name = '余杭区' WHERE region_id = 4");
    $events = $app->events();
    $found = $events->snapshot('order', ${order_id});
    $names[] = $found['event']['snapshot']['district']['name'];
    return $names;`)
  expect(names).toEqual(['西湖区', '余杭区'])
})

describe('secrets', () => {
  it('are neither told nor ever asked for', async () => {
    const server = await MariaDb.start()
    try {
      await using shop = await aShop({ capture: 'triggers', server: server.port })
      const { order_id } = await shop.act.place({
        member: 1,
        payment: 4,
        lines: [{ goods: 4 }, { goods: 1 }],
      })
      await shop.act.ship(order_id)
      const [back_id = 0] = await shop.act.return(order_id)
      const { msg_id } = await shop.act.message({ text: '在吗', order: order_id })
      await shop.root.exec("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
      const told = JSON.stringify([
        await find(shop, 'order', order_id),
        await find(shop, 'customer', 1),
        await find(shop, 'return', back_id),
        await find(shop, 'ticket', msg_id),
        await digestsOf(shop, 'customer', [1]),
      ])
      await shop.root.exec('SET GLOBAL general_log = 0')
      const asked = (
        await shop.root.rows(
          "SELECT CONVERT(argument USING utf8mb4) AS q FROM mysql.general_log WHERE command_type = 'Query'",
        )
      )
        .map((row) => String(row['q']))
        .filter((query) => !query.includes('erpsync_state'))
      expect(asked.some((query) => query.includes('ecs_users'))).toBe(true)
      for (const secret of SEED.secrets) expect(told).not.toContain(secret)
      for (const query of asked)
        expect(query).not.toMatch(
          /password|salt|answer|question|pay_config|virtual_card|shop_config|SELECT \*|t\.\*/i,
        )
    } finally {
      await server.stop()
    }
  })
})

it('calls a region by its whole name', async () => {
  const places = [
    [['中国', '安徽', '安庆', '桐城市'], '中国 安徽省 安庆市 桐城市'],
    [['中国', '北京', '北京', '朝阳区'], '中国 北京市 北京市 朝阳区'],
    [['中国', '广东', '广州', '天河区'], '中国 广东省 广州市 天河区'],
    [['中国', '广西', '柳州', ''], '中国 广西壮族自治区 柳州市 '],
    [['中国', '新疆', '伊犁', ''], '中国 新疆维吾尔自治区 伊犁哈萨克自治州 '],
    [['中国', '湖南', '湘西州', ''], '中国 湖南省 湘西州 '],
    [['中国', '内蒙古', '阿拉善盟', ''], '中国 内蒙古自治区 阿拉善盟 '],
    [['中国', '海南', '陵水', ''], '中国 海南省 陵水黎族自治县 '],
    [['中国', '湖北', '神农架林区', ''], '中国 湖北省 神农架林区 '],
    [['中国', '香港', '香港', '九龙'], '中国 香港特别行政区 香港特别行政区 九龙'],
    [['中国', '香港', '九龙', ''], '中国 香港特别行政区 九龙 '],
    [['中国', '台湾', '台北', ''], '中国 台湾省 台北 '],
    [['', '浙江', '宁波', ''], ' 浙江省 宁波市 '],
    [['中国', '浙江省', '宁波市', '鄞州区'], '中国 浙江省 宁波市 鄞州区'],
    [['中国', '浙江', '其他', ''], '中国 浙江省 其他 '],
    [['中国', 'Zhejiang', 'Ningbo', ''], '中国 Zhejiang Ningbo '],
    [['日本', '东京', '新宿', ''], '日本 东京 新宿 '],
    [['', '', '', ''], '   '],
  ] as const
  await using shop = await aShop()
  const completed = await shop.evaluate(`
    $completed = array();
    foreach (json_decode(${phpString(JSON.stringify(places.map(([stored]) => stored)))}, true) as $names) {
        $named = array_combine(array('country', 'province', 'city', 'district'), $names);
        $completed[] = implode(' ', ErpSync_Regions::completed($named));
    }
    return $completed;`)
  expect(completed).toEqual(places.map(([, whole]) => whole))
})

it('tells a value in the contract’s form, whatever the column is', async () => {
  const values = [
    ['money', "'12.30'", '12.30'],
    ['money', 'null', '0.00'],
    ['money', "'-5'", '-5.00'],
    ['money', "'7.005'", '7.01'],
    ['money', "''", '0.00'],
    ['id', 'null', '0'],
    ['id', "'007'", '7'],
    ['id', "'12'", '12'],
    ['id', "'-1'", '-1'],
    ['int', 'null', 0],
    ['int', "'-3'", -3],
    ['text', 'null', ''],
    ['text', "'a &amp;lt; b'", 'a &lt; b'],
    ['text', String.raw`"\xE5\xBC"`, '\uFFFD\uFFFD'],
    ['text', String.raw`"\xD5\xC5 A"`, '\uFFFD\uFFFD A'],
  ] as const
  await using shop = await aShop()
  const read = values.map(([type, stored]) => `self_read('${type}', ${stored})`)
  const told = await shop.evaluate(`
    function self_read($type, $stored) { $row = new ErpSync_Row(array('c' => $stored), ''); return $row->$type('c'); }
    return array(${read.join(', ')});`)
  expect(told).toEqual(values.map(([, , value]) => value))
})
