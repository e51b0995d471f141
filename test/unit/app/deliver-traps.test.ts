import { describe, expect, it } from 'vitest'
import { deliver, rowKeyOf } from '#app/deliver.ts'
import { openTurn } from '#app/turn.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { canonicalOrder as order } from '../../support/canonical-order.ts'
import { TIMES, World } from '../../support/world.ts'

describe('an unknown outcome', () => {
  it('is resolved by a look-up when the ERP committed and hung', async () => {
    const world = new World()
    world.erp.faults.push({ do: 'hang-after' })
    await world.send(order())
    expect(world.erp.documents).toHaveLength(1)
    expect(await world.row(order())).toMatchObject({ status: 'done', erp: { id: 'D1' } })
    expect((await world.row(order())).intent).toBeUndefined()
  })

  it('is not repeated before it is settled: the ERP commits after the first look-up', async () => {
    const world = new World()
    world.erp.faults.push({ do: 'commit-late', afterMs: TIMES.settleMs - 100 })
    await world.send(order())
    expect(world.erp.maxLive).toBe(1)
    expect(world.erp.documents).toHaveLength(1)
  })

  it('is placed again once it is settled and absent', async () => {
    const world = new World()
    world.erp.faults.push({ do: 'hang-before' })
    const sentAt = world.clock.now()
    await world.send(order())
    expect(world.erp.live()).toHaveLength(1)
    expect(world.clock.now() - sentAt).toBeGreaterThanOrEqual(TIMES.callMs + TIMES.settleMs)
  })

  it('keeps a newer snapshot waiting as well', async () => {
    const world = new World()
    world.erp.faults.push({ do: 'commit-late', afterMs: 2_000 })
    const first = world.order(order())
    expect(await world.receive(first)).toMatchObject({ is: 'retry' })
    expect(await world.receive(world.order(order({ quantity: 2 })))).toMatchObject({ is: 'retry' })
    world.enqueue(first)
    await world.send(order({ quantity: 2 }))
    expect(world.erp.maxLive).toBe(1)
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",2')
  })
})

describe('a call that waits for its slot until it could outlive the function', () => {
  const receiveLate = async (world: World, message: DeliveryMessage) => {
    const turn = openTurn(world.gate, 'erp', 2, world.clock.now() + TIMES.callMs + 1_000, world.clock)
    await turn.enter()
    let free = () => {}
    const slow = turn.inSlot(() => new Promise<void>((done) => (free = done)))
    const late = deliver(message, turn, world.deps)
    await new Promise((waits) => setImmediate(waits))
    world.clock.advance(1_500)
    free()
    await slow
    const outcome = await late
    await turn.end()
    return outcome
  }
  const LATER = { is: 'retry', why: 'rate or time used up' }

  it('is not sent', async () => {
    const world = new World({ slots: 1 })
    const message = world.order(order())
    expect(await receiveLate(world, message)).toMatchObject(LATER)
    expect(world.erp.journal).toEqual([])
    expect(await world.receive(message)).toMatchObject({ is: 'done' })
  })

  it('looks nothing up either', async () => {
    const world = new World({ slots: 1 })
    const message = world.order(order())
    world.erp.faults.push({ do: 'hang-after' })
    await world.receive(message)
    const before = [...world.erp.journal]
    expect(await receiveLate(world, message)).toMatchObject(LATER)
    expect(world.erp.journal).toEqual(before)
    expect(await world.receive(message)).toMatchObject({ is: 'done' })
  })
})

describe('an amend that timed out', () => {
  it('before the ERP committed is found missing and amended again', async () => {
    const world = new World()
    await world.send(order())
    world.erp.faults.push({ do: 'hang-before' })
    await world.send(order({ quantity: 2 }))
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",2')
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })

  it('long before the ERP committed does not overwrite what came after it', async () => {
    const world = new World()
    await world.send(order())
    world.erp.faults.push({ do: 'commit-late', afterMs: 2_500 })
    world.enqueue(world.order(order({ quantity: 2 })))
    world.enqueue(world.order(order({ quantity: 3 })))
    await world.drain()
    world.clock.advance(10_000)
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",3')
  })

  it('is not believed undone because the state it came from returns while it is unknown', async () => {
    const world = new World()
    await world.send(order())
    world.erp.faults.push({ do: 'commit-late', afterMs: 2_500 })
    const edited = world.order(order({ quantity: 2 }))
    expect(await world.receive(edited)).toMatchObject({ is: 'retry' })
    world.enqueue(world.order(order()))
    await world.drain()
    world.clock.advance(10_000)
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",1')
    expect((await world.row(order())).applied?.version.seq).toBe(3)
  })
})

