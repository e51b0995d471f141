import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
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

describe('a host that withholds what PHP can', () => {
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

  it('does not break the shop’s other tasks although its web server has no mysqli', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const run = await shop.php([
      '-n',
      '-r',
      `define('IN_ECS', true); define('ROOT_PATH', getcwd() . '/'); $_CFG = array('lang' => 'en_us');
       include 'includes/modules/cron/erpsync.php'; echo 'on';`,
    ])
    expect(run).toMatchObject({ stdout: 'on', stderr: '' })
  })
})

describe('polling an order that is deleted, put back and deleted again', () => {
  it('tells of both deletions', async () => {
    await using world = await aRelayingShop({ capture: 'poll' })
    const { shop, service } = world
    const order = await shop.act.place()
    await relayAll(shop)
    await shop.sql.exec('CREATE TABLE kept_order AS SELECT * FROM {order_info}')
    await shop.sql.exec('CREATE TABLE kept_lines AS SELECT * FROM {order_goods}')
    const remove = async () => {
      await shop.sql.exec('DELETE FROM {order_info}')
      await shop.sql.exec('DELETE FROM {order_goods}')
      await relayAll(shop)
    }
    await remove()
    await shop.sql.exec('INSERT INTO {order_info} SELECT * FROM kept_order')
    await shop.sql.exec('INSERT INTO {order_goods} SELECT * FROM kept_lines')
    await relayAll(shop)
    await remove()
    expect(told(service)).toEqual([
      `order.snapshot ${order.order_id}`,
      `order.deleted ${order.order_id}`,
      `order.snapshot ${order.order_id}`,
      `order.deleted ${order.order_id}`,
    ])
  })
})

describe('the installation', () => {
  it('may be called under its public address where setup was opened under another', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const mismatch = await shop.app(`
      $at = function ($host) use ($app, $root) {
          $here = $app->state->json('bound');
          return new ErpSync_Binding($app->state, array(
              'path' => $here['path'], 'database' => $here['database'], 'host' => $host, 'machine' => null));
      };
      $at('intranet.test:8080')->bind('https://www.shop.example.test/');
      return array(
          $at('intranet.test:8080')->mismatch(), $at('shop.example.test')->mismatch(), $at('staging.example.test')->mismatch());`)
    expect(mismatch).toEqual([null, null, 'host'])
  })

  it('lets nothing leave when its high water cannot be kept', async () => {
    await using world = await aRelayingShop({})
    const { shop, service } = world
    await shop.act.place()
    // A file system that is full: every write fails.
    await promisify(execFile)('bash', ['-c', "trap '' XFSZ; ulimit -f 0; exec php erpsync/cli.php relay"], {
      cwd: shop.folder,
    }).catch(() => undefined)
    expect(service.deliveries).toEqual([])
    expect(await shop.state('last_error')).toContain('data-not-writable')
  })

  it('answers strangers at its setup page alike, whatever data/config.php prints', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    const config = shop.path('data/config.php')
    writeFileSync(config, `\u{feff}${readFileSync(config, 'utf8')}`)
    await shop.serve()
    const answer = await fetch(`${shop.url}erpsync/setup.php`)
    expect(answer.status).toBe(403)
    expect(new Uint8Array(await answer.arrayBuffer())[0]).toBe('<'.charCodeAt(0))
  })
})

describe('a change of everything at once', () => {
  it('does not keep a visitor waiting until all of it is collected', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    await shop.root.exec(`INSERT INTO {erpsync_change} (id, kind, thing_id, op)
      SELECT seq, 'customer', seq, 'w' FROM seq_1_to_3000`)
    await shop.app('$relay = new ErpSync_Relay($app); return $relay->run(0.01, 524288);')
    expect(Number(await shop.sql.value('SELECT COUNT(*) FROM {erpsync_change}'))).toBe(2500)
    await shop.app('$relay = new ErpSync_Relay($app); return $relay->run(50, 524288);')
    expect(Number(await shop.sql.value('SELECT COUNT(*) FROM {erpsync_change}'))).toBe(0)
  })
})
