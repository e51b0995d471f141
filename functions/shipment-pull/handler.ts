import { shipmentRunName } from '#app/pull-shipments.ts'
import { PullInputSchema } from '#contracts/pull-run.ts'
import { scheduledHandler } from '#runtime/scheduled.ts'
import { log, pull } from './deps.ts'

export const handler = scheduledHandler(PullInputSchema, pull, {
  nameOf: ({ target }) => shipmentRunName(target),
  log,
})
