/** Something the person who runs this can correct; its message is all they need to see. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
