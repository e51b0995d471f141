import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CfnFunction } from 'aws-cdk-lib/aws-lambda'
import * as z from 'zod'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { addStacks, createApp } from '../../infra/app.ts'
import { bundle } from '../../infra/bundle.ts'
import { secretNames } from '../../infra/secret-names.ts'
import { type Stage, stageNamed } from '../../infra/stages.ts'
import { readSyncConfig } from '../../infra/sync-config.ts'
import { type Cloud, startCloud } from '../../local/cloud/cloud.ts'
import { demoRestTarget } from '../support/demo-rest-target.ts'
import { type Figure, figure } from './figures.ts'
import { BigStock, WAREHOUSES } from './stock-world.ts'

const SKUS = Number(process.env['BENCH_SKUS'] ?? 100_000)
/** One SKU in a hundred changes, or in so many before the run of all. */
const EVERY = 100
const FULL_EVERY = Number(process.env['BENCH_EVERY'] ?? EVERY)
/** The most a command takes, and a naive push too. */
const BATCH = 200
/** What the function gets, which sizes node’s heap: a deployment gives it more, for speed, and then it collects garbage later. */
const MEMORY_MB = Number(process.env['BENCH_MEMORY_MB'] ?? 128)
const FUNCTION = 'StockReconcile'
const SHOP = 'A1'
const TARGET = 'erp'
const POOL = 'main'
/** However much changes, nobody is asked. */
const OPEN_BRAKE = { zeroPercent: 100, movePercent: 100 }
/** As a deployment, but for what only makes a reader wait. */
const STAGE: Stage = { ...stageNamed('demo'), runTimeoutSeconds: 300, runLeaseSeconds: 330 }

const EndSchema = z.looseObject({ is: z.string(), why: z.string().optional() })

/** Stock of many SKUs through the real bundles in the embedded cloud, against a push of everything. Needs Linux. */
export async function stock(): Promise<Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-stock-'))
  const world = new BigStock(SKUS)
  const { erpUrl, shopUrl } = await world.listen()
  let cloud: Cloud | undefined
  try {
    cloud = await start(dir, erpUrl, shopUrl)
    const full = await measured(cloud, world, FULL_EVERY, 3)
    const delta = await measured(cloud, world, EVERY, 7)
    const naive = await pushed(world, erpUrl, shopUrl, 11)
    return [
      ...figuresOf(`all SKUs, 1 in ${FULL_EVERY} changed`, full),
      ...figuresOf('1 % that the ERP names', delta),
      ...figuresOf('naive push of all', naive),
    ]
  } finally {
    await cloud?.stop()
    await world.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

interface Measured {
  readonly seconds: number
  readonly erpCalls: number
  readonly shopCalls: number
  readonly written: number
  readonly needless: number
  readonly peakMb?: number
}

function figuresOf(
  name: string,
  { seconds, erpCalls, shopCalls, written, needless, peakMb }: Measured,
): Figure[] {
  const of = (what: string, unit: string, value: number) => figure(`${name}: ${what}`, unit, [value])
  return [
    of('time', 's', seconds),
    of('calls to the ERP', 'calls', erpCalls),
    of('calls to the shop', 'calls', shopCalls),
    of('figures written', 'SKUs', written),
    of('of them needlessly', 'SKUs', needless),
    ...(peakMb === undefined ? [] : [of('peak memory of the function', 'MB', peakMb)]),
  ]
}

/** @throws unless the shop has what it is to have, and nothing was written that was right */
async function measured(cloud: Cloud, world: BigStock, every: number, from: number): Promise<Measured> {
  const changed = world.receive(every, from)
  const result = await counted(world, async () => {
    let end: z.infer<typeof EndSchema>
    do end = EndSchema.parse(await cloud.fire(`stock-reconcile-${POOL}`, { now: true }))
    while (end.is === 'saved')
    if (end.is !== 'done') throw new Error(`the run ended ${end.is}: ${end.why}`)
    while (!(await cloud.idle())) await delay(20)
  })
  if (world.differing() > 0) throw new Error(`${world.differing()} SKUs still differ`)
  if (result.written !== changed || result.needless > 0)
    throw new Error(`${result.written} figures were written, ${result.needless} needlessly, for ${changed}`)
  return { ...result, peakMb: peakOf(cloud) }
}

/** What a script does that knows nothing: reads all, writes all. */
async function pushed(world: BigStock, erpUrl: string, shopUrl: string, from: number): Promise<Measured> {
  world.receive(EVERY, from)
  return counted(world, async () => {
    for (let at = 0; at < world.skus.length; at += BATCH) {
      const skus = world.skus.slice(at, at + BATCH)
      const answer = FiguresSchema.parse(
        await posted(`${erpUrl}/api/stock/query`, { skus, warehouses: WAREHOUSES }),
      )
      const sums = new Map<string, number>()
      for (const { sku, free } of answer.stock) sums.set(sku, (sums.get(sku) ?? 0) + free)
      const items = [...sums].map(([sku, quantity]) => ({ sku, quantity, expect: 0 }))
      await posted(`${shopUrl}/plain-write`, { as_of: new Date().toISOString(), origin: 'naive', items })
    }
  })
}

const FiguresSchema = z.object({ stock: z.array(z.object({ sku: z.string(), free: z.number() })) })

async function posted(url: string, body: object): Promise<unknown> {
  return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()
}

async function counted(world: BigStock, run: () => Promise<void>): Promise<Measured> {
  const calls = { ...world.calls }
  const written = { ...world.written }
  const startedAt = performance.now()
  await run()
  return {
    seconds: (performance.now() - startedAt) / 1000,
    erpCalls: world.calls.erp - calls.erp,
    shopCalls: world.calls.shop - calls.shop,
    written: world.written.figures - written.figures,
    needless: world.written.needless - written.needless,
  }
}

/** The most that a process of the function ever had in memory. */
function peakOf(cloud: Cloud): number {
  const pids = cloud.functions.find(({ logicalId }) => logicalId.includes(FUNCTION))?.pids() ?? []
  const peaks = pids.map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1])
  })
  return Math.max(...peaks) / 1024
}

