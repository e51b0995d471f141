import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { PartsState } from '#contracts/parts.ts'
import type { Version } from '#contracts/scalars.ts'
import type { ReasonCode } from './reasons.ts'

/**
 * A request never changes, it is only taken back. So its versions are fixed: however late or often it is told, what took it
 * back is the newer.
 */
export const PARTS_VERSIONS = {
  asked: { epoch: 'parts', epochNo: 0, seq: 1 },
  withdrawn: { epoch: 'parts', epochNo: 0, seq: 2 },
  /** By us: what the ERP refused half-way is cleared away. */
  cleared: { epoch: 'parts', epochNo: 0, seq: 3 },
} as const satisfies Record<string, Version>

/** Who asked for the parts of this ledger row, and for what. */
export interface AskedBy {
  readonly desk: string
  /** Of the ticket's row. */
  readonly ticket: string
  readonly requestId: string
}

export function askedBy(sourceId: string): AskedBy {
  const [, desk, ticket, requestId] = /^([a-z][a-z0-9-]*)\.(\d+\.\d+)\.(.+)$/s.exec(sourceId) ?? []
  if (desk === undefined || ticket === undefined || requestId === undefined)
    throw new Error('That is not the source id of a request for parts.')
  return { desk, ticket, requestId }
}

/** These say no for certain; after any other park a person has to find out. */
const REFUSALS: ReadonlySet<string> = new Set<ReasonCode>([
  'refused',
  'missing-reference',
  'mapping',
  'kind-unsupported',
  'amend-unsupported',
  'too-late-to-amend',
  'reference-collision',
  'cancelled-in-erp',
  'too-old',
])

const isRefused = ({ status, reason, intent }: LedgerRow): boolean =>
  status === 'parked' && intent === undefined && REFUSALS.has(reason?.code ?? '')

/** Whether a refusal left a document in the ERP that nobody wants. */
export function leavesDocument(row: LedgerRow): boolean {
  return isRefused(row) && row.erp?.state === 'live' && row.shopState.state !== 'withdrawn'
}

/** What the desk that asked is told. */
export function partsState(row: LedgerRow): PartsState {
  const { key, ref, erp, parts } = row
  const { state, why } = stateOf(row)
  return {
    requestId: askedBy(key.sourceId).requestId,
    reference: ref,
    state,
    ...(why === undefined ? {} : { why }),
    ...(state === 'confirmed' && erp ? { documentNo: erp.no ?? erp.id } : {}),
    lines: parts?.lines ?? [],
    parcels: parts?.parcels ?? [],
  }
}

function stateOf(row: LedgerRow): { state: PartsState['state']; why?: string | undefined } {
  const why = row.status === 'parked' ? row.reason?.message : undefined
  if (row.shopState.state === 'withdrawn') {
    const refused = row.parts?.refused
    return refused === undefined ? { state: 'withdrawn', why } : { state: 'refused', why: refused }
  }
  if (isRefused(row)) return { state: 'refused', why }
  const confirmed = row.status === 'done' && row.erp?.state === 'live'
  return { state: confirmed ? 'confirmed' : 'requested', why }
}
