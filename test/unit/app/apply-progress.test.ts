import { describe, expect, it } from 'vitest'
import { shortHash } from '#app/content-hash.ts'
import { ShopConfigSchema } from '#contracts/config.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import type { WritebackMessage } from '#contracts/writeback.ts'
import { toSubject } from '#domain/to-subject.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { aPartsRequest } from '../../support/a-parts-request.ts'
import { AftersaleWorld } from '../../support/aftersale-world.ts'
import { World } from '../../support/world.ts'

const MINUTE = 60_000

describe('a step of a ticket', () => {
  it('is a reply in the shop, in the words of the shop’s customers, by the person who did it', async () => {
    const world = await new AftersaleWorld().open()
    const step = world.step('ticket', {
      id: 's-1',
      step: 'repairing',
      person: '样例师傅',
      note: '已更换主板。',
    })
    expect(await world.receive(world.progress(step))).toEqual({ is: 'done', flavour: 'applied' })
    expect(world.texts()).toEqual(['【维修中】2026-11-20 09:00\n处理人：样例师傅\n已更换主板。'])
    const { no } = (await world.ledgerRow('ticket')) ?? {}
    expect(await world.progressRow('s-1')).toMatchObject({
      status: 'done',
      result: 'recorded',
      no,
      shop: 'A1',
    })
  })

  it('waits for its ticket to be found, and is parked when it never is', async () => {
    const world = await new AftersaleWorld().open()
    const message = world.progress({
      ...world.step('ticket', { id: 's-1', step: 'accepted' }),
      reference: 'ECA1-T999',
    })
    expect(await world.receive(message)).toMatchObject({ is: 'retry' })
    world.clock.advance(16 * MINUTE)
    expect(await world.receive(message)).toEqual({ is: 'park', code: 'progress-unknown-reference' })
    expect(world.replies()).toEqual([])
  })

  it('of another target’s ticket is none of its own', async () => {
    const world = await new AftersaleWorld().open()
    const message = world.progress(world.step('ticket', { id: 's-1', step: 'accepted' }), 'erp')
    world.clock.advance(16 * MINUTE)
    expect(await world.receive(message)).toEqual({ is: 'park', code: 'progress-unknown-reference' })
  })

  it('that was changed after the shop was told of it waits for a person, and nobody is told twice', async () => {
    const world = await new AftersaleWorld().open()
    const step = world.step('ticket', { id: 's-1', step: 'repairing' })
    const first = world.progress(step)
    await world.receive(first)
    const changed = world.progress({ ...step, note: '其实是电机。' })
    expect(await world.receive(changed)).toEqual({ is: 'park', code: 'progress-changed' })
    expect(await world.receive(first)).toMatchObject({ is: 'done', flavour: 'duplicate' })
    expect(await world.progressRow('s-1')).toMatchObject({ status: 'parked' })
    expect(world.replies()).toEqual(['desk/s-1'])
  })

  it('that needs parts is told to the customer, and parked where nobody takes the request', async () => {
    const world = await new AftersaleWorld({ deps: () => ({ partsTargets: () => [] }) }).open()
    const step = world.step('ticket', {
      id: 's-1',
      step: 'waiting-parts',
      parts: [{ sku: 'BLADE', quantity: 1 }],
    })
    expect(await world.receive(world.progress(step))).toEqual({ is: 'park', code: 'parts-no-target' })
    expect(world.replies()).toEqual(['desk/s-1'])
  })

  it('of somebody who was erased is kept from the shop', async () => {
    const world = await new AftersaleWorld().open()
    const row = await world.ledgerRow('ticket')
    if (!row) throw new Error('no row')
    await world.ledger.put({ ...row, rev: row.rev + 1, writer: 'w', status: 'erased' })
    expect(
      await world.receive(world.progress(world.step('ticket', { id: 's-1', step: 'closed' }))),
    ).toMatchObject({
      is: 'done',
    })
    expect(world.replies()).toEqual([])
    expect(await world.progressRow('s-1')).toMatchObject({ result: 'erased' })
  })
})

