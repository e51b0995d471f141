import { parseJson } from '#adapters/http/parse-json.ts'
import { redact } from '#adapters/http/redact.ts'
import { retryAfterMs } from '#adapters/http/retry-after.ts'
import type { HttpAnswer, HttpResult } from '#adapters/http/transport.ts'
import { compileExpression } from '#adapters/mapping/expression.ts'
import type { AnswerRule } from '#contracts/rest-parts.ts'
import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'

/** What the call was for: the same answer means different things to a create, to a change and to a look-up. */
export type Manner = 'create' | 'change' | 'look-up'

/** What the call was about, as expressions over its answer see it: `reference`, or what a read asked with. */
export type Asked = Readonly<Record<string, unknown>>

/** What expressions over an answer see. A body that is no JSON is its text; an empty one is null. */
export interface AnswerScope extends Asked {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly json: boolean
}

export type Read =
  | { readonly ok: true; readonly scope: AnswerScope }
  | { readonly ok: false; readonly failure: ErpFailure; readonly scope: AnswerScope }

/** What must not be repeated in a message. */
export interface Hidden {
  readonly secrets: readonly string[]
  readonly sent: readonly string[]
}

/** A call without a whole answer. What never left is a clear failure, what left is unknown (a look-up can be repeated). */
export function transportFailure(
  result: Exclude<HttpResult, HttpAnswer>,
  manner: Manner,
  whom = 'the ERP',
): ErpFailure {
  const { code } = result
  if (result.is === 'not-sent') {
    const message = `nothing was sent: ${whom} ${NOT_SENT[code] ?? 'cannot be reached'} (${code})`
    return { class: code === 'INVALID_REQUEST' ? 'Misconfigured' : 'Transient', message }
  }
  if (code === 'TOO_LARGE') {
    return {
      class: 'Protocol',
      message: `the answer of ${whom} is longer than maxAnswerBytes (HTTP ${result.status})`,
    }
  }
  const what = code === 'TIMEOUT' ? 'did not answer in time' : 'broke off the connection'
  return {
    class: manner === 'look-up' ? 'Transient' : 'UnknownOutcome',
    message: `${whom} ${what} (${code})`,
  }
}

const NOT_SENT: Readonly<Record<string, string>> = {
  DEADLINE: 'was to be called too late',
  TIMEOUT: 'could not be connected in time',
  UND_ERR_CONNECT_TIMEOUT: 'could not be connected in time',
  ECONNREFUSED: 'refused the connection',
  ENOTFOUND: 'has an unknown host name',
  EAI_AGAIN: 'has a host name that cannot be looked up now',
  CERT_HAS_EXPIRED: 'has an expired TLS certificate',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a TLS certificate nobody vouches for',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a TLS certificate nobody vouches for',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a TLS certificate nobody vouches for',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a TLS certificate for another host',
  INVALID_REQUEST: 'has settings no request can be made of',
}

/** What an HTTP status says where no rule of the configuration speaks. */
function classOfStatus(status: number, manner: Manner): ErpFailureClass {
  if (status === 401 || status === 403) return 'AuthDenied'
  if (status === 429) return 'RateLimited'
  // A proxy answers these also after the ERP has committed.
  if (status === 408 || status >= 500) return manner === 'look-up' ? 'Transient' : 'UnknownOutcome'
  if (status === 409)
    return manner === 'create' ? 'DuplicateRef' : manner === 'change' ? 'StateConflict' : 'Contended'
  if (status === 404 || status === 410) return manner === 'change' ? 'NotFound' : 'Misconfigured'
  if ([301, 305, 307, 308, 405, 406, 407, 415].includes(status)) return 'Misconfigured'
  if (status === 412 || status === 423) return 'Contended'
  if (status === 425) return 'Transient'
  if (status >= 400) return 'Invalid'
  // 1xx and the redirects that may follow a success.
  return 'Protocol'
}

export interface ReaderSettings {
  readonly rules: readonly { readonly where: string; readonly rule: AnswerRule }[]
  readonly success: string | undefined
  readonly message: string | undefined
  /** Where the success expression stands. */
  readonly where: string
}

export interface AnswerReader {
  readonly problem: string | undefined
  read(answer: HttpAnswer, about: { asked: Asked; now: number; hidden: Hidden }): Promise<Read>
}

/**
 * Reads an answer by its body first: rules in order, then success, then the status. What nothing of these recognises is
 * Protocol, which for a write means unknown: it never counts as done, and never as refused.
 */
