import { existsSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import {
  BridgeProblemSchema,
  StockAnswerSchema,
  type StockItem,
  type StockWriteSchema,
  StockWrittenSchema,
} from '#contracts/bridge.ts'
import { aShop, type Shop, type ShopOptions } from './support/a-shop.ts'
import { callBridge } from './support/call-bridge.ts'
import { SEED } from './support/seed.ts'

const FLASK = SEED.goods.flask.sku
const TOWEL = SEED.goods.towel.sku
const SHIRT = SEED.goods.shirt.goods_id
const RED = SEED.goods.shirt.red
const BLUE = SEED.goods.shirt.blue

type Item = z.input<typeof StockWriteSchema>['items'][number]

async function served(options: ShopOptions = {}): Promise<Shop> {
  const shop = await aShop({ capture: 'triggers', ...options })
  await shop.serve({ workers: 4 })
  return shop
}

async function query(shop: Shop, body: object) {
  const answer = await callBridge(shop, 'stock-query', { body })
  if (answer.status !== 200) throw new Error(answer.text)
  return StockAnswerSchema.parse(answer.body)
}

async function ask(shop: Shop, sku: string): Promise<StockItem> {
  const { items } = await query(shop, { skus: [sku] })
  const [item] = items
  if (item === undefined) throw new Error(`no ${sku}`)
  return item
}

/** Later at each call, as figures of an ERP are. */
let clock = Date.now() - 3_600_000
const later = (): string => {
  clock += 1000
  return new Date(clock).toISOString()
}

async function write(shop: Shop, items: readonly Item[], asOf = later()) {
  const answer = await callBridge(shop, 'stock-write', { body: { as_of: asOf, origin: 'test-erp', items } })
  if (answer.status !== 200) throw new Error(answer.text)
  return StockWrittenSchema.parse(answer.body).results
}

async function numbers(shop: Shop): Promise<Record<string, number>> {
  const [row] = await shop.sql.rows(
    `SELECT (SELECT product_number FROM {products} WHERE product_id = 1) AS red,
       (SELECT product_number FROM {products} WHERE product_id = 2) AS blue,
       (SELECT goods_number FROM {goods} WHERE goods_id = 2) AS shirts,
       (SELECT goods_number FROM {goods} WHERE goods_id = 1) AS flasks`,
  )
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]))
}

/** Moves an order out of the minute in which its checkout may still be running. */
const age = (shop: Shop, orderId: number, seconds: number): Promise<unknown> =>
  shop.sql.exec('UPDATE {order_info} SET add_time = add_time - ? WHERE order_id = ?', [seconds, orderId])

