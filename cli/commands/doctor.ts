import * as z from 'zod'
import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import { readSweep } from '#app/sweep-notes.ts'
import { BRIDGE_FEATURES, type Health } from '#contracts/bridge.ts'
import type { SyncConfig, TargetConfig } from '#contracts/config.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import type { Found } from '#ports/erp-gateway.ts'
import { ConfigError, loadConfig } from '#runtime/config-file.ts'
import { type Cli, defineCommand, notRunning } from '../command.ts'
import { configProblems } from '../config-problems.ts'
import type { Connection, StackState } from '../connection.ts'
import { CliFailure } from '../failure.ts'
import { failureOf } from '../failure-of.ts'
import { type Finding as ShownFinding, showFindings } from '../findings-view.ts'
import type { Place } from '../place.ts'
import { attempt, secretStates } from '../secret-state.ts'
import { targetGateways } from '../target-gateways.ts'
import { missingNames } from '../target-secret.ts'
import type { Texts } from '../texts.ts'
import { stateOf } from './drift.ts'

export type Check =
  | 'config'
  | 'mapping'
  | 'running'
  | 'table'
  | 'secret'
  | 'shop'
  | 'erp'
  | 'clock'
  | 'queue'
  | 'dead-letters'
  | 'gate'

type Finding = Omit<ShownFinding, 'check' | 'label'> & { readonly check: Check }

/** No shop has an id of six letters, so no ERP can have this. */
const NOBODYS_REFERENCE = 'ECdoctor-0-0'
const SHOP_TIMEOUT_MS = 10_000
const ERP_TIMEOUT_MS = 10_000
/** Signed requests and tokens bear a minute everywhere; five are the webhook’s own tolerance. */
const TOLERATED_SKEW_MS = 60_000

export const doctor = defineCommand({
  name: 'doctor',
  describe: (t) => t.doctor.describe,
  args: z.tuple([]),
  schema: z.object({}),
  run: async (_args, _options, cli) => showFindings((await examine(cli)).map(labelled), cli),
})

const labelled = (finding: Finding): ShownFinding => ({
  ...finding,
  label: (t) => t.doctor.checks[finding.check],
})

/** What can be said of one target: its mappings, its secret, and whether the ERP answers. */
export async function examineTarget(
  target: string,
  config: TargetConfig,
  dir: string,
  connection: Connection,
  cli: Cli,
): Promise<ShownFinding[]> {
  const findings = [
    await mappingFinding(target, config, dir),
    ...(await reaching('secret', target, cli, async () => {
      const secrets = await secretFindings(connection.config(), connection, cli)
      return secrets.filter(({ about }) => about === `target/${target}/erp`)
    })),
    ...(await erpFindings(target, config, dir, connection, cli)),
  ]
  return findings.map(labelled)
}

async function examine(cli: Cli): Promise<Finding[]> {
  const { place } = cli
  const [connection, aboutServices] = await reachServices(cli)
  const dir = place.configDir ?? connection?.configDir ?? cli.context.directory
  const [config, aboutConfig] = readConfig(dir)
  const findings = [aboutConfig, ...aboutServices]
  if (!config) return findings

  for (const [target, targetConfig] of Object.entries(config.targets))
    findings.push(await mappingFinding(target, targetConfig, dir))
  if (connection) {
    findings.push(...(await reaching('table', undefined, cli, () => storeFindings(config, connection))))
    findings.push(
      ...(await reaching('secret', undefined, cli, () => secretFindings(config, connection, cli))),
    )
  }
  for (const shop of connection ? Object.keys(config.shops) : [])
    if (connection)
      findings.push(
        ...(await reaching('shop', shop, cli, () => shopFindings(shop, connection, cli))),
        ...(await reaching('shop', shop, cli, () => sweepFindings(shop, connection))),
      )
  for (const [target, targetConfig] of Object.entries(config.targets)) {
    findings.push(...(await erpFindings(target, targetConfig, dir, connection, cli)))
    if (connection)
      findings.push(...(await reaching('queue', target, cli, () => queueFindings(target, connection))))
  }
  return findings
}

async function reachServices(cli: Cli): Promise<[Connection | undefined, Finding[]]> {
  const { context, place } = cli
  const services = (is: Finding['is'], say: Finding['say']): Finding => ({ check: 'running', is, say })
  try {
    const connection = await context.connect(place)
    if (!connection) return [undefined, [services('wrong', notRunning(place).say)]]
    if (!connection.stacks) return [connection, [services('ok', (t) => ({ message: t.doctor.running }))]]
    return [connection, connection.stacks.map(stackFinding)]
  } catch (error) {
    // Told as what it is: a configuration that cannot be read.
    if (error instanceof ConfigError) return [undefined, []]
    const failure = failureOf(error, place)
    if (failure.code === 'unexpected') throw error
    return [undefined, [services('wrong', failure.say)]]
  }
}

