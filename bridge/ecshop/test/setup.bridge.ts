import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ConnectCodeSchema } from '#contracts/secrets.ts'
import { aShop, type Shop, type ShopOptions } from './support/a-shop.ts'
import { accepts, aWebhookDouble, problem } from './support/webhook-double.ts'

const WEBHOOK = 'https://sync.example.test/v1/shops/A1/events'
const INSTALL = ['install', `--webhook-url=${WEBHOOK}`, '--public-url=https://shop.example.test/']
/** All that the installer needs, but TRIGGER. */
const NO_TRIGGER = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER'

const FindingsSchema = z.array(
  z.strictObject({
    name: z.string(),
    level: z.enum(['ok', 'warn', 'fail']),
    message: z.string().min(1),
    remedy: z.string(),
  }),
)

const decodeCode = (code: string) =>
  ConnectCodeSchema.parse(JSON.parse(Buffer.from(code.trim(), 'base64').toString('utf8')))

const cli = (shop: Shop, ...args: string[]) =>
  shop.php(['erpsync/cli.php', ...args], { env: { LC_ALL: 'C.UTF-8' } })

async function findings(
  shop: Shop,
): Promise<Map<string, { level: string; message: string; remedy: string }>> {
  const { stdout } = await cli(shop, 'check', '--json')
  return new Map(FindingsSchema.parse(JSON.parse(stdout)).map(({ name, ...rest }) => [name, rest]))
}

/** What of the bridge is in database and folder, beside the copied files. */
async function traces(shop: Shop) {
  const tables = await shop.root.rows(`SHOW TABLES LIKE '%erpsync%'`)
  const triggers = await shop.root.rows('SHOW TRIGGERS')
  const crons = await shop.root.rows(`SELECT cron_code FROM {crons} WHERE cron_code = 'erpsync'`)
  const file = existsSync(shop.path('data/erpsync.php'))
  return { tables: tables.length, triggers: triggers.length, crons: crons.length, file }
}
const NOTHING = { tables: 0, triggers: 0, crons: 0, file: false }

let shops: Shop[] = []
async function opened(options: ShopOptions = {}): Promise<Shop> {
  const shop = await aShop(options)
  shops.push(shop)
  return shop
}
afterEach(async () => {
  const all = shops
  shops = []
  for (const shop of all) await shop.dispose()
})

