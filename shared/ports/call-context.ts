export interface WriteContext {
  /** Absolute, epoch ms. Nothing leaves after it; what runs is aborted at it and awaited. */
  readonly deadline: number
  readonly correlationId: string
}
