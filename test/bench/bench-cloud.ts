import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import { shortHash } from '#app/content-hash.ts'
import { orderReference } from '#domain/reference.ts'
import { addStacks, createApp } from '../../infra/app.ts'
import { bundle } from '../../infra/bundle.ts'
import { OUTPUT_NAMES } from '../../infra/output-names.ts'
import { secretNames } from '../../infra/secret-names.ts'
import { type Stage, stageNamed } from '../../infra/stages.ts'
import { readSyncConfig } from '../../infra/sync-config.ts'
import { clientConfig } from '../../local/cloud/client-config.ts'
import { type Cloud, startCloud } from '../../local/cloud/cloud.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { EPOCH } from '../support/an-order.ts'
import { benchConfig, LANES, type Lane, targetOf } from './bench-config.ts'
import { type Loaded, load } from './load.ts'
import { orderNo } from './signed-orders.ts'
import { SlowErp } from './slow-erp.ts'

/** As `demo`, with the batches of a deployment, and time to hold workers while orders are posted. */
const STAGE: Stage = {
  ...stageNamed('demo'),
  batchSize: stageNamed('prod').batchSize,
  maxConcurrency: stageNamed('prod').maxConcurrency,
  deliverTimeoutSeconds: 30,
  leaseSeconds: 35,
  visibilitySeconds: 180,
}
const PATIENCE_MS = 60_000

type Cleanup = () => unknown

interface Parts extends Pick<BenchCloud, 'erp' | 'erpUrl' | 'cloud' | 'buildDir'> {
  readonly refusals: { readonly count: number }
  readonly cleanups: Cleanup[]
}

/** The real bundles in the embedded cloud, and one ERP behind all targets. */
export class BenchCloud {
  readonly erp: SlowErp
  readonly erpUrl: string
  readonly cloud: Cloud
  readonly buildDir: string
  readonly #refusals: { readonly count: number }
  readonly #cleanups: Cleanup[]
  readonly #expected = new Set<string>()
  #orders = 0
  #stopped: Promise<void> | undefined

  private constructor({ erp, erpUrl, cloud, buildDir, refusals, cleanups }: Parts) {
    this.erp = erp
    this.erpUrl = erpUrl
    this.cloud = cloud
    this.buildDir = buildDir
    this.#refusals = refusals
    this.#cleanups = cleanups
  }

  static async start(): Promise<BenchCloud> {
    const dir = mkdtempSync(join(tmpdir(), 'bench-'))
    const cleanups: Cleanup[] = [() => rmSync(dir, { recursive: true, force: true })]
    try {
      const erp = new SlowErp()
      const erpUrl = await erp.server.listen()
      cleanups.push(() => erp.server.close())

      const config = join(dir, 'config')
      const buildDir = join(dir, 'build')
      mkdirSync(config)
      writeFileSync(join(config, 'sync.config.json'), JSON.stringify(benchConfig(erpUrl)))
      bundle({ configDir: config, outDir: buildDir })
      const app = createApp(join(dir, 'out'))
      const { sync } = addStacks(app, { stage: STAGE, config: readSyncConfig(config), buildDir })
      for (const { node } of sync.node.findAll()) {
        const source = node.defaultChild
        if (source instanceof CfnEventSourceMapping && node.path.includes(targetOf('Acks')))
          source.enabled = false
      }
      app.synth()
      const refusals = { count: 0 }
      const cloud = await startCloud({
        assembly: join(dir, 'out'),
        dataDir: join(dir, 'data'),
        // Nothing runs beside what is measured.
        schedules: 'off',
        onLog: ({ text }) => {
          if (text.includes('"gate closed"')) refusals.count += 1
        },
      })
      cleanups.push(() => cloud.stop())
      const secret = JSON.stringify({ secrets: [SECRET], epochs: [EPOCH] })
      for (const lane of Object.keys(LANES)) await cloud.putSecret(secretNames(STAGE.name).shop(lane), secret)
      return new BenchCloud({ erp, erpUrl, cloud, buildDir, refusals, cleanups })
    } catch (error) {
      await cleanUp(cleanups)
      throw error
    }
  }

  /** However often it is called, it ends when everything is gone. */
  stop(): Promise<void> {
    this.#stopped ??= cleanUp(this.#cleanups)
    return this.#stopped
  }

  /** How often a record went back to its queue because the target's gate was closed. */
  get refused(): number {
    return this.#refusals.count
  }

