import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createWebhookGateways } from '#adapters/erp/webhook/gateway.ts'
import { describeWebhookTarget } from '#adapters/erp/webhook/target.ts'
import { TargetWebhookSchema } from '#contracts/target-webhook.ts'
import { WebhookTargetSchema } from '#contracts/webhook-target.ts'
import type { Answer, Built, ErpDocument, ErpGateway, TicketWrite } from '#ports/erp-gateway.ts'
import { aPartsState } from '../../../../support/a-parts-request.ts'
import { aPurchase } from '../../../../support/a-purchase.ts'
import { aReply, aTicket } from '../../../../support/a-ticket.ts'
import { SECRET } from '../../../../support/a-webhook-request.ts'
import { canonicalOrder } from '../../../../support/canonical-order.ts'

const OTHER = `whsec_${Buffer.from('b secret of 32 bytes for testing').toString('base64')}`

interface Sent {
  readonly id: string
  readonly headers: Headers
  readonly body: string
}

/** A gateway for tickets before a receiver that answers as told. */
function tickets(
  answer: () => Response = () => new Response('{}'),
  secret: Record<string, string> = { signing: SECRET },
) {
  const sent: Sent[] = []
  const gateways = createWebhookGateways({
    config: WebhookTargetSchema.parse({ url: 'https://desk.example.com/in' }),
    secrets: async () => secret,
    clock: { now: () => Date.now() },
    fetch: async (_url, init) => {
      const headers = new Headers(init?.headers)
      sent.push({
        headers,
        id: headers.get('webhook-id') ?? '',
        body: typeof init?.body === 'string' ? init.body : '',
      })
      return answer()
    },
  })
  const { ticket } = gateways
  if (!ticket) throw new Error('there is no gateway for tickets')
  return { gateway: ticket, gateways, sent }
}

const writeOf = (change = {}): TicketWrite => ({
  reference: 'ECA1-T61',
  identity: '61.1763800000',
  ticket: aTicket(change),
  purchases: [aPurchase()],
  parts: [aPartsState()],
})
const document: ErpDocument = { id: 'CASE-1', no: 'N-1', state: 'live', step: 'create' }

async function send<W extends TicketWrite>(
  gateway: ErpGateway<W>,
  building: Promise<Built>,
  correlationId = 'c-1',
): Promise<Answer> {
  const built = await building
  if (!built.ok) throw new Error(built.failure.message)
  return gateway.send(built.request, { deadline: Date.now() + 5_000, correlationId })
}
const place = (gateway: ErpGateway<TicketWrite>, change = {}, correlationId?: string) =>
  send(gateway, gateway.place(writeOf(change), 'create'), correlationId)
const amend = (gateway: ErpGateway<TicketWrite>, change = {}, correlationId?: string) =>
  send(gateway, gateway.amend({ ...writeOf(change), document }), correlationId)

describe('a message', () => {
  it('fits its contract, and is verified by the library of Standard Webhooks', async () => {
    const { gateway, gateways, sent } = tickets()
    await place(gateway)
    await amend(gateway, { replies: [aReply()] })
    await send(gateway, gateway.cancel({ reference: 'ECA1-T61', document, reason: 'withdrawn' }))
    const order = {
      reference: 'ECA1-1-1',
      identity: '1.1',
      order: canonicalOrder(),
      lineReference: () => 'L-1',
    }
    const built = await gateways.order?.place(order, 'create')
    if (built?.ok)
      await gateways.order?.send(built.request, { deadline: Date.now() + 5_000, correlationId: 'c-1' })

    expect(sent.map(({ body }) => TargetWebhookSchema.parse(JSON.parse(body)).type)).toEqual([
      'ticket.placed',
      'ticket.amended',
      'ticket.cancelled',
      'order.placed',
    ])
    for (const { body, headers } of sent)
      expect(() => new Webhook(SECRET).verify(body, Object.fromEntries(headers))).not.toThrow()
    expect(JSON.parse(sent[3]?.body ?? '')).toMatchObject({
      data: { order: { money: { total: '39.80' }, lines: [{ reference: 'L-1', net: '19.90' }, {}] } },
    })
  })

  it('carries a signature for each of two secrets, so that the receiver may change at its own time', async () => {
    const { gateway, sent } = tickets(undefined, { signing: `${OTHER}, ${SECRET}` })
    await place(gateway)
    const [{ body, headers } = { body: '', headers: new Headers() }] = sent
    for (const secret of [SECRET, OTHER])
      expect(() => new Webhook(secret).verify(body, Object.fromEntries(headers))).not.toThrow()
  })

  it('is not sent without a secret that can sign', async () => {
    for (const secret of [{}, { signing: 'pass-word' }, { callback: SECRET }]) {
      const { gateway, sent } = tickets(undefined, secret)
      expect(await place(gateway)).toMatchObject({ ok: false, failure: { class: 'Misconfigured' } })
      expect(sent).toEqual([])
    }
  })
})

describe('the id of a message', () => {
  const replied = { replies: [aReply()] }

  it('is the same for whatever is sent again for one event', async () => {
    const { gateway, sent } = tickets()
    for (const change of [{}, {}]) await place(gateway, change)
    for (const change of [replied, replied]) await amend(gateway, change)
    const [a, b, c, d] = sent.map(({ id }) => id)
    expect([a === b, c === d, a === c]).toEqual([true, true, false])
  })

  it('is the same for a creation that another event repeats', async () => {
    const { gateway, sent } = tickets()
    await place(gateway, {}, 'c-1')
    await place(gateway, {}, 'c-2')
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1)
  })

  it('is another one for each change, there and back and there again', async () => {
    const { gateway, sent } = tickets()
    await amend(gateway, {}, 'c-1')
    await amend(gateway, replied, 'c-2')
    await amend(gateway, {}, 'c-3')
    await amend(gateway, replied, 'c-4')
    expect(new Set(sent.map(({ id }) => id)).size).toBe(4)
  })
})

