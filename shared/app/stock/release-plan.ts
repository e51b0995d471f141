import { EpochMsSchema } from '#contracts/instant.ts'
import type { BrakeCounts, BrakeNote, PlanChunk } from '#contracts/stock-run.ts'
import type { WritebackMessage } from '#contracts/writeback.ts'
import { isWorseThanReleased, trips } from '#domain/brake.ts'
import { readBrake, writeBrake } from './brake-note.ts'
import type { OpenPool } from './pool.ts'
import type { ReconcileStockDeps } from './run-deps.ts'
import type { StockPlan } from './stock-plan.ts'

/** The write-backs drop a figure that is an hour old; it still has to wait in their queue. */
const FIGURE_LIFE_MS = 40 * 60_000
const BRAKE_SAMPLE = 2_000
/** Labels of the bridge are short. */
const MAX_ORIGIN = 30

export interface HeldPlan {
  readonly pool: OpenPool
  readonly kind: 'delta' | 'full'
  readonly startedAt: number
  readonly plan: StockPlan
  readonly chunks: number
}

/** Lets a plan pass, or keeps it from leaving and says so. */
export async function passesBrake(
  { pool, kind, plan, chunks }: HeldPlan,
  counts: BrakeCounts,
  { notes, clock, log }: ReconcileStockDeps,
): Promise<boolean> {
  const { name, config } = pool
  const before = await readBrake(name, notes)
  const isReleased = before?.state === 'released' && !isWorseThanReleased(counts, before.counts, config.brake)
  if (!trips(counts, config.brake) || isReleased) {
    if (before && before.state !== 'passed') await writeBrake(name, { ...before, state: 'passed' }, notes)
    return true
  }
  const sample: BrakeNote['sample'] = []
  for (let index = 0; index < chunks && sample.length < BRAKE_SAMPLE; index += 1) {
    const chunk = await plan.chunk(index)
    const room = BRAKE_SAMPLE - sample.length
    for (const { sku, expect, quantity } of chunk?.items.slice(0, room) ?? [])
      sample.push({ shop: chunk?.shop ?? '', sku, from: expect, to: quantity })
  }
  await writeBrake(name, { state: 'tripped', kind, at: clock.now(), counts, sample }, notes)
  log.error('BRAKE_TRIPPED', 'The plan would change too much; nothing of it is written.', {
    pool: name,
    ...counts,
  })
  return false
}

/** What became of a chunk: `late`: its figures are too old to leave, or its note is gone. */
export type Released = 'queued' | 'failed' | 'late'

/** Sends one chunk to its shop. Sent twice it does no harm: the shop has had its figures then. */
export async function releaseChunk(
  { pool, startedAt }: HeldPlan,
  index: number,
  chunk: PlanChunk,
  { writebacks, clock, ids }: ReconcileStockDeps,
): Promise<Released> {
  const now = clock.now()
  if (now - chunk.asOf > FIGURE_LIFE_MS) return 'late'
  const message: WritebackMessage = {
    v: 1,
    shop: chunk.shop,
    target: pool.config.target,
    id: `stock:${pool.name}:${startedAt}:${index}`,
    cause: 'run',
    firstSeenAt: EpochMsSchema.encode(now),
    correlationId: ids.next(),
    command: {
      is: 'stock',
      pool: pool.name,
      write: {
        as_of: EpochMsSchema.encode(chunk.asOf),
        origin: pool.config.target.slice(0, MAX_ORIGIN),
        items: chunk.items.map(({ offers: _offers, ...item }) => item),
      },
    },
  }
  const [result] = await writebacks.enqueue([message])
  return result === 'queued' ? 'queued' : 'failed'
}
