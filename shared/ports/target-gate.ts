import type { ErpFailureClass } from '#domain/erp-failure.ts'

/** What a batch may do at a target; `leave` gives back what it did not use and tells how it went. */
export interface Permit {
  /** Calls that may run at the same time. */
  readonly slots: number
  /** Takes one token of the rate; false when the block is used up. */
  take(): boolean
  /** Undefined = the call succeeded or was refused for its content. */
  report(failure: ErpFailureClass | undefined): void
  leave(): Promise<void>
}

export type Entry =
  | { readonly open: true; readonly permit: Permit }
  | { readonly open: false; readonly retryAfterMs: number; readonly why: 'breaker' | 'slots' | 'rate' }

export interface GateState {
  readonly breaker: 'closed' | 'open' | 'probing'
  readonly since?: number
  readonly why?: string
  readonly retryAt?: number
}

/** Slots, token bucket and circuit breaker of each target (protocol §4), shared by every consumer. */
export interface TargetGate {
  /** `want` = records of the batch: at most that many slots, and tokens for three calls each. */
  enter(target: string, want: number): Promise<Entry>
  state(target: string): Promise<GateState>
  /** Counts one cancel by deletion for the shop; false when the hour's allowance is used up. */
  allowTombstone(shop: string, perHour: number): Promise<boolean>
}
