import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SyncConfig, SyncConfigSchema } from '#contracts/config.ts'

const FILE = 'sync.config.json'

/** The configuration cannot be used as it is. The message is one sentence for whoever wrote it; `field` is a path in the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly field: string | undefined
  readonly remedy: string

  constructor(message: string, { field, remedy }: { field?: string; remedy: string }) {
    super(message)
    this.field = field
    this.remedy = remedy
  }
}

/** Reads `sync.config.json` of a directory. Throws a ConfigError when it is missing or wrong. */
export function loadConfig(dir: string): SyncConfig {
  const parsed = SyncConfigSchema.safeParse(parseJson(readText(dir)))
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  const field = first?.path.join('.') || FILE
  throw new ConfigError(`${FILE} is not usable: ${field}: ${first?.message ?? 'unknown'}.`, {
    field,
    remedy:
      'Correct the field; an editor that knows docs/contracts/sync.config.schema.json shows what it takes.',
  })
}

function readText(dir: string): string {
  try {
    return readFileSync(join(dir, FILE), 'utf8')
  } catch {
    throw new ConfigError(`There is no readable ${FILE} in the configuration directory.`, {
      remedy: 'Name the directory that holds it.',
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the text.
    throw new ConfigError(`${FILE} is not JSON.`, { remedy: 'Open it in an editor that marks JSON errors.' })
  }
}
