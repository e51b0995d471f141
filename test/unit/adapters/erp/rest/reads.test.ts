import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { toInstant } from '#adapters/erp/rest/instants.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { CountingIds } from '../../../../support/counting-ids.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { restOrders } from '../../../../support/rest-orders.ts'
import { type ScriptedAnswer, scriptedFetch } from '../../../../support/scripted-fetch.ts'

type Operations = NonNullable<z.input<typeof RestTargetSchema>['operations']>
type Answers = z.input<typeof RestTargetSchema>['answers']

const NOW = Date.parse('2026-11-22T05:00:00Z')

function erp(
  operations: Omit<Operations, 'place' | 'steps'>,
  answers: ScriptedAnswer[],
  common: { answers?: Answers; files?: Record<string, string> } = {},
) {
  const script = scriptedFetch(...answers)
  const { reads } = restOrders({
    config: RestTargetSchema.parse({
      baseUrl: 'https://erp.example.com/api',
      idempotency: 'none',
      operations: { place: { path: '/orders' }, ...operations },
      ...(common.answers ? { answers: common.answers } : {}),
    }),
    configDir: '',
    secrets: async () => undefined,
    fetch: script.fetch,
    clock: new ManualClock(NOW),
    ids: new CountingIds(),
    files: { stamp: async () => '1', read: async (path) => common.files?.[path] ?? '' },
  })
  if (!reads) throw new Error('nothing is configured to be read')
  return { ...reads, ...script }
}

const context = { deadline: NOW + 10_000, correlationId: 'c-1' }
const failure = (kind: string, message: string | RegExp = '') => ({
  is: 'failed',
  failure: {
    class: kind,
    message: message instanceof RegExp ? expect.stringMatching(message) : expect.stringContaining(message),
  },
})

describe('a REST target that is configured for no reads', () => {
  it('has none', () => {
    expect(() => erp({}, [])).toThrow('nothing is configured')
  })
})

