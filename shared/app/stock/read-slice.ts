import type { OpenLine, StockAnswer, StockItem } from '#contracts/bridge.ts'
import type { RowKey } from '#contracts/ledger-row.ts'
import { generationInQuestion } from '#domain/decide.ts'
import { generationReference, orderSourceId } from '#domain/reference.ts'
import type { FigureSource, Look, OrderOfSku } from '#domain/stock.ts'
import type { Commitment, ErpCommitments } from '#ports/erp-reads.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Clock } from '#ports/runtime.ts'
import type { Called, Calls } from './calls.ts'
import { inParallel } from './in-parallel.ts'
import type { OpenPool } from './pool.ts'
import type { RecentOrders } from './recent-orders.ts'

/** An ERP that lags more than this is not waited for: what it has just booked counts later. */
const LONGEST_LAG_MS = 60_000

export interface SliceDeps {
  readonly pool: OpenPool
  /** By shop. */
  readonly recent: ReadonlyMap<string, RecentOrders>
  readonly calls: Calls
  readonly ledger: Pick<Ledger, 'get'>
  readonly clock: Clock
}

/** A SKU as the ERP, the shops and the orders told of it, in an order that lets no sale count twice or not at all. */
export interface SkuReading {
  readonly sku: string
  /** Undefined: the ERP does not know it. */
  readonly figure: number | undefined
  readonly source: FigureSource
  /** By shop; one that does not have it is missing. */
  readonly items: ReadonlyMap<string, StockItem>
  /** Some shop has several goods of this code. */
  readonly isAmbiguous: boolean
  readonly orders: readonly OrderOfSku[]
}

export interface Slice {
  readonly skus: readonly SkuReading[]
  /** SKUs of orders that changed while it was read. */
  readonly news: readonly string[]
}

/** Answers by shop. */
type Answers = ReadonlyMap<string, StockAnswer>
type Lines = ReadonlyMap<string, readonly OpenLine[]>
/** Orders by the text of their key. */
type Orders = ReadonlyMap<string, RowKey>

/**
 * The reading order of protocol §5. What covers a sale is read before the ERP’s figure and again after it: only what was so
 * both times is in the figure for certain. What owes is read after it: a sale that is no longer in the shop’s number is then
 * in its lines. A sale later than that changes the number the write-back is compared with.
 */
export async function readSlice(
  skus: readonly string[],
  /** Answers of shops that have just been asked for these very SKUs. */
  known: Answers,
  deps: SliceDeps,
): Promise<Called<Slice>> {
  const { pool, calls } = deps

  const early = await readShops(skus, known, deps)
  if (early.is !== 'ok') return early
  const earlyOrders = ordersOf(early.value, skus, deps)
  const before = await lookAt(earlyOrders, deps)
  if (before.is !== 'ok') return before

  const { lagMs } = pool.stock
  if (lagMs > 0 && lagMs <= LONGEST_LAG_MS && before.value.size > 0 && !(await calls.pause(lagMs)))
    return { is: 'late', why: 'no time is left to wait for the ERP’s figures' }
  const figures = await readFigures(skus, deps)
  if (figures.is !== 'ok') return figures

  const late = await readShops(skus, new Map(), deps)
  if (late.is !== 'ok') return late
  const news = await refreshed(deps)
  if (news.is !== 'ok') return news
  const orders = new Map([...earlyOrders, ...ordersOf(late.value, skus, deps)])
  const after = await lookAt(orders, deps)
  if (after.is !== 'ok') return after

  const source = sourceOf(pool, figures.value.asOf)
  return {
    is: 'ok',
    value: {
      news: news.value,
      skus: skus.map((sku) => {
        const items = itemsOf(late.value, sku)
        return {
          sku,
          figure: figures.value.bySku.get(sku),
          source,
          items,
          isAmbiguous: isAmbiguous(late.value, sku) || isAmbiguous(early.value, sku),
          orders: ordersWith(sku, items, orders, before.value, after.value, deps),
        }
      }),
    },
  }
}

function sourceOf({ stock, erp }: OpenPool, asOf: number): FigureSource {
  const commitments = erp.reads?.commitments
  return {
    meaning: stock.meaning,
    asOf,
    lagMs: stock.lagMs,
    tellsDocuments: commitments !== undefined,
    reservesAt: commitments?.reservesAt,
    steps: erp.describe().steps,
  }
}

async function readShops(
  skus: readonly string[],
  known: Answers,
  { pool, calls }: SliceDeps,
): Promise<Called<Answers>> {
  const answers = new Map(known)
  for (const { id, gateway } of pool.shops) {
    if (answers.has(id)) continue
    const answer = await calls.shop(id, (deadline) => gateway.readStock({ skus: [...skus] }, deadline))
    if (answer.is !== 'ok') return answer
    answers.set(id, answer.value)
  }
  return { is: 'ok', value: answers }
}

async function readFigures(
  skus: readonly string[],
  { pool, calls, clock }: SliceDeps,
): Promise<Called<{ asOf: number; bySku: ReadonlyMap<string, number> }>> {
  const { stock, config } = pool
  let asOf = Number.MAX_SAFE_INTEGER
  const bySku = new Map<string, number>()
  for (let from = 0; from < skus.length; from += stock.maxSkus) {
    const some = skus.slice(from, from + stock.maxSkus)
    const answer = await calls.erp(config.target, (context) => {
      // When the first request left: no figure of the slice is older.
      asOf = Math.min(asOf, clock.now())
      return stock.bySku(some, config.warehouses, context)
    })
    if (answer.is !== 'ok') return answer
    for (const [sku, figure] of answer.value) bySku.set(sku, figure)
  }
  return { is: 'ok', value: { asOf, bySku } }
}

