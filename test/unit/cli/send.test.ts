import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aRow } from '../../support/a-ledger-row.ts'
import { anOrder, aTombstone, deletedEvent, snapshotEvent } from '../../support/an-order.ts'
import { aCli } from '../../support/cli.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'
import { scriptedFetch } from '../../support/scripted-fetch.ts'

const REFERENCE = 'ECA1-2026112112345-7s6'
const KEY = { shop: 'A1', kind: 'order', sourceId: '10086.1795190400', target: 'erp' } as const
const order = anOrder().paid()

describe('send', () => {
  it('takes the order of the guide', async () => {
    const cli = aCli()
    const guide = join(import.meta.dirname, '../../../docs/guides/order.json')
    expect(await cli.run(['send', guide])).toMatchObject({
      exit: 0,
      out: expect.stringContaining('accepted'),
    })
  })

  it('signs a bare snapshot as the bridge would, and has it queued', async () => {
    const cli = aCli()
    cli.file('order.json', order.snapshot())
    const run = await cli.run('send order.json --json')
    expect(run.exit).toBe(0)
    expect(run.json()).toEqual({
      status: 202,
      correlationId: 'corr-0001',
      results: [{ index: 0, type: 'order.snapshot', id: '10086', result: 'accepted', reference: REFERENCE }],
    })
    expect(cli.queue.drain('erp')).toMatchObject([
      { message: { shop: 'A1', cause: 'event', version: { epoch: 'e-2026-11', seq: 1, epochNo: 0 } } },
    ])
  })

  it('gives a bare snapshot the next version of its order', async () => {
    const cli = aCli()
    const seen = { version: { epoch: 'e-2026-11', seq: 41, epochNo: 0 }, wireHash: 'f' }
    await cli.ledger.put(aRow({ key: KEY, ref: REFERENCE, seen }))
    cli.file('order.json', order.snapshot())
    await cli.run('send order.json')
    expect(cli.queue.drain('erp')[0]?.message.version.seq).toBe(42)
  })

  it('sends an event, or a whole body of them, as it is', async () => {
    const cli = aCli()
    cli.file('event.json', snapshotEvent(order.snapshot(), { seq: 7 }))
    cli.file('body.json', { events: [deletedEvent(aTombstone(), { seq: 8 }), { type: 'ticket.snapshot' }] })
    expect((await cli.run('send event.json')).out).toContain(REFERENCE)
    const body = await cli.run('send body.json')
    expect(body.exit).toBe(0)
    expect(body.out).toContain('not subscribed')
    expect(cli.queue.drain('erp').map(({ message }) => message.version.seq)).toEqual([7, 8])
  })

  it('prints what is wrong with an event, and fails', async () => {
    const cli = aCli()
    cli.file('order.json', { ...order.snapshot(), goods_amount: 19.9 })
    const run = await cli.run('send order.json')
    expect(run.exit).toBe(1)
    expect(run.out).toContain('snapshot.goods_amount is not a decimal amount with two places in a string.')
    expect(run.out).toContain('Send money as a string')
    expect(cli.queue.drain('erp')).toEqual([])
  })

  it('explains a refusal of the whole request with its remedy', async () => {
    const cli = aCli()
    cli.file('event.json', snapshotEvent(order.snapshot(), { epoch: 'e-copy' }))
    const { exit, out, err } = await cli.run('send event.json')
    expect({ exit, out }).toEqual({ exit: 1, out: '' })
    expect(err).toContain('HTTP 409')
    expect(err).toContain('add its epoch')
  })

  it('says what is missing before a shop can send', async () => {
    const cli = aCli({ secrets: false })
    cli.file('order.json', order.snapshot())
    expect((await cli.run('send order.json')).err).toContain(
      'npm run sync -- secret put shop/A1/webhook --new',
    )
  })

  it.each([
    ['{"order_id": "10086", "consignee": "测试收货人", oops', 'is not JSON'],
    ['[1, 2]', 'is neither a webhook event nor an order snapshot'],
    ['{"name": "测试收货人"}', 'is neither a webhook event nor an order snapshot'],
  ])('refuses the file %s without quoting it', async (content, sentence) => {
    const cli = aCli()
    cli.file('order.json', content)
    for (const command of ['send order.json', 'send order.json --dry-run --json']) {
      const run = await cli.run(command)
      expect(run.exit).toBe(1)
      expect(run.err).toContain(sentence)
      expect(run.err + run.out).not.toContain('测试收货人')
    }
  })

  it('refuses a file that is not there, a shop and a target nobody configured', async () => {
    const cli = aCli()
    cli.file('order.json', order.snapshot())
    expect(await cli.run('send missing.json')).toMatchObject({
      exit: 1,
      err: `${cli.dir}/missing.json cannot be read.`,
    })
    expect((await cli.run('send order.json --shop B2')).err).toBe(
      'There is no shop "B2" in the configuration; it has: A1.',
    )
    expect((await cli.run('send order.json --dry-run --target crm')).err).toBe(
      'There is no target "crm" in the configuration; it has: erp.',
    )
    expect(await cli.run('send order.json --target erp')).toMatchObject({ exit: 2 })
  })

  it('asks which shop is meant when there are several', async () => {
    const rest = demoRestTarget('http://127.0.0.1:9')
    const shops = { A1: { targets: ['erp'] }, B2: { targets: ['erp'] } }
    const cli = aCli({
      config: JSON.stringify({ version: 1, shops, targets: { erp: { adapter: 'rest', rest } } }),
    })
    cli.file('order.json', order.snapshot())
    expect(await cli.run('send order.json')).toMatchObject({
      exit: 2,
      err: 'Say which shop with --shop: A1, B2.',
    })
    expect(await cli.run('send order.json --shop A1')).toMatchObject({ exit: 0 })
  })
})

