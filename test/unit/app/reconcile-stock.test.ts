import { describe, expect, it } from 'vitest'
import { reconcileStock } from '#app/reconcile-stock.ts'
import { releaseBrake } from '#app/stock/brake-note.ts'
import { StockPool } from '../../support/stock-pool.ts'

const MINUTE = 60_000

/** A pool whose first full run is over, with nothing left to do. */
async function settled(setup: ConstructorParameters<typeof StockPool>[0] = {}): Promise<StockPool> {
  const pool = new StockPool(setup)
  for (const shop of Object.values(pool.shops)) shop.put('OLD', 0)
  pool.erp.set('OLD', 0)
  expect(await pool.run()).toMatchObject({ is: 'done' })
  pool.clock.advance(6 * MINUTE)
  pool.calls.length = 0
  return pool
}

const skus = (count: number, name = 'S') =>
  Array.from({ length: count }, (_, index) => `${name}${String(index).padStart(4, '0')}`)

describe('a run of a pool', () => {
  it('writes only what differs, with what it rests on', async () => {
    const pool = new StockPool()
    pool.shop().put('TEE', 5)
    pool.shop().put('CUP', 3)
    pool.erp.set('TEE', 8)
    pool.erp.set('CUP', 3)
    expect(await pool.run()).toMatchObject({ is: 'done', counts: { examined: 2, changed: 1, figures: 1 } })
    const [{ message } = { message: undefined }] = pool.queue.drain()
    expect(message).toMatchObject({
      shop: 'A1',
      target: 'erp-one',
      id: `stock:main:${pool.clock.now()}:0`,
      command: {
        is: 'stock',
        pool: 'main',
        write: {
          as_of: '2026-11-21T08:30:00.000Z',
          origin: 'erp-one',
          items: [{ sku: 'TEE', quantity: 8, expect: 5, digest: '[5,[]]' }],
        },
      },
    })
  })

  it('reads documents, figure, shop, documents, in this order', async () => {
    const pool = await settled()
    pool.shop().put('TEE', 5, {})
    pool.erp.set('TEE', 5)
    await pool.know('TEE')
    pool.feed.push('TEE')
    await pool.run()
    const slice = pool.calls.slice(pool.calls.lastIndexOf('A1 page') + 1)
    expect(slice).toEqual([
      'A1 stock',
      'erp documents',
      'erp figures',
      'A1 stock',
      'A1 changes',
      'erp documents',
    ])
  })

  it('keeps back what is sold and what its safety rule says', async () => {
    const pool = new StockPool({ pool: { safety: [{ sku: 'T*', units: 2 }] } })
    pool.shop().put('TEE', 9, { quantity: 3 })
    pool.erp.set('TEE', 10)
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'TEE', 5]])
  })

  it('counts what a removed line may still get from a physical stock, as long as its document lives', async () => {
    const pool = await settled()
    pool.shop().put('TEE', 9)
    pool.erp.set('TEE', 10)
    await pool.know('TEE')
    pool.document([{ sku: 'TEE', ordered: 1, shipped: 0 }])
    pool.shop().change('1001', 500)
    await pool.run()
    expect(pool.queued()).toEqual([])

    pool.document([{ sku: 'TEE', ordered: 1, shipped: 0 }], 'cancelled')
    pool.feed.push('TEE')
    pool.clock.advance(5 * MINUTE)
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'TEE', 10]])
  })

  it('adds what is unshipped where stock falls at shipment, and leaves it out where it is not managed', async () => {
    const pool = new StockPool({ shops: { A1: 'shipment' } })
    pool.shop().put('TEE', 7, { quantity: 3, shipped: 1 })
    pool.erp.set('TEE', 10)
    await pool.run()
    // 10 less 3 that are owed and not covered, and 2 that the shop has yet to ship.
    expect(pool.queued()).toEqual([['A1', 'TEE', 9]])

    const unmanaged = new StockPool({ shops: { A1: 'none' } })
    unmanaged.shop().put('TEE', 1, { quantity: 3 })
    unmanaged.erp.set('TEE', 10)
    await unmanaged.run()
    expect(unmanaged.queued()).toEqual([['A1', 'TEE', 7]])
  })

  it.each(['placement', 'shipment'] as const)(
    'does not write over a sale, nor over lines that changed while the number came back (%s)',
    async (mode) => {
      const pool = new StockPool({ shops: { A1: mode } })
      pool.shop().put('TEE', 5, { order_id: '1001', quantity: 1 })
      pool.shop().put('CUP', 5)
      pool.erp.set('TEE', 9)
      pool.erp.set('CUP', 9)
      await pool.run()
      pool.shop().put('TEE', 5, { order_id: '1002', quantity: 1 })
      pool.shop().put('CUP', 4)
      expect(pool.apply()).toEqual([
        ['TEE', 'conflict'],
        ['CUP', 'conflict'],
      ])
      pool.clock.advance(5 * MINUTE)
      await pool.run()
      expect(
        pool
          .queued()
          .map(([, sku]) => sku)
          .sort(),
      ).toEqual(['CUP', 'TEE'])
    },
  )

  it('waits for an ERP whose figures lag before it asks for them, where there are documents to cover', async () => {
    const pool = new StockPool({ lagMs: 5_000 })
    pool.shop().put('TEE', 5, {})
    pool.erp.set('TEE', 5)
    await pool.know('TEE')
    pool.document([{ sku: 'TEE', ordered: 1, shipped: 1 }])
    await pool.run()
    expect(pool.waits).toEqual([5_000])
    expect(pool.queued()).toEqual([])
  })

  it('fails for a pool that is not configured, or an ERP that is not read for stock', async () => {
    const pool = new StockPool()
    const end = pool.clock.now() + 60_000
    expect(await reconcileStock({ pool: 'other' }, pool.deps, end)).toMatchObject({ is: 'failed' })
    const erp = () => ({ describe: () => pool.deps.erp('erp-one').describe() })
    expect(await pool.run({ erp })).toMatchObject({ is: 'failed', why: expect.stringContaining('stock') })
  })
})

