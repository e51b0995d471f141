import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ErpDocument, FoundDocument, ReturnWrite } from '#ports/erp-gateway.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { type Credited, creditable, type ReturnedLine, writeCreditNote } from './credit-note.ts'
import type { Desk } from './desk.ts'
import { fullId, orderName, recIdOf, thingName } from './external-ids.ts'
import { minorOf, ourNames } from './held-order.ts'
import { htmlOf, textOf } from './html.ts'
import type { Kind } from './kind-gateway.ts'
import { load, type Row } from './load.ts'
import { fieldsNamed, fieldsOf, IdSchema, productsBy, readNested, recordId, TextSchema } from './records.ts'
import type { Session } from './session.ts'
import { goodsOf, piecesOf } from './transferred.ts'

const CREATE = 'create'
const READY = 'ready'
const REFUND = 'refund'
const PICKING = 'stock.picking'
const NOTE = 'mail.message'
const MOVE = 'account.move'

type Config = NonNullable<OdooTarget['returns']>

const ReturnSheetSchema = z.strictObject({
  type: z.enum(['goods', 'refund']),
  order: z.string().describe('its reference, with generation'),
  lines: z.array(z.strictObject({ recIds: z.array(z.string()), sku: z.string(), quantity: z.int() })),
  amount: z.int().optional().describe('minor units'),
  note: z.string().describe('HTML'),
})
type ReturnSheet = z.infer<typeof ReturnSheetSchema>

/**
 * Goods that came back as a return of the order's deliveries, and their credit note; money that was given back as a credit
 * note, or as a note on the order for a person.
 */
export function returns(config: Config): Kind<ReturnWrite, ReturnSheet> {
  const steps: [string, ...string[]] =
    config.creditNotes === 'none' ? [CREATE, READY] : [CREATE, READY, REFUND]
  const whole = steps.at(-1) ?? CREATE

  /** Whatever there is of it in Odoo. */
  async function held(session: Session, reference: string): Promise<Attempt<Held | undefined>> {
    const found = await idsOf(session, reference)
    if (!found.ok) return found
    const { picking, creditNote, note } = found.value
    if (picking !== undefined) return heldPicking(session, picking, found.value)
    if (creditNote !== undefined) return heldCreditNote(session, creditNote)
    return done(note === undefined ? undefined : { is: NOTE, id: note })
  }

  function reached(document: Held): string {
    const open = config.creditNotes === 'posted' && 'draftNote' in document && document.draftNote
    switch (document.is) {
      case PICKING:
        if (document.state === 'draft') return CREATE
        return document.settled && !open ? whole : READY
      case MOVE:
        return open ? READY : whole
      case NOTE:
        return whole
    }
  }

  const documentOf = (document: Held): ErpDocument => ({
    id: document.is === PICKING ? String(document.id) : `${document.is},${document.id}`,
    ...('no' in document && !['', '/'].includes(document.no) ? { no: document.no } : {}),
    state: isCalledOff(document) ? 'cancelled' : 'live',
    step: reached(document),
  })

  /** What there is after a write. */
  async function now(session: Session, reference: string): Promise<Attempt<ErpDocument>> {
    const after = await held(session, reference)
    if (after.ok && after.value) return done(documentOf(after.value))
    return refused('UnknownOutcome', after.ok ? 'what was written is not there' : after.failure.message)
  }

  async function settle(desk: Desk, reference: string, order: number, document: Held) {
    const { session } = desk
    if ('draftNote' in document && document.draftNote !== undefined) {
      const posted =
        config.creditNotes === 'posted' ? await post(session, document.draftNote) : done(undefined)
      return posted.ok ? now(session, reference) : posted
    }
    if (document.is !== PICKING || document.settled) return done(documentOf(document))
    const returned = await returnedGoods(session, document.id)
    if (!returned.ok) return returned
    const invoiced = await creditable(session, order, returned.value)
    if (!invoiced.ok) return invoiced
    const made =
      invoiced.value === undefined
        ? await writeNote(session, reference, order, nothingInvoiced(reference, document.no))
        : await writeCreditNote(session, reference, invoiced.value)
    if (!made.ok) return made
    if (invoiced.value !== undefined && config.creditNotes === 'posted') {
      const posted = await post(session, made.value)
      // It is there as a draft; repeating this step goes on from here.
      if (!posted.ok) return posted
    }
    return now(session, reference)
  }

  return {
    abilities: { steps, amend: false, cancel: false },
    schema: ReturnSheetSchema,
    call: (_op, step) =>
      step === CREATE ? `${PICKING}/load` : step === READY ? `${PICKING}/action_confirm` : `${MOVE}/load`,
    sheetOf: (write) => done(sheetOf(write)),

    async find({ session }, reference, expected): Promise<Attempt<FoundDocument | undefined>> {
      const found = await held(session, reference)
      if (!found.ok || !found.value) return found.ok ? done(undefined) : found
      const document = documentOf(found.value)
      if (!expected) return done({ ...document, content: 'unknown' })
      const same = await isSame(session, found.value, expected)
      return same.ok ? done({ ...document, content: same.value ? 'same' : 'different' }) : same
    },

    async write(desk, { step, reference, sheet }) {
      if (!sheet) return refused('Unsupported', 'a return is not cancelled')
      const { session } = desk
      const known = await held(session, reference)
      if (!known.ok) return known
      const order = await orderId(session, sheet.order)
      if (!order.ok) return order
      if (step === CREATE) {
        if (known.value) return refused('DuplicateRef', 'Odoo has something of this reference')
        const made = await create(desk, sheet, reference, order.value, config)
        return made.ok ? now(session, reference) : made
      }
      if (!known.value) return refused('NotFound', 'Odoo has no return of this reference')
      if (isCalledOff(known.value)) return refused('NotFound', 'the return is cancelled in Odoo')
      if (step === REFUND) return settle(desk, reference, order.value, known.value)
      if (known.value.is !== PICKING || known.value.state !== 'draft') return done(documentOf(known.value))
      const ready = await session.write(
        { model: PICKING, method: 'action_confirm', ids: [known.value.id] },
        z.unknown(),
      )
      return ready.ok ? now(session, reference) : ready
    },
  }
}

