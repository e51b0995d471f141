import { randomBytes, randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createOdooGateway } from '#adapters/erp/odoo/gateway.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import type { Order } from '#contracts/order.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { Answer, Built, ErpDocument, OrderWrite } from '#ports/erp-gateway.ts'
import { canonicalOrder } from '../support/canonical-order.ts'
import { OdooRpc } from '../support/odoo-rpc.ts'
import { accessFrom } from './access.ts'
import { MADE } from './prepare-settings.ts'
import { PACE, serverUrl } from './server.ts'

const { adapter, protocol } = accessFrom(process.env)
const rpc = new OdooRpc(adapter)

type Settings = Partial<z.input<typeof OdooTargetSchema>>

const context = () => ({ deadline: Date.now() + PACE.patienceMs, correlationId: 'c-1' })
const requestOf = (built: Built) => {
  if (!built.ok) throw new Error(`${built.failure.class}: ${built.failure.message}`)
  return built.request
}
const documentOf = (answer: Answer): ErpDocument => {
  if (!answer.ok) throw new Error(`${answer.failure.class}: ${answer.failure.message}`)
  return answer.document
}

function gatewayWith(settings: Settings, mapping = '{}') {
  const { url, database, login, key } = adapter
  return createOdooGateway({
    config: OdooTargetSchema.parse({ url, database, login, protocol, ...settings }),
    configDir: import.meta.dirname,
    secrets: async () => ({ key }),
    clock: { now: () => Date.now() },
    files: { stamp: async () => '1', read: async () => mapping },
  })
}

/** An order of lines of these amounts for a buyer of its own. */
function orderOf(amounts: readonly number[], money: Partial<Order['money']> = {}): Order {
  const made = canonicalOrder({ id: String(randomInt(1e9, 1e12)) })
  const [first] = made.lines
  if (!first) throw new Error('the order has lines')
  const lines = amounts.map((amount, index) => ({
    ...first,
    recId: `${made.orderId}${index}`,
    sku: index % 2 === 0 ? 'TEE-L' : 'MUG-01',
    unitPrice: amount,
    amount,
    net: amount,
  }))
  const total = [...amounts, ...Object.values(money)].reduce((sum, one) => sum + one, 0)
  return {
    ...made,
    orderSn: randomBytes(6).toString('hex'),
    buyer: { ...made.buyer, userId: String(randomInt(1e9)) },
    lines,
    money: { ...made.money, ...money, total },
  }
}

const referenceOf = (order: Order) => `ECdemo-${order.orderSn}-rt`
function writeOf(order: Order, document?: ErpDocument): OrderWrite {
  const reference = referenceOf(order)
  return {
    order,
    reference,
    identity: orderSourceId(order.orderId, order.addTime),
    lineReference: (line) => lineReference(reference, line.recId),
    ...(document ? { document } : {}),
  }
}

async function delivered(gateway: ReturnType<typeof gatewayWith>, order: Order): Promise<ErpDocument> {
  const creation = requestOf(await gateway.place(writeOf(order), 'create'))
  const document = documentOf(await gateway.send(creation, context()))
  const confirmation = requestOf(await gateway.place(writeOf(order, document), 'confirm'))
  return documentOf(await gateway.send(confirmation, context()))
}
async function contentOf(gateway: ReturnType<typeof gatewayWith>, order: Order) {
  const wanted = requestOf(await gateway.place(writeOf(order), 'create'))
  const found = await gateway.find(wanted.reference, wanted, context())
  return found.is === 'one' ? [found.document.step, found.document.content] : [found.is]
}
async function heldBy<T>(schema: z.ZodType<T>, document: ErpDocument, fields: readonly string[]): Promise<T> {
  const domain = [['id', '=', Number(document.id)]]
  const [held] = await rpc.call(z.array(schema), 'sale.order', 'search_read', [], { domain, fields })
  if (held === undefined) throw new Error('the order is not there')
  return held
}

const LinkSchema = z.tuple([z.int(), z.string()]).transform(([, name]) => name)

