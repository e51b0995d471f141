import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askSweep, readRepairs } from '#app/sweep-notes.ts'
import type { Commitment, ErpCommitments } from '#ports/erp-reads.ts'
import { DAY, MINUTE, SweepWorld, type SweepWorldOptions } from '../../support/sweep-world.ts'

let world: SweepWorld
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweep-'))
})
afterEach(() => {
  world.close()
  rmSync(folder, { recursive: true })
})

const open = (options: SweepWorldOptions = {}) => {
  world = new SweepWorld(options)
  return world
}
const inFile = (options: SweepWorldOptions = {}) => open({ ...options, file: join(folder, 'shop.sqlite') })

describe('a sweep', () => {
  it('fetches an order that no webhook told', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    world.later()
    expect(await world.sweep()).toMatchObject({ is: 'done', counts: { enqueued: 1 } })
    expect(await world.row(order)).toMatchObject({
      status: 'new',
      no: order.no,
      enqueued: { at: world.clock.now() },
    })
    await world.deliver()
    expect(await world.row(order)).toMatchObject({ status: 'done' })
    expect(world.erps.get('erp')?.live()).toHaveLength(1)
  })

  it('has the consumer store what it fetched, so that it can be replayed', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    world.later()
    await world.sweep()
    const row = await world.row(order)
    if (!row) throw new Error('there is no row')
    expect(await world.ledger.getSubject(row.key)).toBeUndefined()
    await world.deliver()
    expect(await world.ledger.getSubject(row.key)).toMatchObject({ is: 'snapshot' })
  })

  it('leaves a change to its webhook for two minutes', async () => {
    const { shop } = open()
    shop.place({ paid: true })
    world.later(MINUTE)
    await world.sweep()
    expect(world.swept).toEqual([])
    world.later(MINUTE)
    await world.sweep()
    expect(world.swept).toHaveLength(1)
  })

  it('that is asked for waits for nothing', async () => {
    const { shop } = open()
    shop.place({ paid: true })
    expect(await world.sweep({ now: true })).toMatchObject({ is: 'done', counts: { enqueued: 1 } })
  })

  it('enqueues nothing that a webhook has told', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    await world.relay(order)
    shop.edit(order.no)
    await world.relay(order)
    world.later()
    expect(await world.sweep()).toMatchObject({
      is: 'done',
      counts: { enqueued: 0, changes: 1, confirmed: 0 },
    })
  })

  it('enqueues an edit whose webhook was lost', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    await world.relay(order)
    shop.edit(order.no)
    world.later()
    await world.sweep()
    await world.deliver()
    expect(world.erps.get('erp')?.live()[0]?.content).toContain(`${(order.lines[0]?.quantity ?? 0) + 1}`)
    expect(world.swept).toHaveLength(1)
  })

  it('enqueues a deletion whose webhook was lost, and only once', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    await world.relay(order)
    shop.cancel(order.no)
    shop.delete(order.no)
    world.later()
    await world.sweep()
    await world.deliver()
    expect(await world.row(order)).toMatchObject({ status: 'done', shopState: { gone: true } })
    expect(world.erps.get('erp')?.live()).toEqual([])
    world.later()
    await world.sweep()
    expect(world.swept).toHaveLength(1)
  })

  it('enqueues nothing again within a day, and again after it', async () => {
    const { shop } = open()
    shop.place({ paid: true })
    world.later()
    for (let runs = 0; runs < 20; runs += 1) {
      await world.sweep()
      world.later(HOUR)
    }
    expect(world.swept).toHaveLength(1)
    world.later(5 * HOUR)
    await world.sweep()
    expect(world.swept).toHaveLength(2)
  })

  it('enqueues again what the shop changed while the first message still waits', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    world.later()
    await world.sweep()
    shop.edit(order.no)
    world.later()
    await world.sweep()
    expect(world.swept.map(({ version }) => version.seq)).toEqual(
      world.swept.map(({ version }) => version.seq).toSorted((a, b) => a - b),
    )
    expect(world.swept).toHaveLength(2)
  })

  it('lets no late message bring back what the shop took back without a word', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    const quantity = order.lines[0]?.quantity ?? 0
    await world.relay(order)
    world.setQuantity(order.no, quantity + 5)
    const late = world.captured(order)
    world.setQuantity(order.no, quantity)
    world.later()
    expect(await world.sweep()).toMatchObject({ counts: { enqueued: 0, confirmed: 1 } })
    await world.post(late)
    await world.deliver()
    expect((await world.row(order))?.lines[0]?.qty).toBe(quantity)
  })

  it('waits while a worker is at the row, and looks again', async () => {
    const { shop, ledger, clock } = open()
    const order = shop.place({ paid: true })
    await world.relay(order)
    shop.edit(order.no)
    world.later()
    const row = await world.row(order)
    if (!row) throw new Error('there is no row')
    const claim = { owner: 'somebody', leaseUntil: clock.now() + MINUTE }
    await ledger.put({ ...row, rev: row.rev + 1, writer: 'somebody', claim })
    await world.sweep()
    expect(world.swept).toEqual([])
    world.later(2 * MINUTE)
    await world.sweep()
    expect(world.swept).toHaveLength(1)
  })

  it('sends to each target what that target has not seen', async () => {
    const { shop } = open({ targets: ['erp', 'books'] })
    const order = shop.place({ paid: true })
    const [first] = world.captured(order)
    if (!first) throw new Error('nothing was captured')
    await world.post([first])
    await world.deliver()
    world.later()
    await world.sweep()
    expect(world.swept.map(({ target }) => target)).toEqual(['books'])
  })

  it('enqueues nothing for a target whose gate is closed, and everything once it is open', async () => {
    const { shop, gate } = open({ targets: ['erp', 'books'] })
    await world.sweep()
    await closeGate('erp')
    const orders = [shop.place({ paid: true }), shop.place({ paid: true })]
    world.later(15_000)
    world.later(2 * MINUTE)
    await closeGate('erp')
    await world.sweep()
    expect(world.swept.map(({ target }) => target)).toEqual(['books', 'books'])
    expect(await world.row(orders[0] ?? { id: 0, addTime: 0 }, 'erp')).toBeUndefined()
    expect((await gate.state('erp')).breaker).toBe('open')
    world.later(20 * MINUTE)
    await world.sweep()
    expect(world.swept.filter(({ target }) => target === 'erp')).toHaveLength(2)
  })

  it('looks at the counter even where every gate is closed', async () => {
    open()
    await closeGate('erp')
    expect(await world.sweep({ now: true })).toMatchObject({ is: 'waiting' })
    expect((await world.kept())?.epoch).toBe(world.epochs[0])
  })

  it('wakes what was parked for something missing once a day, and it ends when that is there', async () => {
    const { shop } = open()
    const erp = world.erps.get('erp')
    const order = shop.place({ paid: true })
    const sku = order.lines[0]?.sku ?? ''
    erp?.unknownSkus.add(sku)
    await world.relay(order)
    expect(await world.row(order)).toMatchObject({ status: 'parked', reason: { code: 'missing-reference' } })
    world.later()
    await world.sweep()
    expect(world.swept).toEqual([])
    world.later(DAY)
    await world.sweep()
    await world.deliver()
    expect(world.swept).toHaveLength(1)
    expect(await world.row(order)).toMatchObject({ status: 'parked' })
    erp?.unknownSkus.delete(sku)
    world.later(DAY + HOUR)
    await world.sweep()
    await world.deliver()
    expect(await world.row(order)).toMatchObject({ status: 'done' })
  })

  it('goes on from its place when its time is over', async () => {
    const { shop } = open()
    for (let count = 0; count < 30; count += 1) shop.place({ paid: true })
    world.later()
    const slow = world.clock
    const ends: string[] = []
    for (let runs = 0; runs < 50; runs += 1) {
      const end = await world.sweep({ now: false, forMs: 2_100 })
      ends.push(end.is)
      slow.advance(MINUTE)
      if (end.is === 'done') break
    }
    expect(ends.at(-1)).toBe('done')
    expect(new Set(world.swept.map(({ subject }) => JSON.stringify(subject)))).toHaveProperty('size', 30)
  })

  it('is due by its minutes only', async () => {
    open()
    expect((await world.sweep({ now: false })).is).toBe('done')
    world.later(20_000)
    expect((await world.sweep({ now: false })).is).toBe('not-due')
    world.later(20_000)
    expect((await world.sweep({ now: false })).is).toBe('done')
  })

  it('fails with what is to be done where the shop cannot be asked', async () => {
    open()
    world.epochs = []
    expect(await world.sweep()).toMatchObject({ is: 'failed', why: expect.stringContaining('connect A1') })
    world.epochs = [world.shop.identity.epoch]
    world.fault = { class: 'AuthDenied', code: 'not-bound', message: 'a copy', remedy: 'bind it' }
    expect(await world.sweep()).toEqual({ is: 'failed', why: 'not-bound: a copy bind it' })
    expect(world.swept).toEqual([])
  })

  it('waits for a shop that has been down for long', async () => {
    open()
    world.fault = { class: 'Unavailable', code: 'timeout', message: 'no answer', remedy: 'wait' }
    const ends = []
    for (let runs = 0; runs < 6; runs += 1) ends.push((await world.sweep({ now: true })).is)
    expect(ends).toEqual(['failed', 'failed', 'failed', 'failed', 'failed', 'waiting'])
  })

  it('goes on past a thing that does not fit the contract', async () => {
    const { shop } = open()
    const bad = shop.place({ paid: true, userId: 'x' })
    const good = shop.place({ paid: true })
    world.later()
    expect(await world.sweep()).toMatchObject({ is: 'done', counts: { enqueued: 1, unfit: 1 } })
    expect(world.log.lines.filter(({ code }) => code === 'EVENT_INVALID')).toMatchObject([
      { fields: { shop: 'A1', id: String(bad.id), code: 'unreadable' } },
    ])
    expect(await world.row(good)).toMatchObject({ status: 'new' })
    await world.sweep()
    expect(world.log.lines.filter(({ code }) => code === 'EVENT_INVALID')).toHaveLength(1)
  })
})

