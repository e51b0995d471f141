import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Progress } from '#contracts/progress.ts'
import { FAILURE_RULES } from '#domain/erp-failure.ts'
import { lineReference } from '#domain/reference.ts'
import type { Commitment, ErpRead, ErpReads, ErpShipment } from '#ports/erp-reads.ts'

export type ReadOf = 'stock' | 'feed' | 'items' | 'commitments' | 'shipments' | 'aftersales'
export type ReadMishap =
  | 'error-500'
  | 'rate-limit'
  | 'reset-before-commit'
  | 'truncated'
  | 'cut-json'
  | 'html'
  | 'hang-before-commit'

export interface Goods {
  readonly recId: string
  readonly sku: string
  readonly quantity: number
}

/** Returns or tickets of ours, as the people see them who get on with them. */
export interface AftersalesWorld {
  /** Two documents, entered and untouched. */
  readonly enter: () => Promise<readonly [Followed, Followed]>
  /** What may happen to each of them, one after the other. */
  readonly steps: readonly [Progress['step'], Progress['step']]
  /** Somebody gets on with it, and says something where this ERP can. */
  readonly advance: (followed: Followed, step: Progress['step'], note: string) => Promise<void>
  /** What is said with a step is told. */
  readonly notes: boolean
}
type Followed = Pick<Progress, 'of' | 'reference'>

/** The ERP that is read, as the people who work with it see it. */
export interface ReadsWorld {
  /** Items it knows; nothing of them is on a shelf or on an order at first. */
  readonly skus: readonly [string, string]
  /** A SKU it has no item for. */
  readonly unknownSku: string
  readonly warehouses: readonly [string, string]
  /** Of documents, unused so far. */
  readonly references: readonly [string, string]
  /** Counts a shelf anew. */
  putStock(sku: string, warehouse: string, quantity: number): Promise<void>
  /** Enters an order of ours, whose lines bear our references, and confirms it. */
  order(reference: string, goods: readonly Goods[]): Promise<void>
  /** What is on it: in minor units. */
  readonly total: number
  cancel(reference: string): Promise<void>
  /** Goods leave for it from the first warehouse. Answers the shipment’s id. */
  ship(
    reference: string,
    goods: readonly (Goods & { readonly serials?: readonly string[] })[],
    tracking: readonly string[],
  ): Promise<string>
  /** Requests that ever reached it. */
  calls(): Promise<number>
  /** The next read of this kind goes wrong. */
  fail(mishap: ReadMishap, during: ReadOf): Promise<void>
  /** The next read of this kind is answered with this. */
  babble(status: number, body: string, during: ReadOf): Promise<void>
  /** It takes fractions of a piece, and figures below zero. */
  readonly oddFigures: boolean
  /** Its shipments carry serial numbers. */
  readonly serials: boolean
  /** Absent: nothing is followed. */
  readonly aftersales?: AftersalesWorld
}

export interface ReadsSubject {
  readonly reads: ErpReads
  readonly world: ReadsWorld
  close(): Promise<void>
}

export interface ReadsPace {
  readonly patienceMs: number
  /** Enough for a call to leave, and little enough to wait for. */
  readonly impatienceMs: number
  readonly babbles: number
}

const PACE: ReadsPace = { patienceMs: 10_000, impatienceMs: 400, babbles: 40 }