describe('SKUs that one side does not know', () => {
  it('are reported, and written nowhere', async () => {
    const pool = new StockPool()
    pool.shop().put('ONLY-SHOP', 5)
    pool.shop().put('BOTH', 5)
    pool.shop().put('TWIN', 5)
    pool.shop().ambiguous.add('TWIN')
    for (const sku of ['BOTH', 'ONLY-ERP', 'TWIN']) pool.erp.set(sku, 5)
    await pool.run()
    expect(pool.queued()).toEqual([])
    expect(await pool.report()).toMatchObject({
      kind: 'full',
      is: 'done',
      unknownInErp: { count: 1, sample: ['ONLY-SHOP'] },
      unknownInShop: { count: 2, sample: ['ONLY-ERP', 'TWIN'] },
      counts: { ambiguous: 1 },
    })
  })

  it('are reported when the ERP’s feed brings them', async () => {
    const pool = await settled()
    pool.feed.push('NEW', 'X'.repeat(61))
    pool.erp.set('NEW', 1)
    await pool.run()
    expect(await pool.report()).toMatchObject({ kind: 'delta', unknownInShop: { count: 1, sample: ['NEW'] } })
  })
})

describe('what a run looks at between two nights', () => {
  it('is what the ERP’s feed names', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    pool.feed.push('OLD')
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'OLD', 4]])
    expect((await pool.report()).counts).toMatchObject({ examined: 1 })
  })

  it('is what changed orders have', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    await pool.know('OLD')
    pool.shop().change('1001', 500)
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'OLD', 4]])
  })

  it('is what changed orders have, once the ledger knows the order', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    pool.shop().change('1001', 500)
    await pool.run()
    expect(pool.queued()).toEqual([])
    await pool.know('OLD')
    pool.clock.advance(5 * MINUTE)
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'OLD', 4]])
  })

  it('is what moved in the shop by itself', async () => {
    const pool = await settled()
    pool.shop().put('OLD', 7)
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'OLD', 0]])
  })

  it('is what a write-back was not confirmed for, and no longer than that', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    pool.feed.push('OLD')
    await pool.run()
    expect(pool.queued()).toHaveLength(1)
    // Lost on its way.
    pool.clock.advance(5 * MINUTE)
    await pool.run()
    expect(pool.apply()).toEqual([['OLD', 'applied']])
    pool.clock.advance(5 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'done', counts: { examined: 1 } })
    pool.clock.advance(5 * MINUTE)
    pool.calls.length = 0
    expect(await pool.run()).not.toHaveProperty('counts.examined')
    expect(pool.calls).not.toContain('erp figures')
    expect(pool.queued()).toEqual([])
  })

  it('begins when it is due, or asked for', async () => {
    const pool = new StockPool()
    expect(await pool.run()).toMatchObject({ is: 'done' })
    pool.clock.advance(4 * MINUTE)
    expect(await pool.run()).toEqual({ is: 'not-due' })
    expect(await pool.runNow()).toMatchObject({ is: 'done' })
  })

  it('is everything once a night', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    await pool.run()
    expect(pool.queued()).toEqual([])
    pool.clock.advance(24 * 60 * MINUTE)
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'OLD', 4]])
    expect((await pool.report()).kind).toBe('full')
  })
})