describe('a cancel', () => {
  it('that committed and timed out is found done', async () => {
    const world = new World()
    await world.send(order())
    world.erp.faults.push({ do: 'hang-after' })
    await world.send(order({ state: 'cancelled' }))
    expect(world.erp.live()).toEqual([])
    expect(await world.row(order())).toMatchObject({
      status: 'done',
      generation: 1,
      erp: { state: 'cancelled' },
    })
  })

  it('of an order whose create is unknown waits, then cancels what was created', async () => {
    const world = new World()
    world.erp.faults.push({ do: 'commit-late', afterMs: 2_500 })
    expect(await world.receive(world.order(order()))).toMatchObject({ is: 'retry' })
    await world.send(order({ state: 'cancelled' }))
    world.clock.advance(10_000)
    expect(world.erp.documents).toHaveLength(1)
    expect(world.erp.live()).toEqual([])
  })

  it('done by hand in the ERP fulfils the shop’s cancel, and a re-confirm gets a new document', async () => {
    const world = new World()
    await world.send(order())
    const [document] = world.erp.documents
    if (document) document.state = 'cancelled'
    await world.send(order({ state: 'cancelled' }), { cause: 'repair' })
    await world.send(order())
    expect(world.erp.live()).toHaveLength(1)
    expect(await world.row(order())).toMatchObject({ status: 'done', erp: { generation: 1 } })
  })
})

describe('crashes', () => {
  const scenarios = [
    { name: 'a placing', abilities: {}, before: [], last: order() },
    {
      name: 'create and confirm',
      abilities: { steps: ['create', 'confirm'] as const },
      before: [],
      last: order(),
    },
    { name: 'an amend', abilities: {}, before: [order()], last: order({ quantity: 2 }) },
    {
      name: 'cancel-and-replace',
      abilities: { amend: false },
      before: [order()],
      last: order({ quantity: 2 }),
    },
    {
      name: 'an unpaid order that is paid',
      abilities: {},
      before: [order({ state: 'placed', payment: 'unpaid' })],
      last: order(),
    },
  ]
  for (const { name, abilities, before, last } of scenarios) {
    for (const when of ['before', 'after'] as const) {
      it(`at each write of ${name}, ${when} it, leave one live document with the newest content`, async () => {
        const whole = new World({ abilities })
        for (const earlier of before) await whole.send(earlier)
        await whole.send(last)
        const writes = (await whole.row(last)).rev
        expect(writes).toBeGreaterThanOrEqual(2)
        for (let write = 1; write <= writes; write += 1) {
          const world = new World({ abilities, crashes: [{ write, when }] })
          for (const earlier of before) await world.send(earlier)
          await world.send(last)
          expect(world.erp.maxLive, `write ${write}`).toBe(1)
          expect(world.erp.live(), `write ${write}`).toMatchObject([
            { content: whole.erp.live()[0]?.content, step: whole.erp.live()[0]?.step },
          ])
          expect((await world.row(last)).status, `write ${write}`).toBe('done')
        }
      })
    }
  }

  it('of a cancel leave nothing live', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let write = 1; write <= 5; write += 1) {
        const world = new World({ crashes: [{ write, when }] })
        await world.send(order())
        await world.send(order({ state: 'cancelled' }))
        expect(world.erp.live(), `${when} write ${write}`).toEqual([])
        expect(world.erp.documents).toHaveLength(1)
      }
    }
  })
})

