import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Keeps a data directory to one process. The lock is the operating system's, so a killed process leaves none behind.
 * @returns its release; undefined when another process holds it
 */
export function lock(dataDir: string): (() => void) | undefined {
  const file = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 })
  try {
    file.exec('BEGIN EXCLUSIVE')
    return () => file.close()
  } catch {
    file.close()
    return undefined
  }
}
