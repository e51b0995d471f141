import { copyFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { aShop, type Shop } from '../../bridge/ecshop/test/support/a-shop.ts'
import { MariaDb } from '../../bridge/ecshop/test/support/mariadb.ts'
import { missingPackages } from '../../bridge/ecshop/test/support/missing-packages.ts'
import type { Engine, Generation } from '../../bridge/ecshop/test/support/schema.ts'
import { SEED } from '../../bridge/ecshop/test/support/seed.ts'
import type { Row } from '../../bridge/ecshop/test/support/shop-database.ts'
import { type Figure, figure, summary } from './figures.ts'

const ORDERS = 100_000
const PAGE = fileURLToPath(new URL('checkout.php', import.meta.url))
const SESSION = '0123456789abcdef0123456789abcdef'
/** A round is so many turns of each of two shops; a turn is one request, or the writes of a few. */
const PLAN = { rounds: 9, turns: 40, writes: 3, flushes: 15, budgetMs: 20_000 }

/**
 * What capture by triggers adds to a checkout: two shops that are alike, but for the bridge in one of them, on one server
 * that writes each commit to disk. Shops of both generations, as each creates its tables.
 */
export async function checkout(): Promise<Figure[]> {
  const missing = missingPackages()
  if (missing.length > 0) {
    console.error(`checkout is NOT MEASURED: it needs the packages ${missing.join(', ')}`)
    return []
  }
  const mariadb = await MariaDb.start({ durable: true })
  try {
    return [
      ...(await measure({ server: mariadb.port, generation: '2.8', engine: 'InnoDB' })),
      ...(await measure({ server: mariadb.port, generation: '2.7', engine: 'MyISAM' })),
    ]
  } finally {
    await mariadb.stop()
  }
}

async function measure(options: {
  readonly server: number
  readonly generation: Generation
  readonly engine: Engine
}): Promise<Figure[]> {
  const bare = await aShop(options)
  const captured = await aShop(options)
  try {
    return await measureIn({ bare, captured, placed: 0 }, options.engine)
  } finally {
    await bare.dispose()
    await captured.dispose()
  }
}

async function measureIn(pair: Pair, engine: Engine): Promise<Figure[]> {
  const { bare, captured } = pair
  for (const shop of [bare, captured]) await prepare(shop, engine)
  await captured.install({ capture: 'triggers' })
  console.log(`${engine}: ${await settings(bare)}`)
  for (const shop of [bare, captured]) await shop.serve({ workers: 1 })

  const figures = [
    ...(await compare(`${engine}: writes of a checkout`, pair, writesAlone)),
    ...(await compare(`${engine}: whole request`, pair, wholeRequest)),
    figure(`${engine}: flushes of the log, no bridge`, 'a checkout', await flushes(bare)),
    figure(`${engine}: flushes of the log, triggers`, 'a checkout', await flushes(captured)),
  ]
  await check(bare, captured, ORDERS + pair.placed + PLAN.flushes)
  return figures
}

interface Pair {
  readonly bare: Shop
  readonly captured: Shop
  /** Orders that were placed in each. */
  placed: number
}

/** Turn by turn, first one shop, then the other, then the other way round; a ratio is of the two medians of a round. */
async function compare(
  name: string,
  shops: Pair,
  turn: (shop: Shop) => Promise<number[]>,
): Promise<Figure[]> {
  const medians: Record<'bare' | 'captured', number[]> = { bare: [], captured: [] }
  const end = performance.now() + PLAN.budgetMs
  // The round before the first warms both up.
  for (let round = 0; round <= PLAN.rounds && (round <= 2 || performance.now() < end); round += 1) {
    const ms: typeof medians = { bare: [], captured: [] }
    for (let no = 0; no < PLAN.turns; no += 1) {
      const both = ['bare', 'captured'] as const
      for (const which of no % 2 === 0 ? both : both.toReversed()) {
        await fillCart(shops[which])
        ms[which].push(...(await turn(shops[which])))
      }
    }
    shops.placed += ms.bare.length
    if (round === 0) continue
    medians.bare.push(summary(ms.bare).median)
    medians.captured.push(summary(ms.captured).median)
  }
  return [
    figure(`${name}, no bridge`, 'ms', medians.bare),
    figure(`${name}, triggers`, 'ms', medians.captured, { to: 'no bridge', values: medians.bare }),
  ]
}

const visitor = { headers: { cookie: `ECS_ID=${SESSION}` } }

/** A visitor's request for the page. @returns its milliseconds */
async function wholeRequest(shop: Shop): Promise<number[]> {
  const startedAt = performance.now()
  const answer = await fetch(`${shop.url}checkout.php`, visitor)
  const page = await answer.text()
  const ms = performance.now() - startedAt
  if (answer.status !== 200 || !/<b id="order_sn">\d{16}<\/b>/.test(page) || !page.endsWith('</html>\n'))
    throw new Error(`the checkout page was answered with ${answer.status}: ${page.slice(0, 200)}`)
  return [ms]
}

/** The writes of the same page over one connection. @returns milliseconds of each checkout, measured in PHP */
async function writesAlone(shop: Shop): Promise<number[]> {
  const answer = await fetch(`${shop.url}checkout.php?times=${PLAN.writes}`, visitor)
  return z
    .array(z.number())
    .length(PLAN.writes)
    .parse(await answer.json())
}

/** How often InnoDB writes its log for one request: what a slow disk makes slow. */
async function flushes(shop: Shop): Promise<number[]> {
  const counts: number[] = []
  const count = async () =>
    Number((await shop.root.row("SHOW GLOBAL STATUS LIKE 'Innodb_log_writes'"))['Value'])
  for (let no = 0; no < PLAN.flushes; no += 1) {
    await fillCart(shop)
    const before = await count()
    await wholeRequest(shop)
    counts.push((await count()) - before)
  }
  return counts
}

async function settings(shop: Shop): Promise<string> {
  const { version, flush, method } = z
    .object({ version: z.string(), flush: z.literal(1), method: z.string() })
    .parse(
      await shop.root.row(`SELECT VERSION() AS version, @@innodb_flush_log_at_trx_commit AS flush,
        @@innodb_flush_method AS method`),
    )
  const php = z.string().parse(await shop.evaluate('PHP_VERSION'))
  return `MariaDB ${version}, innodb_flush_log_at_trx_commit = ${flush}, ${method}; PHP ${php}`
}

async function prepare(shop: Shop, engine: Engine): Promise<void> {
  copyFileSync(PAGE, shop.path('checkout.php'))
  await shop.root.exec(`CREATE TABLE {cart} (
    rec_id INT UNSIGNED NOT NULL AUTO_INCREMENT, user_id INT UNSIGNED NOT NULL DEFAULT 0,
    session_id CHAR(32) NOT NULL DEFAULT '', goods_id INT UNSIGNED NOT NULL DEFAULT 0,
    goods_sn VARCHAR(60) NOT NULL DEFAULT '', product_id INT UNSIGNED NOT NULL DEFAULT 0,
    goods_name VARCHAR(120) NOT NULL DEFAULT '', market_price DECIMAL(10,2) NOT NULL DEFAULT 0,
    goods_price DECIMAL(10,2) NOT NULL DEFAULT 0, goods_number INT UNSIGNED NOT NULL DEFAULT 0,
    goods_attr TEXT NOT NULL, is_real TINYINT UNSIGNED NOT NULL DEFAULT 0,
    extension_code VARCHAR(30) NOT NULL DEFAULT '', parent_id INT UNSIGNED NOT NULL DEFAULT 0,
    rec_type TINYINT UNSIGNED NOT NULL DEFAULT 0, is_gift INT UNSIGNED NOT NULL DEFAULT 0,
    goods_attr_id VARCHAR(255) NOT NULL DEFAULT '', PRIMARY KEY (rec_id), KEY session_id (session_id)
  ) ENGINE=${engine}`)
  await shop.root.insert('sessions', { sesskey: SESSION, userid: SEED.member.user_id, data: '' })
  // Enough for all that will be bought here.
  await shop.root.exec('UPDATE {goods} SET goods_number = 60000')
  await shop.root.exec('UPDATE {products} SET product_number = 60000')
  await shop.root.exec('UPDATE {users} SET pay_points = 1000000000, rank_points = 500')

  const columns = (row: Record<string, string>) => ({
    names: Object.keys(row).join(', '),
    values: Object.values(row).join(', '),
  })
  const head = columns({
    order_sn: "CONCAT('2025', 100000000 + seq)",
    user_id: '1 + seq % 5000',
    order_status: 'seq % 6',
    shipping_status: 'seq % 3',
    pay_status: '2 * (seq % 2)',
    consignee: "CONCAT('买家', seq % 5000)",
    country: '1',
    province: '2',
    city: '3',
    district: '4',
    address: "CONCAT('文三路', seq % 900, '号')",
    zipcode: "'310012'",
    mobile: "CONCAT('139', 10000000 + seq)",
    email: "CONCAT('b', seq % 5000, '@example.test')",
    shipping_id: '1',
    shipping_name: "'顺丰速运'",
    pay_id: '2',
    pay_name: "'银行汇款'",
    goods_amount: '149',
    shipping_fee: '10',
    order_amount: '159',
    referer: "'本站'",
    add_time: '1600000000 + seq * 60',
    inv_type: "''",
  })
  await shop.root.exec(
    `INSERT INTO {order_info} (${head.names}) SELECT ${head.values} FROM seq_1_to_${ORDERS}`,
  )
  for (const line of LINES) {
    await shop.root.exec('INSERT INTO {order_goods} (order_id, ??) SELECT order_id, ? FROM {order_info}', [
      Object.keys(line),
      Object.values(line),
    ])
  }
  await shop.root.exec(`INSERT INTO {pay_log} (order_id, order_amount, order_type, is_paid)
    SELECT order_id, order_amount, 0, pay_status = 2 FROM {order_info}`)
  await shop.root.exec('ANALYZE TABLE {order_info}, {order_goods}, {pay_log}')
}

const LINES: readonly Row[] = [
  {
    goods_id: SEED.goods.flask.goods_id,
    goods_name: SEED.goods.flask.name,
    goods_sn: SEED.goods.flask.sku,
    product_id: 0,
    goods_number: 1,
    market_price: '60.00',
    goods_price: SEED.goods.flask.price,
    goods_attr: '',
    is_real: 1,
    goods_attr_id: '',
  },
  {
    goods_id: SEED.goods.shirt.goods_id,
    goods_name: SEED.goods.shirt.name,
    goods_sn: SEED.goods.shirt.sn,
    product_id: SEED.goods.shirt.red.product_id,
    goods_number: 1,
    market_price: '120.00',
    goods_price: SEED.goods.shirt.price,
    goods_attr: SEED.goods.shirt.red.attr,
    is_real: 1,
    goods_attr_id: SEED.goods.shirt.red.attr_id,
  },
]

async function fillCart(shop: Shop): Promise<void> {
  await shop.sql.exec('DELETE FROM {cart}')
  for (const line of LINES)
    await shop.sql.insert('cart', { user_id: SEED.member.user_id, session_id: SESSION, ...line })
}

/** @throws unless each checkout is one order of two lines in both shops, and a change that one of them captured */
async function check(bare: Shop, captured: Shop, orders: number): Promise<void> {
  const count = async (shop: Shop, what: string, from: string) =>
    Number(await shop.root.value(`SELECT COUNT(${what}) FROM ${from}`))
  const found = {
    bare: [await count(bare, '*', '{order_info}'), (await count(bare, '*', '{order_goods}')) / 2],
    captured: [await count(captured, '*', '{order_info}'), (await count(captured, '*', '{order_goods}')) / 2],
    changes:
      ORDERS +
      (await count(
        captured,
        'DISTINCT C.thing_id',
        `{erpsync_change} AS C JOIN {order_info} AS O ON O.order_id = C.thing_id
         WHERE C.kind = 'order' AND O.order_id > ${ORDERS}`,
      )),
    triggersOfTheOther: (await bare.root.rows('SHOW TRIGGERS')).length,
  }
  const wanted = {
    bare: [orders, orders],
    captured: [orders, orders],
    changes: orders,
    triggersOfTheOther: 0,
  }
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`not as it should be: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
}
