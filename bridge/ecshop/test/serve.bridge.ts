import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BRIDGE_PROBLEMS,
  BridgeProblemSchema,
  ChangesSchema,
  DigestsSchema,
  ExportSchema,
  HealthSchema,
  ThingSchema,
} from '#contracts/bridge.ts'
import { bridgeSignatureVectors } from '../../../test/support/bridge-signature-vectors.ts'
import { aShop, type Shop } from './support/a-shop.ts'
import { type BridgeAnswer, callBridge } from './support/call-bridge.ts'
import { SEED } from './support/seed.ts'
import { phpString } from './support/shop-folder.ts'

const INVENTED_SECRET = `brsec_${Buffer.alloc(32, 'x').toString('base64')}`
const NONCE = 'a-nonce-of-a-test'

const refusal = ({ status, body }: BridgeAnswer) => ({ status, ...BridgeProblemSchema.parse(body) })

const php = (value: unknown): string => `json_decode(${phpString(JSON.stringify(value))}, true)`

describe('a signature', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aShop()
  })
  afterAll(() => shop.dispose())

  it('is computed as the other end computes it', async () => {
    const vectors = bridgeSignatureVectors.map(([, vector]) => ({
      ...vector,
      timestamp: String(vector.timestamp),
    }))
    const signatures = await shop.evaluate(`
      $signatures = array();
      foreach (${php(vectors)} as $v) {
          $signatures[] = ErpSync_Signature::of($v['key'], $v['method'], $v['path'], $v['timestamp'], $v['nonce'], $v['body']);
      }
      return $signatures;`)
    expect(signatures).toEqual(vectors.map(({ signature }) => signature))
  })

  it('equals only itself, whole', async () => {
    const pairs = [
      ['abc', 'abc'],
      ['abc', 'abd'],
      ['abc', 'ab'],
      ['ab', 'abc'],
      ['', 'a'],
      ['a'.repeat(256), ''],
    ]
    const equal = await shop.evaluate(`
      $equal = array();
      foreach (${php(pairs)} as $pair) {
          $equal[] = ErpSync_Signature::equal($pair[0], $pair[1]);
      }
      return $equal;`)
    expect(equal).toEqual([true, false, false, false, false, false])
  })

  it('has the statuses of the contract', async () => {
    const expected = Object.entries(BRIDGE_PROBLEMS).map(([code, { status }]) => [code, status])
    expect(await shop.evaluate('ErpSync_ApiProblem::statuses()')).toEqual(Object.fromEntries(expected))
  })
})

