import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { writebackLedgerConformance } from './writeback-ledger.ts'
import { writebackQueueConformance } from './writeback-queue.ts'

writebackLedgerConformance('memory', async () => ({
  writebacks: new MemoryWritebackLedger(),
  ledger: new MemoryLedger({ clock: new ManualClock() }),
}))

writebackQueueConformance('memory', async () => {
  const queue = new MemoryWritebackQueue({ clock: new ManualClock() })
  return { queue, drain: async () => queue.drain() }
})
