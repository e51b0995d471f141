import { describe, expect, it } from 'vitest'
import { MemoryNotes } from '#adapters/memory/memory-notes.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { type PullAftersalesDeps, pullAftersales } from '#app/pull-aftersales.ts'
import { AftersalesConfigSchema } from '#contracts/config.ts'
import { type Progress, ProgressSchema } from '#contracts/progress.ts'
import type { AftersalesPage } from '#ports/erp-reads.ts'
import { RecordingLog } from '../../support/recording-log.ts'
import { VirtualClock } from '../../support/world.ts'

const TARGET = 'desk'

/** A service desk that tells of steps page by page, and what a run does with them. */
class Desk {
  readonly clock = new VirtualClock()
  readonly writebacks = new MemoryWritebackLedger()
  readonly queue = new MemoryWritebackQueue({ clock: this.clock })
  readonly log = new RecordingLog()
  readonly listed: (Progress | AftersalesPage['unreadable'][number])[] = []
  readonly #notes = new MemoryNotes({ clock: this.clock })
  pageSize = 2
  reads = 0
  fails = false
  #ids = 0

  tell(change: object): Progress {
    const step = ProgressSchema.parse({
      of: 'ticket',
      id: `s-${this.listed.length + 1}`,
      reference: 'ECA1-T7',
      at: '2026-11-20T01:00:00Z',
      step: 'repairing',
      ...change,
    })
    this.listed.push(step)
    return step
  }

  pull(more: Partial<PullAftersalesDeps> = {}, now = true) {
    const ids = { next: () => `id-${++this.#ids}` }
    return pullAftersales(
      { target: TARGET, now },
      {
        config: AftersalesConfigSchema.parse({}),
        erp: { read: (cursor) => this.#read(cursor) },
        shops: ['A1'],
        writebacks: this.writebacks,
        queue: this.queue,
        notes: this.#notes,
        gate: new MemoryTargetGate({
          clock: this.clock,
          ids,
          limits: () => ({ slots: 2, perMinute: 100_000, leaseMs: 10_000, retryFloorMs: 1_000 }),
        }),
        log: this.log,
        wait: async (ms) => this.clock.advance(ms),
        callMs: 2_000,
        leaseMs: 330_000,
        clock: this.clock,
        ids,
        ...more,
      },
      this.clock.now() + 300_000,
    )
  }

  async #read(cursor: string | undefined) {
    this.reads += 1
    if (this.fails)
      return { is: 'failed', failure: { class: 'Transient', message: 'the desk is down' } } as const
    const from = Number(cursor ?? 0)
    const page = this.listed.slice(from, from + this.pageSize)
    const value: AftersalesPage = {
      progress: page.flatMap((one) => ('why' in one ? [] : [one])),
      unreadable: page.flatMap((one) => ('why' in one ? [one] : [])),
      cursor: String(Math.min(this.listed.length, from + this.pageSize)),
      more: from + this.pageSize < this.listed.length,
    }
    return { is: 'ok', value } as const
  }

  commands() {
    return this.queue.drain().map(({ message }) => message)
  }

  row(id: string) {
    return this.writebacks.get({ target: TARGET, kind: 'progress', id })
  }
}