describe('an answer', () => {
  const json = { 'content-type': 'application/json' }
  const redirect = { headers: { location: 'https://elsewhere.example.com' } }

  it.each<[what: string, answer: Response, document: object]>([
    ['names a document', new Response('{"id":"CASE-7","no":"2026-7"}'), { id: 'CASE-7', no: '2026-7' }],
    ['names it by a number', new Response('{"id":9007199254740993}'), { id: '9007199254740993' }],
    ['is empty', new Response(null, { status: 204 }), { id: 'ECA1-T61' }],
    ['is a word', new Response('ok', { headers: { 'content-type': 'text/html' } }), { id: 'ECA1-T61' }],
    ['is a list', new Response('[{"id":"1"}]', { headers: json }), { id: 'ECA1-T61' }],
    ['names nothing usable', new Response('{"id":{},"no":""}', { headers: json }), { id: 'ECA1-T61' }],
  ])('that %s ends a creation', async (_what, answer, expected) => {
    const { gateway } = tickets(() => answer)
    const placed = await place(gateway)
    expect(placed).toMatchObject({ ok: true, document: { ...expected, state: 'live', step: 'create' } })
  })

  it('to a change does not rename the document: it may be the id of a run', async () => {
    const { gateway } = tickets(() => new Response('{"id":"run-2","no":"run-no"}'))
    expect(await amend(gateway)).toMatchObject({ ok: true, document: { id: 'CASE-1', no: 'N-1' } })
  })

  it.each<[status: number, kind: string, init?: ResponseInit]>([
    [301, 'Misconfigured', redirect],
    [302, 'Protocol', redirect],
    [303, 'Protocol', redirect],
    [307, 'Misconfigured', redirect],
    [308, 'Misconfigured', redirect],
    [400, 'Invalid'],
    [401, 'AuthDenied'],
    [402, 'Invalid'],
    [403, 'AuthDenied'],
    [404, 'Misconfigured'],
    [405, 'Misconfigured'],
    [408, 'UnknownOutcome'],
    [409, 'StateConflict'],
    [410, 'Misconfigured'],
    [412, 'Contended'],
    [413, 'Invalid'],
    [415, 'Misconfigured'],
    [422, 'Invalid'],
    [423, 'Contended'],
    [425, 'Transient'],
    [429, 'RateLimited'],
    [500, 'UnknownOutcome'],
    [502, 'UnknownOutcome'],
    [503, 'UnknownOutcome'],
  ])('%i is %s, and sent once', async (status, kind, init) => {
    const { gateway, sent } = tickets(() => new Response('', { status, ...init }))
    expect(await place(gateway)).toMatchObject({ ok: false, failure: { class: kind } })
    expect(sent).toHaveLength(1)
  })

  it.each([429, 503])('%i tells how long to wait', async (status) => {
    const { gateway } = tickets(() => new Response('', { status, headers: { 'retry-after': '90' } }))
    expect(await place(gateway)).toMatchObject({ failure: { retryAfterMs: 90_000 } })
  })

  it('tells the part that is missing', async () => {
    const { gateway } = tickets(
      () => new Response('{"missing":"BLADE-2","message":"no such part"}', { status: 422 }),
    )
    expect(await place(gateway)).toMatchObject({
      failure: { class: 'MissingReference', subject: 'BLADE-2', message: 'HTTP 422: no such part' },
    })
  })

  it('repeats nobody that the message was about', async () => {
    const said = '不接受 搅拌机不转 from buyer@example.com, 13800000000'
    const { gateway } = tickets(() => Response.json({ error: said }, { status: 400 }))
    const answer = await place(gateway)
    expect(answer).toMatchObject({ ok: false, failure: { class: 'Invalid' } })
    const text = JSON.stringify(answer)
    for (const personal of ['搅拌机不转', 'buyer@example.com', '13800000000'])
      expect(text).not.toContain(personal)
  })
})

it('sends no stored request that another adapter built', async () => {
  const { gateway, sent } = tickets()
  const built = await gateway.place(writeOf(), 'create')
  if (!built.ok) throw new Error(built.failure.message)
  const { request } = built
  for (const bytes of ['', '{', '{"method":"POST"}', '[]'])
    expect(
      await gateway.send({ ...request, bytes }, { deadline: Date.now() + 5_000, correlationId: 'c' }),
    ).toMatchObject({
      failure: { class: 'Invalid' },
    })
  expect(sent).toEqual([])
})

it('shows a request without its signature', async () => {
  const target = describeWebhookTarget(WebhookTargetSchema.parse({ url: 'https://desk.example.com/in' }))
  const { gateway } = tickets()
  const built = await gateway.place(writeOf(), 'create')
  if (!built.ok) throw new Error(built.failure.message)
  const shown = target.showRequest(built.request)
  expect(shown).toMatchObject({
    method: 'POST',
    url: 'https://desk.example.com/in',
    body: { type: 'ticket.placed' },
  })
  expect(shown.credentialHeaders).toContain('webhook-signature')
  expect(z.json().safeParse(shown.body).success).toBe(true)
})
