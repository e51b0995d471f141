import * as z from 'zod'
import type { Commitment, CommittedItem, ErpCommitments } from '#ports/erp-reads.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { orderName } from './external-ids.ts'
import { minorOf, ourNames } from './held-order.ts'
import { addUp, answered, knownFields, type ReadDeps } from './reading.ts'
import { fieldsNamed, IdSchema, readNested, recordId, TextSchema } from './records.ts'
import type { Session } from './session.ts'

const MOST_REFERENCES = 100
/** Look-ups at once, of orders that Odoo does not find by what they say of themselves. */
const AT_ONCE = 4

const UsageSchema = z.union([z.object({ usage: z.string() }), z.literal(false)])
const MoveSchema = z.object({
  state: z.string(),
  product_id: z.object({ id: IdSchema }),
  location_id: UsageSchema,
  location_dest_id: UsageSchema,
  move_line_ids: z.array(z.object({ quantity_product_uom: z.number() })),
})
const LineSchema = z.object({
  /** A section or a note has none. */
  product_id: z.union([z.object({ id: IdSchema, default_code: TextSchema }), z.literal(false)]),
  product_uom_qty: z.number(),
  qty_delivered: z.number(),
  move_ids: z.array(MoveSchema).optional(),
})
const OrderSchema = z.object({
  id: IdSchema,
  state: z.string(),
  amount_total: z.number(),
  order_line: z.array(LineSchema),
})
type Order = z.infer<typeof OrderSchema>

const MOVE = {
  state: {},
  product_id: { fields: {} },
  location_id: { fields: fieldsNamed(['usage']) },
  location_dest_id: { fields: fieldsNamed(['usage']) },
  move_line_ids: { fields: fieldsNamed(['quantity_product_uom']) },
}

/** What sale orders of ours hold: what was ordered, what is reserved for them, and what left. */
export function createCommitments(deps: ReadDeps): ErpCommitments {
  async function orders(session: Session, domain: unknown[]) {
    const fields = await knownFields(deps, session, 'sale.order.line')
    if (!fields.ok) return fields
    const lines = {
      ...fieldsNamed(['product_uom_qty', 'qty_delivered']),
      product_id: { fields: fieldsNamed(['default_code']) },
      // Without the app Inventory there are none.
      ...(fields.value.has('move_ids') ? { move_ids: { fields: MOVE } } : {}),
    }
    return readNested(
      session,
      'sale.order',
      domain,
      { ...fieldsNamed(['state', 'amount_total']), order_line: { fields: lines } },
      OrderSchema,
    )
  }

  async function commitments(session: Session, references: readonly string[]) {
    const said = await orders(session, [['origin', 'in', references]])
    if (!said.ok) return said
    // Anybody can write there; the external id says whose it is.
    const names = await ourNames(
      session,
      'sale.order',
      said.value.map(({ id }) => id),
    )
    if (!names.ok) return names
    const byName = new Map(said.value.map((order) => [names.value.get(order.id), order]))
    const found = new Map<string, Order>()
    for (const reference of references) {
      const order = byName.get(orderName(reference))
      if (order) found.set(reference, order)
    }

    const missing = references.filter((reference) => !found.has(reference))
    const others = await lookUp(session, missing)
    if (!others.ok) return others
    if (others.value.size > 0) {
      const read = await orders(session, [['id', 'in', [...others.value.values()]]])
      if (!read.ok) return read
      for (const [reference, id] of others.value) {
        const order = read.value.find((one) => one.id === id)
        if (!order)
          return refused(
            'AuthDenied',
            'the login may not read an order of ours: give it the right to all sales documents',
          )
        found.set(reference, order)
      }
    }
    return done(new Map(references.map((reference) => [reference, commitmentOf(found.get(reference))])))
  }

  return {
    maxReferences: MOST_REFERENCES,
    read: (references, context) =>
      references.length === 0
        ? Promise.resolve({ is: 'ok', value: new Map() })
        : answered(deps, context, (session) => commitments(session, references)),
  }
}

/** Database ids of those that are there; of the others Odoo said that they are not. */
async function lookUp(
  session: Session,
  references: readonly string[],
): Promise<Attempt<Map<string, number>>> {
  const found = new Map<string, number>()
  for (let from = 0; from < references.length; from += AT_ONCE) {
    const some = references.slice(from, from + AT_ONCE)
    const ids = await Promise.all(
      some.map((reference) => recordId(session, 'sale.order', orderName(reference))),
    )
    for (const [index, id] of ids.entries()) {
      if (!id.ok) return id
      if (id.value !== undefined) found.set(some[index] ?? '', id.value)
    }
  }
  return done(found)
}

function commitmentOf(order: Order | undefined): Commitment {
  if (!order) return { state: 'absent', items: [] }
  const items = order.order_line.flatMap((line): CommittedItem[] => {
    const { product_id: product, product_uom_qty: ordered } = line
    return product && product.default_code !== '' && ordered !== 0
      ? [{ sku: product.default_code, ordered, ...movedOf(line, product.id) }]
      : []
  })
  return {
    state: order.state === 'cancel' ? 'cancelled' : 'live',
    total: minorOf(order.amount_total),
    items: [...Map.groupBy(items, ({ sku }) => sku)].map(([sku, same]) => summed(sku, same)),
  }
}

/**
 * Of all moves of the line, because in a warehouse that picks before it ships the first of them reserves. A kit's moves are
 * of what is in it: of the kit itself nothing is known.
 */
function movedOf(
  { move_ids: all, qty_delivered: delivered }: z.infer<typeof LineSchema>,
  product: number,
): Pick<CommittedItem, 'reserved' | 'shipped'> {
  if (!all) return { shipped: delivered }
  const moves = all.filter(({ product_id: { id } }) => id === product)
  const open = moves.filter(({ state, location_id: from }) => isOpen(state) && usageOf(from) === 'internal')
  const left = moves.filter(
    ({ state, location_id: from, location_dest_id: to }) =>
      state === 'done' && usageOf(to) === 'customer' && usageOf(from) !== 'customer',
  )
  return { reserved: piecesOf(open), shipped: piecesOf(left) }
}

const isOpen = (state: string) => state !== 'done' && state !== 'cancel'
const usageOf = (location: z.infer<typeof UsageSchema>) => (location === false ? undefined : location.usage)
const piecesOf = (moves: readonly z.infer<typeof MoveSchema>[]) =>
  addUp(moves.flatMap(({ move_line_ids: lines }) => lines.map((line) => line.quantity_product_uom)))

function summed(sku: string, items: readonly CommittedItem[]): CommittedItem {
  const told = items.flatMap(({ reserved }) => reserved ?? [])
  return {
    sku,
    ordered: addUp(items.map(({ ordered }) => ordered)),
    ...(told.length > 0 ? { reserved: addUp(told) } : {}),
    shipped: addUp(items.map(({ shipped }) => shipped)),
  }
}
