import * as z from 'zod'
import { type Attempt, done } from './attempt.ts'
import { fieldsNamed, IdSchema, readNested, TextSchema } from './records.ts'
import type { Session } from './session.ts'

const MoveSchema = z.object({
  id: IdSchema,
  product_id: z.object({ id: IdSchema, default_code: TextSchema }),
  product_uom_qty: z.number(),
  sale_line_id: z.union([IdSchema, z.literal(false)]),
})

interface Goods {
  readonly sku: string
  readonly quantity: number
  readonly saleLine: number | undefined
}

/** What a transfer is of, its part that is still to come included. */
export async function goodsOf(session: Session, picking: number): Promise<Attempt<Goods[]>> {
  const read = await readNested(
    session,
    'stock.move',
    ['|', ['picking_id', '=', picking], ['picking_id.backorder_id', '=', picking], ['state', '!=', 'cancel']],
    {
      ...fieldsNamed(['product_uom_qty', 'sale_line_id']),
      product_id: { fields: fieldsNamed(['default_code']) },
    },
    MoveSchema,
  )
  if (!read.ok) return read
  return done(
    read.value.map(
      ({ product_id: { default_code: sku }, product_uom_qty: quantity, sale_line_id: line }) => ({
        sku,
        quantity,
        saleLine: line === false ? undefined : line,
      }),
    ),
  )
}

/** One text for the same goods, however they are split. */
export function piecesOf(goods: readonly Pick<Goods, 'sku' | 'quantity'>[]): string {
  const sums = new Map<string, number>()
  for (const { sku, quantity } of goods) sums.set(sku, (sums.get(sku) ?? 0) + quantity)
  return JSON.stringify([...sums].toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