describe('stock of a REST API', () => {
  const STOCK: NonNullable<Operations['stock']> = {
    meaning: 'free',
    bySku: {
      path: '/stock',
      query: { skus: '{skus}', wh: '{warehouses}' },
      empty: 'body.rows = []',
      figures: 'body.rows.{ "sku": code, "warehouse": wh, "quantity": qty }',
    },
  }
  const figures = (body: unknown, status = 200) => {
    const { stock } = erp({ stock: STOCK }, [{ status, body }])
    return stock?.bySku(['A', 'B'], ['W1'], context)
  }

  it('is asked for with SKUs and warehouses, those that are not named left out', async () => {
    const { stock, sent } = erp({ stock: STOCK }, [{ body: { rows: [] } }, { body: { rows: [] } }])
    await stock?.bySku(['A&B', 'C'], ['W1', 'W2'], context)
    await stock?.bySku(['A'], [], context)
    expect(sent.map(({ url }) => url)).toEqual([
      'https://erp.example.com/api/stock?skus=A%26B%2CC&wh=W1%2CW2',
      'https://erp.example.com/api/stock?skus=A',
    ])
  })

  it('is asked for with a body where a mapping makes one', async () => {
    const bySku = { ...STOCK.bySku, method: 'POST', query: {}, mapping: 'q.jsonata' } as const
    const { stock, sent } = erp({ stock: { ...STOCK, bySku } }, [{ body: { rows: [] } }], {
      files: { 'q.jsonata': '{ "codes": skus, "at": [warehouses] }' },
    })
    await stock?.bySku(['A,B', 'C'], ['W1'], context)
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ codes: ['A,B', 'C'], at: ['W1'] })
  })

  it('never takes a SKU with a comma in a parameter for two others', async () => {
    const rows = [{ code: 'A', qty: 1 }]
    const { stock, sent } = erp({ stock: STOCK }, [{ body: { rows } }])
    const read = await stock?.bySku(['A', 'B,C'], [], context)
    expect(sent[0]?.url).toMatch(/skus=A$/)
    expect(read).toEqual({ is: 'ok', value: new Map([['A', 1]]) })
    expect(await stock?.bySku(['B,C'], [], context)).toEqual({ is: 'ok', value: new Map() })
    expect(sent).toHaveLength(1)
  })

  it('adds up texts and numbers, and batches of one warehouse, exactly', async () => {
    const rows = [
      { code: 'A', wh: 'W1', qty: '0.10' },
      { code: 'A', wh: 'W1', qty: 0.2 },
      { code: 'A', wh: 'W2', qty: '900' },
      { code: 'B', wh: 'W1', qty: ' -2.000 ' },
      { code: 'Z', wh: 'W1', qty: '5' },
    ]
    expect(await figures({ rows })).toEqual({
      is: 'ok',
      value: new Map([
        ['A', 0.3],
        ['B', -2],
      ]),
    })
  })

  it('knows a SKU that lies in other warehouses only, with 0 here', async () => {
    expect(await figures({ rows: [{ code: 'A', wh: 'W9', qty: 7 }] })).toEqual({
      is: 'ok',
      value: new Map([['A', 0]]),
    })
  })

  it('counts a row that names no warehouse, for the ERP was told which ones count', async () => {
    expect(await figures({ rows: { code: 'A', qty: 4 } })).toEqual({ is: 'ok', value: new Map([['A', 4]]) })
  })

  it.each<[what: string, quantity: unknown]>([
    ['null', null],
    ['nothing', undefined],
    ['an empty text', ''],
    ['a figure for people', '1,200'],
    ['more than a number holds', '99999999999999999999'],
    ['a flag', true],
  ])('takes no %s for 0', async (_, quantity) => {
    expect(
      await figures({
        rows: [
          { code: 'A', qty: 1 },
          { code: 'B', qty: quantity },
        ],
      }),
    ).toEqual(failure('Invalid', /^operations\.stock\.bySku\.figures gave no usable quantity$/))
  })

  it('is misread when no row has a SKU', async () => {
    expect(await figures({ rows: [{ item: 'A', qty: 1 }] })).toEqual(failure('Invalid', 'gave no sku'))
  })

  it.each<[what: string, body: unknown]>([
    ['an error inside a 200', { error: { code: 500, message: 'database is locked' } }],
    ['no rows at all', {}],
    ['nothing', ''],
    ['null', null],
    ['rows that are null', { rows: null }],
  ])('is never empty by %s', async (_, body) => {
    expect(await figures(body)).toMatchObject({ is: 'failed', failure: { class: 'Invalid' } })
  })

  it('says where to describe an empty answer', async () => {
    const { empty: _, ...bySku } = STOCK.bySku
    const { stock } = erp({ stock: { ...STOCK, bySku } }, [{ body: { rows: [] } }])
    expect(await stock?.bySku(['A'], [], context)).toEqual(
      failure('Invalid', 'operations.stock.bySku.figures found nothing, and operations.stock.bySku.empty'),
    )
  })

  it('is empty by a list without entries, and by a 404 where the configuration says so', async () => {
    const bySku = { path: '/stock', figures: '$.body' }
    expect(
      await erp({ stock: { meaning: 'free', bySku } }, [{ body: [] }]).stock?.bySku(['A'], [], context),
    ).toEqual({
      is: 'ok',
      value: new Map(),
    })
    const by404 = { ...bySku, empty: 'status = 404' }
    expect(
      await erp({ stock: { meaning: 'free', bySku: by404 } }, [
        { status: 404, body: { message: 'none' } },
      ]).stock?.bySku(['A'], [], context),
    ).toEqual({ is: 'ok', value: new Map() })
  })

  it('is not empty because of a list in a failure', async () => {
    const bySku = { path: '/stock', figures: '$.body' }
    const { stock } = erp({ stock: { meaning: 'free', bySku } }, [{ status: 500, body: [] }])
    expect(await stock?.bySku(['A'], [], context)).toMatchObject(failure('Transient'))
  })

  it('obeys the target’s rules, and never fails as unknown', async () => {
    const rules = [{ when: 'body.code = 7', class: 'UnknownOutcome' } as const]
    const { stock } = erp({ stock: STOCK }, [{ body: { code: 7, rows: [] } }], { answers: { rules } })
    expect(await stock?.bySku(['A'], [], context)).toMatchObject(failure('Transient'))
  })

  it('fails by a broken expression before anything leaves, without harm to what is written', async () => {
    const bySku = { ...STOCK.bySku, figures: 'body.[' }
    const { stock, sent } = erp({ stock: { ...STOCK, bySku } }, [])
    expect(await stock?.bySku(['A'], [], context)).toMatchObject(
      failure('Invalid', 'operations.stock.bySku.figures'),
    )
    expect(sent).toEqual([])
  })

  it('reads a page whose cursor, end and entries the configuration finds', async () => {
    const since = {
      path: '/changes',
      query: { from: '{cursor}', wh: '{warehouses}' },
      begin: '$string($date(now, "epochMs") - 1000)',
      empty: 'body.rows = []',
      skus: 'body.rows.sku',
      cursor: 'body.rows ? $string($max(body.rows.at)) : cursor',
      more: 'body.hasMore',
    }
    const { stock, sent } = erp({ stock: { ...STOCK, since } }, [
      {
        body: {
          rows: [
            { sku: 'A', at: 5 },
            { sku: 7, at: 9 },
            { sku: 'A', at: 9 },
            { sku: null, at: 9 },
          ],
          hasMore: true,
        },
      },
      { body: { rows: [], hasMore: false } },
    ])
    const first = await stock?.since?.(undefined, ['W1'], context)
    expect(first).toEqual({ is: 'ok', value: { skus: ['A', '7'], cursor: '9', more: true } })
    expect(await stock?.since?.('9', [], context)).toEqual({
      is: 'ok',
      value: { skus: [], cursor: '9', more: false },
    })
    expect(sent.map(({ url }) => url)).toEqual([
      `https://erp.example.com/api/changes?from=${NOW - 1000}&wh=W1`,
      'https://erp.example.com/api/changes?from=9',
    ])
  })

  it('refuses to turn in circles on a page that promises more of itself', async () => {
    const all = { path: '/items', query: { page: '{cursor}' }, skus: 'body.sku', cursor: '"2"', more: 'true' }
    const { stock } = erp({ stock: { ...STOCK, all } }, [{ body: [{ sku: 'A' }] }])
    expect(await stock?.all?.('2', context)).toEqual(failure('Invalid', 'stays where it is'))
  })

  it('keeps the cursor of a page that gave none', async () => {
    const all = {
      path: '/items',
      query: { page: '{cursor}' },
      skus: 'body.sku',
      cursor: 'body.next',
      more: 'false',
    }
    const { stock } = erp({ stock: { ...STOCK, all } }, [{ body: [] }, { body: [] }])
    expect(await stock?.all?.('2', context)).toEqual({
      is: 'ok',
      value: { skus: [], cursor: '2', more: false },
    })
    expect(await stock?.all?.(undefined, context)).toEqual({
      is: 'ok',
      value: { skus: [], cursor: '', more: false },
    })
  })
})

