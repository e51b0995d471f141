import { retryAfterMs } from '#adapters/http/retry-after.ts'
import type { HttpAnswer, HttpResult } from '#adapters/http/transport.ts'
import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'

/** A read can be asked again. A write without a clear answer may have happened. */
export type Manner = 'read' | 'write'

/** An exception of the server, by its Python class. */
export interface Fault {
  readonly name: string
  readonly message: string
}

const CONTENDED =
  /could not serialize access|deadlock detected|could not obtain lock|duplicate key value|ir_model_data_module_name_uniq|cannot follow twice the same object|being modified by another/i
const DENIED =
  /you are not allowed to (create|modify|access|delete)|do not have enough rights|doesn't have '\w+' access|due to security restrictions|Access Denied/i
const TOO_LATE =
  /below the amount already delivered|locked order|cannot cancel a locked|already (been )?(delivered|invoiced)|not in a state requiring confirmation|cannot be modified|cannot modify the product/i
/** Of the integration user or the installation, not of this order. */
const UNFIT =
  /configure the sender's email address|Object \S+ doesn't exist|Invalid field|record of different model/i

/** What a sentence of Odoo's means, whichever way it came. English: every call asks for it. */
function classOfSentence(sentence: string): ErpFailureClass | undefined {
  if (CONTENDED.test(sentence)) return 'Contended'
  if (UNFIT.test(sentence)) return 'Misconfigured'
  if (DENIED.test(sentence)) return 'AuthDenied'
  if (TOO_LATE.test(sentence)) return 'StateConflict'
  if (/No matching record found/.test(sentence)) return 'MissingReference'
  return undefined
}

/**
 * An exception means that the transaction was rolled back: a clear no, for a write as well. The class names are the same in
 * JSON-2 and JSON-RPC.
 */
export function classOfFault({ name, message }: Fault): ErpFailureClass {
  if (/\.(AccessDenied|AccessError|Unauthorized|Forbidden)$/.test(name)) return 'AuthDenied'
  if (name.startsWith('psycopg2')) {
    if (/does not exist/.test(message) && /database/.test(message)) return 'Misconfigured'
    if (/SerializationFailure|Deadlock|LockNotAvailable|UniqueViolation|TransactionRollback/.test(name))
      return 'Contended'
    return (
      classOfSentence(message) ?? (/IntegrityError|DataError|Violation/.test(name) ? 'Invalid' : 'Transient')
    )
  }
  if (name.endsWith('.LockError')) return 'Contended'
  if (name.endsWith('.MissingError')) return 'NotFound'
  if (name.endsWith('.TooManyRequests')) return 'RateLimited'
  if (/\.(NotFound|UnprocessableEntity|MethodNotAllowed)$/.test(name)) return 'Misconfigured'
  if (/\.(UserError|ValidationError|RedirectWarning)$/.test(name))
    return classOfSentence(message) ?? 'Invalid'
  // A field, model or method that this version or database lacks; repeating it changes nothing.
  if (/^builtins\.(KeyError|AttributeError|TypeError|ValueError)$/.test(name)) return 'Misconfigured'
  return classOfSentence(message) ?? 'Transient'
}

/** `load` answers 200 and says in its messages that it wrote nothing. */
export function failureOfLoad(messages: readonly string[]): ErpFailure {
  // What follows the first is often its consequence ("Missing required value").
  const sentence = messages[0] ?? 'nothing was written, and no reason given'
  const kind = classOfSentence(sentence) ?? 'Invalid'
  const subject = kind === 'MissingReference' ? /'([^']+)'/.exec(sentence)?.[1] : undefined
  return {
    class: kind,
    message: sentence,
    ...(subject === undefined ? {} : { subject: subject.slice(0, 100) }),
  }
}

/** An answer that carries neither a result nor an exception of Odoo's: a proxy's, or that of another server. */
export function failureOfStatus(answer: HttpAnswer, manner: Manner, now: number): ErpFailure {
  const { status, headers } = answer
  const html = headers['content-type']?.includes('html') ? ', a page instead of data' : ''
  const wait = retryAfterMs(headers['retry-after'], now)
  return {
    class: classOfStatus(status, manner),
    message: `HTTP ${status}${html}${status === 404 ? ': check odoo.url and odoo.database' : ''}`,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  }
}

function classOfStatus(status: number, manner: Manner): ErpFailureClass {
  const unclear = manner === 'read' ? 'Transient' : 'UnknownOutcome'
  if (status === 429) return 'RateLimited'
  if (status === 401 || status === 403) return 'AuthDenied'
  // A proxy answers these also after Odoo has committed.
  if (status === 408 || status >= 500) return unclear
  if (status >= 300 && ![409, 412, 423, 425].includes(status)) return 'Misconfigured'
  if (status >= 400) return 'Transient'
  return manner === 'read' ? 'Transient' : 'Protocol'
}

/** A call without a whole answer. */
export function failureOfTransport(result: Exclude<HttpResult, HttpAnswer>, manner: Manner): ErpFailure {
  const { code } = result
  if (result.is === 'not-sent') {
    const kind = code === 'INVALID_REQUEST' ? 'Misconfigured' : 'Transient'
    return { class: kind, message: `nothing was sent: Odoo cannot be reached in time (${code})` }
  }
  const what = code === 'TIMEOUT' ? 'did not answer in time' : 'broke off its answer'
  return { class: manner === 'read' ? 'Transient' : 'UnknownOutcome', message: `Odoo ${what} (${code})` }
}