describe('two workers', () => {
  it('on one message: the second finds the claim and comes back later', async () => {
    const world = new World()
    const message = world.order(order())
    const [a, b] = await Promise.all([world.receive(message), world.receive(message)])
    expect([a, b].filter(({ is }) => is === 'done')).toHaveLength(1)
    expect([a, b].filter(({ is }) => is === 'retry')).toHaveLength(1)
    expect(world.erp.documents).toHaveLength(1)
  })

  it('a worker that wakes up after its lease sends nothing and records nothing', async () => {
    const world = new World({ sleeps: [{ write: 2, when: 'after', forMs: 60_000 }] })
    await world.send(order())
    expect(world.erp.documents).toHaveLength(1)
    expect(world.erp.journal).toContainEqual(expect.stringMatching(/^not sent place/))
    expect(world.outcomes.map(({ is }) => is)).toEqual(['done', 'retry'])
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })
})

describe('versions', () => {
  it('a lower seq does nothing', async () => {
    const world = new World()
    const older = world.order(order())
    await world.send(order({ quantity: 2 }))
    expect(await world.receive(older)).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",2')
  })

  it('a state that returned unchanged still outdates what was between', async () => {
    const world = new World()
    await world.send(order())
    const between = world.order(order({ quantity: 2 }))
    await world.send(order())
    expect(await world.receive(between)).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",1')
  })

  it('a new epoch is newer whatever its seq', async () => {
    const world = new World()
    for (const quantity of [1, 2, 3]) await world.send(order({ quantity }))
    const restored = world.order(order({ quantity: 9 }), {
      version: { epoch: 'epoch-1', epochNo: 1, seq: 1 },
    })
    expect(await world.receive(restored)).toMatchObject({ is: 'done', flavour: 'applied' })
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",9')
  })

  it('an order_sn re-issued after a delete is another order', async () => {
    const world = new World()
    await world.send(order({ id: '1001' }))
    const reissued = {
      ...order({ id: '2002', addTime: 1_763_610_000 }),
      orderSn: order({ id: '1001' }).orderSn,
    }
    await world.send(reissued)
    expect(world.erp.live()).toHaveLength(2)
    expect(await world.ledger.findByNo(reissued.orderSn)).toHaveLength(2)
  })
})

describe('what a look-up shows', () => {
  it('a document of another identity under our reference parks', async () => {
    const world = new World()
    world.erp.faults.push({ do: 'hang-after' })
    const message = world.order(order())
    await world.receive(message)
    const [document] = world.erp.documents
    if (document) document.identity = '1001.1'
    world.clock.advance(10_000)
    expect(await world.receive(message)).toEqual({ is: 'park', code: 'reference-collision' })
  })

  it('several documents park', async () => {
    const world = new World()
    await world.send(order())
    const [document] = world.erp.documents
    if (document) world.erp.documents.push({ ...document, id: 'D99' })
    await world.send(order(), { cause: 'replay' })
    expect(await world.row(order())).toMatchObject({ reason: { code: 'many-documents' } })
  })

  it('a document the ERP lost is not created again, until a person says that it is absent', async () => {
    const world = new World()
    await world.send(order())
    world.erp.documents.length = 0
    await world.send(order(), { cause: 'replay' })
    expect(await world.row(order())).toMatchObject({ status: 'parked', reason: { code: 'missing-in-erp' } })
    await world.send(order(), { cause: 'replay', verdict: 'absent' })
    expect(world.erp.live()).toHaveLength(1)
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })

  it('a document somebody cancelled in the ERP parks, and a replay places it anew', async () => {
    const world = new World()
    await world.send(order())
    const [document] = world.erp.documents
    if (document) document.state = 'cancelled'
    await world.send(order({ quantity: 2 }), { cause: 'repair' })
    expect(await world.row(order())).toMatchObject({ reason: { code: 'cancelled-in-erp' } })
    await world.send(order({ quantity: 2 }), { cause: 'replay' })
    expect(world.erp.live()).toHaveLength(1)
    expect(await world.row(order())).toMatchObject({ status: 'done', generation: 1 })
  })
})