/** Whatever its last update came to, it runs; how, is for a person to know. */
function stackFinding({ name, status }: StackState): Finding {
  const is = /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)
    ? 'ok'
    : status.endsWith('_FAILED')
      ? 'wrong'
      : 'warning'
  return {
    check: 'running',
    about: name,
    is,
    say: (t) => (is === 'ok' ? { message: status } : t.aws.stack(status)),
  }
}

function readConfig(dir: string): [SyncConfig | undefined, Finding] {
  try {
    return [
      loadConfig(dir),
      { check: 'config', about: dir, is: 'ok', say: (t) => ({ message: t.doctor.configOk }) },
    ]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const { message, remedy } = error
    return [undefined, { check: 'config', about: dir, is: 'wrong', say: () => ({ message, remedy }) }]
  }
}

async function mappingFinding(target: string, config: TargetConfig, dir: string): Promise<Finding> {
  const [problem] = await configProblems(config, dir)
  return problem === undefined
    ? { check: 'mapping', about: target, is: 'ok', say: (t) => ({ message: t.doctor.mappingOk }) }
    : {
        check: 'mapping',
        about: target,
        is: 'wrong',
        say: (t) => ({ message: problem, remedy: t.doctor.mappingRemedy }),
      }
}

/** What cannot be reached is a finding, not a failure of the doctor. */
async function reaching(
  check: Check,
  about: string | undefined,
  { place }: Cli,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    const what = error instanceof Error ? error.name : 'unknown'
    const say =
      place.is === 'aws' || error instanceof CliFailure
        ? failureOf(error, place).say
        : (t: Texts) => t.doctor.unreachable(what)
    const finding = { check, is: 'wrong', say } as const
    return [about === undefined ? finding : { ...finding, about }]
  }
}

async function storeFindings(config: SyncConfig, { ledger }: Connection): Promise<Finding[]> {
  const [target = 'erp'] = Object.keys(config.targets)
  await ledger.list(target, 'parked', { limit: 1 })
  return [{ check: 'table', is: 'ok', say: (t) => ({ message: t.doctor.tableOk }) }]
}

async function secretFindings(
  config: SyncConfig,
  { secrets }: Connection,
  { place }: Cli,
): Promise<Finding[]> {
  const states = await secretStates(config, secrets)
  return states.map((state): Finding => {
    const fine = state.is === 'put' || state.is === 'not-needed'
    return {
      check: 'secret',
      about: state.name,
      // Without its bridge a shop still posts; it cannot be read or written.
      is: fine ? 'ok' : state.is === 'missing' && state.name.endsWith('/bridge') ? 'warning' : 'wrong',
      say: (t) => ({
        message: [t.secret.states[state.is], t.secret.about(state)].filter(Boolean).join(' — '),
        ...(fine ? {} : { remedy: t.secret.putIt(state.name, place.flags) }),
      }),
    }
  })
}

/** What a shop says of itself, where it was connected. */
async function shopFindings(shop: string, { secrets }: Connection, { context }: Cli): Promise<Finding[]> {
  const [access, webhook] = await Promise.all([
    attempt(() => secrets.bridge(shop)),
    attempt(() => secrets.shop(shop)),
  ])
  // A secret that is missing or malformed is a finding of its own.
  if (!access || access === 'malformed') return []
  const { clock, fetch } = context
  const gateway = createEcshopGateway({ access: async () => access, clock, fetch })
  const answer = await gateway.health(clock.now() + SHOP_TIMEOUT_MS)
  const about = { check: 'shop', about: shop } as const
  if (answer.is === 'failed') {
    const { code, message, remedy } = answer.failure
    return [{ ...about, is: 'wrong', say: () => ({ message: `${code}: ${message}`, remedy }) }]
  }
  const health = answer.value
  const skewMs = EpochMsSchema.decode(health.clock.now) - clock.now()
  const epoch = webhook === 'malformed' ? undefined : webhook?.epochs.at(-1)
  return [
    { ...about, is: 'ok', say: (t) => ({ message: t.doctor.shopOk(health) }) },
    ...(epoch === undefined || epoch === health.epoch
      ? []
      : [
          {
            ...about,
            is: 'wrong',
            say: (t: Texts) => t.doctor.shopEpoch(shop, health.epoch, epoch),
          } as const,
        ]),
    ...featureFindings(shop, health),
    ...relayFindings(shop, health),
    ...(Math.abs(skewMs) > TOLERATED_SKEW_MS
      ? [
          {
            ...about,
            is: 'warning',
            say: (t: Texts) => t.doctor.shopClock(Math.round(skewMs / 1000)),
          } as const,
        ]
      : []),
  ]
}

function featureFindings(shop: string, { bridge }: Health): Finding[] {
  const lacking = BRIDGE_FEATURES.filter((feature) => !bridge.features?.includes(feature))
  return lacking.length === 0
    ? []
    : [
        {
          check: 'shop',
          about: shop,
          is: 'warning',
          say: (t) => t.doctor.shopOld(bridge.version, lacking),
        },
      ]
}

