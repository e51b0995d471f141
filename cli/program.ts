import { Command, CommanderError } from 'commander'
import * as z from 'zod'
import { ConfigError } from '#runtime/config-file.ts'
import { type Cli, type CliCommand, inDirectory } from './command.ts'
import { doctor } from './commands/doctor.ts'
import { find } from './commands/find.ts'
import { init } from './commands/init.ts'
import { parked } from './commands/parked.ts'
import { replay } from './commands/replay.ts'
import { secretList, secretPut } from './commands/secret.ts'
import { send } from './commands/send.ts'
import { show } from './commands/show.ts'
import { status } from './commands/status.ts'
import type { CliContext } from './context.ts'
import { CliFailure } from './failure.ts'
import { type Format, formatOf } from './format.ts'
import { type Texts, textsOf } from './texts.ts'
import type { Told } from './told.ts'

const COMMON = z.looseObject({ json: z.boolean().default(false), data: z.string().optional() })

/** Runs one command line and says its exit code: 0 ok, 1 a finding or a failure, 2 asked for wrongly. Never throws. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<0 | 1 | 2> {
  const format = formatOf(context)
  let exit: 0 | 1 = 0
  const program = createProgram(context, format, (code) => {
    exit = code
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exit
  } catch (error) {
    return report(error, argv.includes('--json'), context)
  }
}

function createProgram(context: CliContext, format: Format, ended: (exit: 0 | 1) => void): Command {
  const { t } = format
  const program = new Command('npm run sync --')
    .usage(t.help.usage)
    .description(t.program)
    .helpOption('-h, --help', t.help.option)
    .helpCommand('help [command]', t.help.command)
    .configureHelp({ styleTitle: (title) => format.colors.bold(t.help.titles[title] ?? title) })
    .configureOutput({
      writeOut: (text) => context.out(text.trimEnd()),
      writeErr: (text) => context.err(text.trimEnd()),
      // Errors are told once, in the person's language, by `report`.
      outputError: () => {},
      getOutHasColors: () => context.colour,
    })
    .addHelpText('after', `\n${t.examples}`)
    .exitOverride()
  const add = (parent: Command, command: CliCommand) => addCommand(parent, command, context, format, ended)
  for (const command of [init, doctor, send, status, find, show, parked, replay]) add(program, command)
  const secret = program.command('secret').description(t.secret.group)
  for (const command of [secretPut, secretList]) add(secret, command)
  return program
}

function addCommand(
  parent: Command,
  { name, describe, options, execute }: CliCommand,
  context: CliContext,
  format: Format,
  ended: (exit: 0 | 1) => void,
): void {
  const { t } = format
  const command = parent.command(name).description(describe(t))
  for (const [flags, text] of options(t)) command.option(flags, text)
  command.option('--data <dir>', t.options.data).option('--json', t.options.json)
  command.action(async () => {
    const given: unknown = command.opts()
    const { json, data } = COMMON.parse(given)
    const result = await execute(command.processedArgs, given, cliOf(context, format, data))
    context.out(json ? JSON.stringify(result.json, null, 2) : result.text)
    ended(result.exit ?? 0)
  })
}

function cliOf(context: CliContext, format: Format, data: string | undefined): Cli {
  const dataDir = data === undefined ? context.dataDir : inDirectory(context.directory, data)
  return {
    context,
    format,
    t: format.t,
    dataDir,
    path: (relative) => inDirectory(context.directory, relative),
    connection: async () => {
      const connection = await context.connect(dataDir)
      if (!connection) throw new CliFailure('not-running', (texts) => texts.notRunning(dataDir))
      return connection
    },
  }
}

/** One sentence and its remedy on standard error; with `--json` the same as data on standard output, in English. */
function report(error: unknown, json: boolean, context: CliContext): 0 | 1 | 2 {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  const failure = failureOf(error)
  const { message, remedy } = failure.say(textsOf(context.language))
  if (message !== '') context.err(remedy === undefined ? message : `${message}\n${remedy}`)
  if (json)
    context.out(JSON.stringify({ error: { code: failure.code, ...failure.say(textsOf('en')) } }, null, 2))
  if (context.debug && error instanceof Error) context.err(error.stack ?? String(error))
  return failure.exit
}

function failureOf(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error
  if (error instanceof CommanderError) return new CliFailure('usage', (t) => usageText(error, t), 2)
  if (error instanceof ConfigError)
    return new CliFailure('config', (t) => t.configBroken(error.message, error.remedy))
  const network = networkCode(error)
  if (network !== undefined) return new CliFailure('unreachable', (t) => t.unreachable(network))
  // Only the kind: a message may quote what it stumbled over.
  const kind = error instanceof Error ? error.name : 'unknown'
  return new CliFailure('unexpected', (t) => t.unexpected(kind))
}

function usageText(error: CommanderError, t: Texts): Told {
  // Without a command the help was already written.
  if (error.code === 'commander.help') return { message: '' }
  const name = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(error.message)?.[1]
  const sentences: Readonly<Record<string, unknown>> = t.usage
  const sentence = sentences[error.code]
  const message =
    typeof sentence === 'function' ? String(sentence(name)) : error.message.replace(/^error: /, '')
  return {
    message: meant === undefined ? message : `${message} ${t.usage.didYouMean(meant)}`,
    remedy: t.usage.help,
  }
}

const NETWORK = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|UND_ERR_\w+|TimeoutError)$/

/** What the network said, however deep it is wrapped. */
function networkCode(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && NETWORK.test(cause.code)) return cause.code
    if (NETWORK.test(cause.name)) return cause.name
  }
  return undefined
}
