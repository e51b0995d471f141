import * as z from 'zod'
import { parseJson } from '#adapters/http/parse-json.ts'
import { redact } from '#adapters/http/redact.ts'
import { retryAfterMs } from '#adapters/http/retry-after.ts'
import type { HttpAnswer, HttpResult } from '#adapters/http/transport.ts'
import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'

const CodeSchema = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((code) => code !== '' && code.length <= 100)
  .optional()
  .catch(undefined)

/** What a receiver may say; all of it may be left out. */
const SaidSchema = z.object({
  id: CodeSchema,
  no: CodeSchema,
  missing: CodeSchema,
  message: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
})

export type Reading =
  | { readonly ok: true; readonly id: string | undefined; readonly no: string | undefined }
  | { readonly ok: false; readonly failure: ErpFailure }

/** Every write sets a state, so that it makes no difference which one was answered. @param sent texts of the request */
export function readAnswer(result: HttpResult, sent: readonly string[], now: number): Reading {
  if (result.is !== 'answer') return { ok: false, failure: transportFailure(result) }
  const { status, headers, text } = result
  const parsed = parseJson(text)
  const said = SaidSchema.safeParse(parsed.ok ? parsed.value : undefined).data
  const fail = (kind: ErpFailureClass, sentence: string | undefined, subject?: string): Reading => {
    const wait = retryAfterMs(headers['retry-after'], now)
    return {
      ok: false,
      failure: {
        class: kind,
        message: redact(sentence ? `HTTP ${status}: ${sentence}` : `HTTP ${status}`, [], sent),
        ...(subject === undefined ? {} : { subject: redact(subject) }),
        ...(wait === undefined ? {} : { retryAfterMs: wait }),
      },
    }
  }

  if (status >= 200 && status < 300) {
    // Words such as "ok" are an answer. A page is a login form or a parked domain, and JSON cut off is half of one.
    if (/^\s*<(!doctype|html)/i.test(text)) return fail('Protocol', 'a page instead of an answer')
    const isJson = /\bjson\b/i.test(headers['content-type'] ?? '')
    if (isJson && !parsed.ok && text.trim() !== '') return fail('Protocol', 'the answer is not JSON')
    return { ok: true, id: said?.id, no: said?.no }
  }
  if (status >= 300 && status < 400)
    return fail(classOf(status), 'a redirect, which is not followed: webhook.url must be the final address')
  const sentence = said?.message ?? said?.detail ?? said?.error
  if (said?.missing !== undefined && (status === 400 || status === 422))
    return fail('MissingReference', sentence, said.missing)
  return fail(classOf(status), sentence)
}

function classOf(status: number): ErpFailureClass {
  if (status === 401 || status === 403) return 'AuthDenied'
  if (status === 429) return 'RateLimited'
  // A proxy answers these also after the receiver has acted.
  if (status === 408 || status >= 500) return 'UnknownOutcome'
  if (status === 409) return 'StateConflict'
  if (status === 412 || status === 423) return 'Contended'
  if (status === 425) return 'Transient'
  // No such address, or none that takes a POST of JSON: true of every message.
  if ([301, 305, 307, 308, 404, 405, 406, 407, 410, 411, 415].includes(status)) return 'Misconfigured'
  if (status >= 400) return 'Invalid'
  // 1xx, and the redirects that may follow a success.
  return 'Protocol'
}

function transportFailure({ is, code }: Exclude<HttpResult, HttpAnswer>): ErpFailure {
  if (is === 'not-sent') {
    const kind = code === 'INVALID_REQUEST' ? 'Misconfigured' : 'Transient'
    return { class: kind, message: `nothing was sent: the receiver cannot be reached in time (${code})` }
  }
  const what =
    code === 'TIMEOUT'
      ? 'did not answer in time'
      : code === 'TOO_LARGE'
        ? 'gave too long an answer'
        : 'broke off the connection'
  return { class: 'UnknownOutcome', message: `the receiver ${what} (${code})` }
}