describe('an ERP that cannot be asked', () => {
  const noFind = { find: false } as const

  it('without any protection parks for a person, keeps newer states, and goes on with a verdict', async () => {
    for (const verdict of ['placed', 'absent'] as const) {
      const world = new World({ abilities: { ...noFind, idempotency: 'none' } })
      world.erp.faults.push({ do: verdict === 'placed' ? 'hang-after' : 'hang-before' })
      await world.send(order())
      expect(await world.row(order())).toMatchObject({ status: 'parked', reason: { code: 'verify' } })
      await world.send(order({ quantity: 2 }))
      expect(await world.row(order())).toMatchObject({
        status: 'parked',
        reason: { code: 'verify' },
        seen: { version: { seq: 2 } },
      })
      await world.send(order({ quantity: 2 }), { cause: 'replay' })
      expect(await world.row(order())).toMatchObject({ status: 'parked', reason: { code: 'verify' } })
      await world.send(order({ quantity: 2 }), { cause: 'replay', verdict })
      expect(world.erp.live()).toMatchObject([{ content: expect.stringContaining('"TEE-L",2') }])
      expect(world.erp.maxLive).toBe(1)
      expect(await world.row(order())).toMatchObject({ status: 'done' })
    }
  })

  it('with upsert gets the newest content once it is settled', async () => {
    const world = new World({ abilities: { ...noFind, idempotency: 'upsert' } })
    world.erp.faults.push({ do: 'commit-late', afterMs: 2_500 })
    expect(await world.receive(world.order(order()))).toMatchObject({ is: 'retry' })
    await world.send(order({ quantity: 2 }))
    world.clock.advance(10_000)
    expect(world.erp.live()).toMatchObject([{ content: expect.stringContaining('"TEE-L",2') }])
  })

  it('with upsert cancels an order whose create is unknown', async () => {
    const world = new World({ abilities: { ...noFind, idempotency: 'upsert' } })
    world.erp.faults.push({ do: 'hang-after' })
    expect(await world.receive(world.order(order()))).toMatchObject({ is: 'retry' })
    await world.send(order({ state: 'cancelled' }))
    expect(world.erp.live()).toEqual([])
  })

  it('with a unique reference learns from the duplicate that the document exists, then amends it', async () => {
    const world = new World({ abilities: { ...noFind, idempotency: 'unique-reference' } })
    world.erp.faults.push({ do: 'hang-after' })
    expect(await world.receive(world.order(order()))).toMatchObject({ is: 'retry' })
    await world.send(order({ quantity: 2 }))
    expect(world.erp.documents).toMatchObject([{ content: expect.stringContaining('"TEE-L",2') }])
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })

  it('with a request key repeats the stored bytes until they are answered, then decides anew', async () => {
    const world = new World({ abilities: { ...noFind, idempotency: 'request-key' } })
    world.erp.faults.push({ do: 'hang-after' }, { do: 'hang-before' })
    expect(await world.receive(world.order(order()))).toMatchObject({ is: 'retry' })
    await world.send(order({ quantity: 2 }))
    expect(world.erp.documents).toMatchObject([{ content: expect.stringContaining('"TEE-L",2') }])
    const places = world.erp.journal.filter((entry) => entry.startsWith('place'))
    expect(places).toHaveLength(3)
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })
})

describe('a cancel that cannot be asked about, with a request key', () => {
  it('is repeated as it was until it is answered', async () => {
    const world = new World({ abilities: { find: false, idempotency: 'request-key' } })
    await world.send(order())
    world.erp.faults.push({ do: 'hang-after' })
    await world.send(order({ state: 'cancelled' }))
    expect(world.erp.live()).toEqual([])
    expect(await world.row(order())).toMatchObject({ status: 'done', erp: { state: 'cancelled' } })
  })
})

