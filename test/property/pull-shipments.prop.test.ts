import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PullShipmentsDeps } from '#app/pull-shipments.ts'
import type { Line } from '#contracts/order.ts'
import type { WritebackMessage } from '#contracts/writeback.ts'
import { canonicalOrder } from '../support/canonical-order.ts'
import { quantitiesOf, ShipmentWorld } from '../support/shipment-world.ts'

const [template] = canonicalOrder().lines
if (!template) throw new Error('an order has lines')

/** Members of one package. */
const MEMBERS = { A: 1, B: 2 } as const

const scenario = fc.record({
  lines: fc.array(
    fc.record({ sku: fc.constantFrom('A', 'B', 'C'), quantity: fc.integer({ min: 1, max: 3 }) }),
    { minLength: 1, maxLength: 4 },
  ),
  packages: fc.nat(2),
  /** Into which parcel each piece goes, in the order of the lines. */
  parcelOf: fc.array(fc.nat(3), { minLength: 14, maxLength: 14 }),
  /** Whether the ERP keeps our line references. */
  byLine: fc.boolean(),
  queue: fc.boolean(),
  pageSize: fc.integer({ min: 1, max: 4 }),
  overlap: fc.nat(3),
  /** Of each pull: what goes wrong in it, at which call, and whether the shop records what is queued afterwards. */
  pulls: fc.array(
    fc.record({
      trouble: fc.constantFrom('none', 'none', 'row', 'queue', 'acknowledge'),
      at: fc.integer({ min: 1, max: 4 }),
      recorded: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

interface Piece {
  readonly recId: string
  readonly sku: string
}

function orderOf({ lines, packages }: Scenario): Line[] {
  const single = lines.map(
    ({ sku, quantity }, index): Line => ({ ...template, recId: String(index + 1), sku, quantity }) as Line,
  )
  const pack = {
    ...single[0],
    recId: '99',
    kind: 'package',
    sku: '',
    quantity: packages,
    parts: Object.entries(MEMBERS).map(([sku, each]) => ({
      goodsId: '1',
      productId: '0',
      sku,
      name: sku,
      quantity: each * packages,
      net: 0,
    })),
  } as Line
  return packages > 0 ? [...single, pack] : single
}

/** Pieces that leave together: a package never in parts. */
function* unitsOf(lines: readonly Line[]): Generator<Piece[]> {
  for (const { recId, kind, sku, quantity } of lines) {
    for (let count = 0; count < quantity; count += 1) {
      yield kind === 'package'
        ? Object.entries(MEMBERS).flatMap(([member, each]) =>
            Array.from({ length: each }, () => ({ recId, sku: member })),
          )
        : [{ recId, sku }]
    }
  }
}

const sumBy = <Item>(items: readonly Item[], key: (item: Item) => string) =>
  Object.fromEntries([...Map.groupBy(items, key)].map(([name, group]) => [name, group.length]))

/** A world whose pulls meet trouble when told to. */
function worldWith(plot: Scenario, blind: boolean) {
  let trouble: Scenario['pulls'][number] | undefined
  let calls = 0
  const troubled = (kind: 'row' | 'queue') => trouble?.trouble === kind && ++calls === trouble.at
  const world: ShipmentWorld = new ShipmentWorld({
    queue: plot.queue,
    deps: ({ writebacks, queue }): Partial<PullShipmentsDeps> => ({
      writebacks: {
        get: (key) => writebacks.get(key),
        put: async (row) => {
          if (troubled('row')) throw new Error('killed')
          return writebacks.put(row)
        },
        findByNo: (no) => writebacks.findByNo(no),
        findByRef: async (ref) => (blind ? [] : writebacks.findByRef(ref)),
        list: (...args) => writebacks.list(...args),
      },
      queue: {
        enqueue: async (messages) =>
          troubled('queue')
            ? [...(await queue.enqueue(messages.slice(1))), 'failed' as const].toReversed()
            : queue.enqueue(messages),
      },
    }),
  })
  world.erp.pageSize = plot.pageSize
  world.erp.overlap = plot.overlap
  return {
    world,
    pull: async (step?: Scenario['pulls'][number]) => {
      trouble = step
      calls = 0
      world.erp.fails = step?.trouble === 'acknowledge' ? 'acknowledge' : undefined
      const end = await world.pull().catch(() => ({ is: 'killed' as const }))
      trouble = undefined
      world.erp.fails = undefined
      // Whoever died lets go when the lease is over.
      world.clock.advance(400_000)
      return end
    },
  }
}

async function play(plot: Scenario, blind: boolean) {
  const { world, pull } = worldWith(plot, blind)
  const lines = orderOf(plot)
  const reference = await world.order('1001', lines)
  const units = [...unitsOf(lines)].map((pieces, index) => ({
    pieces,
    parcel: plot.parcelOf[index % 14] ?? 0,
  }))
  const told = new Map<string, Piece[]>()
  for (const [parcel, group] of Map.groupBy(units, (unit) => unit.parcel)) {
    const pieces = group.flatMap((unit) => unit.pieces)
    told.set(`OUT-${parcel}`, pieces)
    const rows = Map.groupBy(pieces, ({ recId, sku }) => (plot.byLine ? `${recId} ${sku}` : sku))
    world.ship(
      reference,
      `OUT-${parcel}`,
      [...rows.values()].map(
        (row) => [row[0]?.sku ?? '', row.length, plot.byLine ? row[0]?.recId : undefined] as const,
      ),
    )
  }
  const messages: WritebackMessage[] = []
  const record = async () => {
    messages.push(...world.commands())
    for (const { id, command } of messages) {
      const row = await world.row(id)
      if (row?.status === 'open') {
        await world.writebacks.put({
          ...row,
          rev: row.rev + 1,
          writer: 'shop',
          status: 'done',
          command,
          result: 'recorded',
        })
      }
    }
  }
  for (const step of plot.pulls) {
    await pull(step)
    if (step.recorded) await record()
    // Never before the shop has it, or a person: the ERP forgets it.
    for (const id of world.erp.acknowledged) expect((await world.row(id))?.status).not.toBe('open')
  }
  for (let round = 0; round < 12; round += 1) {
    expect((await pull()).is).toBe('done')
    await record()
  }
  return { world, lines, told, messages }
}

/** @param blind it does not see what other shipments of the order are of */
const law = (blind = false) =>
  fc.asyncProperty(scenario, async (plot) => {
    const { world, lines, told, messages } = await play(plot, blind)
    const sent: Record<string, number> = {}
    for (const [id, pieces] of told) {
      const row = await world.row(id)
      expect(row).toMatchObject({ status: 'done', result: 'recorded' })
      const [message] = messages.filter((one) => one.id === id)
      if (!message || message.command.is !== 'shipment') throw new Error(`${id} was never queued`)
      const quantities = quantitiesOf(message)
      for (const [recId, quantity] of Object.entries(quantities)) sent[recId] = (sent[recId] ?? 0) + quantity
      const recorded = Object.entries(quantities).flatMap(([recId, quantity]) => {
        const line = lines.find((one) => one.recId === recId)
        const skus = line?.kind === 'package' ? ['A', 'B', 'B'] : [line?.sku ?? '?']
        return Array.from({ length: quantity }, () => skus).flat()
      })
      expect(sumBy(recorded, (sku) => sku)).toEqual(sumBy(pieces, ({ sku }) => sku))
    }
    for (const { recId, quantity } of lines) expect(sent[recId] ?? 0).toBe(quantity)
    if (plot.queue) expect(new Set(world.erp.acknowledged)).toEqual(new Set(told.keys()))
  })

describe('the shipments of an order, however they are split, told, repeated and cut off', () => {
  it('are each recorded once, with all their pieces, and no line gets more than it has', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(law(), { numRuns: 150 })
  })

  it('would not, were the other shipments of the order not looked at', { timeout: 120_000 }, async () => {
    expect((await fc.check(law(true), { numRuns: 150 })).failed).toBe(true)
  })
})