describe('our own reply', () => {
  it('comes back from the shop as no news: the desk is sent nothing', async () => {
    const shop = await new AftersaleWorld().open()
    const desk = new World()
    const delivered = async () => {
      const event = shop.ticketEvent()
      const { subject } = toSubject(event, {
        id: 'A1',
        config: ShopConfigSchema.parse({ targets: ['desk'] }),
        hash: shortHash,
        guestKey: () => '',
      })
      return desk.receive(desk.message(subject, { shop: 'A1', wireHash: event.hash }))
    }
    await delivered()
    const { length: sentBefore } = desk.erp.journal
    const hashBefore = shop.ticketEvent().hash
    await shop.receive(shop.progress(shop.step('ticket', { id: 's-1', step: 'repairing' })))
    expect(shop.replies()).toEqual(['desk/s-1'])
    expect(shop.ticketEvent().hash).not.toBe(hashBefore)
    expect(await delivered()).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(desk.erp.journal).toHaveLength(sentBefore)
  })
})

describe('a step of a return', () => {
  it('is a line in the log of its order', async () => {
    const world = await new AftersaleWorld().open()
    const step = world.step('return', { id: 'r-1', step: 'received' })
    expect(await world.receive(world.progress(step))).toMatchObject({ is: 'done' })
    expect(world.notes()).toContainEqual({ by: 'desk', text: '【已收到退货】2026-11-20 09:00' })
  })
})

describe('what the shop’s own word counts for', () => {
  const owned = (...kinds: string[]) =>
    OwnersSchema.parse(Object.fromEntries(kinds.map((kind) => [kind, 'shop'])))

  it.each(['ticket', 'return'] as const)('is never written by a step of a %s', async (of) => {
    const world = await new AftersaleWorld({ deps: () => ({ owners: owned(`${of}-progress`) }) }).open()
    const step = world.step(of, { id: 's-1', step: of === 'ticket' ? 'closed' : 'received' })
    expect(await world.receive(world.progress(step))).toMatchObject({ is: 'done' })
    expect(world.calls).toEqual([])
    expect(await world.progressRow('s-1')).toMatchObject({ status: 'done', result: 'refused: owned-by-shop' })
    expect(world.log.lines).toContainEqual(expect.objectContaining({ code: 'OWNER_REFUSED' }))
  })

  it('is never written by a shipment or by figures of stock', async () => {
    const world = await new AftersaleWorld({ deps: () => ({ owners: owned('shipment', 'stock') }) }).open()
    const order = world.place()
    expect(await world.receive(world.shipment(order, 'OUT-1', [1]))).toMatchObject({ is: 'done' })
    expect(await world.receive(world.stock('LAMP-01', 3))).toMatchObject({ is: 'done' })
    expect(world.calls).toEqual([])
    expect(world.log.lines.filter(({ code }) => code === 'OWNER_REFUSED')).toHaveLength(2)
  })
})

describe('a parcel of spare parts', () => {
  it('is kept with the request and told to its desk, again only when it was told otherwise', async () => {
    const world = await new AftersaleWorld().open()
    const ticket = await world.ledgerRow('ticket')
    if (!ticket) throw new Error('no row')
    const request = `desk.${ticket.key.sourceId}.${aPartsRequest().requestId}`
    const key = { shop: 'A1', kind: 'parts', sourceId: request, target: 'erp' } as const
    await world.ledger.put(aRow({ key, no: ticket.ref, ref: 'ECA1-P1', status: 'done' }))
    const message = (tracking: string): WritebackMessage => ({
      ...world.progress(world.step('ticket', { id: 'x', step: 'closed' }), 'erp'),
      id: 'OUT-7',
      command: {
        is: 'parcel',
        no: ticket.ref,
        ref: 'ECA1-P1',
        request,
        parcel: { id: 'OUT-7', shippedAt: '2026-11-20T01:00:00Z', carrier: '顺丰', tracking: [tracking] },
      },
      told: { id: 'OUT-7', reference: 'ECA1-P1', shippedAt: 1, tracking: [tracking], lines: [] },
    })
    expect(await world.receive(message('SF1'))).toEqual({ is: 'done', flavour: 'applied' })
    expect(await world.receive(message('SF1'))).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(await world.receive(message('SF2'))).toEqual({ is: 'done', flavour: 'applied' })
    expect(world.calls).toEqual([])
    expect((await world.ledger.get(key))?.parts?.parcels).toMatchObject([{ id: 'OUT-7', tracking: ['SF2'] }])
    expect(world.deliveries.drain('desk').map(({ message: told }) => told)).toMatchObject([
      { kind: 'ticket', cause: 'repair', tells: request },
      { kind: 'ticket', cause: 'repair', tells: request },
    ])
  })
})
