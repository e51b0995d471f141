import { sweepName } from '#app/sweep-notes.ts'
import { SweepInputSchema } from '#contracts/drift.ts'
import { scheduledHandler } from '#runtime/scheduled.ts'
import { log, sweep } from './deps.ts'

export const handler = scheduledHandler(SweepInputSchema, sweep, {
  nameOf: ({ shop }) => sweepName(shop),
  log,
})
