import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aShop, type Shop } from './support/a-shop.ts'
import { callBridge } from './support/call-bridge.ts'
import { MariaDb } from './support/mariadb.ts'
import {
  aRelayingShop,
  newestOf,
  relay,
  relayAll,
  relayed,
  skipWaiting,
  sweep,
  told,
} from './support/relaying.ts'
import { evaluatePhp } from './support/run-php.ts'
import { SEED } from './support/seed.ts'
import { accepts, problem } from './support/webhook-double.ts'

/** What a panel's backup holds: everything but the triggers. */
function dump(shop: Shop): string {
  const run = spawnSync(
    'mariadb-dump',
    [
      '--no-defaults',
      '-h127.0.0.1',
      `-P${shop.dbPort}`,
      '-uroot',
      '--skip-triggers',
      '--default-character-set=utf8mb4',
      shop.database,
    ],
    { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  )
  if (run.status !== 0) throw new Error(run.stderr)
  return run.stdout
}

function restore(dbPort: number, database: string, backup: string): void {
  const run = spawnSync(
    'mariadb',
    ['--no-defaults', '-h127.0.0.1', `-P${dbPort}`, '-uroot', '--default-character-set=utf8mb4', database],
    {
      encoding: 'utf8',
      input: backup,
    },
  )
  if (run.status !== 0) throw new Error(run.stderr)
}

const epochs = (events: ReturnType<typeof relayed>): string[] => [
  ...new Set(events.map(({ version }) => version.epoch)),
]

describe.each([
  { generation: '2.8', engine: 'InnoDB' },
  { generation: '2.7', engine: 'MyISAM' },
] as const)('a shop $generation on $engine', (options) => {
  it('installed again speaks in a new epoch, and keeps what was waiting', async () => {
    await using world = await aRelayingShop(options)
    const { shop, service } = world
    const before = await shop.state('epoch')
    const order = await shop.act.place()
    await shop.install({ webhookUrl: service.url })
    const epoch = await shop.state('epoch')
    expect(epoch).not.toBe(before)
    // Signed with the new secret, which the service does not know yet.
    expect((await relayAll(shop)).stopped).toMatchObject({ code: 'bad-signature' })
    service.secrets = [await shop.state('webhook_secret')]
    await relayAll(shop)
    expect(told(service)).toEqual([`order.snapshot ${order.order_id}`])
    expect(epochs(relayed(service))).toEqual([epoch])
  })

  it.each([
    ['made after', true],
    ['made before', false],
  ])(
    'restored from a backup %s its first sweep says nothing until a person starts a new epoch, and then nothing older',
    async (_when, isSwept) => {
      await using world = await aRelayingShop(options)
      const { shop, service } = world
      await shop.act.place()
      if (isSwept) await sweep(shop)
      const backup = dump(shop)
      const lost = await shop.act.place()
      await shop.act.pay(lost.order_id)
      await relayAll(shop)
      const highest = Math.max(...relayed(service).map(({ version }) => version.seq))
      service.deliveries.length = 0

      restore(shop.dbPort, shop.database, backup)
      const order = await shop.act.place()
      expect((await relayAll(shop)).stopped).toMatchObject({ code: 'restored' })
      expect(service.deliveries).toEqual([])

      const { status } = await shop.php(['erpsync/cli.php', 'new-epoch', '--yes'])
      expect(status).toBe(0)
      service.secrets = [await shop.state('webhook_secret')]
      await relayAll(shop)
      await sweep(shop)
      const events = relayed(service)
      expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { order_sn: order.order_sn } })
      expect(epochs(events)).toEqual([await shop.state('epoch')])
      expect(Math.min(...events.map(({ version }) => version.seq))).toBeGreaterThan(highest)

      // The backup had no triggers.
      service.deliveries.length = 0
      await shop.act.pay(order.order_id)
      await relayAll(shop)
      expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { pay_status: 2 } })
    },
  )

  it('copied for staging says nothing from there, while the shop itself goes on', async () => {
    await using world = await aRelayingShop(options)
    const { shop, service } = world
    const order = await shop.act.place()
    await relayAll(shop)
    service.deliveries.length = 0

    const folder = `${shop.folder}-staging`
    cpSync(shop.folder, folder, { recursive: true })
    const run =
      '$app = new ErpSync_App($root); $relay = new ErpSync_Relay($app); return $relay->run(5, 1000000);'
    // First with the config it was copied with, on the shop's own database.
    expect(await evaluatePhp(folder, run)).toMatchObject({ stopped: { code: 'not-bound' } })

    const staging = `${shop.database}_staging`
    await shop.root.exec(`CREATE DATABASE ${staging}`)
    try {
      restore(shop.dbPort, staging, dump(shop))
      await shop.root.exec(`GRANT ALL ON ${staging}.* TO ${shop.database}@'127.0.0.1'`)
      const config = join(folder, 'data/config.php')
      writeFileSync(
        config,
        readFileSync(config, 'utf8').replaceAll(`'${shop.database}';\n$db_user`, `'${staging}';\n$db_user`),
      )
      await shop.root.exec(`UPDATE ${staging}.ecs_order_info SET order_status = 2`)
      expect(await evaluatePhp(folder, run)).toMatchObject({ stopped: { code: 'not-bound' } })
      expect(service.deliveries).toEqual([])

      await shop.act.pay(order.order_id)
      await relayAll(shop)
      expect(told(service)).toEqual([`order.snapshot ${order.order_id}`])
    } finally {
      await shop.root.exec(`DROP DATABASE ${staging}`)
    }
  })

  it('loses nothing while the service is down, whatever way, and then sends each thing once', async () => {
    await using world = await aRelayingShop(options)
    const { shop, service } = world
    const hours = [
      () => undefined,
      () => problem(503, 'overloaded'),
      () => ({ status: 502, body: '<html>Bad Gateway</html>' }),
      () => ({ status: 200, body: '{}' }),
      () => ({ status: 403, body: 'blocked' }),
      () => problem(429, 'too-many'),
    ]
    const orders: number[] = []
    for (const answer of hours) {
      service.answer = answer
      const order = await shop.act.place({ member: SEED.member.user_id })
      orders.push(order.order_id)
      if (orders.length > 1) await shop.act.pay(orders.at(-2) ?? 0)
      const { stopped } = await relay(shop)
      expect(stopped).not.toBeNull()
      // It comes back within minutes even after a day.
      const wait = Number(await shop.state('relay_not_before')) - Date.now() / 1000
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(300)
      await skipWaiting(shop)
    }
    service.answer = accepts
    service.deliveries.length = 0
    await relayAll(shop)
    const ofOrders = told(service).filter((line) => line.startsWith('order.'))
    expect(ofOrders.sort()).toEqual(orders.map((id) => `order.snapshot ${id}`).sort())
    expect(newestOf(service, orders[0] ?? 0)).toMatchObject({ snapshot: { pay_status: 2 } })
    expect(await shop.app('$app->outbox->counts()')).toMatchObject({ pending: 0, setAside: 0 })
  })
})

