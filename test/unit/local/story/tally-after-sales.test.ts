import { describe, expect, test } from 'vitest'
import { tallyAfterSales } from '../../../../local/story/tally-after-sales.ts'

type Sides = Parameters<typeof tallyAfterSales>[0]
type Document = ReturnType<Sides['erp']['documentsOf']>[number]

const aDocument = (collection: Document['collection'], reference: string, body: object): Document => ({
  id: `${collection}-1`,
  no: 'NO-1',
  collection,
  reference,
  status: 'open',
  body: { ...body },
  revision: 1,
})
const CUSTOMER = aDocument('customers', 'ECdemo-U21', { phone: '10000000013' })
const RETURN = aDocument('returns', 'ECdemo-R501', {
  order_no: '2026112201001',
  lines: [{ sku: 'CUP-WHITE', quantity: 2 }],
})
const PARTS = aDocument('parts', 'ECdemo-P1', { lines: [{ sku: 'PART-SOCKET', quantity: 1 }] })

interface Scene {
  readonly documents: readonly Document[]
  readonly log: readonly string[]
  readonly replies: readonly string[]
  readonly cases: number
  readonly told: string
  readonly request: string
}
const WELL: Scene = {
  documents: [CUSTOMER, RETURN, PARTS],
  log: ['【已收到退货】 box intact'],
  replies: ['【等待配件】 needs a socket'],
  cases: 1,
  told: 'no light',
  request: 'confirmed',
}

/** One of everything, on both sides. */
function sides(change: Partial<Scene> = {}): Sides {
  const { documents, log, replies, cases, told, request } = { ...WELL, ...change }
  const order = {
    id: 1001,
    no: '2026112201001',
    status: 'returned' as const,
    addTime: 1_795_190_400,
    payTime: 0,
    buyer: 0,
    lines: [],
    log: log.map((text, index) => ({ id: String(index), at: 0, by: '', text })),
  }
  const line = {
    recId: '1',
    goodsId: '102',
    productId: '1021',
    productSn: '',
    goodsSn: 'CUP',
    name: '',
    attributes: '',
    quantity: 2,
    orderRecIds: [],
  }
  return {
    shop: {
      idsOf: (kind) => ({ customer: [21], return: [501], ticket: [301], order: [1001] })[kind],
      orders: () => [order],
      order: (no) => (no === order.no ? order : undefined),
      customer: (id) => ({ id, name: 'demo-21', regTime: 1, mobile: '10000000013' }),
      return: (id) => ({
        id,
        time: 1,
        order: { id: 1001, no: order.no, addTime: 1, userId: '0', buyer: 0 },
        deliveryNo: 'N1',
        tracking: [],
        lines: [line],
      }),
      ticket: (id) => ({
        id,
        time: 1,
        title: 'a lamp',
        text: 'no light',
        order: null,
        replies: [
          { id: 1, time: 1, author: '', text: '', parts: replies.map((text) => ({ text, replyId: 'r' })) },
        ],
      }),
    },
    erp: {
      documentsOf: (collection) => documents.filter((one) => one.collection === collection),
      steps: () => [
        {
          id: 'STEP-1',
          of: 'return',
          reference: 'ECdemo-R501',
          at: '2026-11-22T04:00:00Z',
          step: 'received',
          note: 'box intact',
        },
      ],
    },
    desk: {
      tickets: () =>
        Array.from({ length: cases }, () => ({
          is: 'ticket' as const,
          reference: 'ECdemo-T301',
          no: 'CASE-1',
          isOpen: true,
          ticket: { title: 'a lamp', content: told },
          purchases: [],
          parts: [{ requestId: 'DESK-1', reference: 'ECdemo-P1', state: request, parcels: [] }],
        })),
      customers: () => [
        {
          is: 'customer',
          reference: 'ECdemo-U21',
          no: 'CONTACT-1',
          isOpen: true,
          customer: { name: '演示', phone: '1000***' },
        },
      ],
      steps: () => [
        {
          id: 'DESK-1',
          reference: 'ECdemo-T301',
          at: '2026-11-22T04:00:00Z',
          step: 'waiting-parts',
          note: 'needs a socket',
          parts: [{ sku: 'PART-SOCKET', quantity: 1 }],
        },
      ],
    },
  }
}

const wrongIn = (change: Partial<Scene>) =>
  tallyAfterSales(sides(change)).flatMap(({ what, right, of }) => (right === of ? [] : [what]))

describe('the count of what comes after a sale', () => {
  test('finds one of everything on both sides in order', () => {
    expect(tallyAfterSales(sides())).toEqual(
      ['customers', 'returns', 'returnSteps', 'tickets', 'ticketSteps', 'parts'].map((what) => ({
        what,
        right: 1,
        of: 1,
      })),
    )
  })

  test.each<[what: string, change: Partial<Scene>, wrong: string[]]>([
    ['a customer the ERP does not have', { documents: [RETURN, PARTS] }, ['customers']],
    [
      'a customer with another phone',
      { documents: [{ ...CUSTOMER, body: { phone: '1' } }, RETURN, PARTS] },
      ['customers'],
    ],
    ['a return that is there twice', { documents: [CUSTOMER, RETURN, RETURN, PARTS] }, ['returns']],
    [
      'a return of fewer pieces',
      { documents: [CUSTOMER, { ...RETURN, body: { order_no: '2026112201001', lines: [] } }, PARTS] },
      ['returns'],
    ],
    ['a step that is not in the log', { log: [] }, ['returnSteps']],
    ['a step that is in the log twice', { log: [...WELL.log, ...WELL.log] }, ['returnSteps']],
    ['a ticket with other words', { told: 'what?' }, ['tickets']],
    ['a ticket that is there twice', { cases: 2 }, ['tickets']],
    ['a reply that was given twice', { replies: [...WELL.replies, ...WELL.replies] }, ['ticketSteps']],
    ['a refused request that left a live document', { request: 'refused' }, ['parts']],
    ['a confirmed request without a document', { documents: [CUSTOMER, RETURN] }, ['parts']],
    ['a request nobody answered', { request: 'requested' }, ['parts']],
  ])('notices %s', (_, change, wrong) => {
    expect(wrongIn(change)).toEqual(wrong)
  })
})