describe('replay', () => {
  it('amends after a changed mapping although the shop’s content is the same', async () => {
    const world = new World()
    await world.send(order())
    const [document] = world.erp.documents
    if (document) document.content = '{"mapped":"by the old mapping"}'
    await world.send(order())
    expect(world.erp.documents[0]?.content).toContain('old mapping')
    await world.send(order(), { cause: 'replay' })
    expect(world.erp.documents[0]?.content).toContain('"TEE-L",1')
  })

  it('reads the shop’s state of now where it can', async () => {
    const world: World = new World({
      shop: {
        read: async () => ({
          is: 'subject',
          subject: { is: 'snapshot', order: order({ quantity: 5 }) },
          version: { epoch: 'epoch-0', epochNo: 0, seq: 50 },
          wireHash: 'f'.repeat(64),
        }),
      },
    })
    await world.send(order(), { cause: 'replay' })
    expect(world.erp.live()[0]?.content).toContain('"TEE-L",5')
    expect((await world.row(order())).seen.version.seq).toBe(50)
  })

  it('is inherited by what supersedes it', async () => {
    const world = new World()
    await world.send(order({ state: 'placed', payment: 'unpaid' }))
    await world.send(order({ state: 'cancelled', payment: 'unpaid' }))
    await world.send(order())
    expect(await world.row(order())).toMatchObject({ reason: { code: 'late-payment' } })
    world.erp.findFaults.push({ class: 'Transient', message: 'down' })
    expect(await world.receive(world.order(order(), { cause: 'replay' }))).toMatchObject({ is: 'retry' })
    await world.send(order({ quantity: 2 }))
    expect(world.erp.live()).toHaveLength(1)
  })
})

describe('age and gate', () => {
  const old = (message: DeliveryMessage, days: number): DeliveryMessage => ({
    ...message,
    firstSeenAt: new Date(Date.parse(message.firstSeenAt) - days * 86_400_000).toISOString(),
  })

  it('parks what waited for more than ten days, unless newer was seen', async () => {
    const world = new World()
    const message = world.order(order())
    expect(await world.receive(old(message, 11))).toEqual({ is: 'park', code: 'too-old' })
    expect(await world.row(order())).toMatchObject({ status: 'parked', reason: { code: 'too-old' } })
    expect(await world.ledger.getSubject(rowKeyOf(message))).toMatchObject({ is: 'snapshot' })
    await world.send(order({ quantity: 2 }))
    expect(await world.receive(old(message, 11))).toEqual({ is: 'done', flavour: 'duplicate' })
    expect(await world.row(order())).toMatchObject({ status: 'done' })
  })

  it('waits longer the older the message is, between the floor and half an hour', async () => {
    const world = new World()
    world.erp.faults.push(
      ...Array.from({ length: 3 }, () => ({
        do: 'refuse' as const,
        failure: { class: 'Transient' as const, message: '503' },
      })),
    )
    const message = world.order(order())
    expect(await world.receive(message)).toMatchObject({ is: 'retry', afterMs: 1_000 })
    expect(await world.receive(old(message, 1 / 24))).toMatchObject({ is: 'retry', afterMs: 360_000 })
    expect(await world.receive(old(message, 9))).toMatchObject({ is: 'retry', afterMs: 1_800_000 })
  })

  it('opens after outages in a row and lets nothing through until its pause is over', async () => {
    const world = new World({ abilities: { idempotency: 'unique-reference' } })
    world.erp.faults.push(
      ...Array.from({ length: 5 }, () => ({
        do: 'refuse' as const,
        failure: { class: 'Transient' as const, message: '503' },
      })),
    )
    for (let id = 1; id <= 5; id += 1) await world.receive(world.order(order({ id: String(id) })))
    const calls = world.erp.journal.length
    expect(await world.receive(world.order(order({ id: '6' })))).toMatchObject({
      is: 'retry',
      why: 'gate closed',
    })
    expect(world.erp.journal).toHaveLength(calls)
  })
})

describe('a target with a single slot', () => {
  it('sends a second batch back for seconds only', async () => {
    const world = new World({ slots: 1 })
    const entry = await world.gate.enter('erp', 1)
    expect(entry.open).toBe(true)
    expect(await world.receive(world.order(order()))).toEqual({
      is: 'retry',
      afterMs: 1_000,
      why: 'no slot free',
    })
  })

  it('looks up after a duplicate without waiting for itself', async () => {
    const world = new World({ abilities: { idempotency: 'unique-reference' }, slots: 1 })
    await world.send(order())
    const [document] = world.erp.documents
    // The ledger lost what the ERP has: a restored table.
    const row = await world.row(order())
    const { erp: _erp, applied: _applied, ...rest } = row
    await world.ledger.put({ ...rest, rev: row.rev + 1 })
    await world.send(order())
    expect(world.erp.documents).toEqual([document])
    expect(await world.row(order())).toMatchObject({ status: 'done', erp: { id: document?.id } })
  })
})
