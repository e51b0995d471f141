import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createOdooGateway } from '#adapters/erp/odoo/gateway.ts'
import { decimal } from '#adapters/erp/odoo/lines.ts'
import { priceLines } from '#adapters/erp/odoo/prices.ts'
import { sheetOf } from '#adapters/erp/odoo/sheet.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import type { Order } from '#contracts/order.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { OrderWrite } from '#ports/erp-gateway.ts'
import { canonicalOrder } from '../../../../support/canonical-order.ts'

const REFERENCE = 'ECdemo-2026112001001-rt'
type Input = Partial<z.input<typeof OdooTargetSchema>>

function writeOf(order: Order): OrderWrite {
  return {
    order,
    reference: REFERENCE,
    identity: orderSourceId(order.orderId, order.addTime),
    lineReference: (line) => lineReference(REFERENCE, line.recId),
  }
}

/** Answers come from `reply`; every request that leaves is kept. */
function aGateway(change: Input, reply: (url: string, body: unknown) => [number, unknown], mapping = '{}') {
  const left: { url: string; body: unknown; headers: Headers }[] = []
  const gateway = createOdooGateway({
    config: OdooTargetSchema.parse({
      url: 'https://erp.example',
      database: 'shop',
      login: 'sync',
      ...change,
    }),
    configDir: '/config',
    secrets: async () => ({ key: 'no-real-key' }),
    clock: { now: () => Date.now() },
    files: { stamp: async () => '1', read: async () => mapping },
    fetch: async (input, init) => {
      const { url } = new Request(input)
      const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined
      left.push({ url, body, headers: new Headers(init?.headers) })
      const [status, value] = reply(url, body)
      return new Response(typeof value === 'string' ? value : JSON.stringify(value), { status })
    },
  })
  return { gateway, left }
}

const silent = (change: Input = {}, mapping?: string) => aGateway(change, () => [500, ''], mapping).gateway
const context = () => ({ deadline: Date.now() + 5_000, correlationId: 'c-1' })

const priced = (quantity: number, net: number, change: Partial<Order['money']> = {}): Order => {
  const order = canonicalOrder()
  const [first, second] = order.lines
  if (!first || !second) throw new Error('the order has two lines')
  const discount = first.unitPrice * quantity - net
  const lines = [{ ...first, quantity, amount: first.unitPrice * quantity, discount, net }, second]
  return { ...order, lines, money: { ...order.money, total: net + second.net, ...change } }
}
const targetWith = (change: Input) =>
  OdooTargetSchema.parse({ url: 'https://erp.example', database: 'shop', login: 'sync', ...change })
const sheetFor = (order: Order, change: Input) =>
  sheetOf(writeOf(order), targetWith(change), { order: {}, line: {}, partner: {} })
const linesFor = (order: Order, products: Input['products'] = {}) => {
  const sheet = sheetFor(order, { products })
  if (!sheet.ok) throw new Error(sheet.failure.message)
  const lines = priceLines(sheet.value, { taxesOf: () => [], rounding: 'line', roundingProduct: undefined })
  if (!lines.ok) throw new Error(lines.failure.message)
  return lines.value.map(({ id, code, quantity, price }) => [id, code, quantity, decimal(price)])
}

describe('the lines for Odoo', () => {
  const first = 'sol_ECdemo_2026112001001_rt_7q3'
  const second = ['sol_ECdemo_2026112001001_rt_7q4', 'MUG-01', 1, '19.90']

  it('put a cent that does not divide on as many pieces as it takes', () => {
    expect(linesFor(priced(3, 1_001))).toEqual([
      [first, 'TEE-L', 1, '3.33'],
      [`${first}__r`, 'TEE-L', 2, '3.34'],
      second,
    ])
  })

  it('keep the shop’s prices where a product stands for the discount', () => {
    expect(linesFor(priced(3, 5_000), { discount: 'OFF' })).toEqual([
      [first, 'TEE-L', 3, '19.90'],
      second,
      ['sol_ECdemo_2026112001001_rt__discount', 'OFF', 1, '-9.70'],
    ])
  })

  it('have a line for each charge', () => {
    const order = priced(1, 1_990, { shipping: 1_000, total: 4_980 })
    expect(linesFor(order, { shipping: 'SHIP' }).at(-1)).toEqual([
      'sol_ECdemo_2026112001001_rt__shipping',
      'SHIP',
      1,
      '10.00',
    ])
  })

  it.each([
    ['a charge no product stands for', priced(1, 1_990, { tax: 130, total: 4_110 }), 'odoo.products.tax'],
    ['totals that disagree', priced(1, 1_990, { total: 1 }), undefined],
    [
      'an order worth less than nothing',
      priced(1, 1_990, { unallocated: 9_000, total: -5_020 }),
      'odoo.products.discount',
    ],
  ])('are refused with a reason: %s', (_what, order, field) => {
    expect(sheetFor(order, {})).toMatchObject({
      ok: false,
      failure: { class: 'Invalid', ...(field ? { field } : {}) },
    })
  })
})