describe('a page that cannot be read', () => {
  it('of the ERP leaves its SKUs and the cursor for the next run, and the others go on', async () => {
    const pool = await settled({ pool: { brake: { zeroPercent: 100, movePercent: 100 } } })
    for (const sku of skus(250)) {
      pool.shop().put(sku, 0)
      pool.erp.set(sku, 1)
    }
    pool.feed.push(...skus(250))
    pool.fails = (what, names) => (what === 'figures' && names.includes('S0000') ? 'Invalid' : undefined)
    expect(await pool.run()).toEqual({ is: 'failed', why: 'erp-one: The ERP says no.' })
    const first = pool.queued()
    expect(first.length).toBeGreaterThan(0)
    expect(first.map(([, sku]) => sku)).not.toContain('S0000')

    pool.fails = () => undefined
    pool.clock.advance(5 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'done' })
    expect(pool.queued().map(([, sku]) => sku)).toContain('S0000')
  })

  it('of the ERP’s feed is asked for again from the same cursor', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    pool.feed.push('OLD')
    pool.fails = (what) => (what === 'feed' ? 'Invalid' : undefined)
    expect(await pool.run()).toMatchObject({ is: 'failed' })
    pool.fails = () => undefined
    pool.clock.advance(5 * MINUTE)
    await pool.run()
    expect(pool.queued()).toEqual([['A1', 'OLD', 4]])
  })

  it('of the shop stops the walk there: it is tried again, and the night is not done', async () => {
    const pool = new StockPool()
    for (const sku of skus(450)) {
      pool.shop().put(sku, 0)
      pool.erp.set(sku, 0)
    }
    pool.shop().broken = (query) => 'after' in query && query.after === '200'
    expect(await pool.run()).toMatchObject({ is: 'failed', why: 'shop A1: It broke. Mend it.' })
    pool.clock.advance(MINUTE)
    pool.shop().broken = () => false
    expect(await pool.run()).toMatchObject({ is: 'done', counts: { examined: 450 } })

    pool.clock.advance(24 * 60 * MINUTE)
    pool.shop().broken = (query) => 'after' in query && query.after === '200'
    for (let tick = 0; tick < 3; tick += 1) {
      expect(await pool.run()).toMatchObject({ is: 'failed' })
      pool.clock.advance(MINUTE)
    }
    // It has given up for an hour, and goes by what changes meanwhile.
    pool.clock.advance(5 * MINUTE)
    pool.shop().broken = () => false
    await pool.run()
    expect((await pool.report()).kind).toBe('delta')
    pool.clock.advance(60 * MINUTE)
    await pool.run()
    expect((await pool.report()).kind).toBe('full')
  })
})