describe('commitments of a REST API', () => {
  const READ = {
    path: '/held',
    query: { refs: '{references}' },
    documents: 'body.{ "reference": ref, "state": state, "total": sum, "items": items }',
  }
  const held = (answer: ScriptedAnswer, references = ['R1', 'R2'], read: object = {}) =>
    erp({ commitments: { read: { ...READ, ...read } } }, [answer]).commitments?.read(references, context)
  const r1 = {
    ref: 'R1',
    state: 'live',
    sum: '39.80',
    items: { sku: 'A', ordered: '2.0', reserved: null, shipped: 1 },
  }

  it('does not call a reference absent because the answer does not have it', async () => {
    expect(await held({ body: [r1] })).toEqual(failure('Invalid', 'operations.commitments.read.absent'))
  })

  it('calls it absent when the answer proves to be whole, or names it as such', async () => {
    const absent = { state: 'absent', items: [] }
    const live = { state: 'live', total: 3980, items: [{ sku: 'A', ordered: 2, shipped: 1 }] }
    const both = {
      is: 'ok',
      value: new Map<string, unknown>([
        ['R1', live],
        ['R2', absent],
      ]),
    }
    expect(await held({ body: [r1] }, ['R1', 'R2'], { absent: '$count(body) < $count(references)' })).toEqual(
      both,
    )
    expect(await held({ body: [r1, { ref: 'R2', state: 'absent' }] })).toEqual(both)
    expect(await held({ body: [] }, ['R2'])).toEqual({ is: 'ok', value: new Map([['R2', absent]]) })
  })

  it('takes a 404 for absence only where one reference was asked for, and the ERP itself said it', async () => {
    const none: ScriptedAnswer = { status: 404, body: { message: 'no such order' } }
    expect(await held(none, ['R1'])).toEqual({
      is: 'ok',
      value: new Map([['R1', { state: 'absent', items: [] }]]),
    })
    expect(await held(none)).toMatchObject({ is: 'failed' })
    expect(await held({ status: 404, body: '<h1>Not found</h1>' }, ['R1'])).toMatchObject({ is: 'failed' })
  })

  it('counts all live documents under a reference, and a cancelled one only alone', async () => {
    const line = (sku: string, ordered: number, reserved?: number) => ({
      sku,
      ordered,
      shipped: 0,
      ...(reserved === undefined ? {} : { reserved }),
    })
    const body = [
      { ref: 'R1', state: 'cancelled', sum: 99, items: [line('A', 9, 9)] },
      { ref: 'R1', state: 'live', sum: 10.005, items: [line('A', 1, 1), line('A', 2)] },
      { ref: 'R1', state: 'live', sum: '-0.1', items: [line('A', 4, 0.5)] },
    ]
    expect(await held({ body }, ['R1'])).toEqual({
      is: 'ok',
      value: new Map([
        ['R1', { state: 'live', total: 991, items: [{ sku: 'A', ordered: 7, reserved: 1.5, shipped: 0 }] }],
      ]),
    })
    expect(await held({ body: body.slice(0, 1) }, ['R1'])).toMatchObject({
      value: new Map([['R1', expect.objectContaining({ state: 'cancelled' })]]),
    })
  })

  it.each<[what: string, change: object]>([
    ['a state of its own', { state: 'closed' }],
    ['an amount for people', { sum: '¥39.80' }],
    ['no shipped quantity', { items: [{ sku: 'A', ordered: 1 }] }],
  ])('does not guess at %s', async (_, change) => {
    expect(await held({ body: [{ ...r1, ...change }] }, ['R1'])).toEqual(
      failure(
        'Invalid',
        /^operations\.commitments\.read\.documents gave no usable (state|total|items\.shipped)$/,
      ),
    )
  })

  it('asks nothing for no reference', async () => {
    const { commitments, sent } = erp({ commitments: { read: READ } }, [])
    expect(await commitments?.read([], context)).toEqual({ is: 'ok', value: new Map() })
    expect(sent).toEqual([])
  })
})

