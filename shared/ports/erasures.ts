/**
 * Who was erased, and when: for good, so that nothing of before ever comes back. People are keyed hashes
 * (ports/person-key.ts).
 */
export interface Erasures {
  /** @param shop undefined: of every shop */
  add(person: string, shop: string | undefined, at: number): Promise<void>
  /** The latest erasure of any of these people that holds for a shop. Strongly consistent. */
  latest(people: readonly string[], shop: string): Promise<number | undefined>
}
