import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { FoundDocument, TicketWrite } from '#ports/erp-gateway.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { oneLine } from './contacts.ts'
import type { Desk } from './desk.ts'
import { digest, fullId, partnerName, thingName } from './external-ids.ts'
import { textOf } from './html.ts'
import { type Kind, onlyOne } from './kind-gateway.ts'
import { load } from './load.ts'
import { fieldsNamed, IdSchema, readNested, recordId, search, TextSchema } from './records.ts'
import type { Session } from './session.ts'
import { ticketPage } from './ticket-page.ts'

const CREATE = 'create'
const MODEL = 'project.task'
const TAG = 'project.tags'

const TicketSheetSchema = z.strictObject({
  id: z.string(),
  reference: z.string(),
  name: z.string(),
  page: z.string().describe('HTML'),
  buyer: z.string().optional().describe('name of the external id of the member’s contact'),
  tag: z.string().optional(),
})
type TicketSheet = z.infer<typeof TicketSheetSchema>

/** Tickets as tasks of a project. Stage, people and whatever else they do with a task stays theirs. */
export function tickets(config: NonNullable<OdooTarget['tickets']>): Kind<TicketWrite, TicketSheet> {
  return {
    abilities: { steps: [CREATE], amend: true, cancel: false },
    schema: TicketSheetSchema,
    call: () => `${MODEL}/load`,
    sheetOf: (write) => done(sheetOf(write, config)),

    async find(desk, reference, expected): Promise<Attempt<FoundDocument | undefined>> {
      const id = await taskId(desk.session, reference)
      if (!id.ok || id.value === undefined) return id.ok ? done(undefined) : id
      const document = { id: String(id.value), state: 'live', step: CREATE } as const
      if (!expected) return done({ ...document, content: 'unknown' })
      const held = await heldTask(desk.session, id.value)
      if (!held.ok) return held
      const buyer = await buyerId(desk.session, expected)
      if (!buyer.ok) return buyer
      const same = isSame(held.value, expected, buyer.value)
      return done({ ...document, content: same ? 'same' : 'different' })
    },

    async write(desk, { op, reference, sheet }) {
      if (!sheet) return refused('Unsupported', 'a task is not cancelled')
      const { session } = desk
      const known = await taskId(session, reference)
      if (!known.ok) return known
      if (op === 'place' && known.value !== undefined)
        return refused('DuplicateRef', 'Odoo has a task of this reference')
      if (op === 'amend' && known.value === undefined)
        return refused('NotFound', 'Odoo has no task of this reference')
      const written =
        known.value === undefined ? await create(desk, sheet, config) : await amend(desk, sheet, known.value)
      return written.ok ? done({ id: String(written.value), state: 'live', step: CREATE }) : written
    },
  }
}

function sheetOf(write: TicketWrite, config: NonNullable<OdooTarget['tickets']>): TicketSheet {
  const { ticket, reference } = write
  const title = oneLine(ticket.title) || oneLine(ticket.content).slice(0, 60) || ticket.type
  const { userId } = ticket.customer
  const tag = config.tags[ticket.type]
  return {
    id: thingName('t', reference),
    reference,
    name: `${title} (${reference})`,
    page: ticketPage(write, config.language),
    ...(userId === null ? {} : { buyer: partnerName('p', ticket.shop, `u${userId}`) }),
    ...(tag === undefined ? {} : { tag }),
  }
}

/** `load` would make a task of a name alone, so that in doubt it is found by what its description says. */
const taskId = (session: Session, reference: string) =>
  recordId(session, MODEL, thingName('t', reference), [['description', 'ilike', reference]])

/** Who has no order and no account's contact here yet is a name in the description. */
const buyerId = async (session: Session, { buyer }: TicketSheet): Promise<Attempt<number | undefined>> =>
  buyer === undefined ? done(undefined) : recordId(session, 'res.partner', buyer)