describe('shipments of a REST API', () => {
  const READ = {
    path: '/shipments',
    query: { after: '{cursor}' },
    shipments: 'body.rows',
    empty: 'body.rows = []',
    cursor: 'body.next',
    more: 'body.more',
  }
  const row = {
    id: 'DN-1',
    reference: 'ECd-1-1',
    shippedAt: '2026-11-22 10:00:00',
    carrier: { code: 'SF', name: '' },
    tracking: ' T-1 ',
    lines: { line: 'ECd-1-1-7q', sku: 'A', quantity: '2.000', serials: 'S-1' },
  }
  const shipment = {
    id: 'DN-1',
    reference: 'ECd-1-1',
    shippedAt: Date.parse('2026-11-22T02:00:00Z'),
    carrier: { code: 'SF', name: 'SF' },
    tracking: ['T-1'],
    lines: [{ recId: '278', sku: 'A', quantity: 2, serials: ['S-1'] }],
  }
  const page = (rows: unknown, next: unknown = '4') =>
    erp({ shipments: { read: READ } }, [{ body: { rows, next, more: false } }]).shipments?.read('3', context)

  it('are read as they are described, lists of one included', async () => {
    expect(await page([row])).toEqual({
      is: 'ok',
      value: { shipments: [shipment], unreadable: [], cursor: '4', more: false },
    })
  })

  it('go by SKU where a line bears no reference of ours, and without a carrier', async () => {
    const lines = [
      { line: '10', sku: 'A', quantity: 1 },
      { sku: 'B', quantity: 1 },
      { sku: 'C', quantity: 0 },
    ]
    const read = await page([{ ...row, lines, carrier: null, tracking: ['', 'T-1', 'T-1'] }])
    expect(read).toMatchObject({
      value: {
        shipments: [
          {
            tracking: ['T-1'],
            lines: [
              { sku: 'A', quantity: 1, serials: [] },
              { sku: 'B', quantity: 1, serials: [] },
            ],
          },
        ],
      },
    })
    expect(JSON.stringify(read)).not.toMatch(/recId|carrier/)
  })

  it('set aside what is none, each with its reason, and go on', async () => {
    const rows = [
      { ...row, id: 'DN-2', reference: '' },
      { ...row, id: 'DN-3', shippedAt: 'yesterday' },
      { ...row, id: 'DN-4', lines: [] },
      { ...row, id: 'DN-5', lines: [{ sku: 'A', quantity: -1 }] },
      { ...row, id: 'no good id' },
      { reference: 'ECd-1-1' },
      row,
    ]
    const read = await page(rows)
    if (read?.is !== 'ok') throw new Error('the page failed')
    expect(read.value.shipments).toEqual([shipment])
    const { reference } = shipment
    const nameless = expect.stringMatching(/^unreadable:[0-9a-f]{32}$/)
    expect(read.value.unreadable).toEqual([
      { id: 'DN-2', why: 'operations.shipments.read.shipments gave no usable reference' },
      { id: 'DN-3', why: 'operations.shipments.read.shipments gave no usable shippedAt', reference },
      { id: 'DN-4', why: 'it names no goods that left', reference },
      { id: 'DN-5', why: 'operations.shipments.read.shipments gave no usable lines.quantity', reference },
      { id: nameless, why: expect.stringContaining('usable id'), reference },
      { id: nameless, why: expect.stringContaining('usable id'), reference: 'ECd-1-1' },
    ])
    expect(JSON.stringify(read.value.unreadable)).not.toContain('yesterday')
  })

  it('take a shipment listed twice for one, and two under one id for none', async () => {
    expect(await page([row, row])).toMatchObject({ value: { shipments: [shipment], unreadable: [] } })
    expect(await page([row, { ...row, tracking: 'T-2' }])).toMatchObject({
      value: {
        shipments: [],
        unreadable: [{ id: 'DN-1', why: expect.stringContaining('several different') }],
      },
    })
  })

  it('do not move on over an error inside a 200', async () => {
    const { shipments } = erp({ shipments: { read: READ } }, [
      { body: { error: 'locked', next: '9', more: false } },
    ])
    expect(await shipments?.read('3', context)).toMatchObject({
      is: 'failed',
      failure: { class: 'Invalid' },
    })
  })

  it('are acknowledged by the ids the ERP gave, and by no other', async () => {
    const acknowledge = { path: '/ack', mapping: 'ack.jsonata' }
    const { shipments, sent } = erp(
      { shipments: { read: READ, acknowledge } },
      [{ body: {} }, { status: 503 }],
      {
        files: { 'ack.jsonata': '{ "ids": [ids] }' },
      },
    )
    expect(await shipments?.acknowledge?.(['DN-1', 'unreadable:00ff'], context)).toEqual({
      is: 'ok',
      value: undefined,
    })
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ ids: ['DN-1'] })
    expect(await shipments?.acknowledge?.(['unreadable:00ff'], context)).toEqual({
      is: 'ok',
      value: undefined,
    })
    expect(sent).toHaveLength(1)
    expect(await shipments?.acknowledge?.(['DN-2'], context)).toMatchObject(failure('Transient'))
  })
})

