import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import type { Tax } from '#adapters/erp/odoo/desk.ts'
import { type PricedLine, priceLines } from '#adapters/erp/odoo/prices.ts'
import { sheetOf } from '#adapters/erp/odoo/sheet.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import type { Order } from '#contracts/order.ts'
import { lineReference } from '#domain/reference.ts'
import { canonicalOrder } from '../../../../support/canonical-order.ts'

type Input = Partial<z.input<typeof OdooTargetSchema>>
const ROUNDING = { rounding: 'ROUNDING' }
const CHARGED = { name: '13%', charged: true }

/** Lines of these amounts, and what the shop adds. */
const orderOf = (amounts: readonly number[], money: Partial<Order['money']> = {}): Order => {
  const order = canonicalOrder()
  const [first] = order.lines
  if (!first) throw new Error('the order has lines')
  const lines = amounts.map((amount, index) => ({
    ...first,
    recId: String(index + 1),
    unitPrice: amount,
    amount,
    net: amount,
  }))
  const added = Object.values(money).reduce((sum, one) => sum + one, 0)
  const total = amounts.reduce((sum, amount) => sum + amount, added)
  return { ...order, lines, money: { ...order.money, ...money, total } }
}
const tax = (change: Partial<Tax> = {}): Tax => ({
  id: 1,
  name: '13%',
  amount: 13,
  kind: 'percent',
  included: false,
  ...change,
})

function pricesOf(order: Order, target: Input, taxes: readonly Tax[] = [tax()]) {
  const parsed = OdooTargetSchema.parse({
    url: 'https://erp.example',
    database: 'shop',
    login: 'sync',
    ...target,
  })
  const sheet = sheetOf(
    {
      order,
      reference: 'EC-1',
      identity: '1.1',
      lineReference: ({ recId }) => lineReference('EC-1', recId),
    },
    parsed,
    { order: {}, line: {}, partner: {} },
  )
  if (!sheet.ok) return sheet
  const roundingProduct = parsed.products.rounding
  return priceLines(sheet.value, { taxesOf: () => taxes, rounding: 'line', roundingProduct })
}
const shown = (lines: readonly PricedLine[]) =>
  lines.map(({ code, price, untaxed }) => [code, price, untaxed])
const pricesIn = (...args: Parameters<typeof pricesOf>) => {
  const lines = pricesOf(...args)
  if (!lines.ok) throw new Error(lines.failure.message)
  return shown(lines.value)
}

describe('prices that leave the buyer’s amount with a tax on top', () => {
  it('are what is left without the tax', () => {
    expect(pricesIn(orderOf([11_300, 2_260]), {})).toEqual([
      ['TEE-L', 10_000, false],
      ['TEE-L', 2_000, false],
    ])
  })

  // Nothing and 13 % of it make 100.00: 88.49 and its tax are 99.99, 88.50 and its tax are 100.01.
  it('let a line make up for the cent that another one misses', () => {
    expect(pricesIn(orderOf([10_000, 10_000]), {})).toEqual([
      ['TEE-L', 8_850, false],
      ['TEE-L', 8_849, false],
    ])
  })

  it('put a cent that none makes up for on a line without tax', () => {
    expect(pricesIn(orderOf([10_000]), { products: ROUNDING })).toEqual([
      ['TEE-L', 8_850, false],
      ['ROUNDING', -1, true],
    ])
  })

  it('are refused with both totals where no product takes that cent', () => {
    expect(pricesOf(orderOf([10_000]), {})).toMatchObject({
      ok: false,
      failure: {
        class: 'Invalid',
        field: 'odoo.products.rounding',
        message: expect.stringMatching(
          /100\.01 CNY in Odoo, 100\.00 CNY in the shop.*odoo\.products\.rounding/,
        ),
      },
    })
  })

  it.each([
    ['no percentage', [tax({ kind: 'fixed' })], /no percentage/],
    ['not alone', [tax(), tax({ id: 2, name: '1%', amount: 1 })], /another/],
  ])('are refused for a tax that is %s', (_what, taxes, message) => {
    const prices = pricesOf(orderOf([10_000]), { products: ROUNDING }, taxes)
    expect(prices).toMatchObject({ ok: false, failure: { class: 'Invalid', field: 'odoo.tax' } })
    expect(prices).toMatchObject({ failure: { message: expect.stringMatching(message) } })
  })

  it('are the buyer’s for a tax that is included', () => {
    expect(pricesIn(orderOf([10_000]), {}, [tax({ included: true })])).toEqual([['TEE-L', 10_000, false]])
  })
})

describe('a tax that the shop charges on top of its prices', () => {
  const target = { tax: CHARGED, products: { ...ROUNDING, shipping: 'SHIP' } }

  it('goes on the goods at the shop’s prices, and on nothing else', () => {
    expect(pricesIn(orderOf([10_000, 2_000], { tax: 1_560, shipping: 800 }), target)).toEqual([
      ['TEE-L', 10_000, false],
      ['TEE-L', 2_000, false],
      ['SHIP', 800, true],
    ])
  })

  it('is not there on an order it was not charged on', () => {
    expect(pricesIn(orderOf([10_000]), target)).toEqual([['TEE-L', 10_000, true]])
  })

  // 13 % of 19.90 is 2.587: twice that is 5.17 for the shop, and 2.59 for each line in Odoo.
  it('may differ by the cents of its rounding', () => {
    expect(pricesIn(orderOf([1_990, 1_990], { tax: 517 }), target).at(-1)).toEqual(['ROUNDING', -1, true])
  })

  it('is refused with both totals where it is another than Odoo’s', () => {
    expect(pricesOf(orderOf([10_000], { tax: 600 }), target)).toMatchObject({
      ok: false,
      failure: {
        class: 'Invalid',
        field: 'odoo.tax',
        message: expect.stringMatching(/charged 6\.00 of tax.*113\.00 CNY in Odoo, 106\.00 CNY in the shop/),
      },
    })
  })

  it('is a line where it is not the tax of the lines', () => {
    const asLine = { products: { tax: 'FEE' } }
    expect(pricesIn(orderOf([10_000], { tax: 600 }), asLine, [])).toEqual([
      ['TEE-L', 10_000, false],
      ['FEE', 600, false],
    ])
  })
})
