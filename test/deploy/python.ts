import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from './cannot-run.ts'

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')
/** Which Python it is; an older one fails. */
const VERSION = 'import sys; print(sys.version, sys.prefix); sys.exit(sys.version_info < (3, 11))'
const LAST_WORDS = 600

/**
 * The Python of a virtual environment under `cache` that holds what requirements.txt pins, by version and hash. It is made
 * once for each content of that file and each Python.
 * @throws {CannotRun} no Python 3.11, no venv, or what is pinned cannot be had
 */
export function pinnedPython(cache: string): string {
  const asked = spawnSync('python3', ['-c', VERSION], { encoding: 'utf8' })
  if (asked.error)
    throw new CannotRun('it needs Python 3.11 or newer, and there is no `python3` on the PATH.')
  if (asked.status !== 0) throw new CannotRun('it needs Python 3.11 or newer, and `python3` is older.')

  const digest = createHash('sha256').update(asked.stdout).update(readFileSync(REQUIREMENTS)).digest('hex')
  const environment = join(cache, `python-${digest.slice(0, 12)}`)
  const python = join(environment, 'bin', 'python')
  const complete = join(environment, 'complete')
  if (existsSync(complete)) return python

  rmSync(environment, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  const noVenv = 'a virtual environment could not be made; Debian has it in python3-venv'
  run(noVenv, 'python3', ['-m', 'venv', environment])
  const noPackages =
    'pip could not install test/deploy/requirements.txt; can it reach the Python package index?'
  const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--no-compile']
  // Nothing is built, so nothing of a package runs before its hash was checked.
  const pinned = ['--only-binary', ':all:', '--require-hashes', '--requirement', REQUIREMENTS]
  run(noPackages, python, [...install, ...pinned])
  writeFileSync(complete, '')
  return python
}

function run(failure: string, command: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new CannotRun(`${failure}\n${`${stdout}${stderr}`.trim().slice(-LAST_WORDS)}`)
}