const HOUR = 60 * MINUTE

/** Opens the breaker, as an ERP that lets nobody in does. */
async function closeGate(target: string): Promise<void> {
  const entry = await world.gate.enter(target, 1)
  if (!entry.open) return
  entry.permit.report('AuthDenied')
  await entry.permit.leave()
}

// Each number a shop in a file draws is a write to the disk.
describe('a restored, cloned or reinstalled shop', { timeout: 30_000 }, () => {
  it('is paused when its counter fell, and stays so when the counter has climbed again', async () => {
    const { shop } = inFile()
    const order = shop.place({ paid: true })
    await world.relay(order)
    world.backUp(join(folder, 'backup.sqlite'))
    for (let edits = 0; edits < 5; edits += 1) {
      world.shop.edit(order.no)
      await world.relay(order)
    }
    world.later()
    await world.sweep()
    world.restore(join(folder, 'backup.sqlite'))
    world.later()
    expect(await world.sweep()).toMatchObject({ is: 'failed', why: expect.stringContaining('restored') })
    expect(world.log.lines.map(({ code }) => code)).toContain('SHOP_RESTORED')
    const highest = (await world.kept())?.seq ?? 0
    while (world.shop.database.seq <= highest) world.shop.place({ paid: true })
    world.later(DAY)
    expect(await world.sweep()).toMatchObject({ is: 'failed' })
    expect(await world.kept()).toMatchObject({ paused: { seq: expect.any(Number) } })
    expect(world.swept).toEqual([])
  })

  it('enqueues nothing that differs after a new epoch until a person releases it, and then all of it', async () => {
    const { shop } = inFile()
    const orders = [1, 2, 3].map(() => shop.place({ paid: true }))
    for (const order of orders) await world.relay(order)
    const [first, second] = orders
    if (!first || !second) throw new Error('there are orders')
    world.backUp(join(folder, 'backup.sqlite'))
    world.shop.edit(first.no)
    await world.relay(first)
    world.later()
    await world.sweep()
    world.restore(join(folder, 'backup.sqlite'), { newEpoch: 'second-epoch' })
    // What was written back and forth meanwhile: a change the ledger has not seen, and an order nobody has.
    world.shop.edit(second.no)
    const news = world.shop.place({ paid: true })
    world.later(11 * MINUTE)

    for (let days = 0; days < 30; days += 3) {
      await world.sweep()
      await world.deliver()
      world.later(3 * DAY)
    }
    expect(
      world.swept.map(({ subject }) => (subject.is === 'snapshot' ? subject.order.orderId : '')),
    ).toEqual([String(news.id)])
    expect(await world.report()).toMatchObject({
      differences: [
        { is: 'older-content', no: first.no },
        { is: 'older-content', no: second.no },
      ],
    })
    expect(world.log.lines.map(({ code }) => code)).toContain('SHOP_HOLDING')

    await askSweep(world.notes, 'A1', 'release', world.clock.now())
    world.later(MINUTE)
    expect(await world.sweep({ now: false })).toMatchObject({ is: 'done' })
    await world.deliver()
    expect(world.swept).toHaveLength(3)
    world.later(DAY)
    await world.sweep()
    expect(await world.report()).toMatchObject({ differences: [] })
    expect(await world.kept()).not.toHaveProperty('holding')
  })

  it('takes a reinstalled bridge over an unchanged shop as it is, and its next edits as ordinary ones', async () => {
    const { shop } = inFile()
    const orders = [1, 2, 3].map(() => shop.place({ paid: true }))
    for (const order of orders) await world.relay(order)
    world.later()
    await world.sweep()
    world.reinstall('second-epoch')
    world.later()
    await world.sweep()
    expect(world.swept).toEqual([])
    expect(await world.report()).toMatchObject({ orders: 3, differences: [] })
    for (const { no } of orders) world.shop.edit(no)
    world.later()
    await world.sweep()
    expect(world.swept).toHaveLength(3)
  })

  it('fails until the new epoch is connected', async () => {
    inFile()
    await world.sweep()
    world.reinstall('second-epoch')
    world.epochs = world.epochs.slice(0, 1)
    expect(await world.sweep()).toMatchObject({ is: 'failed', why: expect.stringContaining('connect A1') })
  })

  it('is let alone where the bridge says that it is a copy', async () => {
    const { shop } = inFile()
    shop.place({ paid: true })
    world.fault = { class: 'AuthDenied', code: 'not-bound', message: 'a copy', remedy: 'leave it' }
    for (let hours = 0; hours < 48; hours += 1) {
      await world.sweep()
      world.later(HOUR)
    }
    expect(world.swept).toEqual([])
  })

  it('reports orders that are in the shop no more, and parks them when a person asks for the repair', async () => {
    const { shop } = inFile()
    const before = shop.place({ paid: true })
    await world.relay(before)
    world.backUp(join(folder, 'backup.sqlite'))
    const vanished = world.shop.place({ paid: true })
    await world.relay(vanished)
    world.later()
    await world.sweep()
    world.restore(join(folder, 'backup.sqlite'), { newEpoch: 'second-epoch' })
    world.later()
    await world.sweep()
    expect(await world.report()).toMatchObject({ differences: [{ is: 'not-in-shop', no: vanished.no }] })
    await askSweep(world.notes, 'A1', 'repair', world.clock.now())
    await world.sweep({ now: false })
    await world.deliver()
    expect(await world.row(vanished)).toMatchObject({ status: 'parked', reason: { code: 'vanished' } })
    expect(world.erps.get('erp')?.live()).toHaveLength(2)
  })
})