/** Only a physical figure counts what was deleted, or edited out of an order, as long as the ERP has not heard of it. */
async function refreshed({ pool, recent }: SliceDeps): Promise<Called<string[]>> {
  const news: string[] = []
  if (pool.stock.meaning !== 'physical') return { is: 'ok', value: news }
  for (const orders of recent.values()) {
    const changed = await orders.refresh()
    if (changed.is !== 'ok') return changed
    news.push(...changed.value)
  }
  return { is: 'ok', value: news }
}

/** Orders that the shops list under these SKUs, and those that changed and once had them. */
function ordersOf(answers: Answers, skus: readonly string[], deps: SliceDeps): Orders {
  const orders = new Map<string, RowKey>()
  const add = (key: RowKey) => orders.set(textOf(key), key)
  for (const [shop, { items }] of answers) {
    for (const { lines } of items) for (const line of lines) add(keyOf(shop, line, deps))
  }
  if (deps.pool.stock.meaning === 'physical') {
    for (const recent of deps.recent.values())
      for (const sku of skus) for (const key of recent.ordersOf(sku)) add(key)
  }
  return orders
}

function ordersWith(
  sku: string,
  items: ReadonlyMap<string, StockItem>,
  orders: Orders,
  before: ReadonlyMap<string, Look>,
  after: ReadonlyMap<string, Look>,
  deps: SliceDeps,
): OrderOfSku[] {
  const lines = linesByOrder(items, deps)
  return [...orders.keys()].flatMap((order) => {
    const look = after.get(order)
    const listed = lines.get(order) ?? []
    if (!look || (listed.length === 0 && !concerns(look, sku))) return []
    return [{ lines: listed, before: before.get(order), after: look }]
  })
}

function linesByOrder(items: ReadonlyMap<string, StockItem>, deps: SliceDeps): Lines {
  const byOrder = new Map<string, OpenLine[]>()
  for (const [shop, { lines }] of items) {
    for (const line of lines) {
      const order = textOf(keyOf(shop, line, deps))
      byOrder.set(order, [...(byOrder.get(order) ?? []), line])
    }
  }
  return byOrder
}

function concerns({ row, document }: Look, sku: string): boolean {
  const has = (one: { readonly sku: string }) => one.sku === sku
  return (row?.lines ?? []).some(has) || (document?.items ?? []).some(has)
}

/** The ledger’s rows first, then the ERP: what a delivery writes in between is in its document, not less. */
async function lookAt(orders: Orders, deps: SliceDeps): Promise<Called<ReadonlyMap<string, Look>>> {
  const { pool, ledger, clock, calls } = deps
  const rows = await inParallel([...orders], async ([order, key]) => {
    const row = await ledger.get(key)
    const wasSent = row !== undefined && (row.erp !== undefined || row.intent !== undefined)
    const reference = wasSent ? generationReference(row.ref, generationInQuestion(row)) : undefined
    return { order, row, reference }
  })
  const commitments = pool.erp.reads?.commitments
  const references = rows.flatMap(({ reference }) => (reference === undefined ? [] : [reference]))
  const documents = await readDocuments(commitments, references, pool.config.target, calls)
  if (documents.is !== 'ok') return documents
  const at = clock.now()
  return {
    is: 'ok',
    value: new Map(
      rows.map(({ order, row, reference }) => {
        const document = reference === undefined ? undefined : documents.value.get(reference)
        return [order, { at, row, document }]
      }),
    ),
  }
}

async function readDocuments(
  commitments: ErpCommitments | undefined,
  references: readonly string[],
  target: string,
  calls: Calls,
): Promise<Called<ReadonlyMap<string, Commitment>>> {
  const documents = new Map<string, Commitment>()
  if (!commitments) return { is: 'ok', value: documents }
  for (let from = 0; from < references.length; from += commitments.maxReferences) {
    const some = references.slice(from, from + commitments.maxReferences)
    const answer = await calls.erp(target, (context) => commitments.read(some, context))
    if (answer.is !== 'ok') return answer
    for (const [reference, document] of answer.value) documents.set(reference, document)
  }
  return { is: 'ok', value: documents }
}

function itemsOf(answers: Answers, sku: string): ReadonlyMap<string, StockItem> {
  return new Map(
    [...answers].flatMap(([shop, { items }]) => {
      const item = items.find((candidate) => candidate.sku === sku)
      return item ? [[shop, item] as const] : []
    }),
  )
}

function isAmbiguous(answers: Answers, sku: string): boolean {
  return [...answers.values()].some(({ problems }) =>
    problems.some((problem) => problem.sku === sku && problem.code === 'ambiguous-sku'),
  )
}

function keyOf(shop: string, line: OpenLine, { pool }: SliceDeps): RowKey {
  return {
    shop,
    kind: 'order',
    sourceId: orderSourceId(line.order_id, line.add_time),
    target: pool.config.target,
  }
}

const textOf = ({ shop, sourceId }: RowKey): string => `${shop}#${sourceId}`