describe.each([
  { generation: '2.8', engine: 'InnoDB' },
  { generation: '2.7', engine: 'MyISAM' },
] as const)('a question about stock to $generation on $engine', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await served(options)
  })
  afterAll(() => shop.dispose())

  it('finds a SKU by the code of its row, or of its goods if they have no rows', async () => {
    const { items, problems, next } = await query(shop, { skus: [BLUE.sku, FLASK] })
    expect(items).toMatchObject([
      { sku: BLUE.sku, goods_id: '2', product_id: '2', quantity: 100, as_of: null, lines: [] },
      { sku: FLASK, goods_id: '1', product_id: '0', quantity: 100, as_of: null, lines: [] },
    ])
    expect(problems).toEqual([])
    expect(next).toBeNull()
  })

  it('tells which codes are unknown, which ambiguous, and that goods with rows have none of their own', async () => {
    const unknown = ['NO-SUCH', SEED.goods.shirt.sn, SEED.goods.voucher.sku, FLASK.toLowerCase()]
    const { items, problems } = await query(shop, { skus: [SEED.goods.twins.sku, ...unknown] })
    expect(items).toEqual([])
    expect(problems.map(({ sku, code }) => [sku, code])).toEqual([
      [SEED.goods.twins.sku, 'ambiguous-sku'],
      ...unknown.map((sku) => [sku, 'unknown-sku']),
    ])
  })

  it('leaves out the recycle bin, which also makes a code unambiguous', async () => {
    const [one] = SEED.goods.twins.goods_ids
    await shop.sql.exec('UPDATE {goods} SET is_delete = 1 WHERE goods_id = ?', [one])
    expect(await ask(shop, SEED.goods.twins.sku)).toMatchObject({ goods_id: '6' })
    await shop.sql.exec('UPDATE {goods} SET is_delete = 0 WHERE goods_id = ?', [one])
  })

  it('knows codes as every answer has them: without entities', async () => {
    await shop.sql.exec("UPDATE {goods} SET goods_sn = 'A&amp;B' WHERE goods_id = 5")
    expect(await ask(shop, 'A&B')).toMatchObject({ goods_id: '5' })
    await shop.sql.exec("UPDATE {goods} SET goods_sn = 'TWICE' WHERE goods_id = 5")
  })

  it('goes through everything page by page, and reports what has no code', async () => {
    await shop.sql.exec("UPDATE {goods} SET goods_sn = '' WHERE goods_id = 3")
    const all: string[] = []
    const problems: string[] = []
    let after = ''
    for (let page = 0; page < 20; page++) {
      const answer = await query(shop, { after, limit: 2 })
      expect(answer.items.length).toBeLessThanOrEqual(2)
      all.push(...answer.items.map(({ sku }) => sku))
      problems.push(...answer.problems.map(({ sku, code }) => `${sku} ${code}`))
      if (answer.next === null) break
      after = answer.next
    }
    await shop.sql.exec('UPDATE {goods} SET goods_sn = ? WHERE goods_id = 3', [TOWEL])
    expect(all).toEqual([FLASK, RED.sku, BLUE.sku])
    expect(problems).toEqual([' no-sku-code', 'TWICE ambiguous-sku'])
    const whole = await query(shop, { after: '', limit: 1000 })
    expect(whole.items.map(({ sku }) => sku)).toEqual([FLASK, RED.sku, BLUE.sku, TOWEL])
    expect(whole.next).toBeNull()
  })

  it('tells what is owed: lines of open orders, those of packages by their members', async () => {
    const plain = await shop.act.place({ lines: [{ goods: 3, quantity: 4 }] })
    const packed = await shop.act.place({ lines: [{ package: 1, quantity: 3 }] })
    const towel = await ask(shop, TOWEL)
    expect(towel.lines).toEqual([
      {
        order_id: String(plain.order_id),
        order_sn: plain.order_sn,
        add_time: plain.add_time,
        rec_id: String(plain.rec_ids[0]),
        quantity: 4,
        shipped: 0,
        open: true,
      },
      {
        order_id: String(packed.order_id),
        order_sn: packed.order_sn,
        add_time: packed.add_time,
        rec_id: String(packed.rec_ids[0]),
        quantity: 6,
        shipped: 0,
        open: true,
      },
    ])
    expect((await ask(shop, FLASK)).lines).toMatchObject([{ rec_id: String(packed.rec_ids[0]), quantity: 3 }])
  })

  it('takes goods that bear the number of a package for what they are', async () => {
    // goods_id 1 is the flask, and act_id 1 the package.
    const { order_id } = await shop.act.place({ lines: [{ goods: 1, quantity: 7 }] })
    const of = (await ask(shop, FLASK)).lines.filter((line) => line.order_id === String(order_id))
    expect(of).toMatchObject([{ quantity: 7 }])
    const towels = (await ask(shop, TOWEL)).lines.filter((line) => line.order_id === String(order_id))
    expect(towels).toEqual([])
  })

  it('counts as shipped what has left, not what stands on a note', async () => {
    const { order_id, rec_ids } = await shop.act.place({
      lines: [
        { goods: SHIRT, product: 1, quantity: 3 },
        { goods: SHIRT, product: 1, quantity: 2, price: '0.00' },
        { goods: SHIRT, product: 2, quantity: 1 },
      ],
    })
    const lines = async (sku: string) =>
      (await ask(shop, sku)).lines
        .filter((line) => line.order_id === String(order_id))
        .map(({ rec_id, quantity, shipped, open }) => [rec_id, quantity, shipped, open])
    const [first, second, third] = rec_ids.map(String)
    const note = await shop.act.split(order_id, { [Number(first)]: 3, [Number(second)]: 1 })
    expect(await lines(RED.sku)).toEqual([
      [first, 3, 0, true],
      [second, 2, 0, true],
    ])
    await shop.act.shipNote(note)
    // The note has four red ones of no line in particular.
    expect(await lines(RED.sku)).toEqual([
      [first, 3, 3, true],
      [second, 2, 1, true],
    ])
    expect(await lines(BLUE.sku)).toEqual([[third, 1, 0, true]])
    await shop.act.ship(order_id)
    expect(await lines(RED.sku)).toEqual([
      [first, 3, 3, false],
      [second, 2, 2, false],
    ])
  })

  it.each([
    ['cancelled', (id: number) => shop.act.cancel(id)],
    ['void', (id: number) => shop.act.void(id)],
    ['returned', async (id: number) => void (await shop.act.return(id))],
  ])('still tells of an order that was %s within a day, and no more of it after', async (_, close) => {
    const { order_id } = await shop.act.place({ lines: [{ goods: 3, quantity: 2 }] })
    if (close.length === 1) await shop.act.ship(order_id)
    await close(order_id)
    const lines = async () =>
      (await ask(shop, TOWEL)).lines.filter((line) => line.order_id === String(order_id))
    expect(await lines()).toMatchObject([{ quantity: 2, open: false }])
    await callBridge(shop, 'changes')
    // Known from the outbox alone, then only from the shop's log, then from neither.
    await shop.sql.exec('UPDATE {order_action} SET log_time = log_time - 90000 WHERE order_id = ?', [
      order_id,
    ])
    expect(await lines()).toHaveLength(1)
    await shop.root.exec('UPDATE {erpsync_outbox} SET changed_at = changed_at - 90000')
    expect(await lines()).toEqual([])
    await shop.sql.exec('UPDATE {order_action} SET log_time = log_time + 90000 WHERE order_id = ?', [
      order_id,
    ])
    expect(await lines()).toHaveLength(1)
  })

  it('has a digest that changes with what is owed and with the quantity, and with nothing else', async () => {
    const before = (await ask(shop, BLUE.sku)).digest
    expect((await ask(shop, BLUE.sku)).digest).toBe(before)
    await shop.act.place({ lines: [{ goods: SHIRT, product: 1 }] })
    expect((await ask(shop, BLUE.sku)).digest).toBe(before)
    const { order_id, rec_ids } = await shop.act.place({ lines: [{ goods: SHIRT, product: 2, quantity: 2 }] })
    const placed = (await ask(shop, BLUE.sku)).digest
    expect(placed).not.toBe(before)
    await shop.act.editLine(Number(rec_ids[0]), { quantity: 3 })
    const edited = (await ask(shop, BLUE.sku)).digest
    expect(new Set([before, placed, edited]).size).toBe(3)
    await shop.act.cancel(order_id)
    expect((await ask(shop, BLUE.sku)).digest).toBe(before)
    await shop.sql.exec('UPDATE {products} SET product_number = product_number + 1 WHERE product_id = 2')
    expect((await ask(shop, BLUE.sku)).digest).not.toBe(before)
  })
})