describe('an instant of an ERP', () => {
  it.each<[text: string | number, zone: string, iso: string]>([
    ['2026-11-22T10:00:00Z', 'Asia/Shanghai', '2026-11-22T10:00:00Z'],
    ['2026-11-22T10:00:00.5+08:00', 'Europe/Berlin', '2026-11-22T02:00:00Z'],
    ['2026-11-22 10:00:00', 'Asia/Shanghai', '2026-11-22T02:00:00Z'],
    ['2026/11/22 10:00', 'America/New_York', '2026-11-22T15:00:00Z'],
    ['2026-11-22', 'Asia/Shanghai', '2026-11-21T16:00:00Z'],
    [1_795_312_800, 'Asia/Shanghai', '2026-11-22T02:00:00Z'],
    ['1795312800000', 'Asia/Shanghai', '2026-11-22T02:00:00Z'],
    // The clocks in Berlin go from 02:00 to 03:00, and in autumn from 03:00 back to 02:00.
    ['2026-03-29 03:30:00', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
    ['2026-03-29 01:30:00', 'Europe/Berlin', '2026-03-29T00:30:00Z'],
    ['2026-10-25 03:30:00', 'Europe/Berlin', '2026-10-25T02:30:00Z'],
  ])('%s in %s is %s', (text, zone, iso) => {
    expect(toInstant(text, zone)).toBe(Date.parse(iso))
  })

  it.each(['', 'yesterday', '2026-13-01', '22.11.2026', '12:00', 12])('is not %s', (text) => {
    expect(toInstant(text, 'Asia/Shanghai')).toBeUndefined()
  })
})