describe('the command line', () => {
  test.each<readonly [string, ShopOptions]>([
    ['a shop of 2.8', { generation: '2.8' }],
    ['a shop of 2.7 with a prefix of its own', { generation: '2.7', prefix: 'my_shop_' }],
    ['a GBK shop without triggers', { generation: '2.7', charset: 'gbk', privileges: NO_TRIGGER }],
    ['a MyISAM shop with true times', { engine: 'MyISAM', charset: 'utf8', plainTime: true }],
  ])('installs in %s, and uninstalls without a trace', async (_, options) => {
    const shop = await opened(options)
    mkdirSync(shop.path('includes/modules/cron'), { recursive: true })
    writeFileSync(shop.path('includes/modules/cron/erpsync.php'), '<?php')

    const installed = await cli(shop, ...INSTALL)
    expect(installed).toMatchObject({ status: 0 })
    const code = decodeCode((await cli(shop, 'connect-code')).stdout)
    expect(installed.stdout).toContain(
      Buffer.from(JSON.stringify(code).replaceAll('/', '\\/')).toString('base64'),
    )
    expect(code).toMatchObject({
      url: 'https://shop.example.test/erpsync/v1/',
      epoch: await shop.state('epoch'),
      webhook: await shop.state('webhook_secret'),
      bridge: await shop.state('bridge_secret'),
    })
    const capture = options.privileges === undefined ? 'triggers' : 'poll'
    const status = JSON.parse((await cli(shop, 'status', '--json')).stdout)
    expect(status).toMatchObject({
      capture,
      obstacle: null,
      shop_id: 'A1',
      currency: 'CNY',
      triggers_missing: [],
    })
    const after = await traces(shop)
    expect(after).toMatchObject({ crons: 1, file: true })
    expect(after.triggers > 0).toBe(capture === 'triggers')

    const removed = await cli(shop, 'uninstall', '--yes')
    expect(removed).toMatchObject({ status: 0, stderr: '' })
    expect(removed.stdout).toContain('includes/modules/cron/erpsync.php')
    expect(await traces(shop)).toEqual(NOTHING)
    expect(await cli(shop, 'status')).toMatchObject({ status: 1 })
  })

  test('without the privilege TRIGGER, the check says so and the bridge polls', async () => {
    const shop = await opened({ privileges: NO_TRIGGER })
    const found = await findings(shop)
    expect(found.get('triggers')).toMatchObject({ level: 'warn', remedy: expect.stringContaining('TRIGGER') })
    expect(found.get('privileges')).toMatchObject({ level: 'ok' })
    expect(await cli(shop, ...INSTALL)).toMatchObject({ status: 0 })
    expect(await shop.state('capture')).toBe('poll')

    await shop.root.exec(`GRANT TRIGGER ON ${shop.database}.* TO ${shop.database}@'127.0.0.1'`)
    expect(await cli(shop, 'repair')).toMatchObject({ status: 0 })
    expect(await shop.state('capture')).toBe('triggers')
  })

  test('without the privilege CREATE, the check fails with the remedy and nothing is installed', async () => {
    const shop = await opened({ privileges: 'SELECT, INSERT, UPDATE, DELETE' })
    const check = await cli(shop, 'check')
    expect(check.status).toBe(1)
    expect((await findings(shop)).get('privileges')).toMatchObject({
      level: 'fail',
      remedy: expect.stringContaining('CREATE'),
    })
    const install = await cli(shop, ...INSTALL)
    expect(install).toMatchObject({ status: 1, stdout: '' })
    expect(install.stderr).toContain('no-create')
    expect(await traces(shop)).toEqual(NOTHING)
  })

  test('installing again takes a yes, begins a new epoch with new secrets, and keeps what waits', async () => {
    const shop = await opened()
    await cli(shop, ...INSTALL)
    const first = decodeCode((await cli(shop, 'connect-code')).stdout)
    await shop.app(`$app->outbox->changed('order', 7, time())`)

    expect(await cli(shop, ...INSTALL)).toMatchObject({ status: 2, stdout: '' })
    expect(await shop.state('epoch')).toBe(first.epoch)

    // The settings stay where none are given.
    expect(await cli(shop, 'install', '--yes')).toMatchObject({ status: 0 })
    const second = decodeCode((await cli(shop, 'connect-code')).stdout)
    expect(second.url).toBe(first.url)
    for (const part of ['epoch', 'webhook', 'bridge'] as const) expect(second[part]).not.toBe(first[part])
    expect(await shop.root.value('SELECT COUNT(*) FROM {erpsync_outbox} WHERE state = 0')).toBe(1)
    expect(await shop.root.value('SELECT seq FROM {erpsync_counter}')).toBe(1)
  })

  test('after a restore nothing is sent until a new epoch goes on above the highest number', async () => {
    const shop = await opened()
    await cli(shop, ...INSTALL)
    const epoch = await shop.state('epoch')
    await shop.app('$app->counter->keepHighWater(500)')

    const restored = await cli(shop, 'test')
    expect(restored.status).toBe(1)
    expect(restored.stderr).toContain('restored')
    expect((await findings(shop)).get('bridge')).toMatchObject({ level: 'fail' })

    expect(await cli(shop, 'new-epoch')).toMatchObject({ status: 2 })
    expect(await cli(shop, 'new-epoch', '--yes')).toMatchObject({ status: 0 })
    expect(await shop.state('epoch')).not.toBe(epoch)
    expect(await shop.root.value('SELECT seq FROM {erpsync_counter}')).toBe(500)
    expect(await cli(shop, 'status')).toMatchObject({ status: 0 })
  })

  test('a new epoch brings back the triggers that a backup did not hold', async () => {
    const shop = await opened()
    await cli(shop, ...INSTALL)
    const { triggers } = await traces(shop)
    const [one] = await shop.root.rows('SHOW TRIGGERS')
    await shop.root.exec(`DROP TRIGGER \`${String(one?.['Trigger'])}\``)
    expect((await findings(shop)).get('capture')).toMatchObject({ level: 'fail' })
    expect(await cli(shop, 'status')).toMatchObject({ status: 1 })
    await cli(shop, 'new-epoch', '--yes')
    expect((await traces(shop)).triggers).toBe(triggers)
  })

  test.each([
    [
      'plain http to another machine',
      ['--webhook-url=http://sync.example.test/v1/shops/A1/events'],
      'webhook-url',
    ],
    [
      'a password in the address',
      ['--webhook-url=https://u:p@sync.example.test/v1/shops/A1/events'],
      'webhook-url',
    ],
    ['an address without the shop', ['--webhook-url=https://sync.example.test/'], 'webhook-url'],
    [
      'a shop address that is none',
      [`--webhook-url=${WEBHOOK}`, '--public-url=shop.example.test'],
      'public-url',
    ],
    [
      'a shop reached over plain http',
      [`--webhook-url=${WEBHOOK}`, '--public-url=http://shop.example.test/'],
      'public-url',
    ],
    ['a currency that is none', [...INSTALL.slice(1), '--currency=yuan'], 'currency'],
    ['an unknown capture', [...INSTALL.slice(1), '--capture=magic'], 'capture'],
  ])('refuses %s before it changes anything', async (_, options, code) => {
    const shop = await opened()
    const refused = await cli(shop, 'install', ...options)
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toContain(`(${code})`)
    expect(await traces(shop)).toEqual(NOTHING)
  })

  test('asked for wrongly, it exits with 2 and changes nothing', async () => {
    const shop = await opened({ capture: 'triggers' })
    const before = await traces(shop)
    for (const words of [
      ['uninstall'],
      ['nonsense'],
      ['status', '--jsn'],
      ['status', 'now'],
      ['stock-mode', 'shipment'],
    ])
      expect(await cli(shop, ...words), words.join(' ')).toMatchObject({ status: 2, stdout: '' })
    expect(await traces(shop)).toEqual(before)
    expect(await cli(shop)).toMatchObject({ status: 0, stdout: expect.stringContaining('uninstall --yes') })
  })

  test('a signed test call shows that address, secret and epoch are right', async () => {
    await using service = await aWebhookDouble()
    const shop = await opened({ capture: 'triggers', webhookUrl: service.url })
    const refused = await cli(shop, 'test')
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toContain('(bad-signature)')

    service.secrets = [await shop.state('webhook_secret')]
    expect(await cli(shop, 'test')).toMatchObject({ status: 0, stderr: '' })
    expect(service.events).toEqual([
      { type: 'bridge.test', version: { epoch: await shop.state('epoch'), seq: expect.any(Number) } },
    ])
  })

  test('a test call told of a wrong clock signs once more with the service’s', async () => {
    await using service = await aWebhookDouble()
    const shop = await opened({ capture: 'triggers', webhookUrl: service.url })
    service.secrets = [await shop.state('webhook_secret')]
    const ahead = 3600
    service.answer = (delivery) => {
      const skew = Math.abs(Number(delivery.headers['webhook-timestamp']) - (Date.now() / 1000 + ahead))
      if (skew < 60) return accepts({ ...delivery, signature: 'ok' })
      const { body, ...rest } = problem(401, 'wrong-clock')
      const serverTime = new Date(Date.now() + ahead * 1000).toISOString()
      return { ...rest, body: JSON.stringify({ ...JSON.parse(body), serverTime }) }
    }
    expect(await cli(shop, 'test')).toMatchObject({ status: 0 })
    expect(Math.abs(Number(await shop.state('clock_offset')) - ahead)).toBeLessThan(5)
  })

  test('the relay sends what waits, and says why it could not', async () => {
    await using service = await aWebhookDouble()
    const shop = await opened({ capture: 'triggers', webhookUrl: service.url })
    service.secrets = [await shop.state('webhook_secret')]
    await shop.act.place({})
    service.answer = () => problem(503, 'shop-not-ready')
    const refused = await cli(shop, 'relay', '--seconds', '5')
    expect(refused).toMatchObject({ status: 1 })
    expect(refused.stderr).toContain('(shop-not-ready)')
    expect(await cli(shop, 'status')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('(shop-not-ready)'),
    })

    service.answer = accepts
    await cli(shop, 'resume')
    const sent = await cli(shop, 'relay', '--seconds', '5')
    expect(sent).toMatchObject({ status: 0, stderr: '' })
    expect(service.events.map(({ type }) => type)).toContain('order.snapshot')
    expect(await cli(shop, 'sweep', '--seconds', '10')).toMatchObject({ status: 0, stderr: '' })
  })

  test('where something else answers, the test says so', async () => {
    await using service = await aWebhookDouble()
    const shop = await opened({ capture: 'triggers', webhookUrl: service.url })
    service.answer = () => ({ status: 200, body: '<html>welcome</html>' })
    expect((await cli(shop, 'test')).stderr).toContain('(unreadable-answer)')
  })

  test('the safe stock mode is taken only when chosen, and the shop’s cached settings go', async () => {
    const shop = await opened({ capture: 'triggers' })
    const cache = shop.path('temp/static_caches/shop_config.php')
    writeFileSync(cache, '<?php')
    expect((await findings(shop)).get('stock')).toMatchObject({ level: 'warn' })
    expect(await cli(shop, 'stock-mode', 'placement')).toMatchObject({ status: 0 })
    expect(await shop.root.value(`SELECT value FROM {shop_config} WHERE code = 'stock_dec_time'`)).toBe('1')
    expect(existsSync(cache)).toBe(false)
    expect((await findings(shop)).get('stock')).toMatchObject({ level: 'ok' })
  })

  test('the time of an upgrade is taken in the shop’s zone, and only where times are stored true', async () => {
    const plain = await opened({ generation: '2.7', plainTime: true, capture: 'poll' })
    await plain.act.place({})
    expect((await findings(plain)).get('older-times')).toMatchObject({ level: 'warn' })
    expect(await cli(plain, 'plain-since', '2016-12-14 10:00')).toMatchObject({ status: 0 })
    expect(await plain.state('plain_since')).toBe(String(Date.UTC(2016, 11, 14, 2) / 1000))
    expect((await findings(plain)).has('older-times')).toBe(false)
    expect(await cli(plain, 'plain-since', 'last summer')).toMatchObject({ status: 2 })

    const shifted = await opened({ capture: 'poll' })
    expect(await cli(shifted, 'plain-since', '2016-12-14')).toMatchObject({ status: 1 })
  })

  test('what was set aside is listed, and sent once more when released', async () => {
    const shop = await opened({ capture: 'poll' })
    await shop.app(`
      $app->outbox->changed('order', 7, time());
      $rows = $app->outbox->due(10, time());
      return $app->outbox->setAside($rows[0], array('code' => 'invalid-money', 'field' => 'tax', 'message' => 'is no amount', 'remedy' => ''));`)
    const listed = JSON.parse((await cli(shop, 'set-aside', '--json')).stdout)
    expect(listed).toEqual([
      expect.objectContaining({ kind: 'order', id: '7', code: 'invalid-money', field: 'tax' }),
    ])
    expect(await cli(shop, 'release')).toMatchObject({ status: 0 })
    expect(JSON.parse((await cli(shop, 'set-aside', '--json')).stdout)).toEqual([])
  })

  test('the check finds what stands in the way', async () => {
    const shop = await opened()
    await shop.root.exec('CREATE TABLE {shop_bind} (shop_id INT)')
    await shop.root.exec('INSERT INTO {shop_bind} VALUES (1)')
    await shop.root.exec('DELETE FROM {region} WHERE region_type = 1')
    await shop.root.exec('ALTER TABLE {feedback} DEFAULT CHARSET latin1')
    const found = await findings(shop)
    for (const name of ['other-erp', 'regions', 'charset'])
      expect(found.get(name), name).toMatchObject({ level: 'warn', remedy: expect.stringMatching(/./) })

    await shop.root.exec('DROP TABLE {delivery_order}')
    const broken = await cli(shop, 'check')
    expect(broken.status).toBe(1)
    expect(broken.stdout).toContain('ecs_delivery_order')
  })

  test('without a shop beside it, the check says where the folder belongs', async () => {
    const shop = await opened()
    writeFileSync(shop.path('data/config.php'), '<?php')
    const check = await cli(shop, 'check')
    expect(check.status).toBe(1)
    expect(check.stdout).toContain('data/config.php')
  })
})

