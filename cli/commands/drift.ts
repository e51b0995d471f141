import * as z from 'zod'
import { askSweep, readDrift, readRepairs, readSweep } from '#app/sweep-notes.ts'
import type { SyncConfig } from '#contracts/config.ts'
import type { DriftDay, DriftReport, Repairs, SweepKept } from '#contracts/drift.ts'
import { MoneySchema } from '#contracts/scalars.ts'
import { type Cli, defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import type { Result } from '../context.ts'
import { CliFailure } from '../failure.ts'

/** Lines on a screen; all of them are in --json. */
const SHOWN = 20

export const drift = defineCommand({
  name: 'drift [shop]',
  describe: (t) => t.drift.describe,
  args: z.tuple([z.string().optional()]),
  options: (t) => [
    ['--repair', t.drift.repair],
    ['--release', t.drift.release],
  ],
  schema: z.object({ repair: z.boolean().default(false), release: z.boolean().default(false) }),
  run: async ([wanted], { repair, release }, cli) => {
    const connection = await cli.connection()
    const config = connection.config()
    if (repair || release) return ask(oneShop(config, wanted), { repair, release }, connection, cli)
    const shops = wanted === undefined ? Object.keys(config.shops) : [oneShop(config, wanted)]
    const found = await Promise.all(
      shops.map(async (shop) => ({
        shop,
        report: await readDrift(connection.notes, shop),
        sweep: await readSweep(connection.notes, shop),
        repairs: byTarget(await readRepairs(connection.notes, shop)),
      })),
    )
    return {
      json: {
        shops: found.map(({ shop, report, sweep, repairs }) => ({
          shop,
          state: stateOf(sweep),
          repairs: Object.fromEntries(repairs),
          report: report ? { ...report, at: new Date(report.at).toISOString() } : null,
        })),
      },
      text: found.map((one) => shown(one, cli)).join('\n\n'),
      exit: found.some(
        ({ report, sweep }) => (report?.differences.length ?? 0) > 0 || stateOf(sweep) !== 'sweeps',
      )
        ? 1
        : 0,
    }
  },
})

function oneShop(config: SyncConfig, wanted: string | undefined): string {
  const shops = Object.keys(config.shops)
  const [only, ...others] = shops
  if (wanted === undefined && only !== undefined && others.length === 0) return only
  if (wanted !== undefined && shops.includes(wanted)) return wanted
  throw new CliFailure('usage', (t) => t.drift.whichShop(shops), 2)
}

/** What keeps a sweep from its work, as far as a person has to act. */
export function stateOf(sweep: SweepKept | undefined): 'paused' | 'holding' | 'sweeps' {
  if (sweep?.paused) return 'paused'
  return sweep?.holding ? 'holding' : 'sweeps'
}

/** How many deliveries are to be made to each. */
const byTarget = (repairs: Repairs): [target: string, count: number][] =>
  [...Map.groupBy(repairs, ({ target }) => target)].map(([target, those]) => [target, those.length])

async function ask(
  shop: string,
  { repair, release }: { readonly repair: boolean; readonly release: boolean },
  { notes, config, gate }: Connection,
  { t, context }: Cli,
): Promise<Result> {
  if (config().shops[shop]?.sweepMinutes === 0)
    throw new CliFailure('no-sweep', (texts) => texts.drift.noSweep(shop))
  const said: string[] = []
  const postponed: [target: string, count: number][] = []
  if (release) {
    if (stateOf(await readSweep(notes, shop)) === 'sweeps')
      throw new CliFailure('nothing-held', (texts) => texts.drift.nothingHeld(shop))
    await askSweep(notes, shop, 'release', context.clock.now())
    said.push(t.drift.released(shop))
  }
  if (repair) {
    const { differences = [] } = (await readDrift(notes, shop)) ?? {}
    if (differences.length === 0)
      throw new CliFailure('no-differences', (texts) => texts.drift.nothingDiffers(shop))
    await askSweep(notes, shop, 'repair', context.clock.now())
    let soon = 0
    for (const [target, count] of byTarget(differences)) {
      if ((await gate.state(target)).breaker === 'open') postponed.push([target, count])
      else soon += count
    }
    if (soon > 0) said.push(t.drift.repairing(soon))
    said.push(...postponed.map(([target, count]) => t.drift.postponed(count, target)))
  }
  return {
    json: { shop, repair, release, postponed: Object.fromEntries(postponed) },
    text: said.join('\n'),
  }
}

interface Found {
  readonly shop: string
  readonly report: DriftReport | undefined
  readonly sweep: SweepKept | undefined
  readonly repairs: readonly (readonly [target: string, count: number])[]
}

function shown({ shop, report, sweep, repairs }: Found, cli: Cli): string {
  const { t, format } = cli
  const state = stateOf(sweep)
  const lines = [
    ...(state === 'sweeps'
      ? []
      : [format.colors.red(t.drift.states[state].message), t.drift.states[state].remedy ?? '']),
    ...repairs.map(([target, count]) => t.drift.postponed(count, target)),
  ]
  if (!report) return [`${shop}: ${t.drift.never}`, ...lines].join('\n')
  const { at, orders, days, differences, more } = report
  const head = t.drift.compared(orders, differences.length + more)
  const listed = differences.slice(0, SHOWN)
  const left = differences.length + more - listed.length
  return [
    `${shop}: ${head} (${format.ago(at)})`,
    ...lines,
    ...dayTable(days, cli),
    ...(listed.length === 0
      ? []
      : [
          format.table(
            [t.words.number, t.words.reference, t.words.target, t.drift.difference, ''],
            listed.map(({ no, sourceId, ref, target, is, detail }) => [
              no === '' ? `#${sourceId.split('.')[0]}` : no,
              ref,
              target,
              t.drift.kinds[is],
              detail,
            ]),
          ),
          ...(left > 0 ? [t.drift.more(left)] : []),
          t.drift.remedy(shop),
        ]),
  ].join('\n')
}

/** Days on which the figures are not the same everywhere. */
function dayTable(days: DriftReport['days'], { t, format }: Cli): string[] {
  const rows = Object.entries(days)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([day, figures]) =>
      Object.entries(figures.targets)
        .filter(([, target]) => differs(figures, target))
        .map(([name, { seen, erp }]) => [day, name, sum(figures.shop), String(seen), erp && sum(erp)]),
    )
  if (rows.length === 0) return []
  return [format.table([t.drift.day, t.words.target, t.drift.inShop, t.drift.seen, t.drift.inErp], rows)]
}

/** Held and cancelled orders are in no ERP, so that fewer documents are no sign by themselves. */
const differs = ({ shop }: DriftDay, { seen, erp }: DriftDay['targets'][string]): boolean =>
  seen !== shop.count || (erp !== undefined && (erp.count > shop.count || erp.amount > shop.amount))
const sum = ({ count, amount }: DriftDay['shop']): string => `${count} / ${MoneySchema.encode(amount)}`
