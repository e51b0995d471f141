import * as z from 'zod'
import type { RestCommitments } from '#contracts/rest-reads.ts'
import type { Commitment, CommittedItem, ErpCommitments } from '#ports/erp-reads.ts'
import {
  addUp,
  CodeSchema,
  createRowsRead,
  listOf,
  ok,
  QuantitySchema,
  type ReadDeps,
  unreadable,
  unusable,
} from './reading.ts'

const AmountSchema = z
  .union([z.number().transform(String), z.string().trim()])
  .pipe(z.string().regex(/^-?\d{1,13}(\.\d+)?$/))
  .transform(toMinor)

const DocumentsSchema = z.array(
  z.object({
    reference: CodeSchema,
    state: z.enum(['live', 'cancelled', 'absent']),
    total: AmountSchema.nullish(),
    items: listOf(
      z.object({
        sku: CodeSchema,
        ordered: QuantitySchema,
        reserved: QuantitySchema.nullish(),
        shipped: QuantitySchema,
      }),
    ),
  }),
)
type Listed = z.infer<typeof DocumentsSchema>[number]

/** What an ERP holds for orders of ours, as its configuration describes it. */
export function createCommitments(deps: ReadDeps, commitments: RestCommitments): ErpCommitments {
  const { maxReferences, reservesAt, read } = commitments
  const where = 'operations.commitments.read'
  const documents = createRowsRead(deps, {
    operation: read,
    where,
    rows: ['documents', read.documents],
    empty: [
      'absent',
      read.absent,
      ({ status, body, json, ['references']: references }, confirmed) =>
        confirmed
          ? Array.isArray(body) && body.length === 0
          : // A page in HTML is a proxy’s word, not the ERP’s.
            status === 404 && (json || body === null) && Array.isArray(references) && references.length === 1,
    ],
  })

  return {
    maxReferences,
    ...(reservesAt === undefined ? {} : { reservesAt }),

    async read(references, context) {
      if (references.length === 0) return ok(new Map())
      const answer = await documents.ask({ references }, context)
      if (answer.is === 'failed') return answer
      const listed = DocumentsSchema.safeParse(answer.value.rows)
      if (!listed.success) return unusable(`${where}.documents`, listed.error)

      const byReference = Map.groupBy(listed.data, ({ reference }) => reference)
      const found = new Map<string, Commitment>()
      for (const reference of references) {
        const ours = byReference.get(reference)
        if (!ours && !answer.value.isWhole) {
          return unreadable(
            `${where}.documents does not have every reference that was asked for, and ${where}.absent does not say that the others have no document`,
          )
        }
        found.set(reference, ours ? together(ours) : { state: 'absent', items: [] })
      }
      return ok(found)
    },
  }
}

/** Of several documents under one reference all live ones count: each of them takes goods. */
function together(listed: readonly Listed[]): Commitment {
  const state = (['live', 'cancelled'] as const).find((wanted) => listed.some((one) => one.state === wanted))
  if (!state) return { state: 'absent', items: [] }
  const documents = listed.filter((document) => document.state === state)
  const totals = documents.flatMap(({ total }) => (total === null || total === undefined ? [] : [total]))
  const bySku = Map.groupBy(
    documents.flatMap(({ items }) => items),
    ({ sku }) => sku,
  )
  return {
    state,
    ...(totals.length === documents.length ? { total: totals.reduce((sum, total) => sum + total, 0) } : {}),
    items: [...bySku].map(([sku, items]) => itemOf(sku, items)),
  }
}

function itemOf(sku: string, items: Listed['items']): CommittedItem {
  const told = items.flatMap(({ reserved }) =>
    reserved === null || reserved === undefined ? [] : [reserved],
  )
  return {
    sku,
    ordered: addUp(...items.map(({ ordered }) => ordered)),
    ...(told.length > 0 ? { reserved: addUp(...told) } : {}),
    shipped: addUp(...items.map(({ shipped }) => shipped)),
  }
}

/** Half up, where an ERP has more than two places. */
function toMinor(amount: string): number {
  const [whole = '', places = ''] = amount.replace('-', '').split('.')
  const cents = Number(`${whole}${places.padEnd(2, '0').slice(0, 2)}`) + (Number(places[2] ?? 0) >= 5 ? 1 : 0)
  return amount.startsWith('-') && cents > 0 ? -cents : cents
}
