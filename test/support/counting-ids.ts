import type { Ids } from '#ports/runtime.ts'

export class CountingIds implements Ids {
  #count = 0

  next(): string {
    this.#count += 1
    return `id-${this.#count}`
  }
}
