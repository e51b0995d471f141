/** A document and the number of its last write. */
export interface Note {
  readonly rev: number
  readonly text: string
}

/**
 * What scheduled runs keep between invocations: documents by name, each read strongly consistent and changed only as a
 * whole. A text of several megabytes is fine.
 */
export interface Notes {
  read(name: string): Promise<Note | undefined>
  /**
   * Writes rev + 1 if `rev` is still the last one (0: there is none); false when somebody else wrote in between. A write of
   * ours that the SDK repeated is ok.
   */
  write(name: string, rev: number, text: string, ttlSeconds?: number): Promise<boolean>
}