describe('a call', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aShop({ capture: 'triggers' })
    await shop.serve({ workers: 4 })
  })
  afterAll(() => shop.dispose())

  it.each(['timestamp', 'nonce', 'signature'])(
    'without its %s is refused before anything else',
    async (name) => {
      const answer = await callBridge(shop, 'orders', {
        query: 'limit=1',
        nonce: `${NONCE}-${name}`,
        headers: { [`x-erpsync-${name}`]: undefined },
      })
      expect(refusal(answer)).toMatchObject({ status: 401, code: 'missing-signature' })
      expect(
        await shop.root.rows('SELECT nonce FROM {erpsync_nonce} WHERE nonce LIKE ?', [`${NONCE}%`]),
      ).toEqual([])
    },
  )

  it('signed with another secret is refused', async () => {
    const answer = await callBridge(shop, 'health', { secret: INVENTED_SECRET })
    expect(refusal(answer)).toMatchObject({ status: 401, code: 'bad-signature' })
  })

  it('whose signature is that of another call is refused', async () => {
    const secret = await shop.state('bridge_secret')
    const { signBridgeCall } = await import('#adapters/shop/ecshop/signature.ts')
    const timestamp = Math.floor(Date.now() / 1000)
    for (const other of [
      { method: 'GET', path: '/v1/health.php', timestamp, nonce: NONCE, body: '' },
      { method: 'POST', path: '/v1/orders.php?limit=1', timestamp, nonce: NONCE, body: '' },
      { method: 'GET', path: '/v1/orders.php?limit=1', timestamp: timestamp - 1, nonce: NONCE, body: '' },
      { method: 'GET', path: '/v1/orders.php?limit=1', timestamp, nonce: NONCE, body: '{}' },
      { method: 'GET', path: '/v1/orders.php?limit=1', timestamp, nonce: `${NONCE}-2`, body: '' },
    ]) {
      const answer = await callBridge(shop, 'orders', {
        query: 'limit=1',
        nonce: NONCE,
        headers: {
          'x-erpsync-timestamp': String(timestamp),
          'x-erpsync-signature': signBridgeCall(secret, other),
        },
      })
      expect(refusal(answer)).toMatchObject({ status: 401, code: 'bad-signature' })
    }
  })

  it.each([310, -310])('from a clock %d seconds ahead is told the time', async (ahead) => {
    const answer = refusal(await callBridge(shop, 'health', { ahead }))
    expect(answer).toMatchObject({ status: 401, code: 'wrong-clock' })
    expect(Math.abs(Date.parse(String(answer.server_time)) - Date.now())).toBeLessThan(5000)
  })

  it.each([290, -290])('from a clock %d seconds ahead is answered', async (ahead) => {
    expect((await callBridge(shop, 'health', { ahead })).status).toBe(200)
  })

  it('is answered once, and also once when it comes eight times at the same moment', async () => {
    const calls = Array.from({ length: 8 }, () => callBridge(shop, 'health', { nonce: `${NONCE}-eight` }))
    const answers = await Promise.all(calls)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(refusal(answer)).toMatchObject({ status: 401, code: 'replayed' })
    expect((await callBridge(shop, 'health', { nonce: `${NONCE}-eight` })).status).toBe(401)
  })

  it('keeps its nonce as long as its signature may be valid, and no longer', async () => {
    const kept = await shop.app(`
      $nonces = new ErpSync_Nonces($app->db);
      $nonces->take('a-nonce-long-expired', 1000000000);
      $nonces->take('a-nonce-just-expired', 1000000399);
      $nonces->take('a-nonce-to-be-kept', 1000000400);
      for ($i = 0; $i < 400; $i++) {
          $nonces->take('a-newer-nonce-' . $i, 1000001000);
      }
      return $app->db->column("SELECT nonce FROM {erpsync_nonce} WHERE nonce NOT LIKE 'a-newer%' AND seen_at < 1100000000");`)
    expect(kept).toEqual(['a-nonce-to-be-kept'])
  })

  it('by another method is refused with the one there is', async () => {
    const answer = await callBridge(shop, 'stock-query')
    expect(refusal(answer)).toMatchObject({ status: 405, code: 'method-not-allowed' })
    expect(answer.headers.get('allow')).toBe('POST')
    expect(refusal(await callBridge(shop, 'orders', { body: {} }))).toMatchObject({ status: 405 })
  })

  it('of more than a mebibyte is refused, announced or not', async () => {
    const tooLong = 'x'.repeat(1_048_577)
    expect(refusal(await callBridge(shop, 'stock-write', { body: tooLong }))).toMatchObject({
      status: 413,
      code: 'body-too-large',
    })
    const stream = new Blob([tooLong]).stream()
    const answer = await fetch(`${shop.url}erpsync/v1/stock-write.php`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    })
    expect(answer.status).toBe(413)
  })

  it.each([
    [
      'GBK',
      Buffer.from('{"skus":["\xb1\xa3\xce\xc2"]}', 'latin1'),
      { status: 400, code: 'invalid-encoding' },
    ],
    ['half a document', '{"skus":["a"', { status: 400, code: 'not-json' }],
    ['a list', '["skus"]', { status: 400, code: 'not-json' }],
    ['an empty list', '[]', { status: 400, code: 'not-json' }],
    ['nothing', '', { status: 400, code: 'not-json' }],
    ['an unknown field', { skus: ['a'], sku: 'b' }, { status: 422, code: 'invalid-field', field: 'sku' }],
    ['a field too few', { after: '' }, { status: 422, code: 'invalid-field', field: 'limit' }],
    ['an item that is no text', { skus: ['a', 7] }, { status: 422, field: 'skus.1' }],
    ['an item that is too long', { skus: ['a'.repeat(61)] }, { status: 422, field: 'skus.0' }],
    ['an empty list of items', { skus: [] }, { status: 422, field: 'skus' }],
    ['a map for a list', { skus: { first: 'a' } }, { status: 422, field: 'skus' }],
    ['a number in text', { after: '', limit: '5' }, { status: 422, field: 'limit' }],
    ['a broken cursor', { after: '1-x', limit: 5 }, { status: 422, field: 'after' }],
  ])('with %s in its body is refused', async (_, body, expected) => {
    const answer = refusal(await callBridge(shop, 'stock-query', { body }))
    expect(answer).toMatchObject(expected)
    expect(answer.remedy).not.toBe('')
  })

  it.each([
    ['orders', 'id=abc', 'id'],
    ['orders', 'id=1&stamp=-1', 'stamp'],
    ['orders', 'limit=101', 'limit'],
    ['orders', 'view=all', 'view'],
    ['changes', 'after=1e3', 'after'],
    ['changes', 'page=2', 'page'],
    ['health', 'verbose=1', 'verbose'],
  ])('of %s with the query %s is refused', async (resource, query, field) => {
    expect(refusal(await callBridge(shop, resource, { query }))).toMatchObject({ status: 422, field })
  })

  it('whose query is not UTF-8 is refused', async () => {
    const answer = await callBridge(shop, 'orders', { query: 'id=%B1%A3' })
    expect(refusal(answer)).toMatchObject({ status: 400, code: 'invalid-encoding' })
  })

  it('counts a text as its caller does', async () => {
    const body = { skus: ['😀'.repeat(30), '保'.repeat(60)] }
    expect((await callBridge(shop, 'stock-query', { body })).status).toBe(200)
    const longer = await callBridge(shop, 'stock-query', { body: { skus: ['😀'.repeat(31)] } })
    expect(refusal(longer)).toMatchObject({ field: 'skus.0' })
  })

  it('is never kept by a cache, nor answered in HTML', async () => {
    for (const answer of [
      await callBridge(shop, 'health'),
      await callBridge(shop, 'health', { ahead: 999 }),
    ]) {
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
  })
})

