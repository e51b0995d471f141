import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { freePort } from './free-port.ts'
import { KeptProcess } from './kept-process.ts'
import { waitFor } from './wait-for.ts'

const QUICK = [
  '--innodb-buffer-pool-size=64M',
  '--innodb-log-file-size=8M',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--innodb-flush-method=nosync',
  '--key-buffer-size=8M',
]

const DURABLE = [
  '--innodb-buffer-pool-size=512M',
  '--innodb-log-file-size=128M',
  '--innodb-flush-log-at-trx-commit=1',
  '--key-buffer-size=128M',
]

/** A MariaDB of our own on loopback, with a data folder that goes away with it. root has no password. */
export class MariaDb {
  readonly port: number
  readonly #server: KeptProcess

  private constructor(port: number, server: KeptProcess) {
    this.port = port
    this.#server = server
  }

  /**
   * @param binLog as on servers that replicate or are backed up by it: triggers then need a privilege more
   * @param durable a commit is on disk before it is answered, with room for a large shop: for measuring. Tests need neither
   */
  static async start({
    binLog = false,
    durable = false,
  }: {
    readonly binLog?: boolean
    readonly durable?: boolean
  } = {}): Promise<MariaDb> {
    const folder = mkdtempSync(join(tmpdir(), 'erpsync-mariadb-'))
    const data = join(folder, 'data')
    mkdirSync(data)
    const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
    const install = spawnSync(
      'mariadb-install-db',
      [
        '--no-defaults',
        `--datadir=${data}`,
        // A server that starts deletes what it finds in the common one: temporary tables of those that run.
        `--tmpdir=${folder}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--innodb-log-file-size=8M',
        ...asRoot,
      ],
      { encoding: 'utf8' },
    )
    if (install.status !== 0) {
      rmSync(folder, { recursive: true, force: true })
      throw new Error(`mariadb-install-db failed: ${install.stdout}${install.stderr}`)
    }
    const port = await freePort()
    const log = join(folder, 'server.log')
    const server = new KeptProcess(
      [
        'mariadbd',
        '--no-defaults',
        ...asRoot,
        `--datadir=${data}`,
        `--tmpdir=${folder}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(folder, 'socket')}`,
        `--pid-file=${join(folder, 'pid')}`,
        '--skip-name-resolve',
        '--max-connections=300',
        '--character-set-server=utf8mb4',
        ...(durable ? DURABLE : QUICK),
        '--performance-schema=off',
        ...(binLog ? [`--log-bin=${join(folder, 'binlog')}`, '--server-id=1'] : ['--skip-log-bin']),
      ],
      { log, folder },
    )
    const mariadb = new MariaDb(port, server)
    try {
      await waitFor(
        'MariaDB',
        async () => {
          if (server.hasEnded) throw new Error('mariadbd ended')
          return mariadb.answers()
        },
        { seconds: 60, every: 100 },
      )
    } catch (error) {
      const words = readFileSync(log, 'utf8').slice(-4000)
      await server.stop()
      throw new Error(`MariaDB did not start:\n${words}`, { cause: error })
    }
    return mariadb
  }

  private async answers(): Promise<true | undefined> {
    try {
      const connection = await createConnection({ host: '127.0.0.1', port: this.port, user: 'root' })
      await connection.end()
      return true
    } catch {
      return undefined
    }
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }
}
