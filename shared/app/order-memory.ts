import { RememberedOrdersSchema } from '#contracts/drift.ts'
import type { Notes } from '#ports/notes.ts'

/** Ids that share a note. */
const BUCKET = 5_000
const TTL_S = 120 * 86_400

/** Identities (`id.stamp`) that a shop was seen to have: a row in the ledger cannot be found without one. */
export class OrderMemory {
  readonly #notes: Notes
  readonly #shop: string

  constructor(notes: Notes, shop: string) {
    this.#notes = notes
    this.#shop = shop
  }

  /** Adds some and takes others out. Answers the buckets that hold something. */
  async change(
    buckets: readonly number[],
    { add, remove = [] }: { readonly add: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<number[]> {
    const left = new Set(buckets)
    for (const bucket of new Set([...add, ...remove].map(bucketOf))) {
      const name = this.#name(bucket)
      const note = await this.#notes.read(name)
      const before = note ? RememberedOrdersSchema.parse(JSON.parse(note.text)) : []
      const entries = new Set(before)
      for (const entry of add) if (bucketOf(entry) === bucket) entries.add(entry)
      for (const entry of remove) entries.delete(entry)
      const changed = entries.size !== before.length || before.some((entry) => !entries.has(entry))
      if (changed) await this.#notes.write(name, note?.rev ?? 0, JSON.stringify([...entries]), TTL_S)
      if (entries.size > 0) left.add(bucket)
      else left.delete(bucket)
    }
    return [...left].toSorted((a, b) => a - b)
  }

  /** Those whose id is after the one and not after the other; without an end, all after the one. */
  async within(buckets: readonly number[], after: string, last: string | null): Promise<string[]> {
    const [from, to] = [BigInt(after), last === null ? undefined : BigInt(last)]
    const found: string[] = []
    for (const bucket of buckets) {
      if (bucket < bucketOf(after) || (last !== null && bucket > bucketOf(last))) continue
      const note = await this.#notes.read(this.#name(bucket))
      for (const entry of note ? RememberedOrdersSchema.parse(JSON.parse(note.text)) : []) {
        const id = BigInt(idOf(entry))
        if (id > from && (to === undefined || id <= to)) found.push(entry)
      }
    }
    return found
  }

  #name(bucket: number): string {
    return `orders:${this.#shop}:${bucket}`
  }
}

const idOf = (entry: string): string => entry.split('.')[0] ?? ''
const bucketOf = (entry: string): number => Number(BigInt(idOf(entry)) / BigInt(BUCKET))
