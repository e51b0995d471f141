import * as z from 'zod'
import { findRows } from '#app/find-rows.ts'
import { writebackName, writebacksNamed } from '#app/find-writebacks.ts'
import { knownPeople } from '#app/people.ts'
import { planDelivery } from '#app/plan-delivery.ts'
import { prepareReplay, replay as replayRow, type Verdict } from '#app/replay.ts'
import { replayWriteback, settleByHand } from '#app/replay-writeback.ts'
import { surroundingsWith } from '#app/surroundings.ts'
import type { SyncConfig } from '#contracts/config.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import { allRows, allWritebacks } from '../all-rows.ts'
import { type Cli, chooseTargets, defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import type { Result } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { showPlan } from '../plan-view.ts'
import { targetGateways } from '../target-gateways.ts'

const OptionsSchema = z.object({
  dryRun: z.boolean().default(false),
  was: z.enum(['placed', 'absent']).optional(),
  allParked: z.boolean().default(false),
  reason: z.string().optional(),
  target: z.string().optional(),
  body: z.boolean().default(false),
})
type Options = z.infer<typeof OptionsSchema>

export const replay = defineCommand({
  name: 'replay [references...]',
  describe: (t) => t.replay.describe,
  args: z.tuple([z.array(z.string())]),
  options: (t) => [
    ['--dry-run', t.replay.dryRun],
    ['--was <placed|absent>', t.replay.was],
    ['--all-parked', t.replay.allParked],
    ['--reason <code>', t.replay.reason],
    ['--target <name>', t.options.target],
    ['--body', t.replay.body],
  ],
  schema: OptionsSchema,
  run: async ([references], options, cli) => {
    checkUsage(references, options)
    const connection = await cli.connection()
    const config = connection.config()
    const chosen = await rowsFor(references, options, config, connection)
    return options.dryRun
      ? rehearse(chosen, options, config, connection, cli)
      : enqueue(chosen, options, config, connection, cli)
  },
})

function checkUsage(references: readonly string[], { allParked, reason, was }: Options): void {
  const wrong = (say: CliFailure['say']) => new CliFailure('usage', say, 2)
  if (allParked === references.length > 0) throw wrong((t) => t.usage.referencesOrAll)
  if (allParked && reason === undefined) throw wrong((t) => t.usage.allNeedsReason)
  if (!allParked && reason !== undefined) throw wrong((t) => t.usage.reasonNeedsAll)
  // What one person saw of one document says nothing about the others.
  if (allParked && was !== undefined) throw wrong((t) => t.usage.wasIsForOne)
}

/** Rows in the order they were named, or why there is none. */
type Chosen = {
  readonly text: string
  readonly row: LedgerRow | undefined
  readonly writeback?: WritebackRow
}

async function rowsFor(
  references: readonly string[],
  options: Options,
  config: SyncConfig,
  { ledger, writebacks }: Connection,
): Promise<Chosen[]> {
  const targets = chooseTargets(config, options.target)
  if (options.allParked) {
    const parked = await Promise.all(targets.map((target) => allRows(ledger, target, 'parked')))
    const back = await Promise.all(targets.map((target) => allWritebacks(writebacks, target, 'parked')))
    const wanted = ({ reason }: LedgerRow | WritebackRow) => reason?.code === options.reason
    return [
      ...parked
        .flat()
        .filter(wanted)
        .map((row) => ({ text: row.ref, row })),
      ...back
        .flat()
        .filter(wanted)
        .map((writeback) => ({ text: writebackName(writeback), row: undefined, writeback })),
    ]
  }
  const found = await Promise.all(
    references.map(async (text): Promise<Chosen[]> => {
      const rows = (await findRows(text, ledger)).filter(({ key }) => targets.includes(key.target))
      if (options.was !== undefined && rows.length > 1)
        throw new CliFailure(
          'usage',
          (t) =>
            t.usage.whichTarget(
              text,
              rows.map(({ key }) => key.target),
            ),
          2,
        )
      if (rows.length > 0) return rows.map((row) => ({ text, row }))
      const named = await writebacksNamed(text, targets, writebacks)
      return named.length > 0
        ? named.map((writeback) => ({ text, row: undefined, writeback }))
        : [{ text, row: undefined }]
    }),
  )
  return found.flat()
}

interface Line {
  readonly reference: string
  readonly target?: string
  readonly result: string
  readonly correlationId?: string
  readonly message?: string
  readonly remedy?: string
}

async function enqueue(
  chosen: readonly Chosen[],
  { was }: Options,
  config: SyncConfig,
  connection: Connection,
  cli: Cli,
): Promise<Result> {
  const { context, format, t } = cli
  const deps = { ledger: connection.ledger, queue: connection.queue, clock: context.clock, ids: context.ids }
  const lines: (Line & { shown: string })[] = []
  for (const { text, row, writeback } of chosen) {
    if (writeback) {
      lines.push(await replayBack(writeback, was, config, connection, cli))
      continue
    }
    if (!row) {
      lines.push({ reference: text, result: 'not-found', shown: t.find.nothing(text) })
      continue
    }
    const about = { reference: row.ref, target: row.key.target }
    const replayed = await replayRow(row, was, deps)
    if (replayed.is === 'not-possible') {
      const { message, remedy } = t.obstacles[replayed.obstacle]
      lines.push({ ...about, result: replayed.obstacle, shown: [message, remedy].filter(Boolean).join(' ') })
    } else {
      const { is, correlationId } = replayed
      lines.push({ ...about, result: is, correlationId, shown: t.replay.results[is] })
    }
  }
  const head = [t.words.reference, t.words.target, t.words.result, t.words.correlationId]
  const rows = lines.map(({ reference, target, shown, correlationId }) => [
    reference,
    target,
    shown,
    correlationId,
  ])
  return {
    json: { replayed: lines.map(({ shown: _shown, ...line }) => line) },
    text: lines.length > 0 ? format.table(head, rows) : t.parked.nothing,
    exit: lines.every(({ result }) => result === 'queued') ? 0 : 1,
  }
}

/** `--was placed`: a person has done in the shop what it is about. */
async function replayBack(
  row: WritebackRow,
  was: Verdict | undefined,
  config: SyncConfig,
  { ledger, writebacks, writebackQueue }: Connection,
  { context: { clock, ids }, t }: Cli,
): Promise<Line & { shown: string }> {
  const about = { reference: writebackName(row), target: row.key.target }
  const deps = { ledger, writebacks, queue: writebackQueue, clock, ids }
  if (was === 'placed') {
    const settled = await settleByHand(row, deps)
    return settled
      ? { ...about, result: 'queued', shown: t.writebacks.recordedByHand }
      : { ...about, result: 'claimed', shown: t.writebacks.notNow }
  }
  const { carriers = {} } = config.targets[row.key.target]?.shipments ?? {}
  const replayed = await replayWriteback(row, { ...deps, carriers })
  switch (replayed.is) {
    case 'no-command':
      return { ...about, result: 'no-command', shown: t.writebacks.noCommand }
    case 'not-possible': {
      const { message, remedy } = t.reason(replayed.reason)
      return { ...about, result: replayed.reason.code, shown: [message, remedy].filter(Boolean).join(' ') }
    }
    case 'queued':
    case 'failed':
    case 'too-large':
      return {
        ...about,
        result: replayed.is,
        correlationId: replayed.correlationId,
        shown: t.replay.results[replayed.is],
      }
  }
}

async function rehearse(
  chosen: readonly Chosen[],
  options: Options,
  config: SyncConfig,
  connection: Connection,
  cli: Cli,
): Promise<Result> {
  const shown = await Promise.all(
    chosen.map((entry) => rehearseRow(entry, options.was, config, connection, cli, options.body)),
  )
  return {
    json: { plans: shown.map(({ json }) => json) },
    text: shown.length > 0 ? shown.map(({ text }) => text).join('\n\n\n') : cli.t.parked.nothing,
    exit: shown.every(({ ok }) => ok) ? 0 : 1,
  }
}

async function rehearseRow(
  { text, row, writeback }: Chosen,
  was: Verdict | undefined,
  config: SyncConfig,
  connection: Connection,
  { context, format, t }: Cli,
  body: boolean,
): Promise<{ json: object; text: string; ok: boolean }> {
  if (writeback) {
    const json = { reference: text, target: writeback.key.target, result: 'no-rehearsal' }
    return { json, text: `${text}: ${t.writebacks.noRehearsal}`, ok: false }
  }
  if (!row) return { json: { reference: text, result: 'not-found' }, text: t.find.nothing(text), ok: false }
  const { ledger, writebacks, times, configDir, secrets, erasures } = connection
  const prepared = await prepareReplay(row, was, { ledger, clock: context.clock, ids: context.ids })
  const targetName = row.key.target
  const target = config.targets[targetName]
  if (!target)
    throw new CliFailure('unknown-target', (texts) =>
      texts.unknownTarget(targetName, Object.keys(config.targets)),
    )
  if (!prepared.ok) {
    const { message, remedy } = t.obstacles[prepared.obstacle]
    const json = { reference: row.ref, target: targetName, result: prepared.obstacle }
    return { json, text: `${row.ref}: ${[message, remedy].filter(Boolean).join(' ')}`, ok: false }
  }
  const plan = await planDelivery(prepared.message, {
    rules: target.rules,
    gateways: targetGateways(target, configDir, context),
    owners: config.owners,
    privacy: target.privacy,
    retentionDays: config.retentionDays,
    people: knownPeople(secrets, erasures),
    surroundings: surroundingsWith({
      target: targetName,
      config,
      // A rehearsal asks the ERP nothing.
      gateways: {},
      ledger,
      writebacks,
      clock: context.clock,
      callMs: times.callMs,
    }),
    ledger,
    times,
    clock: context.clock,
  })
  return {
    ...showPlan(plan, { reference: row.ref, targetName, target, body }, format),
    ok: plan.failure === undefined,
  }
}
