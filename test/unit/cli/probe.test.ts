import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aCli } from '../../support/cli.ts'
import { scriptedFetch } from '../../support/scripted-fetch.ts'

const CallSchema = z.object({
  params: z.union([
    z.object({ service: z.literal('common'), method: z.string() }),
    z.object({
      service: z.literal('object'),
      args: z.tuple([z.string(), z.number(), z.string(), z.string(), z.string()]).rest(z.unknown()),
    }),
  ]),
})
const ReportSchema = z.object({
  healthy: z.boolean(),
  findings: z.array(
    z.object({
      check: z.string(),
      about: z.string().optional(),
      is: z.string(),
      message: z.string(),
      remedy: z.string().optional(),
    }),
  ),
})

const NOW = 'Sat, 21 Nov 2026 08:30:00 GMT'
const VERSION = 'version'
const PAGE = '/web/version'
const LOGIN = 'common authenticate'

const USER = {
  id: 6,
  login: 'sync',
  email: 'sync@example.com',
  lang: 'zh_CN',
  tz: 'Asia/Shanghai',
  company_id: [1, 'Acme'],
  company_ids: [1],
}

/** As Odoo 17 answers a user with all rights, by model and method. */
const GOOD: Readonly<Record<string, unknown>> = {
  [VERSION]: { server_version: '17.0', server_version_info: [17, 0, 0, 'final', 0, ''] },
  [LOGIN]: 6,
  'res.users context_get': { lang: 'en_US', tz: 'Asia/Shanghai', uid: 6 },
  'res.users search_read': [USER],
  'res.users has_group': false,
  'res.users.apikeys search_read': [{ id: 1, expiration_date: false }],
  'sale.order fields_get': {
    sale_order_template_id: { type: 'many2one' },
    warehouse_id: { type: 'many2one' },
    carrier_id: { type: 'many2one' },
  },
  'res.company search_read': [{ id: 1, name: 'Acme', currency_id: [6, 'CNY'] }],
  'stock.warehouse search_read': [{ id: 1, code: 'WH', name: 'Main' }],
  'account.tax search_read': [{ id: 3, price_include: true, amount: 13 }],
  'account.payment.term search_read': [{ id: 1, name: 'Immediate Payment' }],
  'product.pricelist search_read': [{ id: 1, currency_id: [6, 'CNY'] }],
  'account.journal search_read': [{ id: 1, name: 'Customer Invoices' }],
  'res.partner search_read': [{ id: 9, ref: 'WEB' }],
  'product.product search_read': [{ id: 9, default_code: 'SHIPPING', type: 'service' }],
  'ir.model.data check_object_reference': {
    fault: ['builtins.ValueError', 'External ID not found in the system: ecshop.so_ECdoctor_0_0'],
  },
}

/** Odoo 19, in JSON-2. */
const NEWEST = { [PAGE]: { version: '19.0', version_info: [19, 0, 0, 'final', 0, ''] } }
const expiring = (...days: (string | false)[]) => ({
  ...NEWEST,
  'res.users.apikeys search_read': days.map((day, id) => ({ id, expiration_date: day && `${day} 10:00:00` })),
})
const MAY_DO = / (check_access_rights|has_access)$/

const FaultSchema = z.object({ fault: z.tuple([z.string(), z.string()]) })

function odoo(change: Readonly<Record<string, unknown>>, date = NOW) {
  const answers: Readonly<Record<string, unknown>> = { ...GOOD, ...change }
  const asked: string[] = []
  const answer = (body: unknown, status = 200) =>
    new Response(JSON.stringify(body), { status, headers: { date, 'content-type': 'application/json' } })
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const path = new URL(z.string().parse(input)).pathname
    if (path === PAGE) return PAGE in answers ? answer(answers[PAGE]) : answer({}, 404)
    if (path === '/web/webclient/version_info') return answer({ jsonrpc: '2.0', result: answers[VERSION] })
    const json2 = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(path)
    const what = json2 ? `${json2[1]} ${json2[2]}` : calledBy(z.string().parse(init?.body))
    asked.push(what)
    const known = answers[what] ?? (MAY_DO.test(what) ? true : undefined)
    const [name, message] = FaultSchema.safeParse(known).data?.fault ?? []
    if (known instanceof Response) return known
    if (json2) return name ? answer({ name, message }, 500) : answer(known)
    return name
      ? answer({ jsonrpc: '2.0', error: { code: 200, data: { name, message } } })
      : answer({ jsonrpc: '2.0', result: known })
  }
  return { fetch, asked }
}

