import { describe, expect, it } from 'vitest'
import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { knownPeople } from '#app/people.ts'
import { personHash } from '#app/person-hash.ts'
import { prepareReplay } from '#app/replay.ts'
import type { Customer } from '#contracts/customer.ts'
import type { Order } from '#contracts/order.ts'
import { toGuest } from '#domain/to-customer.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'
import { World, type WorldOptions } from '../../support/world.ts'

const PHONE = '13900001234'
const BEFORE = '2026-11-20T23:00:00Z'

function anOrder(change: Partial<Order> = {}): Order {
  const order = canonicalOrder()
  return { ...order, consignee: { ...order.consignee, phone: PHONE, mobile: PHONE }, ...change }
}

async function aWorld(options: WorldOptions = {}) {
  const world = new World(options)
  const hash = await personHash(new MemorySecrets())
  return { world, hash, erase: () => world.erasures.add(hash('phone', PHONE), undefined, world.clock.now()) }
}

const stored = (world: World, order: Order) =>
  world.row(order).then(({ key }) => world.ledger.getSubject(key))

describe('what is stored for a target', () => {
  it('is what it may see, and finds its person by what it may not see', async () => {
    const { world, hash } = await aWorld({ privacy: { phone: 'none', name: 'partial' } })
    await world.send(anOrder())
    expect(await stored(world, anOrder())).toMatchObject({
      order: { consignee: { phone: '', mobile: '', name: '测**' } },
    })
    expect(await world.ledger.findByPerson(hash('phone', PHONE))).toMatchObject([{ no: anOrder().orderSn }])
    expect(await world.ledger.findByPerson(hash('user', 'demo:12'))).toHaveLength(1)
    expect(world.erp.live()[0]?.content).not.toContain(PHONE)
  })

  it('is forgotten after the days of its kind', async () => {
    const { world } = await aWorld()
    await world.send(anOrder())
    world.clock.advance(179 * 86_400_000)
    expect(await stored(world, anOrder())).toBeDefined()
    world.clock.advance(2 * 86_400_000)
    expect(await stored(world, anOrder())).toBeUndefined()
  })

  it('of a message too old to be delivered is no more than that', async () => {
    const { world, hash } = await aWorld({ privacy: { phone: 'none' } })
    const message = world.order(anOrder())
    world.clock.advance(11 * 86_400_000)
    expect(await world.receive(message)).toMatchObject({ is: 'park', code: 'too-old' })
    expect(JSON.stringify(await stored(world, anOrder()))).not.toContain(PHONE)
    expect(await world.ledger.findByPerson(hash('phone', PHONE))).toHaveLength(1)
  })
})

describe('a message about somebody who was erased', () => {
  it('ends, and nothing of it is kept but that it was', async () => {
    const { world, hash, erase } = await aWorld()
    const message = world.order(anOrder())
    world.clock.advance(1_000)
    await erase()
    expect(await world.receive(message)).toEqual({ is: 'done', flavour: 'erased' })
    expect(world.erp.journal).toEqual([])
    expect(await world.row(anOrder())).toMatchObject({ status: 'erased', no: anOrder().orderSn, rev: 1 })
    expect(await stored(world, anOrder())).toBeUndefined()
    expect(await world.ledger.findByPerson(hash('phone', PHONE))).toEqual([])
    // The bridge sends it anew: the shop still knows the person.
    expect(await world.receive(world.order(anOrder()))).toEqual({ is: 'done', flavour: 'erased' })
    expect((await world.row(anOrder())).rev).toBe(1)
  })

  it('ends although it is too old, and although the gate is closed', async () => {
    const { world, erase } = await aWorld()
    const message = world.order(anOrder())
    await erase()
    world.clock.advance(11 * 86_400_000)
    expect(await world.receive(message)).toEqual({ is: 'done', flavour: 'erased' })
    expect(await stored(world, anOrder())).toBeUndefined()
  })

  it('is delivered where it is of business that began later', async () => {
    const { world, erase } = await aWorld()
    await erase()
    world.clock.advance(60_000)
    const later = anOrder({ orderedAt: new Date(world.clock.now()).toISOString() })
    await world.send(later)
    expect(world.erp.live()).toHaveLength(1)
  })

  it('is delivered in a shop that the erasure was not for', async () => {
    const { world, hash } = await aWorld()
    await world.erasures.add(hash('phone', PHONE), 'other', world.clock.now())
    await world.send(anOrder())
    expect(world.erp.live()).toHaveLength(1)
  })

  it('waits while another worker has its row', async () => {
    const { world, erase } = await aWorld()
    await world.send(anOrder())
    const row = await world.row(anOrder())
    await world.ledger.put({
      ...row,
      rev: row.rev + 1,
      claim: { owner: 'other', leaseUntil: world.clock.now() + 5_000 },
    })
    await erase()
    expect(await world.receive(world.order(anOrder()))).toMatchObject({ is: 'retry', afterMs: 5_050 })
  })

  it('is known by a phone in its text, and by what the shop says of it now', async () => {
    const { world, erase } = await aWorld()
    await erase()
    const notes = { ...canonicalOrder().notes, buyer: `打 ${PHONE}` }
    expect(await world.receive(world.order({ ...canonicalOrder(), notes }))).toMatchObject({
      flavour: 'erased',
    })
    const { world: other, erase: eraseThere } = await aWorld({
      shop: {
        read: async () => ({
          is: 'subject',
          subject: { is: 'snapshot', order: anOrder() },
          version: { epoch: 'epoch-0', epochNo: 0, seq: 9 },
          wireHash: '',
        }),
      },
    })
    await eraseThere()
    const replayed = other.order(canonicalOrder(), { cause: 'replay' })
    expect(await other.receive(replayed)).toEqual({ is: 'done', flavour: 'erased' })
  })
})

