import { describe, expect, it } from 'vitest'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { SafetyRuleSchema } from '#contracts/stock.ts'
import {
  committedPieces,
  coveredPieces,
  type FigureSource,
  figuresToWrite,
  isUnsettled,
  type Look,
  type OrderOfSku,
  offerablePieces,
  owedPieces,
  type ShopStock,
  type StockDocument,
  safetyStock,
} from '#domain/stock.ts'
import { aRow } from '../../support/a-ledger-row.ts'

const AS_OF = 1_000_000
const SKU = 'TEE-L'

const source = (change: Partial<FigureSource> = {}): FigureSource => ({
  meaning: 'physical',
  asOf: AS_OF,
  lagMs: 0,
  tellsDocuments: true,
  reservesAt: undefined,
  steps: ['create', 'confirm'],
  ...change,
})

const document = (
  item: { ordered?: number; reserved?: number; shipped?: number } = {},
  state: StockDocument['state'] = 'live',
): StockDocument => ({ state, items: [{ sku: SKU, ordered: 3, shipped: 0, ...item }] })

const row = (change: Partial<LedgerRow> = {}, line: Partial<LedgerRow['lines'][number]> = {}): LedgerRow =>
  aRow({
    erp: { id: '1', generation: 0, step: 'confirm', state: 'live' },
    lines: [
      { recId: '1', sku: SKU, qty: 3, sentQty: 3, shipped: 0, reserved: 0, at: AS_OF - 60_000, ...line },
    ],
    ...change,
  })

const intent = (op: 'place' | 'amend' | 'cancel'): NonNullable<LedgerRow['intent']> => ({
  op,
  step: 'create',
  generation: 0,
  hash: { v: 1, source: '', mapped: '' },
  version: { epoch: 'e', epochNo: 0, seq: 1 },
  deadline: 1,
  calls: 1,
})

const look = (change: Partial<Look> = {}): Look => ({
  at: AS_OF,
  row: row(),
  document: document(),
  ...change,
})

const open = (quantity = 3, shipped = 0) => ({ open: true, quantity, shipped })
const closed = (quantity = 3, shipped = 0) => ({ open: false, quantity, shipped })

/** The same look before and after. */
const order = (
  lines: OrderOfSku['lines'],
  both: Partial<Look> = {},
  after: Partial<Look> = {},
): OrderOfSku => ({
  lines,
  before: look({ at: AS_OF - 1, ...both }),
  after: look({ at: AS_OF + 1, ...both, ...after }),
})

describe('owed to an order', () => {
  it('is all of an open line, shipped or not: only the ERP says which shipments its figure knows', () => {
    expect(owedPieces(order([open(3, 1), open(2)]), SKU, source({ meaning: 'free' }))).toBe(5)
  })

  it('is what has left of a line that is closed, and nothing of a cancelled one', () => {
    expect(owedPieces(order([closed(3, 3)]), SKU, source({ meaning: 'free' }))).toBe(3)
    expect(owedPieces(order([closed(3, 0)]), SKU, source({ meaning: 'free' }))).toBe(0)
  })

  it('is, of a physical figure, at least what the live document asks for', () => {
    const cut = order([open(1)])
    expect(owedPieces(cut, SKU, source())).toBe(3)
    expect(owedPieces(cut, SKU, source({ meaning: 'sellable' }))).toBe(1)
    expect(owedPieces(order([]), SKU, source())).toBe(3)
  })

  it('ends, of a physical figure, when the ERP has cancelled the document', () => {
    expect(owedPieces(order([closed(3)], {}, { document: document({}, 'cancelled') }), SKU, source())).toBe(0)
    expect(owedPieces(order([open(3)], {}, { document: document({}, 'cancelled') }), SKU, source())).toBe(3)
  })

  it('counts, of a physical figure, what an unanswered write may have put into the document', () => {
    const asked = row({ intent: intent('place') }, { qty: 1, sentQty: 0, askedQty: 4 })
    const gone = order([open(1)], { row: asked, document: document({}, 'absent') })
    expect(owedPieces(gone, SKU, source())).toBe(4)
    const cancelling = row({ intent: intent('cancel') }, { qty: 1, sentQty: 0, askedQty: 4 })
    expect(
      owedPieces(order([open(1)], { row: cancelling, document: document({}, 'absent') }), SKU, source()),
    ).toBe(1)
    const late = row({ unsettledUntil: AS_OF + 2 }, { qty: 1, sentQty: 0, askedQty: 4 })
    expect(owedPieces(order([open(1)], { row: late, document: document({}, 'absent') }), SKU, source())).toBe(
      4,
    )
  })

  it('falls back to what the ledger sent where the ERP tells no documents', () => {
    const silent = { document: undefined }
    expect(owedPieces(order([], silent), SKU, source({ tellsDocuments: false }))).toBe(3)
    const cancelled = row({ erp: { id: '1', generation: 0, step: 'confirm', state: 'cancelled' } })
    expect(owedPieces(order([], { ...silent, row: cancelled }), SKU, source({ tellsDocuments: false }))).toBe(
      0,
    )
  })
})

