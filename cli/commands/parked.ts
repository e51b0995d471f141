import * as z from 'zod'
import { writebackName } from '#app/find-writebacks.ts'
import { allRows, allWritebacks } from '../all-rows.ts'
import { chooseTargets, defineCommand } from '../command.ts'
import { parkedSince, rowSummary } from '../row-view.ts'
import { writebackSummary } from '../writeback-view.ts'

export const parked = defineCommand({
  name: 'parked',
  describe: (t) => t.parked.describe,
  args: z.tuple([]),
  options: (t) => [
    ['--target <name>', t.options.target],
    ['--reason <code>', t.parked.reason],
  ],
  schema: z.object({ target: z.string().optional(), reason: z.string().optional() }),
  run: async (_args, options, cli) => {
    const { t, format } = cli
    const connection = await cli.connection()
    const targets = chooseTargets(connection.config(), options.target)
    const parts = await Promise.all(
      targets.flatMap((target) => [
        allRows(connection.ledger, target, 'parked').then((rows) =>
          rows.map((row) => ({ ...row, reference: row.ref, summary: rowSummary(row) })),
        ),
        allWritebacks(connection.writebacks, target, 'parked').then((rows) =>
          rows.map((row) => ({ ...row, reference: writebackName(row), summary: writebackSummary(row) })),
        ),
      ]),
    )
    const rows = parts.flat()
    const wanted = rows.filter(
      ({ reason }) => options.reason === undefined || reason?.code === options.reason,
    )
    const groups = [...Map.groupBy(wanted, ({ reason }) => reason?.code ?? 'unknown')].sort(
      ([, a], [, b]) => b.length - a.length,
    )
    const json = {
      count: wanted.length,
      groups: groups.map(([reason, members]) => ({
        reason,
        count: members.length,
        rows: members.map((row) => ({ ...row.summary, since: new Date(parkedSince(row)).toISOString() })),
      })),
    }
    const sections = groups.map(([code, members]) => {
      const [first] = members
      const told = first?.reason && t.reason(first.reason, 'general')
      const table = format.table(
        [t.words.target, t.words.reference, t.words.number, t.words.subject, t.parked.since, t.words.message],
        members.map((row) => [
          row.key.target,
          row.reference,
          row.no,
          row.reason?.subject,
          format.ago(parkedSince(row)),
          row.reason && t.reason(row.reason, 'detail').message,
        ]),
      )
      return [
        `${format.colors.bold(`${code} (${members.length})`)} — ${told?.message ?? ''}`,
        ...(told?.remedy === undefined ? [] : [`${t.words.remedy}: ${told.remedy}`]),
        table,
      ].join('\n')
    })
    return { json, text: sections.length > 0 ? sections.join('\n\n') : t.parked.nothing }
  },
})