type Held =
  | {
      readonly is: typeof PICKING
      readonly id: number
      readonly no: string
      readonly state: string
      /** Its credit note was made, or there was nothing to credit. */
      readonly settled: boolean
      readonly draftNote?: number
    }
  | {
      readonly is: typeof MOVE
      readonly id: number
      readonly no: string
      readonly state: string
      readonly total: number
      readonly draftNote?: number
    }
  | { readonly is: typeof NOTE; readonly id: number }

const isCalledOff = (document: Held) => 'state' in document && document.state === 'cancel'

function sheetOf({ return: back, order, reference }: ReturnWrite): ReturnSheet {
  const { type, refund, lines, currency, note, deliverySn, carrier, trackingNos } = back
  const amount = refund?.amount
  return {
    type,
    order: order?.reference ?? back.order.reference,
    lines: lines.map(({ recIds, sku, quantity }) => ({ recIds, sku, quantity })),
    ...(amount === undefined ? {} : { amount }),
    note: htmlOf([
      amount === undefined ? '' : `退款 / Refund ${(amount / 100).toFixed(2)} ${currency}`.trim(),
      [deliverySn, carrier, ...trackingNos].filter((text) => text !== '').join(' · '),
      note,
      reference,
    ]),
  }
}

const nothingInvoiced = (reference: string, picking: string) =>
  htmlOf([`退货 / Return ${picking} · 尚无已过账发票 / nothing posted to credit`, reference])

interface Ids {
  readonly picking: number | undefined
  readonly creditNote: number | undefined
  readonly note: number | undefined
}

/** `load` would make an entry or a note of a name alone: in doubt they are found by their reference. */
async function idsOf(session: Session, reference: string): Promise<Attempt<Ids>> {
  const picking = await recordId(session, PICKING, thingName('rp', reference))
  if (!picking.ok) return picking
  const creditNote = await recordId(session, MOVE, thingName('cn', reference), [['ref', '=', reference]])
  if (!creditNote.ok) return creditNote
  const note = await recordId(session, NOTE, thingName('rn', reference), [
    ['model', '=', 'sale.order'],
    ['body', 'ilike', reference],
  ])
  if (!note.ok) return note
  return done({ picking: picking.value, creditNote: creditNote.value, note: note.value })
}

const StateSchema = z.object({ id: IdSchema, name: TextSchema, state: z.string() })

async function stateOf(session: Session, model: string, id: number) {
  const read = await readNested(
    session,
    model,
    [['id', '=', id]],
    fieldsNamed(['name', 'state']),
    StateSchema,
  )
  if (!read.ok) return read
  const [one] = read.value
  return one ? done(one) : refused('AuthDenied', `the login may not read a record of ours (${model})`)
}

async function heldCreditNote(session: Session, id: number): Promise<Attempt<Held>> {
  const read = await readNested(
    session,
    MOVE,
    [['id', '=', id]],
    fieldsNamed(['name', 'state', 'amount_total']),
    StateSchema.extend({ amount_total: z.number() }),
  )
  if (!read.ok) return read
  const [one] = read.value
  if (!one) return refused('AuthDenied', 'the login may not read a credit note of ours')
  const { name: no, state, amount_total: total } = one
  return done({ is: MOVE, id, no, state, total, ...(state === 'draft' ? { draftNote: id } : {}) })
}

