import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

/** Runs a command; what the person can correct ends it with one sentence and exit code 1, a bug with its stack. */
export async function explain(command: () => void | Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    // At once: an App that was begun would otherwise still be synthesized at exit.
    process.exit(1)
  }
}

/** The values of `--name value` arguments. Throws a UsageError for any other argument. */
export function readArguments<const Name extends string>(...names: Name[]): Partial<Record<Name, string>> {
  const options: ParseArgsOptionsConfig = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
  try {
    const { values } = parseArgs({ options })
    return Object.fromEntries(
      names.flatMap((name) => (typeof values[name] === 'string' ? [[name, values[name]]] : [])),
    ) as Partial<Record<Name, string>>
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
