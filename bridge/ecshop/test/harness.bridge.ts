import { describe, expect, it } from 'vitest'
import { aShop } from './support/a-shop.ts'
import { runPhp } from './support/run-php.ts'
import { SEED } from './support/seed.ts'

describe.each([
  { generation: '2.8', engine: 'InnoDB', charset: 'utf8mb4' },
  { generation: '2.7', engine: 'MyISAM', charset: 'utf8' },
  { generation: '2.7', engine: 'MyISAM', charset: 'gbk' },
] as const)('a $generation shop on $engine in $charset', (options) => {
  it('is read by the bridge through its own data/config.php', async () => {
    await using shop = await aShop({ ...options, prefix: 'my_' })
    expect(await shop.app("$app->db->value('SELECT goods_name FROM {goods} WHERE goods_id = 1')")).toBe(
      SEED.goods.flask.name,
    )
    expect(await shop.app('$app->config->charset')).toBe(options.charset === 'gbk' ? 'gbk' : 'utf-8')
  })

  it('goes through a life from order to return', async () => {
    await using shop = await aShop(options)
    const order = await shop.act.place({
      member: SEED.member.user_id,
      lines: [{ goods: 2, product: 1, quantity: 2 }, { package: 1 }],
    })
    await shop.act.pay(order.order_id)
    await shop.act.ship(order.order_id, { [Number(order.rec_ids[0])]: 1 })
    await shop.act.ship(order.order_id)
    const shipped = await shop.sql.row('SELECT * FROM {order_info} WHERE order_id = ?', [order.order_id])
    expect(shipped).toMatchObject({
      order_status: 5,
      shipping_status: 1,
      pay_status: 2,
      money_paid: '268.00',
    })
    expect(shipped['invoice_no']).toBe('SF1<br>SF2')
    expect(await shop.sql.value('SELECT product_number FROM {products} WHERE product_id = 1')).toBe(98)
    expect(await shop.act.return(order.order_id)).toHaveLength(2)
    expect(await shop.sql.value('SELECT product_number FROM {products} WHERE product_id = 1')).toBe(100)
  })
})

it('counts a warning of PHP as a failure', async () => {
  await using shop = await aShop()
  await expect(shop.app('$undefined')).rejects.toThrow(/Undefined variable/)
})

it('stores time as the shop does', async () => {
  await using shop = await aShop({ timeZone: 'Asia/Kathmandu' })
  const raw = await shop.evaluate(
    'ErpSync_ShopTime::measure(new ErpSync_ShopConfig($root), 0)->toRaw(1700000000)',
  )
  expect(raw).toBe(shop.time.now(1_700_000_000))
  expect(raw).toBe(1_700_000_000 - 20_700)
})

it('serves the folder, and ends the server with the shop', async () => {
  const shop = await aShop()
  await shop.serve()
  expect(await (await fetch(shop.url)).text()).toBe('shop')
  await shop.dispose()
  await expect(fetch(shop.url)).rejects.toThrow('fetch failed')
})

it('gives PHP its input and hands out what it said', async () => {
  expect(await runPhp(['-r', 'echo strrev(stream_get_contents(STDIN)); exit(3);'], { input: 'abc' })).toEqual(
    {
      status: 3,
      stdout: 'cba',
      stderr: '',
    },
  )
})