describe('health', () => {
  it('tells of the shop, its clock and what waits', async () => {
    await using shop = await aShop({ capture: 'triggers', stockMode: 'placement' })
    await shop.serve()
    writeFileSync(
      shop.path('includes/inc_constant.php'),
      "<?php\ndefine('VERSION', 'v2.8.0');\nexit('no');\n",
    )
    await shop.act.place()
    await callBridge(shop, 'changes')
    const health = HealthSchema.parse((await callBridge(shop, 'health')).body)
    expect(health).toMatchObject({
      bridge: {
        version: '1.1.0',
        capture: 'triggers',
        features: ['order-notes', 'refunds', 'reply-marks'],
      },
      platform: { version: '2.8.0', charset: 'utf-8' },
      currency: 'CNY',
      stock_mode: 'placement',
      clock: { raw_offset: 28_800 },
      relay: { paused: null, pending: 1, set_aside: 0, last_accepted_at: null, last_error: null },
    })
    expect(health.epoch).toBe(await shop.state('epoch'))
    expect(Math.abs(Date.parse(health.clock.now) - Date.now())).toBeLessThan(5000)
  })

  it('tells of an older shop, whose version is elsewhere', async () => {
    await using shop = await aShop({ generation: '2.7', charset: 'gbk', capture: 'poll', timeZone: 'UTC' })
    await shop.serve()
    const health = HealthSchema.parse((await callBridge(shop, 'health')).body)
    expect(health).toMatchObject({
      bridge: { capture: 'poll' },
      platform: { version: '2.7.3', charset: 'gbk' },
      clock: { raw_offset: 0 },
      stock_mode: 'shipment',
    })
  })
})

