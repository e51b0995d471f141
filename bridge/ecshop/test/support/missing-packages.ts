import { spawnSync } from 'node:child_process'

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

/** The Debian packages that are not here, of what a shop with the bridge is run with. */
export const missingPackages = (): string[] => NEEDS.filter(([, isHere]) => !isHere()).map(([name]) => name)
