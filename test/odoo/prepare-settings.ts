import * as z from 'zod'
import { OdooRaised, type OdooRpc } from '../support/odoo-rpc.ts'
import { createProduct } from './products.ts'

/** What the settings of a target can name, as an administrator would have made it. */
export const MADE = {
  taxOnTop: 'Sync test 13% on top',
  taxIncluded: 'Sync test 13% included',
  rounding: 'SYNC-ROUND',
  pricelist: 'Sync test CNY',
  term: 'Sync test 15 days',
  journal: 'Sync test sales',
  orderText: 'x_sync_channel',
  orderNumber: 'x_sync_points',
  lineText: 'x_sync_source',
} as const

const FoundSchema = z.array(z.object({ id: z.int() }))

/** @returns whether all of it is there now; making it takes an administrator */
export async function prepareSettings(rpc: OdooRpc): Promise<boolean> {
  try {
    await make(rpc)
    return true
  } catch (error) {
    if (error instanceof OdooRaised) return false
    throw error
  }
}

async function make(rpc: OdooRpc): Promise<void> {
  const find = async (model: string, domain: readonly unknown[]) => {
    const [found] = await rpc.call(FoundSchema, model, 'search_read', [], { domain, fields: ['id'] })
    return found?.id
  }
  const there = async (model: string, domain: readonly unknown[], values: object) =>
    (await find(model, domain)) ?? rpc.call(z.int(), model, 'create', [values])

  const fields = await rpc.call(z.record(z.string(), z.unknown()), 'account.tax', 'fields_get', [], {
    attributes: ['type'],
  })
  const included = (is: boolean) =>
    'price_include_override' in fields
      ? { price_include_override: is ? 'tax_included' : 'tax_excluded' }
      : { price_include: is }
  for (const [name, is] of [[MADE.taxOnTop, false] as const, [MADE.taxIncluded, true] as const])
    await there('account.tax', [['name', '=', name]], {
      name,
      amount: 13,
      amount_type: 'percent',
      type_tax_use: 'sale',
      ...included(is),
    })
  if (!(await find('product.product', [['default_code', '=', MADE.rounding]])))
    await createProduct(rpc, MADE.rounding)
  const currency = await find('res.currency', [['name', '=', 'CNY']])
  await there('product.pricelist', [['name', '=', MADE.pricelist]], {
    name: MADE.pricelist,
    currency_id: currency ?? false,
  })
  await there('account.payment.term', [['name', '=', MADE.term]], { name: MADE.term })
  await there('account.journal', [['name', '=', MADE.journal]], {
    name: MADE.journal,
    code: 'SYNCT',
    type: 'sale',
  })
  for (const [model, name, ttype] of [
    ['sale.order', MADE.orderText, 'char'],
    ['sale.order', MADE.orderNumber, 'integer'],
    ['sale.order.line', MADE.lineText, 'char'],
  ] as const) {
    const known = [
      ['model', '=', model],
      ['name', '=', name],
    ]
    const owner = await find('ir.model', [['model', '=', model]])
    await there('ir.model.fields', known, { model_id: owner ?? false, name, field_description: name, ttype })
  }
}
