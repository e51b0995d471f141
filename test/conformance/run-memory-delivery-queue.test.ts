import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { deliveryQueueConformance } from './delivery-queue.ts'

deliveryQueueConformance('memory', async (targets) => {
  const queue = new MemoryDeliveryQueue({ clock: new ManualClock(), targets })
  return { queue, drain: async (target) => queue.drain(target) }
})
