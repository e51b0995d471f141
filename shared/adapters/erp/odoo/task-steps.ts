import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import { ProgressSchema, type TicketStep, TicketStepSchema } from '#contracts/progress.ts'
import { type Attempt, done } from './attempt.ts'
import { instantOf } from './changes.ts'
import { referenceIn } from './external-ids.ts'
import type { Changes, ReadChanges, Step } from './feed.ts'
import { ourNames } from './held-order.ts'
import { linesOf } from './html.ts'
import type { House, ReadDeps } from './reading.ts'
import { fieldsNamed, IdSchema, readNested, TextSchema } from './records.ts'
import type { Session } from './session.ts'

const PAGE = 100
const LONGEST_NOTE = 1000
const LONGEST_NAME = 60

const LinkSchema = z.union([IdSchema, z.literal(false)])
const TaskSchema = z.object({
  id: IdSchema,
  stage_id: LinkSchema,
  partner_id: LinkSchema,
  user_ids: z.array(z.object({ name: TextSchema })),
  date_assign: TextSchema,
  date_last_stage_update: TextSchema,
})
type Task = z.infer<typeof TaskSchema>

const MessageSchema = z.object({
  id: IdSchema,
  res_id: IdSchema,
  date: TextSchema,
  write_date: z.string(),
  body: TextSchema,
  subtype_id: LinkSchema,
  is_internal: z.boolean(),
  create_uid: LinkSchema,
  author_id: z.union([
    z.object({ id: IdSchema, name: TextSchema, partner_share: z.boolean() }),
    z.literal(false),
  ]),
})
type Message = z.infer<typeof MessageSchema>

const TrackedSchema = z.object({
  mail_message_id: IdSchema,
  field_id: LinkSchema,
  old_value_integer: z.int(),
  new_value_integer: z.int(),
})

/** A task came from one stage to another, as its message says. */
interface Move {
  readonly message: number
  readonly task: number
  readonly from: number
  readonly to: number
}

type Tickets = NonNullable<OdooTarget['tickets']>

/**
 * What people do with our tasks: stages they move them to, who they assign, and what they write to those who follow. Never
 * what they note among themselves, nor anything the login wrote itself.
 */
export function taskFeed(deps: Pick<ReadDeps, 'house'>, config: Tickets): ReadChanges {
  const stepOfName = new Map(
    TicketStepSchema.options.flatMap((step) =>
      [config.stages[step] ?? []].flat().map((name) => [name, step]),
    ),
  )

  return async (session, place) => {
    const { from, pass } = place
    const tasks = await readNested(
      session,
      'project.task',
      [
        ...(from === undefined ? [] : [['message_ids.write_date', '>=', from]]),
        ...(pass === undefined ? [] : [['id', '>', pass.after]]),
      ],
      {
        ...fieldsNamed(['stage_id', 'partner_id', 'date_assign', 'date_last_stage_update']),
        user_ids: { fields: fieldsNamed(['name']) },
      },
      TaskSchema,
      { order: 'id', limit: PAGE, context: { active_test: false } },
    )
    if (!tasks.ok) return tasks
    const isLast = tasks.value.length < PAGE
    const names = await ourNames(
      session,
      'project.task',
      tasks.value.map(({ id }) => id),
    )
    if (!names.ok) return names
    const ours = tasks.value.flatMap((task) => {
      const reference = referenceIn(names.value.get(task.id) ?? '', 't')
      return reference === undefined ? [] : [{ ...task, reference }]
    })
    const last = tasks.value.at(-1)
    // A page of tasks of others only moves on.
    if (ours.length === 0)
      return done({
        changed: last ? [{ id: last.id, write_date: '9999' }] : [],
        isLast,
        steps: [],
        unreadable: [],
      })

    const messages = await messagesOf(
      session,
      ours.map(({ id }) => id),
      from,
    )
    if (!messages.ok) return messages
    const house = await houseOf(session, deps)
    if (!house.ok) return house
    const moves = await movesOf(session, messages.value)
    if (!moves.ok) return moves
    const stages = await stageNames(session, ours, moves.value)
    if (!stages.ok) return stages
    const stepOf = (stage: number | false): TicketStep | undefined =>
      stage === false ? undefined : stepOfName.get(stages.value.get(stage) ?? '')

    const changes: Changes = {
      changed: [
        ...messages.value.map(({ res_id: id, write_date }) => ({ id, write_date })),
        ...(last ? [{ id: last.id, write_date: '9999' }] : []),
      ].toSorted((one, other) => one.id - other.id),
      isLast,
      steps: ours.flatMap((task) =>
        stepsOf(
          task,
          messages.value.filter((message) => message.res_id === task.id),
          moves.value?.filter((move) => move.task === task.id),
          { ...house.value, stepOf, from: from ?? '' },
        ),
      ),
      unreadable: [],
    }
    return done(changes)
  }
}

async function houseOf(session: Session, { house }: Pick<ReadDeps, 'house'>): Promise<Attempt<House>> {
  return house.or('', async () => {
    const self = await session.read(
      { model: 'res.users', method: 'context_get' },
      z.object({ uid: IdSchema }),
    )
    if (!self.ok) return self
    const discussion = await session.read(
      {
        model: 'ir.model.data',
        method: 'check_object_reference',
        args: { module: 'mail', xml_id: 'mt_comment' },
      },
      z.tuple([z.string(), IdSchema]),
    )
    return discussion.ok ? done({ self: self.value.uid, discussion: discussion.value[1] }) : discussion
  })
}

