import { createHash } from 'node:crypto'
import * as z from 'zod'
import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { shortHash } from '#app/content-hash.ts'
import { knownPeople } from '#app/people.ts'
import { personHashWith } from '#app/person-hash.ts'
import { planDelivery } from '#app/plan-delivery.ts'
import { type EventContext, type Reading, readEvent, type ToDeliver } from '#app/read-event.ts'
import { signWebhook } from '#app/standard-webhooks.ts'
import { surroundingsWith } from '#app/surroundings.ts'
import { targetsFor } from '#app/targets-for.ts'
import type { SyncConfig } from '#contracts/config.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import { PROBLEMS } from '#contracts/problems.ts'
import type { ShopSecret } from '#contracts/secrets.ts'
import {
  type EventResult,
  ProblemSchema,
  WebhookAnswerSchema,
  type WebhookEvent,
} from '#contracts/webhook.ts'
import { identityOf } from '#domain/identity.ts'
import { orderReference, orderSourceId } from '#domain/reference.ts'
import type { Ledger } from '#ports/ledger.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { type Cli, chooseShop, chooseTargets, defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import type { Result } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { eventOf, type OrderFile, readOrderFile } from '../order-file.ts'
import { LOCAL_STAGE } from '../place.ts'
import { showPlan } from '../plan-view.ts'
import { stageTimes } from '../stage-times.ts'
import { targetGateways } from '../target-gateways.ts'

const OptionsSchema = z.object({
  shop: z.string().optional(),
  target: z.string().optional(),
  dryRun: z.boolean().default(false),
})
type Options = z.infer<typeof OptionsSchema>

export const send = defineCommand({
  name: 'send <order.json>',
  describe: (t) => t.send.describe,
  args: z.tuple([z.string()]),
  options: (t) => [
    ['--shop <id>', t.options.shop],
    ['--target <name>', t.send.target],
    ['--dry-run', t.send.dryRun],
  ],
  schema: OptionsSchema,
  run: async ([path], options, cli) => {
    const file = readOrderFile(cli.path(path))
    if (options.dryRun) return rehearse(file, options, cli)
    if (options.target !== undefined) throw new CliFailure('usage', (t) => t.usage.onlyDryRun('--target'), 2)
    return post(file, options, cli)
  },
})

async function post(file: OrderFile, options: Options, cli: Cli): Promise<Result> {
  const { clock, ids } = cli.context
  const connection = await cli.connection()
  const config = connection.config()
  const shop = chooseShop(config, options.shop)
  const secret = await connection.secrets.shop(shop)
  const [signing] = secret?.secrets ?? []
  if (!secret || signing === undefined)
    throw new CliFailure('shop-not-ready', (t) => t.noShopSecret(shop, cli.place.flags))

  const events = await eventsIn(file, { config, shop, epochs: secret.epochs, ledger: connection.ledger })
  const body = JSON.stringify({ events })
  const id = `msg_${ids.next()}`
  const timestamp = Math.floor(clock.now() / 1000)
  const answer = await connection.post(
    shop,
    {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signWebhook(signing, id, timestamp, body),
    },
    body,
  )
  const parsed = WebhookAnswerSchema.safeParse(answer.body)
  if (parsed.success)
    return shown(parsed.data.results, parsed.data.correlationId, answer.status, events, shop, cli)
  const problem = ProblemSchema.safeParse(answer.body)
  const { status } = answer
  throw new CliFailure(problem.success ? problem.data.code : 'webhook', (t) =>
    problem.success
      ? { message: t.send.refused(status, problem.data.detail), remedy: problem.data.remedy }
      : cli.place.is === 'aws'
        ? t.aws.noAnswer(status)
        : t.send.noAnswer(status),
  )
}

