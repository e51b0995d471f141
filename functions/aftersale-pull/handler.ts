import { aftersaleRunName } from '#app/pull-aftersales.ts'
import { PullInputSchema } from '#contracts/pull-run.ts'
import { scheduledHandler } from '#runtime/scheduled.ts'
import { log, pull } from './deps.ts'

export const handler = scheduledHandler(PullInputSchema, pull, {
  nameOf: ({ target }) => aftersaleRunName(target),
  log,
})
