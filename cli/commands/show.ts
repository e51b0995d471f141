import * as z from 'zod'
import { findRows } from '#app/find-rows.ts'
import { writebacksNamed, writebacksOf } from '#app/find-writebacks.ts'
import { type Subject, SubjectSchema } from '#contracts/delivery-message.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { defineCommand } from '../command.ts'
import { CliFailure } from '../failure.ts'
import type { Format } from '../format.ts'
import { documentReference, rowDetails } from '../row-view.ts'
import { courseView, writebackDetails, writebackLife } from '../writeback-view.ts'

export const show = defineCommand({
  name: 'show <reference>',
  describe: (t) => t.show.describe,
  args: z.tuple([z.string()]),
  options: (t) => [['--body', t.show.body]],
  schema: z.object({ body: z.boolean().default(false) }),
  run: async ([text], options, cli) => {
    const { ledger, writebacks, config } = await cli.connection()
    const rows = await findRows(text, ledger)
    const ofOrder = await writebacksOf(rows[0]?.ref ?? text, writebacks)
    const back =
      rows.length + ofOrder.length > 0
        ? ofOrder
        : await writebacksNamed(text, Object.keys(config().targets), writebacks)
    if (rows.length + back.length === 0)
      throw new CliFailure('not-found', (t) => ({ message: t.find.nothing(text) }))
    const lives = await Promise.all(
      rows.map(async (row) => {
        const subject = options.body ? await ledger.getSubject(row.key) : undefined
        return { row, subject }
      }),
    )
    const details = lives.map(({ row, subject }) => ({
      ...rowDetails(row),
      writebacks: back.filter(({ key }) => key.target === row.key.target).map(writebackDetails),
      ...(options.body ? { body: subject ? wireSubject(subject) : null } : {}),
    }))
    return {
      json: rows.length > 0 ? details : back.map(writebackDetails),
      text: [
        ...lives.map(({ row, subject }) =>
          [
            life(row, options.body ? { subject } : undefined, cli.format),
            courseView(
              back.filter(({ key, ref }) => key.target === row.key.target && ref === row.ref),
              cli.format,
            ),
          ]
            .filter((part) => part !== undefined)
            .join('\n\n'),
        ),
        ...back.map((row) => writebackLife(row, cli.format)),
      ].join('\n\n\n'),
    }
  },
})

const wireSubject = (subject: Subject): object => z.encode(SubjectSchema, subject)

function life(row: LedgerRow, body: { subject: Subject | undefined } | undefined, format: Format): string {
  const { t, at, fields, table, colors } = format
  const { key, intent, erp, seen, applied, shopState, reason, claim, unsettledUntil } = row
  const told = reason && t.reason(reason)
  const facts = fields([
    [t.words.reference, documentReference(row)],
    [t.words.number, row.no],
    [t.words.shop, key.shop],
    [t.words.target, key.target],
    [t.words.status, colors.bold(t.statuses[row.status])],
    [t.words.reason, told && `${reason.code} — ${told.message}`],
    [t.words.subject, reason?.subject],
    [t.words.field, reason?.field],
    [t.words.remedy, told?.remedy],
    [t.show.shopState, t.show.shopStateText(shopState)],
    [t.show.seen, `${seen.version.epoch}:${seen.version.seq}`],
    [t.show.applied, applied && `${applied.version.epoch}:${applied.version.seq}`],
    [
      t.words.erpDocument,
      erp && [erp.id, erp.no, erp.step, t.documentStates[erp.state]].filter(Boolean).join('  '),
    ],
    [t.show.unknown, intent && t.show.unknownText(`${intent.op} ${intent.step}`, at(intent.deadline))],
    [t.show.unsettledUntil, unsettledUntil === undefined ? undefined : at(unsettledUntil)],
    [t.show.claimedUntil, claim && at(claim.leaseUntil)],
    [t.show.wakeAt, row.wakeAt === undefined ? undefined : at(row.wakeAt)],
    [t.show.firstSeen, at(row.firstSeenAt)],
    [t.words.changed, at(row.updatedAt)],
  ])
  const lines = table(
    [t.show.line, 'SKU', t.show.ordered, t.show.sent, t.show.shipped],
    row.lines.map(({ recId, sku, qty, sentQty, shipped }) => [recId, sku, qty, sentQty, shipped]),
  )
  const history = table(
    [t.show.when, t.show.what, t.show.version, t.words.correlationId],
    row.history.map(({ at: when, event, detail, seq, correlationId }) => [
      at(when),
      detail === undefined ? event : `${event} (${detail})`,
      seq,
      correlationId,
    ]),
  )
  return [
    facts,
    ...(row.lines.length > 0 ? [lines] : []),
    history,
    ...(body
      ? [
          body.subject
            ? JSON.stringify(wireSubject(body.subject), null, 2)
            : t.obstacles['no-subject'].message,
        ]
      : []),
  ].join('\n\n')
}
