import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import type { ErpRequest } from '#contracts/erp-request.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { Built, ErpDocument, OrderWrite } from '#ports/erp-gateway.ts'
import { canonicalOrder } from '../../../../support/canonical-order.ts'
import { CountingIds } from '../../../../support/counting-ids.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { restOrders } from '../../../../support/rest-orders.ts'
import { type ScriptedAnswer, scriptedFetch } from '../../../../support/scripted-fetch.ts'

type Input = z.input<typeof RestTargetSchema>

const REFERENCE = 'ECdemo-2026112001001-rt'
const DOCUMENT: ErpDocument = { id: 'D1', no: 'SO/1', state: 'live', step: 'create' }

const BASE: Input = {
  baseUrl: 'https://erp.example.com/api/v1/',
  idempotency: 'unique-reference',
  operations: {
    place: { path: '/orders' },
    amend: { method: 'PUT', path: '/orders/{id}' },
    cancel: { method: 'POST', path: '/orders/{id}/cancel' },
    find: {
      path: '/orders',
      query: { ref: '{reference}' },
      documents: 'body.items.{"id": id, "state": "live"}',
    },
  },
}

function subject(change: Partial<Input> = {}, ...answers: ScriptedAnswer[]) {
  const script = scriptedFetch(...answers)
  const clock = new ManualClock()
  const files: Record<string, string> = {}
  const gateway = restOrders({
    config: RestTargetSchema.parse({ ...BASE, ...change }),
    configDir: '/config',
    secrets: async () => ({ token: 'tok-secret-1' }),
    fetch: script.fetch,
    clock,
    ids: new CountingIds(),
    files: {
      stamp: async (path) => files[path] ?? '',
      read: async (path) => files[path] ?? '',
    },
  })
  const context = { deadline: clock.now() + 10_000, correlationId: 'c-7' }
  return { gateway, script, context, clock, files }
}

const write = (order = canonicalOrder(), document?: ErpDocument): OrderWrite => ({
  order,
  reference: REFERENCE,
  identity: orderSourceId(order.orderId, order.addTime),
  lineReference: (line) => lineReference(REFERENCE, line.recId),
  ...(document ? { document } : {}),
})

async function requestOf(built: Promise<Built>): Promise<ErpRequest> {
  const result = await built
  if (!result.ok) throw new Error(result.failure.message)
  return result.request
}

describe('what the REST target can do', () => {
  it('is what is configured', () => {
    expect(subject().gateway.describe()).toEqual({
      idempotency: 'unique-reference',
      find: true,
      amend: true,
      cancel: true,
      steps: ['create'],
    })
  })

  it('includes further steps, and the settle time of the target in milliseconds', () => {
    const config = RestTargetSchema.parse({
      ...BASE,
      operations: {
        place: { path: '/o' },
        steps: [{ name: 'confirm', method: 'POST', path: '/o/{id}/confirm' }],
      },
    })
    const gateway = restOrders({
      config,
      settleSeconds: 90,
      configDir: '',
      secrets: async () => undefined,
      clock: new ManualClock(),
      ids: new CountingIds(),
    })
    expect(gateway.describe()).toMatchObject({
      steps: ['create', 'confirm'],
      settleMs: 90_000,
      find: false,
      amend: false,
      cancel: false,
    })
  })

  it('includes an amend by placing again where that overwrites', async () => {
    const { gateway } = subject({
      idempotency: 'upsert',
      operations: { place: { method: 'PUT', path: '/orders/{reference}' } },
    })
    expect(gateway.describe().amend).toBe(true)
    const request = await requestOf(gateway.amend({ ...write(), document: DOCUMENT }))
    expect(JSON.parse(request.bytes)).toMatchObject({ method: 'PUT', url: `/orders/${REFERENCE}` })
  })
})

