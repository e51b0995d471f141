import { type Receipt, ReceiptsSchema } from '#contracts/erasure.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import { erasedRow } from '#domain/erased-row.ts'
import type { Person } from '#domain/people-of.ts'
import { generationReference } from '#domain/reference.ts'
import { ERASED, wordlessRow } from '#domain/wordless.ts'
import type { DeadLetters } from '#ports/dead-letters.ts'
import type { Erasures } from '#ports/erasures.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Notes } from '#ports/notes.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import { type FindPersonDeps, type FoundPerson, findPerson, speaksOf } from './find-person.ts'

export interface ErasePersonDeps extends FindPersonDeps {
  readonly ledger: FindPersonDeps['ledger'] & Pick<Ledger, 'get' | 'put' | 'removeBodies'>
  readonly writebacks: FindPersonDeps['writebacks'] & Pick<WritebackLedger, 'get' | 'put'>
  readonly erasures: Pick<Erasures, 'add'>
  readonly deadLetters: DeadLetters
  readonly notes: Notes
  readonly clock: Clock
  readonly ids: Ids
  /** Waits as long as a worker may live that began before. */
  readonly outliveWorkers: () => Promise<void>
}

const WHY = 'Orders, amounts and references of documents are kept: tax and accounting law asks for the books.'
const RECEIPTS = 'erasures'

/**
 * Erases a person: from here on nothing of before is taken in or sent, and what is held is removed. The tombstones come first,
 * and workers that began before them have ended before anything is looked for, so that nobody brings anything back.
 * Nothing is sent to any ERP.
 */
export async function erasePerson(
  meant: readonly Person[],
  shop: string | undefined,
  deps: ErasePersonDeps,
): Promise<Receipt> {
  const { erasures, clock, hash, outliveWorkers } = deps
  const at = clock.now()
  let found: FoundPerson = await findPerson(meant, shop, deps)
  for (let known = 0; known < found.people.length; ) {
    for (const { of, value } of found.people.slice(known)) await erasures.add(hash(of, value), shop, at)
    known = found.people.length
    await outliveWorkers()
    found = await findPerson(found.people, shop, deps)
  }
  const hashes = found.people.map(({ of, value }) => hash(of, value))
  const removed: Receipt['removed'] = { things: {}, states: 0, requests: 0, steps: 0, deadLetters: 0 }
  const documents: Receipt['kept']['documents'] = []
  for (const { row, writebacks } of found.things) {
    const erased = await eraseRow(row, deps)
    const bodies = await deps.ledger.removeBodies(row.key, hashes)
    const { kind, target } = row.key
    removed.things[kind] = (removed.things[kind] ?? 0) + 1
    removed.states += bodies.subjects
    removed.requests += bodies.requests
    for (const step of writebacks) if (await eraseStep(step, deps)) removed.steps += 1
    documents.push(...documentsOf(erased, kind, target))
  }
  let unread = 0
  for (const queue of deps.deadLetters.queues) {
    const dead = await deps.deadLetters.take(queue, async (body) => speaksOf(body, found, shop), true)
    removed.deadLetters += dead.chosen
    unread += dead.unread
  }
  const receipt: Receipt = {
    v: 1,
    id: deps.ids.next(),
    at: EpochMsSchema.encode(at),
    people: hashes,
    shop: shop ?? null,
    removed,
    unread,
    kept: { rows: found.things.length, why: WHY, documents },
  }
  await keepReceipt(receipt, deps.notes)
  return receipt
}

/** The row as it is then. Somebody may write in between; each loss is one who has ended his work. */
async function eraseRow(row: LedgerRow, { ledger, clock, ids }: ErasePersonDeps): Promise<LedgerRow> {
  for (let current = row; ; ) {
    if (current.status === 'erased') return current
    const next = erasedRow(current, clock.now(), ids.next())
    const written = await ledger.put(next)
    if (written.ok) return next
    if (!written.current) return current
    current = written.current
  }
}

/** False: it had no words. */
async function eraseStep(row: WritebackRow, { writebacks, clock, ids }: ErasePersonDeps): Promise<boolean> {
  for (let current = row; ; ) {
    if (current.key.kind !== 'progress' || current.result === ERASED) return false
    const written = await writebacks.put(wordlessRow(current, clock.now(), ids.next()))
    if (written.ok) return true
    if (!written.current) return false
    current = written.current
  }
}

function documentsOf(
  { ref, erp, intent }: LedgerRow,
  kind: DocumentKind,
  target: string,
): Receipt['kept']['documents'] {
  if (erp) {
    const no = erp.no === undefined ? {} : { no: erp.no }
    const reference = generationReference(ref, erp.generation)
    return [{ target, kind, reference, id: erp.id, ...no, state: erp.state }]
  }
  if (!intent) return []
  return [{ target, kind, reference: generationReference(ref, intent.generation), id: '', state: 'unknown' }]
}

async function keepReceipt(receipt: Receipt, notes: Notes): Promise<void> {
  for (;;) {
    const note = await notes.read(RECEIPTS)
    const kept = [...parseReceipts(note?.text), receipt]
    if (await notes.write(RECEIPTS, note?.rev ?? 0, JSON.stringify(kept))) return
  }
}

const parseReceipts = (text: string | undefined): Receipt[] =>
  text === undefined ? [] : ReceiptsSchema.parse(JSON.parse(text))

/** Oldest first. */
export async function readReceipts(notes: Pick<Notes, 'read'>): Promise<Receipt[]> {
  return parseReceipts((await notes.read(RECEIPTS))?.text)
}
