import type { ErpRequest } from '#contracts/erp-request.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import type { Clock } from './runtime.ts'

export interface MappingProblem {
  readonly file: string
  readonly is: 'unreadable' | 'broken'
  /** A sentence naming the file, and the line and token where it does not compile. */
  readonly problem: string
}

/** A request as a person sees it: as it would leave, but for credentials. */
export interface ShownCall {
  readonly method: string
  /** Where it goes; for an ERP of remote procedures, address and procedure. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Added when it leaves; their values are secrets. */
  readonly credentialHeaders: readonly string[]
  readonly body?: unknown
}

interface Sentence {
  readonly message: string
  readonly remedy?: string
}

/** One thing the ERP has, or lacks, for its adapter to work. */
export interface ProbeFinding {
  readonly check: string
  /** `warning`: orders are delivered, but not as somebody may expect. */
  readonly is: 'ok' | 'warning' | 'wrong'
  /** The record, field or setting it is about. */
  readonly about?: string
  readonly en: Sentence
  readonly zh: Sentence
}

export interface ProbeDeps {
  readonly secrets: () => Promise<TargetSecret | undefined>
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
  /** Absolute, epoch ms; nothing leaves after it. */
  readonly deadline: number
}

/** What people are told of a configured target; nothing but `probe` calls the ERP. */
export interface ErpTarget {
  /** The names its secret must hold. */
  readonly secretNames: readonly string[]
  /** Names whose value has not the form it must have. Absent: any text will do. */
  readonly malformedSecrets?: (secret: TargetSecret) => readonly string[]
  /** What of the mapping files it names cannot be read or does not compile. */
  mappingProblems(configDir: string): MappingProblem[]
  showRequest(request: ErpRequest): ShownCall
  /** Asks the ERP for everything the adapter will need of it, and writes nothing. Absent: a look-up says all there is. */
  readonly probe?: (deps: ProbeDeps) => Promise<ProbeFinding[]>
}
