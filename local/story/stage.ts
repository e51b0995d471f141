import { setTimeout as delay } from 'node:timers/promises'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { Notes } from '#ports/notes.ts'
import type { DemoDesk } from '../demo/desk.ts'
import type { DemoErp } from '../demo/erp.ts'
import type { DemoShop } from '../demo/shop.ts'
import type { ShopOrder } from '../demo/shop-order.ts'
import type { Texts } from '../texts.ts'
import { until } from '../until.ts'

/** Where the story plays. */
export interface Stage {
  readonly shop: DemoShop
  readonly erp: DemoErp
  readonly desk: DemoDesk
  readonly webhookUrl: string
  /** The ledger's row of an order; undefined while the bridge has not seen it. */
  readonly rowOf: (order: ShopOrder) => Promise<LedgerRow | undefined>
  /** Kills the workers that deliver; answers their process ids. */
  readonly killWorkers: () => number[]
  /** The shop tells of its changes; otherwise they are only fetched. */
  readonly webhooks: boolean
  /** Runs what is scheduled at once; undefined when nothing is. */
  readonly fire: ((run: ScheduledRun) => Promise<void>) | undefined
  /** What the bridge remembers of its runs. */
  readonly notes: Notes
  /** Nothing is queued and nothing runs. */
  readonly isIdle: () => Promise<boolean>
  /** Of an order, or of whatever else has a name. */
  readonly tell: (about: Pick<ShopOrder, 'no'>, text: string) => void
  readonly texts: Texts
  readonly signal: AbortSignal
}

export type ScheduledRun = 'stock' | 'shipments' | 'aftersales' | 'sweep'

const SWEEP_PAUSE_MS = 1_000
/** What a run has queued is in the shop within so much, or another run is worth its while. */
const RIPENS_MS = 3_000
/** A killed worker's message is invisible for 30 s. */
const PATIENCE_MS = 90_000

export class StuckError extends Error {}

export async function arrive(stage: Stage, order: ShopOrder): Promise<void> {
  await reach(stage, () => isConfirmed(stage, order))
  stage.tell(order, stage.texts.arrived)
}

/** The ledger has the newest state of it, and the ERP confirmed that. */
export async function isConfirmed(stage: Stage, order: ShopOrder): Promise<boolean> {
  const row = await stage.rowOf(order)
  return row?.status === 'done' && isCurrent(stage, order, row)
}

/** Its newest change was seen; one that waits to be told of will be seen once more. */
const isCurrent = ({ shop, webhooks }: Stage, { no }: ShopOrder, row: LedgerRow) =>
  row.seen.version.seq >= shop.changedSeq(no) &&
  !(webhooks && shop.outbox().some((waiting) => waiting.no === no))

type Condition = () => boolean | Promise<boolean>

/** @param open what is missing until then; by default the orders that are under way */
export async function reach(stage: Stage, condition: Condition, open?: string): Promise<void> {
  if (await until(condition, { timeoutMs: PATIENCE_MS, signal: stage.signal })) return
  throw new StuckError(open ?? (await describeOpen(stage, stage.shop.orders())))
}

/** Runs what is scheduled, again and again, until it has brought about what was expected of it. */
export async function bring(
  stage: Stage,
  runs: readonly ScheduledRun[],
  condition: Condition,
  open?: string,
): Promise<void> {
  const { fire, signal } = stage
  const ripens = async () => {
    if (await condition()) return true
    for (const run of runs) await fire?.(run)
    return until(condition, { timeoutMs: RIPENS_MS, signal })
  }
  await reach(stage, ripens, open)
}

/** Something of these orders is still under way. */
export async function isOpen(stage: Stage, orders: readonly ShopOrder[]): Promise<boolean> {
  return !(await stage.isIdle()) || (await openOrders(stage, orders)).length > 0
}

/** Every order came to its end, and nothing is under way that could still change one. */
export async function settled(stage: Stage, orders: () => readonly ShopOrder[]): Promise<void> {
  await reach(stage, async () => !(await isOpen(stage, orders())))
}

/** An order of which no webhook will ever tell: the process was killed before the sweep came. */
async function fetchUnseen(stage: Stage): Promise<void> {
  const waiting = new Set(stage.shop.outbox().map(({ no }) => no))
  for (const order of stage.shop.orders()) {
    if (!waiting.has(order.no) && !(await stage.rowOf(order))) return stage.fire?.('sweep')
  }
}

/** Waits for what an earlier process left unfinished; answers what is open all the same. */
export async function finishEarlier(stage: Stage): Promise<string | undefined> {
  try {
    await fetchUnseen(stage)
    await settled(stage, () => stage.shop.orders())
    return undefined
  } catch (error) {
    if (!(error instanceof StuckError)) throw error
    return error.message
  }
}

/** Fetches what changed in a shop that tells of nothing; ends with what is returned. */
export function keepSweeping({ fire, signal }: Stage): () => Promise<void> {
  const stopping = new AbortController()
  const until = AbortSignal.any([signal, stopping.signal])
  const swept = (async () => {
    while (!until.aborted) {
      // A sweep that breaks off is in its log, and the next one is due.
      await fire?.('sweep').catch(() => {})
      await delay(SWEEP_PAUSE_MS, undefined, { signal: until }).catch(() => {})
    }
  })()
  return async () => {
    stopping.abort()
    await swept
  }
}

async function openOrders(stage: Stage, orders: readonly ShopOrder[]): Promise<ShopOrder[]> {
  const isOpen = await Promise.all(
    orders.map(async (order) => {
      const row = await stage.rowOf(order)
      return !row || row.status === 'new' || row.status === 'open' || !isCurrent(stage, order, row)
    }),
  )
  return orders.filter((_, index) => isOpen[index])
}

async function describeOpen(stage: Stage, orders: readonly ShopOrder[]): Promise<string> {
  const { shop, texts, rowOf, isIdle } = stage
  const outbox = shop.outbox()
  const parts = outbox.map(({ no, why }) => texts.openOutbox(no, why ?? '-'))
  for (const order of await openOrders(stage, orders)) {
    if (outbox.some(({ no }) => no === order.no)) continue
    const row = await rowOf(order)
    const last = row?.history.at(-1)
    parts.push(texts.openRow(order.no, row ? `${row.status} (${last?.event ?? '-'})` : texts.neverSeen))
  }
  if (parts.length === 0 && !(await isIdle())) parts.push(texts.openQueue)
  return parts.join(' · ')
}
