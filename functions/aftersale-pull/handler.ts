import { aftersaleRunName } from '#app/pull-aftersales.ts'
import { AftersaleRunInputSchema } from '#contracts/aftersale-run.ts'
import { scheduledHandler } from '#runtime/scheduled.ts'
import { log, pull } from './deps.ts'

export const handler = scheduledHandler(AftersaleRunInputSchema, pull, {
  nameOf: ({ target }) => aftersaleRunName(target),
  log,
})
