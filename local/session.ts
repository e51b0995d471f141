import type { Options } from './options.ts'
import type { Colours } from './story/report.ts'
import type { Texts } from './texts.ts'

/** One `npm start`. */
export interface Session {
  readonly options: Options
  readonly texts: Texts
  readonly colours: Colours & { readonly faint: (text: string) => string }
  readonly say: (line?: string) => void
  /** The project. */
  readonly root: string
  /** Absolute. */
  readonly dataDir: string
  /** What a command of the operator's tools needs to find it: empty for the usual folder. */
  readonly dataFlag: string
  /** Aborted when somebody wants it to stop. */
  readonly signal: AbortSignal
  /** Runs at the end, the last one first. */
  readonly atEnd: (cleanup: () => void | Promise<void>) => void
}

/** Something the person who runs this can correct: a sentence in their language. */
export class CannotStartError extends Error {
  override readonly name = 'CannotStartError'
}

/** Since the process began. */
export const secondsSince = (from = 0) => ((performance.now() - from) / 1000).toFixed(1)
