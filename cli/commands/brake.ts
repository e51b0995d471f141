import * as z from 'zod'
import { readBrake, releaseBrake } from '#app/stock/brake-note.ts'
import type { SyncConfig } from '#contracts/config.ts'
import type { BrakeNote } from '#contracts/stock-run.ts'
import { type Cli, defineCommand } from '../command.ts'
import type { Result } from '../context.ts'
import { CliFailure } from '../failure.ts'

/** Lines on a screen; the whole sample is in --json. */
const SHOWN = 20

export const brakeShow = defineCommand({
  name: 'show [pool]',
  describe: (t) => t.brake.describeShow,
  args: z.tuple([z.string().optional()]),
  schema: z.object({}),
  run: async ([wanted], _options, cli) => {
    const connection = await cli.connection()
    const pool = choosePool(connection.config(), wanted)
    const brake = await readBrake(pool, connection.notes)
    return shown(pool, brake, cli)
  },
})

export const brakeRelease = defineCommand({
  name: 'release <pool>',
  describe: (t) => t.brake.describeRelease,
  args: z.tuple([z.string()]),
  schema: z.object({}),
  run: async ([wanted], _options, cli) => {
    const connection = await cli.connection()
    const pool = choosePool(connection.config(), wanted)
    const released = await releaseBrake(pool, connection.notes)
    if (!released) throw new CliFailure('nothing-held', (t) => t.brake.nothingHeld(pool))
    return { json: { pool, ...released }, text: cli.t.brake.released(pool) }
  },
})

function choosePool(config: SyncConfig, wanted: string | undefined): string {
  const pools = Object.keys(config.pools)
  const [only, ...others] = pools
  if (wanted === undefined && only !== undefined && others.length === 0) return only
  if (wanted !== undefined && pools.includes(wanted)) return wanted
  throw new CliFailure('unknown-pool', (t) => t.brake.whichPool(pools), 2)
}

function shown(pool: string, brake: BrakeNote | undefined, { t, format }: Cli): Result {
  if (!brake) return { json: { pool, state: 'never' }, text: t.brake.never(pool) }
  const { state, counts, at, sample } = brake
  const head = `${pool}: ${t.brake.states[state]} (${format.ago(at)})`
  const said = t.brake.counts(counts)
  const table = format.table(
    [t.words.shop, 'SKU', t.brake.from, t.brake.to],
    sample.slice(0, SHOWN).map(({ shop, sku, from, to }) => [shop, sku, from, to]),
  )
  return {
    json: { pool, ...brake, at: new Date(at).toISOString() },
    text: [
      head,
      said,
      table,
      ...(sample.length > SHOWN ? [t.brake.more(sample.length - SHOWN)] : []),
      ...(state === 'tripped' ? ['', t.brake.remedy(pool)] : []),
    ].join('\n'),
    exit: state === 'tripped' ? 1 : 0,
  }
}