describe('an installation that must not speak', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aShop({ capture: 'triggers' })
    await shop.serve()
  })
  afterAll(() => shop.dispose())

  it('is not bound: it serves nothing but its health, which says so', async () => {
    const bound = await shop.state('bound')
    await shop.root.exec("UPDATE {erpsync_state} SET value = ? WHERE name = 'bound'", [
      JSON.stringify({ ...JSON.parse(bound), path: '/elsewhere' }),
    ])
    expect(refusal(await callBridge(shop, 'orders'))).toMatchObject({ status: 409, code: 'not-bound' })
    const health = HealthSchema.parse((await callBridge(shop, 'health')).body)
    expect(health.relay.paused).toMatchObject({ code: 'not-bound' })
    await shop.root.exec("UPDATE {erpsync_state} SET value = ? WHERE name = 'bound'", [bound])
    expect((await callBridge(shop, 'orders')).status).toBe(200)
  })

  it('was restored from a backup: likewise', async () => {
    await shop.app('$app->counter->keepHighWater(1000000)')
    const answer = await callBridge(shop, 'stock-write', { body: {} })
    expect(refusal(answer)).toMatchObject({ status: 409, code: 'restored' })
    const health = HealthSchema.parse((await callBridge(shop, 'health')).body)
    expect(health.relay.paused).toMatchObject({ code: 'restored' })
    rmSync(shop.path('data/erpsync.php'))
    expect((await callBridge(shop, 'orders')).status).toBe(200)
  })

  it('is paused by the other end: it goes on serving', async () => {
    const paused = { code: 'unknown-epoch', message: 'The epoch is not known.', remedy: 'Connect again.' }
    await shop.app(`$app->state->set('paused', ${php(paused)})`)
    expect((await callBridge(shop, 'orders')).status).toBe(200)
    const health = HealthSchema.parse((await callBridge(shop, 'health')).body)
    expect(health.relay.paused).toEqual(paused)
    await shop.app("$app->state->forget('paused')")
  })

  it('is not installed: it says so to everybody', async () => {
    await using copied = await aShop()
    await copied.serve()
    const answer = await callBridge(copied, 'health', { secret: INVENTED_SECRET }).catch(() => null)
    expect(answer && refusal(answer)).toMatchObject({ status: 503, code: 'not-installed' })
    rmSync(copied.path('data/config.php'))
    const empty = await callBridge(copied, 'health', { secret: INVENTED_SECRET })
    expect(refusal(empty)).toMatchObject({ status: 503, code: 'not-installed' })
  })

  it('has lost its database: it is busy, and names no host or user', async () => {
    await using lost = await aShop({ capture: 'triggers' })
    await lost.serve()
    const secret = await lost.state('bridge_secret')
    const config = lost.path('data/config.php')
    writeFileSync(config, readFileSync(config, 'utf8').replace("'its-own'", "'not-its-own'"))
    const answer = await callBridge(lost, 'health', { secret })
    expect(refusal(answer)).toMatchObject({ status: 503, code: 'busy' })
    expect(answer.text).not.toContain(lost.database)
    expect(answer.text).not.toContain('127.0.0.1')
  })
})

describe('what else a shop prints or breaks', () => {
  it('a byte order mark, text and blank lines do not reach the answer', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    await shop.serve()
    const config = shop.path('data/config.php')
    writeFileSync(config, `\uFEFF${readFileSync(config, 'utf8')}\necho 'a word'; ?>\n\n\n`)
    const answer = await callBridge(shop, 'health')
    expect(answer.status).toBe(200)
    expect(answer.text.startsWith('{"bridge"')).toBe(true)
  })

  it.each([
    ['a fatal error', 'no_such_function();'],
    ['an exit', "exit('bye');"],
    ['an exception', "throw new Exception('a password');"],
  ])('%s is answered with a code, and tells nothing', async (_, code) => {
    await using shop = await aShop({ capture: 'triggers' })
    await shop.serve()
    appendFileSync(shop.path('includes/lib_time.php'), code)
    const answer = await callBridge(shop, 'health')
    expect(refusal(answer)).toEqual({
      status: 500,
      code: 'internal-error',
      message: 'The bridge failed at this call.',
      remedy: 'Look into the PHP error log of the shop.',
    })
    shop.takeWarnings()
  })

  it('a broken table of its own is a failure without its name or values', async () => {
    await using shop = await aShop({ capture: 'triggers' })
    await shop.serve()
    await shop.root.exec('DROP TABLE {erpsync_outbox}')
    const answer = await callBridge(shop, 'changes', { query: 'after=77' })
    expect(refusal(answer)).toMatchObject({ status: 500, code: 'internal-error' })
    expect(answer.text).not.toMatch(/outbox|77/)
    shop.takeWarnings()
  })
})