describe('covered of an order', () => {
  it('is what the ERP shipped, of a physical figure', () => {
    const part = { document: document({ shipped: 2, reserved: 1 }) }
    expect(coveredPieces(order([open()], part), SKU, source())).toBe(2)
  })

  it('is what the ERP reserved and shipped, of a free figure', () => {
    const part = { document: document({ shipped: 1, reserved: 1 }) }
    expect(coveredPieces(order([open()], part), SKU, source({ meaning: 'free' }))).toBe(2)
  })

  it('is what stands in the document, of a sellable figure', () => {
    expect(coveredPieces(order([open()]), SKU, source({ meaning: 'sellable' }))).toBe(3)
  })

  it('is the smaller of two looks, before the figure and after it', () => {
    const none = { document: document({ shipped: 0 }) }
    const some = { document: document({ shipped: 2 }) }
    expect(coveredPieces(order([open()], none, some), SKU, source())).toBe(0)
    expect(coveredPieces(order([open()], some, none), SKU, source())).toBe(0)
    expect(coveredPieces({ ...order([open()], some), before: undefined }, SKU, source())).toBe(0)
  })

  it('is nothing of a document that is gone or cancelled', () => {
    for (const meaning of ['physical', 'free', 'sellable'] as const) {
      for (const state of ['cancelled', 'absent'] as const) {
        const dead = { document: document({ shipped: 3, reserved: 0 }, state) }
        expect(coveredPieces(order([open()], dead), SKU, source({ meaning }))).toBe(0)
      }
    }
  })

  it('is nothing that the ERP showed when its lagging figure was older than that', () => {
    const shipped = { document: document({ shipped: 2, reserved: 1 }) }
    for (const meaning of ['physical', 'free'] as const) {
      expect(coveredPieces(order([open()], shipped), SKU, source({ meaning, lagMs: 1 }))).toBeGreaterThan(0)
      expect(coveredPieces(order([open()], shipped), SKU, source({ meaning, lagMs: 2 }))).toBe(0)
    }
  })

  it('is what the ledger had confirmed in time where a sellable figure lags, or no documents are told', () => {
    const sellable = (change: Partial<FigureSource>) => source({ meaning: 'sellable', ...change })
    expect(coveredPieces(order([open()]), SKU, sellable({ lagMs: 60_000 }))).toBe(3)
    expect(coveredPieces(order([open()]), SKU, sellable({ lagMs: 60_001 }))).toBe(0)
    const silent = order([open()], { document: undefined })
    expect(coveredPieces(silent, SKU, sellable({ tellsDocuments: false }))).toBe(3)
    const unknown = order([open()], { document: undefined, row: row({ intent: intent('amend') }) })
    expect(coveredPieces(unknown, SKU, sellable({ tellsDocuments: false }))).toBe(0)
  })

  it('is nothing that was changed and changed back while the figure was read', () => {
    const amended = { row: row({ rev: 9 }, { at: AS_OF + 1 }) }
    expect(coveredPieces(order([open()], {}, amended), SKU, source({ meaning: 'sellable' }))).toBe(0)
  })

  it('is, where reservations are not told, the whole document from the step on that reserves', () => {
    const silent = { document: document({ shipped: 1 }) }
    const free = (reservesAt?: string) => source({ meaning: 'free', reservesAt })
    expect(coveredPieces(order([open()], silent), SKU, free('confirm'))).toBe(3)
    expect(coveredPieces(order([open()], silent), SKU, free())).toBe(1)
    const draft = row({ erp: { id: '1', generation: 0, step: 'create', state: 'live' } })
    expect(coveredPieces(order([open()], { ...silent, row: draft }), SKU, free('confirm'))).toBe(1)
  })
})

describe('committed of a SKU', () => {
  it('is what is owed and not covered, order by order', () => {
    const over = order([open(1)], { document: document({ ordered: 1, shipped: 1 }) })
    const under = order([open(3)], { document: document({ ordered: 3, shipped: 1 }) })
    expect(committedPieces([over, under, under], SKU, source())).toBe(4)
  })

  it('never counts a surplus of one order for another', () => {
    const surplus = order([open(1)], { document: document({ ordered: 3, reserved: 3 }) })
    const unsent = order([open(2)], { row: undefined, document: undefined })
    expect(committedPieces([surplus, unsent], SKU, source({ meaning: 'free' }))).toBe(2)
  })

  it('is unsettled while the ERP is about to cover more', () => {
    const shipping = order(
      [open()],
      { document: document({ shipped: 0 }) },
      { document: document({ shipped: 3 }) },
    )
    expect(isUnsettled(shipping, SKU, source())).toBe(true)
    expect(isUnsettled(order([open()]), SKU, source())).toBe(false)
    expect(isUnsettled(order([open()], { row: row({ intent: intent('place') }) }), SKU, source())).toBe(true)
  })
})

