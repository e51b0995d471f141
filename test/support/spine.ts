import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { signWebhook } from '#app/standard-webhooks.ts'
import { type RestTarget, RestTargetSchema } from '#contracts/rest-target.ts'
import {
  type OrderSnapshot,
  type WebhookAnswer,
  WebhookAnswerSchema,
  type WebhookEvent,
} from '#contracts/webhook.ts'
import { addStacks, createApp } from '../../infra/app.ts'
import { bundle } from '../../infra/bundle.ts'
import { secretNames } from '../../infra/secret-names.ts'
import { type Stage, stageNamed } from '../../infra/stages.ts'
import { readSyncConfig } from '../../infra/sync-config.ts'
import { type Cloud, startCloud } from '../../local/cloud/cloud.ts'
import { DEMO_CONFIG_DIR } from '../../local/demo/demo-config.ts'
import { SECRET } from './a-webhook-request.ts'
import { EPOCH, snapshotEvent } from './an-order.ts'
import { demoRestTarget } from './demo-rest-target.ts'
import { ErpDouble, type ErpDoubleOptions } from './erp-double.ts'
import { TableProxy, type TableProxyOptions } from './table-proxy.ts'

/** As `demo`, but quicker: what takes half a minute there takes twelve seconds here. */
export const QUICK: Stage = {
  ...stageNamed('demo'),
  callDeadlineSeconds: 0.8,
  settleSeconds: 4,
  deliverTimeoutSeconds: 2,
  leaseSeconds: 2.5,
  visibilitySeconds: 12,
  retryFloorSeconds: 0.2,
}

/** As sync.config.json has it. */
interface SpineConfig {
  readonly version: 1
  readonly shops: Readonly<Record<string, object>>
  readonly targets: Readonly<Record<string, object>>
  readonly pools?: object
}

export interface SpineOptions {
  readonly erp?: ErpDoubleOptions
  readonly rest?: Parameters<typeof demoRestTarget>[1]
  readonly settleSeconds?: number
  readonly table?: TableProxyOptions
  readonly stage?: Stage
  /** Targets of the shop beside `erp`, each at an ERP of the caller's own. */
  readonly moreTargets?: Readonly<Record<string, RestTarget>>
  /** Changes the configuration, which has the shop A1 and its targets. */
  readonly configure?: (config: SpineConfig) => SpineConfig
  /** Set for every function. */
  readonly env?: Readonly<Record<string, string>>
}

/** The whole spine on this machine: the real bundles in processes of their own, and an ERP that counts. */
export class Spine {
  readonly erp: ErpDouble
  readonly cloud: Cloud
  /** Directory of the assembly the cloud runs. */
  readonly assembly: string
  readonly #cleanups: (() => unknown)[]
  readonly #dataDir: string
  #seq = 0

  private constructor(erp: ErpDouble, cloud: Cloud, dir: string, cleanups: (() => unknown)[]) {
    this.assembly = join(dir, 'out')
    this.#dataDir = join(dir, 'data')
    this.erp = erp
    this.cloud = cloud
    this.#cleanups = cleanups
  }

