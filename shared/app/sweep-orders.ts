import type { Changes } from '#contracts/bridge.ts'
import type { TargetConfig } from '#contracts/config.ts'
import {
  type Comparison,
  type Repairs,
  type SweepAsked,
  type SweepInput,
  type SweepKept,
  SweepKeptSchema,
} from '#contracts/drift.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow, RowKey } from '#contracts/ledger-row.ts'
import type { Kind, Version } from '#contracts/scalars.ts'
import { DAY_MS, isDue, nightOf } from '#domain/due.ts'
import { orderSourceId } from '#domain/reference.ts'
import { isToWake, sweepVerdict } from '#domain/sweep.ts'
import { type CompareDeps, compareShop } from './compare-shop.ts'
import { OrderMemory } from './order-memory.ts'
import { type Hold, type RunDeps, type RunEnd, underLock } from './run.ts'
import { EPOCH_CHANGED, failed, type Receiver, SweepDesk, type Thing } from './sweep-desk.ts'
import { readAsked, readDrift, readRepairs, readSweep, sweepName, writeRepairs } from './sweep-notes.ts'

/** A change younger than this is left to its webhook, unless somebody wants everything now. */
const GRACE_MS = 120_000
/** A transaction of the shop may end after one that drew a later number. */
const OVERLAP = 500
const CHANGES_PAGE = 200
const DIGESTS_PAGE = 100
const ROWS_PAGE = 100
const WAKE_EVERY_MINUTES = 60
const COMPARED_DAYS = 90

export interface SweepDeps extends RunDeps, CompareDeps {
  /** Those the shop sends to. */
  readonly targets: Readonly<Record<string, Pick<TargetConfig, 'kinds'>>>
  readonly nightly: { readonly at: string; readonly timeZone: string }
  /** Epochs of the webhook’s secret, oldest first; undefined = the shop is not connected. */
  readonly epochs: () => Promise<readonly string[] | undefined>
}

const NEW_SWEEP: SweepKept = {
  unfinished: false,
  seq: 0,
  targets: {},
  buckets: [],
  obeyed: { release: 0, repair: 0 },
}

/** Fetches from a shop what no webhook told, and at night compares it with the ledger and the ERP. */
export async function sweepOrders(input: SweepInput, endsAt: number, deps: SweepDeps): Promise<RunEnd> {
  const { notes, shop } = deps
  const asked = await readAsked(notes, shop)
  const before = await readSweep(notes, shop)
  if (before && !input.now && !isSweepDue(before, asked, deps)) return { is: 'not-due' }
  return underLock(sweepName(shop), SweepKeptSchema, NEW_SWEEP, deps, async (kept, hold) => {
    const desk = new SweepDesk(deps, endsAt)
    const graceMs = input.now ? 0 : GRACE_MS
    const sweep = new Sweep(kept, hold, { asked, graceMs }, desk, endsAt, deps)
    try {
      return await sweep.run()
    } finally {
      await desk.close()
    }
  })
}

function isSweepDue(kept: SweepKept, asked: SweepAsked, { clock, config }: SweepDeps): boolean {
  return (
    kept.unfinished ||
    asked.release > kept.obeyed.release ||
    asked.repair > kept.obeyed.repair ||
    isDue(kept.startedAt, config.sweepMinutes, clock.now())
  )
}

type Change = Changes['changes'][number]
type Fact = Thing & { readonly seq: number; readonly wireHash: string | undefined }

