import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '#runtime/config-file.ts'
import { anOrder } from '../../support/an-order.ts'
import { aCli } from '../../support/cli.ts'

describe('init', () => {
  it('writes a configuration that is valid and plans an order at once', async () => {
    const cli = aCli({ running: false })
    const run = await cli.run(
      'init --yes --shop A1 --target wms --base-url https://erp.example.com/api --config new',
    )
    expect(run.exit).toBe(0)
    expect(run.out).toContain('wrote new/sync.config.json')
    expect(run.out).toContain('npm start -- --config new')
    expect(run.out).toContain('secret put target/wms/erp')
    const config = loadConfig(join(cli.dir, 'new'))
    expect(config.shops).toMatchObject({ A1: { timeZone: 'Asia/Shanghai', targets: ['wms'] } })
    expect(config.targets['wms']).toMatchObject({ rest: { auth: { type: 'bearer' }, idempotency: 'none' } })

    cli.file('order.json', anOrder().paid().snapshot())
    const planned = await cli.run('send order.json --dry-run --config new')
    expect(planned.out).toContain('POST https://erp.example.com/api/orders')
    expect(planned.exit).toBe(0)
  })

  it('points an editor to the schema', async () => {
    const cli = aCli()
    await cli.run('init --yes --base-url https://erp.example.com --config new')
    const { $schema } = loadConfig(join(cli.dir, 'new'))
    expect($schema).toMatch(/sync\.config\.schema\.json$/)
    expect(existsSync(join(cli.dir, 'new', $schema ?? ''))).toBe(true)
  })

  it('writes a target for Odoo that plans an order at once, charges and all, and says the way to the first one', async () => {
    const cli = aCli({ running: false })
    const run = await cli.run(
      'init --yes --shop A1 --adapter odoo --base-url http://erp.lan:8069 --database live --login bridge --config new',
    )
    expect(run).toMatchObject({ exit: 0, err: '' })
    expect(run.out).not.toContain('mapping')
    expect(run.out).toContain('npm start -- --config new')
    expect(run.out).toContain('npm run sync -- connect A1')
    expect(run.out).toContain(`echo '{"key": "<the API key>"}' | npm run sync -- secret put target/odoo/erp`)
    expect(run.out).toContain('npm run sync -- probe odoo')
    const { targets } = loadConfig(join(cli.dir, 'new'))
    expect(targets['odoo']).toMatchObject({
      adapter: 'odoo',
      odoo: { url: 'http://erp.lan:8069', database: 'live', login: 'bridge' },
    })

    const fees = {
      shipping_fee: '10.00',
      insure_fee: '1.00',
      pay_fee: '2.00',
      pack_fee: '3.00',
      card_fee: '4.00',
      tax: '5.00',
      discount: '6.00',
    }
    cli.file('order.json', anOrder().paid().with(fees).snapshot())
    const planned = await cli.run('send order.json --dry-run --config new')
    expect(planned).toMatchObject({ exit: 0, err: '' })
    expect(planned.out).toContain('POST http://erp.lan:8069 sale.order/load')
    for (const code of ['SHIPPING', 'FEE', 'DISCOUNT']) expect(planned.out).toContain(code)
  })

  it('asks for an Odoo only what an Odoo needs', async () => {
    const cli = aCli()
    const answers = ['', '', 'odoo', '', 'https://odoo.example.com', 'live', 'bridge']
    const asked: string[] = []
    const run = await cli.run('init --config new', {
      ask: async (question) => {
        asked.push(question)
        return answers[asked.length - 1] ?? ''
      },
    })
    expect(run.exit).toBe(0)
    expect(asked).toHaveLength(answers.length)
    const { targets } = loadConfig(join(cli.dir, 'new'))
    expect(targets['odoo']).toMatchObject({
      odoo: { url: 'https://odoo.example.com', database: 'live', login: 'bridge' },
    })
  })

  it.each([
    ['--adapter odoo --base-url https://erp.example.com --login bridge', '--database is needed here.'],
    ['--adapter odoo --base-url https://erp.example.com --database live', '--login is needed here.'],
    ['--adapter odoo --database live --login bridge', '--base-url is needed here.'],
    ['--adapter odoo --auth basic', '--auth says nothing to the adapter odoo.'],
    ['--base-url https://erp.example.com --database live', '--database says nothing to the adapter rest.'],
  ])('says what is wrong with %s', async (options, sentence) => {
    const cli = aCli()
    expect(await cli.run(`init --yes --config new ${options}`)).toMatchObject({ exit: 2, err: sentence })
    expect(existsSync(join(cli.dir, 'new'))).toBe(false)
  })

  it('asks for what was not said, again until an answer fits', async () => {
    const cli = aCli()
    const answers = [
      'EC7',
      '',
      '',
      'kingdee',
      'https://erp.example.com/k',
      '',
      'magic',
      'apiKey',
      'request-key',
    ]
    const asked: string[] = []
    const run = await cli.run('init --config new', {
      ask: async (question) => {
        asked.push(question)
        return answers[asked.length - 1] ?? ''
      },
    })
    expect(run.exit).toBe(0)
    expect(asked).toHaveLength(9)
    expect(asked[6]).toBe(asked[7])
    const { shops, targets } = loadConfig(join(cli.dir, 'new'))
    expect(shops).toMatchObject({ EC7: { timeZone: 'Asia/Shanghai', targets: ['kingdee'] } })
    expect(targets['kingdee']).toMatchObject({
      rest: { auth: { type: 'apiKey' }, idempotencyHeader: 'Idempotency-Key' },
    })
  })

  it('overwrites nothing without --force, and a mapping never', async () => {
    const cli = aCli()
    const first = 'init --yes --base-url https://one.example.com --config new'
    await cli.run(first)
    cli.file('new/mappings/order.jsonata', '{ "mine": reference }')
    const again = await cli.run('init --yes --base-url https://two.example.com --config new')
    expect(again).toMatchObject({ exit: 1, out: '' })
    expect(again.err).toContain('exists already')
    expect(loadConfig(join(cli.dir, 'new')).targets['erp']).toMatchObject({
      rest: { baseUrl: 'https://one.example.com' },
    })
    await cli.run('init --yes --force --base-url https://two.example.com --config new')
    expect(loadConfig(join(cli.dir, 'new')).targets['erp']).toMatchObject({
      rest: { baseUrl: 'https://two.example.com' },
    })
    expect(readFileSync(join(cli.dir, 'new/mappings/order.jsonata'), 'utf8')).toBe('{ "mine": reference }')
  })

  it.each([
    ['--shop TOOLONG --base-url https://erp.example.com', 'shops.TOOLONG'],
    ['--base-url http://erp.example.com', 'would send orders and credentials unencrypted'],
    ['--base-url erp.example.com', 'is not an http(s) address'],
    ['--time-zone Mars/Base --base-url https://erp.example.com', 'is not an IANA time zone'],
  ])('writes nothing for %s', async (options, sentence) => {
    const cli = aCli()
    const { exit, err } = await cli.run(`init --yes --config new ${options}`)
    expect(exit).toBe(1)
    expect(err).toContain(sentence)
    expect(existsSync(join(cli.dir, 'new'))).toBe(false)
  })

  it('needs a terminal or --yes, and an address either way', async () => {
    expect(await aCli().run('init --config new')).toMatchObject({ exit: 2 })
    expect(await aCli().run('init --yes --config new')).toMatchObject({
      exit: 2,
      err: '--base-url is needed here.',
    })
  })
})
