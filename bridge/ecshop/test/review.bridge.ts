import { describe, expect, it } from 'vitest'
import { aShop } from './support/a-shop.ts'
import { callBridge } from './support/call-bridge.ts'
import { aRelayingShop, newestOf, relay, relayAll, told } from './support/relaying.ts'
import { SEED } from './support/seed.ts'
import { accepts } from './support/webhook-double.ts'

describe('polling, while somebody else reads the same thing', () => {
  it('tells of a new order that was read before it was found', async () => {
    await using world = await aRelayingShop({ capture: 'poll' })
    const { shop, service } = world
    await relayAll(shop)
    const order = await shop.act.place()
    await shop.app(`$app->events()->snapshot('order', ${order.order_id})`)
    await relayAll(shop)
    expect(told(service)).toEqual([`order.snapshot ${order.order_id}`])
  })

  it('tells of an older thing that changed after it was exported and before it was met', async () => {
    await using world = await aRelayingShop({ capture: 'poll' })
    const { shop, service } = world
    await shop.app("$app->events()->snapshots('customer', $app->events()->page('customer', 0, 50))")
    await shop.act.editMember(1, { email: 'moved@example.test' })
    await relayAll(shop)
    expect(told(service)).toEqual(['customer.snapshot 1'])
  })

  it('tells of a change that only a reader saw while what was there before was being posted', async () => {
    await using world = await aRelayingShop({ capture: 'poll' })
    const { shop, service } = world
    await relayAll(shop)
    const order = await shop.act.place()
    service.answer = async (delivery) => {
      service.answer = accepts
      await shop.act.pay(order.order_id)
      await shop.app(`$app->events()->snapshot('order', ${order.order_id})`)
      return accepts(delivery)
    }
    await relay(shop)
    await relayAll(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { pay_status: 2 } })
  })

  it('tells of an older order that was handled before it was met', async () => {
    await using world = await aRelayingShop({ capture: 'poll' })
    const { shop, service } = world
    const order = await shop.act.place()
    await shop.sql.exec('UPDATE {order_info} SET add_time = add_time - 7200 WHERE order_id = ?', [
      order.order_id,
    ])
    await shop.act.confirm(order.order_id)
    await relayAll(shop)
    expect(told(service)).toEqual([`order.snapshot ${order.order_id}`])
  })
})

describe('a shop of the GBK edition', () => {
  it('answers for the other codes of a call when it has no characters for one of them', async () => {
    await using shop = await aShop({ generation: '2.7', charset: 'gbk', capture: 'triggers' })
    await shop.serve()
    const code = SEED.goods.flask.sku
    const answer = await callBridge(shop, 'stock-query', { body: { skus: ['BOX™', code, '😀'] } })
    expect(answer.body).toMatchObject({
      items: [{ sku: code }],
      problems: [
        { sku: 'BOX™', code: 'unknown-sku' },
        { sku: '😀', code: 'unknown-sku' },
      ],
    })
  })
})

describe('a clock that was a day ahead and is set right', () => {
  it('puts off no change, no walk and no sweep until that day', async () => {
    await using world = await aRelayingShop({ capture: 'poll' })
    const { shop, service } = world
    const order = await shop.act.place()
    await relayAll(shop)
    await shop.app(`
      $tomorrow = time() + 86400;
      $poll = $app->state->json('poll');
      $poll['walks'] = array_fill_keys(ErpSync_Kinds::names(), array('after' => null, 'ended' => $tomorrow));
      $app->state->set('poll', $poll);
      $app->state->set('sweep_at', $tomorrow + 86400);
      return true;`)
    expect(await shop.app('$sweep = new ErpSync_Sweep($app); return $sweep->isDue();')).toBe(true)
    service.deliveries.length = 0
    await shop.sql.exec("UPDATE {order_info} SET address = 'elsewhere' WHERE order_id = ?", [order.order_id])
    await shop.act.place()
    await shop.sql.exec('UPDATE {order_info} SET add_time = add_time - 60 WHERE order_id = ?', [
      order.order_id + 1,
    ])
    await shop.app("$app->state->set('sweep_at', time())")
    await relay(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { address: 'elsewhere' } })

    await shop.act.pay(order.order_id)
    await shop.app(`$app->outbox->changed('order', '${order.order_id}', time())`)
    await shop.app(`$app->db->exec('UPDATE {erpsync_outbox} SET not_before = ?', array(time() + 86400))`)
    await relay(shop)
    expect(newestOf(service, order.order_id)).toMatchObject({ snapshot: { pay_status: 2 } })
  })
})

describe('a host that disables functions', () => {
  const without = (...names: string[]) => [
    '-d',
    `disable_functions=${names.join(',')}`,
    '-d',
    'error_reporting=-1',
  ]

  it('posts although curl is there but may not be used', async () => {
    await using world = await aRelayingShop({})
    const { shop, service } = world
    const order = await shop.act.place()
    const run = await shop.php([...without('curl_exec', 'curl_multi_exec'), 'erpsync/cli.php', 'relay'])
    expect(run.stderr).toBe('')
    expect(newestOf(service, order.order_id)).toBeDefined()
  })
})
