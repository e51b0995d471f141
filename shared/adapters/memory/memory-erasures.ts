import type { Erasures } from '#ports/erasures.ts'

/** For tests and trials. */
export class MemoryErasures implements Erasures {
  readonly #at = new Map<string, number>()

  async add(person: string, shop: string | undefined, at: number): Promise<void> {
    const name = `${person} ${shop ?? '*'}`
    this.#at.set(name, Math.max(at, this.#at.get(name) ?? 0))
  }

  async latest(people: readonly string[], shop: string): Promise<number | undefined> {
    const found = people
      .flatMap((person) => [this.#at.get(`${person} *`), this.#at.get(`${person} ${shop}`)])
      .filter((at) => at !== undefined)
    return found.length === 0 ? undefined : Math.max(...found)
  }
}
