import * as z from 'zod'
import type { SyncConfig } from '#contracts/config.ts'
import { WireVersionSchema } from '#contracts/scalars.ts'
import { type ShopSecret, ShopSecretSchema, TargetSecretSchema } from '#contracts/secrets.ts'
import { WebhookKeysSchema } from '#contracts/webhook-keys.ts'
import { type Cli, defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import type { Result } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { parseJson } from '../parse-json.ts'
import { attempt, secretStates } from '../secret-state.ts'
import { malformedNames, mintedNames, missingNames } from '../target-secret.ts'

const SECRET_BYTES = 32
const WHSEC = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/

export const secretPut = defineCommand({
  name: 'put <name>',
  describe: (t) => t.secret.describePut,
  args: z.tuple([z.string()]),
  options: (t) => [
    ['--new', t.secret.new],
    ['--epoch <epoch>', t.secret.epochOption],
  ],
  schema: z.object({ new: z.boolean().default(false), epoch: WireVersionSchema.shape.epoch.optional() }),
  run: async ([text], options, cli) => {
    const connection = await cli.connection()
    const name = nameOf(text, connection.config())
    if (name.kind === 'shop') return putShop(name.id, options, connection, cli)
    if (options.epoch !== undefined) throw new CliFailure('usage', (t) => t.usage.onlyForShops('--epoch'), 2)
    return options.new ? mintForTarget(name.id, connection, cli) : putTarget(name.id, connection, cli)
  },
})

export const secretList = defineCommand({
  name: 'list',
  describe: (t) => t.secret.describeList,
  args: z.tuple([]),
  schema: z.object({}),
  run: async (_args, _options, cli) => {
    const { t, format } = cli
    const connection = await cli.connection()
    const states = await secretStates(connection.config(), connection.secrets)
    const shown = states.map((state) => [state.name, t.secret.states[state.is], t.secret.about(state)])
    return {
      json: states,
      text: format.table([t.words.name, t.words.status, ''], shown),
    }
  },
})

function nameOf(text: string, config: SyncConfig): { kind: 'shop' | 'target'; id: string } {
  // With the prefix of the deployment or without.
  const shop = /(?:^|\/)shop\/([^/]+)\/webhook$/.exec(text)?.[1]
  if (shop !== undefined && Object.hasOwn(config.shops, shop)) return { kind: 'shop', id: shop }
  const target = /(?:^|\/)target\/([^/]+)\/erp$/.exec(text)?.[1]
  if (target !== undefined && Object.hasOwn(config.targets, target)) return { kind: 'target', id: target }
  const names = [
    ...Object.keys(config.shops).map((id) => `shop/${id}/webhook`),
    ...Object.keys(config.targets).map((id) => `target/${id}/erp`),
  ]
  throw new CliFailure('unknown-secret', (t) => t.secret.unknown(text, names))
}

async function putShop(
  shop: string,
  options: { new: boolean; epoch?: string | undefined },
  connection: Connection,
  cli: Cli,
): Promise<Result> {
  const { t, format } = cli
  const name = `shop/${shop}/webhook`
  const read = await attempt(() => connection.secrets.shop(shop))
  const stored = read === 'malformed' ? undefined : read
  if (options.epoch !== undefined && stored?.epochs.includes(options.epoch))
    throw new CliFailure('epoch-known', (texts) => texts.secret.epochKnown(options.epoch ?? ''))

  const fresh = options.new ? newSecret(cli) : undefined
  const next = fresh ?? (options.epoch === undefined ? await cli.context.stdin() : undefined)
  const secret = shopSecret(next, stored, options.epoch ?? (fresh && !stored ? newEpoch(cli) : undefined))
  await connection.secrets.putShop(shop, secret)

  const epoch = secret.epochs.at(-1)
  const json = { name, ...(fresh ? { secret: fresh } : {}), epoch, secretsValid: secret.secrets.length }
  const once = fresh ? [fresh, t.secret.once] : []
  return {
    json,
    text: [
      ...once,
      t.secret.put(name),
      format.fields([
        [t.status.epoch, epoch],
        [t.status.secrets, secret.secrets.length],
      ]),
    ].join('\n'),
  }
}

/**
 * What is stored next: a whole value in JSON as it is; a bare signing secret before the one that was first, which stays valid.
 * @param given undefined = secrets stay as they are
 */
function shopSecret(
  given: string | undefined,
  stored: ShopSecret | undefined,
  epoch: string | undefined,
): ShopSecret {
  const text = given?.trim()
  if (text !== undefined && !WHSEC.test(text)) return parseSecret(ShopSecretSchema, text, 'shop')
  const epochs = [...(stored?.epochs ?? []), ...(epoch === undefined ? [] : [epoch])]
  const previous = stored?.secrets[0]
  const secrets =
    text === undefined
      ? stored?.secrets
      : [text, ...(previous === undefined || previous === text ? [] : [previous])]
  if (!secrets) throw new CliFailure('no-secret-yet', (t) => t.secret.epochFirst)
  if (epochs.length === 0) throw new CliFailure('no-epoch-yet', (t) => t.secret.noEpoch)
  return { secrets, epochs }
}

/** Its day, and something no other installation of that day has. */
function newEpoch({ context }: Cli): string {
  const day = new Date(context.clock.now()).toISOString().slice(0, 10).replaceAll('-', '')
  return `e-${day}-${context.randomBytes(3).toString('hex')}`
}

async function putTarget(target: string, connection: Connection, cli: Cli): Promise<Result> {
  const name = `target/${target}/erp`
  const secret = parseSecret(TargetSecretSchema, (await cli.context.stdin()).trim(), 'target')
  const config = connection.config().targets[target]
  const missing = config ? missingNames(config, secret) : []
  if (missing.length > 0) throw new CliFailure('secret-incomplete', (t) => t.secret.incomplete(name, missing))
  const malformed = config ? malformedNames(config, secret) : []
  if (malformed.length > 0)
    throw new CliFailure('secret-malformed', (t) => t.secret.malformed.webhookKeys(malformed))
  await connection.secrets.putTarget(target, secret)
  return { json: { name, keys: Object.keys(secret) }, text: cli.t.secret.put(name) }
}

/** Beside them the ones before stay valid; what else the secret holds stays as it is. */
async function mintForTarget(target: string, connection: Connection, cli: Cli): Promise<Result> {
  const name = `target/${target}/erp`
  const config = connection.config().targets[target]
  if (!config) throw new Error('a chosen target is configured')
  const read = await attempt(() => connection.secrets.target(target))
  const stored = read === 'malformed' ? {} : (read ?? {})
  const made = Object.fromEntries(mintedNames(config).map((key) => [key, newSecret(cli)]))
  const valid = Object.fromEntries(
    Object.entries(made).map(([key, fresh]) => {
      const previous = WebhookKeysSchema.safeParse(stored[key]).data?.[0]
      return [key, previous === undefined ? fresh : `${fresh} ${previous}`]
    }),
  )
  const secret = { ...stored, ...valid }
  const missing = missingNames(config, secret)
  if (missing.length > 0) throw new CliFailure('secret-incomplete', (t) => t.secret.incomplete(name, missing))
  await connection.secrets.putTarget(target, secret)
  return {
    json: { name, made, keys: Object.keys(secret) },
    text: [
      ...Object.entries(made).map(([key, fresh]) => `${key}  ${fresh}`),
      cli.t.secret.onceTarget,
      cli.t.secret.put(name),
    ].join('\n'),
  }
}

const newSecret = ({ context }: Cli): string =>
  `whsec_${context.randomBytes(SECRET_BYTES).toString('base64')}`

/** Says what form is expected and never quotes what was given. */
function parseSecret<T>(schema: z.ZodType<T>, text: string, kind: 'shop' | 'target'): T {
  if (text === '') throw new CliFailure('secret-empty', (t) => t.secret.empty[kind])
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const fields = [...new Set(parsed.error.issues.map(({ path }) => path.map(String).join('.')))].filter(
    Boolean,
  )
  throw new CliFailure('secret-malformed', (t) => t.secret.malformed[kind](fields))
}
