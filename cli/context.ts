import type { Clock, Ids } from '#ports/runtime.ts'
import type { Language } from '#runtime/language.ts'
import type { Connection } from './connection.ts'
import type { Place } from './place.ts'

/** Everything a command touches beside its arguments. */
export interface CliContext {
  /** One text with a line break after it, to standard output or standard error. */
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly stdin: () => Promise<string>
  /** Absent without a terminal. */
  readonly ask?: (question: string) => Promise<string>
  readonly language: Language
  readonly colour: boolean
  /** IANA name: instants are shown in it. */
  readonly timeZone: string
  /** What a person's relative paths are relative to. */
  readonly directory: string
  /** Where `npm start` keeps its data unless told otherwise. */
  readonly dataDir: string
  /** Undefined = nothing runs on this machine. Of a stage in AWS it throws instead, and says why. */
  readonly connect: (place: Place) => Promise<Connection | undefined>
  readonly clock: Clock
  readonly pause: (ms: number) => Promise<void>
  readonly ids: Ids
  readonly fetch: typeof globalThis.fetch
  readonly randomBytes: (count: number) => Buffer
  readonly debug: boolean
}

/** What a command found: as data, and as lines for a person. */
export interface Result {
  readonly json: unknown
  readonly text: string
  /** 1 = a finding or a failure. */
  readonly exit?: 0 | 1
}
