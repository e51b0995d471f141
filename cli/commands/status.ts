import * as z from 'zod'
import { readStockReport } from '#app/stock/stock-report.ts'
import { allRows } from '../all-rows.ts'
import { defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import { parkedSince } from '../row-view.ts'

export const status = defineCommand({
  name: 'status',
  describe: (t) => t.status.describe,
  args: z.tuple([]),
  schema: z.object({}),
  run: async (_args, _options, cli) => {
    const { t, format } = cli
    const connection = await cli.connection()
    const config = connection.config()
    const targets = await Promise.all(
      Object.keys(config.targets).map((name) => targetStatus(name, connection)),
    )
    const shops = await Promise.all(
      Object.keys(config.shops).map(async (shop) => {
        const secret = await connection.secrets.shop(shop)
        return { shop, epoch: secret?.epochs.at(-1) ?? null, secrets: secret?.secrets.length ?? 0 }
      }),
    )
    const pools = await Promise.all(
      Object.keys(config.pools).map(async (pool) => ({
        pool,
        report: (await readStockReport(pool, connection.notes)) ?? null,
      })),
    )
    const head = [
      t.words.target,
      t.status.visible,
      t.status.inFlight,
      t.status.delayed,
      t.status.deadLetters,
      t.statuses.open,
      t.statuses.held,
      t.statuses.parked,
      t.status.oldestParked,
      t.status.gate,
    ]
    const rows = targets.map(({ target, queue, ledger, gate, oldestParked }) => [
      target,
      queue.visible,
      queue.inFlight,
      queue.delayed,
      queue.deadLetters > 0 ? format.colors.red(String(queue.deadLetters)) : 0,
      ledger.open,
      ledger.held,
      ledger.parked > 0 ? format.colors.yellow(String(ledger.parked)) : 0,
      oldestParked && `${oldestParked.reference} (${format.ago(Date.parse(oldestParked.since))})`,
      gate.why === undefined ? t.gates[gate.state] : `${t.gates[gate.state]}: ${gate.why}`,
    ])
    const shopRows = shops.map(({ shop, epoch, secrets }) => [shop, epoch ?? t.status.noSecret, secrets])
    const poolRows = pools.map(({ pool, report }) => [
      pool,
      report ? `${t.status.runs[report.is]} (${format.ago(Date.parse(report.at))})` : t.status.never,
      report ? t.status.stockCounts(report.counts) : undefined,
    ])
    return {
      json: { targets, shops, pools },
      text: [
        format.table(head, rows),
        format.table([t.words.shop, t.status.epoch, t.status.secrets], shopRows),
        ...(pools.length === 0
          ? []
          : [format.table([t.status.pool, t.status.lastRun, t.status.figures], poolRows)]),
      ].join('\n\n'),
    }
  },
})

async function targetStatus(target: string, connection: Connection) {
  const { ledger, gate } = connection
  const [queue, state, open, held, parked] = await Promise.all([
    connection.depths(target),
    gate.state(target),
    allRows(ledger, target, 'open'),
    allRows(ledger, target, 'held'),
    allRows(ledger, target, 'parked'),
  ])
  const oldest = parked.toSorted((a, b) => parkedSince(a) - parkedSince(b))[0]
  return {
    target,
    queue,
    ledger: { open: open.length, held: held.length, parked: parked.length },
    gate: {
      state: state.breaker,
      ...(state.why === undefined ? {} : { why: state.why }),
      ...(state.since === undefined ? {} : { since: new Date(state.since).toISOString() }),
      ...(state.retryAt === undefined ? {} : { retryAt: new Date(state.retryAt).toISOString() }),
    },
    ...(oldest
      ? { oldestParked: { reference: oldest.ref, since: new Date(parkedSince(oldest)).toISOString() } }
      : {}),
  }
}