describe('what a run keeps', () => {
  /** Length of the longest note, of one name or any, that a first run of so many SKUs ever wrote. */
  async function longestNote(count: number, quantity: number, name?: string): Promise<number> {
    const pool = new StockPool({ pool: { brake: { zeroPercent: 100, movePercent: 100 } } })
    for (const sku of skus(count)) {
      pool.shop().put(sku, quantity)
      pool.erp.set(sku, 1)
    }
    let longest = 0
    const notes: typeof pool.deps.notes = {
      read: (...args) => pool.notes.read(...args),
      write: (written, rev, text, ttl) => {
        if (name === undefined || name === written) longest = Math.max(longest, text.length)
        return pool.notes.write(written, rev, text, ttl)
      },
    }
    expect(await pool.run({ notes })).toMatchObject({ is: 'done', counts: { examined: count } })
    return longest
  }

  it('does not grow with the SKUs that are as they are to be', async () => {
    expect(await longestNote(9_900, 1)).toBeLessThan((await longestNote(5_100, 1)) + 100)
  })

  it('grows by little more than the code of a SKU that it writes', async () => {
    const grown = (await longestNote(2_000, 0, 'stock:main')) - (await longestNote(1_000, 0, 'stock:main'))
    expect(grown / 1_000).toBeLessThan('"S0001",1,'.length + 1)
  })
})

describe('a run near the end of its invocation', () => {
  it('saves its place and goes on with the next, and writes each figure once', async () => {
    const pool = new StockPool({
      endsInMs: 10_000,
      pool: { brake: { zeroPercent: 100, movePercent: 100 } },
    })
    for (const sku of skus(1_000)) {
      pool.shop().put(sku, 0)
      pool.erp.set(sku, 1)
    }
    pool.meanwhile = (call) => {
      if (call === 'erp figures') pool.clock.advance(3_000)
    }
    const ends: string[] = []
    for (let tick = 0; tick < 9 && ends.at(-1) !== 'done'; tick += 1) {
      ends.push((await pool.run()).is)
      pool.clock.advance(1_000)
    }
    expect(ends).toEqual(['saved', 'saved', 'done'])
    const written = pool.queued().map(([, sku]) => sku)
    expect(written).toHaveLength(1_000)
    expect(new Set(written).size).toBe(1_000)
  })

  it('releases nothing that has grown old meanwhile, and looks at it again', async () => {
    const pool = await settled()
    for (const sku of skus(201)) {
      pool.shop().put(sku, 0)
      pool.erp.set(sku, 1)
      pool.feed.push(sku)
    }
    Object.assign(pool.deps.pools['main']?.brake ?? {}, { movePercent: 100 })
    pool.meanwhile = (call) => {
      if (call === 'erp figures') pool.clock.advance(299_500)
    }
    expect(await pool.run()).toMatchObject({ is: 'saved' })
    pool.meanwhile = () => {}
    pool.clock.advance(60 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'done' })
    const first = pool.queued().length
    pool.clock.advance(5 * MINUTE)
    await pool.run()
    expect(first + pool.queued().length).toBeGreaterThanOrEqual(201)
  })
})