describe(`the settings of a target, at ${serverUrl}`, { timeout: 6 * PACE.patienceMs }, () => {
  it('put their names and the mapping’s fields on an order, and see it when somebody changes them', async () => {
    const gateway = gatewayWith(
      {
        pricelist: MADE.pricelist,
        journal: MADE.journal,
        paymentTerms: { '*': MADE.term },
        mapping: 'odoo.jsonata',
      },
      `{
        "order": { "${MADE.orderText}": "ecshop " & order.orderSn, "${MADE.orderNumber}": 42 },
        "line": { "${MADE.lineText}": "web" }
      }`,
    )
    const order = orderOf([1_990, 2_500])
    const document = await delivered(gateway, order)
    const schema = z.object({
      pricelist_id: LinkSchema,
      journal_id: LinkSchema,
      payment_term_id: LinkSchema,
      date_order: z.string(),
      amount_total: z.number(),
      [MADE.orderText]: z.string(),
      [MADE.orderNumber]: z.int(),
    })
    const held = await heldBy(schema, document, Object.keys(schema.shape))
    expect(held).toMatchObject({
      pricelist_id: expect.stringContaining(MADE.pricelist),
      journal_id: MADE.journal,
      payment_term_id: MADE.term,
      date_order: order.orderedAt.slice(0, 19).replace('T', ' '),
      amount_total: 44.9,
      [MADE.orderText]: `ecshop ${order.orderSn}`,
      [MADE.orderNumber]: 42,
    })
    const lines = await rpc.call(
      z.array(z.object({ [MADE.lineText]: z.string() })),
      'sale.order.line',
      'search_read',
      [],
      { domain: [['order_id', '=', Number(document.id)]], fields: [MADE.lineText] },
    )
    expect(lines).toMatchObject([{ [MADE.lineText]: 'web' }, { [MADE.lineText]: 'web' }])
    expect(await contentOf(gateway, order)).toEqual(['confirm', 'same'])

    const change = { [MADE.orderText]: 'changed' }
    await rpc.call(z.literal(true), 'sale.order', 'write', [[Number(document.id)], change])
    expect(await contentOf(gateway, order)).toEqual(['confirm', 'different'])
    documentOf(
      await gateway.send(
        requestOf(await gateway.amend({ ...writeOf(order, document), document })),
        context(),
      ),
    )
    expect(await contentOf(gateway, order)).toEqual(['confirm', 'same'])
  })

  it.each([
    ['a field that is not there', { mapping: 'odoo.jsonata' }, '{"order": {"x_no_such": "1"}}', /x_no_such/],
    ['a pricelist that is not there', { pricelist: 'No such list' }, '{}', /No such list/],
  ] as const)(
    'stop the target before anything is written for %s',
    async (_what, settings, mapping, message) => {
      const gateway = gatewayWith(settings, mapping)
      const order = orderOf([1_990])
      const sent = await gateway.send(requestOf(await gateway.place(writeOf(order), 'create')), context())
      expect(sent).toMatchObject({ ok: false, failure: { class: 'Misconfigured' } })
      expect(sent).toMatchObject({ failure: { message: expect.stringMatching(message) } })
      expect(await contentOf(gatewayWith({}), order)).toEqual(['absent'])
    },
  )

  const TotalSchema = z.object({ amount_total: z.number(), amount_tax: z.number() })
  const totalsOf = (document: ErpDocument) => heldBy(TotalSchema, document, ['amount_total', 'amount_tax'])

  describe('with a tax', () => {
    it('that is in the price, leave the shop’s prices', async () => {
      const gateway = gatewayWith({ tax: { name: MADE.taxIncluded } })
      const order = orderOf([10_000])
      const document = await delivered(gateway, order)
      expect(await totalsOf(document)).toMatchObject({ amount_total: 100, amount_tax: 11.5 })
      expect(await contentOf(gateway, order)).toEqual(['confirm', 'same'])
    })

    it('that is on top of the price, come to the shop’s total to the cent', async () => {
      const gateway = gatewayWith({ tax: { name: MADE.taxOnTop }, products: { rounding: MADE.rounding } })
      for (const amounts of [[10_000], [10_000, 10_000], [4], [1_990, 1, 33_333]]) {
        const order = orderOf(amounts)
        const document = await delivered(gateway, order)
        const { amount_total: total, amount_tax: tax } = await totalsOf(document)
        expect(Math.round(total * 100)).toBe(order.money.total)
        expect(tax).toBeGreaterThan(0)
        expect(await contentOf(gateway, order)).toEqual(['confirm', 'same'])
      }
    })

    it('that is on top of the price, follow an edit', async () => {
      const gateway = gatewayWith({ tax: { name: MADE.taxOnTop }, products: { rounding: MADE.rounding } })
      const order = orderOf([10_000])
      const document = await delivered(gateway, order)
      const [line] = order.lines
      if (!line) throw new Error('the order has lines')
      const edited: Order = {
        ...order,
        lines: [{ ...line, quantity: 3, amount: 30_000, net: 30_000 }],
        money: { ...order.money, total: 30_000 },
      }
      const amendment = await gateway.amend({ ...writeOf(edited, document), document })
      documentOf(await gateway.send(requestOf(amendment), context()))
      expect(await totalsOf(document)).toMatchObject({ amount_total: 300 })
      expect(await contentOf(gateway, edited)).toEqual(['confirm', 'same'])
    })

    it('that is on top of the price, refuse a total that cannot be had, and write nothing', async () => {
      const gateway = gatewayWith({ tax: { name: MADE.taxOnTop } })
      const order = orderOf([10_000])
      const sent = await gateway.send(requestOf(await gateway.place(writeOf(order), 'create')), context())
      expect(sent).toMatchObject({
        ok: false,
        failure: { class: 'Invalid', message: expect.stringMatching(/100\.01.*100\.00/) },
      })
      expect(await contentOf(gateway, order)).toEqual(['absent'])
    })

    it('that the shop charged, make it Odoo’s own', async () => {
      const gateway = gatewayWith({
        tax: { name: MADE.taxOnTop, charged: true },
        products: { rounding: MADE.rounding, shipping: MADE.rounding },
      })
      const order = orderOf([10_000, 2_000], { tax: 1_560, shipping: 800 })
      const document = await delivered(gateway, order)
      expect(await totalsOf(document)).toEqual({ amount_total: 143.6, amount_tax: 15.6 })
      expect(await contentOf(gateway, order)).toEqual(['confirm', 'same'])
    })
  })
})
