import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SyncConfig, SyncConfigSchema } from '#contracts/config.ts'
import { UsageError } from './usage-error.ts'

/** Throws a UsageError of one sentence when `sync.config.json` in `dir` is missing or wrong. */
export function readSyncConfig(dir: string): SyncConfig {
  const file = join(dir, 'sync.config.json')
  const parsed = SyncConfigSchema.safeParse(parseJson(file, readText(file)))
  if (parsed.success) return parsed.data
  const [first, ...more] = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
  )
  throw new UsageError(
    `${file} is not usable: ${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}.`,
  )
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new UsageError(`There is no readable ${file}; name the folder that holds it with --config.`)
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}.`)
  }
}