describe('safety stock', () => {
  const rules = [
    { sku: 'TEE-*', units: 2, percent: 10, max: 5 },
    { sku: '*-XL', units: 1 },
    { sku: 'A*B*C', units: 7 },
    { sku: 'LAMP', percent: 50, min: 3 },
  ].map((rule) => SafetyRuleSchema.parse(rule))

  it.each([
    ['TEE-L', 11, 4],
    ['TEE-L', 100, 5],
    ['TEE-XL', -4, 2],
    ['CAP-XL', 100, 1],
    ['AxBxC', 9, 7],
    ['AC', 9, 0],
    ['ABBC', 9, 7],
    ['ABC', 9, 7],
    ['LAMP', 4, 3],
    ['LAMP', 9, 5],
    ['LAMPS', 9, 0],
  ])('of %s at %i is %i', (sku, figure, kept) => {
    expect(safetyStock(rules, sku, figure)).toBe(kept)
  })
})

describe('what may be offered', () => {
  it('is rounded down and never negative', () => {
    expect(offerablePieces(10.9, 2, 1)).toBe(7)
    expect(offerablePieces(1, 2, 0)).toBe(0)
    expect(offerablePieces(-3, 0, 0)).toBe(0)
  })
})

describe('figures to write', () => {
  const shop = (change: Partial<ShopStock> = {}): ShopStock => ({
    shop: 'A1',
    share: 1,
    mode: 'placement',
    quantity: 5,
    unshipped: 0,
    promised: 0,
    ...change,
  })
  const written = (offerable: number, ...shops: ShopStock[]) =>
    figuresToWrite(offerable, shops).writes.map((write) => [write.shop, write.quantity])

  it('are only those that differ', () => {
    expect(written(5, shop())).toEqual([])
    expect(written(4, shop())).toEqual([['A1', 4]])
  })

  it('hold, beside the offer, the unshipped pieces of a shop that reduces its stock at shipment', () => {
    const atShipment = shop({ mode: 'shipment', unshipped: 3 })
    expect(written(4, atShipment)).toEqual([['A1', 7]])
    expect(written(2, atShipment)).toEqual([])
    // Nothing is offered, but what was sold has to be shippable.
    expect(written(0, { ...atShipment, quantity: 1 })).toEqual([['A1', 3]])
    expect(written(4, shop({ mode: 'none', unshipped: 3 }))).toEqual([['A1', 4]])
  })

  it('mend a negative number', () => {
    expect(written(0, shop({ quantity: -2 }))).toEqual([['A1', 0]])
  })

  it('fit the column', () => {
    expect(written(3e9, shop())).toEqual([['A1', 2_147_483_647]])
  })

  it('give each shop its share, and the rounding to the largest remainder', () => {
    const half = [shop({ share: 0.5, quantity: 0 }), shop({ shop: 'B2', share: 0.5, quantity: 0 })]
    expect(written(5, ...half)).toEqual([
      ['A1', 3],
      ['B2', 2],
    ])
    expect(written(1, ...half)).toEqual([['A1', 1]])
    expect(written(10, shop({ share: 0.3, quantity: 0 }))).toEqual([['A1', 3]])
  })

  it('raise a shop only by what the others do not show, until their decrease was read', () => {
    const greedy = shop({ shop: 'B2', share: 0.5, quantity: 9 })
    const poor = shop({ share: 0.5, quantity: 0 })
    const first = figuresToWrite(10, [poor, greedy])
    expect(first).toMatchObject({
      writes: [
        { shop: 'A1', quantity: 1 },
        { shop: 'B2', quantity: 5 },
      ],
      heldBack: true,
    })
    expect(
      figuresToWrite(10, [
        { ...poor, quantity: 1 },
        { ...greedy, quantity: 5 },
      ]),
    ).toMatchObject({
      writes: [{ shop: 'A1', quantity: 5 }],
      heldBack: false,
    })
  })

  it('do not give the same room to two shops', () => {
    const third = (name: string, quantity: number) => shop({ shop: name, share: 0.33, quantity })
    const { writes } = figuresToWrite(9, [third('A1', 0), third('B2', 0), third('C3', 7)])
    const raised = writes.filter(({ quantity }) => quantity > 0 && quantity < 7).map(({ shop: name }) => name)
    expect(writes.find(({ shop: name }) => name === 'A1')).toMatchObject({ quantity: 2 })
    expect(raised).toEqual(['A1', 'C3'])
  })

  it('count what a command under way may still raise, and outdate it where it stands in the way', () => {
    const half = shop({ share: 0.5, quantity: 2, promised: 4 })
    const other = shop({ shop: 'B2', share: 0.5, quantity: 0 })
    expect(figuresToWrite(4, [half, other])).toEqual({
      writes: [{ shop: 'A1', quantity: 2, offers: 2 }],
      heldBack: true,
    })
    expect(figuresToWrite(4, [{ ...half, promised: 0 }, other]).writes).toEqual([
      { shop: 'B2', quantity: 2, offers: 2 },
    ])
  })
})
