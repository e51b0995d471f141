import { SCALAR_RULES } from './scalars.ts'
import type { Problem } from './webhook.ts'

interface ProblemKind {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly remedy: string
}

/** Why a whole request is refused. Nothing of it was queued. */
export const PROBLEMS = {
  'body-too-large': {
    status: 413,
    title: 'Body too large',
    detail: 'The body has more than 1,048,576 bytes.',
    remedy: 'Send fewer events per request.',
  },
  'unknown-shop': {
    status: 404,
    title: 'Unknown shop',
    detail: 'No shop of this id is configured here.',
    remedy: 'Compare the shop id in the URL with the keys under "shops" in sync.config.json.',
  },
  'shop-not-ready': {
    status: 503,
    title: 'Shop not ready',
    detail: 'The signing secret of this shop has not been put yet.',
    remedy: 'Put the shop’s secret with `npm run sync -- secret put`, then send again.',
  },
  'missing-signature': {
    status: 401,
    title: 'Signature missing',
    detail: 'webhook-id, webhook-timestamp or webhook-signature is missing or malformed.',
    remedy: 'Send all three headers of Standard Webhooks; the timestamp is in whole seconds since 1970.',
  },
  'wrong-clock': {
    status: 401,
    title: 'Wrong clock',
    detail: 'The signature is right, but its timestamp is more than 300 seconds away from serverTime.',
    remedy: 'Set the sender’s clock by NTP and sign again when sending again.',
  },
  'bad-signature': {
    status: 401,
    title: 'Signature wrong',
    detail: 'No signature in webhook-signature fits this body and a secret of this shop.',
    remedy:
      'Sign the exact bytes of the body with the secret that was put for this shop; check that no proxy rewrites the body.',
  },
  'invalid-encoding': {
    status: 400,
    title: 'Not UTF-8',
    detail: 'The body is not valid UTF-8.',
    remedy: 'Convert GBK to UTF-8 (PHP: mb_convert_encoding) before encoding JSON.',
  },
  'not-json': {
    status: 400,
    title: 'Not JSON',
    detail: 'The body cannot be parsed as JSON.',
    remedy: 'Send what a JSON encoder returns, unchanged; check that the body was not cut off.',
  },
  'invalid-body': {
    status: 400,
    title: 'Not an event',
    detail: 'The body is neither an event nor an object with 1 to 100 events.',
    remedy: 'Send {"events": [...]} or a single event with its "type".',
  },
  'too-many-events': {
    status: 413,
    title: 'Too many events',
    detail: 'The body has more than 100 events.',
    remedy: 'Send at most 100 events per request.',
  },
  'wrong-epoch': {
    status: 409,
    title: 'Wrong epoch',
    detail: 'The epoch of an event is not the current one of this shop.',
    remedy:
      'Pause this sender and set nothing aside. If it is the newest installation of the shop, add its epoch to the shop’s secret with `npm run sync -- secret put`; if it is a copy or a restored backup, switch its relay off.',
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    detail: 'A fault of this service; it was logged under the correlation id.',
    remedy: 'Send the same events again later.',
  },
} as const satisfies Record<string, ProblemKind>
export type ProblemCode = keyof typeof PROBLEMS

export function problem(code: ProblemCode, correlationId: string, more: Partial<Problem> = {}): Problem {
  return { type: `webhook-v1.md#${code}`, ...PROBLEMS[code], code, correlationId, ...more }
}

/** Why a single event was not accepted. The sentence told is its field, or "The event", followed by `message`. */
export const EVENT_PROBLEMS = {
  'missing-field': {
    message: 'is missing',
    remedy:
      'Send every field of the contract; where the shop has no value, send "", "0" or null as the contract says.',
  },
  'wrong-type': {
    message: 'has another JSON type than the contract names',
    remedy:
      'Compare the field with webhook-v1.schema.json; PHP sends numbers from the database as strings unless cast.',
  },
  'invalid-value': {
    message: 'is outside the values the contract allows',
    remedy: 'Compare the field with webhook-v1.schema.json.',
  },
  'invalid-id': SCALAR_RULES.id,
  'invalid-money': SCALAR_RULES.money,
  'invalid-instant': SCALAR_RULES.instant,
  'invalid-text': SCALAR_RULES.text,
  'unknown-type': {
    message: 'is not an event type of this contract',
    remedy:
      'Send "order.snapshot", "order.deleted" or another type of webhook-v1.md; if the bridge is newer than this service, update the service.',
  },
  'too-deep': {
    message: 'is nested more than 32 levels deep',
    remedy: 'Send database columns as they are; no column of ECShop nests.',
  },
  'amount-out-of-range': {
    message: 'has amounts beyond 999999999999.99 once multiplied and added up',
    remedy: 'Correct the prices and quantities of the order in the shop.',
  },
  'too-large': {
    message: 'makes a message of more than 1,048,576 bytes, the most that a queue takes',
    remedy: 'Split the order in the shop or enter it in the ERP by hand.',
  },
  'queue-unavailable': {
    message: 'could not be queued for every target',
    remedy: 'Keep the event and send it again later.',
  },
} as const satisfies Record<string, { readonly message: string; readonly remedy: string }>
export type EventProblemCode = keyof typeof EVENT_PROBLEMS
