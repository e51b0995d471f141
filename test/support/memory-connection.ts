import { MemoryDeadLetters } from '#adapters/memory/memory-dead-letters.ts'
import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryNotes } from '#adapters/memory/memory-notes.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { receive } from '#app/receive.ts'
import { loadConfig } from '#runtime/config-file.ts'
import type { Connection, QueueDepths } from '../../cli/connection.ts'
import { stageTimes } from '../../cli/stage-times.ts'
import { CountingIds } from './counting-ids.ts'
import type { ManualClock } from './manual-clock.ts'

/** A deployment of memory adapters: the webhook is the real use case, the queues keep what it enqueues. */
export function memoryConnection(configDir: string, clock: ManualClock) {
  const config = () => loadConfig(configDir)
  const times = stageTimes('local')
  const ledger = new MemoryLedger({ clock })
  const deadLetters = new MemoryDeadLetters([...Object.keys(config().targets), 'writebacks'])
  const erasures = new MemoryErasures()
  const queue = new MemoryDeliveryQueue({ clock, targets: Object.keys(config().targets) })
  const writebacks = new MemoryWritebackLedger()
  const writebackQueue = new MemoryWritebackQueue({ clock })
  const memory = new MemorySecrets()
  const notes = new MemoryNotes({ clock })
  const limits = () => ({ slots: 2, perMinute: 60, leaseMs: times.leaseMs, retryFloorMs: times.retryFloorMs })
  const gate = new MemoryTargetGate({ clock, ids: new CountingIds(), limits })
  const depths = new Map<string, QueueDepths>()
  /** How the next runs end. */
  const runs: unknown[] = []
  const connection: Connection = {
    configDir,
    config,
    times,
    ledger,
    erasures,
    notes,
    queue,
    deadLetters,
    writebacks,
    writebackQueue,
    gate,
    secrets: {
      shop: (shop) => memory.shop(shop),
      bridge: (shop) => memory.bridge(shop),
      target: (target) => memory.target(target),
      personKey: () => memory.personKey(),
      putShop: async (shop, secret) => memory.putShop(shop, secret),
      putBridge: async (shop, secret) => memory.putBridge(shop, secret),
      putTarget: async (target, secret) => memory.putTarget(target, secret),
    },
    depths: async (target) => depths.get(target) ?? NO_MESSAGES,
    writebackDepths: async () => depths.get('writebacks') ?? NO_MESSAGES,
    run: async (run) => runs.shift() ?? { is: 'done', counts: {}, asked: run },
    post: async (shop, headers, body) => {
      const answer = await receive(
        { shop, headers, rawBody: Buffer.from(body), correlationId: 'corr-0001' },
        { config: config(), secrets: memory, queue, clock, log: SILENT },
      )
      return { status: answer.status, body: answer.body }
    },
  }
  return {
    connection,
    ledger,
    erasures,
    notes,
    queue,
    deadLetters,
    writebacks,
    writebackQueue,
    gate,
    secrets: memory,
    depths,
    runs,
  }
}

const NO_MESSAGES: QueueDepths = { visible: 0, inFlight: 0, delayed: 0, deadLetters: 0 }
const SILENT = { info: () => {}, warn: () => {}, error: () => {} }