function calledBy(body: string): string {
  const { params } = CallSchema.parse(JSON.parse(body))
  return params.service === 'common' ? `common ${params.method}` : `${params.args[3]} ${params.args[4]}`
}

const SETTINGS = {
  url: 'http://127.0.0.1:8069',
  database: 'shop',
  login: 'sync',
  warehouse: 'WH',
  products: { shipping: 'SHIPPING' },
  tax: { name: '13% incl' },
  paymentTerms: { '*': 'Immediate Payment' },
  pricelist: 'Web',
  journal: 'Customer Invoices',
  customer: { mode: 'collective', reference: 'WEB' },
}

function anOdooCli(settings: object = {}) {
  const config = {
    version: 1,
    shops: { A1: { targets: ['erp'] } },
    targets: { erp: { adapter: 'odoo', odoo: { ...SETTINGS, ...settings } } },
  }
  return aCli({ config: JSON.stringify(config) })
}

async function probe(change: Readonly<Record<string, unknown>> = {}, settings: object = {}, date = NOW) {
  const cli = anOdooCli(settings)
  cli.secrets.putTarget('erp', { key: 'k-1' })
  const { fetch, asked } = odoo(change, date)
  const run = await cli.run('probe erp --json', { fetch })
  const { healthy, findings } = ReportSchema.parse(run.json())
  return { exit: run.exit, healthy, findings, asked }
}

const fault = (name: string, message: string) => ({ fault: [name, message] })
const NO_LOGIN = fault('odoo.exceptions.AccessDenied', 'Access Denied')