async function heldPicking(session: Session, id: number, { creditNote, note }: Ids): Promise<Attempt<Held>> {
  const read = await stateOf(session, PICKING, id)
  if (!read.ok) return read
  const { name, state } = read.value
  const credited = creditNote === undefined ? undefined : await stateOf(session, MOVE, creditNote)
  if (credited && !credited.ok) return credited
  return done({
    is: PICKING,
    id,
    no: name,
    state,
    settled: creditNote !== undefined || note !== undefined,
    ...(creditNote !== undefined && credited?.value.state === 'draft' ? { draftNote: creditNote } : {}),
  })
}

async function returnedGoods(session: Session, picking: number): Promise<Attempt<ReturnedLine[]>> {
  const moves = await goodsOf(session, picking)
  if (!moves.ok) return moves
  return done(
    moves.value.flatMap(({ saleLine, quantity }) => (saleLine === undefined ? [] : [{ saleLine, quantity }])),
  )
}

async function isSame(session: Session, document: Held, sheet: ReturnSheet): Promise<Attempt<boolean>> {
  switch (document.is) {
    case PICKING: {
      if (isCalledOff(document)) return done(true)
      const goods = await goodsOf(session, document.id)
      return goods.ok ? done(piecesOf(goods.value) === piecesOf(sheet.lines)) : goods
    }
    case MOVE:
      return done(minorOf(document.total) === sheet.amount)
    case NOTE: {
      const read = await readNested(
        session,
        NOTE,
        [['id', '=', document.id]],
        { body: {} },
        z.object({ body: TextSchema }),
      )
      return read.ok ? done(textOf(read.value[0]?.body ?? '') === textOf(sheet.note)) : read
    }
  }
}

async function orderId(session: Session, reference: string): Promise<Attempt<number>> {
  const id = await recordId(session, 'sale.order', orderName(reference))
  if (!id.ok) return id
  return id.value === undefined
    ? refused(
        'MissingReference',
        `Odoo has no order ${reference}, which came back: deliver the order first`,
        {
          subject: reference,
        },
      )
    : done(id.value)
}

async function create(
  desk: Desk,
  sheet: ReturnSheet,
  reference: string,
  order: number,
  config: Config,
): Promise<Attempt<number>> {
  const { session } = desk
  if (sheet.type === 'goods') return createPicking(session, sheet, reference, order)
  const { refundProduct: code } = config
  if (config.creditNotes !== 'none' && code !== undefined && sheet.amount !== undefined) {
    const invoiced = await creditable(session, order, undefined)
    if (!invoiced.ok) return invoiced
    if (invoiced.value) {
      const products = await productsBy(desk, [code])
      if (!products.ok) return products
      const product = products.value.get(code)?.id ?? 0
      const line: Credited['lines'][number] = { product, quantity: 1, price: sheet.amount / 100, taxes: [] }
      return writeCreditNote(session, reference, { ...invoiced.value, lines: [line] })
    }
  }
  return writeNote(session, reference, order, sheet.note)
}

const writeNote = (session: Session, reference: string, order: number, body: string) =>
  load(
    session,
    NOTE,
    {
      id: fullId(thingName('rn', reference)),
      model: 'sale.order',
      res_id: String(order),
      body,
      message_type: 'comment',
      'subtype_id/id': 'mail.mt_note',
    },
    [],
    'create-only',
  )

async function post(session: Session, id: number): Promise<Attempt<unknown>> {
  const posted = await session.write({ model: MOVE, method: 'action_post', ids: [id] }, z.unknown())
  if (posted.ok) return posted
  // Somebody else may have been quicker.
  const state = await stateOf(session, MOVE, id)
  return state.ok && state.value.state === 'posted' ? done(undefined) : posted
}

const IdLinkSchema = z.union([IdSchema, z.literal(false)])
const DeliveredSchema = z.object({
  id: IdSchema,
  product_id: z.object({ id: IdSchema, default_code: TextSchema, display_name: TextSchema }),
  product_uom: IdSchema,
  quantity: z.number(),
  location_id: IdSchema,
  location_dest_id: IdSchema,
  sale_line_id: IdLinkSchema,
  group_id: IdLinkSchema.optional(),
  picking_id: z.object({
    id: IdSchema,
    partner_id: IdLinkSchema,
    picking_type_id: z.object({
      id: IdSchema,
      return_picking_type_id: z.union([
        z.object({ id: IdSchema, default_location_return_id: IdLinkSchema.optional() }),
        z.literal(false),
      ]),
    }),
  }),
  returned_move_ids: z.array(z.object({ state: z.string(), product_uom_qty: z.number() })),
})
type Delivered = z.infer<typeof DeliveredSchema>