describe('a guest who was erased', () => {
  const guest = (order: Order): Customer => {
    const found = toGuest(
      { ...order, buyer: { ...order.buyer, userId: null } },
      (phone) => `k${phone.length}`,
    )
    if (!found) throw new Error('no guest')
    return found
  }

  it('comes back with a new order, as somebody new, and is not found in an old one', async () => {
    const { world, erase, hash } = await aWorld()
    const message = (bornAt: string) =>
      world.message({ is: 'customer', customer: guest(anOrder()) }, { kind: 'customer', bornAt })
    await world.receive(message(BEFORE))
    const [first] = await world.ledger.findByPerson(hash('phone', PHONE))
    expect(first).toMatchObject({ key: { kind: 'customer', sourceId: 'g.k11' } })
    await erase()
    expect(await world.receive(message(BEFORE))).toEqual({ is: 'done', flavour: 'erased' })
    world.clock.advance(60_000)
    await world.receive(message(new Date(world.clock.now()).toISOString()))
    const [again] = await world.ledger.findByPerson(hash('phone', PHONE))
    expect(first).toMatchObject({ status: 'done', erp: { generation: 0 } })
    expect(again).toMatchObject({ status: 'done', generation: 1, erp: { generation: 1, state: 'live' } })
  })

  it('and came back can be replayed', async () => {
    const { world } = await aWorld()
    const row = { ...(await seen(world)), status: 'parked' as const }
    await world.ledger.putSubject(row.key, { is: 'customer', customer: guest(anOrder()) }, 60)
    const replayed = await prepareReplay(row, undefined, {
      ledger: world.ledger,
      clock: world.clock,
      ids: { next: () => 'c' },
    })
    expect(replayed).toMatchObject({
      ok: true,
      message: { bornAt: new Date(world.clock.now()).toISOString() },
    })
  })

  async function seen(world: World) {
    await world.send(anOrder())
    return world.row(anOrder())
  }
})

it('counts what does not tell its time as old', async () => {
  const people = knownPeople(new MemorySecrets(), new MemoryErasures())
  expect(await people.erased({ shop: 'A1', subject: { is: 'customer', customer: noTime() } })).toBe(false)
  const erasures = new MemoryErasures()
  await erasures.add((await personHash(new MemorySecrets()))('phone', PHONE), undefined, 1)
  const erased = knownPeople(new MemorySecrets(), erasures)
  expect(await erased.erased({ shop: 'A1', subject: { is: 'customer', customer: noTime() } })).toBe(true)

  function noTime(): Customer {
    const found = toGuest({ ...anOrder(), buyer: { userId: null, name: '', email: '' } }, () => 'key')
    if (!found) throw new Error('no guest')
    return found
  }
})

it('says that the deployment has lost its key', async () => {
  await expect(personHash({ personKey: async () => undefined })).rejects.toThrow('deploy again')
})
