import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import * as z from 'zod'
import { DEFAULT_MAPPING } from '#adapters/erp/rest/default-mapping.ts'
import { SyncConfigSchema } from '#contracts/config.ts'
import { DocumentKindSchema } from '#contracts/scalars.ts'
import { type Cli, defineCommand } from '../command.ts'
import { CliFailure } from '../failure.ts'

const SCHEMA = join(import.meta.dirname, '../../docs/contracts/sync.config.schema.json')
const MAPPING = 'mappings/order.jsonata'
const FILE = 'sync.config.json'

const ADAPTERS = ['rest', 'odoo', 'webhook'] as const
const AUTHS = ['none', 'basic', 'bearer', 'apiKey'] as const
const IDEMPOTENCIES = ['none', 'unique-reference', 'upsert', 'request-key'] as const

const OptionsSchema = z.object({
  yes: z.boolean().default(false),
  force: z.boolean().default(false),
  shop: z.string().optional(),
  timeZone: z.string().optional(),
  adapter: z.enum(ADAPTERS).optional(),
  target: z.string().optional(),
  baseUrl: z.string().optional(),
  path: z.string().optional(),
  auth: z.enum(AUTHS).optional(),
  idempotency: z.enum(IDEMPOTENCIES).optional(),
  database: z.string().optional(),
  login: z.string().optional(),
  kinds: z.string().optional(),
  config: z.string().optional(),
})
type Options = z.infer<typeof OptionsSchema>

/** What only one adapter is asked for. */
const OPTIONS_OF = {
  rest: ['path', 'auth', 'idempotency'],
  odoo: ['database', 'login'],
  webhook: ['kinds'],
} as const

export const init = defineCommand({
  name: 'init',
  describe: (t) => t.init.describe,
  args: z.tuple([]),
  options: (t) => [
    ['--yes', t.init.yes],
    ['--force', t.init.force],
    ['--shop <id>', t.init.shop],
    ['--time-zone <zone>', t.init.timeZone],
    ['--adapter <name>', t.init.adapter],
    ['--target <name>', t.init.target],
    ['--base-url <url>', t.init.baseUrl],
    ['--path <path>', t.init.path],
    ['--auth <kind>', t.init.auth],
    ['--idempotency <kind>', t.init.idempotency],
    ['--database <name>', t.init.database],
    ['--login <name>', t.init.login],
    ['--kinds <list>', t.init.kinds],
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
    mkdirSync(dir, { recursive: true })
    const written = [file]
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`)
    const mapping = join(dir, MAPPING)
    // A mapping is somebody’s work, which no answer given here replaces.
    if (answers.adapter === 'rest' && !existsSync(mapping)) {
      mkdirSync(dirname(mapping), { recursive: true })
      writeFileSync(mapping, DEFAULT_MAPPING)
      written.push(mapping)
    }
    const { shop, target } = answers
    const place = options.config ?? '.'
    const next = {
      rest: () =>
        cli.t.init.next(shop, 'auth' in answers && answers.auth === 'none' ? undefined : target, place),
      odoo: () => cli.t.init.nextOdoo(shop, target, place),
      webhook: () => cli.t.init.nextWebhook(shop, target, place),
    }[answers.adapter]()
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

interface Rest {
  readonly adapter: 'rest'
  readonly baseUrl: string
  readonly path: string
  readonly auth: (typeof AUTHS)[number]
  readonly idempotency: (typeof IDEMPOTENCIES)[number]
}

interface Odoo {
  readonly adapter: 'odoo'
  readonly url: string
  readonly database: string
  readonly login: string
}

interface WebhookAnswers {
  readonly adapter: 'webhook'
  readonly url: string
  readonly kinds: string
}

type Answers = (Rest | Odoo | WebhookAnswers) & {
  readonly shop: string
  readonly timeZone: string
  readonly target: string
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
  const questions = t.init.questions
  const shop = await about(options.shop, questions.shop, 'EC1')
  const timeZone = await about(options.timeZone, questions.timeZone, 'Asia/Shanghai')
  const adapter = await oneOf(options.adapter, questions.adapter, ADAPTERS, 'rest')
  for (const unfit of ADAPTERS.flatMap((other) => (other === adapter ? [] : OPTIONS_OF[other])))
    if (options[unfit] !== undefined)
      throw new CliFailure('usage', (texts) => texts.usage.notOfAdapter(`--${unfit}`, adapter), 2)
  const needed = adapter === 'odoo' ? (['baseUrl', ...OPTIONS_OF.odoo] as const) : (['baseUrl'] as const)
  const missing = options.yes ? needed.find((name) => options[name] === undefined) : undefined
  if (missing !== undefined) throw new CliFailure('usage', (texts) => texts.usage.needs(FLAGS[missing]), 2)
  const target = await about(options.target, questions.target, USUAL_NAMES[adapter])
  const common = { shop, timeZone, target }
  if (adapter === 'odoo')
    return {
      ...common,
      adapter,
      url: await about(options.baseUrl, questions.url, 'https://erp.example.com'),
      database: await about(options.database, questions.database, 'production'),
      login: await about(options.login, questions.login, 'shop-bridge'),
    }
  if (adapter === 'webhook')
    return {
      ...common,
      adapter,
      url: await about(options.baseUrl, questions.webhookUrl, 'https://desk.example.com/erpsync'),
      kinds: await about(options.kinds, questions.kinds(DocumentKindSchema.options), 'order,return,ticket'),
    }
  return {
    ...common,
    adapter,
    baseUrl: await about(options.baseUrl, questions.baseUrl, 'https://erp.example.com/api'),
    path: await about(options.path, questions.path, '/orders'),
    auth: await oneOf(options.auth, questions.auth, AUTHS, 'bearer'),
    idempotency: await oneOf(options.idempotency, questions.idempotency, IDEMPOTENCIES, 'none'),
  }
}

const USUAL_NAMES = { rest: 'erp', odoo: 'odoo', webhook: 'desk' }
const FLAGS = { baseUrl: '--base-url', database: '--database', login: '--login' }

function configOf(answers: Answers, dir: string) {
  const { shop, timeZone, target } = answers
  const schema = relative(dir, SCHEMA).replaceAll('\\', '/')
  return {
    $schema: schema.startsWith('.') ? schema : `./${schema}`,
    version: 1,
    shops: { [shop]: { timeZone, targets: [target] } },
    targets: {
      [target]: targetOf(answers),
    },
  }
}

function targetOf(answers: Answers) {
  switch (answers.adapter) {
    case 'rest':
      return restTarget(answers)
    case 'odoo':
      return odooTarget(answers)
    case 'webhook':
      return {
        adapter: 'webhook',
        kinds: answers.kinds.split(',').map((kind) => kind.trim()),
        webhook: { url: answers.url },
      }
  }
}

/** The least that delivers orders. Amend and cancel differ too much between ERPs to be guessed. */
const restTarget = ({ baseUrl, path, auth, idempotency }: Rest) => ({
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
})

/** With a product for every charge a shop can make: an order with one that has none would be parked. */
const odooTarget = ({ url, database, login }: Odoo) => ({
  adapter: 'odoo',
  odoo: {
    url,
    database,
    login,
    products: {
      shipping: 'SHIPPING',
      insurance: 'FEE',
      surcharge: 'FEE',
      pack: 'FEE',
      card: 'FEE',
      tax: 'FEE',
      discount: 'DISCOUNT',
    },
  },
})