const HeldSchema = z.object({
  id: IdSchema,
  name: TextSchema,
  description: TextSchema,
  partner_id: z.union([IdSchema, z.literal(false)]),
  tag_ids: z.array(z.object({ id: IdSchema, name: TextSchema })),
})
type Held = z.infer<typeof HeldSchema>

async function heldTask(session: Session, id: number): Promise<Attempt<Held>> {
  const read = await readNested(
    session,
    MODEL,
    [['id', '=', id]],
    {
      ...fieldsNamed(['name', 'description', 'partner_id']),
      tag_ids: { fields: fieldsNamed(['name']) },
    },
    HeldSchema,
    { context: { active_test: false } },
  )
  if (!read.ok) return read
  const [task] = read.value
  return task ? done(task) : refused('AuthDenied', 'the login may not read a task of ours')
}

/** A contact that a person chose stays. */
function isSame(held: Held, { name, page, tag }: TicketSheet, buyer: number | undefined): boolean {
  return (
    held.name === name &&
    textOf(held.description) === textOf(page) &&
    (held.partner_id !== false || buyer === undefined) &&
    (tag === undefined || held.tag_ids.some((one) => one.name === tag))
  )
}

async function create(
  desk: Desk,
  sheet: TicketSheet,
  { project: name }: NonNullable<OdooTarget['tickets']>,
): Promise<Attempt<number>> {
  const project = await projectId(desk, name)
  if (!project.ok) return project
  const buyer = await buyerId(desk.session, sheet)
  if (!buyer.ok) return buyer
  const tag = await tagId(desk, sheet.tag)
  if (!tag.ok) return tag
  const head = {
    id: fullId(sheet.id),
    name: sheet.name,
    'project_id/.id': String(project.value),
    description: sheet.page,
    ...(buyer.value === undefined ? {} : { 'partner_id/.id': String(buyer.value) }),
    ...(tag.value === undefined ? {} : { 'tag_ids/.id': String(tag.value) }),
  }
  return load(desk.session, MODEL, head, [], 'create-only')
}

async function amend(desk: Desk, sheet: TicketSheet, id: number): Promise<Attempt<number>> {
  const held = await heldTask(desk.session, id)
  if (!held.ok) return held
  const buyer = held.value.partner_id === false ? await buyerId(desk.session, sheet) : done(undefined)
  if (!buyer.ok) return buyer
  const tag = await tagId(desk, sheet.tag)
  if (!tag.ok) return tag
  const tags = new Set(held.value.tag_ids.map((one) => one.id))
  const head = {
    '.id': String(id),
    name: sheet.name,
    description: sheet.page,
    ...(buyer.value === undefined ? {} : { 'partner_id/.id': String(buyer.value) }),
    ...(tag.value === undefined ? {} : { 'tag_ids/.id': [...tags.add(tag.value)].join(',') }),
  }
  return load(desk.session, MODEL, head)
}

const IdsSchema = z.array(z.object({ id: IdSchema }))

async function projectId({ session, memory }: Desk, name: string): Promise<Attempt<number>> {
  return memory.ids.or(`project ${name}`, async () => {
    const read = await session.read(search('project.project', [['name', '=', name]], ['id']), IdsSchema)
    if (!read.ok) return read
    return onlyOne(
      read.value.map(({ id }) => id),
      `the project "${name}"`,
      'odoo.tickets.project',
    )
  })
}

/** Names of tags are unique in Odoo. */
async function tagId(
  { session, memory }: Desk,
  name: string | undefined,
): Promise<Attempt<number | undefined>> {
  if (name === undefined) return done(undefined)
  return memory.ids.or(`tag ${name}`, async () => {
    const read = await session.read(search(TAG, [['name', '=', name]], ['id']), IdsSchema)
    if (!read.ok) return read
    const [tag] = read.value
    if (tag) return done(tag.id)
    const made = await load(session, TAG, { id: fullId(`tag_${digest(name)}`), name }, [], 'create-only')
    // Somebody else may have been quicker.
    return made.ok ? made : refused('Contended', made.failure.message)
  })
}
