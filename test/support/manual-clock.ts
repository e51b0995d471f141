import type { Clock } from '#ports/runtime.ts'

/** Stands still until told otherwise. */
export class ManualClock implements Clock {
  #now: number

  constructor(now = Date.UTC(2026, 10, 21, 8, 30)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  advance(ms: number): void {
    this.#now += ms
  }
}
