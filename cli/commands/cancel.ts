import * as z from 'zod'
import { findRows } from '#app/find-rows.ts'
import { writebackName } from '#app/find-writebacks.ts'
import { commandMessage } from '#app/replay-writeback.ts'
import { defineCommand } from '../command.ts'
import { CliFailure } from '../failure.ts'

export const cancel = defineCommand({
  name: 'cancel <order>',
  describe: (t) => t.cancel.describe,
  args: z.tuple([z.string()]),
  options: (t) => [
    ['--reason <text>', t.cancel.reason],
    ['--refund', t.cancel.refund],
    ['--shop <id>', t.options.shop],
  ],
  schema: z.object({
    reason: z.string().min(1).max(200).optional(),
    refund: z.boolean().default(false),
    shop: z.string().optional(),
  }),
  run: async ([text], { reason, refund, shop: wanted }, cli) => {
    const { context, t, format } = cli
    if (reason === undefined) throw new CliFailure('usage', (texts) => texts.usage.cancelNeedsReason, 2)
    const { ledger, writebackQueue } = await cli.connection()
    const rows = (await findRows(text, ledger)).filter(
      ({ key }) => key.kind === 'order' && (wanted === undefined || key.shop === wanted),
    )
    const [row] = rows
    if (!row) throw new CliFailure('not-found', (texts) => ({ message: texts.find.nothing(text) }))
    const orders = new Set(rows.map(({ key }) => `${key.shop} ${key.sourceId}`))
    if (orders.size > 1)
      throw new CliFailure(
        'usage',
        (texts) =>
          texts.usage.whichOrder(
            text,
            rows.map(({ ref }) => ref),
          ),
        2,
      )

    const { shop, target, sourceId } = row.key
    const [orderId = '', addTime = ''] = sourceId.split('.')
    const id = `cancel-${context.ids.next()}`
    const message = commandMessage(
      {
        shop,
        target,
        id,
        cause: 'operator',
        command: {
          is: 'cancel',
          no: row.no,
          ref: row.ref,
          cancel: {
            command_id: id,
            order: { order_id: orderId, order_sn: row.no, add_time: Number(addTime) },
            reason,
            refund: refund ? 'balance' : 'none',
            origin: 'operator',
          },
        },
      },
      context,
    )
    const [answer = 'failed'] = await writebackQueue.enqueue([message])
    const name = writebackName({ key: { target, kind: 'cancel', id } })
    return {
      json: { result: answer, reference: name, order: row.ref, shop, correlationId: message.correlationId },
      text:
        answer === 'queued'
          ? `${t.cancel.queued(row.no, shop)}\n${format.fields([
              [t.words.reference, name],
              [t.words.correlationId, message.correlationId],
            ])}`
          : t.replay.results[answer],
      exit: answer === 'queued' ? 0 : 1,
    }
  },
})
