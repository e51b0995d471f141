import { Command, CommanderError } from 'commander'
import * as z from 'zod'
import { type Cli, type CliCommand, inDirectory, notRunning } from './command.ts'
import { brakeRelease, brakeShow } from './commands/brake.ts'
import { cancel } from './commands/cancel.ts'
import { connect } from './commands/connect.ts'
import { dataMap } from './commands/data-map.ts'
import { doctor } from './commands/doctor.ts'
import { drift } from './commands/drift.ts'
import { find } from './commands/find.ts'
import { init } from './commands/init.ts'
import { newErp } from './commands/new-erp.ts'
import { parked } from './commands/parked.ts'
import { personErase, personExport, personReceipts } from './commands/person.ts'
import { probe } from './commands/probe.ts'
import { replay } from './commands/replay.ts'
import { run } from './commands/run.ts'
import { secretList, secretPut } from './commands/secret.ts'
import { send } from './commands/send.ts'
import { show } from './commands/show.ts'
import { status } from './commands/status.ts'
import type { CliContext } from './context.ts'
import { failureOf } from './failure-of.ts'
import { type Format, formatOf } from './format.ts'
import { type Place, placeOf } from './place.ts'
import { textsOf } from './texts.ts'

const COMMON = z.looseObject({ json: z.boolean().default(false) })

/** How a command line went, as far as it went. */
interface Course {
  exit: 0 | 1
  place?: Place
}

/** Runs one command line and says its exit code: 0 ok, 1 a finding or a failure, 2 asked for wrongly. Never throws. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<0 | 1 | 2> {
  const format = formatOf(context)
  const course: Course = { exit: 0 }
  try {
    await createProgram(context, format, course).parseAsync(argv, { from: 'user' })
    return course.exit
  } catch (error) {
    return report(error, argv.includes('--json'), course.place, context)
  }
}

function createProgram(context: CliContext, format: Format, course: Course): Command {
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
  const add = (parent: Command, command: CliCommand) => addCommand(parent, command, context, format, course)
  for (const command of [
    init,
    connect,
    doctor,
    probe,
    send,
    status,
    find,
    show,
    parked,
    replay,
    cancel,
    drift,
    run,
    dataMap,
    newErp,
  ])
    add(program, command)
  const secret = program.command('secret').description(t.secret.group)
  for (const command of [secretPut, secretList]) add(secret, command)
  const person = program.command('person').description(t.person.group)
  for (const command of [personExport, personErase, personReceipts]) add(person, command)
  const brake = program.command('brake').description(t.brake.group)
  for (const command of [brakeShow, brakeRelease]) add(brake, command)
  return program
}

function addCommand(
  parent: Command,
  { name, describe, options, anywhere, execute }: CliCommand,
  context: CliContext,
  format: Format,
  course: Course,
): void {
  const { t } = format
  const command = parent.command(name).description(describe(t))
  for (const [flags, text] of options(t)) command.option(flags, text)
  if (!anywhere)
    command
      .option('--config <dir>', t.options.config)
      .option('--data <dir>', t.options.data)
      .option('--stage <name>', t.options.stage)
      .option('--region <region>', t.options.region)
      .option('--profile <name>', t.options.profile)
  command.option('--json', t.options.json)
  command.action(async () => {
    const given: unknown = command.opts()
    const { json } = COMMON.parse(given)
    const path = (relative: string) => inDirectory(context.directory, relative)
    course.place = placeOf(anywhere ? {} : given, { dataDir: context.dataDir, path })
    const result = await execute(command.processedArgs, given, cliOf(context, format, course.place, path))
    context.out(json ? JSON.stringify(result.json, null, 2) : result.text)
    course.exit = result.exit ?? 0
  })
}

function cliOf(context: CliContext, format: Format, place: Place, path: Cli['path']): Cli {
  return {
    context,
    format,
    t: format.t,
    place,
    path,
    connection: async () => {
      const connection = await context.connect(place)
      if (!connection) throw notRunning(place)
      return connection
    },
  }
}

/** One sentence and its remedy on standard error; with `--json` the same as data on standard output, in English. */
function report(error: unknown, json: boolean, place: Place | undefined, context: CliContext): 0 | 1 | 2 {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  const failure = failureOf(error, place)
  const { message, remedy } = failure.say(textsOf(context.language))
  if (message !== '') context.err(remedy === undefined ? message : `${message}\n${remedy}`)
  if (json)
    context.out(JSON.stringify({ error: { code: failure.code, ...failure.say(textsOf('en')) } }, null, 2))
  if (context.debug && error instanceof Error) context.err(error.stack ?? String(error))
  return failure.exit
}
