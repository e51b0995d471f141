import type { Texts } from './texts.ts'
import type { Told } from './told.ts'

/** Ends a command with a sentence in the person's language. Anything else that is thrown is a bug. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  readonly code: string
  readonly exit: 1 | 2
  readonly say: (texts: Texts) => Told

  /** @param exit 1 = it failed, 2 = it was asked for wrongly */
  constructor(code: string, say: (texts: Texts) => Told, exit: 1 | 2 = 1) {
    super(code)
    this.code = code
    this.exit = exit
    this.say = say
  }
}