/** One invocation. */
class Sweep {
  #kept: SweepKept
  readonly #hold: Hold<SweepKept>
  readonly #asked: SweepAsked
  readonly #graceMs: number
  readonly #desk: SweepDesk
  readonly #endsAt: number
  readonly #deps: SweepDeps
  readonly #memory: OrderMemory
  readonly #counts = {
    changes: 0,
    enqueued: 0,
    confirmed: 0,
    withheld: 0,
    unfit: 0,
    woken: 0,
    repaired: 0,
    postponed: 0,
  }
  /** Things whose newest change waits to be looked at again. */
  readonly #unsettled = new Set<string>()
  #compared: Readonly<Record<string, number>> = {}

  constructor(
    kept: SweepKept,
    hold: Hold<SweepKept>,
    { asked, graceMs }: { asked: SweepAsked; graceMs: number },
    desk: SweepDesk,
    endsAt: number,
    deps: SweepDeps,
  ) {
    this.#kept = kept
    this.#hold = hold
    this.#asked = asked
    this.#graceMs = graceMs
    this.#desk = desk
    this.#endsAt = endsAt
    this.#deps = deps
    this.#memory = new OrderMemory(deps.notes, deps.shop)
  }

  async run(): Promise<{ kept: SweepKept; end: RunEnd }> {
    if (!this.#kept.unfinished) this.#keep({ startedAt: this.#deps.clock.now() })
    const end = await this.#steps()
    const counted = end.is === 'done' || end.is === 'saved'
    return {
      kept: { ...this.#kept, unfinished: end.is === 'saved' },
      end: counted ? { ...end, counts: { ...this.#counts, ...this.#compared } } : end,
    }
  }

  async #steps(): Promise<RunEnd> {
    const stopped = await this.#checkCounter()
    if (stopped) return stopped
    this.#obeyRelease()
    const { open, closed } = await this.#gates()
    if (open.length === 0) return { is: 'waiting', why: `the gate of ${closed.join(', ')} is closed` }
    return (
      (await this.#feed(open)) ??
      (await this.#wake(open)) ??
      (await this.#repair(open)) ??
      (await this.#compare(closed)) ?? { is: 'done', counts: {} }
    )
  }

  /** Gate or not: a counter that fell is a restored database, a new epoch a bridge that was set up anew (protocol §1). */
  async #checkCounter(): Promise<RunEnd | undefined> {
    const { epochs, shop, log, clock } = this.#deps
    const known = await epochs()
    if (!known) return failed(notConnected(shop))
    const answer = await this.#desk.ask((gateway, deadline) =>
      gateway.changes({ after: this.#kept.seq, limit: 1 }, deadline),
    )
    if (answer.is !== 'ok') return answer.is === 'end' ? answer.end : failed(answer.failure)
    const { epoch, seq } = answer.value
    if (epoch !== known.at(-1)) return failed(otherEpoch(shop))
    this.#desk.expect({ name: epoch, no: known.length - 1 })

    const { paused, ...kept } = this.#kept
    const released = this.#asked.release > kept.obeyed.release
    const fell = seq < kept.seq
    // It stays so when the counter has climbed again: its numbers were given out twice.
    if (kept.epoch === epoch && (fell || (paused && !released))) {
      this.#keep({ paused: { at: paused?.at ?? clock.now(), seq } })
      this.#keep({ obeyed: { ...kept.obeyed, release: this.#asked.release } })
      log.error('SHOP_RESTORED', 'The counter of the shop fell: its database was restored.', {
        shop,
        seq,
        was: kept.seq,
      })
      return failed(RESTORED)
    }
    if (kept.epoch === undefined) {
      const end = await this.#begin()
      if (end) return end
    }
    if (kept.epoch !== undefined && kept.epoch !== epoch) {
      log.warn('SHOP_HOLDING', 'The shop has a new epoch: what differs waits for a person.', { shop })
      this.#kept = { ...kept, seq, targets: {}, holding: { at: clock.now() } }
      this.#keep({ comparison: this.#comparison('new-epoch') })
    }
    this.#keep({ epoch, seq: Math.max(this.#kept.seq, seq) })
    return undefined
  }

  /** The first run: what was ordered long before is nobody’s business here. */
  async #begin(): Promise<RunEnd | undefined> {
    const health = await this.#desk.ask((gateway, deadline) => gateway.health(deadline))
    if (health.is !== 'ok') return health.is === 'end' ? health.end : failed(health.failure)
    const { raw_offset: rawOffset } = health.value.clock
    const yesterday = Math.floor((this.#deps.clock.now() - DAY_MS) / 1000) - rawOffset
    this.#keep({ rawOffset, from: Math.max(0, yesterday) })
    return undefined
  }

  #obeyRelease(): void {
    if (this.#asked.release <= this.#kept.obeyed.release) return
    const { holding, paused, ...rest } = this.#kept
    this.#kept = { ...rest, obeyed: { ...rest.obeyed, release: this.#asked.release } }
    // What was held back is looked at once more: the changes of this epoch, and everything that differs.
    if (holding || paused) this.#keep({ targets: {}, comparison: this.#comparison('released') })
  }

  async #gates(): Promise<{ open: string[]; closed: string[] }> {
    const names = Object.keys(this.#deps.targets)
    const states = await Promise.all(names.map((target) => this.#deps.gate.state(target)))
    const isOpen = (_: string, index: number) => states[index]?.breaker !== 'open'
    return {
      open: names.filter(isOpen),
      closed: names.filter((name, index) => !isOpen(name, index)),
    }
  }

  async #feed(open: readonly string[]): Promise<RunEnd | undefined> {
    // A target that is new to a known shop begins now: what it lacks is the comparison’s to tell.
    const known = Object.keys(this.#kept.targets).length > 0
    for (const target of Object.keys(this.#deps.targets)) {
      const place = this.#kept.targets[target] ?? { cursor: known ? this.#kept.seq : 0, settled: {} }
      this.#keep({ targets: { ...this.#kept.targets, [target]: place } })
    }
    const cuts = new Map<string, number>()
    let after = Math.max(0, Math.min(...open.map((target) => this.#place(target).cursor)) - OVERLAP)
    for (;;) {
      const query = { after, limit: CHANGES_PAGE }
      const page = await this.#desk.ask((gateway, deadline) => gateway.changes(query, deadline))
      if (page.is !== 'ok') return page.is === 'end' ? page.end : failed(page.failure)
      const { changes, next, more, epoch } = page.value
      if (epoch !== this.#kept.epoch) return EPOCH_CHANGED
      const before = this.#counts.enqueued
      const end = await this.#examine(changes, open, cuts)
      if (end) return end
      after = next
      for (const target of open) this.#advance(target, Math.min(next, (cuts.get(target) ?? Infinity) - 1))
      if (this.#counts.enqueued > before && !(await this.#hold.save(this.#kept))) return { is: 'busy' }
      if (!more) return undefined
    }
  }

  #advance(target: string, to: number): void {
    const { cursor, settled } = this.#place(target)
    const now = Math.max(cursor, to)
    const recent = Object.entries(settled).filter(([, seq]) => seq > now - OVERLAP)
    const place = { cursor: now, settled: Object.fromEntries(recent) }
    this.#keep({ targets: { ...this.#kept.targets, [target]: place } })
  }

  async #examine(
    changes: readonly Change[],
    open: readonly string[],
    cuts: Map<string, number>,
  ): Promise<RunEnd | undefined> {
    const settle = (target: string, change: Pick<Change, 'kind' | 'id' | 'deleted' | 'stamp' | 'seq'>) => {
      this.#place(target).settled[changeKey(change)] = change.seq
    }
    const cut = (target: string, change: Pick<Change, 'kind' | 'id' | 'seq'>) => {
      cuts.set(target, Math.min(cuts.get(target) ?? Infinity, change.seq))
      this.#unsettled.add(`${change.kind}:${change.id}`)
    }
    const now = this.#deps.clock.now()
    const ripe: { change: Change; targets: string[] }[] = []
    for (const change of changes) {
      const targets = open.filter(
        (target) =>
          this.#deps.targets[target]?.kinds.includes(change.kind) &&
          (this.#place(target).settled[changeKey(change)] ?? -1) < change.seq,
      )
      if (targets.length === 0) continue
      if (EpochMsSchema.decode(change.at) > now - this.#graceMs)
        for (const target of targets) cut(target, change)
      else ripe.push({ change, targets })
    }
    this.#counts.changes += ripe.length

    const digests = await this.#digests(ripe.map(({ change }) => change).filter(({ deleted }) => !deleted))
    if ('is' in digests) return digests
    const alive = [...digests.entries()].filter(([key]) => key.startsWith('order:'))
    await this.#remember(alive.map(([, { id, stamp }]) => orderSourceId(id, stamp)))

    const facts = ripe.flatMap(({ change, targets }): { fact: Fact; change: Change; targets: string[] }[] => {
      const { kind, id, seq, stamp, deleted } = change
      if (deleted) return [{ fact: { kind, id, stamp, seq, wireHash: undefined }, change, targets }]
      const digest = digests.get(`${kind}:${id}`)
      if (digest) return [{ fact: { kind, ...digest, seq }, change, targets }]
      // Gone since: its deletion is a change of its own.
      for (const target of targets) settle(target, change)
      return []
    })
    const rows = await this.#rows(facts)
    for (const { fact, change, targets } of facts) {
      const receivers: Receiver[] = []
      const version: Version = { epoch: this.#kept.epoch ?? '', epochNo: this.#desk.epochNo, seq: fact.seq }
      for (const target of targets) {
        const row = rows.get(rowName(fact, target))
        const verdict = sweepVerdict(
          row,
          { version, wireHash: fact.wireHash },
          { now: this.#deps.clock.now(), holding: this.#kept.holding !== undefined },
        )
        if (verdict === 'enqueue') receivers.push({ target, row })
        else if (verdict === 'busy') cut(target, change)
        else if (verdict === 'confirm' && row && !(await this.#confirm(row, version))) cut(target, change)
        else settle(target, change)
        if (verdict === 'withheld') this.#counts.withheld += 1
      }
      if (receivers.length === 0) continue
      const posted = await this.#desk.post(fact, receivers, 'sweep', (target) =>
        ['sweep', this.#deps.shop, target, fact.kind, fact.id, fact.stamp, version.epoch, fact.seq].join('|'),
      )
      if (posted.is === 'end') return posted.end
      for (const [index, { target }] of receivers.entries()) {
        const queued = posted.is === 'posted' && posted.queued[index]
        if (queued) this.#counts.enqueued += 1
        if (queued || posted.is === 'unfit') settle(target, change)
        else cut(target, change)
      }
      if (posted.is === 'unfit') this.#counts.unfit += 1
    }
    return undefined
  }

  /** Identity and hash of living things, in runs of neighbouring ids. */
  async #digests(
    changes: readonly Change[],
  ): Promise<Map<string, { id: string; stamp: number; wireHash: string }> | RunEnd> {
    const found = new Map<string, { id: string; stamp: number; wireHash: string }>()
    for (const [kind, ofKind] of Map.groupBy(changes, (change) => change.kind)) {
      const ids = ofKind.map(({ id }) => BigInt(id)).toSorted((a, b) => (a < b ? -1 : 1))
      let done = -1n
      for (const [index, id] of ids.entries()) {
        if (id <= done) continue
        const last = ids.slice(index).findLast((other) => other < id + BigInt(DIGESTS_PAGE)) ?? id
        const query = { after: String(id > 0n ? id - 1n : 0n), limit: Number(last - id) + 1 }
        const page = await this.#desk.ask((gateway, deadline) => gateway.digestPage(kind, query, deadline))
        if (page.is !== 'ok') return page.is === 'end' ? page.end : failed(page.failure)
        if (page.value.epoch !== this.#kept.epoch) return EPOCH_CHANGED
        for (const { id: of, stamp, hash, hashVersion } of page.value.digests)
          found.set(`${kind}:${of}`, { id: of, stamp, wireHash: `${hashVersion}:${hash}` })
        done = last
      }
    }
    return found
  }

  async #rows(
    facts: readonly { readonly fact: Fact; readonly targets: readonly string[] }[],
  ): Promise<Map<string, LedgerRow>> {
    const wanted = facts.flatMap(({ fact, targets }) => targets.map((target) => ({ fact, target })))
    const rows = await this.#deps.ledger.getMany(
      wanted.map(({ fact, target }): RowKey => ({ shop: this.#deps.shop, ...rowOf(fact), target })),
    )
    const found = new Map<string, LedgerRow>()
    for (const [index, { fact, target }] of wanted.entries()) {
      const row = rows[index]
      if (row) found.set(rowName(fact, target), row)
    }
    return found
  }

  /** The ledger has this very state: what a webhook still carries from before is no news any more. */
  async #confirm(row: LedgerRow, version: Version): Promise<boolean> {
    const { ledger, ids } = this.#deps
    const seen = { ...row.seen, version }
    const { ok } = await ledger.put({ ...row, rev: row.rev + 1, writer: ids.next(), seen })
    if (ok) this.#counts.confirmed += 1
    return ok
  }

  async #remember(add: readonly string[]): Promise<void> {
    if (add.length > 0) this.#keep({ buckets: await this.#memory.change(this.#kept.buckets, { add }) })
  }

  /** Rows whose time has come; looked through now and then, because each look reads all that wait. */
  async #wake(open: readonly string[]): Promise<RunEnd | undefined> {
    const { clock, ledger, shop } = this.#deps
    if (!isDue(this.#kept.wokeAt, WAKE_EVERY_MINUTES, clock.now())) return undefined
    for (const target of open) {
      for (const status of ['new', 'held', 'parked'] as const) {
        let cursor: string | undefined
        do {
          const page = await ledger.list(target, status, { limit: ROWS_PAGE, ...(cursor && { cursor }) })
          const due = page.rows.filter((row) => row.key.shop === shop && this.#wakes(row))
          for (const row of due) {
            const thing = thingOf(row.key)
            const posted = thing && (await this.#desk.post(thing, [{ target, row }], 'sweep'))
            if (posted?.is === 'end') return posted.end
            if (posted?.is === 'posted' && posted.queued[0]) this.#counts.woken += 1
          }
          const last = page.rows.at(-1)
          // Oldest first: nothing after this one has waited for a day.
          cursor = last && last.updatedAt > clock.now() - DAY_MS ? undefined : page.cursor
        } while (cursor !== undefined)
      }
    }
    this.#keep({ wokeAt: clock.now() })
    return undefined
  }

  #wakes(row: LedgerRow): boolean {
    const withheld = this.#kept.holding !== undefined && row.seen.version.epochNo < this.#desk.epochNo
    return isToWake(row, this.#deps.clock.now()) && !withheld
  }

  /** Delivers anew what a person asked for. What is for a target whose gate is closed waits for that to open. */
  async #repair(open: readonly string[]): Promise<RunEnd | undefined> {
    const { notes, shop, targets } = this.#deps
    const asked = await this.#repairsAsked()
    const left: Repairs = []
    let end: RunEnd | undefined
    for (const repair of asked) {
      if (!(repair.target in targets)) continue
      const done = !end && open.includes(repair.target) ? await this.#repairOne(repair) : false
      if (done === true) continue
      if (done !== false) end = done
      left.push(repair)
    }
    if (left.length < asked.length) await writeRepairs(notes, shop, left)
    this.#keep({ repairsLeft: left.length })
    this.#counts.postponed = left.length
    return end
  }

  /** What was left of before, and what the last report lists if a person has asked since. */
  async #repairsAsked(): Promise<Repairs> {
    const { notes, shop } = this.#deps
    const { obeyed, repairsLeft = 0 } = this.#kept
    const isNew = this.#asked.repair > obeyed.repair
    const waiting = isNew || repairsLeft > 0 ? await readRepairs(notes, shop) : []
    if (!isNew) return waiting
    const { differences = [] } = (await readDrift(notes, shop)) ?? {}
    const known = new Set(waiting.map(repairKey))
    const all = [...waiting, ...differences.filter((difference) => !known.has(repairKey(difference)))]
    await writeRepairs(notes, shop, all)
    this.#keep({ obeyed: { ...obeyed, repair: this.#asked.repair }, repairsLeft: all.length })
    return all
  }

  /** False = not yet: the queue did not take it. What does not fit the contract was logged, and is done with. */
  async #repairOne({ kind, sourceId, target }: Repairs[number]): Promise<boolean | RunEnd> {
    const { ledger, shop } = this.#deps
    const thing = thingOf({ kind, sourceId })
    if (!thing) return true
    const row = await ledger.get({ shop, kind, sourceId, target })
    const posted = await this.#desk.post(thing, [{ target, row }], 'repair')
    if (posted.is === 'end') return posted.end
    const isQueued =
      posted.is === 'posted'
        ? posted.queued[0] === true
        : posted.code === 'not-found' && row
          ? await this.#desk.postGone(thing, row, this.#kept.seq)
          : undefined
    if (isQueued) this.#counts.repaired += 1
    return isQueued ?? true
  }

  /** Every night, at the first run, and where a new epoch or a person asks for it. */
  async #compare(closed: readonly string[]): Promise<RunEnd | undefined> {
    const { nightly, clock } = this.#deps
    const night = nightOf(clock.now(), nightly)
    const { comparison, holding } = this.#kept
    if (!comparison && this.#kept.night !== undefined && night <= this.#kept.night) return undefined
    const begun = comparison ?? this.#comparison(holding ? 'new-epoch' : 'report')
    if (begun.mode !== 'report' && closed.length > 0)
      return { is: 'waiting', why: `the gate of ${closed.join(', ')} is closed` }

    const compared = await compareShop(begun, this.#kept.buckets, this.#unsettled, {
      ...this.#deps,
      desk: this.#desk,
      memory: this.#memory,
      epoch: this.#kept.epoch ?? '',
      closed,
      endsAt: this.#endsAt,
    })
    this.#keep({ buckets: [...compared.buckets] })
    this.#compared = { compared: compared.place.orders, differences: compared.place.differences.length }
    if (compared.end) {
      this.#keep({ comparison: compared.place })
      return compared.end
    }
    const { comparison: _done, ...rest } = this.#kept
    this.#kept = { ...rest, night: begun.night }
    return undefined
  }

  #comparison(mode: Comparison['mode']): Comparison {
    const { nightly, clock } = this.#deps
    const rawNow = Math.floor(clock.now() / 1000) - (this.#kept.rawOffset ?? 0)
    return {
      mode,
      night: nightOf(clock.now(), nightly),
      since: Math.max(this.#kept.from ?? 0, rawNow - COMPARED_DAYS * (DAY_MS / 1000)),
      seq: this.#kept.seq,
      after: '0',
      orders: 0,
      days: {},
      differences: [],
      more: 0,
    }
  }

  #place(target: string): SweepKept['targets'][string] {
    const place = this.#kept.targets[target]
    if (!place) throw new Error(`no place was made for ${target}`)
    return place
  }

  #keep(news: Partial<SweepKept>): void {
    this.#kept = { ...this.#kept, ...news }
  }
}

/** Of a deletion its identity as well: an id may be given out again. */
const changeKey = ({
  kind,
  id,
  deleted,
  stamp,
}: Pick<Change, 'kind' | 'id' | 'deleted' | 'stamp'>): string =>
  deleted ? `${kind}:${id}.${stamp}` : `${kind}:${id}`
const rowOf = ({ kind, id, stamp }: Thing): { kind: Kind; sourceId: string } => ({
  kind,
  sourceId: orderSourceId(id, stamp),
})
const rowName = (thing: Thing, target: string): string => {
  const { kind, sourceId } = rowOf(thing)
  return `${target}|${kind}|${sourceId}`
}

/** Parts are the desk's, guests and refunds come with their order: none of them can be asked for. */
function thingOf({ kind, sourceId }: Pick<RowKey, 'kind' | 'sourceId'>): Thing | undefined {
  const [, id, stamp] = /^(\d+)\.(\d+)$/.exec(sourceId) ?? []
  return id === undefined || kind === 'parts' ? undefined : { kind, id, stamp: Number(stamp) }
}

const repairKey = ({ kind, sourceId, target }: Repairs[number]): string => `${target}|${kind}|${sourceId}`

const notConnected = (shop: string) => ({
  code: 'not-connected',
  message: `Shop ${shop} is not connected.`,
  remedy: `Run \`npm run sync -- connect ${shop}\`.`,
})
const otherEpoch = (shop: string) => ({
  code: 'other-epoch',
  message: 'The bridge was set up anew, and this service does not know its epoch.',
  remedy: `Run \`npm run sync -- connect ${shop}\` with the code its setup page shows.`,
})
const RESTORED = {
  code: 'restored',
  message: 'The counter of the shop fell below what it had sent: its database was restored.',
  remedy: 'Start a new epoch on the setup page of the bridge and connect it again.',
}
