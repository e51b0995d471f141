import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CloudError } from './cloud-error.ts'

export interface DataDirectory {
  readonly tables: string
  readonly queues: string
  readonly secrets: string
  readonly logs: string
  /** The cloud that wrote here last was killed, not stopped. */
  readonly killed: boolean
  /** Call once everything below is closed. */
  readonly release: () => void
}

/**
 * Takes a directory for one running cloud. The lock is the operating system's, so a killed cloud leaves none behind.
 * @throws {CloudError} data-in-use
 */
export function takeDataDirectory(path: string, { fresh }: { fresh: boolean }): DataDirectory {
  const data = {
    tables: join(path, 'dynamodb'),
    queues: join(path, 'sqs'),
    secrets: join(path, 'secrets.json'),
    logs: join(path, 'logs'),
  }
  mkdirSync(path, { recursive: true })
  const lock = new DatabaseSync(join(path, 'lock'), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch {
    lock.close()
    throw new CloudError('data-in-use', `Another running cloud uses ${path}.`, { dataDir: path })
  }

  const running = join(path, 'running')
  const killed = existsSync(running)
  if (fresh) for (const own of Object.values(data)) rmSync(own, { recursive: true, force: true })
  for (const directory of [data.tables, data.queues, data.logs]) mkdirSync(directory, { recursive: true })
  writeFileSync(running, '')

  return {
    ...data,
    killed: killed && !fresh,
    release: () => {
      rmSync(running, { force: true })
      lock.close()
    },
  }
}
