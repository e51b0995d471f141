import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { erasuresConformance } from './erasures.ts'

erasuresConformance('memory', async () => new MemoryErasures())
