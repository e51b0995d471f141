import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createRestGateways, type RestGatewayDeps } from '#adapters/erp/rest/gateways.ts'
import { TargetConfigSchema } from '#contracts/config.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { Built } from '#ports/erp-gateway.ts'
import { aReturn } from '../support/a-return.ts'
import { aTicket } from '../support/a-ticket.ts'
import { canonicalOrder } from '../support/canonical-order.ts'
import { CountingIds } from '../support/counting-ids.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { restOrders } from '../support/rest-orders.ts'
import { type ScriptedAnswer, scriptedFetch } from '../support/scripted-fetch.ts'

const readme = readFileSync(new URL('../../shared/adapters/erp/rest/README.md', import.meta.url), 'utf8')
const block = (pattern: RegExp) => pattern.exec(readme)?.[1] ?? ''
const config = TargetConfigSchema.parse(JSON.parse(block(/```json\n([\s\S]*?)```/)))
if (config.adapter !== 'rest') throw new Error('the example is a rest target')
const { rest } = config
const OperationsSchema = z.record(z.string(), z.unknown())
const mapping = block(/```\n(\/\* mappings\/acme\.[\s\S]*?)```/)

const returnMapping = block(/```\n(\/\* mappings\/acme-return[\s\S]*?)```/)

const REFERENCE = 'ECdemo-2026112001001-rt'

const withReads = RestTargetSchema.parse({
  ...rest,
  operations: {
    ...rest.operations,
    ...OperationsSchema.parse(JSON.parse(block(/```json reads\n([\s\S]*?)```/))),
  },
  kinds: OperationsSchema.parse(JSON.parse(block(/```json kinds\n([\s\S]*?)```/))),
})

function acme(...answers: ScriptedAnswer[]) {
  const script = scriptedFetch(...answers)
  const clock = new ManualClock()
  const deps: RestGatewayDeps = {
    config: withReads,
    configDir: '',
    secrets: async () => ({ token: 't-1' }),
    fetch: script.fetch,
    clock,
    ids: new CountingIds(),
    files: {
      stamp: async () => '1',
      read: async (path) =>
        path === 'mappings/acme.jsonata'
          ? mapping
          : path === 'mappings/acme-return.jsonata'
            ? returnMapping
            : '',
    },
  }
  const gateway = restOrders(deps)
  return {
    gateway,
    gateways: createRestGateways(deps),
    script,
    context: { deadline: clock.now() + 10_000, correlationId: 'c-1' },
  }
}

const order = canonicalOrder()
const write = {
  order,
  reference: REFERENCE,
  identity: orderSourceId(order.orderId, order.addTime),
  lineReference: (line: { recId: string }) => lineReference(REFERENCE, line.recId),
}
const requestOf = async (built: Promise<Built>): Promise<ErpRequest> => {
  const result = await built
  if (!result.ok) throw new Error(result.failure.message)
  return result.request
}
const document = { id: '77', no: 'A-77', state: 'live', step: 'create' } as const

