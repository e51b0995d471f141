import { shipmentRunName } from '#app/pull-shipments.ts'
import { ShipmentRunInputSchema } from '#contracts/shipment-run.ts'
import { scheduledHandler } from '#runtime/scheduled.ts'
import { log, pull } from './deps.ts'

export const handler = scheduledHandler(ShipmentRunInputSchema, pull, {
  nameOf: ({ target }) => shipmentRunName(target),
  log,
})
