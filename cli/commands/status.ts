import * as z from 'zod'
import { writebackName } from '#app/find-writebacks.ts'
import { shopGateName } from '#app/shop-turn.ts'
import { readStockReport } from '#app/stock/stock-report.ts'
import { readDrift, readSweep } from '#app/sweep-notes.ts'
import type { GateState } from '#ports/target-gate.ts'
import { allRows, allWritebacks } from '../all-rows.ts'
import { defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import type { Format } from '../format.ts'
import { parkedSince } from '../row-view.ts'
import { stateOf } from './drift.ts'

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
        const [sweep, drift] = await Promise.all([
          readSweep(connection.notes, shop),
          readDrift(connection.notes, shop),
        ])
        return {
          shop,
          epoch: secret?.epochs.at(-1) ?? null,
          secrets: secret?.secrets.length ?? 0,
          gate: gateOf(await connection.gate.state(shopGateName(shop))),
          sweep: {
            state: stateOf(sweep),
            startedAt: sweep?.startedAt === undefined ? null : new Date(sweep.startedAt).toISOString(),
            differences: drift ? drift.differences.length + drift.more : null,
          },
        }
      }),
    )
    const writebacks = await writebackStatus(Object.keys(config.targets), connection)
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
    const shopRows = shops.map(({ shop, epoch, secrets, gate, sweep }) => [
      shop,
      epoch ?? t.status.noSecret,
      secrets,
      sweep.state === 'sweeps'
        ? sweep.startedAt === null
          ? undefined
          : format.ago(Date.parse(sweep.startedAt))
        : format.colors.red(t.status.sweeps[sweep.state]),
      sweep.differences ?? '',
      gate.why === undefined ? t.gates[gate.state] : `${t.gates[gate.state]}: ${gate.why}`,
    ])
    const poolRows = pools.map(({ pool, report }) => [
      pool,
      report ? `${t.status.runs[report.is]} (${format.ago(Date.parse(report.at))})` : t.status.never,
      report ? t.status.stockCounts(report.counts) : undefined,
    ])
    return {
      json: { targets, writebacks, shops, pools },
      text: [
        format.table(head, rows),
        writebackTable(writebacks, format),
        format.table(
          [
            t.words.shop,
            t.status.epoch,
            t.status.secrets,
            t.status.lastSweep,
            t.status.differences,
            t.status.gate,
          ],
          shopRows,
        ),
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
    gate: gateOf(state),
    ...(oldest
      ? { oldestParked: { reference: oldest.ref, since: new Date(parkedSince(oldest)).toISOString() } }
      : {}),
  }
}

function gateOf({ breaker, why, since, retryAt }: GateState) {
  return {
    state: breaker,
    ...(why === undefined ? {} : { why }),
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(retryAt === undefined ? {} : { retryAt: new Date(retryAt).toISOString() }),
  }
}

/** The commands for the shops: one queue, whatever target they come from. */
async function writebackStatus(targets: readonly string[], connection: Connection) {
  const all = async (status: 'open' | 'parked') =>
    (await Promise.all(targets.map((target) => allWritebacks(connection.writebacks, target, status)))).flat()
  const [queue, open, parked] = await Promise.all([connection.writebackDepths(), all('open'), all('parked')])
  const oldest = parked.toSorted((a, b) => parkedSince(a) - parkedSince(b))[0]
  return {
    queue,
    open: open.length,
    parked: parked.length,
    ...(oldest
      ? {
          oldestParked: {
            reference: writebackName(oldest),
            since: new Date(parkedSince(oldest)).toISOString(),
          },
        }
      : {}),
  }
}

function writebackTable(
  { queue, open, parked, oldestParked }: Awaited<ReturnType<typeof writebackStatus>>,
  { t, table, colors, ago }: Format,
): string {
  const head = [
    '',
    t.status.visible,
    t.status.inFlight,
    t.status.delayed,
    t.status.deadLetters,
    t.writebacks.statuses.open,
    t.writebacks.statuses.parked,
    t.status.oldestParked,
  ]
  return table(head, [
    [
      t.writebacks.heading,
      queue.visible,
      queue.inFlight,
      queue.delayed,
      queue.deadLetters > 0 ? colors.red(String(queue.deadLetters)) : 0,
      open,
      parked > 0 ? colors.yellow(String(parked)) : 0,
      oldestParked && `${oldestParked.reference} (${ago(Date.parse(oldestParked.since))})`,
    ],
  ])
}