describe('a mapping for Odoo', () => {
  it('adds fields to the order, its lines and the buyer', async () => {
    const gateway = silent(
      { mapping: 'odoo.jsonata' },
      '{"order": {"x_sn": order.orderSn}, "line": {"x_on": true}}',
    )
    const content = await gateway.content(writeOf(canonicalOrder()))
    expect(content).toMatchObject({
      ok: true,
      content: { custom: { order: { x_sn: '2026112001001' }, line: { x_on: true }, partner: {} } },
    })
  })

  it.each(['{"order": {"x": [1]}}', '{"orders": {}}', '[]', '{"line": {"A-1": "x"}}'])(
    'that gives something else stops the target: %s',
    async (mapping) => {
      const gateway = silent({ mapping: 'odoo.jsonata' }, mapping)
      expect(await gateway.place(writeOf(canonicalOrder()), 'create')).toMatchObject({
        ok: false,
        failure: { class: 'Misconfigured' },
      })
    },
  )

  it('is not compared where a write-back changes it', async () => {
    const gateway = silent(
      { mapping: 'odoo.jsonata' },
      '{"order": {"x_state": order.state, "x_sn": order.orderSn}}',
    )
    const built = await gateway.place(writeOf(canonicalOrder()), 'create')
    if (!built.ok) throw new Error(built.failure.message)
    expect(built.request.content).toMatchObject({ custom: { order: { x_sn: '2026112001001' } } })
    expect(JSON.stringify(built.request.content)).not.toContain('x_state')
  })
})

describe('the protocol with Odoo', () => {
  const VERSION_19 = { version_info: [19, 0, 0, 'final', 0, ''], version: '19.0' }
  const absent = {
    name: 'builtins.ValueError',
    message: 'External ID not found in the system: ecshop.so_ECdemo_2026112001001_rt',
  }

  it('is JSON-2 with a bearer key where the server says it has it', async () => {
    const { gateway, left } = aGateway({}, (url) => {
      if (url.endsWith('/web/version')) return [200, VERSION_19]
      return url.endsWith('/fields_get') ? [200, {}] : [500, absent]
    })
    expect(await gateway.find(REFERENCE, undefined, context())).toEqual({ is: 'absent' })
    const last = left.at(-1)
    expect(last?.url).toBe('https://erp.example/json/2/ir.model.data/check_object_reference')
    expect(last?.headers.get('authorization')).toBe('bearer no-real-key')
    expect(last?.headers.get('x-odoo-database')).toBe('shop')
    expect(last?.body).toMatchObject({ module: 'ecshop', context: { lang: 'en_US', tz: 'UTC' } })
  })

  const RpcSchema = z.object({ params: z.object({ args: z.array(z.unknown()) }) })
  const rpc = (answerOf: (model: unknown, method: unknown) => object) => (url: string, body: unknown) => {
    if (url.endsWith('/web/version')) return [404, '<html></html>'] satisfies [number, unknown]
    const { args } = RpcSchema.parse(body).params
    const answer = args.length === 4 ? { result: 6 } : answerOf(args[3], args[4])
    return [200, { jsonrpc: '2.0', id: 1, ...answer }] satisfies [number, unknown]
  }
  const fault = (data: object) => ({ error: { code: 200, message: 'Odoo Server Error', data } })

  it('is JSON-RPC where the server has no such page, and is asked once', async () => {
    const { gateway, left } = aGateway(
      {},
      rpc((_model, method) => (method === 'fields_get' ? { result: {} } : fault(absent))),
    )
    expect(await gateway.find(REFERENCE, undefined, context())).toEqual({ is: 'absent' })
    const before = left.length
    expect(await gateway.find(REFERENCE, undefined, context())).toEqual({ is: 'absent' })
    expect(left.slice(before).map(({ url }) => url)).toEqual(['https://erp.example/jsonrpc'])
  })

  it('takes no other missing record, and no other exception, for absence', async () => {
    const others = [
      { ...absent, message: 'External ID not found in the system: ecshop.so_another' },
      { ...absent, name: 'odoo.exceptions.UserError' },
    ]
    for (const other of others) {
      const { gateway } = aGateway(
        {},
        rpc((_model, method) => (method === 'fields_get' ? { result: {} } : fault(other))),
      )
      expect(await gateway.find(REFERENCE, undefined, context())).toMatchObject({ is: 'failed' })
    }
  })

  it('asks the database when a worker says that a record is not to be seen', async () => {
    const { gateway, left } = aGateway(
      {},
      rpc((_model, method) => {
        if (method === 'fields_get') return { result: {} }
        if (method === 'check_object_reference') return { result: ['sale.order', false] }
        return {
          result: {
            ids: false,
            messages: [
              { type: 'error', message: "Missing required value for the field 'Customer' (partner_id)" },
            ],
          },
        }
      }),
    )
    expect(await gateway.find(REFERENCE, undefined, context())).toEqual({ is: 'absent' })
    expect(JSON.stringify(left.at(-1)?.body)).toContain('"noupdate":true')
  })

  it('tells of a failure neither key nor people', async () => {
    const people = canonicalOrder().consignee.name
    const { gateway } = aGateway(
      {},
      rpc(() =>
        fault({
          name: 'odoo.exceptions.UserError',
          message: `no-real-key: ${people} is blocked`,
          debug: 'Traceback',
        }),
      ),
    )
    const built = await gateway.place(writeOf(canonicalOrder()), 'create')
    if (!built.ok) throw new Error(built.failure.message)
    const sent = await gateway.send(built.request, context())
    expect(sent).toMatchObject({ ok: false })
    const told = JSON.stringify(sent)
    for (const secret of ['no-real-key', people, 'Traceback']) expect(told).not.toContain(secret)
  })
})
