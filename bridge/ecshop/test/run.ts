import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `npm run test:bridge`: the PHP bridge over a real PHP and a real MariaDB. */
const project = fileURLToPath(new URL('../../..', import.meta.url))

const runs = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0

const hasExtension = (name: string): boolean =>
  runs('php', '-r', `exit(extension_loaded('${name}') ? 0 : 1);`)

/** Debian package → whether what we need of it is here. */
const NEEDS: readonly (readonly [string, () => boolean])[] = [
  ['php-cli', () => runs('php', '--version')],
  ['php-mysql', () => hasExtension('mysqli')],
  ['php-curl', () => hasExtension('curl')],
  ['php-mbstring', () => hasExtension('mbstring')],
  [
    'mariadb-server',
    () => runs('mariadbd', '--version') && runs('sh', '-c', 'command -v mariadb-install-db'),
  ],
]

const missing = NEEDS.filter(([, isHere]) => !isHere()).map(([name]) => name)
if (missing.length > 0) {
  console.error(
    `The bridge's tests did not run. They need: ${missing.join(', ')}\n` +
      `On Debian and Ubuntu: sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
  )
  process.exit(1)
}

const vitest = join(project, 'node_modules/vitest/vitest.mjs')
const config = join(import.meta.dirname, 'vitest.config.ts')
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', config, ...process.argv.slice(2)],
  { cwd: project, stdio: 'inherit' },
)
process.exit(status ?? 1)