describe('probe', () => {
  it('finds nothing wrong in an Odoo that has all the adapter needs, and writes nothing', async () => {
    const { exit, findings, asked } = await probe()
    expect(findings.filter(({ is }) => is !== 'ok')).toEqual([])
    expect(exit).toBe(0)
    expect(new Set(findings.map(({ check }) => check))).toEqual(
      new Set([
        'mapping',
        'secret',
        'version',
        'clock',
        'database',
        'language',
        'module',
        'right',
        'look-up',
        'company',
        'warehouse',
        'pricelist',
        'paymentTerms',
        'journal',
        'tax',
        'product',
        'customer',
      ]),
    )
    const writing = asked.filter((call) => / (create|write|unlink|load|action_\w+)$/.test(call))
    expect(writing).toEqual([])
  })

  it.each<[string, Readonly<Record<string, unknown>>, string, string | undefined, RegExp, RegExp]>([
    [
      'an old version',
      { [VERSION]: { server_version: '16.0', server_version_info: [16, 0] } },
      'version',
      undefined,
      /16\.0 is too old/,
      /17 to 19/,
    ],
    [
      'a database that is not there',
      { [LOGIN]: fault('psycopg2.OperationalError', 'database "shop" does not exist') },
      'database',
      'shop',
      /does not exist/,
      /odoo\.database/,
    ],
    ['a key that is refused', { [LOGIN]: false }, 'login', 'sync', /does not take this key/, /API key/],
    ['a login that is refused', { [LOGIN]: NO_LOGIN }, 'login', 'sync', /Access Denied/, /API key/],
    [
      'a user without an e-mail address',
      { 'res.users search_read': [{ ...USER, email: false }] },
      'login',
      'sync',
      /no e-mail address/,
      /refuses every change/,
    ],
    [
      'the key of another user',
      { 'res.users search_read': [{ ...USER, login: 'wang' }] },
      'login',
      'sync',
      /not that of "sync"/,
      /odoo\.login/,
    ],
    [
      'that there are no sales',
      { 'sale.order fields_get': fault('odoo.exceptions.UserError', "Object sale.order doesn't exist") },
      'module',
      'sale_management',
      /no sale\.order/,
      /Install the app Sales/,
    ],
    [
      'that confirmed orders would make no delivery',
      { 'sale.order fields_get': { sale_order_template_id: { type: 'many2one' } } },
      'module',
      'sale_stock',
      /makes no delivery/,
      /Inventory/,
    ],
    [
      'a right that is lacking',
      { 'res.partner check_access_rights': false },
      'right',
      'res.partner',
      /create, write/,
      /Contact Creation/,
    ],
    [
      'a look-up that claims what cannot be',
      { 'ir.model.data check_object_reference': ['sale.order', 5] },
      'look-up',
      undefined,
      /cannot exist/,
      /Remove/,
    ],
    [
      'a warehouse that is not there, and which are',
      { 'stock.warehouse search_read': [{ id: 1, code: 'EAST', name: 'East' }] },
      'warehouse',
      'WH',
      /no warehouse.*EAST/,
      /odoo\.warehouse/,
    ],
    [
      'a tax that is not there',
      { 'account.tax search_read': [] },
      'tax',
      '13% incl',
      /no sales tax/,
      /odoo\.tax/,
    ],
    [
      'a payment term that is not there',
      { 'account.payment.term search_read': [] },
      'paymentTerms',
      'Immediate Payment',
      /no payment term/,
      /odoo\.paymentTerms/,
    ],
    [
      'a pricelist whose name two have',
      {
        'product.pricelist search_read': [
          { id: 1, currency_id: [6, 'CNY'] },
          { id: 2, currency_id: [1, 'USD'] },
        ],
      },
      'pricelist',
      'Web',
      /2 records/,
      /odoo\.pricelist/,
    ],
    [
      'a journal it may not read',
      {
        'account.journal search_read': fault(
          'odoo.exceptions.AccessError',
          "You are not allowed to access 'Journal' (account.journal) records.",
        ),
      },
      'journal',
      'Customer Invoices',
      /AuthDenied/,
      /rights/,
    ],
    [
      'a product that is not there',
      { 'product.product search_read': [] },
      'product',
      'SHIPPING',
      /no product/,
      /odoo\.products/,
    ],
    [
      'a contact that is not there',
      { 'res.partner search_read': [] },
      'customer',
      'WEB',
      /no contact/,
      /odoo\.customer/,
    ],
  ])('names %s and its remedy', async (_what, change, check, about, message, remedy) => {
    const { exit, healthy, findings } = await probe(change)
    expect({ exit, healthy }).toEqual({ exit: 1, healthy: false })
    const wrong = findings.filter(({ is }) => is === 'wrong')
    const found = wrong.find((finding) => finding.check === check && finding.about === about)
    expect(found?.message).toMatch(message)
    expect(found?.remedy).toMatch(remedy)
  })

  it.each<[string, Readonly<Record<string, unknown>>, object, string, RegExp]>([
    [
      'a newer version',
      { [VERSION]: { server_version: '21.0', server_version_info: [21, 0] }, 'res.users has_group': false },
      {},
      'version',
      /newer/,
    ],
    ['a key that is about to expire', expiring('2026-12-01'), {}, 'login', /its key expires on 2026-12-01/],
    [
      'that one of several keys is about to expire',
      expiring('2026-11-30', '2027-02-01', '2026-11-01'),
      {},
      'login',
      /first of its 2 keys expires on 2026-11-30/,
    ],
    ['locked orders', { 'res.users has_group': true }, {}, 'lock', /parked/],
    [
      'a charge that would be shipped',
      { 'product.product search_read': [{ id: 9, default_code: 'SHIPPING', type: 'consu' }] },
      {},
      'product',
      /no service/,
    ],
    ['charges without a product', {}, { products: {} }, 'product', /parked/],
    [
      'a tax that comes on top, and nothing that takes its rounding',
      { 'account.tax search_read': [{ id: 3, price_include: false, amount: 13 }] },
      {},
      'tax',
      /on top of the price/,
    ],
    [
      'several warehouses of which none is named',
      {
        'stock.warehouse search_read': [
          { id: 1, code: 'EAST', name: 'East' },
          { id: 2, code: 'WEST', name: 'West' },
        ],
      },
      { warehouse: undefined },
      'warehouse',
      /EAST, WEST/,
    ],
  ])('notes %s', async (_what, change, settings, check, message) => {
    const { findings } = await probe(change, settings)
    const noted = findings.filter(({ is }) => is === 'warning')
    expect(noted.find((finding) => finding.check === check)?.message).toMatch(message)
  })

  it('finds nothing wrong in an Odoo 19 either, where the user needs no e-mail address', async () => {
    const { exit, findings, asked } = await probe({
      ...expiring('2027-02-01', '2026-11-01'),
      'res.users search_read': [{ ...USER, email: false }],
    })
    expect(findings.filter(({ is }) => is !== 'ok')).toEqual([])
    expect(exit).toBe(0)
    expect(findings.find(({ check }) => check === 'login')?.message).toBe('its key expires on 2027-02-01')
    expect(asked).not.toContain(LOGIN)
  })

  it('names a tax of the shop’s that is included in the price', async () => {
    const { exit, findings } = await probe({}, { tax: { name: '13% incl', charged: true } })
    expect(exit).toBe(1)
    expect(findings.find(({ is }) => is === 'wrong')).toMatchObject({
      check: 'tax',
      remedy: expect.stringContaining('odoo.tax.charged'),
    })
  })

  it('names a proxy that hides what JSON-2 says by way of errors', async () => {
    const hidden = new Response('<html>', { status: 500, headers: { 'content-type': 'text/html' } })
    const { findings } = await probe({ ...NEWEST, 'ir.model.data check_object_reference': hidden })
    const wrong = findings.filter(({ is }) => is === 'wrong')
    expect(wrong).toMatchObject([{ check: 'look-up', remedy: expect.stringContaining('proxy') }])
  })

  it('measures the clock of the server', async () => {
    const { exit, findings } = await probe({}, {}, 'Sat, 21 Nov 2026 08:25:00 GMT')
    expect(exit).toBe(1)
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'clock', is: 'wrong', message: 'Odoo’s is 300 s behind ours' }),
    )
  })

  it('asks nothing without credentials, and says where to put them', async () => {
    const { fetch, sent } = scriptedFetch()
    const run = await anOdooCli().run('probe erp --json', { fetch })
    const { findings } = ReportSchema.parse(run.json())
    expect(run.exit).toBe(1)
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'secret',
        message: 'missing — lacks: key',
        remedy: expect.stringContaining('secret put target/erp/erp'),
      }),
    )
    expect(sent).toEqual([])
  })

  it('speaks Chinese', async () => {
    const cli = anOdooCli()
    cli.secrets.putTarget('erp', { key: 'k-1' })
    const { fetch } = odoo({ 'product.product search_read': [] })
    const { out } = await cli.run('probe erp', { fetch, language: 'zh' })
    expect(out).toContain('没有内部参考为此值的产品')
    expect(out).not.toContain('k-1')
  })

  it('says of a rest target what doctor says of it', async () => {
    const cli = aCli()
    const { fetch } = scriptedFetch({ headers: { date: NOW }, body: { documents: [] } })
    const run = await cli.run('probe erp --json', { fetch })
    const { findings } = ReportSchema.parse(run.json())
    expect(findings.map(({ check, is }) => `${check} ${is}`)).toEqual([
      'mapping ok',
      'secret ok',
      'erp ok',
      'clock ok',
    ])
    expect(run.exit).toBe(0)
  })

  it('knows only targets of the configuration', async () => {
    const run = await aCli().run('probe nowhere')
    expect(run).toMatchObject({ exit: 1, err: expect.stringContaining('nowhere') })
  })
})
