import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aShop, type Shop } from './support/a-shop.ts'
import { MariaDb } from './support/mariadb.ts'
import {
  aRelayingShop,
  newestOf,
  type RelayingShop,
  relay,
  relayAll,
  relayed,
  sweep,
  told,
} from './support/relaying.ts'
import { SEED } from './support/seed.ts'
import { accepts, problem } from './support/webhook-double.ts'

const ENGINES = [
  { generation: '2.8', engine: 'InnoDB' },
  { generation: '2.7', engine: 'MyISAM' },
] as const
const MODES = ENGINES.flatMap((shop) => [
  { ...shop, capture: 'triggers' as const },
  { ...shop, capture: 'poll' as const },
])

describe.each(MODES)('capture by $capture on $generation with $engine', (options) => {
  let world: RelayingShop
  let shop: Shop
  let service: RelayingShop['service']
  beforeAll(async () => {
    world = await aRelayingShop(options)
    ;({ shop, service } = world)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(async () => {
    await relayAll(shop)
    service.deliveries.length = 0
  })

  it('says nothing of what was there before, and of nothing twice', async () => {
    await sweep(shop)
    expect(told(service)).toEqual([])
    const order = await shop.act.place()
    await relayAll(shop)
    await sweep(shop)
    await sweep(shop)
    expect(told(service)).toEqual([`order.snapshot ${order.order_id}`])
  })

  it('tells that a thing of before has changed since', async () => {
    await shop.act.editMember(SEED.member.user_id, { email: 'new@example.test' })
    await relayAll(shop)
    expect(told(service)).toEqual([`customer.snapshot ${SEED.member.user_id}`])
  })

  it('tells of an order from its placing to its deletion', async () => {
    const order = await shop.act.place({
      member: SEED.member.user_id,
      lines: [{ goods: 2, product: 1, quantity: 2 }],
    })
    await relayAll(shop)
    expect(told(service)).toContain(`order.snapshot ${order.order_id}`)

    await shop.act.pay(order.order_id)
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { pay_status: 2, order_status: 1 } })

    await shop.act.ship(order.order_id)
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({
      snapshot: { shipping_status: 1, deliveries: [{ status: 0 }] },
    })

    await shop.act.return(order.order_id)
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { order_status: 4 } })
    expect(told(service)).toContainEqual(expect.stringMatching(/^return\.snapshot /))

    await shop.act.delete(order.order_id)
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({
      type: 'order.deleted',
      tombstone: {
        order_sn: order.order_sn,
        add_time: order.add_time,
        rec_ids: order.rec_ids.map(String),
        // Nobody saw which status it had.
        order_status: options.capture === 'triggers' ? 4 : null,
      },
    })
  })

  it('tells of customers and messages, their answers and their ends, but not of logins', async () => {
    const member = await shop.act.register('wangwu')
    const message = await shop.act.message({ text: '几时发货？' })
    await relayAll(shop)
    expect(told(service).sort()).toEqual([
      `customer.snapshot ${member.user_id}`,
      `ticket.snapshot ${message.msg_id}`,
    ])

    await shop.act.login(member.user_id)
    await relayAll(shop)
    expect(told(service)).toHaveLength(2)

    await shop.act.reply(message.msg_id, '明天')
    await relayAll(shop)
    expect(relayed(service).at(-1)).toMatchObject({
      type: 'ticket.snapshot',
      snapshot: { msg_id: String(message.msg_id), replies: [{ msg_content: '明天' }] },
    })

    await shop.act.deleteMessage(message.msg_id)
    await shop.sql.exec('DELETE FROM {users} WHERE user_id = ?', [member.user_id])
    await relayAll(shop)
    expect(
      relayed(service)
        .slice(3)
        .map(({ type, tombstone }) => ({ type, tombstone })),
    ).toEqual(
      expect.arrayContaining([
        { type: 'ticket.deleted', tombstone: { msg_id: String(message.msg_id), msg_time: message.msg_time } },
        {
          type: 'customer.deleted',
          tombstone: { user_id: String(member.user_id), reg_time: member.reg_time },
        },
      ]),
    )
  })

  it('tells into which order two others went', async () => {
    const first = await shop.act.place()
    const second = await shop.act.place({ lines: [{ goods: 3 }] })
    await relayAll(shop)
    const merged = await shop.act.merge(first.order_id, second.order_id)
    await relayAll(shop)
    const into = { order_id: String(merged.order_id), order_sn: merged.order_sn }
    expect(newestOf(service, merged.order_id)).toMatchObject({
      snapshot: {
        merged_from: [
          { order_id: String(first.order_id), order_sn: first.order_sn, rec_ids: first.rec_ids.map(String) },
          {
            order_id: String(second.order_id),
            order_sn: second.order_sn,
            rec_ids: second.rec_ids.map(String),
          },
        ],
      },
    })
    for (const gone of [first, second])
      expect(newestOf(service, gone.order_id)).toMatchObject({
        type: 'order.deleted',
        tombstone: { order_sn: gone.order_sn, rec_ids: gone.rec_ids.map(String), merged_into: into },
      })
  })

  it('takes an order under the id of a deleted one for another order', async () => {
    const old = await shop.act.place()
    await relayAll(shop)
    service.deliveries.length = 0
    await shop.act.delete(old.order_id)
    const again = await shop.act.place({ head: { order_id: old.order_id, add_time: old.add_time + 60 } })
    await relayAll(shop)
    const events = relayed(service)
    expect(events.map(({ type }) => type).sort()).toEqual(['order.deleted', 'order.snapshot'])
    expect(events.find(({ tombstone }) => tombstone)).toMatchObject({ tombstone: { add_time: old.add_time } })
    expect(events.find(({ snapshot }) => snapshot)).toMatchObject({
      snapshot: { order_id: String(old.order_id), add_time: old.add_time + 60, order_sn: again.order_sn },
    })
  })

  it('takes the very same order that is put back for one that has changed at most', async () => {
    const order = await shop.act.place()
    await relayAll(shop)
    const head = await shop.sql.row('SELECT * FROM {order_info} WHERE order_id = ?', [order.order_id])
    await shop.sql.exec('DELETE FROM {order_info} WHERE order_id = ?', [order.order_id])
    await shop.app('$collector = new ErpSync_Collector($app); return $collector->collect();')
    await shop.sql.insert('order_info', { ...head, to_buyer: 'back' })
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({
      type: 'order.snapshot',
      snapshot: { to_buyer: 'back' },
    })
    expect(told(service).filter((line) => line.startsWith('order.deleted'))).toEqual([])
  })

  it('gives a change a number of its own while an earlier one of the thing still waits', async () => {
    service.answer = () => problem(503, 'shop-not-ready')
    const numberOf = async (orderId: number) =>
      Number(
        await shop.sql.value('SELECT seq FROM {erpsync_outbox} WHERE thing_id = ? AND kind = ?', [
          orderId,
          'order',
        ]),
      )
    try {
      const { order_id, rec_ids } = await shop.act.place()
      await relayAll(shop)
      const first = await numberOf(order_id)
      await relayAll(shop)
      expect(await numberOf(order_id)).toBe(first)
      await shop.act.editLine(rec_ids[0] ?? 0, { quantity: 7 })
      await relayAll(shop)
      expect(await numberOf(order_id)).toBeGreaterThan(first)
    } finally {
      service.answer = accepts
    }
  })

  it('tells of the orders of a group-buy that was decided after they were written', async () => {
    await shop.sql.insert('goods_activity', {
      act_id: 77,
      act_name: '团购',
      act_desc: '',
      act_type: 1,
      goods_name: '',
      goods_id: 1,
      start_time: 1,
      end_time: 2,
      ext_info: 'a:1:{s:7:"deposit";s:4:"5.00";}',
    })
    const order = await shop.act.place()
    const { order_id } = order
    await shop.sql.exec(
      `UPDATE {order_info} SET extension_code = 'group_buy', extension_id = 77 WHERE order_id = ?`,
      [order_id],
    )
    await relayAll(shop)
    service.deliveries.length = 0
    await shop.sql.exec('UPDATE {goods_activity} SET is_finished = 3 WHERE act_id = 77')
    await relayAll(shop)
    expect(told(service)).toEqual([`order.snapshot ${order_id}`])
    expect(newestOf(service, order_id)).toMatchObject({ snapshot: { group_buy: { status: 3 } } })
  })

  it('does not report an order before its lines are there', async () => {
    const head = await shop.act.placeHead()
    expect(await relay(shop)).toMatchObject({ accepted: 0, notReady: 1 })
    expect(service.deliveries).toEqual([])
    await shop.act.placeLines(head)
    await relayAll(shop)
    expect(told(service)).toEqual([`order.snapshot ${head.order_id}`])
  })

  it('finds out by the nightly sweep what was missed', async () => {
    const kept = await shop.act.place()
    const gone = await shop.act.place()
    await relayAll(shop)
    await shop.app('ErpSync_Triggers::remove($app->db)')
    await shop.sql.exec('UPDATE {order_info} SET pay_note = ? WHERE order_id = ?', [
      'written unseen',
      kept.order_id,
    ])
    await shop.sql.exec('DELETE FROM {order_info} WHERE order_id = ?', [gone.order_id])
    const missed = await shop.act.place()
    await sweep(shop)
    expect(told(service).slice(2).sort()).toEqual(
      [
        `order.deleted ${gone.order_id}`,
        `order.snapshot ${kept.order_id}`,
        `order.snapshot ${missed.order_id}`,
      ].sort(),
    )
    expect(newestOf(service, gone.order_id)).toMatchObject({
      tombstone: { order_status: null, rec_ids: gone.rec_ids.map(String) },
    })
  })
})

