import * as z from 'zod'
import { TicketStepSchema } from './progress.ts'
import { TicketTypeSchema } from './ticket.ts'

/** Odoo 17 to 19 as a target (docs/guides/erp-odoo.md). Everything named here is a name or code in Odoo, never a database id. */

const Code = z.string().min(1).max(64)
const Name = z.string().min(1).max(100)

export const OdooTargetSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe(
      'the address of the web client, e.g. "https://erp.example.com"; plain http only inside a trusted network',
    ),
  database: z.string().min(1),
  login: z.string().min(1).describe('whose API key it is; its rights decide what the adapter may do'),
  protocol: z
    .enum(['auto', 'json2', 'jsonrpc'])
    .default('auto')
    .describe('auto: JSON-2 where the server has it (19 and later), JSON-RPC before'),
  confirm: z.boolean().default(true).describe('false: quotations are left for a person to confirm'),
  customer: z
    .discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('per-buyer') }),
      z.strictObject({
        mode: z.literal('collective'),
        reference: Code.describe('Internal Reference of the one contact all orders are for'),
      }),
    ])
    .default({ mode: 'per-buyer' }),
  products: z
    .strictObject({
      shipping: Code.optional(),
      insurance: Code.optional(),
      surcharge: Code.optional(),
      pack: Code.optional(),
      card: Code.optional(),
      tax: Code.optional().describe('for the tax that the shop charged on top'),
      rounding: Code.optional().describe(
        'for the cent by which a tax on top may miss the shop’s total; a line without tax',
      ),
      discount: Code.optional().describe('for what was given on the order as a whole; a negative line'),
    })
    .default({})
    .describe(
      'Internal References of the products that stand for charges; one that is needed and not named parks the order',
    ),
  tax: z
    .union([
      z.enum(['product', 'none']),
      z.strictObject({
        name: z.string().min(1),
        charged: z
          .boolean()
          .default(false)
          .describe(
            'it is the tax the shop puts on top of its prices: it goes on the goods of orders the shop charged it on, at the shop’s prices, and on nothing else',
          ),
      }),
    ])
    .default('none')
    .describe(
      'of every line: what the product says, none, or the sales tax of this name, included in the price or on top of it',
    ),
  warehouse: Code.optional().describe('short name (code) of the warehouse'),
  pricelist: z.string().optional().describe('its name; its currency must be the shop’s'),
  paymentTerms: z
    .record(z.string(), z.string())
    .default({})
    .describe('ECShop’s pay_code → name of the payment term; "*" for any other'),
  journal: z.string().optional().describe('name of the invoicing journal'),
  trackingWaitMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(0)
    .describe(
      'so long after a delivery left its tracking number is waited for, before the shop is told; 0: it is told at once',
    ),
  tickets: z
    .strictObject({
      project: Name.describe('the project whose tasks they are; its stages are the desk’s'),
      stages: z
        .partialRecord(TicketStepSchema, z.union([Name, z.array(Name).min(1).max(20)]))
        .default({})
        .describe(
          'step → name of the stage, or names: a task that a person moves there tells this step to the shop; other stages tell nothing',
        ),
      tags: z
        .partialRecord(TicketTypeSchema, Name)
        .default({})
        .describe('type of the ticket → tag of the task; made where it is missing'),
      language: z.enum(['zh', 'en']).default('zh').describe('of the headings in a task'),
    })
    .optional()
    .describe('service tickets as tasks; needs the app Project'),
  returns: z
    .strictObject({
      creditNotes: z
        .enum(['none', 'draft', 'posted'])
        .default('none')
        .describe(
          'for an order that has a posted invoice; needs the right “Billing”. none: a refund is noted on the order for a person',
        ),
      refundProduct: Code.optional().describe(
        'Internal Reference of what a refund without goods is for; needed for its credit note',
      ),
    })
    .optional()
    .describe('goods that came back as return deliveries, and money that was given back'),
  parts: z
    .strictObject({
      operation: Name.describe('name of the operation type, e.g. "Delivery Orders"'),
      warehouse: Code.optional().describe('short name of its warehouse, where more than one has that name'),
    })
    .optional()
    .describe('spare parts that a service desk asks for, as transfers that reserve them'),
  mapping: z
    .string()
    .optional()
    .describe(
      'a JSONata file beside the configuration: gives {"order": {…}, "line": {…}, "partner": {…}}, fields that are added or replaced',
    ),
})
export type OdooTarget = z.infer<typeof OdooTargetSchema>
