import type { Clock } from '#ports/runtime.ts'
import { type Attempt, done } from './attempt.ts'
import type { Session } from './session.ts'

/** What belongs to the database, not to an order, and is believed for so long. */
export const HOUSE_MS = 10 * 60_000
/** Products are edited while orders come in. */
const SHELF_MS = 60_000
const MOST = 5_000

/** Answers that were found lately. What was not found is never kept: it is asked anew each time. */
export class Remembered<T> {
  readonly #clock: Clock
  readonly #forMs: number
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>()

  constructor(clock: Clock, forMs: number) {
    this.#clock = clock
    this.#forMs = forMs
  }

  get(key: string): T | undefined {
    const known = this.#kept.get(key)
    return known && this.#clock.now() < known.until ? known.value : undefined
  }

  set(key: string, value: T): void {
    if (this.#kept.size >= MOST) this.#kept.clear()
    this.#kept.set(key, { value, until: this.#clock.now() + this.#forMs })
  }

  clear(): void {
    this.#kept.clear()
  }

  async or(key: string, ask: () => Promise<Attempt<T>>): Promise<Attempt<T>> {
    const known = this.get(key)
    if (known !== undefined) return done(known)
    const asked = await ask()
    if (asked.ok) this.set(key, asked.value)
    return asked
  }
}

export interface Tax {
  readonly id: number
  readonly name: string
  /** Percent, where `kind` is that. */
  readonly amount: number
  readonly kind: string
  /** In the price, or on top of it. */
  readonly included: boolean
}

export interface Product {
  readonly id: number
  readonly name: string
  readonly taxes: readonly Tax[]
}

/** What the configuration names, as records; absent where it names nothing. */
export interface Named {
  readonly term?: number
  readonly warehouse?: number
  readonly journal?: number
  readonly pricelist?: { readonly id: number; readonly currency: string }
  readonly taxes?: readonly Tax[]
}

export interface Company {
  readonly currency: string
  readonly rounding: 'line' | 'order'
}

export interface Country {
  readonly id: number
  readonly states: readonly { readonly id: number; readonly name: string }[]
}

export interface Memory {
  /** By Internal Reference. */
  readonly products: Remembered<Product>
  /** By payment term; the rest is one for the target. */
  readonly named: Remembered<Named>
  readonly company: Remembered<Company>
  /** Of a buyer who is new. */
  readonly currency: Remembered<string>
  /** By the shop's name of it; without an id where Odoo does not have it. */
  readonly countries: Remembered<Country | 'unknown'>
  /** Projects, tags and operation types by model and name. */
  readonly ids: Remembered<number>
}

/** What is asked of an Odoo, and what it said lately. */
export interface Desk {
  readonly session: Session
  readonly memory: Memory
}

export const createMemory = (clock: Clock): Memory => ({
  products: new Remembered(clock, SHELF_MS),
  named: new Remembered(clock, HOUSE_MS),
  company: new Remembered(clock, HOUSE_MS),
  currency: new Remembered(clock, HOUSE_MS),
  countries: new Remembered(clock, HOUSE_MS),
  ids: new Remembered(clock, HOUSE_MS),
})

/** Something of it turned out not to be so any more. */
export function forget(memory: Memory): void {
  for (const remembered of Object.values(memory)) remembered.clear()
}