describe('the bytes of a request', () => {
  it('are method, path, headers and body, without anything secret or ageing', async () => {
    const { gateway } = subject({ auth: { type: 'bearer' }, headers: { 'X-Org': '01', Accept: 'text/json' } })
    const request = await requestOf(gateway.place(write(), 'create'))
    const bytes: unknown = JSON.parse(request.bytes)
    expect(bytes).toEqual({
      method: 'POST',
      url: '/orders',
      headers: { accept: 'text/json', 'content-type': 'application/json', 'x-org': '01' },
      body: expect.objectContaining({ order_id: REFERENCE, total_amount: 39.8 }),
    })
  })

  it('are sent as they are, with credentials and the correlation id', async () => {
    const { gateway, script, context } = subject(
      { auth: { type: 'bearer' } },
      { status: 201, body: { id: 'D1', no: 'N1' } },
    )
    const request = await requestOf(gateway.place(write(), 'create'))
    expect(await gateway.send(request, context)).toEqual({
      ok: true,
      document: { id: 'D1', no: 'N1', state: 'live', step: 'create' },
    })
    const { headers, body } = JSON.parse(request.bytes)
    expect(script.sent).toEqual([
      {
        method: 'POST',
        url: 'https://erp.example.com/api/v1/orders',
        headers: { ...headers, 'x-correlation-id': 'c-7', authorization: 'Bearer tok-secret-1' },
        body: JSON.stringify(body),
      },
    ])
  })

  it('keep numbers a double cannot tell apart from their text', async () => {
    const { gateway, script, context, files } = subject(
      { operations: { place: { path: '/orders', mapping: 'big.jsonata' } } },
      { body: { id: 'D1' } },
    )
    files['/config/big.jsonata'] = '{"big": 1e20, "small": 0.1, "id": "9223372036854775807"}'
    await gateway.send(await requestOf(gateway.place(write(), 'create')), context)
    expect(script.sent[0]?.body).toBe('{"big":100000000000000000000,"small":0.1,"id":"9223372036854775807"}')
  })

  it('fill placeholders in percent-encoded', async () => {
    const { gateway } = subject({
      operations: {
        place: { path: '/orders' },
        cancel: { method: 'DELETE', path: '/o/{id}/n/{no}', query: { ref: 'r {reference}&', by: 'sync' } },
      },
    })
    const document = { ...DOCUMENT, id: 'a/b ?#ü' }
    const request = await requestOf(gateway.cancel({ reference: REFERENCE, document, reason: 'x' }))
    expect(JSON.parse(request.bytes)).toMatchObject({
      url: `/o/a%2Fb%20%3F%23%C3%BC/n/SO%2F1?ref=r%20${REFERENCE}%26&by=sync`,
    })
    expect(JSON.parse(request.bytes)).not.toHaveProperty('body')
    expect(request.content).toBeUndefined()
  })

  it.each(['..', '.', ''])(
    'are not built with the id "%s", which would climb out of the path',
    async (id) => {
      const { gateway } = subject()
      const built = await gateway.cancel({ reference: REFERENCE, document: { ...DOCUMENT, id }, reason: 'x' })
      expect(built).toMatchObject({ ok: false, failure: { class: 'Invalid' } })
    },
  )

  it('are not built with a number the ERP never gave', async () => {
    const { gateway } = subject({
      operations: { place: { path: '/orders' }, cancel: { method: 'POST', path: '/o/{no}' } },
    })
    const { no: _none, ...document } = DOCUMENT
    expect(await gateway.cancel({ reference: REFERENCE, document, reason: 'x' })).toMatchObject({
      ok: false,
      failure: { class: 'Invalid', message: 'the ERP gave the document no number' },
    })
  })

  it('that are not of this adapter are refused before anything leaves', async () => {
    const { gateway, script, context } = subject()
    const request = await requestOf(gateway.place(write(), 'create'))
    for (const bytes of ['', '{}', '{"method":"POST","url":"https://elsewhere.example","headers":{}}']) {
      expect(await gateway.send({ ...request, bytes }, context)).toMatchObject({
        failure: { class: 'Invalid' },
      })
    }
    expect(script.sent).toEqual([])
  })
})

describe('the key of a request', () => {
  it('is the same for the same request and another for any other', async () => {
    const { gateway } = subject()
    const requests = await Promise.all([
      requestOf(gateway.place(write(), 'create')),
      requestOf(gateway.place(write(canonicalOrder({ quantity: 2 })), 'create')),
      requestOf(gateway.amend({ ...write(), document: DOCUMENT })),
      requestOf(gateway.amend({ ...write(), document: { ...DOCUMENT, id: 'D2' } })),
      requestOf(gateway.cancel({ reference: REFERENCE, document: DOCUMENT, reason: 'x' })),
    ])
    const again = await requestOf(gateway.place(write(), 'create'))
    expect(new Set(requests.map(({ key }) => key)).size).toBe(requests.length)
    expect(again.key).toBe(requests[0]?.key)
    for (const { key } of requests) expect(key).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is sent with a create, and never with a change, which must not look like a repetition', async () => {
    const { gateway } = subject({ idempotencyHeader: 'Idempotency-Key' })
    const place = await requestOf(gateway.place(write(), 'create'))
    const amend = await requestOf(gateway.amend({ ...write(), document: DOCUMENT }))
    expect(JSON.parse(place.bytes)).toMatchObject({ headers: { 'idempotency-key': place.key } })
    expect(JSON.parse(amend.bytes).headers).not.toHaveProperty('idempotency-key')
  })
})