describe.each([
  { generation: '2.8', engine: 'InnoDB' },
  { generation: '2.7', engine: 'MyISAM' },
] as const)('a figure for $generation on $engine', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await served({ ...options, stockMode: 'placement' })
  })
  afterAll(() => shop.dispose())

  it('is written to the SKU, and its goods become the sum of their SKUs', async () => {
    const asOf = later()
    await shop.sql.exec('UPDATE {goods} SET goods_number = 7 WHERE goods_id = 2')
    const results = await write(
      shop,
      [
        { sku: RED.sku, quantity: 40, expect: 100 },
        { sku: FLASK, quantity: 55, expect: 100 },
      ],
      asOf,
    )
    expect(results).toEqual([
      { sku: RED.sku, result: 'applied', quantity: 40, clamped: false },
      { sku: FLASK, result: 'applied', quantity: 55, clamped: false },
    ])
    expect(await numbers(shop)).toEqual({ red: 40, blue: 100, shirts: 140, flasks: 55 })
    expect((await ask(shop, RED.sku)).as_of).toBe(asOf)
    expect((await ask(shop, BLUE.sku)).as_of).toBeNull()
    const [kept] = await shop.root.rows('SELECT * FROM {erpsync_stock} WHERE goods_id = 2')
    expect(kept).toMatchObject({ product_id: 1, quantity: 40, origin: 'test-erp' })
  })

  it('is not written over a quantity that was not expected', async () => {
    const before = await numbers(shop)
    const results = await write(shop, [
      { sku: RED.sku, quantity: 1, expect: 41 },
      { sku: FLASK, quantity: 1, expect: 54 },
    ])
    expect(results).toEqual([
      { sku: RED.sku, result: 'conflict', quantity: 40, clamped: false },
      { sku: FLASK, result: 'conflict', quantity: 55, clamped: false },
    ])
    expect(await numbers(shop)).toEqual(before)
  })

  it('is not written if an equally new or newer one was, even when the quantity has come back', async () => {
    const asOf = later()
    await write(shop, [{ sku: FLASK, quantity: 60, expect: 55 }], asOf)
    await shop.act.setStock({ goods: 1 }, 55)
    for (const old of [asOf, new Date(Date.parse(asOf) - 1).toISOString()])
      expect(await write(shop, [{ sku: FLASK, quantity: 60, expect: 55 }], old)).toEqual([
        { sku: FLASK, result: 'stale', quantity: 55, clamped: false },
      ])
    expect(await numbers(shop)).toMatchObject({ flasks: 55 })
  })

  it('is answered "unchanged" when it is repeated and nothing was sold', async () => {
    const asOf = later()
    const items = [{ sku: RED.sku, quantity: 42, expect: 40 }]
    expect(await write(shop, items, asOf)).toMatchObject([{ result: 'applied' }])
    expect(await write(shop, items, asOf)).toEqual([
      { sku: RED.sku, result: 'unchanged', quantity: 42, clamped: false },
    ])
  })

  it('that the shop has already is recorded all the same', async () => {
    const asOf = later()
    expect(await write(shop, [{ sku: RED.sku, quantity: 42, expect: 42 }], asOf)).toMatchObject([
      { result: 'unchanged', quantity: 42 },
    ])
    expect((await ask(shop, RED.sku)).as_of).toBe(asOf)
    const older = new Date(Date.parse(asOf) - 1).toISOString()
    expect(await write(shop, [{ sku: RED.sku, quantity: 1, expect: 42 }], older)).toMatchObject([
      { result: 'stale' },
    ])
  })

  it('is clamped to what the column holds, and then said to be', async () => {
    const most = options.generation === '2.7' ? 65_535 : 2_147_483_647
    const [written] = await write(shop, [{ sku: TOWEL, quantity: 2_147_483_647, expect: 100 }])
    expect(written).toEqual({
      sku: TOWEL,
      result: 'applied',
      quantity: most,
      clamped: options.generation === '2.7',
    })
    expect((await ask(shop, TOWEL)).quantity).toBe(most)
    await write(shop, [{ sku: BLUE.sku, quantity: most, expect: 100 }])
    // The total of both SKUs exceeds the column.
    const { shirts } = await numbers(shop)
    expect(shirts).toBe(options.generation === '2.7' ? most : most + 42)
    await write(shop, [{ sku: BLUE.sku, quantity: 100, expect: most }])
    expect(await numbers(shop)).toMatchObject({ red: 42, blue: 100, shirts: 142 })
  })

  it('for codes that are unknown or ambiguous changes nothing, and does not hold up the others', async () => {
    const before = await numbers(shop)
    const results = await write(shop, [
      { sku: 'NO-SUCH', quantity: 1, expect: 100 },
      { sku: SEED.goods.twins.sku, quantity: 1, expect: 10 },
      { sku: SEED.goods.voucher.sku, quantity: 1, expect: 10 },
      { sku: BLUE.sku, quantity: 99, expect: 100 },
    ])
    expect(results.map(({ sku, result, quantity }) => [sku, result, quantity])).toEqual([
      ['NO-SUCH', 'unknown-sku', null],
      [SEED.goods.twins.sku, 'ambiguous-sku', null],
      [SEED.goods.voucher.sku, 'unknown-sku', null],
      [BLUE.sku, 'applied', 99],
    ])
    expect(await numbers(shop)).toEqual({ ...before, blue: 99, shirts: (before['shirts'] ?? 0) - 1 })
  })

  it.each([
    ['without items', { items: [] }, 'items'],
    [
      'with 201 items',
      { items: Array.from({ length: 201 }, (_, i) => ({ sku: `S${i}`, quantity: 1, expect: 1 })) },
      'items',
    ],
    ['with a negative figure', { items: [{ sku: FLASK, quantity: -1, expect: 1 }] }, 'items.0.quantity'],
    ['with a fraction', { items: [{ sku: FLASK, quantity: 1.5, expect: 1 }] }, 'items.0.quantity'],
    ['with a figure in text', { items: [{ sku: FLASK, quantity: '1', expect: 1 }] }, 'items.0.quantity'],
    ['without what it expects', { items: [{ sku: FLASK, quantity: 1 }] }, 'items.0.expect'],
    [
      'with a code twice',
      {
        items: [
          { sku: FLASK, quantity: 1, expect: 1 },
          { sku: FLASK, quantity: 2, expect: 1 },
        ],
      },
      'items.1.sku',
    ],
    ['with a word for an item', { items: ['x'] }, 'items.0'],
    ['with local time', { as_of: '2026-11-22T08:00:00+08:00' }, 'as_of'],
    ['with a day that is none', { as_of: '2026-02-30T08:00:00Z' }, 'as_of'],
    ['from next week', { as_of: new Date(Date.now() + 7 * 86_400_000).toISOString() }, 'as_of'],
    ['with an origin that is no label', { origin: 'an ERP' }, 'origin'],
    ['with a field that is not known', { force: true }, 'force'],
  ])('in a call %s is refused, and nothing is written', async (_, change, field) => {
    const before = await numbers(shop)
    const body = {
      as_of: later(),
      origin: 'test-erp',
      items: [{ sku: FLASK, quantity: 1, expect: 55 }],
      ...change,
    }
    const { status, body: answer } = await callBridge(shop, 'stock-write', { body })
    expect(status).toBe(422)
    expect(BridgeProblemSchema.parse(answer)).toMatchObject({ code: 'invalid-field', field })
    expect(await numbers(shop)).toEqual(before)
  })

  it('waits while a checkout of its goods is running, for a minute at most', async () => {
    const lines = [{ goods: SHIRT, product: 1 }]
    const order = await shop.act.placeHead({ lines })
    await shop.act.placeLines(order, { lines })
    const items = [
      { sku: RED.sku, quantity: 30, expect: 42 },
      { sku: BLUE.sku, quantity: 30, expect: 99 },
      { sku: FLASK, quantity: 30, expect: 55 },
    ]
    const results = async () => (await write(shop, items)).map(({ result }) => result)
    expect(await results()).toEqual(['busy', 'busy', 'applied'])
    expect(await numbers(shop)).toMatchObject({ red: 42, blue: 99, flasks: 30 })
    await shop.act.placePayLog(order)
    expect(await results()).toEqual(['applied', 'applied', 'unchanged'])

    const lost = await shop.act.placeHead({ lines: [{ package: 1 }] })
    await shop.act.placeLines(lost, { lines: [{ package: 1 }] })
    const flask = async () => (await write(shop, [{ sku: FLASK, quantity: 31, expect: 30 }]))[0]?.result
    expect(await flask()).toBe('busy')
    // The log of another kind is none of a checkout's.
    await shop.sql.insert('pay_log', {
      order_id: lost.order_id,
      order_amount: '1.00',
      order_type: 1,
      is_paid: 0,
    })
    expect(await flask()).toBe('busy')
    await age(shop, lost.order_id, 61)
    expect(await flask()).toBe('applied')
  })

  it('empties the shop’s caches once something is shown anew, and not before', async () => {
    const page = shop.path('temp/caches/0/goods_2.htm')
    writeFileSync(page, 'a page')
    await write(shop, [{ sku: FLASK, quantity: 1, expect: 999 }])
    await write(shop, [{ sku: FLASK, quantity: 31, expect: 31 }])
    expect(existsSync(page)).toBe(true)
    await write(shop, [{ sku: FLASK, quantity: 32, expect: 31 }])
    expect(existsSync(page)).toBe(false)
  })
})

