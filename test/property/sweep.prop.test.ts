import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { identityOf } from '#domain/identity.ts'
import type { ShopOrder } from '../../local/demo/shop-order.ts'
import { DAY, MINUTE, SweepWorld } from '../support/sweep-world.ts'
import { Crash } from '../support/world.ts'

const which = fc.nat(2)
const action = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('place' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pay' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      which,
      quantity: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('touch' as const, 'cancel' as const, 'delete' as const),
      which,
    }),
  },
  /** The relay reads an order now; its webhook is under way. */
  { weight: 4, arbitrary: fc.record({ do: fc.constant('capture' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('arrive' as const, 'repeat' as const, 'lose' as const),
      which,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), most: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(10_000, MINUTE, 3 * MINUTE, 60 * MINUTE, 25 * 60 * MINUTE),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('crash' as const), at: fc.integer({ min: 1, max: 8 }) }),
  },
)
const plot = fc.array(action, { minLength: 4, maxLength: 40 })
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** Plays it to its end and says what is wrong then. */
async function play(actions: readonly Action[]): Promise<string[]> {
  const wrong: string[] = []
  let dies = 0
  const mayDie = async <T>(act: () => Promise<T>): Promise<T> => {
    const result = await act()
    dies -= 1
    // The worker is gone after the act, so that nothing of what it kept follows it.
    if (dies === 0) throw new Crash()
    return result
  }
  const world = new SweepWorld({
    wrap: ({ ledger, notes, queue }) => ({
      ledger: {
        get: (key) => ledger.get(key),
        getMany: (keys) => ledger.getMany(keys),
        put: (row) => mayDie(() => ledger.put(row)),
        putSubject: (...args) => ledger.putSubject(...args),
        getSubject: (key) => ledger.getSubject(key),
        putRequest: (...args) => ledger.putRequest(...args),
        getRequest: (...args) => ledger.getRequest(...args),
        getRequests: (key) => ledger.getRequests(key),
        removeBodies: (...args) => ledger.removeBodies(...args),
        findByPerson: (person) => ledger.findByPerson(person),
        findByNo: (no) => ledger.findByNo(no),
        findByRef: (ref) => ledger.findByRef(ref),
        list: (...args) => ledger.list(...args),
      },
      notes: {
        read: (name) => notes.read(name),
        write: (...args) => mayDie(() => notes.write(...args)),
      },
      queue: { enqueue: (messages) => mayDie(() => queue.enqueue(messages)) },
    }),
  })
  const { shop, clock } = world
  const orders: ShopOrder[] = []
  const flying: DeliveryMessage[][] = []
  /** Per order: the shop’s changes, and when the sweep enqueued it. */
  const changed = new Map<string, number>()
  const lastSwept = new Map<string, { at: number; changes: number }>()
  const changeOf = (order: ShopOrder) =>
    changed.set(String(order.id), (changed.get(String(order.id)) ?? 0) + 1)

  const sweep = async (crashAt = 0) => {
    const before = world.swept.length
    dies = crashAt
    let crashed = false
    try {
      const end = await world.sweep()
      if (end.is !== 'done' && end.is !== 'busy') wrong.push(`a sweep ended ${JSON.stringify(end)}`)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      crashed = true
      // Its lock ends with its lease.
      clock.advance(330_000)
    }
    dies = 0
    for (const { subject, version } of world.swept.slice(before)) {
      const [id = ''] = identityOf(subject, () => '').sourceId.split('.')
      const last = lastSwept.get(id)
      const changes = changed.get(id) ?? 0
      if (last && last.changes === changes && clock.now() - last.at < DAY)
        wrong.push(`${id} was enqueued twice within a day`)
      // What a worker enqueued and died before the row could tell may come once more.
      const order = orders.find((one) => String(one.id) === id)
      const told = order && (await world.row(order))?.enqueued?.version.seq === version.seq
      if (!crashed || told) lastSwept.set(id, { at: clock.now(), changes })
    }
  }

  for (const step of actions) {
    const order = 'which' in step ? orders[step.which % Math.max(1, orders.length)] : undefined
    switch (step.do) {
      case 'place': {
        if (orders.length === 3) break
        const placed = shop.place()
        orders.push(placed)
        changeOf(placed)
        break
      }
      case 'pay':
      case 'touch':
      case 'cancel':
      case 'delete':
        if (order && shop[step.do](order.no)) changeOf(order)
        break
      case 'set':
        if (order && shop.order(order.no)) {
          world.setQuantity(order.no, step.quantity)
          changeOf(order)
        }
        break
      case 'capture':
        if (order) flying.push(world.captured(order))
        break
      case 'arrive':
      case 'repeat':
      case 'lose': {
        const at = step.which % Math.max(1, flying.length)
        const webhook = flying[at]
        if (webhook && step.do !== 'lose') await world.post(webhook)
        if (webhook && step.do !== 'repeat') flying.splice(at, 1)
        break
      }
      case 'deliver':
        await world.deliver(step.most)
        break
      case 'wait':
        clock.advance(step.ms)
        break
      case 'sweep':
        await sweep()
        break
      case 'crash':
        await sweep(step.at)
        break
    }
  }

  // From here on the shop stands still, and no webhook comes any more.
  for (let rounds = 0; rounds < 3; rounds += 1) {
    world.later()
    await sweep()
    await world.deliver()
  }
  // A message that was lost with its worker is missed after a day.
  for (let rounds = 0; rounds < 3; rounds += 1) {
    world.later(DAY + 60 * MINUTE)
    await sweep()
    await world.deliver()
  }
  const quiet = world.swept.length
  world.later()
  await sweep()
  if (world.swept.length > quiet) wrong.push('the sweep does not come to rest')

  for (const order of orders) {
    const row = await world.row(order)
    const now = shop.event('order', order.id, order.addTime)
    if (!row || row.status === 'new') wrong.push(`${order.no} was never delivered`)
    else if (now?.type === 'order.deleted' ? !row.shopState.gone : row.seen.wireHash !== `1:${now?.hash}`)
      wrong.push(`${order.no} was not seen in its newest state`)
  }
  world.close()
  return wrong
}

describe('a sweep under any lost, late, repeated and reordered webhooks, and any crashes', () => {
  it('ends with the ledger having seen the newest state of everything, and enqueues nothing twice within a day', async () => {
    await fc.assert(
      fc.asyncProperty(plot, async (actions) => {
        expect(await play(actions)).toEqual([])
      }),
      { numRuns: 150 },
    )
  }, 120_000)
})