describe('a run that asks a target for the steps of tickets and returns', () => {
  it('queues each as a command for its shop, a page in the order it happened in', async () => {
    const desk = new Desk()
    desk.tell({ id: 'late', at: '2026-11-20T03:00:00Z' })
    desk.tell({ id: 'b', at: '2026-11-20T01:00:00Z' })
    desk.tell({ id: 'a', at: '2026-11-20T02:00:00Z', of: 'return', reference: 'ECA1-R9', step: 'received' })
    expect(await desk.pull()).toMatchObject({ is: 'done', counts: { read: 3, queued: 3 } })
    expect(desk.commands()).toMatchObject([
      { shop: 'A1', target: 'desk', id: 'b', command: { is: 'progress', ref: 'ECA1-T7' } },
      { id: 'late' },
      { id: 'a', command: { ref: 'ECA1-R9' } },
    ])
    expect(await desk.row('a')).toMatchObject({ status: 'open', ref: 'ECA1-R9', shop: 'A1' })
  })

  it('goes on from its cursor, and queues what is told again no second time', async () => {
    const desk = new Desk()
    const first = desk.tell({})
    await desk.pull()
    expect(desk.commands()).toHaveLength(1)
    desk.listed.push(first)
    expect(await desk.pull()).toMatchObject({ counts: { read: 1, known: 1, queued: 0 } })
    expect(desk.commands()).toEqual([])
  })

  it('keeps its cursor where the queue did not take all, and queues the rest with the next tick', async () => {
    const desk = new Desk()
    desk.tell({})
    const deaf = { enqueue: async (messages: readonly unknown[]) => messages.map(() => 'failed' as const) }
    expect(await desk.pull({ queue: deaf })).toMatchObject({ is: 'failed' })
    expect(await desk.row('s-1')).toBeUndefined()
    expect(await desk.pull()).toMatchObject({ is: 'done', counts: { queued: 1 } })
  })

  it('leaves what is of another installation to it, and says so', async () => {
    const desk = new Desk()
    desk.tell({ reference: 'ECB2-T7' })
    desk.listed.push({ id: 'x', why: 'no step', reference: 'ECB2-T8' })
    expect(await desk.pull()).toMatchObject({ is: 'done', counts: { foreign: 2, parked: 0, queued: 0 } })
    expect(desk.log.lines).toContainEqual(expect.objectContaining({ code: 'AFTERSALES_FOREIGN' }))
    expect(await desk.row('s-1')).toBeUndefined()
  })

  it('parks what cannot be read with a fix, and takes it once it can be', async () => {
    const desk = new Desk()
    const long = 'x'.repeat(70)
    desk.listed.push({ id: 's-9', why: 'The stage 7 is not mapped.' }, { id: long, why: 'No time.' })
    expect(await desk.pull()).toMatchObject({ counts: { parked: 2 } })
    expect(await desk.row('s-9')).toMatchObject({ status: 'parked', reason: { code: 'progress-unreadable' } })
    const { rows } = await desk.writebacks.list(TARGET, 'parked')
    expect(rows.every(({ key }) => key.id.length <= 64)).toBe(true)

    desk.tell({ id: 's-9' })
    expect(await desk.pull()).toMatchObject({ counts: { queued: 1 } })
  })

  it('parks what is of no ticket or return of ours', async () => {
    const desk = new Desk()
    desk.tell({ id: 'odd', reference: 'SO-77' })
    desk.tell({ id: 'swapped', of: 'return', step: 'received', reference: 'ECA1-T7' })
    expect(await desk.pull()).toMatchObject({ counts: { parked: 2, queued: 0 } })
    expect(await desk.row('odd')).toMatchObject({ reason: { code: 'progress-unknown-reference' } })
    expect(await desk.row('swapped')).toMatchObject({ reason: { code: 'progress-unknown-reference' } })
  })

  it('parks a step that was changed after the shop was told of it, once', async () => {
    const desk = new Desk()
    const step = desk.tell({})
    await desk.pull()
    desk.commands()
    const row = await desk.row('s-1')
    if (!row) throw new Error('no row')
    await desk.writebacks.put({ ...row, rev: row.rev + 1, writer: 'w', status: 'done', result: 'recorded' })
    const changed = { ...step, note: '其实是电机。' }
    desk.listed.push(changed)
    expect(await desk.pull()).toMatchObject({ counts: { parked: 1, queued: 0 } })
    expect(await desk.row('s-1')).toMatchObject({ status: 'parked', reason: { code: 'progress-changed' } })
    desk.listed.push(changed)
    expect(await desk.pull()).toMatchObject({ counts: { parked: 0, known: 1 } })
  })

  it('waits for its interval, tells what fails, and lets one run at a time', async () => {
    const desk = new Desk()
    await desk.pull()
    expect(await desk.pull({}, false)).toEqual({ is: 'not-due' })
    desk.clock.advance(5 * 60_000)
    desk.fails = true
    expect(await desk.pull({}, false)).toMatchObject({ is: 'failed' })
    desk.fails = false
    let inner: unknown
    const erp: NonNullable<PullAftersalesDeps['erp']> = {
      read: async () => {
        inner = await desk.pull()
        return { is: 'ok', value: { progress: [], unreadable: [], cursor: '', more: false } }
      },
    }
    expect(await desk.pull({ erp })).toMatchObject({ is: 'done' })
    expect(inner).toEqual({ is: 'busy' })
  })

  it('says of a target that cannot tell of steps where to look', async () => {
    expect(await new Desk().pull({ erp: undefined })).toMatchObject({
      is: 'failed',
      why: expect.stringContaining('aftersales'),
    })
  })
})
