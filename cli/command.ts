import { resolve } from 'node:path'
import type * as z from 'zod'
import type { SyncConfig } from '#contracts/config.ts'
import type { Connection } from './connection.ts'
import type { CliContext, Result } from './context.ts'
import { CliFailure } from './failure.ts'
import type { Format } from './format.ts'
import type { Place } from './place.ts'
import type { Texts } from './texts.ts'

/** What a running command has at hand. */
export interface Cli {
  readonly context: CliContext
  readonly format: Format
  readonly t: Texts
  readonly place: Place
  /** Fails with a sentence when nothing runs. */
  connection(): Promise<Connection>
  /** An absolute path of what a person wrote. */
  path(relative: string): string
}

export type OptionText = readonly [flags: string, description: string]

interface CommandSpec<Arguments, Options> {
  /** In commander's notation, e.g. `send <order.json>`. */
  readonly name: string
  readonly describe: (t: Texts) => string
  readonly args: z.ZodType<Arguments>
  readonly options?: (t: Texts) => readonly OptionText[]
  readonly schema: z.ZodType<Options>
  /** It is about no deployment, so no option names one. */
  readonly anywhere?: true
  readonly run: (args: Arguments, options: Options, cli: Cli) => Promise<Result>
}

/** A command with its types inside. */
export interface CliCommand {
  readonly name: string
  readonly describe: (t: Texts) => string
  readonly options: (t: Texts) => readonly OptionText[]
  readonly anywhere: boolean
  readonly execute: (args: unknown, options: unknown, cli: Cli) => Promise<Result>
}

export function defineCommand<Arguments, Options>(spec: CommandSpec<Arguments, Options>): CliCommand {
  return {
    name: spec.name,
    describe: spec.describe,
    options: spec.options ?? (() => []),
    anywhere: spec.anywhere ?? false,
    execute: (args, options, cli) => spec.run(spec.args.parse(args), parseOptions(spec.schema, options), cli),
  }
}

function parseOptions<Options>(schema: z.ZodType<Options>, options: unknown): Options {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const flag = `--${String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const choices = issue?.code === 'invalid_value' ? issue.values.map(String) : undefined
  throw new CliFailure('usage', (t) => t.usage.badOption(flag, choices), 2)
}

/** The shop that was named, or the only one there is. */
export function chooseShop(config: SyncConfig, wanted: string | undefined): string {
  const shops = Object.keys(config.shops)
  if (wanted !== undefined) {
    if (shops.includes(wanted)) return wanted
    throw new CliFailure('unknown-shop', (t) => t.unknownShop(wanted, shops))
  }
  const [only, ...others] = shops
  if (only === undefined || others.length > 0)
    throw new CliFailure('usage', (t) => t.usage.whichShop(shops), 2)
  return only
}

/** The targets that were meant: the named one, or all. */
export function chooseTargets(config: SyncConfig, wanted: string | undefined): string[] {
  const targets = Object.keys(config.targets)
  if (wanted === undefined) return targets
  if (targets.includes(wanted)) return [wanted]
  throw new CliFailure('unknown-target', (t) => t.unknownTarget(wanted, targets))
}

/** Only on this machine: of a stage in AWS, connecting says itself why it failed. */
export const notRunning = (place: Place): CliFailure =>
  new CliFailure('not-running', (t) => t.notRunning(place.is === 'local' ? place.dataDir : place.stage))

export const inDirectory = (directory: string, path: string): string => resolve(directory, path)