/** What every reader of an ERP does, as far as it says it can. `makeSubject` gives a world without stock and documents. */
export function erpReadsConformance(
  name: string,
  makeSubject: () => Promise<ReadsSubject>,
  { patienceMs, impatienceMs, babbles }: ReadsPace = PACE,
): void {
  describe(`the reads of ${name}`, { timeout: 6 * patienceMs }, async () => {
    const probe = await makeSubject()
    const { stock: canStock, commitments: canCommit, shipments: canShip } = probe.reads
    const canFollow = probe.reads.aftersales && probe.world.aftersales
    await probe.close()

    let subject: ReadsSubject
    let reads: ErpReads
    let world: ReadsWorld
    beforeEach(async () => {
      subject = await makeSubject()
      ;({ reads, world } = subject)
    })
    afterEach(() => subject.close())

    const context = (ms = patienceMs) => ({ deadline: Date.now() + ms, correlationId: 'c-1' })
    function valueOf<Value>(read: ErpRead<Value> | undefined): Value {
      if (!read) throw new Error('this ERP has no such read')
      if (read.is === 'failed') throw new Error(`${read.failure.class}: ${read.failure.message}`)
      return read.value
    }

    const figures = async (...skus: string[]) =>
      valueOf(await reads.stock?.bySku(skus, world.warehouses, context()))
    const figure = async (sku: string) => (await figures(sku)).get(sku)

    /** All pages from a cursor on. */
    async function changedSince(cursor: string | undefined) {
      const skus: string[] = []
      for (let from = cursor; ; ) {
        const page = valueOf(await reads.stock?.since?.(from, world.warehouses, context()))
        skus.push(...page.skus)
        if (!page.more) return { skus: [...new Set(skus)], cursor: page.cursor }
        from = page.cursor
      }
    }
    async function shippedSince(cursor?: string) {
      const shipments: ErpShipment[] = []
      for (let from = cursor; ; ) {
        const page = valueOf(await reads.shipments?.read(from, context()))
        expect(page.unreadable).toEqual([])
        shipments.push(...page.shipments)
        if (!page.more) return { shipments, cursor: page.cursor }
        from = page.cursor
      }
    }
    const commitmentsOf = async (...references: string[]) =>
      valueOf(await reads.commitments?.read(references, context()))
    const itemsOf = async (reference: string): Promise<Commitment['items']> =>
      (await commitmentsOf(reference)).get(reference)?.items ?? []

    const stockLaws = () =>
      describe('stock', () => {
        it('adds a SKU up over the warehouses that count, and no others', async () => {
          const { skus, warehouses } = world
          await world.putStock(skus[0], warehouses[0], 5)
          await world.putStock(skus[0], warehouses[1], 7)
          await world.putStock(skus[1], warehouses[1], 2)
          expect(await figures(...skus)).toEqual(
            new Map([
              [skus[0], 12],
              [skus[1], 2],
            ]),
          )
          const one = valueOf(await reads.stock?.bySku(skus, [warehouses[1]], context()))
          expect([one.get(skus[0]), one.get(skus[1])]).toEqual([7, 2])
        })

        it('is 0 for an item that ran out, and absent for a SKU the ERP does not know', async () => {
          const { skus, warehouses, unknownSku } = world
          await world.putStock(skus[0], warehouses[0], 3)
          await world.putStock(skus[0], warehouses[0], 0)
          const seen = await figures(skus[0], unknownSku)
          expect(seen.get(skus[0])).toBe(0)
          expect(seen.has(unknownSku)).toBe(false)
          expect([...(await figures(unknownSku))]).toEqual([])
        })

        it('answers nothing that was not asked for', async () => {
          const { skus, warehouses } = world
          for (const sku of skus) await world.putStock(sku, warehouses[0], 1)
          expect([...(await figures(skus[1])).keys()]).toEqual([skus[1]])
          expect([...valueOf(await reads.stock?.bySku([], warehouses, context()))]).toEqual([])
        })

        it('says what a figure below zero or of less than a piece is, exactly', async () => {
          if (!world.oddFigures) return
          const { skus, warehouses } = world
          await world.putStock(skus[0], warehouses[0], -3)
          await world.putStock(skus[1], warehouses[0], 0.1)
          await world.putStock(skus[1], warehouses[1], 0.7)
          expect(await figures(...skus)).toEqual(
            new Map([
              [skus[0], -3],
              [skus[1], 0.8],
            ]),
          )
        })

        it('moves with an order and with its shipment as its meaning has it', async () => {
          const [sku] = world.skus
          const [reference] = world.references
          await world.putStock(sku, world.warehouses[0], 10)
          await world.order(reference, [{ recId: '77', sku, quantity: 4 }])
          const isPhysical = canStock?.meaning === 'physical'
          expect(await figure(sku)).toBe(isPhysical ? 10 : 6)
          await world.ship(reference, [{ recId: '77', sku, quantity: 4 }], [])
          expect(await figure(sku)).toBe(6)
        })
      })

    const feedLaws = () =>
      describe('the feed of changed stock', () => {
        it('begins now, and names a SKU that fell to 0', async () => {
          const { skus, warehouses } = world
          await world.putStock(skus[0], warehouses[0], 5)
          const { cursor, skus: earlier } = await changedSince(undefined)
          expect(earlier).toEqual([])
          await world.putStock(skus[0], warehouses[0], 0)
          const changed = await changedSince(cursor)
          expect(changed.skus).toContain(skus[0])
          expect(changed.skus).not.toContain(skus[1])
          expect(await figure(skus[0])).toBe(0)
        })

        it('tells again from an old cursor, page by page, what it told', async () => {
          const { skus, warehouses } = world
          const { cursor } = await changedSince(undefined)
          for (const quantity of [1, 2, 3]) {
            for (const sku of skus) await world.putStock(sku, warehouses[0], quantity)
          }
          const first = await changedSince(cursor)
          expect(new Set(first.skus)).toEqual(new Set(skus))
          expect(await changedSince(cursor)).toEqual(first)
        })

        it('names a SKU whose free figure an order changed', async () => {
          if (canStock?.meaning === 'physical') return
          const [sku] = world.skus
          await world.putStock(sku, world.warehouses[0], 5)
          const { cursor } = await changedSince(undefined)
          await world.order(world.references[0], [{ recId: '77', sku, quantity: 1 }])
          expect((await changedSince(cursor)).skus).toContain(sku)
        })
      })

    const itemLaws = () =>
      it('lists every SKU, those without stock included', async () => {
        const { skus, warehouses } = world
        for (const sku of skus) await world.putStock(sku, warehouses[0], 0)
        const listed: string[] = []
        for (let cursor: string | undefined; ; ) {
          const page = valueOf(await reads.stock?.all?.(cursor, context()))
          listed.push(...page.skus)
          if (!page.more) break
          cursor = page.cursor
        }
        expect(listed).toEqual(expect.arrayContaining([...skus]))
        expect(listed).not.toContain(world.unknownSku)
      })

    const commitmentLaws = () =>
      describe('commitments', () => {
        it('answers every reference it is asked for', async () => {
          const [known, unknown] = world.references
          const [sku] = world.skus
          await world.order(known, [{ recId: '77', sku, quantity: 2 }])
          const seen = await commitmentsOf(unknown, known)
          expect([...seen.keys()].toSorted()).toEqual([unknown, known].toSorted())
          expect(seen.get(unknown)).toEqual({ state: 'absent', items: [] })
          expect(seen.get(known)).toMatchObject({ state: 'live', items: [{ sku, ordered: 2, shipped: 0 }] })
          expect([undefined, world.total]).toContain(seen.get(known)?.total)
          expect([...(await commitmentsOf(unknown)).values()]).toEqual([{ state: 'absent', items: [] }])
        })

        it('shows what is reserved and what was shipped, lines of one SKU together', async () => {
          const [sku, other] = world.skus
          const [reference] = world.references
          for (const one of [sku, other]) await world.putStock(one, world.warehouses[0], 10)
          await world.order(reference, [
            { recId: '77', sku, quantity: 2 },
            { recId: '78', sku: other, quantity: 1 },
            { recId: '79', sku, quantity: 3 },
          ])
          const held = async () => {
            const item = (await itemsOf(reference)).find((one) => one.sku === sku)
            return { ordered: item?.ordered, shipped: item?.shipped, reserved: item?.reserved ?? 'not told' }
          }
          const told = (pieces: number) => [pieces, 'not told']
          const before = await held()
          expect(before).toMatchObject({ ordered: 5, shipped: 0 })
          expect(told(5)).toContain(before.reserved)
          await world.ship(reference, [{ recId: '77', sku, quantity: 2 }], [])
          const after = await held()
          expect(after).toMatchObject({ ordered: 5, shipped: 2 })
          expect(told(3)).toContain(after.reserved)
        })

        it('tells a cancelled document from a live one', async () => {
          const [reference] = world.references
          await world.order(reference, [{ recId: '77', sku: world.skus[0], quantity: 2 }])
          await world.cancel(reference)
          expect((await commitmentsOf(reference)).get(reference)).toMatchObject({ state: 'cancelled' })
        })
      })

    const shipmentLaws = () =>
      describe('shipments', () => {
        it('come once each, in the order in which they left, and again from an old cursor', async () => {
          const [sku] = world.skus
          const [first, second] = world.references
          const began = await shippedSince()
          expect(began.shipments).toEqual([])
          for (const reference of [first, second])
            await world.order(reference, [{ recId: '77', sku, quantity: 3 }])
          const left: string[] = []
          for (const reference of [first, second, first])
            left.push(await world.ship(reference, [{ recId: '77', sku, quantity: 1 }], []))
          const seen = await shippedSince(began.cursor || undefined)
          expect(seen.shipments.map(({ id }) => id)).toEqual(left)
          expect(seen.shipments.map(({ reference }) => reference)).toEqual([first, second, first])
          expect(await shippedSince(began.cursor || undefined)).toEqual(seen)
          expect((await shippedSince(seen.cursor)).shipments).toEqual([])
          const last = await world.ship(second, [{ recId: '77', sku, quantity: 1 }], [])
          expect((await shippedSince(seen.cursor)).shipments.map(({ id }) => id)).toEqual([last])
        })

        it('say what left, in which parcels, and for which lines', async () => {
          const [sku, other] = world.skus
          const [reference] = world.references
          const earliest = Date.now() - 60_000
          await world.order(reference, [
            { recId: '1234', sku, quantity: 2 },
            { recId: '1235', sku: other, quantity: 1 },
          ])
          const serials = world.serials ? ['SN-1', 'SN-2'] : []
          await world.ship(reference, [{ recId: '1234', sku, quantity: 2, serials }], ['T-1', 'T-2'])
          const [shipment] = (await shippedSince()).shipments
          expect(shipment).toMatchObject({
            reference,
            tracking: ['T-1', 'T-2'],
            lines: [{ sku, quantity: 2, serials }],
          })
          expect([undefined, '1234']).toContain(shipment?.lines[0]?.recId)
          expect(shipment?.id).toMatch(/^[A-Za-z0-9._:/-]{1,64}$/)
          expect(shipment?.shippedAt).toBeGreaterThan(earliest)
          expect(shipment?.shippedAt).toBeLessThan(Date.now() + 60_000)
        })
      })

    async function followedSince(cursor?: string) {
      const progress: Progress[] = []
      for (let from = cursor; ; ) {
        const page = valueOf(await reads.aftersales?.read(from, context()))
        expect(page.unreadable).toEqual([])
        progress.push(...page.progress)
        if (!page.more) return { progress, cursor: page.cursor }
        from = page.cursor
      }
    }

    const aftersalesLaws = (canTellNotes: boolean) =>
      describe('steps of returns and tickets', () => {
        const inWorld = async () => {
          if (!world.aftersales) throw new Error('nothing is followed')
          const { steps } = world.aftersales
          const [first, second] = await world.aftersales.enter()
          return { ...world.aftersales, steps, first, second }
        }

        it('come once each, in the order they happened in, and again from an old cursor', async () => {
          const { first, second, steps, advance } = await inWorld()
          const began = await followedSince()
          await advance(first, steps[0], 'one')
          await advance(second, steps[0], 'two')
          await advance(first, steps[1], 'three')
          const seen = await followedSince(began.cursor || undefined)
          const told = ({ of, reference, step }: Progress) => [of, reference, step]
          expect(seen.progress.map(told)).toEqual([
            [first.of, first.reference, steps[0]],
            [second.of, second.reference, steps[0]],
            [first.of, first.reference, steps[1]],
          ])
          expect(new Set(seen.progress.map(({ id }) => id)).size).toBe(3)
          expect(await followedSince(began.cursor || undefined)).toEqual(seen)
          expect((await followedSince(seen.cursor)).progress).toEqual([])
          await advance(second, steps[1], 'four')
          expect((await followedSince(seen.cursor)).progress.map(told)).toEqual([
            [second.of, second.reference, steps[1]],
          ])
        })

        it('are none while nobody but us has touched what they would be of', async () => {
          const before = await followedSince()
          await inWorld()
          expect((await followedSince(before.cursor || undefined)).progress).toEqual([])
        })

        it('say when, and what was said', async () => {
          const { first, steps, advance } = await inWorld()
          const began = await followedSince()
          const earliest = Date.now() - 60_000
          await advance(first, steps[0], '外包装 <b>完好</b> & 无划痕')
          const [step] = (await followedSince(began.cursor || undefined)).progress
          const at = Date.parse(step?.at ?? '')
          expect(at).toBeGreaterThan(earliest)
          expect(at).toBeLessThan(Date.now() + 60_000)
          if (canTellNotes) expect(step?.note).toBe('外包装 <b>完好</b> & 无划痕')
        })
      })

    const calls: readonly (readonly [
      of: ReadOf,
      call: (ms?: number) => Promise<ErpRead<unknown> | undefined>,
    ])[] = [
      ...(canStock
        ? [
            [
              'stock',
              async (ms?: number) => reads.stock?.bySku(world.skus, world.warehouses, context(ms)),
            ] as const,
          ]
        : []),
      ...(canStock?.since
        ? [
            [
              'feed',
              async (ms?: number) => reads.stock?.since?.(undefined, world.warehouses, context(ms)),
            ] as const,
          ]
        : []),
      ...(canStock?.all
        ? [['items', async (ms?: number) => reads.stock?.all?.(undefined, context(ms))] as const]
        : []),
      ...(canCommit
        ? [
            [
              'commitments',
              async (ms?: number) => reads.commitments?.read(world.references, context(ms)),
            ] as const,
          ]
        : []),
      ...(canShip
        ? [['shipments', async (ms?: number) => reads.shipments?.read(undefined, context(ms))] as const]
        : []),
      ...(canFollow
        ? [['aftersales', async (ms?: number) => reads.aftersales?.read(undefined, context(ms))] as const]
        : []),
    ]

    describe.each(calls)('a failing answer about %s', (of, call) => {
      const failureIn = (read: ErpRead<unknown> | undefined) => {
        if (read?.is !== 'failed') throw new Error('it was taken for an answer')
        expect(FAILURE_RULES).toHaveProperty(read.failure.class)
        expect(read.failure.class).not.toBe('UnknownOutcome')
        expect(read.failure.message.length).toBeLessThanOrEqual(400)
        return read.failure
      }

      it.each<ReadMishap>(['error-500', 'reset-before-commit', 'truncated', 'cut-json', 'html'])(
        'is a failure, never an empty answer: %s',
        async (mishap) => {
          await world.fail(mishap, of)
          expect(['Transient', 'Protocol']).toContain(failureIn(await call()).class)
        },
      )

      it('hands on the ERP’s advice when it is asked too often', async () => {
        await world.fail('rate-limit', of)
        expect(failureIn(await call())).toMatchObject({ class: 'RateLimited', retryAfterMs: 7_000 })
      })

      it('is no empty answer when the error comes with a 200', async () => {
        await world.babble(200, '{"error":{"code":500,"message":"database is locked"}}', of)
        expect(failureIn(await call()).class).not.toBe('AuthDenied')
      })

      it('is given up at its deadline, and not even asked after it', async () => {
        await world.fail('hang-before-commit', of)
        const started = Date.now()
        expect(failureIn(await call(impatienceMs)).class).toBe('Transient')
        expect(Date.now() - started).toBeLessThan(patienceMs / 2)
        const before = await world.calls()
        expect(failureIn(await call(-1)).class).toBe('Transient')
        expect(await world.calls()).toBe(before)
      })

      it('is a value, whatever the ERP may babble', async () => {
        const babble = fc.record({
          status: fc.oneof(
            fc.constantFrom(200, 201, 204, 400, 401, 409, 429, 500, 503),
            fc.integer({ min: 200, max: 599 }),
          ),
          body: fc.oneof(
            fc.json({ maxDepth: 3 }),
            fc.string({ unit: 'binary', maxLength: 100 }),
            fc.constantFrom('', 'null', '{}', '[[]]', '{"error":{}}', '{"result":null}', '{"result":false}'),
          ),
        })
        await fc.assert(
          fc.asyncProperty(babble, async ({ status, body }) => {
            await world.babble(status, body, of)
            failureIn(await call())
          }),
          { numRuns: babbles },
        )
      })
    })

    if (canStock) stockLaws()
    if (canStock?.since) feedLaws()
    if (canStock?.all) itemLaws()
    if (canCommit) commitmentLaws()
    if (canShip) shipmentLaws()
    if (canFollow) aftersalesLaws(canFollow.notes)
  })
}

/** The lines of an order as an ERP is sent them. */
export const linesOfGoods = (reference: string, goods: readonly Goods[]) =>
  goods.map(({ recId, sku, quantity }) => ({
    line_ref: lineReference(reference, recId),
    sku,
    quantity,
  }))