describe.each(ENGINES)('triggers on $generation with $engine', (options) => {
  let world: RelayingShop
  let shop: Shop
  let service: RelayingShop['service']
  beforeAll(async () => {
    world = await aRelayingShop({ ...options, prefix: 'my_' })
    ;({ shop, service } = world)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(async () => {
    await relayAll(shop)
    service.deliveries.length = 0
  })

  it('write nothing for a statement that changes nothing, and hide nothing of letter case', async () => {
    const { user_id } = await shop.act.register('zhaoliu')
    await shop.app('$collector = new ErpSync_Collector($app); return $collector->collect();')
    const changes = () => shop.root.value('SELECT COUNT(*) FROM {erpsync_change}')
    await shop.sql.exec(
      'UPDATE {users} SET user_name = user_name, last_login = last_login + 1, user_money = 7',
    )
    expect(await changes()).toBe(0)
    await shop.sql.exec("UPDATE {users} SET user_name = 'ZhaoLiu' WHERE user_id = ?", [user_id])
    expect(await changes()).toBe(1)
  })

  it('leave the insert id and the number of rows to the shop', async () => {
    const inserted = await shop.sql.exec("INSERT INTO {order_info} (order_sn, add_time) VALUES ('T1', 5)")
    const { order_id } = await shop.sql.row("SELECT order_id FROM {order_info} WHERE order_sn = 'T1'")
    expect(inserted).toMatchObject({ insertId: order_id, affectedRows: 1 })
    expect(await shop.sql.value('SELECT LAST_INSERT_ID()')).toBe(order_id)
    const lines = await shop.sql.exec(
      'INSERT INTO {order_goods} (order_id, goods_attr) VALUES (?, ?), (?, ?)',
      [order_id, '', order_id, ''] as const,
    )
    expect(lines).toMatchObject({ affectedRows: 2 })
    const updated = await shop.sql.exec('UPDATE {order_goods} SET goods_number = 5 WHERE order_id = ?', [
      Number(order_id),
    ])
    expect(updated.affectedRows).toBe(2)
    const deleted = await shop.sql.exec('DELETE FROM {order_info} WHERE order_id = ?', [Number(order_id)])
    expect(deleted.affectedRows).toBe(1)
  })

  it.each([
    ['is not there', 'DROP TABLE {erpsync_change}'],
    ['refuses every row', 'ALTER TABLE {erpsync_change} ADD CONSTRAINT c CHECK (thing_id > 4000000000)'],
    ['lost a column', 'ALTER TABLE {erpsync_change} DROP COLUMN thing_id'],
  ])('do not break the shop when their table %s', async (_, breakIt) => {
    await shop.root.exec(breakIt)
    const order = await shop.act.place({ member: SEED.member.user_id })
    await shop.act.pay(order.order_id)
    await shop.act.ship(order.order_id)
    await shop.act.return(order.order_id)
    const message = await shop.act.message({ text: 'x' })
    await shop.act.reply(message.msg_id, 'y')
    await shop.act.deleteMessage(message.msg_id)
    await shop.act.editMember(SEED.member.user_id, { qq: '10000' })
    await shop.act.delete(order.order_id)
    const kept = await shop.act.place()
    await shop.root.exec('DROP TABLE IF EXISTS {erpsync_change}')
    await shop.app('ErpSync_Tables::create($app->db)')
    await sweep(shop)
    expect(told(service)).toContain(`order.snapshot ${kept.order_id}`)
  })

  it('take no part in a deadlock of writers that touch the same things crosswise', async () => {
    const [one, two] = [await shop.act.place(), await shop.act.place()]
    await relayAll(shop)
    service.deliveries.length = 0
    const [left, right] = [await shop.connect(), await shop.connect()]
    const log = (orderId: number) =>
      `INSERT INTO {pay_log} (order_id, order_amount, order_type, is_paid) VALUES (${orderId}, 1, 0, 0)`
    await Promise.all([left.exec('START TRANSACTION'), right.exec('START TRANSACTION')])
    await left.exec(log(one.order_id))
    await right.exec(log(two.order_id))
    // The relay is in nobody's way either, nor anybody in its.
    await relay(shop)
    await Promise.all([left.exec(log(two.order_id)), right.exec(log(one.order_id))])
    await Promise.all([left.exec('COMMIT'), right.exec('COMMIT')])
    await relayAll(shop)
    for (const order of [one, two])
      expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { payments: [{}, {}, {}] } })
  })

  it('are made anew by the relay where a restore lost them', async () => {
    const before = await shop.root.rows('SHOW TRIGGERS')
    await shop.root.exec('DROP TRIGGER {erpsync_oi_i}')
    await shop.root.exec(`DROP TRIGGER {erpsync_us_u}`)
    await shop.root.exec(
      `CREATE DEFINER = 'nobody'@'nowhere' TRIGGER {erpsync_us_u} AFTER UPDATE ON {users} FOR EACH ROW SET @x = 1`,
    )
    await expect(shop.act.editMember(SEED.member.user_id, { qq: '20000' })).rejects.toThrow(/nobody/)
    expect(await shop.app('ErpSync_Triggers::missing($app->db)')).toEqual(['erpsync_oi_i', 'erpsync_us_u'])
    const missed = await shop.act.place()
    await shop.app("$app->state->set('triggers_checked_at', 0)")
    await relayAll(shop)
    expect(await shop.app('ErpSync_Triggers::missing($app->db)')).toEqual([])
    expect(await shop.root.rows('SHOW TRIGGERS')).toHaveLength(before.length)
    expect(told(service)).toContain(`order.snapshot ${missed.order_id}`)
    await shop.act.editMember(SEED.member.user_id, { qq: '30000' })
  })

  it('may be without some of the tables, and outlive a column', async () => {
    await shop.root.exec('RENAME TABLE {back_goods} TO {elsewhere}')
    await shop.root.exec('ALTER TABLE {users} DROP COLUMN msn')
    await shop.act.editMember(SEED.member.user_id, { qq: '40000' })
    expect(await shop.app('ErpSync_Triggers::install($app->db)')).toBeNull()
    expect(await shop.app('ErpSync_Triggers::missing($app->db)')).toEqual([])
    await shop.act.editMember(SEED.member.user_id, { qq: '50000' })
    expect(await shop.root.value("SELECT COUNT(*) > 0 FROM {erpsync_change} WHERE kind = 'customer'")).toBe(1)
    await shop.root.exec('RENAME TABLE {elsewhere} TO {back_goods}')
  })
})

