import type { ErpFailureClass } from '#domain/erp-failure.ts'
import type { Clock } from '#ports/runtime.ts'
import type { Entry, Permit, TargetGate } from '#ports/target-gate.ts'

/** One batch's turn at a target: it enters the gate once, with the first record that needs to, and shares slots and tokens. */
export interface Turn {
  enter(): Promise<{ open: true } | Extract<Entry, { open: false }>>
  /** A token for one call, and time for it before the function's own end; false = later. */
  take(callMs: number): boolean
  /** Time for a call whose token is in hand. */
  hasTime(callMs: number): boolean
  /** Runs a call in one of the slots. It may have to wait for one: then its time is to be asked for again. */
  inSlot<T>(call: () => Promise<T>): Promise<T>
  report(failure: ErpFailureClass | undefined): void
  end(): Promise<void>
}

/** @param endsAt when the function stops, epoch ms @param records of the batch: what is asked of the gate at most */
export function openTurn(
  gate: TargetGate,
  target: string,
  records: number,
  endsAt: number,
  clock: Clock,
): Turn {
  let entry: Promise<Entry> | undefined
  let permit: Permit | undefined
  let free = 0
  const waiting: (() => void)[] = []

  const enter = async () => {
    entry ??= gate.enter(target, records).then((answer) => {
      if (answer.open) {
        permit = answer.permit
        free = answer.permit.slots
      }
      return answer
    })
    const answer = await entry
    return answer.open ? { open: true as const } : answer
  }

  const hasTime = (callMs: number) => clock.now() + callMs < endsAt

  return {
    enter,
    take: (callMs) => hasTime(callMs) && permit !== undefined && permit.take(),
    hasTime,
    inSlot: async (call) => {
      if (free > 0) free -= 1
      else await new Promise<void>((go) => waiting.push(go))
      try {
        return await call()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else free += 1
      }
    },
    report: (failure) => permit?.report(failure),
    end: async () => {
      await entry
      await permit?.leave()
    },
  }
}
