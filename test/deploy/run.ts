import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CannotRun } from './cannot-run.ts'
import { Emulator } from './emulator.ts'
import { ProcessGroup } from './process-group.ts'

/**
 * `npm run test:deploy`: `cdk bootstrap` and `cdk deploy` of the real stacks into an emulator of AWS that nobody here wrote,
 * then orders through the deployed API. Why, and what it cannot show: docs/adr/0010-deployed-for-real-against-an-emulator.md.
 */
const project = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(project, '.cache', 'deploy')

/** What was started; the last ends first. */
const running: { end(): Promise<void> }[] = []

async function main(): Promise<number> {
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'run-'))
  const emulator = new Emulator({ cache, work })
  running.push(emulator)
  try {
    const code = await Promise.race([runSuite(emulator, work), interrupted()])
    if (code !== 0) console.error(`The emulator's last words:\n${emulator.lastWords()}`)
    return code
  } finally {
    for (const one of running.toReversed()) await one.end()
    rmSync(work, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function runSuite(emulator: Emulator, work: string): Promise<number> {
  const env = { ...(await emulator.start()), ...looks(), DEPLOY_WORK: work }
  const vitest = join(project, 'node_modules/vitest/vitest.mjs')
  const config = join(import.meta.dirname, 'vitest.config.ts')
  const suite = new ProcessGroup(process.execPath, [vitest, 'run', '--config', config], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  })
  running.push(suite)
  return suite.exited()
}

const interrupted = (): Promise<never> =>
  new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => reject(new CannotRun('it was interrupted.')))
  })

/** How output looks; the rest of this environment stays here. */
const looks = (): Record<string, string> =>
  Object.fromEntries(
    ['CI', 'NO_COLOR', 'FORCE_COLOR', 'TERM'].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )

try {
  process.exit(await main())
} catch (error) {
  if (!(error instanceof CannotRun)) throw error
  console.error(`npm run test:deploy did not run: ${error.message}`)
  process.exit(1)
}