describe('the brake', () => {
  /** A hundred SKUs that are well, and then an ERP that says 0 of all of them. */
  async function poisoned(): Promise<StockPool> {
    const pool = new StockPool()
    for (const sku of skus(100)) {
      pool.shop().put(sku, 5)
      pool.erp.set(sku, 5)
    }
    await pool.run()
    for (const sku of skus(100)) pool.erp.set(sku, 0)
    pool.feed.push(...skus(100))
    pool.clock.advance(5 * MINUTE)
    return pool
  }

  it('holds the plan, and says so', async () => {
    const pool = await poisoned()
    expect(await pool.run()).toMatchObject({ is: 'waiting', why: expect.stringContaining('brake') })
    expect(pool.queued()).toEqual([])
    const brake = await pool.brake()
    expect(brake).toMatchObject({ state: 'tripped', counts: { zeroed: 100, changed: 100, of: 100 } })
    expect(brake?.sample).toHaveLength(100)
    expect(brake?.sample[0]).toEqual({ shop: 'A1', sku: 'S0000', from: 5, to: 0 })
    expect(await pool.report()).toMatchObject({ is: 'braked' })
    expect(pool.log.lines).toMatchObject([
      { level: 'error', code: 'BRAKE_TRIPPED', fields: { pool: 'main' } },
    ])
  })

  it('is not softened by what no shop has', async () => {
    const pool = await poisoned()
    for (let index = 0; index < 1_000; index += 1) {
      pool.erp.set(`PART-${index}`, 0)
      pool.feed.push(`PART-${index}`)
    }
    expect(await pool.run()).toMatchObject({ is: 'waiting' })
    expect(await pool.brake()).toMatchObject({ state: 'tripped', counts: { changed: 100, of: 100 } })
    expect(pool.queued()).toEqual([])
  })

  it('keeps holding it run by run, until the figures are well again', async () => {
    const pool = await poisoned()
    await pool.run()
    pool.clock.advance(MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'waiting' })
    pool.clock.advance(5 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'waiting' })
    expect(pool.queued()).toEqual([])

    for (const sku of skus(100)) pool.erp.set(sku, 6)
    pool.erp.set('S0000', 5)
    Object.assign(pool.deps.pools['main']?.brake ?? {}, { movePercent: 100 })
    pool.clock.advance(5 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'done' })
    expect(pool.queued()).toHaveLength(99)
    expect(await pool.brake()).toMatchObject({ state: 'passed' })
  })

  it('lets a plan pass that a person released, at once', async () => {
    const pool = await poisoned()
    await pool.run()
    expect(await releaseBrake('main', pool.notes)).toMatchObject({ state: 'released' })
    expect(await releaseBrake('main', pool.notes)).toBeUndefined()
    pool.clock.advance(MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'done' })
    expect(pool.queued()).toHaveLength(100)
    expect(await pool.brake()).toMatchObject({ state: 'passed' })
  })

  it('holds one that has become much worse since', async () => {
    const pool = new StockPool()
    for (const sku of skus(100)) {
      pool.shop().put(sku, 5)
      pool.erp.set(sku, 5)
    }
    await pool.run()
    for (const sku of skus(40)) pool.erp.set(sku, 0)
    pool.feed.push(...skus(100))
    pool.clock.advance(5 * MINUTE)
    await pool.run()
    await releaseBrake('main', pool.notes)
    for (const sku of skus(100)) pool.erp.set(sku, 0)
    pool.clock.advance(5 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'waiting' })
    expect(await pool.brake()).toMatchObject({ state: 'tripped', counts: { zeroed: 100 } })
  })

  it('looks at everything again after it held a full run', async () => {
    const pool = new StockPool()
    for (const sku of skus(100)) {
      pool.shop().put(sku, 5)
      pool.erp.set(sku, 0)
    }
    await pool.run()
    pool.clock.advance(5 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'waiting' })
    expect(await pool.report()).toMatchObject({ kind: 'full', is: 'braked' })
    await releaseBrake('main', pool.notes)
    await pool.run()
    expect(await pool.report()).toMatchObject({ kind: 'full', is: 'done', counts: { changed: 100 } })
  })
})

