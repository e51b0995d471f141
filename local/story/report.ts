import Table from 'cli-table3'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { totalOf, wire } from '../demo/shop-order.ts'
import type { Texts } from '../texts.ts'
import type { Finding } from './tally.ts'

export interface Colours {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
}

/** The findings as lines of a table, in their order. */
export function reportOf(
  findings: readonly Finding[],
  rowOf: (finding: Finding) => LedgerRow | undefined,
  texts: Texts,
  { good, bad }: Colours,
): string {
  const table = new Table({ head: [...texts.columns], style: { head: [], border: [], compact: true } })
  const mark = (isGood: boolean, text: string) => (isGood ? good(text) : bad(text))
  for (const finding of findings) {
    const { order, live, equal, wanted, lost, surplus } = finding
    const right = finding.parked || (!lost && surplus === 0)
    table.push([
      order.no,
      shopSays(finding, texts),
      erpHas(finding, rowOf(finding), texts),
      mark(right, String(live)),
      equal === undefined
        ? mark(right, wanted && !finding.parked ? texts.no : texts.notApplicable)
        : mark(equal, equal ? texts.yes : texts.no),
    ])
  }
  return table.toString()
}

function shopSays({ order, wanted }: Finding, texts: Texts): string {
  if (order.status === 'cancelled') return texts.shopCancelled
  if (order.status === 'returned') return texts.shopReturned
  return wanted ? texts.shopWants(wire(totalOf(order))) : texts.shopUnpaid
}

function erpHas({ documents, parked }: Finding, row: LedgerRow | undefined, texts: Texts): string {
  const found = documents.map(({ no, status }) => texts.erpDocument(no, texts.erpStatus[status]))
  if (parked) found.push(texts.parkedMark(row?.reason?.code ?? '-'))
  return found.length > 0 ? found.join(', ') : texts.erpNothing
}
