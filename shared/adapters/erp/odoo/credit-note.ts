import * as z from 'zod'
import { type Attempt, done } from './attempt.ts'
import { fullId, thingName } from './external-ids.ts'
import { load, type Row } from './load.ts'
import { fieldsNamed, IdSchema, readNested } from './records.ts'
import type { Session } from './session.ts'

const MODEL = 'account.move'

/** What of an invoice is given back. */
export interface Credited {
  readonly invoice: number
  readonly partner: number
  readonly journal: number
  readonly currency: number
  readonly lines: readonly {
    readonly product: number
    readonly quantity: number
    readonly price: number
    readonly discount?: number
    readonly taxes: readonly number[]
    /** The order’s, so that it counts as invoiced no longer. */
    readonly saleLine?: number
  }[]
}

/** Pieces of a line of the order. */
export interface ReturnedLine {
  readonly saleLine: number
  readonly quantity: number
}

const LinkSchema = z.union([IdSchema, z.literal(false)])
const LineSchema = z.object({
  id: IdSchema,
  move_id: z.object({
    id: IdSchema,
    move_type: z.string(),
    partner_id: IdSchema,
    journal_id: IdSchema,
    currency_id: IdSchema,
  }),
  sale_line_ids: z.array(IdSchema),
  product_id: LinkSchema,
  quantity: z.number(),
  price_unit: z.number(),
  discount: z.number(),
  tax_ids: z.array(IdSchema),
})
type Line = z.infer<typeof LineSchema>

/**
 * What posted invoices of the order have of the goods, less what was credited before; the newest invoice is the one that is
 * reversed. Undefined: there is nothing to credit.
 * @param returned absent: only the invoice is asked for
 */
export async function creditable(
  session: Session,
  order: number,
  returned: readonly ReturnedLine[] | undefined,
): Promise<Attempt<Credited | undefined>> {
  const read = await readNested(
    session,
    'account.move.line',
    [
      ['sale_line_ids.order_id', '=', order],
      ['parent_state', '=', 'posted'],
      ['display_type', '=', 'product'],
    ],
    {
      ...fieldsNamed(['sale_line_ids', 'product_id', 'quantity', 'price_unit', 'discount', 'tax_ids']),
      move_id: { fields: fieldsNamed(['move_type', 'partner_id', 'journal_id', 'currency_id']) },
    },
    LineSchema,
    { order: 'id' },
  )
  if (!read.ok) return read
  const invoiced = read.value.filter(({ move_id: move }) => move.move_type === 'out_invoice')
  const credited = read.value.filter(({ move_id: move }) => move.move_type === 'out_refund')
  const newest = invoiced.at(-1)?.move_id
  if (!newest) return done(undefined)
  const lines = (returned ?? []).flatMap((line) => creditedLines(line, invoiced, credited))
  if (returned && lines.length === 0) return done(undefined)
  const { id: invoice, partner_id: partner, journal_id: journal, currency_id: currency } = newest
  return done({ invoice, partner, journal, currency, lines })
}

function creditedLines(
  { saleLine, quantity }: ReturnedLine,
  invoiced: readonly Line[],
  credited: readonly Line[],
): Credited['lines'] {
  const isOfLine = ({ sale_line_ids: lines }: Line) => lines.includes(saleLine)
  const [first] = invoiced.filter(isOfLine)
  if (!first || first.product_id === false) return []
  const sum = (lines: readonly Line[]) =>
    lines.filter(isOfLine).reduce((total, line) => total + line.quantity, 0)
  const pieces = Math.min(quantity, sum(invoiced) - sum(credited))
  if (pieces <= 0) return []
  const { product_id: product, price_unit: price, discount, tax_ids: taxes } = first
  return [{ product, quantity: pieces, price, discount, taxes, saleLine }]
}

/** A draft, in one transaction: the same one however often it is written. */
export function writeCreditNote(
  session: Session,
  reference: string,
  { invoice, partner, journal, currency, lines }: Credited,
): Promise<Attempt<number>> {
  const head = {
    id: fullId(thingName('cn', reference)),
    move_type: 'out_refund',
    ref: reference,
    'partner_id/.id': String(partner),
    'journal_id/.id': String(journal),
    'currency_id/.id': String(currency),
    'reversed_entry_id/.id': String(invoice),
  }
  const rows = lines.map((line): Row => {
    const row: Row = {
      'product_id/.id': String(line.product),
      quantity: String(line.quantity),
      price_unit: String(line.price),
      discount: String(line.discount ?? 0),
      'tax_ids/.id': line.taxes.join(','),
      'sale_line_ids/.id': line.saleLine === undefined ? '' : String(line.saleLine),
    }
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [`invoice_line_ids/${name}`, value]))
  })
  return load(session, MODEL, head, rows, 'create-only')
}
