import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import * as z from 'zod'
import { DEFAULT_MAPPING } from '#adapters/erp/rest/default-mapping.ts'
import { SyncConfigSchema } from '#contracts/config.ts'
import { type Cli, defineCommand } from '../command.ts'
import { CliFailure } from '../failure.ts'

const SCHEMA = join(import.meta.dirname, '../../docs/contracts/sync.config.schema.json')
const MAPPING = 'mappings/order.jsonata'
const FILE = 'sync.config.json'

const AUTHS = ['none', 'basic', 'bearer', 'apiKey'] as const
const IDEMPOTENCIES = ['none', 'unique-reference', 'upsert', 'request-key'] as const

const OptionsSchema = z.object({
  yes: z.boolean().default(false),
  force: z.boolean().default(false),
  shop: z.string().optional(),
  timeZone: z.string().optional(),
  target: z.string().optional(),
  baseUrl: z.string().optional(),
  path: z.string().optional(),
  auth: z.enum(AUTHS).optional(),
  idempotency: z.enum(IDEMPOTENCIES).optional(),
  config: z.string().optional(),
})
type Options = z.infer<typeof OptionsSchema>

export const init = defineCommand({
  name: 'init',
  describe: (t) => t.init.describe,
  args: z.tuple([]),
  options: (t) => [
    ['--yes', t.init.yes],
    ['--force', t.init.force],
    ['--shop <id>', t.init.shop],
    ['--time-zone <zone>', t.init.timeZone],
    ['--target <name>', t.init.target],
    ['--base-url <url>', t.init.baseUrl],
    ['--path <path>', t.init.path],
    ['--auth <kind>', t.init.auth],
    ['--idempotency <kind>', t.init.idempotency],
    ['--config <dir>', t.init.config],
  ],
  schema: OptionsSchema,
  anywhere: true,
  run: async (_args, options, cli) => {
    const dir = cli.path(options.config ?? '.')
    const file = join(dir, FILE)
    if (existsSync(file) && !options.force) throw new CliFailure('exists', (t) => t.init.exists(file))
    const answers = await answered(options, cli)
    const config = configOf(answers, dir)
    const parsed = SyncConfigSchema.safeParse(config)
    if (!parsed.success) {
      const [first] = parsed.error.issues
      const field = first?.path.join('.') ?? FILE
      throw new CliFailure('config', (t) => t.init.wrong(field, first?.message ?? ''))
    }
    mkdirSync(join(dir, 'mappings'), { recursive: true })
    const mapping = join(dir, MAPPING)
    const written = [file]
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`)
    // A mapping is somebody’s work, which no answer given here replaces.
    if (!existsSync(mapping)) {
      writeFileSync(mapping, DEFAULT_MAPPING)
      written.push(mapping)
    }
    const next = cli.t.init.next(
      answers.shop,
      answers.auth === 'none' ? undefined : answers.target,
      options.config ?? '.',
    )
    return {
      json: { written, config },
      text: [
        ...written.map((path) => cli.t.init.written(shortest(path, cli.context.directory))),
        '',
        ...next.map((step, index) => `${index + 1}. ${step}`),
      ].join('\n'),
    }
  },
})

/** As the person would write it. */
function shortest(path: string, directory: string): string {
  const short = relative(directory, path)
  return short.startsWith('..') ? path : short
}

interface Answers {
  readonly shop: string
  readonly timeZone: string
  readonly target: string
  readonly baseUrl: string
  readonly path: string
  readonly auth: (typeof AUTHS)[number]
  readonly idempotency: (typeof IDEMPOTENCIES)[number]
}

async function answered(options: Options, { context, t }: Cli): Promise<Answers> {
  const { ask } = context
  if (!options.yes && !ask) throw new CliFailure('usage', (texts) => texts.usage.initNeedsYes, 2)
  const about = async (given: string | undefined, question: string, usual: string): Promise<string> => {
    if (given !== undefined) return given
    if (options.yes || !ask) return usual
    return (await ask(`${question} [${usual}] `)).trim() || usual
  }
  const oneOf = async <T extends string>(
    given: T | undefined,
    question: string,
    choices: readonly T[],
    usual: T,
  ): Promise<T> => {
    for (;;) {
      const answer = await about(given, `${question} (${choices.join(', ')})`, usual)
      const choice = choices.find((candidate) => candidate === answer)
      if (choice !== undefined) return choice
    }
  }
  if (options.yes && options.baseUrl === undefined)
    throw new CliFailure('usage', (texts) => texts.usage.needs('--base-url'), 2)
  const questions = t.init.questions
  return {
    shop: await about(options.shop, questions.shop, 'EC1'),
    timeZone: await about(options.timeZone, questions.timeZone, 'Asia/Shanghai'),
    target: await about(options.target, questions.target, 'erp'),
    baseUrl: await about(options.baseUrl, questions.baseUrl, 'https://erp.example.com/api'),
    path: await about(options.path, questions.path, '/orders'),
    auth: await oneOf(options.auth, questions.auth, AUTHS, 'bearer'),
    idempotency: await oneOf(options.idempotency, questions.idempotency, IDEMPOTENCIES, 'none'),
  }
}

/** The least that delivers orders. Amend and cancel differ too much between ERPs to be guessed. */
function configOf({ shop, timeZone, target, baseUrl, path, auth, idempotency }: Answers, dir: string) {
  const schema = relative(dir, SCHEMA).replaceAll('\\', '/')
  return {
    $schema: schema.startsWith('.') ? schema : `./${schema}`,
    version: 1,
    shops: { [shop]: { timeZone, targets: [target] } },
    targets: {
      [target]: {
        adapter: 'rest',
        rest: {
          baseUrl,
          auth: auth === 'apiKey' ? { type: auth, header: 'X-Api-Key' } : { type: auth },
          idempotency,
          ...(idempotency === 'request-key' ? { idempotencyHeader: 'Idempotency-Key' } : {}),
          operations: {
            place: { path, mapping: MAPPING },
            find: {
              path,
              query: { order_id: '{reference}' },
              documents:
                'body.{ "id": id, "no": no, "reference": order_id, "state": status = "cancelled" ? "cancelled" : "live", "content": $ }',
            },
          },
        },
      },
    },
  }
}
