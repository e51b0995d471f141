import * as z from 'zod'
import { compareContent } from '#adapters/mapping/compare-content.ts'
import { compileExpression } from '#adapters/mapping/expression.ts'
import type { FindOperation } from '#contracts/rest-target.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { Found, FoundDocument } from '#ports/erp-gateway.ts'
import { type AnswersOfKind, readerOf } from './answer-layer.ts'
import type { Exchanged } from './client.ts'
import { type AnswerReader, type AnswerScope, asText, isTrue } from './errors.ts'

const CodeSchema = z.union([z.string().min(1), z.number()])
const CodeOrNothing = CodeSchema.nullish()

/** What `find.documents` has to give. */
const ListedSchema = z.object({
  id: CodeSchema,
  no: CodeOrNothing,
  reference: CodeOrNothing,
  state: z.enum(['live', 'cancelled']),
  step: CodeOrNothing,
  identity: CodeOrNothing,
  content: z.unknown().optional(),
})
type Listed = z.infer<typeof ListedSchema>

export interface LookUp {
  readonly problem: string | undefined
  readonly reader: AnswerReader
  /** @param expected the content to compare with; undefined compares nothing */
  found(answer: Exchanged, reference: string, expected: unknown): Promise<Found>
}

/** Reads look-ups. Absence is only what the answer proves: an answer nobody understands must not lead to a second create. */
export function createLookUp(
  { where: of, answers, message }: AnswersOfKind,
  find: FindOperation,
  steps: readonly string[],
): LookUp {
  const where = `${of}operations.find`
  const documents = compileExpression(find.documents, `${where}.documents`)
  const absent = find.absent === undefined ? undefined : compileExpression(find.absent, `${where}.absent`)
  const { rules, success } = find
  const reader = readerOf('look-up', [{ where, rules, success }, ...answers], message)

  async function provesAbsence(scope: AnswerScope): Promise<boolean | string> {
    // A page in HTML is a proxy’s word, not the ERP’s.
    if (!absent)
      return (scope.status === 404 && (scope.json || scope.body === null)) || isEmptyList(scope.body)
    const ran = absent.ok ? await absent.run(scope) : absent
    if (!ran.ok) return ran.problem
    return 'value' in ran && isTrue(ran.value)
  }

  return {
    problem:
      reader.problem ?? [documents, absent].flatMap((part) => (part && !part.ok ? [part.problem] : []))[0],
    reader,

    async found(answer, reference, expected) {
      // A rule that speaks about this answer speaks first; an unclassified status may still mean "none".
      const { scope } = answer
      if (!scope) return answer.ok ? protocol('no answer') : { is: 'failed', failure: answer.failure }
      const none = answer.ok || !SPOKEN.has(answer.failure.class) ? await provesAbsence(scope) : false
      if (typeof none === 'string') return protocol(none)
      if (none) return { is: 'absent' }
      if (!answer.ok) return { is: 'failed', failure: answer.failure }

      const ran = documents.ok ? await documents.run(scope) : documents
      if (!ran.ok) return protocol(ran.problem)
      const listed = z.array(ListedSchema).safeParse(asList('value' in ran ? ran.value : undefined))
      if (!listed.success) return protocol(explain(where, listed.error))
      if (listed.data.length === 0) return protocol(notProven(where))

      const ours = listed.data.filter((document) => (asText(document.reference) ?? reference) === reference)
      const live = ours.filter(({ state }) => state === 'live')
      if (live.length > 1) return { is: 'many', count: live.length }
      const only = live[0] ?? ours.at(-1)
      if (!only) return { is: 'absent' }
      const step = asText(only.step) ?? 'create'
      if (!steps.includes(step))
        return protocol(`${where}.documents gave the step "${step}", which is none of ${steps.join(', ')}`)
      return { is: 'one', document: describe(only, step, expected) }
    },
  }
}

const notProven = (where: string) =>
  `${where}.documents found nothing and ${where}.absent does not say that there is nothing; describe there what an empty answer looks like`

/** Failures an `absent` expression may not overrule: they say that the ERP did not answer the question. */
const SPOKEN: ReadonlySet<ErpFailure['class']> = new Set([
  'AuthExpired',
  'AuthDenied',
  'RateLimited',
  'Transient',
  'UnknownOutcome',
])

function describe(listed: Listed, step: string, expected: unknown): FoundDocument {
  const no = asText(listed.no)
  const identity = asText(listed.identity)
  const compared = listed.content === undefined || listed.content === null || expected === undefined
  return {
    id: String(listed.id),
    ...(no === undefined ? {} : { no }),
    state: listed.state,
    step,
    ...(identity === undefined ? {} : { identity }),
    content: compared ? 'unknown' : compareContent(expected, listed.content),
  }
}

function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? [...value] : [value]
}

const isEmptyList = (body: unknown) => Array.isArray(body) && body.length === 0

function protocol(message: string): Found {
  return { is: 'failed', failure: { class: 'Protocol', message } }
}

/** Which member is wrong; never its value. */
function explain(where: string, error: z.ZodError): string {
  const members = error.issues.map(({ path }) => path.slice(1).join('.') || 'document')
  return `${where}.documents gave no usable ${[...new Set(members)].join(', ')}`
}
