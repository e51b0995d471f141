import { createHash } from 'node:crypto'
import * as z from 'zod'
import { type Progress, ProgressSchema } from '#contracts/progress.ts'
import { type Attempt, done } from './attempt.ts'
import { changesFrom, instantOf } from './changes.ts'
import { referenceIn } from './external-ids.ts'
import type { ReadChanges, Step } from './feed.ts'
import { ourNames } from './held-order.ts'
import { knownFields, type ReadDeps } from './reading.ts'
import { fieldsNamed, IdSchema, readNested, TextSchema } from './records.ts'
import type { Session } from './session.ts'

const PAGE = 200

const LinkSchema = z.union([IdSchema, z.literal(false)])
const PickingSchema = z.object({
  id: IdSchema,
  state: z.string(),
  create_date: z.string(),
  write_date: z.string(),
  date_done: TextSchema,
  picking_type_code: TextSchema,
  sale_id: IdSchema,
  return_id: LinkSchema,
  carrier_tracking_ref: TextSchema.optional(),
  carrier_id: z.union([z.object({ display_name: TextSchema }), z.literal(false)]).optional(),
})
type Picking = z.infer<typeof PickingSchema>

interface Returned {
  readonly id: number
  readonly reference: string
  readonly order: number
  /** Naive UTC; empty while it is under way. */
  readonly done: string
}

/** Returns that came in or were called off, and what left for their orders after they had come. */
export function pickingFeed(deps: ReadDeps): ReadChanges {
  return async (session, place) => {
    const known = await knownFields(deps, session, 'stock.picking')
    if (!known.ok) return known
    const read = await readNested(
      session,
      'stock.picking',
      [['state', 'in', ['done', 'cancel']], ['sale_id', '!=', false], ...changesFrom(place)],
      pickingFields(known.value),
      PickingSchema,
      { order: 'id', limit: PAGE },
    )
    if (!read.ok) return read
    const left = read.value.filter(isDeparture)
    const returned = await returnsOf(session, read.value, left)
    if (!returned.ok) return returned
    const own = new Map(returned.value.map((one) => [one.id, one]))
    const steps = read.value.flatMap((picking): Step[] => {
      const mine = own.get(picking.id)
      const progress = mine ? endOf(picking, mine) : replacementOf(picking, returned.value)
      return progress ? [{ stamp: picking.write_date, progress }] : []
    })
    return done({ changed: read.value, isLast: read.value.length < PAGE, steps, unreadable: [] })
  }
}

function pickingFields(known: ReadonlyMap<string, string>) {
  const plain = [
    'state',
    'create_date',
    'write_date',
    'date_done',
    'picking_type_code',
    'sale_id',
    'return_id',
  ]
  return {
    ...fieldsNamed(plain),
    ...(known.has('carrier_tracking_ref') ? { carrier_tracking_ref: {} } : {}),
    ...(known.has('carrier_id') ? { carrier_id: { fields: fieldsNamed(['display_name']) } } : {}),
  }
}

const isDeparture = ({ state, picking_type_code: code }: Picking) => state === 'done' && code === 'outgoing'

/** Returns of ours: on the page, and those of the orders for which something left. */
async function returnsOf(
  session: Session,
  page: readonly Picking[],
  left: readonly Picking[],
): Promise<Attempt<Returned[]>> {
  const orders = [...new Set(left.map(({ sale_id: order }) => order))]
  const others =
    orders.length === 0
      ? done([])
      : await readNested(
          session,
          'stock.picking',
          [
            ['sale_id', 'in', orders],
            ['picking_type_code', '!=', 'outgoing'],
          ],
          fieldsNamed(['date_done', 'sale_id']),
          PickingSchema.pick({ id: true, date_done: true, sale_id: true }),
        )
  if (!others.ok) return others
  const all = new Map([...page, ...others.value].map((one) => [one.id, one]))
  const names = await ourNames(session, 'stock.picking', [...all.keys()])
  if (!names.ok) return names
  return done(
    [...all.values()].flatMap(({ id, sale_id: order, date_done: stamp }) => {
      const reference = referenceIn(names.value.get(id) ?? '', 'rp')
      return reference === undefined ? [] : [{ id, reference, order, done: stamp }]
    }),
  )
}

function endOf(
  { id, state, date_done: when, write_date: written }: Picking,
  { reference }: Returned,
): Progress {
  return state === 'done'
    ? progressOf(reference, `picking-${id}-done`, when || written, 'received')
    : progressOf(reference, `picking-${id}-cancel`, written, 'refused')
}

/** A delivery that was made once the goods were back, or by Odoo’s own exchange. A second is long: the id tells which came first. */
function replacementOf(picking: Picking, returned: readonly Returned[]): Progress | undefined {
  if (!isDeparture(picking)) return undefined
  const { id, sale_id: order, create_date: made, date_done: when, return_id: back } = picking
  const before = returned
    .filter(
      (one) => one.order === order && one.id < id && one.done !== '' && (one.done <= made || one.id === back),
    )
    .toSorted((one, other) => (one.done < other.done ? -1 : 1))
    .at(-1)
  if (!before) return undefined
  const { carrier_tracking_ref: tracking = '', carrier_id: carrier } = picking
  const numbers = [...new Set(tracking.split(/[\s,;，；、]+/).filter((number) => number !== ''))]
  // A number that is entered later is another step.
  const mark =
    numbers.length === 0 ? '' : `-${createHash('sha256').update(numbers.join()).digest('hex').slice(0, 8)}`
  return progressOf(before.reference, `picking-${id}-sent${mark}`, when, 'replacement-shipped', {
    parcels: numbers.slice(0, 10).map((number) => ({
      carrier: (carrier ? carrier.display_name : '').slice(0, 60),
      tracking: number.slice(0, 50),
    })),
  })
}

function progressOf(
  reference: string,
  id: string,
  stamp: string,
  step: (Progress & { of: 'return' })['step'],
  more: Pick<z.input<typeof ProgressSchema>, 'parcels' | 'note'> = {},
): Progress {
  const at = new Date(instantOf(stamp)).toISOString()
  return ProgressSchema.parse({ of: 'return', id, reference, at, step, ...more })
}

const CreditNoteSchema = z.object({
  id: IdSchema,
  write_date: z.string(),
  amount_total: z.number(),
  currency_id: z.object({ name: z.string() }),
})

/** Credit notes of ours that somebody, or we, posted. */
export function creditNoteFeed(): ReadChanges {
  return async (session, place) => {
    const read = await readNested(
      session,
      'account.move',
      [['move_type', '=', 'out_refund'], ['state', '=', 'posted'], ...changesFrom(place)],
      { ...fieldsNamed(['write_date', 'amount_total']), currency_id: { fields: fieldsNamed(['name']) } },
      CreditNoteSchema,
      { order: 'id', limit: PAGE },
    )
    if (!read.ok) return read
    const names = await ourNames(
      session,
      'account.move',
      read.value.map(({ id }) => id),
    )
    if (!names.ok) return names
    const steps = read.value.flatMap(
      ({ id, write_date: stamp, amount_total: amount, currency_id }): Step[] => {
        const reference = referenceIn(names.value.get(id) ?? '', 'cn')
        if (reference === undefined) return []
        const note = `${amount.toFixed(2)} ${currency_id.name}`
        return [{ stamp, progress: progressOf(reference, `move-${id}-posted`, stamp, 'refunded', { note }) }]
      },
    )
    return done({ changed: read.value, isLast: read.value.length < PAGE, steps, unreadable: [] })
  }
}