const newSid = (): string => randomBytes(16).toString('hex')
/** The cookie with the key that ECShop appends for this folder and address. */
const cookieOf = (shop: Shop, sid: string): string =>
  `ECSCP_ID=${sid}${crc32(`${shop.folder}/127.0.0${sid}`).toString(16).padStart(8, '0')}`

/** A cookie of an admin session as ECShop makes it, with its row; `at` is the last activity. */
async function session(
  shop: Shop,
  admin: number,
  { at = Date.now() / 1000, big = false } = {},
): Promise<string> {
  const sid = newSid()
  const expiry = Math.floor(at)
  await shop.sql.insert('sessions', {
    sesskey: sid,
    expiry,
    userid: 0,
    adminid: admin,
    ip: '127.0.0.1',
    user_name: 'someone',
    user_rank: 0,
    discount: '1.00',
    email: '',
    data: big ? '' : 'a:0:{}',
  })
  if (big) await shop.sql.insert('sessions_data', { sesskey: sid, expiry, data: 'a:0:{}' })
  return cookieOf(shop, sid)
}

const SUPER = 1
const CLERK = 2

describe('the setup page', () => {
  interface Page {
    readonly status: number
    readonly headers: Headers
    readonly html: string
  }
  const ask = async (
    shop: Shop,
    cookie: string,
    init: RequestInit & { lang?: string } = {},
  ): Promise<Page> => {
    const headers = new Headers(init.headers)
    headers.set('cookie', cookie)
    const answer = await fetch(`${shop.url}erpsync/setup.php?lang=${init.lang ?? 'en'}`, { ...init, headers })
    return { status: answer.status, headers: answer.headers, html: await answer.text() }
  }
  const hidden = (html: string, name: string): string =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
  const post = (shop: Shop, cookie: string, fields: Record<string, string>): Promise<Page> =>
    ask(shop, cookie, { method: 'POST', body: new URLSearchParams(fields) })
  /** Posts a form of the page that is shown now. */
  const submit = async (shop: Shop, cookie: string, fields: Record<string, string>): Promise<Page> => {
    const { html } = await ask(shop, cookie)
    return post(shop, cookie, { token: hidden(html, 'token'), epoch: hidden(html, 'epoch'), ...fields })
  }
  const FORM = {
    do: 'install',
    webhook_url: WEBHOOK,
    public_url: 'https://shop.example.test/erpsync/setup.php',
    currency: 'CNY',
    capture: 'auto',
  }
  const codeOf = (html: string): string | undefined => /<pre class="code">([^<]+)</.exec(html)?.[1]

  test('lets in a logged-in super administrator of the shop and nobody else, and gives nothing away', async () => {
    const shop = await opened()
    await shop.serve()
    const now = Date.now() / 1000
    const cookie = await session(shop, SUPER)
    const strangers = {
      'without a cookie': '',
      'a clerk': await session(shop, CLERK),
      'after 31 minutes': await session(shop, SUPER, { at: now - 1860 }),
      'nobody’s session': await session(shop, 0),
      'a wrong key': `${cookie.slice(0, -8)}00000000`,
      'an unknown session': cookieOf(shop, newSid()),
      'a quote': `${cookie}%27`,
    }
    for (const [who, key] of Object.entries(strangers)) {
      const page = await ask(shop, key)
      expect(page.status, who).toBe(403)
      expect(page.html, who).not.toMatch(/token|ecs_|MariaDB|2\.8|PHP \d/)
    }
    // The same cookie from another address.
    expect((await ask(shop, cookie, { headers: { 'x-forwarded-for': '203.0.113.9' } })).status).toBe(403)

    for (const good of [cookie, await session(shop, SUPER, { big: true })]) {
      const page = await ask(shop, good)
      expect(page.status).toBe(200)
      expect(page.html).toContain('MariaDB')
    }
  })

  test('can be neither framed nor kept, and loads nothing from anywhere', async () => {
    const shop = await opened()
    await shop.serve()
    const { headers, html } = await ask(shop, await session(shop, SUPER))
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cache-control')).toBe('no-store')
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers.get('content-security-policy')).toContain(`default-src 'none'; style-src 'sha256-${hash}'`)
    expect(html).not.toMatch(/<script|<img|<link|\ssrc=|url\(/)
  })

  test('changes nothing for a form that was not made for this session', async () => {
    const shop = await opened()
    await shop.serve()
    const cookie = await session(shop, SUPER)
    const foreign = hidden((await ask(shop, await session(shop, SUPER))).html, 'token')
    expect(foreign).toMatch(/^[0-9a-f]{64}$/)
    for (const token of ['', 'x', foreign]) {
      const page = await post(shop, cookie, { ...FORM, token, epoch: '' })
      expect(page.status).toBe(403)
      expect(codeOf(page.html)).toBeUndefined()
    }
    expect(await traces(shop)).toEqual(NOTHING)
  })

  test('installs, shows the connect code once, and does not install again when the answer is reloaded', async () => {
    const shop = await opened()
    await shop.serve()
    const cookie = await session(shop, SUPER)
    const { html } = await ask(shop, cookie)
    const form = { ...FORM, token: hidden(html, 'token'), epoch: '' }
    const installed = await post(shop, cookie, form)
    expect(installed.status).toBe(200)
    const code = decodeCode(codeOf(installed.html) ?? '')
    expect(code).toMatchObject({
      url: 'https://shop.example.test/erpsync/v1/',
      epoch: await shop.state('epoch'),
    })
    expect(installed.html).toContain('npm run sync -- connect A1')

    const reloaded = await post(shop, cookie, form)
    expect(codeOf(reloaded.html)).toBeUndefined()
    expect(await shop.state('epoch')).toBe(code.epoch)

    const plain = await ask(shop, cookie)
    for (const secret of [code.webhook, code.bridge]) expect(plain.html).not.toContain(secret)
    expect(codeOf(plain.html)).toBeUndefined()
    expect(decodeCode(codeOf((await submit(shop, cookie, { do: 'code' })).html) ?? '')).toEqual(code)
  })

  test('installs again, begins an epoch and uninstalls only with the box ticked', async () => {
    const shop = await opened({ capture: 'triggers' })
    await shop.serve()
    const cookie = await session(shop, SUPER)
    const epoch = await shop.state('epoch')
    for (const fields of [FORM, { do: 'new-epoch' }, { do: 'uninstall' }]) {
      await submit(shop, cookie, fields)
      expect(await shop.state('epoch'), fields.do).toBe(epoch)
    }
    await submit(shop, cookie, { do: 'new-epoch', sure: '1' })
    const second = await shop.state('epoch')
    expect(second).not.toBe(epoch)
    await submit(shop, cookie, { ...FORM, sure: '1' })
    expect(await shop.state('epoch')).not.toBe(second)

    const gone = await submit(shop, cookie, { do: 'uninstall', sure: '1' })
    expect(gone.html).toContain('includes/modules/cron/erpsync.php')
    expect(await traces(shop)).toEqual(NOTHING)
  })

  test('switches the stock mode only for the choice, not for the button', async () => {
    const shop = await opened({ capture: 'poll' })
    await shop.serve()
    const cookie = await session(shop, SUPER)
    const mode = () => shop.root.value(`SELECT value FROM {shop_config} WHERE code = 'stock_dec_time'`)
    await submit(shop, cookie, { do: 'stock', mode: 'shipment' })
    expect(await mode()).toBe('0')
    await submit(shop, cookie, { do: 'stock', mode: 'placement' })
    expect(await mode()).toBe('1')
  })

  test('shows what the service said, what was set aside and what was typed, all of it escaped', async () => {
    const shop = await opened({ capture: 'poll' })
    await shop.serve()
    const cookie = await session(shop, SUPER)
    const evil = '"><script>alert(1)</script>'
    await shop.app(`
      $evil = '"><script>alert(1)</script>';
      $app->state->set('paused', array('code' => $evil, 'message' => $evil, 'remedy' => $evil));
      $app->state->set('last_error', array('code' => $evil, 'message' => $evil, 'remedy' => $evil));
      $app->outbox->changed('order', 7, time());
      $rows = $app->outbox->due(10, time());
      return $app->outbox->setAside($rows[0], array('code' => $evil, 'field' => $evil, 'message' => $evil, 'remedy' => $evil));`)
    const page = await submit(shop, cookie, {
      ...FORM,
      sure: '1',
      webhook_url: evil,
      public_url: evil,
      currency: evil,
    })
    expect(page.html).toContain('&lt;script&gt;')
    expect(page.html).not.toContain('<script')
    expect(page.html).toContain('order 7')

    await submit(shop, cookie, { do: 'resume' })
    expect(await shop.state('paused')).toBe('')
    await submit(shop, cookie, { do: 'release' })
    expect(await shop.root.value('SELECT COUNT(*) FROM {erpsync_outbox} WHERE state = 2')).toBe(0)
  })

  test('binds a shop that has moved', async () => {
    const shop = await opened({ capture: 'poll' })
    await shop.serve()
    const cookie = await session(shop, SUPER)
    await submit(shop, cookie, { do: 'bind' })
    await shop.app(`
      $bound = $app->state->json('bound');
      $bound['path'] = '/elsewhere';
      $app->state->set('bound', $bound);
      return true;`)
    expect((await ask(shop, cookie)).html).toContain('bind it')
    await submit(shop, cookie, { do: 'bind' })
    expect((await ask(shop, cookie)).html).not.toContain('bind it')
  })

  test('speaks Chinese throughout where the browser does', async () => {
    const shop = await opened({ privileges: NO_TRIGGER })
    await shop.serve()
    const cookie = await session(shop, SUPER)
    const chinese = async (): Promise<string> => {
      const answer = await fetch(`${shop.url}erpsync/setup.php`, {
        headers: { cookie, 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' },
      })
      return (await answer.text())
        .replaceAll(/<style>.*?<\/style>|<pre.*?<\/pre>/gs, '')
        .replaceAll(/<[^>]*>/g, '\n')
    }
    const english = (text: string): readonly string[] =>
      text.match(/\b[a-z]+ (?:the|is|are|of|to|and|it|not|be|a|was|in|by) [a-z]+\b/gi) ?? []
    const before = await chinese()
    expect(before).toContain('检查结果')
    expect(english(before)).toEqual([])
    await cli(shop, ...INSTALL)
    await shop.app(`$app->counter->keepHighWater(500)`)
    const after = await chinese()
    expect(after).toContain('数据库比已发送的内容更旧')
    expect(english(after)).toEqual([])
  })

  test('has every sentence in Chinese with the same places for values', async () => {
    const shop = await opened()
    const sentences = z
      .record(z.string(), z.string())
      .parse(await shop.evaluate('ErpSync_Chinese::sentences()'))
    const places = (text: string) => text.match(/%[sd]/g) ?? []
    for (const [english, chinese] of Object.entries(sentences))
      expect(places(chinese), english).toEqual(places(english))
  })

  test('where there is no shop it says nothing of it, and the command line cannot be reached from the web', async () => {
    const shop = await opened()
    await shop.serve()
    const cookie = await session(shop, SUPER)
    expect((await fetch(`${shop.url}erpsync/cli.php?help`)).status).toBe(404)
    writeFileSync(shop.path('data/config.php'), '<?php')
    const page = await ask(shop, cookie)
    expect(page.status).toBe(403)
    expect(page.html).not.toContain('config.php')
  })
})
