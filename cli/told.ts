/** What a person is told: a sentence, and what to do about it. */
export interface Told {
  readonly message: string
  readonly remedy?: string
}