async function messagesOf(
  session: Session,
  tasks: readonly number[],
  from: string | undefined,
): Promise<Attempt<Message[]>> {
  return readNested(
    session,
    'mail.message',
    [
      ['model', '=', 'project.task'],
      ['res_id', 'in', tasks],
      ...(from === undefined ? [] : [['write_date', '>=', from]]),
    ],
    {
      ...fieldsNamed(['res_id', 'date', 'write_date', 'body', 'subtype_id', 'is_internal', 'create_uid']),
      author_id: { fields: fieldsNamed(['name', 'partner_share']) },
    },
    MessageSchema,
    { order: 'id' },
  )
}

/** Undefined: the login may not read what was tracked, and only the stage a task is in now is known. */
async function movesOf(session: Session, messages: readonly Message[]): Promise<Attempt<Move[] | undefined>> {
  const read = await readNested(
    session,
    'mail.tracking.value',
    [['mail_message_id', 'in', messages.map(({ id }) => id)]],
    fieldsNamed(['mail_message_id', 'field_id', 'old_value_integer', 'new_value_integer']),
    TrackedSchema,
    { order: 'id' },
  )
  if (!read.ok) return read.failure.class === 'AuthDenied' ? done(undefined) : read
  const fields = [...new Set(read.value.flatMap(({ field_id: field }) => (field === false ? [] : [field])))]
  if (fields.length === 0) return done([])
  // Fields themselves are not to be read, but their names are.
  const names = await session.read(
    { model: 'ir.model.fields', method: 'get_external_id', ids: fields },
    z.record(z.string(), z.string()),
  )
  if (!names.ok) return names
  const tasks = new Map(messages.map((message) => [message.id, message.res_id]))
  return done(
    read.value.flatMap((tracked) => {
      const task = tasks.get(tracked.mail_message_id)
      const isStage = names.value[String(tracked.field_id)] === 'project.field_project_task__stage_id'
      return task === undefined || !isStage
        ? []
        : [
            {
              message: tracked.mail_message_id,
              task,
              from: tracked.old_value_integer,
              to: tracked.new_value_integer,
            },
          ]
    }),
  )
}

async function stageNames(
  session: Session,
  tasks: readonly Task[],
  moves: readonly Move[] | undefined,
): Promise<Attempt<ReadonlyMap<number, string>>> {
  const ids = [
    ...tasks.flatMap(({ stage_id: stage }) => (stage === false ? [] : [stage])),
    ...(moves ?? []).flatMap(({ from, to }) => [from, to]),
  ]
  const read = await readNested(
    session,
    'project.task.type',
    [['id', 'in', [...new Set(ids)]]],
    fieldsNamed(['name']),
    z.object({ id: IdSchema, name: TextSchema }),
    { context: { active_test: false } },
  )
  return read.ok ? done(new Map(read.value.map(({ id, name }) => [id, name]))) : read
}

interface Reading extends House {
  readonly stepOf: (stage: number | false) => TicketStep | undefined
  /** What was written before was told. */
  readonly from: string
}

function stepsOf(
  task: Task & { readonly reference: string },
  messages: readonly Message[],
  moves: readonly Move[] | undefined,
  { self, discussion, stepOf, from }: Reading,
): Step[] {
  const steps: Step[] = []
  const tell = (id: string, stamp: string, at: string, step: TicketStep, person: string, note = '') => {
    const progress: z.input<typeof ProgressSchema> = {
      of: 'ticket',
      id,
      reference: task.reference,
      at: new Date(instantOf(at)).toISOString(),
      step,
      ...(person === '' ? {} : { person: person.slice(0, LONGEST_NAME).toWellFormed() }),
      ...(note === '' ? {} : { note: note.slice(0, LONGEST_NOTE).toWellFormed() }),
    }
    steps.push({ stamp, progress: ProgressSchema.parse(progress) })
  }

  if (!moves) {
    const step = stepOf(task.stage_id)
    const at = task.date_last_stage_update
    if (step && at !== '' && at >= from) tell(`task-${task.id}-stage-${digits(at)}`, at, at, step, '')
  }
  const { date_assign: assigned, user_ids: users } = task
  if (users.length > 0 && assigned !== '' && assigned >= from) {
    const people = users.map(({ name }) => name).join(', ')
    tell(`task-${task.id}-assigned-${digits(assigned)}`, assigned, assigned, 'assigned', people)
  }

  for (const { id, date, write_date: stamp, author_id: author, ...message } of messages) {
    if (message.create_uid === self) continue
    const move = moves?.find((one) => one.message === id)
    const reached = move && stepOf(move.to)
    if (reached) tell(`task-msg-${id}`, stamp, date, reached, author ? author.name : '')

    const said = linesOf(message.body)
    const isTold = message.subtype_id === discussion && !message.is_internal && said !== ''
    // A customer who answers by mail is told nothing of it.
    if (!isTold || !author || author.partner_share || author.id === task.partner_id) continue
    const next = moves?.find((one) => one.message > id)
    const step = stepOf(next ? next.from : task.stage_id) ?? 'accepted'
    tell(`task-note-${id}`, stamp, date, step, author.name, said)
  }
  return steps
}

const digits = (stamp: string) => stamp.replace(/\D/g, '')