it('a SKU that another holds locked is busy, and so is the rest; nothing hangs', async () => {
  await using shop = await served({ generation: '2.8', stockMode: 'placement' })
  const other = await shop.connect()
  await other.exec('START TRANSACTION')
  await other.exec('UPDATE {goods} SET goods_number = 7 WHERE goods_id = 1')
  const items = [
    { sku: FLASK, quantity: 5, expect: 100 },
    { sku: RED.sku, quantity: 5, expect: 100 },
  ]
  expect((await write(shop, items)).map(({ result }) => result)).toEqual(['busy', 'busy'])
  await other.exec('ROLLBACK')
  expect((await write(shop, items)).map(({ result }) => result)).toEqual(['applied', 'applied'])
})

it('in placement mode a figure is not written where one order went and another came since', async () => {
  await using shop = await served({ generation: '2.8', stockMode: 'placement' })
  const lines = [{ goods: SHIRT, product: 1, quantity: 2 }]
  const leaving = await shop.act.place({ lines })
  const { digest, quantity } = await ask(shop, RED.sku)
  await shop.act.cancel(leaving.order_id)
  await shop.act.place({ lines })
  expect(await write(shop, [{ sku: RED.sku, quantity: 120, expect: quantity, digest }])).toEqual([
    { sku: RED.sku, result: 'conflict', quantity, clamped: false },
  ])
})