export function createReader(manner: Manner, settings: ReaderSettings): AnswerReader {
  const rules = settings.rules.map(({ where, rule }) => ({
    class: rule.class,
    when: compileExpression(rule.when, `${where}.when`),
    subject: optional(rule.subject, `${where}.subject`),
    field: optional(rule.field, `${where}.field`),
    message: optional(rule.message, `${where}.message`),
  }))
  const success = optional(settings.success, settings.where)
  const message = optional(settings.message, 'answers.message')
  const parts = [
    ...rules.flatMap((rule) => [rule.when, rule.subject, rule.field, rule.message]),
    success,
    message,
  ]

  return {
    problem: parts.flatMap((part) => (part && !part.ok ? [part.problem] : []))[0],

    async read(answer, { asked, now, hidden }) {
      const { status, headers, text } = answer
      const parsed = parseJson(text)
      const body = parsed.ok ? parsed.value : text.trim() === '' ? null : text
      const scope: AnswerScope = { ...asked, status, headers, body, json: parsed.ok }
      const clean = (value: unknown, sent: readonly string[] = []) =>
        redact(String(value), hidden.secrets, sent)

      const fail = async (kind: ErpFailureClass, rule?: (typeof rules)[number]): Promise<Read> => {
        const sentence = (await textOf(rule?.message ?? message, scope)) ?? usualMessage(body)
        const subject = await textOf(rule?.subject, scope)
        const field = await textOf(rule?.field, scope)
        const wait = retryAfterMs(headers['retry-after'], now)
        const failure: ErpFailure = {
          class: kind,
          message: clean(sentence ? `HTTP ${status}: ${sentence}` : `HTTP ${status}`, hidden.sent),
          ...(subject === undefined ? {} : { subject: clean(subject).slice(0, 100) }),
          ...(field === undefined ? {} : { field: clean(field).slice(0, 100) }),
          ...(wait === undefined ? {} : { retryAfterMs: wait }),
        }
        return { ok: false, failure, scope }
      }
      const unreadable = (why: string): Read => ({
        ok: false,
        failure: { class: 'Protocol', message: clean(`HTTP ${status}: ${why}`, hidden.sent) },
        scope,
      })

      for (const rule of rules) {
        if (!rule.when.ok) return unreadable(rule.when.problem)
        const ran = await rule.when.run(scope)
        if (!ran.ok) return unreadable(ran.problem)
        if (isTrue(ran.value)) return rule.class === 'Success' ? { ok: true, scope } : fail(rule.class, rule)
      }

      const good = status >= 200 && status < 300
      if (success?.ok) {
        const ran = await success.run(scope)
        if (!ran.ok) return unreadable(ran.problem)
        if (isTrue(ran.value)) return { ok: true, scope }
        if (good) return unreadable('no rule knows this answer, and it does not confirm the call')
      }
      if (!good) return fail(classOfStatus(status, manner))
      return parsed.ok || body === null ? { ok: true, scope } : unreadable('the answer is not JSON')
    },
  }
}

function optional(text: string | undefined, where: string) {
  return text === undefined ? undefined : compileExpression(text, where)
}

async function textOf(
  expression: ReturnType<typeof optional>,
  scope: AnswerScope,
): Promise<string | undefined> {
  if (!expression?.ok) return undefined
  const ran = await expression.run(scope)
  return ran.ok ? asText(ran.value) : undefined
}

/** Ids and codes, which ERPs send as text or as numbers. */
export function asText(value: unknown): string | undefined {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined
}

/** As JSONata's own conditions see it. */
export function isTrue(value: unknown): boolean {
  // Nested lists are not followed: an answer may be nested deeper than the stack.
  if (Array.isArray(value))
    return value.some((entry) => (Array.isArray(entry) ? entry.length > 0 : isTrue(entry)))
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

/** Where JSON APIs usually put their sentence. */
function usualMessage(body: unknown): string | undefined {
  const inside = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? Reflect.get(value, name)
      : undefined
  const error = inside(body, 'error')
  const errors = inside(body, 'errors')
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  const candidates = [
    inside(body, 'message'),
    inside(error, 'message'),
    inside(body, 'msg'),
    inside(body, 'detail'),
    inside(first, 'message'),
    first,
    error,
  ]
  return candidates.find(
    (candidate): candidate is string => typeof candidate === 'string' && candidate !== '',
  )
}
