import { SkusSchema } from '#contracts/stock-run.ts'
import type { Notes } from '#ports/notes.ts'

const TTL_S = 86_400

/** SKUs that a full run has met in the shops, for the comparison with the ERP’s own list. */
export class KnownSkus {
  readonly #pool: string
  readonly #notes: Notes
  #news: string[] = []

  constructor(pool: string, notes: Notes) {
    this.#pool = pool
    this.#notes = notes
  }

  add(sku: string): void {
    this.#news.push(sku)
  }

  /** Keeps what was added since the last time. @returns the number of notes */
  async save(notes: number): Promise<number> {
    if (this.#news.length === 0) return notes
    const name = this.#name(notes)
    const rev = (await this.#notes.read(name))?.rev ?? 0
    await this.#notes.write(name, rev, JSON.stringify(this.#news), TTL_S)
    this.#news = []
    return notes + 1
  }

  async all(notes: number): Promise<ReadonlySet<string>> {
    const skus = new Set(this.#news)
    for (let index = 0; index < notes; index += 1) {
      const note = await this.#notes.read(this.#name(index))
      for (const sku of note ? SkusSchema.parse(JSON.parse(note.text)) : []) skus.add(sku)
    }
    return skus
  }

  #name(index: number): string {
    return `stock-known:${this.#pool}:${index}`
  }
}