function relayFindings(shop: string, { relay }: Health): Finding[] {
  const about = { check: 'shop', about: shop } as const
  const { paused, set_aside: setAside, last_error: lastError } = relay
  return [
    ...(paused ? [{ ...about, is: 'wrong', say: () => paused } as const] : []),
    ...(setAside > 0
      ? [{ ...about, is: 'warning', say: (t: Texts) => t.doctor.shopSetAside(setAside) } as const]
      : []),
    ...(lastError ? [{ ...about, is: 'warning', say: () => lastError } as const] : []),
  ]
}

async function erpFindings(
  target: string,
  config: TargetConfig,
  dir: string,
  connection: Connection | undefined,
  { context, place }: Cli,
): Promise<Finding[]> {
  const read = await attempt(async () => connection?.secrets.target(target)).catch(() => undefined)
  const secret: TargetSecret | undefined = read === 'malformed' ? undefined : read
  // A secret that is missing is a finding of its own.
  if (missingNames(config, secret).length > 0)
    return [{ check: 'erp', about: target, is: 'warning', say: (t) => ({ message: t.doctor.erpUnasked }) }]

  let dated: { theirs: number; ours: number } | undefined
  const fetch: typeof globalThis.fetch = async (...request) => {
    const response = await context.fetch(...request)
    const theirs = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(theirs)) dated = { theirs, ours: context.clock.now() }
    return response
  }
  const gateways = targetGateways(config, dir, { ...context, fetch }, async () => secret)
  const deadline = context.clock.now() + ERP_TIMEOUT_MS
  const gateway = config.kinds.map((kind) => gateways[kind]).find((one) => one?.describe().find)
  const erp: Finding = gateway
    ? foundFinding(
        target,
        await gateway.find(NOBODYS_REFERENCE, undefined, { deadline, correlationId: 'doctor' }),
        place,
      )
    : { check: 'erp', about: target, is: 'warning', say: (t) => t.doctor.noLookUp }
  return dated === undefined ? [erp] : [erp, clockFinding(target, dated.theirs - dated.ours)]
}

function foundFinding(target: string, found: Found, place: Place): Finding {
  const about = { check: 'erp', about: target } as const
  switch (found.is) {
    case 'absent':
      return { ...about, is: 'ok', say: (t) => ({ message: t.doctor.erpOk }) }
    case 'one':
    case 'many':
      return { ...about, is: 'wrong', say: (t) => t.doctor.findsTooMuch }
    case 'failed': {
      const { class: kind, message } = found.failure
      return {
        ...about,
        is: 'wrong',
        say: (t) => ({
          // An ERP may know the addresses of the functions and not this one, or the other way round.
          message: `${kind}: ${message}${place.is === 'aws' ? ` ${t.aws.askedFromHere}` : ''}`,
          remedy: kind === 'Misconfigured' ? t.doctor.misconfigured : t.failureRemedies[kind],
        }),
      }
    }
  }
}

/** Where a person has to say that it may go on. */
async function sweepFindings(shop: string, { notes }: Connection): Promise<Finding[]> {
  const state = stateOf(await readSweep(notes, shop))
  if (state === 'sweeps') return []
  const is = state === 'paused' ? 'wrong' : 'warning'
  return [{ check: 'shop', about: shop, is, say: (t) => t.drift.states[state] }]
}

function clockFinding(target: string, skewMs: number): Finding {
  const seconds = Math.round(skewMs / 1000)
  const wrong = Math.abs(skewMs) > TOLERATED_SKEW_MS
  return {
    check: 'clock',
    about: target,
    is: wrong ? 'wrong' : 'ok',
    say: (t) => (wrong ? t.doctor.clockWrong(seconds) : { message: t.doctor.clockOk }),
  }
}

async function queueFindings(target: string, connection: Connection): Promise<Finding[]> {
  const { visible, inFlight, delayed, deadLetters } = await connection.depths(target)
  const { breaker, why, since } = await connection.gate.state(target)
  return [
    {
      check: 'queue',
      about: target,
      is: 'ok',
      say: (t) => t.doctor.queue(visible + delayed, inFlight),
    },
    {
      check: 'dead-letters',
      about: target,
      is: deadLetters > 0 ? 'wrong' : 'ok',
      say: (t) => (deadLetters > 0 ? t.doctor.deadLetters(deadLetters) : { message: t.doctor.noDeadLetters }),
    },
    {
      check: 'gate',
      about: target,
      is: breaker === 'open' ? 'wrong' : breaker === 'probing' ? 'warning' : 'ok',
      say: (t) =>
        t.doctor.gate(t.gates[breaker], why, since === undefined ? undefined : new Date(since).toISOString()),
    },
  ]
}