describe('where stock falls at shipment', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await served({ stockMode: 'shipment' })
  })
  afterAll(() => shop.dispose())

  it('a figure is written only while the same is owed', async () => {
    const { digest, quantity } = await ask(shop, RED.sku)
    const { order_id } = await shop.act.place({ lines: [{ goods: SHIRT, product: 1, quantity: 5 }] })
    const item = { sku: RED.sku, quantity: 50, expect: quantity }
    expect(await write(shop, [{ ...item, digest }])).toEqual([
      { sku: RED.sku, result: 'conflict', quantity: 100, clamped: false },
    ])
    const read = await ask(shop, RED.sku)
    const asOf = later()
    expect(await write(shop, [{ ...item, digest: read.digest }], asOf)).toMatchObject([{ result: 'applied' }])
    expect(await write(shop, [{ ...item, digest: read.digest }], asOf)).toMatchObject([
      { result: 'unchanged' },
    ])
    const shipping = await ask(shop, RED.sku)
    await shop.act.ship(order_id)
    expect(
      await write(shop, [{ sku: RED.sku, quantity: 60, expect: 50, digest: shipping.digest }]),
    ).toMatchObject([{ result: 'conflict', quantity: 45 }])
  })

  it('a checkout holds nothing up: it deducts nothing', async () => {
    const lines = [{ goods: SHIRT, product: 2 }]
    await shop.act.placeLines(await shop.act.placeHead({ lines }), { lines })
    const { digest, quantity } = await ask(shop, BLUE.sku)
    expect(await write(shop, [{ sku: BLUE.sku, quantity: 80, expect: quantity, digest }])).toMatchObject([
      { result: 'applied' },
    ])
  })

  it('where the shop keeps no stock at all, a digest is not asked for', async () => {
    await shop.act.configure('use_storage', '0')
    expect(await write(shop, [{ sku: FLASK, quantity: 5, expect: 100, digest: 'another' }])).toMatchObject([
      { result: 'applied' },
    ])
    await shop.act.configure('use_storage', '1')
  })
})

