/** Messages that were put aside because nobody could read them, or because they came back too often. */
export interface DeadLetters {
  /** Names of the queues: the targets, and `writebacks`. */
  readonly queues: readonly string[]
  /**
   * Looks at what a queue holds. Those that are not removed come back at once.
   * @returns how many it chose, and how many it could not look at
   */
  take(
    queue: string,
    chosen: (body: string) => Promise<boolean>,
    remove: boolean,
  ): Promise<{ readonly chosen: number; readonly unread: number }>
}
