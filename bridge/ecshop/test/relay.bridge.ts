import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Shop } from './support/a-shop.ts'
import { freePort } from './support/free-port.ts'
import {
  aRelayingShop,
  newestOf,
  type RelayingShop,
  type RelaySummary,
  relay,
  relayAll,
  relayed,
  skipWaiting,
  told,
} from './support/relaying.ts'
import { evaluatePhp } from './support/run-php.ts'
import { waitFor } from './support/wait-for.ts'
import { type Answer, accepts, type Delivery, problem } from './support/webhook-double.ts'

/** Answers each event of a body on its own. */
const answering =
  (
    result: (
      event: Delivery['events'][number],
      index: number,
    ) => Readonly<Record<string, unknown>> | undefined,
  ) =>
  ({ events }: Delivery): Answer => ({
    status: 207,
    body: JSON.stringify({
      correlationId: 'c-double',
      results: events.flatMap((event, index) => {
        const one = result(event, index)
        return one ? [{ index, type: event['type'], ...one }] : []
      }),
    }),
  })

const pending = async (shop: Shop): Promise<number> =>
  Number(await shop.root.value('SELECT COUNT(*) FROM {erpsync_outbox} WHERE state = 0'))

const RELAY_SCRIPT = `
  $root = getcwd();
  require 'erpsync/bootstrap.php';
  $relay = new ErpSync_Relay(new ErpSync_App($root));`

