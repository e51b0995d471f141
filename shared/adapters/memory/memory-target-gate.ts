import type { Gate } from '#contracts/gate.ts'
import { breakerState, enterGate, type GateLimits, leaveGate, newGate } from '#domain/gate.ts'
import { createPermit } from '#domain/permit.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import type { Entry, GateState, TargetGate } from '#ports/target-gate.ts'

const HOUR_MS = 3_600_000

export interface MemoryTargetGateDeps {
  readonly limits: (target: string) => GateLimits
  readonly clock: Clock
  readonly ids: Ids
}

/** The gates of one process. */
export class MemoryTargetGate implements TargetGate {
  readonly #gates = new Map<string, Gate>()
  readonly #tombstones = new Map<string, number>()
  readonly #deps: MemoryTargetGateDeps

  constructor(deps: MemoryTargetGateDeps) {
    this.#deps = deps
  }

  async enter(target: string, want: number): Promise<Entry> {
    const { clock, ids } = this.#deps
    const limits = this.#deps.limits(target)
    const leaseId = ids.next()
    const entry = enterGate(this.#gate(target), clock.now(), want, limits, leaseId)
    if (!entry.open) return entry
    this.#gates.set(target, entry.gate)
    const permit = createPermit(entry.slots, entry.tokens, async (reports, unused) => {
      const next = leaveGate(this.#gate(target), clock.now(), limits, leaseId, reports, unused)
      if (next) this.#gates.set(target, next)
    })
    return { open: true, permit }
  }

  async state(target: string): Promise<GateState> {
    return breakerState(this.#gate(target), this.#deps.clock.now())
  }

  async allowTombstone(shop: string, perHour: number): Promise<boolean> {
    const key = `${shop}#${Math.floor(this.#deps.clock.now() / HOUR_MS)}`
    const count = (this.#tombstones.get(key) ?? 0) + 1
    this.#tombstones.set(key, count)
    return count <= perHour
  }

  #gate(target: string): Gate {
    return this.#gates.get(target) ?? newGate(target, this.#deps.clock.now(), this.#deps.limits(target))
  }
}
