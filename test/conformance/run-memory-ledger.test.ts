import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { ledgerConformance } from './ledger.ts'

ledgerConformance('memory', async (clock) => new MemoryLedger({ clock }))
