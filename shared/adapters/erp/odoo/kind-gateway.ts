import { createHash } from 'node:crypto'
import * as z from 'zod'
import { parseJson } from '#adapters/http/parse-json.ts'
import { textsIn } from '#adapters/http/redact.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Op } from '#contracts/ledger-row.ts'
import type {
  Answer,
  Built,
  Capabilities,
  ErpDocument,
  ErpGateway,
  FoundDocument,
  Write,
} from '#ports/erp-gateway.ts'
import { type Attempt, done, refused } from './attempt.ts'
import type { OdooClient } from './client.ts'
import { type Desk, forget, type Memory } from './desk.ts'
import { createSession } from './session.ts'

/** What of a document's write is told to Odoo: by names and codes, before anything is looked up. */
export interface Told<Sheet> {
  readonly op: Op
  readonly step: string
  readonly reference: string
  readonly document: string | undefined
  /** Absent: a cancel. */
  readonly sheet: Sheet | undefined
}

/** Things of one kind, as Odoo keeps them. */
export interface Kind<W extends Write, Sheet> {
  readonly abilities: Pick<Capabilities, 'steps' | 'amend' | 'cancel'>
  readonly schema: z.ZodType<Sheet>
  /** The method that writes; reads go before it. */
  call(op: Op, step: string): string
  sheetOf(write: W): Attempt<Sheet>
  find(
    desk: Desk,
    reference: string,
    expected: Sheet | undefined,
  ): Promise<Attempt<FoundDocument | undefined>>
  write(desk: Desk, told: Told<Sheet>): Promise<Attempt<ErpDocument>>
}

export interface KindDeps {
  readonly client: OdooClient
  readonly memory: Memory
  readonly settleMs: number | undefined
}

const BytesSchema = z.strictObject({
  call: z.string(),
  document: z.string().optional(),
  sheet: z.unknown().optional(),
})

/** A gateway for things of one kind. Every one of them has an external id, so that a second create is refused. */
export function kindGateway<W extends Write, Sheet>(
  kind: Kind<W, Sheet>,
  { client, memory, settleMs }: KindDeps,
): ErpGateway<W> {
  const { steps, amend, cancel } = kind.abilities
  const request = (
    op: Op,
    step: string,
    reference: string,
    document: ErpDocument | undefined,
    sheet?: Sheet,
  ): Built => {
    const call = kind.call(op, step)
    const bytes = JSON.stringify({ call, ...(document ? { document: document.id } : {}), sheet })
    const key = createHash('sha256')
      .update(JSON.stringify([op, step, reference, bytes]))
      .digest('hex')
      .slice(0, 32)
    return { ok: true, request: { op, step, reference, key, content: sheet, bytes } }
  }
  const build = async (op: Op, step: string, write: W): Promise<Built> => {
    if (!steps.includes(step))
      return refused('Unsupported', `this target is not configured to ${op} (step "${step}")`)
    const sheet = kind.sheetOf(write)
    return sheet.ok ? request(op, step, write.reference, write.document, sheet.value) : sheet
  }
  const stepOf = ({ step }: ErpDocument) => (steps.includes(step) ? step : steps[0])

  return {
    describe: () => ({
      idempotency: 'unique-reference',
      find: true,
      amend,
      cancel,
      steps,
      ...(settleMs === undefined ? {} : { settleMs }),
    }),
    content: async (write) => {
      const sheet = kind.sheetOf(write)
      return sheet.ok ? { ok: true, content: sheet.value } : sheet
    },
    place: (write, step) => build('place', step, write),
    amend: async (write) =>
      amend
        ? build('amend', stepOf(write.document), write)
        : refused('Unsupported', 'what Odoo has of it is not changed by us'),
    cancel: async ({ reference, document }) =>
      cancel
        ? request('cancel', stepOf(document), reference, document)
        : refused('Unsupported', 'what Odoo has of it is not cancelled by us'),

    async find(reference, expected, context) {
      const sheet = expected && kind.schema.safeParse(expected.content).data
      const session = createSession(client, textsIn(sheet), context)
      const found = await kind.find({ session, memory }, reference, sheet)
      if (!found.ok) return { is: 'failed', failure: found.failure }
      return found.value ? { is: 'one', document: found.value } : { is: 'absent' }
    },

    async send(sent, context): Promise<Answer> {
      const told = readTold(sent, kind.schema)
      if (!told) return refused('Invalid', 'the stored request is not one of this adapter')
      const desk: Desk = { session: createSession(client, textsIn(told.sheet), context), memory }
      let written = await kind.write(desk, told)
      if (!written.ok && written.failure.class === 'MissingReference') {
        // Nothing was written. What was remembered may be gone; what is asked anew says which it is.
        forget(memory)
        written = await kind.write(desk, told)
      }
      return written.ok ? { ok: true, document: written.value } : written
    },
  }
}

function readTold<Sheet>(
  { op, step, reference, bytes }: ErpRequest,
  schema: z.ZodType<Sheet>,
): Told<Sheet> | undefined {
  const json = parseJson(bytes)
  const read = BytesSchema.safeParse(json.ok ? json.value : undefined)
  if (!read.success) return undefined
  const { document, sheet } = read.data
  if (op === 'cancel') return { op, step, reference, document, sheet: undefined }
  const parsed = schema.safeParse(sheet)
  return parsed.success ? { op, step, reference, document, sheet: parsed.data } : undefined
}

/** The one thing a configuration names; none and several are for a person. */
export function onlyOne(ids: readonly number[], what: string, field: string): Attempt<number> {
  const [first, another] = ids
  if (first !== undefined && another === undefined) return done(first)
  // One document waits for it, not the whole target.
  return refused(
    'MissingReference',
    `${field} names ${what}, which ${first === undefined ? 'Odoo does not have or the login may not see' : 'Odoo has more than once'}`,
    { field, subject: what },
  )
}
