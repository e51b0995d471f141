import { once } from 'node:events'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { type Bridge, cloudDirOf, startBridge } from './bridge.ts'
import { type Demo, rowOfDemo, startDemo } from './demo/demo.ts'
import { DEMO_POOL, DEMO_SHOP, DEMO_TARGET, demoConfigDir } from './demo/demo-config.ts'
import type { ShopOrder } from './demo/shop-order.ts'
import { buildAssembly, checkPorts, readConfig, takeDataDirectory } from './prepare.ts'
import { type Session, secondsSince } from './session.ts'
import { reportOf } from './story/report.ts'
import { finishEarlier, isOpen, keepSweeping, type ScheduledRun, type Stage } from './story/stage.ts'
import { play } from './story/story.ts'
import { type Finding, tally, totals } from './story/tally.ts'
import { tallyAfterSales } from './story/tally-after-sales.ts'
import { isWhole, tallyWayBack } from './story/tally-way-back.ts'

/** The demo shop, the demo ERP and the bridge between them; a story, and what the ERP has at its end. Answers the exit code. */
export async function runDemo(session: Session): Promise<number> {
  const { options, texts, say, dataDir, signal, atEnd } = session
  takeDataDirectory(session)
  await checkPorts(session, ['api', 'erp', 'shop', 'desk'])
  const configDir = demoConfigDir(dataDir, options.ports)
  const config = readConfig(configDir, texts)

  say(texts.demoTitle)
  const assembly = await buildAssembly(session, 'demo', configDir)
  const demo = await startDemo(dataDir, options.ports)
  atEnd(demo.stop)
  const bridge = await startBridge({
    stage: 'demo',
    assembly,
    dataDir,
    cloudDir: cloudDirOf(dataDir, 'demo'),
    configDir,
    config,
    apiPort: options.ports.api,
    schedules: options.schedules,
    demo: { erpUrl: demo.erp.url, shopUrl: demo.shopUrl, deskUrl: demo.desk.url },
  })
  atEnd(bridge.stop)
  await demo.connect(bridge, options.webhooks)
  say(texts.ready(secondsSince()))

  const stage = stageOf(session, demo, bridge)
  if (!options.webhooks) atEnd(keepSweeping(stage))
  const earlier = demo.shop.orders()
  await finishWhatWasOpen(session, stage, earlier)
  const { passed, examples } = await playAndCount(session, stage, earlier)
  if (options.once) return passed ? 0 : 1
  sayWhatNext(session, bridge, demo, examples)
  if (!signal.aborted) await once(signal, 'abort')
  return 0
}

const SCHEDULES: Readonly<Record<ScheduledRun, string>> = {
  stock: `stock-reconcile-${DEMO_POOL}`,
  shipments: `shipment-pull-${DEMO_TARGET}`,
  aftersales: `aftersale-pull-${DEMO_TARGET}`,
  sweep: `order-sweep-${DEMO_SHOP}`,
}

function stageOf(session: Session, demo: Demo, bridge: Bridge): Stage {
  const { options, texts, say, colours, signal } = session
  let started: number | undefined
  const workers = bridge.cloud.functions.find(({ env }) => env['TARGET'] === DEMO_TARGET)
  return {
    shop: demo.shop,
    erp: demo.erp,
    desk: demo.desk,
    webhookUrl: Object.values(bridge.endpoints.webhookUrls)[0] ?? '',
    rowOf: rowOfDemo(bridge),
    notes: bridge.notes,
    webhooks: options.webhooks,
    fire: options.schedules
      ? async (run) => void (await bridge.cloud.fire(SCHEDULES[run], { now: true }))
      : undefined,
    killWorkers: () => {
      const pids = workers?.pids() ?? []
      workers?.kill('SIGKILL')
      return pids
    },
    isIdle: () => bridge.cloud.idle(),
    tell: ({ no }, text) => {
      started ??= performance.now()
      say(`${colours.faint(`${secondsSince(started).padStart(6)} s`)}  ${no}  ${text}`)
    },
    texts,
    signal,
  }
}