describe.each([
  { generation: '2.8', engine: 'InnoDB' },
  { generation: '2.7', engine: 'MyISAM' },
] as const)('eight writers at once and buyers besides, on $engine', (options) => {
  it('lose no sale: every piece is either sold or there', async () => {
    await using shop = await served({ ...options, stockMode: 'placement' })
    const WRITERS = 8
    const ROUNDS = 4
    const BUYERS = 3
    const SALES = 12
    let raised = 0
    const buyer = async (index: number): Promise<void> => {
      const sql = await shop.connect()
      for (let sale = 0; sale < SALES; sale++) {
        const product = 1 + ((sale + index) % 2)
        await sql.exec('UPDATE {products} SET product_number = product_number - 1 WHERE product_id = ?', [
          product,
        ])
        await sql.exec('UPDATE {goods} SET goods_number = goods_number - 1 WHERE goods_id = ?', [SHIRT])
      }
    }
    const writer = async (): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        const { items } = await query(shop, { skus: [RED.sku, BLUE.sku] })
        const results = await write(
          shop,
          // Five pieces came in: whoever writes over a sale, or over another's five, makes the sum wrong.
          items.map(({ sku, quantity }) => ({ sku, quantity: quantity + 5, expect: quantity })),
          new Date(clock++).toISOString(),
        )
        for (const { result } of results) {
          expect(['applied', 'unchanged', 'conflict', 'stale', 'busy']).toContain(result)
          if (result === 'applied') raised += 5
        }
      }
    }
    await Promise.all([
      ...Array.from({ length: WRITERS }, writer),
      ...Array.from({ length: BUYERS }, (_, index) => buyer(index)),
    ])
    const { red = 0, blue = 0 } = await numbers(shop)
    expect(raised).toBeGreaterThan(0)
    expect(red + blue).toBe(200 - BUYERS * SALES + raised)
  })

  it('always leave goods that are the sum of their SKUs', async () => {
    await using shop = await served({ ...options, stockMode: 'placement' })
    let isOver = false
    const sums: unknown[] = []
    const watcher = async (): Promise<void> => {
      const sql = await shop.connect()
      while (!isOver)
        sums.push(
          await sql.value(
            `SELECT g.goods_number = SUM(p.product_number) FROM {goods} g JOIN {products} p ON p.goods_id = g.goods_id
             WHERE g.goods_id = 2 GROUP BY g.goods_number`,
          ),
        )
    }
    const watching = watcher()
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const sku = index % 2 === 0 ? RED.sku : BLUE.sku
        for (let round = 0; round < 4; round++) {
          const { quantity } = await ask(shop, sku)
          await write(
            shop,
            [{ sku, quantity: quantity + index + 1, expect: quantity }],
            new Date(clock++).toISOString(),
          )
        }
      }),
    )
    isOver = true
    await watching
    expect(sums.length).toBeGreaterThan(10)
    expect(new Set(sums)).toEqual(new Set([1]))
  })
})
