import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { Ledger } from '#ports/ledger.ts'

const GENERATION = /-[0-9a-z]{1,2}$/

/** What the reference of a document of a later generation, or of none, has in common with the first. */
export const withoutGeneration = (reference: string): string => reference.replace(GENERATION, '')

/**
 * The rows a person means by what they read somewhere: a reference, the reference of a later generation, or an order number.
 * Several when several targets, shops or re-issued numbers share it. Eventually consistent.
 */
export async function findRows(
  text: string,
  ledger: Pick<Ledger, 'findByRef' | 'findByNo'>,
): Promise<LedgerRow[]> {
  const byReference = await ledger.findByRef(text)
  if (byReference.length > 0) return byReference
  const ofDocument = GENERATION.test(text) ? await ledger.findByRef(withoutGeneration(text)) : []
  return ofDocument.length > 0 ? ofDocument : ledger.findByNo(text)
}