describe('the content', () => {
  it('tells an edit that only the amend carries', async () => {
    const { gateway, files } = subject({
      operations: {
        place: { path: '/orders', mapping: 'place.jsonata' },
        amend: { method: 'PUT', path: '/orders/{id}', mapping: 'amend.jsonata' },
      },
    })
    files['/config/place.jsonata'] = '{"ref": reference}'
    files['/config/amend.jsonata'] = '{"id": document.id, "to": order.consignee.address}'
    const one = await gateway.content(write())
    expect(one).toMatchObject({ ok: true })
    expect(await gateway.content(write(canonicalOrder({ address: '示例路 9 号' })))).not.toEqual(one)
    expect(await gateway.content(write(canonicalOrder(), DOCUMENT))).toEqual(one)
  })

  it('of a request leaves out what a write-back changes', async () => {
    const { gateway } = subject()
    const { content } = await requestOf(gateway.place(write(), 'create'))
    expect(content).toMatchObject({ order_id: REFERENCE, total_amount: 39.8, order: { orderId: '1001' } })
    expect(content).not.toHaveProperty('order_date')
    expect(content).not.toHaveProperty('order.deliveries')
    expect(content).not.toHaveProperty('order.status.shipping')
  })

  it('of a later step is that of the whole document', async () => {
    const { gateway } = subject({
      operations: {
        ...BASE.operations,
        steps: [{ name: 'confirm', method: 'POST', path: '/orders/{id}/confirm' }],
      },
    })
    const create = await requestOf(gateway.place(write(), 'create'))
    const confirm = await requestOf(gateway.place(write(canonicalOrder(), DOCUMENT), 'confirm'))
    expect(confirm.content).toEqual(create.content)
    expect(JSON.parse(confirm.bytes)).toMatchObject({
      url: '/orders/D1/confirm',
      document: { id: 'D1', step: 'create' },
    })
    expect(JSON.parse(confirm.bytes)).not.toHaveProperty('body')
  })

  it('is not made by a mapping that is broken', async () => {
    const { gateway, files } = subject({
      operations: { ...BASE.operations, place: { path: '/o', mapping: 'm.jsonata' } },
    })
    files['/config/m.jsonata'] = '{'
    const misconfigured = { ok: false, failure: { class: 'Misconfigured' } }
    expect(await gateway.content(write())).toMatchObject(misconfigured)
    expect(await gateway.place(write(), 'create')).toMatchObject(misconfigured)
  })
})

describe('a configuration with a broken expression', () => {
  it.each<[where: string, change: Partial<Input>]>([
    ['answers.rules[0].when', { answers: { rules: [{ when: 'body.', class: 'Invalid' }] } }],
    ['answers.rules[0].subject', { answers: { rules: [{ when: 'true', class: 'Invalid', subject: '(' }] } }],
    ['answers.success', { answers: { success: 'body.code =' } }],
    ['answers.document.id', { answers: { document: { id: '[' } } }],
    ['answers.message', { answers: { message: '$now()' } }],
    ['auth.sign', { auth: { type: 'hmac', headers: { signature: 'X-Sign' }, sign: 'method &' } }],
    [
      'operations.find.documents',
      { operations: { ...BASE.operations, find: { path: '/orders', documents: 'body.items.{' } } },
    ],
    [
      'operations.cancel.rules[0].when',
      {
        operations: {
          ...BASE.operations,
          cancel: { method: 'POST', path: '/c', rules: [{ when: ')', class: 'Success' }] },
        },
      },
    ],
  ])('is stopped before anything leaves, naming %s', async (where, change) => {
    const { gateway, script, context } = subject(change)
    const request: ErpRequest = {
      op: 'place',
      step: 'create',
      reference: REFERENCE,
      key: 'k',
      content: {},
      bytes: '{"method":"POST","url":"/orders","headers":{}}',
    }
    for (const { failure } of [
      await gateway.content(write()),
      await gateway.place(write(), 'create'),
      await gateway.send(request, context),
      await gateway.find(REFERENCE, undefined, context),
    ].filter((result) => 'failure' in result)) {
      expect(failure.class).toBe('Misconfigured')
      expect(failure.message).toContain(where)
    }
    expect(await gateway.send(request, context)).toHaveProperty('failure')
    expect(script.sent).toEqual([])
  })
})

