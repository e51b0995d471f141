import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/**
 * `npm test`, after the checks: what computes and what waits side by side, because the end-to-end tests mostly wait for their
 * clocks. The second one's output comes after the first's.
 */
const project = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(project, 'node_modules/vitest/vitest.mjs')

function run(projects: readonly string[], stdio: 'inherit' | 'pipe') {
  const args = [vitest, 'run', ...projects.flatMap((name) => ['--project', name])]
  const child = spawn(process.execPath, args, { cwd: project, stdio: ['ignore', stdio, stdio] })
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)))
  const said = Promise.all([child.stdout, child.stderr].map(async (stream) => (stream ? text(stream) : '')))
  return { ended, said }
}

const waiting = run(['e2e'], 'pipe')
const computing = run(['fast', 'infra'], 'inherit')
const codes = [await computing.ended]
for (const said of await waiting.said) process.stdout.write(said)
codes.push(await waiting.ended)
process.exitCode = Math.max(...codes)