/** A process that was killed leaves orders in the outbox, in the queue, or half way to the ERP. */
async function finishWhatWasOpen({ texts, say }: Session, stage: Stage, earlier: readonly ShopOrder[]) {
  if (earlier.length === 0 || !(await isOpen(stage, earlier))) return
  const started = performance.now()
  say(texts.finishing)
  const open = await finishEarlier(stage)
  say(open === undefined ? texts.finished(secondsSince(started)) : texts.unfinished(open))
}

interface Counted {
  /** Nothing is lost or doubled, and parked is exactly what had to be. */
  readonly passed: boolean
  readonly examples: { readonly no: string | undefined; readonly parkedRef: string | undefined }
}

async function playAndCount(session: Session, stage: Stage, earlier: readonly ShopOrder[]): Promise<Counted> {
  const { texts, say, colours } = session
  const started = performance.now()
  say()
  say(texts.story)
  if (!stage.webhooks) say(texts.withoutWebhooks)
  if (!stage.fire) say(texts.withoutSchedules)
  const { orders, meantToPark, open } = await play(stage)
  say()
  if (open !== undefined) say(colours.bad(texts.stuck(open)))
  say(texts.storyTook(secondsSince(started)))

  const { findings, rows } = await count(stage, orders)
  say(reportOf(findings, ({ order }) => rows.get(order.no), texts, colours))
  if (earlier.length > 0) {
    const before = totals((await count(stage, stage.shop.orders().filter(isIn(earlier)))).findings)
    say(texts.earlier(earlier.length, before.lost, before.doubled, before.parked))
  }
  const { lost, doubled, parked } = totals(findings)
  const asMeant = findings.every((finding) => finding.parked === meantToPark.some(isIn([finding.order])))
  const wayBack = stage.fire && tallyWayBack(stage)
  const isBack = !wayBack || isWhole(wayBack)
  if (wayBack) say((isBack ? colours.good : colours.bad)(texts.wayBack(wayBack.skus, wayBack.shipments)))
  const afterSales = stage.fire ? tallyAfterSales(stage) : []
  const isAfter = afterSales.every(({ right, of }) => right === of)
  if (stage.fire) say((isAfter ? colours.good : colours.bad)(texts.afterSales(afterSales)))
  const passed = open === undefined && lost === 0 && doubled === 0 && asMeant && isBack && isAfter
  say((passed ? colours.good : colours.bad)(texts.verdict(lost, doubled, parked)))
  const parkedRef = [...rows.values()].find((row) => row?.status === 'parked')?.ref
  return { passed, examples: { no: orders[0]?.no, parkedRef } }
}

function sayWhatNext(
  { texts, say, dataDir, dataFlag }: Session,
  { endpoints }: Bridge,
  demo: Demo,
  examples: Counted['examples'],
): void {
  const places = [
    [texts.demoShop, demo.shopUrl],
    [texts.demoErp, `${demo.erp.url}/orders`],
    [texts.demoDesk, `${demo.desk.url}/tickets`],
    ...Object.entries(endpoints.webhookUrls).map(([shop, url]) => [texts.webhook(shop), url]),
    [texts.configFolder, `${endpoints.configDir} (${texts.reloads})`],
    [texts.dataFolder, dataDir],
  ]
  say()
  for (const [name, place] of places) say(`  ${name}: ${place}`)
  say()
  say(texts.tryNext)
  if (examples.no !== undefined) say(`  npm run sync -- find ${examples.no}${dataFlag}`)
  say(`  npm run sync -- parked${dataFlag}`)
  if (examples.parkedRef !== undefined) say(`  npm run sync -- show ${examples.parkedRef}${dataFlag}`)
  say(texts.stopHint)
}

const isIn =
  (orders: readonly ShopOrder[]) =>
  ({ no }: ShopOrder) =>
    orders.some((order) => order.no === no)

async function count(stage: Stage, orders: readonly ShopOrder[]) {
  const rows = new Map<string, LedgerRow | undefined>()
  for (const order of orders) rows.set(order.no, await stage.rowOf(order))
  const findings: Finding[] = tally(
    orders,
    stage.erp.documents(),
    ({ no }) => rows.get(no)?.status === 'parked',
  )
  return { findings, rows }
}
