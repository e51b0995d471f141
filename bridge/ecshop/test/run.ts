import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingPackages } from './support/missing-packages.ts'

/** `npm run test:bridge`: the PHP bridge over a real PHP and a real MariaDB. */
const project = fileURLToPath(new URL('../../..', import.meta.url))

const missing = missingPackages()
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
