import { MemoryNotes } from '#adapters/memory/memory-notes.ts'
import { notesConformance } from './notes.ts'

notesConformance('memory', async (clock) => new MemoryNotes({ clock }))
