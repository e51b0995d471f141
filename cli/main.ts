import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { stdin } from 'node:process'
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { languageOf } from '#runtime/language.ts'
import { CliFailure } from './failure.ts'
import { runCli } from './program.ts'

const { env } = process
// Whoever reads the output may stop reading, e.g. `| head`.
process.stdout.on('error', () => process.exit(1))
const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions()
const clock = { now: () => Date.now() }
const ids = { next: () => randomUUID() }

process.exitCode = await runCli(process.argv.slice(2), {
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  stdin: () => text(stdin),
  ...(stdin.isTTY ? { ask } : {}),
  language: languageOf(env, locale),
  colour: Boolean(process.stdout.isTTY) && !env['NO_COLOR'],
  timeZone,
  // npm runs scripts in the folder of the project, wherever the person stands.
  directory: env['npm_lifecycle_event'] === 'sync' ? (env['INIT_CWD'] ?? process.cwd()) : process.cwd(),
  dataDir: join(import.meta.dirname, '../.local'),
  // Either is many modules, of which the other needs none.
  connect: async (place) =>
    place.is === 'aws'
      ? (await import('./connect-deployed.ts')).connectDeployed(place, { clock, ids })
      : (await import('./connect-local.ts')).connectLocal(place, { clock, ids }),
  clock,
  pause: (ms) => setTimeout(ms),
  ids,
  fetch: globalThis.fetch,
  randomBytes,
  debug: Boolean(env['DEBUG']),
})

/** Ends the command when the person ends the input instead. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: process.stderr })
  const ended = new Promise<never>((_, reject) => {
    terminal.once('close', () => reject(new CliFailure('stopped', (t) => t.init.stopped)))
  })
  try {
    return await Promise.race([terminal.question(question), ended])
  } finally {
    terminal.close()
  }
}
