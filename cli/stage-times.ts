import type { DeliverTimes } from '#app/deliver.ts'
import { stageNamed } from '../infra/stages.ts'

/** The times of a stage as a delivery uses them. */
export function stageTimes(name: string): DeliverTimes {
  const stage = stageNamed(name)
  return {
    callMs: stage.callDeadlineSeconds * 1000,
    leaseMs: stage.leaseSeconds * 1000,
    settleMs: stage.settleSeconds * 1000,
    retryFloorMs: stage.retryFloorSeconds * 1000,
  }
}