describe.each([
  { generation: '2.8', engine: 'InnoDB', capture: 'triggers' },
  { generation: '2.7', engine: 'MyISAM', capture: 'poll' },
] as const)('the relay of a $generation shop with $engine that captures by $capture', (options) => {
  let world: RelayingShop
  let shop: Shop
  let service: RelayingShop['service']
  beforeAll(async () => {
    world = await aRelayingShop(options)
    ;({ shop, service } = world)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  beforeEach(async () => {
    service.answer = accepts
    await shop.root.exec(
      "DELETE FROM {erpsync_state} WHERE name IN ('paused', 'clock_offset', 'batch_limit')",
    )
    await relayAll(shop)
    if ((await pending(shop)) !== 0) throw new Error('the shop begins with changes that wait')
    service.deliveries.length = 0
  })

  it('keeps a change that came between reading and clearing', async () => {
    const order = await shop.act.place()
    let changed = false
    service.answer = async (delivery) => {
      if (!changed) await shop.act.pay(order.order_id)
      if (!changed) await shop.app('$collector = new ErpSync_Collector($app); return $collector->collect();')
      changed = true
      return accepts(delivery)
    }
    await relay(shop)
    await relayAll(shop)
    const states = relayed(service).map(({ snapshot }) => snapshot?.['pay_status'])
    expect(states).toEqual([0, 2])
    const [first, second] = relayed(service)
    expect(second?.version.seq).toBeGreaterThan(first?.version.seq ?? 0)
  })

  it('sends again what was posted by a process that was killed before it could clear', async () => {
    const order = await shop.act.place()
    const child = spawn('php', ['-r', `${RELAY_SCRIPT} $relay->run(10, 5000000);`], {
      cwd: shop.folder,
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    service.answer = async (delivery) => {
      child.kill('SIGKILL')
      await ended
      return accepts(delivery)
    }
    await ended
    expect(service.deliveries).toHaveLength(1)
    service.answer = accepts
    // The server frees the dead one's locks.
    await waitFor('the lock', async () => ((await relay(shop)).stopped?.code === 'busy' ? undefined : true))
    expect(told(service)).toEqual([`order.snapshot ${order.order_id}`, `order.snapshot ${order.order_id}`])
    expect(await pending(shop)).toBe(0)
  })

  it('outlasts a day without the service, and then sends what came of it', async () => {
    service.answer = () => problem(503, 'shop-not-ready')
    const stays = await shop.act.place()
    const goes = await shop.act.place()
    expect(await relay(shop)).toMatchObject({ accepted: 0, stopped: { code: 'shop-not-ready' } })
    const posts = service.deliveries.length
    // While it waits it does not even try.
    expect(await relay(shop)).toMatchObject({ bytes: 0, stopped: { code: 'shop-not-ready' } })
    expect(service.deliveries).toHaveLength(posts)
    for (let quantity = 2; quantity <= 6; quantity++) {
      await shop.act.editLine(Number(stays.rec_ids[0]), { quantity })
      await skipWaiting(shop)
      await relay(shop)
    }
    expect(Number(await shop.state('relay_failures'))).toBeGreaterThan(4)
    await shop.act.delete(goes.order_id)
    expect(await shop.app("json_decode($app->state->get('last_error'), true)")).toMatchObject({
      code: 'shop-not-ready',
    })

    service.answer = accepts
    service.deliveries.length = 0
    await relayAll(shop)
    // The order that came and went was never told of; its tombstone says so much.
    expect(told(service).filter((line) => line.startsWith('order.snapshot'))).toEqual([
      `order.snapshot ${stays.order_id}`,
    ])
    expect(newestOf(service, stays.order_id)).toMatchObject({ snapshot: { lines: [{ goods_number: 6 }] } })
    expect(await pending(shop)).toBe(0)
    expect(await shop.state('relay_failures')).toBe('')
    expect(await shop.state('last_error')).toBe('')
  })

  it('waits longer each time, but never longer than five minutes', async () => {
    service.answer = () => undefined
    await shop.act.place()
    const waitAfter = async (failures: number): Promise<number> => {
      await skipWaiting(shop)
      await shop.app(`$app->state->set('relay_failures', ${failures})`)
      expect((await relay(shop)).stopped?.code).toBe('no-answer')
      return Number(await shop.state('relay_not_before')) - Math.floor(Date.now() / 1000)
    }
    expect(await waitAfter(0)).toBeLessThanOrEqual(6)
    expect(await waitAfter(4)).toBeGreaterThan(50)
    const longest = await waitAfter(20)
    expect(longest).toBeGreaterThan(200)
    expect(longest).toBeLessThanOrEqual(300)
  })

  it('signs by the clock of the service once it was told that its own is wrong', async () => {
    const ahead = 5000
    service.answer = ({ headers, events }) => {
      const at = Number(headers['webhook-timestamp'])
      if (Math.abs(at - Date.now() / 1000 - ahead) < 300)
        return answering(() => ({ result: 'accepted' }))({ headers, events } as Delivery)
      const { body, ...rest } = problem(401, 'wrong-clock')
      const serverTime = new Date(Date.now() + ahead * 1000).toISOString()
      return { ...rest, body: JSON.stringify({ ...JSON.parse(body), serverTime }) }
    }
    await shop.act.place()
    expect(await relay(shop)).toMatchObject({ accepted: 1, stopped: null })
    expect(service.deliveries).toHaveLength(2)
    expect(Math.abs(Number(await shop.state('clock_offset')) - ahead)).toBeLessThan(60)
    await shop.act.place()
    expect(await relay(shop)).toMatchObject({ accepted: 1 })
    expect(service.deliveries).toHaveLength(3)
  })

  it('does not try twice in a run to set its clock', async () => {
    service.answer = () => problem(401, 'wrong-clock')
    await shop.act.place()
    expect(await relay(shop)).toMatchObject({ accepted: 0, stopped: { code: 'wrong-clock' } })
    expect(service.deliveries).toHaveLength(2)
  })

  it('pauses at a wrong epoch, sets nothing aside, and goes on after a person says so', async () => {
    service.answer = () => problem(409, 'wrong-epoch')
    const order = await shop.act.place()
    expect(await relay(shop)).toMatchObject({ stopped: { code: 'wrong-epoch' } })
    await skipWaiting(shop)
    service.answer = accepts
    expect(await relay(shop)).toMatchObject({ bytes: 0, stopped: { code: 'wrong-epoch' } })
    expect(await pending(shop)).toBe(1)
    await shop.app('$installer = new ErpSync_Installer($app); $installer->resume(); return true;')
    await relay(shop)
    expect(told(service).at(-1)).toBe(`order.snapshot ${order.order_id}`)
    expect(await pending(shop)).toBe(0)
  })

  it('halves what is too much for one request, and sets aside what is too much alone', async () => {
    const orders = []
    for (let n = 0; n < 5; n++) orders.push(await shop.act.place())
    const huge = String(orders[2]?.order_id)
    service.answer = (delivery) => {
      const ids = delivery.events.map((event) => Object(event['snapshot']).order_id)
      return delivery.events.length > 2 ||
        (ids.length === 1 && ids[0] === huge) ||
        (ids.length > 1 && ids.includes(huge))
        ? problem(413, 'body-too-large')
        : accepts(delivery)
    }
    expect(await relay(shop)).toMatchObject({ accepted: 4, invalid: 1, stopped: null })
    expect(await pending(shop)).toBe(0)
    const aside = await shop.root.row('SELECT thing_id, problem FROM {erpsync_outbox} WHERE state = 2')
    expect(String(aside['thing_id'])).toBe(huge)
    expect(JSON.parse(String(aside['problem']))).toMatchObject({ code: 'too-large' })
    service.answer = accepts
    await shop.app('$app->outbox->releaseSetAside()')
    await relay(shop)
    expect(told(service).at(-1)).toBe(`order.snapshot ${huge}`)
  })

  it('sets aside what is invalid with what was said of it, and sends it again once it changed', async () => {
    const [good, bad] = [await shop.act.place(), await shop.act.place()]
    const invalid = {
      result: 'invalid',
      code: 'invalid-money',
      field: 'snapshot.tax',
      message: 'm',
      remedy: 'r',
    }
    service.answer = answering((event) =>
      Object(event['snapshot']).order_id === String(bad.order_id) ? invalid : { result: 'accepted' },
    )
    expect(await relay(shop)).toMatchObject({ accepted: 1, invalid: 1, stopped: null })
    const [aside] = await shop.root.rows('SELECT thing_id, problem FROM {erpsync_outbox} WHERE state = 2')
    expect(aside?.['thing_id']).toBe(bad.order_id)
    const { result: _, ...said } = invalid
    expect(JSON.parse(String(aside?.['problem']))).toEqual(said)
    await relayAll(shop)
    expect(service.events).toHaveLength(2)
    expect(told(service)).toContain(`order.snapshot ${good.order_id}`)

    service.answer = accepts
    await shop.act.pay(bad.order_id)
    await relayAll(shop)
    expect(told(service).at(-1)).toBe(`order.snapshot ${bad.order_id}`)
    expect(await shop.root.rows('SELECT 1 FROM {erpsync_outbox} WHERE state = 2')).toEqual([])
  })

  it('keeps what the answer leaves out and what is to be sent later, and clears the rest', async () => {
    const orders = [await shop.act.place(), await shop.act.place(), await shop.act.place()]
    service.answer = answering(
      (_, index) =>
        [{ result: 'accepted' }, undefined, { result: 'retry', code: 'queue-unavailable' }][index],
    )
    expect(await relay(shop)).toMatchObject({ accepted: 1, retry: 2, stopped: null })
    expect(await pending(shop)).toBe(2)
    service.answer = accepts
    service.deliveries.length = 0
    // Not at once.
    expect(await relay(shop)).toMatchObject({ accepted: 0 })
    await relayAll(shop)
    expect(told(service)).toEqual(orders.slice(1).map(({ order_id }) => `order.snapshot ${order_id}`))
  })

  it.each([
    ['no JSON', { status: 200, body: '<html>welcome</html>' }, 'unreadable-answer'],
    ['another JSON', { status: 200, body: '{"ok":true}' }, 'unreadable-answer'],
    ['a wrong signature', problem(401, 'bad-signature'), 'bad-signature'],
    ['an unknown shop', problem(404, 'unknown-shop'), 'unknown-shop'],
    ['too many requests', { status: 429, body: '' }, 'http-429'],
    ['no event', problem(400, 'invalid-body'), 'invalid-body'],
    ['a moved address', { status: 302, headers: { location: '/elsewhere' }, body: '' }, 'http-302'],
  ] as const)('keeps everything when the answer tells of %s', async (_, answer, code) => {
    service.answer = () => answer
    const order = await shop.act.place()
    expect(await relay(shop)).toMatchObject({ accepted: 0, invalid: 0, stopped: { code } })
    expect(service.deliveries).toHaveLength(1)
    expect(await pending(shop)).toBe(1)
    expect(JSON.parse(await shop.state('last_error'))).toMatchObject({
      code,
      at: expect.stringMatching(/Z$/),
    })
    service.answer = accepts
    await relayAll(shop)
    expect(told(service).at(-1)).toBe(`order.snapshot ${order.order_id}`)
  })

  it('sends what is not spoilt when one thing cannot be read', async () => {
    const [good, bad] = [await shop.act.place(), await shop.act.place()]
    const script = `
      class Failing extends ErpSync_Events {
          public function snapshots($kind, array $ids, $isSent = false) {
              if (in_array(${bad.order_id}, $ids)) { throw new Exception('secret name'); }
              return parent::snapshots($kind, $ids, $isSent);
          }
      }
      class FailingApp extends ErpSync_App { public function events() { return new Failing($this); } }
      $relay = new ErpSync_Relay(new FailingApp($root));
      return $relay->run(10, 5000000);`
    expect(await shop.app(script)).toMatchObject({ accepted: 1, retry: 1 })
    expect(told(service)).toEqual([`order.snapshot ${good.order_id}`])
    const said = String(await shop.root.value('SELECT problem FROM {erpsync_outbox} WHERE state = 0'))
    expect(JSON.parse(said)).toMatchObject({ code: 'snapshot-failed' })
    expect(said).not.toContain('secret name')
  })

  it('stops at its budget of bytes, and goes on there', async () => {
    for (let n = 0; n < 4; n++) await shop.act.place()
    const first = await relay(shop, { bytes: 1 })
    expect(first).toMatchObject({ accepted: 1 })
    expect(await relay(shop)).toMatchObject({ accepted: 3 })
  })

  it('keeps its high water before anything leaves', async () => {
    await shop.act.place()
    let kept = 0
    service.answer = async (delivery) => {
      kept = Number(await shop.app('$app->counter->highWater()'))
      return accepts(delivery)
    }
    await relay(shop)
    expect(kept).toBeGreaterThanOrEqual(relayed(service)[0]?.version.seq ?? Number.POSITIVE_INFINITY)
  })

  it('says nothing for a copy of the shop', async () => {
    await shop.act.place()
    const elsewhere = mkdtempSync(join(tmpdir(), 'erpsync-copy-'))
    try {
      cpSync(shop.folder, elsewhere, { recursive: true })
      const summary = await evaluatePhp(
        elsewhere,
        '$relay = new ErpSync_Relay(new ErpSync_App($root)); return $relay->run(10, 5000000);',
      )
      expect(summary).toMatchObject({ bytes: 0, stopped: { code: 'not-bound' } })
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
    expect(service.deliveries).toEqual([])
    expect(await relay(shop)).toMatchObject({ accepted: 1 })
  })

  it('says nothing for a database that was restored from a backup', async () => {
    const before = await shop.root.value('SELECT seq FROM {erpsync_counter}')
    await shop.act.place()
    await relayAll(shop)
    service.deliveries.length = 0
    await shop.root.exec('UPDATE {erpsync_counter} SET seq = ?', [before])
    const order = await shop.act.place()
    expect(await relay(shop)).toMatchObject({ bytes: 0, stopped: { code: 'restored' } })
    expect(service.deliveries).toEqual([])
    await shop.app('$installer = new ErpSync_Installer($app); return $installer->newEpoch();')
    service.secrets = [await shop.state('webhook_secret')]
    await relayAll(shop)
    expect(newestOf(service, order.order_id)?.version.epoch).toBe(await shop.state('epoch'))
  })

  it('lets only one send at a time', async () => {
    await shop.act.place()
    let second: RelaySummary | undefined
    service.answer = async (delivery) => {
      second = await relay(shop)
      return accepts(delivery)
    }
    expect(await relay(shop)).toMatchObject({ accepted: 1 })
    expect(second).toMatchObject({ bytes: 0, stopped: { code: 'busy' } })
  })

  it('posts without the curl extension, too', async () => {
    const order = await shop.act.place()
    const run = await shop.php([
      '-d',
      'disable_functions=curl_init',
      '-d',
      'error_reporting=-1',
      '-r',
      `${RELAY_SCRIPT} echo json_encode($relay->run(10, 5000000));`,
    ])
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toMatchObject({ accepted: 1 })
    expect(newestOf(service, order.order_id)).toBeDefined()
    expect(service.deliveries.map(({ signature }) => signature)).toEqual(['ok'])
  })
})

describe('a visitor behind whom the relay runs', () => {
  const seconds = async (act: () => Promise<unknown>): Promise<number> => {
    const began = performance.now()
    await act()
    return (performance.now() - began) / 1000
  }

  it.each([
    ['with curl', []],
    ['without', ['-d', 'disable_functions=curl_init']],
  ] as const)('waits a few seconds at most for a service that says nothing, %s', async (_, php) => {
    await using world = await aRelayingShop({})
    const { shop } = world
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await shop.app(`$app->state->set('webhook_url', 'http://127.0.0.1:${port}/v1/shops/A1/events')`)
    await shop.act.place()
    const run = () => shop.php([...php, '-r', `${RELAY_SCRIPT} echo json_encode($relay->run(3, 524288));`])
    let summary: unknown
    const first = await seconds(async () => {
      summary = JSON.parse((await run()).stdout)
    })
    expect(summary).toMatchObject({ stopped: { code: 'timed-out' } })
    expect(first).toBeLessThan(9)
    expect(await seconds(run)).toBeLessThan(3)
    silent.close()
  })

  it('does not wait for one that is not there', async () => {
    await using world = await aRelayingShop({})
    const { shop } = world
    await shop.app(
      `$app->state->set('webhook_url', 'http://127.0.0.1:${await freePort()}/v1/shops/A1/events')`,
    )
    await shop.act.place()
    expect(await relay(shop, { seconds: 3 })).toMatchObject({ stopped: { code: 'cannot-connect' } })
  })
})

describe('the cron module', () => {
  const RUN = `
    chdir($root . '/api');
    define('IN_ECS', true);
    define('ROOT_PATH', $root . '/');
    $_CFG = array('lang' => 'zh_cn');
    date_default_timezone_set('Europe/Paris');
    mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    $before = array_keys(get_defined_vars());
    include $root . '/includes/modules/cron/erpsync.php';
    $driver = new mysqli_driver();
    return array(
        'zone' => date_default_timezone_get(),
        'report' => $driver->report_mode === (MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT),
        'vars' => array_values(array_diff(array_keys(get_defined_vars()), $before, array('before', 'driver', '_LANG'))),
        'aborting' => ignore_user_abort(),
    );`
  const UNTOUCHED = { zone: 'Europe/Paris', report: true, vars: [], aborting: 0 }

  it('relays, and leaves everything as it was', async () => {
    await using world = await aRelayingShop({ generation: '2.7' })
    const order = await world.shop.act.place()
    expect(await world.shop.evaluate(RUN)).toEqual(UNTOUCHED)
    expect(newestOf(world.service, order.order_id)).toBeDefined()
  })

  it('never fails the shop’s other tasks', async () => {
    await using world = await aRelayingShop({})
    const { shop } = world
    await shop.act.place()
    for (const breakIt of [
      'ALTER TABLE {erpsync_outbox} DROP COLUMN seq',
      'DROP TABLE {erpsync_counter}',
      'DROP TABLE {erpsync_state}',
    ]) {
      await shop.root.exec(breakIt)
      expect(await shop.evaluate(RUN)).toEqual(UNTOUCHED)
    }
    rmSync(shop.path('erpsync/lib'), { recursive: true })
    expect(
      await shop.php(['-r', `$root = getcwd(); (function () use ($root) { ${RUN} })(); echo 'on';`]),
    ).toMatchObject({
      stdout: expect.stringMatching(/on$/),
    })
    rmSync(shop.path('erpsync'), { recursive: true })
    expect(
      await shop.php(['-r', `$root = getcwd(); (function () use ($root) { ${RUN} })(); echo 'on';`]),
    ).toMatchObject({
      stdout: 'on',
      stderr: '',
    })
  })

  it('lists itself for the admin area in its language and charset', async () => {
    await using world = await aRelayingShop({ generation: '2.7', charset: 'gbk' })
    const list = (lang: string, charset: string) =>
      world.shop.evaluate(`
        define('IN_ECS', true);
        define('EC_CHARSET', '${charset}');
        $GLOBALS['_CFG'] = array('lang' => '${lang}');
        global $_LANG;
        $set_modules = true;
        $modules = array(array('code' => 'ipdel'));
        include $root . '/includes/modules/cron/erpsync.php';
        return array($modules[1]['code'], bin2hex($_LANG[$modules[1]['code']]), isset($_LANG[$modules[1]['desc']]), $modules[1]['config']);`)
    const hex = (text: string) => Buffer.from(text).toString('hex')
    expect(await list('zh_cn', 'utf-8')).toEqual(['erpsync', hex('ERP 同步'), true, []])
    expect(await list('zh_cn', 'gbk')).toEqual(['erpsync', `${hex('ERP ')}cdacb2bd`, true, []])
    expect(await list('en_us', 'utf-8')).toEqual(['erpsync', hex('ERP sync'), true, []])
    expect(world.service.deliveries).toEqual([])
  })
})

describe('the long-running relay', () => {
  it('sends within seconds, survives the loss of its connection, and ends when told to', async () => {
    await using world = await aRelayingShop({})
    const { shop, service } = world
    const child = spawn('php', ['-r', `${RELAY_SCRIPT} $relay->watch(60); echo 'ended';`], {
      cwd: shop.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    const ended = once(child, 'exit')
    const arrives = (orderId: number) =>
      waitFor('the order', () => (newestOf(service, orderId) ? true : undefined), { seconds: 15 })
    try {
      await arrives((await shop.act.place()).order_id)
      const own = await shop.root.rows('SHOW PROCESSLIST')
      const theirs = own.filter(
        ({ User, Time, Id }) => User === shop.database && Time !== null && Id !== undefined,
      )
      const [mine] = await shop.sql.rows('SELECT CONNECTION_ID() AS id')
      const victims = theirs.filter(({ Id }) => Number(Id) !== Number(mine?.['id']))
      expect(victims).toHaveLength(1)
      for (const { Id } of victims) await shop.root.exec(`KILL ${Number(Id)}`)
      await arrives((await shop.act.place()).order_id)
    } finally {
      child.kill('SIGTERM')
    }
    expect(await ended).toEqual([0, null])
    expect(said).toBe('ended')
  })

  it('ends by itself once the bridge is uninstalled', async () => {
    await using world = await aRelayingShop({})
    const { shop } = world
    await shop.app('$installer = new ErpSync_Installer($app); return $installer->uninstall();')
    const run = await shop.php(['-r', `${RELAY_SCRIPT} echo json_encode($relay->watch(60));`])
    expect(JSON.parse(run.stdout)).toMatchObject({ stopped: { code: 'not-installed' } })
  })
})