/** The return of what was delivered, in one transaction. Goods that are on another return are not returned again. */
async function createPicking(
  session: Session,
  sheet: ReturnSheet,
  reference: string,
  order: number,
): Promise<Attempt<number>> {
  const moveFields = await fieldsOf(session, 'stock.move')
  if (!moveFields.ok) return moveFields
  const typeFields = await fieldsOf(session, 'stock.picking.type')
  if (!typeFields.ok) return typeFields
  const grouped = moveFields.value.has('group_id')
  const returnTo = typeFields.value.has('default_location_return_id')
    ? fieldsNamed(['default_location_return_id'])
    : {}
  const read = await readNested(
    session,
    'stock.move',
    [
      ['sale_line_id.order_id', '=', order],
      ['state', '=', 'done'],
      ['picking_id.picking_type_code', '=', 'outgoing'],
    ],
    {
      ...fieldsNamed([
        'product_uom',
        'quantity',
        'location_id',
        'location_dest_id',
        'sale_line_id',
        ...(grouped ? ['group_id'] : []),
      ]),
      product_id: { fields: fieldsNamed(['default_code', 'display_name']) },
      picking_id: {
        fields: {
          partner_id: {},
          picking_type_id: { fields: { return_picking_type_id: { fields: returnTo } } },
        },
      },
      returned_move_ids: { fields: fieldsNamed(['state', 'product_uom_qty']) },
    },
    DeliveredSchema,
    { order: 'id' },
  )
  if (!read.ok) return read
  const lineIds = read.value.flatMap(({ sale_line_id: line }) => (line === false ? [] : [line]))
  const names = await ourNames(session, 'sale.order.line', [...new Set(lineIds)])
  if (!names.ok) return names
  const taken = takenBack(sheet, read.value, names.value)
  if (!taken.ok) return taken

  const [first] = taken.value
  if (!first) return refused('Invalid', 'nothing came back')
  const { picking_id: picking, location_dest_id: from } = first.move
  const type = picking.picking_type_id.return_picking_type_id
  const to = (type && type.default_location_return_id) || first.move.location_id
  const group: Row = first.move.group_id ? { 'group_id/.id': String(first.move.group_id) } : {}
  const head = {
    id: fullId(thingName('rp', reference)),
    origin: reference,
    'picking_type_id/.id': String(type ? type.id : picking.picking_type_id.id),
    'location_id/.id': String(from),
    'location_dest_id/.id': String(to),
    'return_id/.id': String(picking.id),
    ...(picking.partner_id === false ? {} : { 'partner_id/.id': String(picking.partner_id) }),
    ...group,
  }
  const rows = taken.value.map(({ move, quantity }): Row => {
    const row: Row = {
      ...(moveFields.value.has('name') ? { name: move.product_id.display_name } : {}),
      'product_id/.id': String(move.product_id.id),
      product_uom_qty: String(quantity),
      'product_uom/.id': String(move.product_uom),
      'location_id/.id': String(from),
      'location_dest_id/.id': String(to),
      'origin_returned_move_id/.id': String(move.id),
      'sale_line_id/.id': String(move.sale_line_id),
      to_refund: '1',
      procure_method: 'make_to_stock',
      ...(grouped ? group : {}),
    }
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [`move_ids/${name}`, value]))
  })
  return load(session, PICKING, head, rows, 'create-only')
}

interface Taken {
  readonly move: Delivered
  readonly quantity: number
}

/** Which deliveries the goods are of, oldest first. */
function takenBack(
  { lines, order }: ReturnSheet,
  delivered: readonly Delivered[],
  names: ReadonlyMap<number, string>,
): Attempt<Taken[]> {
  const left = new Map(
    delivered.map((move) => {
      const back = move.returned_move_ids
        .filter(({ state }) => state !== 'cancel')
        .reduce((sum, one) => sum + one.product_uom_qty, 0)
      return [move.id, move.quantity - back]
    }),
  )
  const taken = new Map<number, Taken>()
  for (const { recIds, sku, quantity } of lines) {
    let missing = quantity
    for (const move of delivered) {
      const recId = recIdOf(names.get(Number(move.sale_line_id)) ?? '', order)
      const isOfLine = recIds.length === 0 || (recId !== undefined && recIds.includes(recId))
      if (!isOfLine || move.product_id.default_code !== sku) continue
      const some = Math.min(missing, left.get(move.id) ?? 0)
      if (some <= 0) continue
      missing -= some
      left.set(move.id, (left.get(move.id) ?? 0) - some)
      taken.set(move.id, { move, quantity: (taken.get(move.id)?.quantity ?? 0) + some })
    }
    if (missing === 0) continue
    if (!delivered.some(({ product_id: product }) => product.default_code === sku))
      return refused('MissingReference', `Odoo delivered no "${sku}" for this order`, { subject: sku })
    return refused(
      'StateConflict',
      `${quantity} of "${sku}" came back, and Odoo delivered ${missing} fewer that are not on a return yet`,
      { subject: sku },
    )
  }
  return done([...taken.values()])
}
