import { stockRunName } from '#app/reconcile-stock.ts'
import { StockRunInputSchema } from '#contracts/stock-run.ts'
import { scheduledHandler } from '#runtime/scheduled.ts'
import { log, reconcile } from './deps.ts'

export const handler = scheduledHandler(StockRunInputSchema, reconcile, {
  nameOf: ({ pool }) => stockRunName(pool),
  log,
})