describe('send --dry-run', () => {
  it('shows the decision and the exact request, and sends nothing anywhere', async () => {
    const erp = scriptedFetch()
    const cli = aCli({ rest: demoRestTarget('http://127.0.0.1:9', { auth: { type: 'bearer' } }) })
    cli.secrets.putTarget('erp', { token: 'very-secret-token' })
    cli.file('order.json', order.snapshot())
    const run = await cli.run('send order.json --dry-run --json', { fetch: erp.fetch })
    expect(run.exit).toBe(0)
    expect(run.json()).toMatchObject({
      ledger: 'read',
      plans: [
        {
          reference: REFERENCE,
          target: 'erp',
          action: 'place',
          because: 'not-in-erp',
          looksUp: false,
          outcome: { is: 'done', flavour: 'applied' },
          requests: [
            {
              op: 'place',
              method: 'POST',
              url: 'http://127.0.0.1:9/api/orders',
              headers: {
                'content-type': 'application/json',
                'idempotency-key': expect.stringMatching(/^\w{32}$/),
              },
              addedHeaders: ['authorization', 'x-correlation-id'],
              body: { order_id: REFERENCE, total_amount: 19.9 },
            },
          ],
        },
      ],
    })
    const text = await cli.run('send order.json --dry-run')
    expect(text.out).toContain('POST http://127.0.0.1:9/api/orders\n')
    expect(text.out).toContain('authorization: (from the secret)')
    expect(text.out + run.out).not.toContain('very-secret-token')
    expect(erp.sent).toEqual([])
    expect(cli.queue.drain('erp')).toEqual([])
    expect(await cli.ledger.get(KEY)).toBeUndefined()
  })

  it('decides against the row that the ledger has', async () => {
    const cli = aCli()
    const erp = { id: 'D1', generation: 0, step: 'create', state: 'live' } as const
    const applied = {
      version: { epoch: 'e-2026-11', seq: 1, epochNo: 0 },
      hash: { v: 1, source: 'old', mapped: 'old' },
    }
    await cli.ledger.put(
      aRow({ key: KEY, ref: REFERENCE, status: 'done', erp, applied, seen: { ...applied, wireHash: 'f' } }),
    )
    cli.file('order.json', order.snapshot())
    const plan = (await cli.run('send order.json --dry-run --json')).json()
    expect(plan).toMatchObject({
      plans: [
        {
          action: 'amend',
          because: 'content-differs',
          requests: [{ url: 'http://127.0.0.1:9/api/orders/D1' }],
        },
      ],
    })
  })

  it('shows every step of a creation, with a gap where only the ERP knows the id', async () => {
    const cli = aCli({ rest: demoRestTarget('http://127.0.0.1:9', { confirm: true }) })
    cli.file('order.json', order.snapshot())
    const { out } = await cli.run('send order.json --dry-run')
    expect(out).toContain('Then, once that is confirmed:\nPOST http://127.0.0.1:9/api/orders/{id}/confirm')
  })

  it('works without anything running, as for a new order', async () => {
    const cli = aCli({ running: false })
    cli.file('order.json', order.snapshot())
    const run = await cli.run('send order.json --dry-run --config config')
    expect(run.exit).toBe(0)
    expect(run.out).toContain('planned as for a new order')
    expect(run.out).toContain('place — the ERP does not have it yet.')
    expect((await cli.run('send order.json --dry-run')).err).toContain(
      'There is no readable sync.config.json',
    )
  })

  it('tells a hold from a park, and counts a park as a finding', async () => {
    const cli = aCli()
    cli.file('unpaid.json', anOrder().snapshot())
    cli.file('no-sku.json', order.withLine({ product_sn: '' }).snapshot())
    const held = await cli.run('send unpaid.json --dry-run')
    expect(held).toMatchObject({ exit: 0 })
    expect(held.out).toContain('hold — The order is not paid.')
    const parked = await cli.run('send no-sku.json --dry-run', { language: 'zh' })
    expect(parked).toMatchObject({ exit: 1 })
    expect(parked.out).toContain('搁置 — 有一行没有 SKU 编码。')
  })

  it('names the line of a mapping that does not compile', async () => {
    const rest = demoRestTarget('http://127.0.0.1:9', {
      operations: { place: { path: '/orders', mapping: 'm.jsonata' } },
    })
    const cli = aCli({ rest })
    writeFileSync(`${cli.configDir}/m.jsonata`, '{\n "no": order.\n}')
    cli.file('order.json', order.snapshot())
    const { exit, out } = await cli.run('send order.json --dry-run')
    expect(exit).toBe(1)
    expect(out).toContain('Misconfigured: m.jsonata, line 3')
  })

  it('refuses what the webhook would refuse', async () => {
    const cli = aCli()
    cli.file('copy.json', snapshotEvent(order.snapshot(), { epoch: 'e-copy' }))
    cli.file('broken.json', snapshotEvent({ ...order.snapshot(), order_id: '007' }))
    expect(await cli.run('send copy.json --dry-run')).toMatchObject({
      exit: 1,
      out: expect.stringContaining('epoch'),
    })
    expect(await cli.run('send broken.json --dry-run')).toMatchObject({
      exit: 1,
      out: expect.stringContaining('snapshot.order_id is not a decimal id in a string.'),
    })
  })
})