async function start(dir: string, erpUrl: string, shopUrl: string): Promise<Cloud> {
  const config = join(dir, 'config')
  mkdirSync(join(config, 'mappings'), { recursive: true })
  writeFileSync(join(config, 'sync.config.json'), JSON.stringify(configOf(erpUrl)))
  writeFileSync(join(config, 'mappings', 'stock-query.jsonata'), '{ "skus": skus, "warehouses": warehouses }')
  bundle({ configDir: config, outDir: join(dir, 'build') })
  const app = createApp(join(dir, 'out'))
  const { sync } = addStacks(app, {
    stage: STAGE,
    config: readSyncConfig(config),
    buildDir: join(dir, 'build'),
  })
  for (const { node } of sync.node.findAll()) {
    const resource = node.defaultChild
    if (resource instanceof CfnFunction && node.path.includes(FUNCTION)) resource.memorySize = MEMORY_MB
  }
  app.synth()
  const cloud = await startCloud({ assembly: join(dir, 'out'), dataDir: join(dir, 'data'), schedules: 'off' })
  const secret = { url: `${shopUrl}/v1/`, secrets: [`brsec_${Buffer.alloc(32, 7).toString('base64')}`] }
  await cloud.putSecret(secretNames(STAGE.name).bridge(SHOP), JSON.stringify(secret))
  return cloud
}

const page = (path: string) => ({
  path,
  query: { after: '{cursor}' },
  empty: 'body.skus = []',
  skus: 'body.skus',
  cursor: 'body.next',
  more: 'body.more',
})

function configOf(erpUrl: string) {
  const rest = z.encode(RestTargetSchema, demoRestTarget(erpUrl))
  // So high that no call waits for its rate.
  const rate = { perMinute: 600_000, slots: 8 }
  const stockReads = {
    meaning: 'free',
    maxSkus: BATCH,
    bySku: {
      method: 'POST',
      path: '/stock/query',
      mapping: 'mappings/stock-query.jsonata',
      empty: 'body.stock = []',
      figures: 'body.stock.{ "sku": sku, "warehouse": warehouse, "quantity": free }',
    },
    since: page('/stock/changes'),
    all: page('/items'),
  }
  return {
    version: 1,
    shops: { [SHOP]: { targets: [TARGET], rate } },
    targets: {
      [TARGET]: {
        adapter: 'rest',
        rate,
        rest: { ...rest, operations: { ...rest.operations, stock: stockReads } },
      },
    },
    pools: { [POOL]: { target: TARGET, warehouses: WAREHOUSES, shops: { [SHOP]: {} }, brake: OPEN_BRAKE } },
  }
}
