import type { Note, Notes } from '#ports/notes.ts'
import type { Clock } from '#ports/runtime.ts'

interface Stored extends Note {
  readonly expiresAt: number
}

/** Notes for tests and trials. */
export class MemoryNotes implements Notes {
  readonly #notes = new Map<string, Stored>()
  readonly #clock: Clock

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock
  }

  async read(name: string): Promise<Note | undefined> {
    const note = this.#live(name)
    return note && { rev: note.rev, text: note.text }
  }

  async write(
    name: string,
    rev: number,
    text: string,
    ttlSeconds = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    if ((this.#live(name)?.rev ?? 0) !== rev) return false
    this.#notes.set(name, { rev: rev + 1, text, expiresAt: this.#clock.now() + ttlSeconds * 1000 })
    return true
  }

  #live(name: string): Stored | undefined {
    const note = this.#notes.get(name)
    return note && note.expiresAt > this.#clock.now() ? note : undefined
  }
}
