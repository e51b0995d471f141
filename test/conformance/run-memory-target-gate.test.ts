import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { targetGateConformance } from './target-gate.ts'

targetGateConformance('memory', async (deps) => {
  const gate = new MemoryTargetGate({ ...deps, ids: new CountingIds() })
  return () => gate
})