describe('the nightly comparison', () => {
  const commitments =
    (held: (reference: string) => Commitment): ((target: string) => ErpCommitments) =>
    () => ({
      maxReferences: 2,
      read: async (references) => ({
        is: 'ok',
        value: new Map(references.map((reference) => [reference, held(reference)])),
      }),
    })
  const live = (total: number): Commitment => ({ state: 'live', total, items: [] })

  it('comes at the first run, and then once a night', async () => {
    open()
    const at = async () => (await world.report()).at
    await world.sweep()
    const first = await at()
    world.later(HOUR)
    await world.sweep()
    expect(await at()).toBe(first)
    world.later(DAY)
    await world.sweep()
    expect(await at()).toBe(world.clock.now())
  })

  it('counts days, and finds shop, ledger and ERP alike', async () => {
    const totals = new Map<string, number>()
    const { shop } = open({ commitments: commitments((reference) => live(totals.get(reference) ?? 0)) })
    for (let count = 0; count < 5; count += 1) {
      const order = shop.place({ paid: true })
      await world.relay(order)
      const { ref = '' } = (await world.row(order)) ?? {}
      const [message] = world.captured(order)
      totals.set(ref, message?.subject.is === 'snapshot' ? message.subject.order.money.total : 0)
      world.later(HOUR)
    }
    await world.sweep()
    const { days, differences } = await world.report()
    const amount = [...totals.values()].reduce((sum, total) => sum + total, 0)
    expect(differences).toEqual([])
    expect(days).toEqual({
      '2026-11-21': { shop: { count: 5, amount }, targets: { erp: { seen: 5, erp: { count: 5, amount } } } },
    })
  })

  it('finds what nobody has seen, what has changed since, and what is parked', async () => {
    const { shop } = open()
    await world.sweep()
    const [unseen, edited, parked, fine] = [1, 2, 3, 4].map(() => shop.place({ paid: true }))
    if (!unseen || !edited || !parked || !fine) throw new Error('there are orders')
    for (const order of [edited, fine]) await world.relay(order)
    for (const { sku } of parked.lines) world.erps.get('erp')?.unknownSkus.add(sku)
    await world.relay(parked)
    world.setQuantity(edited.no, 9)
    // As if the shop had not captured them.
    for (const { id } of [unseen, edited]) shop.database.forgetChange('order', id)
    world.later(12 * HOUR)
    await world.sweep()
    expect(await world.report()).toMatchObject({
      orders: 4,
      days: { '2026-11-21': { shop: { count: 4 }, targets: { erp: { seen: 2 } } } },
      differences: [
        { is: 'not-seen', no: '', sourceId: `${unseen.id}.${unseen.addTime}` },
        { is: 'older-content', no: edited.no },
        { is: 'parked', no: parked.no, detail: 'missing-reference' },
      ],
    })
    expect(world.swept).toEqual([])
    await askSweep(world.notes, 'A1', 'repair', world.clock.now())
    await world.sweep()
    await world.deliver()
    expect(await world.row(unseen)).toMatchObject({ status: 'done' })
    expect((await world.row(edited))?.lines[0]?.qty).toBe(9)
  })

  it('rings for none that is parked, on its way, or waits for an ERP that lets nobody in', async () => {
    const { shop } = open({ targets: ['erp', 'crm'] })
    const rings = () => world.log.lines.filter(({ code }) => code === 'DRIFT_FOUND').length
    await world.sweep()
    const parked = shop.place({ paid: true })
    for (const { sku } of parked.lines) world.erps.get('erp')?.unknownSkus.add(sku)
    await world.relay(parked)
    world.later(11 * HOUR)
    const missed = shop.place({ paid: true })
    world.later(HOUR)
    await closeGate('crm')
    // To the ERP it is on its way, and the CRM has to open first.
    await world.sweep({ now: false })
    expect((await world.report()).differences).toMatchObject([
      { is: 'parked', no: parked.no, target: 'erp' },
      { is: 'not-seen', sourceId: `${missed.id}.${missed.addTime}`, target: 'crm' },
    ])
    expect(rings()).toBe(0)

    // Nobody fetches it: the change was lost as well.
    shop.database.forgetChange('order', missed.id)
    world.later(DAY)
    await world.sweep()
    expect(rings()).toBe(1)
  })

  it('finds what was enqueued and did not arrive within a day', async () => {
    const { shop } = open()
    const order = shop.place({ paid: true })
    await world.relay(order)
    shop.edit(order.no)
    world.later()
    await world.sweep()
    world.queue.drain('erp')
    world.later(12 * HOUR)
    await world.sweep()
    expect((await world.report()).differences).toEqual([])
    world.later(DAY)
    await world.sweep()
    expect((await world.report()).differences).toMatchObject([{ is: 'older-content', no: order.no }])
  })

  it('finds what the ERP has otherwise', async () => {
    const held = new Map<string, Commitment>()
    const { shop } = open({ commitments: commitments((reference) => held.get(reference) ?? live(0)) })
    await world.sweep()
    const orders = [1, 2, 3, 4].map(() => shop.place({ paid: true }))
    const [gone, cancelled, dearer, alive] = orders
    if (!gone || !cancelled || !dearer || !alive) throw new Error('there are orders')
    for (const order of orders) await world.relay(order)
    shop.cancel(alive.no)
    await world.relay(alive)
    const refOf = async (order: typeof gone) => (await world.row(order))?.ref ?? ''
    const totalOf = (order: typeof gone) => {
      const [message] = world.captured(order)
      return message?.subject.is === 'snapshot' ? message.subject.order.money.total : 0
    }
    held.set(await refOf(gone), { state: 'absent', items: [] })
    held.set(await refOf(cancelled), { state: 'cancelled', items: [] })
    held.set(await refOf(dearer), live(totalOf(dearer) + 100))
    held.set(await refOf(alive), live(totalOf(alive)))
    world.later(DAY)
    await world.sweep()
    expect((await world.report()).differences.map(({ no, is }) => [no, is])).toEqual([
      [gone.no, 'not-in-erp'],
      [cancelled.no, 'cancelled-in-erp'],
      [dearer.no, 'amount'],
      [alive.no, 'live-in-erp'],
    ])
    expect(world.log.lines.at(-1)).toMatchObject({ code: 'DRIFT_FOUND' })
  })

  it('repairs what a person asks for, with a look at the ERP first', async () => {
    const held = new Map<string, Commitment>()
    const { shop } = open({ commitments: commitments((reference) => held.get(reference) ?? live(0)) })
    await world.sweep()
    const order = shop.place({ paid: true })
    await world.relay(order)
    const erp = world.erps.get('erp')
    const document = erp?.documents[0]
    if (!document) throw new Error('there is no document')
    document.state = 'cancelled'
    held.set(document.reference, { state: 'cancelled', items: [] })
    world.later(DAY)
    await world.sweep()
    await askSweep(world.notes, 'A1', 'repair', world.clock.now())
    world.later(MINUTE)
    expect(await world.sweep({ now: false })).toMatchObject({ counts: { repaired: 1 } })
    await world.deliver()
    expect(await world.row(order)).toMatchObject({ status: 'parked', reason: { code: 'cancelled-in-erp' } })
    world.later(20_000)
    expect(await world.sweep({ now: false })).toEqual({ is: 'not-due' })
  })

  it('keeps a repair for a closed gate until that opens, whatever is compared or asked for meanwhile', async () => {
    const { shop } = open({ targets: ['erp', 'crm'] })
    await world.sweep()
    const orders = [1, 2].map(() => shop.place({ paid: true }))
    for (const order of orders) {
      await world.relay(order)
      shop.edit(order.no)
      shop.database.forgetChange('order', order.id)
    }
    world.later(DAY)
    await world.sweep()
    expect((await world.report()).differences).toHaveLength(4)
    await closeGate('crm')
    await askSweep(world.notes, 'A1', 'repair', world.clock.now())
    const first = await world.sweep({ now: false })
    expect(first).toMatchObject({ is: 'done', counts: { repaired: 2, postponed: 2 } })
    expect(world.swept.map(({ target }) => target)).toEqual(['erp', 'erp'])
    await world.deliver()

    // The night does not forget it, and whoever asks again does not double what waits.
    world.later(MINUTE)
    await askSweep(world.notes, 'A1', 'repair', world.clock.now())
    world.later(DAY)
    await closeGate('crm')
    const second = await world.sweep({ now: false })
    expect(second).toMatchObject({ is: 'done', counts: { repaired: 2, postponed: 2 } })
    expect(await readRepairs(world.notes, 'A1')).toHaveLength(2)

    world.later(HOUR)
    expect(await world.sweep()).toMatchObject({ is: 'done', counts: { repaired: 2, postponed: 0 } })
    await world.deliver()
    for (const target of world.targets)
      for (const order of orders) expect((await world.row(order, target))?.status).toBe('done')
    expect(world.swept.slice(-2).map(({ target, cause }) => [target, cause])).toEqual([
      ['crm', 'repair'],
      ['crm', 'repair'],
    ])
    expect(await readRepairs(world.notes, 'A1')).toEqual([])
  })

  it('keeps a repair that the queue did not take', async () => {
    let down = false
    const { shop } = open({
      wrap: ({ queue, ...ports }) => ({
        ...ports,
        queue: {
          enqueue: async (messages) => (down ? messages.map(() => 'failed') : queue.enqueue(messages)),
        },
      }),
    })
    await world.sweep()
    const order = shop.place({ paid: true })
    await world.relay(order)
    shop.edit(order.no)
    shop.database.forgetChange('order', order.id)
    world.later(DAY)
    await world.sweep()
    await askSweep(world.notes, 'A1', 'repair', world.clock.now())
    down = true
    expect(await world.sweep({ now: false })).toMatchObject({ counts: { repaired: 0, postponed: 1 } })
    down = false
    world.later(MINUTE)
    expect(await world.sweep({ now: false })).toMatchObject({ counts: { repaired: 1, postponed: 0 } })
  })
})