describe('text', () => {
  it('that GBK has no character for does not stop its order', async () => {
    await using world = await aRelayingShop({ generation: '2.7', engine: 'MyISAM', charset: 'gbk' })
    const { shop, service } = world
    const order = await shop.act.place()
    await shop.sql.exec(
      "UPDATE {order_info} SET consignee = CONCAT(CONVERT('李四' USING gbk), _gbk x'FEFE'), address = _gbk x'CEC4C8FDC2B7' WHERE order_id = ?",
      [order.order_id],
    )
    await relayAll(shop)
    const snapshot = newestOf(service, order.order_id)?.snapshot
    expect(snapshot).toMatchObject({ order_id: String(order.order_id), address: '文三路' })
    expect(String(snapshot?.['consignee'])).toMatch(/^李四.+$/u)
  })

  it('keeps its four-byte characters where the tables have them', async () => {
    await using world = await aRelayingShop({ generation: '2.8', engine: 'InnoDB' })
    const { shop, service } = world
    const order = await shop.act.place({ head: { postscript: '请用🎁包装 &amp;lt;' } })
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { postscript: '请用🎁包装 &lt;' } })
  })
})

const OtherColumns = z.array(z.object({ Variable_name: z.string(), Value: z.coerce.number() }))

describe('a shop with 100,000 orders', () => {
  const ORDERS = 100_000
  let large: Shop
  let small: Shop

  const fill = async (shop: Shop, orders: number): Promise<void> => {
    const sequence = `seq_1_to_${orders}`
    const { root } = shop
    await root.exec(`INSERT INTO {order_info} (order_id, order_sn, user_id, order_status, pay_status, consignee, shipping_id,
      pay_id, goods_amount, order_amount, add_time, agency_id, inv_type, tax, discount)
      SELECT seq, CONCAT('2020', LPAD(seq, 9, '0')), 0, IF(seq % 50 = 0, 0, 5), 2, '李四', 1, 2, '50.00', '0.00',
      1500000000 + seq * 60, 0, '', 0, 0 FROM ${sequence}`)
    await root.exec(`INSERT INTO {order_goods} (order_id, goods_id, goods_name, goods_sn, goods_number, goods_price, goods_attr, is_real)
      SELECT seq, 1, '保温杯 500ml', 'ECS000001', 1, '50.00', '', 1 FROM ${sequence}`)
    await root.exec(
      `INSERT INTO {pay_log} (order_id, order_amount, order_type, is_paid) SELECT seq, '50.00', 0, 1 FROM ${sequence}`,
    )
    await root.exec('ANALYZE TABLE {order_info}, {order_goods}, {pay_log}')
  }

  /** Rows that the server touches while the bridge does something. */
  const rowsRead = async (shop: Shop, code: string): Promise<number> => {
    const answer = await shop.app(`
      $before = $app->db->rows("SHOW SESSION STATUS LIKE 'Handler_read%'");
      ${code}
      return array($before, $app->db->rows("SHOW SESSION STATUS LIKE 'Handler_read%'"));`)
    const [before, after] = z.tuple([OtherColumns, OtherColumns]).parse(answer)
    const sum = (rows: z.output<typeof OtherColumns>): number =>
      rows.reduce((total, { Value }) => total + Value, 0)
    return sum(after) - sum(before)
  }

  beforeAll(async () => {
    ;[large, small] = await Promise.all([
      aShop({ generation: '2.7', engine: 'MyISAM' }),
      aShop({ generation: '2.7', engine: 'MyISAM' }),
    ])
    await Promise.all([fill(large, ORDERS), fill(small, 300)])
    await Promise.all([large.install({ capture: 'triggers' }), small.install({ capture: 'triggers' })])
  }, 120_000)
  afterAll(async () => {
    await large.dispose()
    await small.dispose()
  })

  // ECShop gave pay_log no key but its own: whoever wants the payments of some orders looks through all of it, once.
  const PAY_LOG = ORDERS + 10

  const page = (after: number): string => `
    $events = $app->events();
    $ids = $events->page('order', '${after}', 50, 0);
    if (count($ids) !== 50) { throw new Exception('no page: ' . count($ids)); }
    $events->snapshots('order', $ids);`

  it('is exported page by page at the price of a small one, at its beginning and at its end', async () => {
    const price = await rowsRead(small, page(0))
    expect(price).toBeGreaterThan(50)
    expect(await rowsRead(large, page(0))).toBeLessThan(price * 1.5 + PAY_LOG)
    expect(await rowsRead(large, page(ORDERS - 60))).toBeLessThan(price * 1.5 + PAY_LOG)
  })

  it('tells of a change at the price of a small one', async () => {
    const change = async (shop: Shop): Promise<number> => {
      await shop.act.place()
      return rowsRead(
        shop,
        `$collector = new ErpSync_Collector($app);
         if ($collector->collect() === 0) { throw new Exception('nothing to collect'); }
         foreach ($app->outbox->due(100, time()) as $row) { $app->events()->snapshot($row['kind'], $row['thing_id']); }
         $app->outbox->changes(0, 100);`,
      )
    }
    const price = await change(small)
    expect(await change(large)).toBeLessThan(price * 1.5 + PAY_LOG)
  })

  it('is swept in steps that cost as much as in a small one, and go on where they ended', async () => {
    const step = `
      $comparison = new ErpSync_Comparison($app);
      $next = $comparison->page('order', $app->state->get('at') === '' ? '100' : $app->state->get('at'), 100, 0);
      $app->state->set('at', (string) $next);`
    const price = await rowsRead(small, step)
    expect(await rowsRead(large, step)).toBeLessThan(price * 1.5 + PAY_LOG)
    expect(await rowsRead(large, step)).toBeLessThan(price * 1.5 + PAY_LOG)
    expect(await large.state('at')).toBe('300')
  })

  it('begins its first sweep at the last ninety days without reading what is before', async () => {
    const begin = '$sweep = new ErpSync_Sweep($app); $sweep->work(microtime(true) + 0.001);'
    expect(await rowsRead(large, begin)).toBeLessThan(5000)
  })

  it('polls for what is new at the price of a small one', async () => {
    const poll = `
      $poller = new ErpSync_Poller($app);
      $poller->poll(microtime(true));`
    const price = await rowsRead(small, poll)
    expect(await rowsRead(large, poll)).toBeLessThan(price * 1.5 + PAY_LOG)
  })

  it('answers for its stock', async () => {
    await large.serve()
    const began = performance.now()
    const answer = await callBridge(large, 'stock-query', { body: { skus: [SEED.goods.towel.sku] } })
    expect(answer.status).toBe(200)
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

describe('secrets', () => {
  let server: MariaDb
  beforeAll(async () => {
    server = await MariaDb.start()
  })
  afterAll(() => server.stop())

  const SECRET_COLUMNS = [
    'password',
    'ec_salt',
    'salt',
    'question',
    'answer',
    'passwd_question',
    'passwd_answer',
    'pay_config',
    'card_sn',
    'card_password',
    'certificate',
    'hash_code',
  ]

  it.each(['triggers', 'poll'] as const)(
    'are in no statement of the bridge that captures by %s',
    async (capture) => {
      await using world = await aRelayingShop({ server: server.port, capture })
      const { shop, service } = world
      await shop.root.exec("SET GLOBAL log_output = 'TABLE'")
      await shop.root.exec('TRUNCATE mysql.general_log')
      await shop.root.exec('SET GLOBAL general_log = 1')
      try {
        await shop.install({ capture, webhookUrl: service.url })
        service.secrets = [await shop.state('webhook_secret')]
        // By polling, what was there is remembered first.
        await relayAll(shop)
        await shop.serve()
        const member = SEED.member.user_id
        const order = await shop.act.place({
          member,
          lines: [{ goods: 2, product: 1, quantity: 2 }, { package: 1 }, { goods: 4 }],
        })
        await shop.act.editMember(member, { email: 'other@example.test' })
        const message = await shop.act.message({ text: '何时发货?', order: order.order_id })
        await relayAll(shop)
        await shop.act.pay(order.order_id)
        await relayAll(shop)
        await sweep(shop)
        for (const [resource, query] of [
          ['health', ''],
          ['changes', 'after=0&limit=100'],
          ['orders', 'after=0&limit=50&view=full'],
          ['orders', 'after=0&limit=50&view=digest'],
          ['customers', `id=${member}`],
          ['customers', 'after=0&limit=50&view=full'],
          ['tickets', 'after=0&limit=50&view=full'],
          ['returns', 'after=0&limit=50&view=full'],
        ] as const)
          expect((await callBridge(shop, resource, { query })).status).toBe(200)
        const identity = {
          order_id: String(order.order_id),
          order_sn: order.order_sn,
          add_time: order.add_time,
        }
        const answers = [
          await callBridge(shop, 'stock-query', { body: { skus: ['TS-RED'] } }),
          await callBridge(shop, 'ticket-replies', {
            body: {
              reply_id: 'r-1',
              ticket: { msg_id: String(message.msg_id), msg_time: message.msg_time },
              text: '明天',
              author: '客服',
              at: new Date().toISOString(),
              origin: 'erp',
            },
          }),
          await callBridge(shop, 'shipments', {
            body: {
              shipment_id: 's-1',
              order: identity,
              shipped_at: new Date().toISOString(),
              tracking: ['SF1'],
              lines: [{ rec_id: String(order.rec_ids[0]), quantity: 1 }],
              origin: 'erp',
            },
          }),
        ]
        expect(answers.map(({ status, text }) => `${status} ${status === 200 ? '' : text}`)).toEqual([
          '200 ',
          '200 ',
          '200 ',
        ])
        await shop.php(['erpsync/cli.php', 'check'])
        await shop.php(['erpsync/cli.php', 'status'])
        await shop.php(['erpsync/cli.php', 'repair'])
      } finally {
        await shop.root.exec('SET GLOBAL general_log = 0')
      }
      const ours = await shop.sql.value('SELECT CONNECTION_ID()')
      const statements = (
        await shop.root.rows(
          `SELECT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log
         WHERE user_host LIKE ? AND thread_id <> ? AND command_type = 'Query'`,
          [`%${shop.database}%`, ours],
        )
      ).map((row) => String(row['statement']))
      // Enough was logged for the absence to mean something, and the columns of users were asked for by name.
      expect(statements.length).toBeGreaterThan(200)
      expect(statements.some((statement) => /from `ecs_users`/i.test(statement))).toBe(true)

      const named = new RegExp(String.raw`\b(${SECRET_COLUMNS.join('|')})\b`, 'i')
      const wildcard = /select\s+(\w+\.)?\*.*`ecs_(users|payment|admin_user|virtual_card|shop_config)`/is
      expect(statements.filter((statement) => named.test(statement) || wildcard.test(statement))).toEqual([])

      const sent = service.deliveries.map(({ rawBody }) => rawBody.toString('utf8')).join('\n')
      expect(sent).toContain('other@example.test')
      for (const secret of SEED.secrets) expect(sent).not.toContain(secret)
    },
  )
})
