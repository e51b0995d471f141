import * as z from 'zod'
import { findRows } from '#app/find-rows.ts'
import { writebackName, writebacksNamed, writebacksOf } from '#app/find-writebacks.ts'
import { defineCommand } from '../command.ts'
import { rowSummary } from '../row-view.ts'
import { writebackSummary } from '../writeback-view.ts'

export const find = defineCommand({
  name: 'find <number>',
  describe: (t) => t.find.describe,
  args: z.tuple([z.string()]),
  schema: z.object({}),
  run: async ([text], _options, cli) => {
    const { t, format } = cli
    const { ledger, writebacks, config } = await cli.connection()
    const found = await findRows(text, ledger)
    const tickets = [...new Set(found.filter(({ key }) => key.kind === 'ticket').map(({ ref }) => ref))]
    // Parts go by the reference of the ticket that they are for.
    const parts = (await Promise.all(tickets.map((ref) => ledger.findByNo(ref)))).flat()
    const rows = [...found, ...parts]
    const back = [
      ...(await writebacksOf(text, writebacks)),
      ...(await writebacksNamed(text, Object.keys(config().targets), writebacks)),
    ]
    if (rows.length + back.length === 0) return { json: [], text: t.find.nothing(text), exit: 1 }
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
    const backLines = back.map((row) => [
      row.shop,
      row.key.target,
      writebackName(row),
      t.writebacks.statuses[row.status],
      row.reason?.code,
      t.writebacks.kinds[row.key.kind],
      format.at(row.updatedAt),
    ])
    return {
      json: [...rows.map(rowSummary), ...back.map(writebackSummary)],
      text: format.table(head, [...lines, ...backLines]),
    }
  },
})