describe.each([
  { generation: '2.8', capture: 'triggers' },
  { generation: '2.7', charset: 'gbk', capture: 'triggers' },
] as const)('a shop of $generation', (options) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aShop(options)
    await shop.serve()
  })
  afterAll(() => shop.dispose())

  it('lists what has changed though no relay runs, each thing with its newest number only', async () => {
    const start = ChangesSchema.parse((await callBridge(shop, 'changes')).body).seq
    const first = await shop.act.place()
    const second = await shop.act.place()
    await shop.act.pay(first.order_id)
    await shop.act.cancel(second.order_id)
    await shop.act.delete(second.order_id)
    const { changes, next, more, seq } = ChangesSchema.parse(
      (await callBridge(shop, 'changes', { query: `after=${start}` })).body,
    )
    expect(more).toBe(false)
    expect(next).toBe(changes.at(-1)?.seq)
    expect(seq).toBeGreaterThanOrEqual(next)
    expect(changes.map((change) => change.seq)).toEqual(
      changes.map((change) => change.seq).sort((one, other) => one - other),
    )
    const of = (id: number) =>
      changes
        .filter(({ id: of }) => of === String(id))
        .map(({ kind, deleted, stamp }) => [kind, deleted, stamp])
    expect(of(first.order_id)).toEqual([['order', false, 0]])
    expect(of(second.order_id)).toEqual([['order', true, second.add_time]])
    const page = ChangesSchema.parse(
      (await callBridge(shop, 'changes', { query: `after=${start}&limit=1` })).body,
    )
    expect(page).toMatchObject({ more: true, next: changes[0]?.seq, changes: [changes[0]] })
    const end = ChangesSchema.parse((await callBridge(shop, 'changes', { query: `after=${next}` })).body)
    expect(end).toMatchObject({ more: false, next, changes: [] })
  })

  it('hands out one thing, by its id or by that and its stamp', async () => {
    const { order_id, order_sn, add_time } = await shop.act.place()
    for (const query of [`id=${order_id}`, `id=${order_id}&stamp=${add_time}`]) {
      const { event } = ThingSchema.parse((await callBridge(shop, 'orders', { query })).body)
      expect(event).toMatchObject({
        type: 'order.snapshot',
        snapshot: { order_id: String(order_id), order_sn, consignee: '李四', address: '文三路2号 & 后院' },
      })
      expect(event.version.epoch).toBe(await shop.state('epoch'))
      expect(await shop.app('$app->counter->highWater()')).toBe(event.version.seq)
    }
    const kept = await callBridge(shop, 'customers', { query: `id=${SEED.member.user_id}` })
    expect(ThingSchema.parse(kept.body).event.type).toBe('customer.snapshot')
    const { msg_id } = await shop.act.message({ text: '什么时候发货?' })
    const asked = await callBridge(shop, 'tickets', { query: `id=${msg_id}` })
    expect(ThingSchema.parse(asked.body).event.type).toBe('ticket.snapshot')
  })

  it('draws a number for each answer', async () => {
    const { order_id } = await shop.act.place()
    const ask = async () =>
      ThingSchema.parse((await callBridge(shop, 'orders', { query: `id=${order_id}` })).body).event.version
        .seq
    expect(await ask()).toBeLessThan(await ask())
  })

  it('tells what became of an identity that is gone, and nothing of one that never was', async () => {
    const { order_id, order_sn, add_time, rec_ids } = await shop.act.place()
    await shop.act.cancel(order_id)
    await shop.act.delete(order_id)
    const query = `id=${order_id}&stamp=${add_time}`
    const { event } = ThingSchema.parse((await callBridge(shop, 'orders', { query })).body)
    expect(event).toMatchObject({
      type: 'order.deleted',
      tombstone: {
        order_id: String(order_id),
        order_sn,
        add_time,
        order_status: 2,
        rec_ids: rec_ids.map(String),
      },
    })
    for (const unknown of [`id=${order_id}`, `id=${order_id}&stamp=${add_time - 1}`, 'id=999999', 'id=0'])
      expect(refusal(await callBridge(shop, 'orders', { query: unknown }))).toMatchObject({
        status: 404,
        code: 'not-found',
      })
  })

  it('does not hand out an order whose lines are not there yet', async () => {
    const { order_id, add_time } = await shop.act.placeHead()
    for (const query of [`id=${order_id}`, `id=${order_id}&stamp=${add_time}`])
      expect(refusal(await callBridge(shop, 'orders', { query }))).toMatchObject({
        status: 503,
        code: 'busy',
      })
  })
})

