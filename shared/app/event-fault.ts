import { EVENT_PROBLEMS, type EventProblemCode } from '#contracts/problems.ts'
import type { EventResult } from '#contracts/webhook.ts'

/** An issue of the schema library, as far as it is told to a sender: never the value, which may be about a person. */
export interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
}

export type Fault = Required<Pick<EventResult, 'code' | 'message' | 'remedy'>> & Pick<EventResult, 'field'>

export function faultOf(code: EventProblemCode, field?: string): Fault {
  const { message, remedy } = EVENT_PROBLEMS[code]
  return { code, ...(field && { field }), message: `${field || 'The event'} ${message}.`, remedy }
}

/** What the sender is told of the first thing that does not fit the contract. */
export function faultOfIssue(issue: Issue, event: unknown): Fault {
  return faultOf(codeOf(issue, event), fieldPath(issue.path))
}

function codeOf(issue: Issue, event: unknown): EventProblemCode {
  const value = valueAt(event, issue.path)
  if (value === undefined) return 'missing-field'
  if (issue.path.length === 1 && issue.path[0] === 'type')
    return typeof value === 'string' ? 'unknown-type' : 'wrong-type'
  return (
    SCALAR_CODES.find((code) => EVENT_PROBLEMS[code].message === issue.message) ??
    SCHEMA_CODES.get(issue.code) ??
    'invalid-value'
  )
}

const SCALAR_CODES = ['invalid-id', 'invalid-money', 'invalid-instant', 'invalid-text'] as const
const SCHEMA_CODES: ReadonlyMap<string | undefined, EventProblemCode> = new Map([
  ['invalid_type', 'wrong-type'],
])

/** `snapshot.lines[3].rec_id` */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (field, step) =>
      typeof step === 'number' ? `${field}[${step}]` : field ? `${field}.${String(step)}` : String(step),
    '',
  )
}

export function valueAt(event: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (value !== null && typeof value === 'object' ? Reflect.get(value, step) : undefined),
    event,
  )
}