  urlOf(lane: Lane): string {
    return `${this.cloud.apiUrl}/v1/shops/${lane}/events`
  }

  /** All that any function is given, and what those would be that this configuration does not have. */
  get everyVariable(): Readonly<Record<string, string>> {
    const given = this.cloud.functions.flatMap(({ env }) => Object.entries(env))
    const queue = this.cloud.outputs[OUTPUT_NAMES.writebackQueueUrl] ?? ''
    return { ...Object.fromEntries(given), WRITEBACK_QUEUE_URL: queue }
  }

  /** Numbers new orders, which the ERP is to hold in the end. */
  expect(lane: Lane, orders: number): { shop: Lane; from: number } {
    const numbered = this.#number(lane, orders)
    for (let no = numbered.from; no < numbered.from + orders; no += 1) {
      const { order_sn, order_id } = orderNo(no)
      this.#expected.add(orderReference(lane, order_sn, order_id, shortHash))
    }
    return numbered
  }

  /** A reference under which somebody else is to place a document. */
  expectOther(): string {
    const reference = `OTHER-${this.#expected.size}`
    this.#expected.add(reference)
    return reference
  }

  /** Posts new orders through the webhook. */
  post(lane: Lane, requests: number, connections: number): Promise<Loaded> {
    return load({ ...this.expect(lane, requests), url: this.urlOf(lane), requests, connections })
  }

  /** Posts new orders to the lane nobody delivers. @throws unless each becomes a message in its queue */
  async postToQueue(requests: number, connections: number): Promise<Loaded> {
    const before = await this.#queued()
    const numbered = this.#number('Acks', requests)
    const loaded = await load({ ...numbered, url: this.urlOf('Acks'), requests, connections })
    const queued = (await this.#queued()) - before
    if (queued !== requests) throw new Error(`${queued} of ${requests} orders are in the queue`)
    return loaded
  }

  /** Starts every worker of a target: a burst leaves something for each of them. */
  async warmUp(lane: Lane): Promise<void> {
    const workers = LANES[lane]
    await this.post(lane, workers * STAGE.batchSize, 10)
    await this.delivered()
    const started = this.#deliver(lane).pids().length
    if (started !== workers) throw new Error(`${started} of ${workers} workers started`)
  }

  /** Runs `work` while the workers of a target stand still, so that what is posted waits in its queue. POSIX only. */
  async whileHeld<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    const deliver = this.#deliver(lane)
    deliver.kill('SIGSTOP')
    try {
      return await work()
    } finally {
      deliver.kill('SIGCONT')
    }
  }

  /** Until the ERP holds as many documents as there are orders. */
  async placed(): Promise<void> {
    await until(() => this.erp.server.documents().length >= this.#expected.size)
  }

  /** Until every message has ended. @throws unless each order is exactly one document at the ERP */
  async delivered(): Promise<void> {
    await this.placed()
    await until(() => this.cloud.idle())
    const counts = this.erp.server.counts()
    const wrong = [...this.#expected].filter((reference) => counts[reference] !== 1)
    if (wrong.length > 0 || Object.keys(counts).length !== this.#expected.size) {
      throw new Error(
        `not exactly one document each: ${wrong.slice(0, 5).join(', ')} (${wrong.length} in all)`,
      )
    }
  }

  #number(lane: Lane, orders: number) {
    const from = this.#orders + 1
    this.#orders += orders
    return { shop: lane, from }
  }

  /** Messages of the lane nobody delivers. */
  async #queued(): Promise<number> {
    const { cloud } = this
    const queue = cloud.resources.queues.find(
      ({ name, deadLetter }) => !deadLetter && name.includes(targetOf('Acks')),
    )
    const client = new SQSClient(clientConfig(cloud.endpoints.sqs))
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queue?.ref,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    )
    client.destroy()
    return Number(Attributes?.['ApproximateNumberOfMessages'])
  }

  #deliver(lane: Lane) {
    const found = this.cloud.functions.find(({ env }) => env['TARGET'] === targetOf(lane))
    if (!found) throw new Error(`no function delivers to ${targetOf(lane)}`)
    return found
  }
}

async function cleanUp(cleanups: readonly Cleanup[]): Promise<void> {
  for (const cleanup of cleanups.toReversed()) await cleanup()
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not every order was delivered in ${PATIENCE_MS} ms`)
    await delay(2)
  }
}