describe('an export', () => {
  let shop: Shop
  beforeAll(async () => {
    shop = await aShop({ capture: 'triggers' })
    await shop.serve()
  })
  afterAll(() => shop.dispose())

  it('goes through all orders by their ids, page by page', async () => {
    const placed: number[] = []
    for (let i = 0; i < 5; i++) placed.push((await shop.act.place()).order_id)
    const { order_id: headOnly } = await shop.act.placeHead()
    const seen: string[] = []
    const seqs: number[] = []
    let after = '0'
    for (let page = 0; page < 10; page++) {
      const { events, next } = ExportSchema.parse(
        (await callBridge(shop, 'orders', { query: `after=${after}&limit=2&view=full` })).body,
      )
      for (const event of events) {
        if (event.type !== 'order.snapshot') throw new Error(event.type)
        seen.push(event.snapshot.order_id)
        seqs.push(event.version.seq)
      }
      if (next === null) break
      expect(Number(next)).toBeGreaterThan(Number(after))
      after = next
    }
    expect(seen).toEqual(placed.map(String))
    expect(seen).not.toContain(String(headOnly))
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(await shop.app('$app->counter->highWater()')).toBeGreaterThanOrEqual(Math.max(...seqs))
  })

  it('begins at a raw time, and ends at once where nothing is', async () => {
    const old = await shop.act.place({ head: { add_time: 1_000_000 } })
    const since = shop.time.now() - 3600
    const { events } = ExportSchema.parse(
      (await callBridge(shop, 'orders', { query: `since=${since}` })).body,
    )
    expect(events.length).toBeGreaterThan(0)
    expect(JSON.stringify(events)).not.toContain(old.order_sn)
    const none = ExportSchema.parse((await callBridge(shop, 'returns')).body)
    expect(none).toMatchObject({ events: [], next: null })
  })

  it('gives digests to compare with: the hash of the snapshot, its identity and its total', async () => {
    const { order_id, add_time } = await shop.act.place({
      lines: [{ goods: 3, quantity: 3, price: '0.10' }],
      head: { tax: '0.20', discount: '0.07', pack_fee: '1.00' },
    })
    const query = `after=${order_id - 1}&limit=1&view=digest`
    const { digests } = DigestsSchema.parse((await callBridge(shop, 'orders', { query })).body)
    const { event } = ThingSchema.parse((await callBridge(shop, 'orders', { query: `id=${order_id}` })).body)
    expect(digests).toEqual([
      {
        id: String(order_id),
        stamp: add_time,
        hash: event.hash,
        hashVersion: event.hashVersion,
        at: new Date((add_time + 28_800) * 1000).toISOString().replace('.000Z', 'Z'),
        // Goods 0.30, freight 10.00, tax 0.20, wrap 1.00, less 0.07.
        total: '11.43',
      },
    ])
    const members = DigestsSchema.parse((await callBridge(shop, 'customers', { query: 'view=digest' })).body)
    expect(members.digests).toMatchObject([{ id: '1', total: null }])
  })

  it('ends a page early rather than grow beyond what a call may carry, and loses nothing by it', async () => {
    const written: string[] = []
    for (let i = 0; i < 20; i++)
      written.push(String((await shop.act.message({ text: `${i} ${'长'.repeat(15_000)}` })).msg_id))
    const seen: string[] = []
    let after = '0'
    let pages = 0
    for (; pages < 20; pages++) {
      const answer = await callBridge(shop, 'tickets', { query: `after=${after}&limit=100` })
      expect(answer.text.length).toBeLessThan(1_000_000)
      const { events, next } = ExportSchema.parse(answer.body)
      for (const event of events) if (event.type === 'ticket.snapshot') seen.push(event.snapshot.msg_id)
      if (next === null) break
      after = next
    }
    expect(seen).toEqual(written)
    expect(pages).toBe(2)
  })
})