  static async start(options: SpineOptions = {}): Promise<Spine> {
    const dir = mkdtempSync(join(tmpdir(), 'spine-'))
    const cleanups: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })]
    const erp = await new ErpDouble(options.erp ?? {}).start()
    cleanups.push(() => erp.close())
    const proxy = options.table && (await new TableProxy(options.table).start())
    if (proxy) cleanups.push(() => proxy.close())

    const stage = options.stage ?? QUICK
    const config = join(dir, 'config')
    mkdirSync(config)
    const targets = { erp: demoRestTarget(erp.url, options.rest), ...options.moreTargets }
    const targetOf = (rest: RestTarget) => ({
      adapter: 'rest',
      rate: { perMinute: 6_000, slots: 4 },
      ...(options.settleSeconds === undefined ? {} : { settleSeconds: options.settleSeconds }),
      rest: z.encode(RestTargetSchema, rest),
    })
    const usual: SpineConfig = {
      version: 1,
      shops: { A1: { targets: Object.keys(targets) } },
      targets: Object.fromEntries(Object.entries(targets).map(([name, rest]) => [name, targetOf(rest)])),
    }
    writeFileSync(
      join(config, 'sync.config.json'),
      JSON.stringify(options.configure ? options.configure(usual) : usual),
    )
    cpSync(join(DEMO_CONFIG_DIR, 'mappings'), join(config, 'mappings'), { recursive: true })
    bundle({ configDir: config, outDir: join(dir, 'build') })
    const app = createApp(join(dir, 'out'))
    addStacks(app, { stage, config: readSyncConfig(config), buildDir: join(dir, 'build') })
    app.synth()
    const cloud = await startCloud({
      assembly: join(dir, 'out'),
      dataDir: join(dir, 'data'),
      freezeOnTimeout: true,
      // A run in the middle of a test is one that the test fired.
      schedules: 'off',
      env: { ...(proxy ? { AWS_ENDPOINT_URL_DYNAMODB: proxy.url } : {}), ...options.env },
    })
    cleanups.push(() => cloud.stop())
    if (proxy) proxy.upstream = cloud.endpoints.dynamodb
    await cloud.putSecret(
      secretNames(stage.name).shop('A1'),
      JSON.stringify({ secrets: [SECRET], epochs: [EPOCH] }),
    )
    return new Spine(erp, cloud, dir, cleanups)
  }

  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups.toReversed()) await cleanup()
  }

  /** Signals every process of erp-deliver; the ones it signalled, to continue them later. */
  signal(signal: NodeJS.Signals): number[] {
    const deliver = this.cloud.functions.find(({ env }) => env['TARGET'] === 'erp')
    const pids = deliver?.pids() ?? []
    for (const pid of pids) process.kill(pid, signal)
    return pids
  }

  /** Posts an event as the bridge does; throws unless it is accepted. */
  async post(event: WebhookEvent): Promise<WebhookAnswer> {
    const body = JSON.stringify(event)
    const id = `msg_${this.#seq}`
    const timestamp = Math.floor(Date.now() / 1000)
    const response = await fetch(`${this.cloud.apiUrl}/v1/shops/A1/events`, {
      method: 'POST',
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signWebhook(SECRET, id, timestamp, Buffer.from(body)),
      },
      body,
    })
    const answer = WebhookAnswerSchema.parse(await response.json())
    if (response.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer)}`)
    return answer
  }

  async send(snapshot: OrderSnapshot): Promise<void> {
    this.#seq += 1
    await this.post(snapshotEvent(snapshot, { seq: this.#seq }))
  }

  /** Every line the functions wrote. */
  logs(): string[] {
    const dir = join(this.#dataDir, 'logs')
    return readdirSync(dir).flatMap((file) => readFileSync(join(dir, file), 'utf8').split('\n'))
  }

  /** Until no message is left and nobody works. */
  async drained(timeoutMs = 120_000): Promise<void> {
    await this.until(() => this.cloud.idle(), 'the queue is empty', timeoutMs)
  }

  async until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 120_000): Promise<void> {
    const end = Date.now() + timeoutMs
    while (!(await condition())) {
      if (Date.now() > end) {
        throw new Error(
          `not in ${timeoutMs} ms: ${what}; ${JSON.stringify(this.erp.server.journal.slice(-8))}`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** The ERP takes the next call of this kind, answers nothing, and commits after the look-up that follows. */
  async commitAfterLookUp(op: 'place' | 'amend' | 'cancel', send: () => Promise<void>): Promise<void> {
    this.erp.fail('held-commit', { op })
    await send()
    const { journal } = this.erp.server
    const unanswered = () => journal.findLastIndex((entry) => entry.op === op && entry.event === 'unanswered')
    await this.until(
      () =>
        unanswered() >= 0 &&
        journal.slice(unanswered()).some((entry) => entry.op === 'find' && entry.event === 'answered'),
      'a look-up after the unanswered call',
    )
    this.erp.server.commitHeld()
  }

  /** What the ERP holds that is not cancelled: quantities of the first line. */
  live(): { reference: string; quantity: unknown }[] {
    return this.erp.server
      .documents()
      .filter(({ status }) => status !== 'cancelled')
      .map(({ reference, body }) => {
        const lines = z.array(z.looseObject({ quantity: z.number() })).parse(body['lines'])
        return { reference, quantity: lines[0]?.quantity }
      })
  }
}
