import type { Progress } from '#contracts/progress.ts'
import type { AftersalesPage } from '#ports/erp-reads.ts'
import type { Attempt } from './attempt.ts'
import type { Changed, Place } from './changes.ts'
import type { Session } from './session.ts'

export interface Step {
  /** When it can have been written at the earliest, as Odoo writes an instant. */
  readonly stamp: string
  readonly progress: Progress
}

/** One page of records that changed. */
export interface Changes {
  /** By id; a record may be there more than once. */
  readonly changed: readonly Changed[]
  readonly isLast: boolean
  readonly steps: readonly Step[]
  readonly unreadable: AftersalesPage['unreadable']
}

export type ReadChanges = (session: Session, place: Place) => Promise<Attempt<Changes>>
