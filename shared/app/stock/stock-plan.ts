import { type PlanChunk, PlanChunkSchema } from '#contracts/stock-run.ts'
import type { Notes } from '#ports/notes.ts'

/** As many as one command takes. */
const CHUNK_ITEMS = 200
/** A chunk is as old as its oldest figure: later ones begin another. */
const SPAN_MS = 5 * 60_000
const TTL_S = 3 * 86_400

/** What is to be written, kept until all is examined: the brake looks at the whole before any of it leaves. */
export class StockPlan {
  readonly #notes: Notes
  readonly #pool: string
  readonly #open: Map<string, PlanChunk>
  #chunks: number

  constructor(
    pool: string,
    notes: Notes,
    from: { readonly chunks: number; readonly open: readonly PlanChunk[] },
  ) {
    this.#pool = pool
    this.#notes = notes
    this.#chunks = from.chunks
    this.#open = new Map(from.open.map((chunk) => [chunk.shop, chunk]))
  }

  /** What a run keeps in its place. */
  get state(): { chunks: number; open: PlanChunk[] } {
    return { chunks: this.#chunks, open: [...this.#open.values()] }
  }

  async add(shop: string, asOf: number, item: PlanChunk['items'][number]): Promise<void> {
    const open = this.#open.get(shop)
    const isFull = open !== undefined && (open.items.length >= CHUNK_ITEMS || asOf - open.asOf > SPAN_MS)
    if (isFull) await this.#put(open)
    const chunk = open && !isFull ? open : { shop, asOf, items: [] }
    chunk.asOf = Math.min(chunk.asOf, asOf)
    chunk.items.push(item)
    this.#open.set(shop, chunk)
  }

  /** Puts the rest of it into notes too. */
  async close(): Promise<void> {
    for (const chunk of this.#open.values()) await this.#put(chunk)
    this.#open.clear()
  }

  /** Undefined: its note has expired. */
  async chunk(index: number): Promise<PlanChunk | undefined> {
    const note = await this.#notes.read(this.#name(index))
    return note && PlanChunkSchema.parse(JSON.parse(note.text))
  }

  async #put(chunk: PlanChunk): Promise<void> {
    const name = this.#name(this.#chunks)
    // An earlier run’s, or of a worker that died before it kept its place.
    const rev = (await this.#notes.read(name))?.rev ?? 0
    if (!(await this.#notes.write(name, rev, JSON.stringify(chunk), TTL_S))) {
      throw new Error(`somebody else writes the plan of the pool ${this.#pool}`)
    }
    this.#chunks += 1
  }

  #name(index: number): string {
    return `stock-plan:${this.#pool}:${index}`
  }
}