describe('the example in the README of the REST target', () => {
  it('creates an order as its mapping says', async () => {
    const { gateway, script, context } = acme({ body: { code: 0, data: { id: 77, orderNo: 'A-77' } } })
    const request = await requestOf(gateway.place(write, 'create'))
    expect(await gateway.send(request, context)).toEqual({ ok: true, document })
    expect(JSON.parse(script.sent[0]?.body ?? '')).toEqual({
      externalNo: REFERENCE,
      memo: '1001.1763600000',
      buyer: order.consignee.name,
      total: '39.80',
      date: '2026-11-21',
      items: [
        { ref: `${REFERENCE}-7q3`, item: 'TEE-L', qty: 1, amount: 19.9 },
        { ref: `${REFERENCE}-7q4`, item: 'MUG-01', qty: 1, amount: 19.9 },
      ],
    })
  })

  it.each([
    [11, 'DuplicateRef'],
    [21, 'MissingReference'],
    [30, 'StateConflict'],
    [90, 'RateLimited'],
    [4, 'Invalid'],
  ])('reads code %i as %s', async (code, kind) => {
    const { gateway, context } = acme({ body: { code, item: 'TEE-L', text: 'no' } })
    const answer = await gateway.send(await requestOf(gateway.place(write, 'create')), context)
    expect(answer).toMatchObject({ ok: false, failure: { class: kind, message: 'HTTP 200: no' } })
  })

  it('takes a cancel of a cancelled order for done', async () => {
    const { gateway, context } = acme({ body: { code: 31 } })
    const request = await requestOf(gateway.cancel({ reference: REFERENCE, document, reason: 'cancelled' }))
    expect(await gateway.send(request, context)).toEqual({
      ok: true,
      document: { ...document, state: 'cancelled' },
    })
  })

  it('looks up, and compares', async () => {
    const shown = {
      id: 77,
      orderNo: 'A-77',
      externalNo: REFERENCE,
      memo: '1001.1763600000',
      status: 'DRAFT',
      total: 39.8,
      items: [
        { item: 'MUG-01', qty: 1 },
        { item: 'TEE-L', qty: 1 },
      ],
    }
    const answer = (orders: unknown[]): ScriptedAnswer => ({ body: { code: 0, data: { orders } } })
    const { gateway, context } = acme(answer([]), answer([shown]), answer([{ ...shown, total: 40 }]), {
      body: { code: 4 },
    })
    const expected = await requestOf(gateway.place(write, 'create'))
    const look = () => gateway.find(REFERENCE, expected, context)
    expect(await look()).toEqual({ is: 'absent' })
    expect(await look()).toEqual({
      is: 'one',
      document: { ...document, identity: '1001.1763600000', content: 'same' },
    })
    expect(await look()).toMatchObject({ document: { content: 'different' } })
    expect(await look()).toMatchObject({ is: 'failed' })
  })

  it('reads stock, and the SKUs that changed', async () => {
    const stock = [
      { item: 'TEE-L', depot: 'D1', available: '3.00' },
      { item: 'TEE-L', depot: 'D2', available: '4.00' },
    ]
    const log = [{ item: 'TEE-L', at: 1_763_600_000_000 }]
    const { gateway, script, context } = acme(
      { body: { code: 0, data: { stock } } },
      { body: { code: 90, text: 'slow down' } },
      { body: { code: 0, data: { log, more: false } } },
    )
    const read = () => gateway.reads?.stock?.bySku(['TEE-L'], ['D1', 'D2'], context)
    expect(await read()).toEqual({ is: 'ok', value: new Map([['TEE-L', 7]]) })
    expect(await read()).toMatchObject({ is: 'failed', failure: { class: 'RateLimited' } })
    expect(await gateway.reads?.stock?.since?.('17', [], context)).toEqual({
      is: 'ok',
      value: { skus: ['TEE-L'], cursor: '1763600000000', more: false },
    })
    expect(script.sent[0]?.url).toBe('https://erp.acme.example/api/v1/stock?items=TEE-L&depots=D1%2CD2')
  })

  it('reads what it holds, and believes in absence only what is whole', async () => {
    const order = {
      externalNo: REFERENCE,
      status: 'OPEN',
      total: '39.80',
      items: [{ item: 'TEE-L', qty: 2, held: 1, sent: 1 }],
    }
    const answer = (found: number) => ({ body: { code: 0, data: { found, orders: [order] } } })
    const { gateway, context } = acme(answer(1), answer(2))
    const read = () => gateway.reads?.commitments?.read([REFERENCE, 'ECdemo-2-2'], context)
    expect(await read()).toEqual({
      is: 'ok',
      value: new Map<string, unknown>([
        [
          REFERENCE,
          { state: 'live', total: 3980, items: [{ sku: 'TEE-L', ordered: 2, reserved: 1, shipped: 1 }] },
        ],
        ['ECdemo-2-2', { state: 'absent', items: [] }],
      ]),
    })
    expect(await read()).toMatchObject({ is: 'failed', failure: { class: 'Invalid' } })
  })

  it('reads shipments', async () => {
    const note = {
      noteNo: 'L-1',
      externalNo: REFERENCE,
      leftAt: '2026-11-21 18:00:00',
      carrier: 'SF',
      parcels: [{ number: 'SF1' }, { number: 'SF2' }],
      lines: [{ ref: `${REFERENCE}-7q3`, item: 'TEE-L', qty: '1.000' }],
    }
    const { gateway, context } = acme({ body: { code: 0, data: { notes: [note], more: false } } })
    expect(await gateway.reads?.shipments?.read(undefined, context)).toEqual({
      is: 'ok',
      value: {
        shipments: [
          {
            id: 'L-1',
            reference: REFERENCE,
            shippedAt: Date.parse('2026-11-21T10:00:00Z'),
            carrier: { code: 'SF', name: 'SF' },
            tracking: ['SF1', 'SF2'],
            lines: [{ recId: '10011', sku: 'TEE-L', quantity: 1, serials: [] }],
          },
        ],
        unreadable: [],
        cursor: 'L-1',
        more: false,
      },
    })
  })

  it('creates a return as its mapping says, and reads its answer', async () => {
    const { gateways, script, context } = acme({ body: { code: 0, data: { id: 9, noteNo: 'CN-9' } } })
    const back = gateways.return
    if (!back) throw new Error('it takes no returns')
    const returned = aReturn()
    const request = await requestOf(
      back.place({ reference: 'ECdemo-R41', identity: '41.1', return: returned }, 'create'),
    )
    expect(await back.send(request, context)).toEqual({
      ok: true,
      document: { id: '9', no: 'CN-9', state: 'live', step: 'create' },
    })
    expect(script.sent[0]?.url).toBe('https://erp.acme.example/api/v1/credit-notes')
    expect(JSON.parse(script.sent[0]?.body ?? '')).toMatchObject({
      externalNo: 'ECdemo-R41',
      amount: '0.00',
      items: returned.lines.map(({ sku, quantity }) => ({ item: sku, qty: quantity })),
    })
  })

  it('overwrites a ticket under its reference, as it is', async () => {
    const { gateways, script, context } = acme({ body: { code: 0, data: { id: 5 } } })
    const { ticket } = gateways
    if (!ticket) throw new Error('it takes no tickets')
    expect(ticket.describe()).toMatchObject({ idempotency: 'upsert', amend: true, find: false })
    const written = { reference: 'ECdemo-T61', identity: '61.1', ticket: aTicket(), purchases: [], parts: [] }
    const request = await requestOf(ticket.place(written, 'create'))
    expect(await ticket.send(request, context)).toMatchObject({ ok: true, document: { id: '5' } })
    expect(script.sent[0]).toMatchObject({ method: 'PUT' })
    expect(script.sent[0]?.url).toBe('https://erp.acme.example/api/v1/cases/ECdemo-T61')
    expect(JSON.parse(script.sent[0]?.body ?? '')).toMatchObject({
      reference: 'ECdemo-T61',
      source_identity: '61.1',
      ticket: { ticketId: aTicket().ticketId },
      purchases: [],
      parts: [],
    })
  })

  it('reads how far returns and tickets have got', async () => {
    const events = [
      { no: 1, table: 'NOTE', externalNo: 'ECdemo-R41', at: '2026-11-21 18:00:00', what: 'BOOKED' },
      {
        no: 2,
        table: 'CASE',
        externalNo: 'ECdemo-T61',
        at: '2026-11-21T10:05:00Z',
        what: 'DONE',
        clerk: 'Ada',
        text: 'mended',
        fee: 12.5,
      },
      { no: 3, table: 'CASE', externalNo: 'ECdemo-T61', at: '2026-11-21T10:05:00Z', what: 'LOOKED' },
    ]
    const { gateway, context } = acme({ body: { code: 0, data: { events, more: false } } })
    expect(await gateway.reads?.aftersales?.read(undefined, context)).toEqual({
      is: 'ok',
      value: {
        progress: [
          {
            of: 'return',
            id: 'H1',
            reference: 'ECdemo-R41',
            at: '2026-11-21T10:00:00.000Z',
            step: 'received',
            parcels: [],
          },
          {
            of: 'ticket',
            id: 'H2',
            reference: 'ECdemo-T61',
            at: '2026-11-21T10:05:00.000Z',
            step: 'closed',
            person: 'Ada',
            note: 'mended',
            fee: { amount: '12.50', currency: 'CNY' },
            parcels: [],
            parts: [],
          },
        ],
        unreadable: [{ id: 'H3', why: 'operations.aftersales.read.steps gave no usable step' }],
        cursor: '3',
        more: false,
      },
    })
  })
})
