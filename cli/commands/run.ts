import * as z from 'zod'
import { RUN_KINDS, type RunKind, type ScheduledRun, scheduledRuns } from '../../infra/scheduled-runs.ts'
import { defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import { CliFailure } from '../failure.ts'

/** A run that saves its place goes on from there each time; one that never gets through is none. */
const MOST_PARTS = 100

const EndSchema = z.object({
  is: z.enum(['done', 'saved', 'not-due', 'busy', 'waiting', 'failed']),
  why: z.string().optional(),
  counts: z.record(z.string(), z.number()).optional(),
})
type End = z.infer<typeof EndSchema>

export const run = defineCommand({
  name: 'run <kind> [name]',
  describe: (t) => t.run.describe,
  args: z.tuple([z.string(), z.string().optional()]),
  schema: z.object({}),
  run: async ([kind, name], _options, cli) => {
    const connection = await cli.connection()
    const chosen = choose(kind, name, scheduledRuns(connection.config()))
    const end = await runToItsEnd(chosen, connection)
    const { t, format } = cli
    const counts = Object.entries(end.counts ?? {}).map(([what, count]) => `${what} ${count}`)
    const colour = end.is === 'failed' ? format.colors.red : (text: string) => text
    const details = [...(end.why === undefined ? [] : [end.why]), ...counts].join(', ')
    const how = colour(t.run.ends[end.is])
    return {
      json: { run: chosen.name, ...end },
      text: `${chosen.name}: ${how}${details === '' ? '' : ` — ${details}`}`,
      exit: end.is === 'failed' ? 1 : 0,
    }
  },
})

function choose(kind: string, name: string | undefined, runs: readonly ScheduledRun[]): ScheduledRun {
  const wrong = (say: CliFailure['say']) => new CliFailure('usage', say, 2)
  if (!isKind(kind)) throw wrong((t) => t.run.unknownKind(RUN_KINDS))
  const ofKind = runs.filter((one) => one.kind === kind)
  const subjects = ofKind.map(({ subject }) => subject)
  if (ofKind.length === 0) throw new CliFailure('no-such-run', (t) => t.run.none[kind])
  const [only, ...others] = ofKind
  const chosen = name === undefined ? only : ofKind.find(({ subject }) => subject === name)
  if (!chosen || (name === undefined && others.length > 0)) throw wrong((t) => t.run.which(kind, subjects))
  return chosen
}

const isKind = (text: string): text is RunKind => RUN_KINDS.some((kind) => kind === text)

async function runToItsEnd(chosen: ScheduledRun, connection: Connection): Promise<End> {
  for (let part = 1; ; part += 1) {
    const end = EndSchema.parse(await connection.run(chosen))
    if (end.is !== 'saved' || part === MOST_PARTS) return end
  }
}
