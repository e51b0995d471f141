import * as z from 'zod'
import { findRows } from '#app/find-rows.ts'
import { defineCommand } from '../command.ts'
import { rowSummary } from '../row-view.ts'

export const find = defineCommand({
  name: 'find <number>',
  describe: (t) => t.find.describe,
  args: z.tuple([z.string()]),
  schema: z.object({}),
  run: async ([text], _options, cli) => {
    const { t, format } = cli
    const { ledger } = await cli.connection()
    const rows = await findRows(text, ledger)
    if (rows.length === 0) return { json: [], text: t.find.nothing(text), exit: 1 }
    const head = [
      t.words.shop,
      t.words.target,
      t.words.reference,
      t.words.status,
      t.words.reason,
      t.words.erpDocument,
      t.words.changed,
    ]
    const lines = rows.map(({ key, ref, status, reason, erp, updatedAt }) => [
      key.shop,
      key.target,
      ref,
      t.statuses[status],
      reason?.code,
      erp &&
        [erp.id, erp.no, ...(erp.state === 'cancelled' ? [t.documentStates.cancelled] : [])]
          .filter(Boolean)
          .join(' '),
      format.at(updatedAt),
    ])
    return { json: rows.map(rowSummary), text: format.table(head, lines) }
  },
})