describe('a look-up', () => {
  const find = async (absent: string | undefined, answer: ScriptedAnswer, documents?: string) => {
    const { gateway, context } = subject(
      {
        operations: {
          place: { path: '/orders' },
          find: {
            path: '/orders',
            documents: documents ?? 'body.items.{"id": id, "reference": ref, "state": state}',
            ...(absent === undefined ? {} : { absent }),
          },
        },
      },
      answer,
    )
    return gateway.find(REFERENCE, undefined, context)
  }
  const live = { id: 1, ref: REFERENCE, state: 'live' }
  const dead = { id: 2, ref: REFERENCE, state: 'cancelled' }

  it.each<[what: string, absent: string | undefined, answer: ScriptedAnswer]>([
    ['a 404 with a body in JSON', undefined, { status: 404, body: { message: 'none' } }],
    ['a 404 without a body', undefined, { status: 404 }],
    ['an empty list', undefined, { body: [] }],
    ['what the configuration calls absent', 'body.items = []', { body: { items: [] } }],
    ['a list of others', undefined, { body: { items: [{ ...live, ref: `${REFERENCE}-1` }] } }],
  ])('sees absence in %s', async (_, absent, answer) => {
    expect(await find(absent, answer)).toEqual({ is: 'absent' })
  })

  it.each<[what: string, absent: string | undefined, answer: ScriptedAnswer]>([
    ['a 404 in HTML', undefined, { status: 404, body: '<html>nginx</html>' }],
    ['an empty member the configuration says nothing of', undefined, { body: { items: [] } }],
    ['an error in a 200', 'body.items = []', { body: { error: 'database is down' } }],
    ['an empty body', 'body.items = []', { status: 200 }],
    ['a 500 that looks empty', 'body.items = []', { status: 500, body: { items: [] } }],
    ['a 401 that looks empty', 'body.items = []', { status: 401, body: { items: [] } }],
    ['a document without an id', 'body.items = []', { body: { items: [{ ref: REFERENCE, state: 'live' }] } }],
    ['a document in no known state', 'body.items = []', { body: { items: [{ ...live, state: 'draft' }] } }],
    ['a broken connection', undefined, new Error('gone')],
  ])('sees no absence in %s', async (_, absent, answer) => {
    expect(await find(absent, answer)).toMatchObject({ is: 'failed' })
  })

  it('reads one document, ids as text', async () => {
    expect(await find(undefined, { body: '{"items":[{"id":9223372036854775807,"state":"live"}]}' })).toEqual({
      is: 'one',
      document: { id: '9223372036854775807', state: 'live', step: 'create', content: 'unknown' },
    })
  })

  it('takes the live one among cancelled ones, and counts live ones only', async () => {
    expect(await find(undefined, { body: { items: [dead, live] } })).toMatchObject({ document: { id: '1' } })
    expect(await find(undefined, { body: { items: [dead, { ...dead, id: 3 }] } })).toMatchObject({
      document: { id: '3', state: 'cancelled' },
    })
    expect(await find(undefined, { body: { items: [dead, live, { ...live, id: 3 }] } })).toEqual({
      is: 'many',
      count: 2,
    })
  })

  it('does not repeat what the ERP returned instead of a document', async () => {
    const seen = await find(undefined, { body: { items: [{ ...live, state: '样例收货人' }] } })
    expect(seen).toEqual({
      is: 'failed',
      failure: { class: 'Protocol', message: 'operations.find.documents gave no usable state' },
    })
  })

  it('refuses a step nobody configured', async () => {
    const seen = await find(
      undefined,
      { body: { items: [live] } },
      'body.items.{"id": id, "state": "live", "step": "audit"}',
    )
    expect(seen).toMatchObject({ is: 'failed', failure: { class: 'Protocol' } })
  })

  it('asks with a body where the ERP wants one', async () => {
    const { gateway, script, context, files } = subject(
      {
        operations: {
          place: { path: '/orders' },
          find: {
            method: 'POST',
            path: '/query',
            mapping: 'query.jsonata',
            documents: '[]',
            absent: 'body.rows = 0',
          },
        },
      },
      { body: { rows: 0 } },
    )
    files['/config/query.jsonata'] = '{"filter": "ref = \'" & reference & "\'"}'
    expect(await gateway.find(REFERENCE, undefined, context)).toEqual({ is: 'absent' })
    expect(script.sent[0]).toMatchObject({ method: 'POST', body: `{"filter":"ref = '${REFERENCE}'"}` })
  })
})
