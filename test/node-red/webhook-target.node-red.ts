import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWebhookGateways } from '#adapters/erp/webhook/gateway.ts'
import { describeWebhookTarget } from '#adapters/erp/webhook/target.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { receiveProgress } from '#app/receive-progress.ts'
import { WebhookTargetSchema } from '#contracts/webhook-target.ts'
import { lineReference } from '#domain/reference.ts'
import type { Answer, Built, ErpGateways, TicketWrite } from '#ports/erp-gateway.ts'
import { aCustomer } from '../support/a-customer.ts'
import { aPartsRequest } from '../support/a-parts-request.ts'
import { aPurchase } from '../support/a-purchase.ts'
import { aReturn } from '../support/a-return.ts'
import { aReply, aTicket } from '../support/a-ticket.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { canonicalOrder } from '../support/canonical-order.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { installNodeRed, NodeRed } from './node-red.ts'

const CALLBACK = `whsec_${Buffer.from('b secret of 32 bytes for testing').toString('base64')}`
const WRONG = `whsec_${Buffer.from('c secret of 32 bytes for testing').toString('base64')}`

const clock = { now: () => Date.now() }

/** Our end of the callback, on loopback. */
class Callback {
  readonly queue = new MemoryWritebackQueue({ clock })
  readonly statuses: number[] = []
  url = ''
  readonly #server = createServer((request, response) => {
    buffer(request).then(
      async (rawBody) => {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
        )
        const answer = await receiveProgress(
          { target: 'desk', headers, rawBody, correlationId: 'corr-0001' },
          {
            config: { shops: { demo: { targets: ['desk'] } }, targets: { desk: {} } },
            secrets: this.#secrets,
            queue: this.queue,
            clock,
            log: new RecordingLog(),
          },
        )
        this.statuses.push(answer.status)
        response.writeHead(answer.status, { 'content-type': answer.contentType })
        response.end(JSON.stringify(answer.body))
      },
      () => response.destroy(),
    )
  })
  readonly #secrets = new MemorySecrets()

  async start(): Promise<this> {
    this.#secrets.putTarget('desk', { signing: SECRET, callback: CALLBACK })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('there is no port')
    this.url = `http://127.0.0.1:${address.port}/v1/targets/desk/progress`
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

describe('a webhook target in Node-RED', () => {
  let nodeRed: NodeRed
  let callback: Callback

  beforeAll(async () => {
    installNodeRed()
    callback = await new Callback().start()
    nodeRed = await NodeRed.start({ signing: SECRET, callback: CALLBACK, callbackUrl: callback.url })
  })
  afterAll(async () => {
    await nodeRed?.stop()
    await callback?.stop()
  })

  const gateways = ({ signing = SECRET, now = clock.now, fetch }: Sending = {}): ErpGateways =>
    createWebhookGateways({
      config: WebhookTargetSchema.parse({ url: nodeRed.url }),
      secrets: async () => ({ signing }),
      clock: { now },
      ...(fetch ? { fetch } : {}),
    })
  const ticketWrite = (id: string): TicketWrite => ({
    reference: `ECdemo-T${id}`,
    identity: `${id}.1763800000`,
    ticket: aTicket({ ticketId: id }),
    purchases: [aPurchase()],
    parts: [],
  })
  async function send(by: ErpGateways, building: Promise<Built> | undefined): Promise<Answer> {
    const built = await building
    if (!built?.ok || !by.ticket) throw new Error('nothing to send')
    return by.ticket.send(built.request, { deadline: Number.MAX_SAFE_INTEGER, correlationId: 'corr-0001' })
  }
  const place = (by: ErpGateways, id: string) => send(by, by.ticket?.place(ticketWrite(id), 'create'))

  it('takes a ticket and its edits as one document', async () => {
    const by = gateways()
    const first = await place(by, '901')
    if (!first.ok) throw new Error(first.failure.message)
    expect(first.document).toMatchObject({ id: expect.stringMatching(/^CASE-\d+$/), state: 'live' })
    expect(await place(by, '901')).toEqual(first)

    const { document } = first
    const write = {
      ...ticketWrite('901'),
      ticket: aTicket({ ticketId: '901', replies: [aReply()] }),
      document,
    }
    expect(await send(by, by.ticket?.amend(write))).toMatchObject({ ok: true, document: { id: document.id } })
    const cancel = { reference: write.reference, document, reason: 'withdrawn' }
    expect(await send(by, by.ticket?.cancel(cancel))).toMatchObject({
      ok: true,
      document: { state: 'cancelled' },
    })
  })

  it('takes every other kind, with Chinese in it', async () => {
    const by = gateways()
    const at = (reference: string) => ({ reference, identity: '1.1' })
    const order = {
      ...at('ECdemo-2026112001001-rt'),
      order: canonicalOrder(),
      lineReference: (line: { recId: string }) => lineReference('ECdemo-2026112001001-rt', line.recId),
    }
    const placed = [
      by.order?.place(order, 'create'),
      by.customer?.place({ ...at('ECdemo-U12'), customer: aCustomer(), purchases: [] }, 'create'),
      by.return?.place({ ...at('ECdemo-R41'), return: aReturn() }, 'create'),
      by.parts?.place({ ...at('ECdemo-P1'), parts: aPartsRequest() }, 'create'),
    ]
    for (const one of placed) expect(await send(by, one)).toMatchObject({ ok: true })
  })

  it('is signed with two secrets while one replaces the other', async () => {
    expect(await place(gateways({ signing: `${WRONG}, ${SECRET}` }), '902')).toMatchObject({ ok: true })
  })

  it.each<[what: string, sending: Sending]>([
    ['signed with another secret', { signing: WRONG }],
    ['signed ten minutes ago', { now: () => Date.now() - 600_000 }],
    ['changed on its way', { fetch: changing }],
  ])('refuses what was %s, and keeps nothing of it', async (_how, sending) => {
    const before = await place(gateways(), `${++made}`)
    expect(await place(gateways(sending), `${++made}`)).toMatchObject({
      ok: false,
      failure: { class: 'AuthDenied', message: 'HTTP 401: the signature is wrong' },
    })
    const after = await place(gateways(), `${++made}`)
    expect(numberOf(after)).toBe(numberOf(before) + 1)
  })

  it('passes the probe: it takes what is signed rightly and refuses the rest', async () => {
    const target = describeWebhookTarget(WebhookTargetSchema.parse({ url: nodeRed.url }))
    const findings = await target.probe?.({
      secrets: async () => ({ signing: SECRET }),
      fetch: globalThis.fetch,
      clock,
      deadline: clock.now() + 10_000,
    })
    expect(findings?.map(({ check, is }) => [check, is])).toEqual([
      ['server', 'ok'],
      ['signature', 'ok'],
    ])
  })

  it('tells of a step that it signs itself, and its signature holds', async () => {
    callback.queue.drain()
    callback.statuses.length = 0
    const placed = await place(gateways(), '904')
    await expect.poll(() => callback.statuses, { timeout: 10_000 }).toEqual([202])
    const id = placed.ok ? placed.document.id : ''
    expect(callback.queue.drain().map(({ message }) => message)).toMatchObject([
      {
        shop: 'demo',
        target: 'desk',
        id: `${id}/1`,
        command: { is: 'progress', ref: 'ECdemo-T904', progress: { step: 'accepted', person: 'Node-RED' } },
      },
    ])
  })
})

/** Tickets, so that no two tests have the same. */
let made = 1_000

/** The flow numbers its documents. */
const numberOf = (answer: Answer) =>
  answer.ok ? Number(answer.document.id.replace('CASE-', '')) : Number.NaN

interface Sending {
  readonly signing?: string
  readonly now?: () => number
  readonly fetch?: typeof globalThis.fetch
}

/** A proxy that writes another content into the body. */
async function changing(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const body = typeof init?.body === 'string' ? init.body.replace('搅拌机', '电饭锅') : ''
  return globalThis.fetch(url, { ...init, body })
}