function shown(
  results: readonly EventResult[],
  correlationId: string,
  status: number,
  events: readonly unknown[],
  shop: string,
  { t, format }: Cli,
): Result {
  const withReferences = results.map((result) => {
    const reference = referenceIn(events[result.index], shop)
    return { ...result, ...(reference === undefined ? {} : { reference }) }
  })
  const failed = results.some(({ result }) => result === 'invalid' || result === 'retry')
  const head = ['#', t.words.type, t.words.result, t.words.reference]
  const table = format.table(
    head,
    withReferences.map(({ index, type, result, reference }) => [
      index,
      type,
      t.send.results[result],
      reference,
    ]),
  )
  const faults = results.flatMap(({ index, message, remedy }) =>
    message === undefined ? [] : [`${index}: ${message} ${remedy ?? ''}`.trim()],
  )
  const text = [table, ...faults, format.fields([[t.words.correlationId, correlationId]])].join('\n')
  return { json: { status, correlationId, results: withReferences }, text, exit: failed ? 1 : 0 }
}

const IdentifiedSchema = z.object({ order_id: z.string().regex(/^\d{1,20}$/), order_sn: z.string() })
const EventSchema = z.union([
  z.object({ snapshot: IdentifiedSchema }).transform(({ snapshot }) => snapshot),
  z.object({ tombstone: IdentifiedSchema }).transform(({ tombstone }) => tombstone),
])

function referenceIn(event: unknown, shop: string): string | undefined {
  const { data } = EventSchema.safeParse(event)
  return data && orderReference(shop, data.order_sn, data.order_id, shortHash)
}

interface Surroundings {
  readonly config: SyncConfig
  readonly shop: string
  readonly epochs: ShopSecret['epochs']
  readonly ledger: Ledger
}

async function eventsIn(file: OrderFile, surroundings: Surroundings): Promise<readonly unknown[]> {
  if (file.is === 'events') return file.events
  const version = await nextVersion(file.snapshot, surroundings)
  return [eventOf(file.snapshot, version, (text) => createHash('sha256').update(text).digest('hex'))]
}

const KeySchema = z.object({ order_id: z.string(), add_time: z.number() })

/** Just above what any target has seen of the order: far ahead of the shop’s own counter would hide its next snapshots. */
async function nextVersion(
  snapshot: Record<string, unknown>,
  { config, shop, epochs, ledger }: Surroundings,
): Promise<WebhookEvent['version']> {
  const epochNo = epochs.length - 1
  const { data: key } = KeySchema.safeParse(snapshot)
  const targets = key ? (config.shops[shop]?.targets ?? []) : []
  const seen = await Promise.all(
    targets.map(async (target) => {
      const sourceId = orderSourceId(key?.order_id ?? '', key?.add_time ?? 0)
      const row = await ledger.get({ shop, kind: 'order', sourceId, target })
      return row?.seen.version.epochNo === epochNo ? row.seen.version.seq : 0
    }),
  )
  return { epoch: epochs[epochNo] ?? '', seq: Math.max(0, ...seen) + 1 }
}

const NO_EPOCH = 'dry-run'

/** Nothing leaves: parsed, mapped and decided here, against the ledger where one can be read. */
async function rehearse(file: OrderFile, options: Options, cli: Cli): Promise<Result> {
  const { context, t, place } = cli
  const connection = await context.connect(place)
  const configDir = place.configDir ?? connection?.configDir ?? context.directory
  const config = loadConfig(configDir)
  const shop = chooseShop(config, options.shop)
  chooseTargets(config, options.target)
  const ledger = connection?.ledger ?? new MemoryLedger({ clock: context.clock })
  const epochs = (await connection?.secrets.shop(shop))?.epochs
  const events = await eventsIn(file, { config, shop, epochs: epochs ?? [NO_EPOCH], ledger })

  const planned = await Promise.all(
    events.map((event) =>
      rehearseEvent(event, { options, cli, connection, config, configDir, shop, epochs, ledger }),
    ),
  )
  const plans = planned.flatMap((event) => event.shown)
  return {
    json: { ledger: connection ? 'read' : 'empty', plans: plans.map(({ json }) => json) },
    text: [...(connection ? [] : [t.send.emptyLedger]), ...plans.map(({ text }) => text)].join('\n\n'),
    exit: planned.some(({ finding }) => finding) ? 1 : 0,
  }
}

interface Rehearsal {
  readonly options: Options
  readonly cli: Cli
  readonly connection: Connection | undefined
  readonly config: SyncConfig
  readonly configDir: string
  readonly shop: string
  readonly epochs: ShopSecret['epochs'] | undefined
  readonly ledger: Ledger
}