describe('several shops on one pool', () => {
  it('share what there is; a raise waits until the other shows less', async () => {
    const pool = new StockPool({ shops: { A1: 'placement', B2: 'placement' } })
    pool.shop('A1').put('TEE', 9)
    pool.shop('B2').put('TEE', 0)
    pool.erp.set('TEE', 10)
    await pool.run()
    expect(pool.apply()).toEqual([
      ['TEE', 'applied'],
      ['TEE', 'applied'],
    ])
    expect([pool.shop('A1').quantity('TEE'), pool.shop('B2').quantity('TEE')]).toEqual([5, 1])
    pool.clock.advance(5 * MINUTE)
    await pool.run()
    expect(pool.queued()).toEqual([['B2', 'TEE', 5]])
  })

  it('owe together what each of them sold', async () => {
    const pool = new StockPool({ shops: { A1: 'placement', B2: 'placement' } })
    pool.shop('A1').put('TEE', 0, { quantity: 2 })
    pool.shop('B2').put('TEE', 0, { quantity: 3 })
    pool.erp.set('TEE', 11)
    await pool.run()
    expect(pool.queued()).toEqual([
      ['A1', 'TEE', 3],
      ['B2', 'TEE', 3],
    ])
  })

  it('are walked one after the other, each SKU once', async () => {
    const pool = new StockPool({ shops: { A1: 'placement', B2: 'placement' } })
    for (const sku of skus(3)) pool.shop('A1').put(sku, 0)
    for (const sku of skus(5)) pool.shop('B2').put(sku, 0)
    for (const sku of skus(5)) pool.erp.set(sku, 0)
    expect(await pool.run()).toMatchObject({ is: 'done', counts: { examined: 5 } })
  })

  it('are read as a whole or not at all: what one owes, another must not offer', async () => {
    const pool = new StockPool({ shops: { A1: 'placement', B2: 'placement' } })
    pool.shop('A1').put('TEE', 0)
    pool.shop('B2').put('TEE', 0, { quantity: 3 })
    pool.erp.set('TEE', 4)
    pool.shop('B2').broken = (query) => 'skus' in query
    expect(await pool.run()).toMatchObject({ is: 'failed' })
    expect(pool.queued()).toEqual([])
  })
})

describe('a run that cannot go on', () => {
  it('waits while the gate of the ERP is closed, and goes on once it opens', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    pool.feed.push('OLD')
    pool.fails = () => 'AuthDenied'
    expect(await pool.run()).toMatchObject({ is: 'failed' })
    pool.calls.length = 0
    expect(await pool.runNow()).toEqual({ is: 'waiting', why: 'the gate of erp-one is closed' })
    expect(pool.calls.filter((call) => call.startsWith('erp'))).toEqual([])

    pool.fails = () => undefined
    pool.clock.advance(5 * MINUTE)
    expect(await pool.run()).toMatchObject({ is: 'done' })
    expect(pool.queued()).toEqual([['A1', 'OLD', 4]])
  })

  it('waits for tokens of the rate within its invocation', async () => {
    const pool = new StockPool({ perMinute: 6 })
    for (const sku of skus(900)) {
      pool.shop().put(sku, 0)
      pool.erp.set(sku, 0)
    }
    let end = await pool.run()
    while (end.is === 'saved') end = await pool.run()
    expect(end).toMatchObject({ is: 'done', counts: { examined: 900 } })
    expect(pool.waits.length).toBeGreaterThan(0)
    expect(Math.max(...pool.waits)).toBeLessThanOrEqual(30_000)
  })

  it('leaves the pool to the invocation that has its lock', async () => {
    const pool = await settled()
    let inner: unknown
    pool.feed.push('OLD')
    const outer = pool.run({
      wait: async () => {},
      ledger: {
        get: async () => {
          inner ??= await pool.run()
          return undefined
        },
      },
    })
    pool.shop().put('OLD', 0, {})
    expect(await outer).toMatchObject({ is: 'done' })
    expect(inner).toEqual({ is: 'busy' })
  })

  it('writes nothing once another invocation has taken its lock', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    pool.feed.push('OLD')
    let stolen = false
    pool.meanwhile = (call) => {
      if (call !== 'erp figures' || stolen) return
      stolen = true
      void pool.notes
        .read('stock:main')
        .then((note) => note && pool.notes.write('stock:main', note.rev, note.text))
    }
    expect(await pool.run()).toEqual({ is: 'busy' })
    expect(pool.queued()).toEqual([])
  })

  it('tries to queue its commands again from where it stopped', async () => {
    const pool = await settled()
    pool.erp.set('OLD', 4)
    pool.feed.push('OLD')
    const writebacks = { enqueue: async () => ['failed' as const] }
    expect(await pool.run({ writebacks })).toMatchObject({ is: 'failed' })
    pool.clock.advance(MINUTE)
    pool.calls.length = 0
    expect(await pool.run()).toMatchObject({ is: 'done' })
    expect(pool.calls).toEqual(['A1 health'])
    expect(pool.queued()).toEqual([['A1', 'OLD', 4]])
  })
})
