/** The error classes every adapter maps its ERP's signals to. */
export type ErpFailureClass =
  | 'AuthExpired'
  | 'AuthDenied'
  | 'RateLimited'
  | 'Transient'
  | 'Contended'
  | 'UnknownOutcome'
  | 'DuplicateRef'
  | 'MissingReference'
  | 'Invalid'
  | 'StateConflict'
  | 'NotFound'
  | 'Misconfigured'
  | 'Unsupported'
  | 'Protocol'

/** A failure as a value. `message` is the ERP's own sentence, cut to 300 characters and free of people. */
export interface ErpFailure {
  readonly class: ErpFailureClass
  readonly message: string
  /** The SKU, customer, region … that is missing, for MissingReference. */
  readonly subject?: string
  readonly field?: string
  /** The ERP's advice (Retry-After). */
  readonly retryAfterMs?: number
}

/** What each class means for the queue, for the gate of the target, and for what we know of the write. */
export interface FailureRule {
  /** `unknown`: the write may have happened; `find`: ask the ERP what it has; the others end or repeat the delivery. */
  readonly then: 'retry' | 'retry-soon' | 'park' | 'unknown' | 'find'
  /** `outage` counts towards opening the breaker, `denied` opens it at once. */
  readonly gate?: 'outage' | 'denied'
  readonly remedy: string
}

export const FAILURE_RULES: Readonly<Record<ErpFailureClass, FailureRule>> = {
  AuthExpired: { then: 'retry-soon', remedy: 'Wait: the adapter fetches a new token.' },
  AuthDenied: {
    then: 'retry',
    gate: 'denied',
    remedy:
      'Check the key, its rights and the ERP’s IP allow-list; put a new one with `npm run sync -- secret put`. Deliveries wait and go on by themselves.',
  },
  RateLimited: { then: 'retry', remedy: 'Wait, or lower rate.perMinute of the target.' },
  Transient: { then: 'retry', gate: 'outage', remedy: 'Wait: it is tried again until the ERP answers.' },
  Contended: { then: 'retry-soon', remedy: 'Wait: somebody has the document open.' },
  UnknownOutcome: { then: 'unknown', gate: 'outage', remedy: 'Wait: the ERP is asked what became of it.' },
  DuplicateRef: { then: 'find', remedy: 'Wait: the existing document is compared.' },
  MissingReference: {
    then: 'park',
    remedy: 'Create it in the ERP or correct the code in the shop, then `npm run sync -- replay`.',
  },
  Invalid: {
    then: 'park',
    remedy: 'Correct the order in the shop or the mapping, then `npm run sync -- replay`.',
  },
  StateConflict: {
    then: 'park',
    remedy: 'The ERP’s document is too far on. Settle it by hand in the ERP, then `npm run sync -- replay`.',
  },
  NotFound: { then: 'find', remedy: 'Wait: the ERP is asked again.' },
  Misconfigured: {
    then: 'retry',
    gate: 'denied',
    remedy:
      'Run `npm run sync -- doctor` and correct the target’s configuration. Deliveries wait and go on by themselves.',
  },
  Unsupported: {
    then: 'park',
    remedy: 'The ERP cannot do this. Settle it by hand in the ERP, then `npm run sync -- replay`.',
  },
  Protocol: {
    then: 'unknown',
    gate: 'outage',
    remedy: 'Wait: the answer could not be read; the ERP is asked what became of it.',
  },
}