describe('triggers on InnoDB', () => {
  it('do not lose a change that commits after later ones were collected', async () => {
    await using world = await aRelayingShop({})
    const { shop, service } = world
    const [early, late] = [await shop.act.place(), await shop.act.place()]
    await relayAll(shop)
    service.deliveries.length = 0
    const bulk = await shop.connect()
    await bulk.exec('START TRANSACTION')
    await bulk.exec("UPDATE {order_info} SET pay_note = 'bulk' WHERE order_id = ?", [late.order_id])
    await shop.sql.exec("UPDATE {order_info} SET pay_note = 'quick' WHERE order_id = ?", [early.order_id])
    await relayAll(shop)
    expect(told(service)).toEqual([`order.snapshot ${early.order_id}`])
    await bulk.exec('COMMIT')
    await relayAll(shop)
    expect(newestOf(service, late.order_id)).toMatchObject({ snapshot: { pay_note: 'bulk' } })
  })
})

describe('where triggers are not allowed', () => {
  const ALL_BUT_TRIGGER = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER'

  it('says that the user may not create them', async () => {
    await using shop = await aShop({ privileges: ALL_BUT_TRIGGER })
    expect(await shop.app('ErpSync_Triggers::probe($app->db)')).toMatchObject({
      code: 'no-trigger-privilege',
      remedy: expect.stringContaining('TRIGGER'),
    })
    expect(await shop.root.rows("SHOW TABLES LIKE '%probe%'")).toEqual([])
  })

  it('says that a binary log stands against them', async () => {
    const server = await MariaDb.start({ binLog: true })
    try {
      await using shop = await aShop({ server: server.port })
      expect(await shop.app('ErpSync_Triggers::probe($app->db)')).toMatchObject({
        code: 'binary-log',
        remedy: expect.stringContaining('log_bin_trust_function_creators'),
      })
      await expect(shop.app('ErpSync_Triggers::install($app->db)')).rejects.toThrow(/binary-log/)
      expect(await shop.root.rows('SHOW TRIGGERS')).toEqual([])
    } finally {
      await server.stop()
    }
  })
})