interface Shown {
  readonly json: object
  readonly text: string
}

async function rehearseEvent(
  event: unknown,
  rehearsal: Rehearsal,
): Promise<{ shown: Shown[]; finding: boolean }> {
  const { cli, config, shop, epochs, options } = rehearsal
  const shopConfig = config.shops[shop]
  if (!shopConfig) throw new Error('a chosen shop is configured')
  const epochNo = (epochs?.length ?? 1) - 1
  const context: EventContext = {
    shop: { id: shop, config: shopConfig },
    targetsFor: targetsFor(shopConfig, config.targets),
    // Nothing leaves: which key a guest would have does not matter.
    personHash: personHashWith('rehearsal'),
    epochNo,
  }
  const reading = readEvent(event, context)

  const current = epochs?.[epochNo]
  const { detail, remedy } = PROBLEMS['wrong-epoch']
  if (reading.is === 'subject' && current !== undefined && reading.version.epoch !== current)
    return finding(told({ code: 'wrong-epoch', message: detail, remedy }))
  if (reading.is === 'invalid') return finding(told(reading.fault))
  if (reading.is === 'not-subscribed') {
    const json = { result: 'not-subscribed', type: reading.type }
    return { shown: [{ json, text: cli.t.send.results['not-subscribed'] }], finding: false }
  }
  const { target } = options
  const routed = reading.deliveries.flatMap((one) => one.targets.map((name) => ({ name, one })))
  if (target !== undefined && !routed.some(({ name }) => name === target))
    throw new CliFailure('not-routed', (t) => t.notRouted(shop, target))
  const chosen = routed.filter(({ name }) => target === undefined || name === target)
  const plans = await Promise.all(chosen.map(({ name, one }) => planFor(name, reading, one, rehearsal)))
  return { shown: plans, finding: plans.some((plan) => plan.finding) }
}

function told({ code, message, remedy }: Pick<EventResult, 'code' | 'message' | 'remedy'>): Shown {
  return { json: { result: 'invalid', code, message, remedy }, text: `${message} ${remedy}` }
}

const finding = (shown: Shown) => ({ shown: [shown], finding: true })

/** Of a rehearsal without a deployment: nobody was erased. */
const NO_SECRETS = { personKey: async () => 'rehearsal' }

async function planFor(
  targetName: string,
  { version, wireHash }: Extract<Reading, { is: 'subject' }>,
  { kind, subject, bornAt }: ToDeliver,
  { cli, connection, config, configDir, shop, ledger }: Rehearsal,
): Promise<Shown & { finding: boolean }> {
  const { context, format } = cli
  const target = config.targets[targetName]
  if (!target) throw new Error('a route names only configured targets')
  const message: DeliveryMessage = {
    v: 1,
    shop,
    target: targetName,
    kind,
    cause: 'event',
    firstSeenAt: EpochMsSchema.encode(context.clock.now()),
    correlationId: 'dry-run',
    version,
    wireHash,
    ...(bornAt === undefined ? {} : { bornAt }),
    subject,
  }
  const times = connection?.times ?? stageTimes(LOCAL_STAGE)
  const plan = await planDelivery(message, {
    rules: target.rules,
    gateways: targetGateways(target, configDir, context),
    owners: config.owners,
    privacy: target.privacy,
    retentionDays: config.retentionDays,
    people: connection
      ? knownPeople(connection.secrets, connection.erasures)
      : knownPeople(NO_SECRETS, new MemoryErasures()),
    surroundings: surroundingsWith({
      target: targetName,
      config,
      // A rehearsal asks the ERP nothing.
      gateways: {},
      ledger,
      writebacks: connection?.writebacks ?? new MemoryWritebackLedger(),
      clock: context.clock,
      callMs: times.callMs,
    }),
    ledger,
    times,
    clock: context.clock,
  })
  const reference = plan.row?.ref ?? identityOf(subject, shortHash).reference
  // The body is what the person’s own file became, so it is shown.
  const shown = showPlan(plan, { reference, targetName, target, body: true }, format)
  return { ...shown, finding: plan.failure !== undefined || plan.action === 'park' }
}
