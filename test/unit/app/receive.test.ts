import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { MemoryDeliveryQueue } from '#adapters/memory/memory-delivery-queue.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { type ReceiveAnswer, type ReceiveDeps, receive } from '#app/receive.ts'
import { type ShopConfig, ShopConfigSchema } from '#contracts/config.ts'
import { DeliveryMessageSchema, MAX_MESSAGE_BYTES } from '#contracts/delivery-message.ts'
import { PROBLEMS, type ProblemCode } from '#contracts/problems.ts'
import { type EventResult, MAX_BODY_BYTES, ProblemSchema, WebhookAnswerSchema } from '#contracts/webhook.ts'
import type { DeliveryQueue, Enqueued } from '#ports/delivery-queue.ts'
import { aWebhookRequest, SECRET, type WebhookRequest } from '../../support/a-webhook-request.ts'
import { aMember, anOrder, aTombstone, deletedEvent, EPOCH, snapshotEvent } from '../../support/an-order.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLog } from '../../support/recording-log.ts'
import { invalidExamples, validExamples } from '../../support/webhook-examples.ts'

const OTHER_SECRET = `whsec_${Buffer.from('b secret of 32 bytes for testing').toString('base64')}`

const shop = (...targets: string[]): ShopConfig => ShopConfigSchema.parse({ targets })
const config: ReceiveDeps['config'] = {
  shops: { A1: shop('erp', 'wms', 'crm'), B2: shop('erp'), C3: shop('crm'), D4: shop('erp') },
  targets: {
    erp: { kinds: ['order'] },
    wms: { kinds: ['return', 'order'] },
    crm: { kinds: ['customer', 'ticket'] },
  },
}

class World {
  readonly clock = new ManualClock()
  readonly log = new RecordingLog()
  readonly secrets = new MemorySecrets()
  readonly queues = new MemoryDeliveryQueue({ clock: this.clock, targets: Object.keys(config.targets) })
  queue: DeliveryQueue = this.queues

  constructor() {
    for (const shop of ['A1', 'C3']) {
      this.secrets.putShop(shop, { secrets: [SECRET], epochs: ['e-2025-01', EPOCH] })
    }
    this.secrets.putShop('B2', { secrets: [OTHER_SECRET], epochs: [EPOCH] })
  }

  receive(request: WebhookRequest): Promise<ReceiveAnswer> {
    return receive(request, {
      config,
      clock: this.clock,
      log: this.log,
      secrets: this.secrets,
      queue: this.queue,
    })
  }

  /** Signs a body as it should be and receives it. */
  post(body: unknown, by: { shop?: string; secret?: string } = {}): Promise<ReceiveAnswer> {
    return this.receive(aWebhookRequest(JSON.stringify(body), { at: this.clock.now(), ...by }))
  }

  postBytes(body: Uint8Array | string): Promise<ReceiveAnswer> {
    return this.receive(aWebhookRequest(body, { at: this.clock.now() }))
  }

  /** Everything queued by now, for all targets. */
  drain() {
    return Object.keys(config.targets).flatMap((target) => this.queues.drain(target))
  }
}

const resultsOf = (answer: ReceiveAnswer): EventResult[] => WebhookAnswerSchema.parse(answer.body).results
const paid = snapshotEvent(anOrder().paid().snapshot())

function expectProblem(answer: ReceiveAnswer, code: ProblemCode) {
  expect(answer).toMatchObject({
    status: PROBLEMS[code].status,
    contentType: 'application/problem+json',
    body: { code, correlationId: 'corr-0001', type: `webhook-v1.md#${code}` },
  })
  return ProblemSchema.parse(answer.body)
}

describe('an accepted event', () => {
  it('lies in the queue of every target that takes its kind, as the canonical order', async () => {
    const world = new World()
    const answer = await world.post({ events: [paid] })

    expect(answer).toEqual({
      status: 202,
      contentType: 'application/json',
      body: {
        correlationId: 'corr-0001',
        results: [{ index: 0, type: 'order.snapshot', id: '10086', result: 'accepted' }],
      },
    })
    const [message] = world.queues.drain('erp')
    expect(message?.message).toMatchObject({
      v: 1,
      shop: 'A1',
      target: 'erp',
      kind: 'order',
      cause: 'event',
      firstSeenAt: new Date(world.clock.now()).toISOString(),
      correlationId: 'corr-0001',
      version: { epoch: EPOCH, seq: 1, epochNo: 1 },
      wireHash: `1:${paid.hash}`,
      subject: { is: 'snapshot', order: { orderId: '10086', state: 'confirmed', money: { total: 1990 } } },
    })
    expect(world.queues.drain('wms').map(({ message }) => message.target)).toEqual(['wms'])
    expect(world.queues.drain('crm')).toEqual([])
  })

  it('may come alone, without a list around it', async () => {
    const world = new World()
    const answer = await world.post(deletedEvent(aTombstone(), { seq: 9 }))
    expect(answer).toMatchObject({ status: 202, body: { results: [{ type: 'order.deleted', id: '10086' }] } })
    expect(world.queues.drain('erp')[0]?.message).toMatchObject({
      version: { seq: 9 },
      subject: { is: 'tombstone', tombstone: { state: 'cancelled' } },
    })
  })

  it('is not judged for its arithmetic', async () => {
    const world = new World()
    const unbalanced = anOrder().with({ goods_amount: '0.01', order_amount: '-5.00' }).snapshot()
    expect((await world.post({ events: [snapshotEvent(unbalanced)] })).status).toBe(202)
    expect(world.queues.drain('erp')).toHaveLength(1)
  })

  it('keeps its place among the events of a request, repeated ones too', async () => {
    const world = new World()
    const event = (id: string, seq: number) =>
      snapshotEvent(anOrder().with({ order_id: id }).snapshot(), { seq })
    const answer = await world.post({ events: [event('1', 1), event('2', 2), event('1', 3), event('1', 3)] })
    expect(resultsOf(answer).map(({ index, id, result }) => [index, id, result])).toEqual([
      [0, '1', 'accepted'],
      [1, '2', 'accepted'],
      [2, '1', 'accepted'],
      [3, '1', 'accepted'],
    ])
    // The queue drops the repetition itself.
    expect(world.queues.drain('erp').map(({ message }) => message.version.seq)).toEqual([1, 2, 3])
  })

  it('may be signed with the second of two secrets', async () => {
    const world = new World()
    world.secrets.putShop('A1', { secrets: [OTHER_SECRET, SECRET], epochs: [EPOCH] })
    expect((await world.post({ events: [paid] })).status).toBe(202)
    expect((await world.post({ events: [paid] }, { secret: OTHER_SECRET })).status).toBe(202)
  })

  it('may hold emoji, and ids beyond 53 bits as strings', async () => {
    const world = new World()
    const order = anOrder()
      .with({ order_id: '18446744073709551615', postscript: '谢谢 👨‍👩‍👧 🙏' })
      .snapshot()
    expect((await world.post({ events: [snapshotEvent(order)] })).status).toBe(202)
    expect(world.queues.drain('erp')[0]?.message.subject).toMatchObject({
      order: { orderId: '18446744073709551615', notes: { buyer: '谢谢 👨‍👩‍👧 🙏' } },
    })
  })

  it('may hold 1,000 lines, and its message fits the queue', async () => {
    const world = new World()
    const order = anOrder().withLines(Array.from({ length: 1_000 }, () => ({})))
    expect(
      (await world.post({ events: [snapshotEvent(order.withDiscount('33.33').snapshot())] })).status,
    ).toBe(202)
    const [queued] = world.queues.drain('erp')
    if (queued?.message.subject.is !== 'snapshot') throw new Error('nothing was queued')
    expect(queued.message.subject.order.lines).toHaveLength(1_000)
    const bytes = Buffer.byteLength(JSON.stringify(z.encode(DeliveryMessageSchema, queued.message)))
    expect(bytes).toBeLessThan(MAX_MESSAGE_BYTES)
  })

  it('may come in a body with a byte order mark', async () => {
    const world = new World()
    const answer = await world.postBytes(`\ufeff${JSON.stringify({ events: [paid] })}`)
    expect(answer.status).toBe(202)
  })

  it('may come in a body of exactly 1 MiB, and with 99 others', async () => {
    const world = new World()
    const text = JSON.stringify({ events: [paid] })
    expect(
      (await world.postBytes(Buffer.alloc(MAX_BODY_BYTES, ' ').fill(text, 0, Buffer.byteLength(text))))
        .status,
    ).toBe(202)
    const answer = await world.post({ events: Array.from({ length: 100 }, () => paid) })
    expect(resultsOf(answer)).toHaveLength(100)
  })

  it.each(validExamples.filter(([, body]) => JSON.stringify(body).includes('"type":"order.')))(
    'can be the example %s',
    async (_name, body) => {
      expect((await new World().post(body)).status).toBe(202)
    },
  )
})

describe('an event nobody takes', () => {
  it.each(['customer.snapshot', 'return.deleted', 'ticket.snapshot', 'bridge.test'])(
    'of the type %s, which no target of the shop takes, is not subscribed, whatever else is in it',
    async (type) => {
      const world = new World()
      const answer = await world.post(
        { events: [{ type, anything: [1, null] }] },
        { shop: 'B2', secret: OTHER_SECRET },
      )
      expect(answer).toMatchObject({
        status: 207,
        body: { results: [{ index: 0, type, result: 'not-subscribed' }] },
      })
      expect(world.drain()).toEqual([])
    },
  )

  it('is not subscribed where no target of the shop takes orders', async () => {
    const world = new World()
    const answer = await world.post({ events: [paid] }, { shop: 'C3' })
    expect(answer.status).toBe(207)
    expect(resultsOf(answer)).toEqual([
      { index: 0, type: 'order.snapshot', id: '10086', result: 'not-subscribed' },
    ])
  })
})

describe('a request refused as a whole', () => {
  const text = JSON.stringify({ events: [paid] })
  const gbk = Buffer.concat([
    Buffer.from('{"events":[{"type":"order.snapshot","consignee":"'),
    Buffer.from([0xd1, 0xf9, 0xc0, 0xfd]),
    Buffer.from('"}]}'),
  ])

  const cases: [string, ProblemCode, string, (world: World) => Promise<ReceiveAnswer>][] = [
    [
      'an oversized body, before anything is looked at',
      'body-too-large',
      'The body has more than 1,048,576 bytes.',
      (world) =>
        world.receive({
          shop: 'none',
          headers: {},
          rawBody: new Uint8Array(MAX_BODY_BYTES + 1),
          correlationId: 'corr-0001',
        }),
    ],
    [
      'an unknown shop',
      'unknown-shop',
      'No shop of this id is configured here.',
      (world) => world.post({ events: [paid] }, { shop: 'Z9' }),
    ],
    [
      'a shop named like a property of every object',
      'unknown-shop',
      'No shop of this id is configured here.',
      (world) => world.post({ events: [paid] }, { shop: 'constructor' }),
    ],
    [
      'a shop whose secret was never put',
      'shop-not-ready',
      'The signing secret of this shop has not been put yet.',
      (world) => world.post({ events: [paid] }, { shop: 'D4' }),
    ],
    [
      'no signature',
      'missing-signature',
      'webhook-id, webhook-timestamp or webhook-signature is missing or malformed.',
      (world) => world.receive({ ...aWebhookRequest(text, { at: world.clock.now() }), headers: {} }),
    ],
    [
      'a wrong secret',
      'bad-signature',
      'No signature in webhook-signature fits this body and a secret of this shop.',
      (world) => world.post({ events: [paid] }, { secret: OTHER_SECRET }),
    ],
    [
      'the secret of another shop',
      'bad-signature',
      'No signature in webhook-signature fits this body and a secret of this shop.',
      (world) => world.post({ events: [paid] }, { shop: 'B2', secret: SECRET }),
    ],
    [
      'a body changed after signing',
      'bad-signature',
      'No signature in webhook-signature fits this body and a secret of this shop.',
      (world) =>
        world.receive({
          ...aWebhookRequest(text, { at: world.clock.now() }),
          rawBody: Buffer.from(`${text} `),
        }),
    ],
    [
      'an old signature',
      'wrong-clock',
      'The signature is right, but its timestamp is more than 300 seconds away from serverTime.',
      (world) => world.receive(aWebhookRequest(text, { at: world.clock.now() - 301_000 })),
    ],
    [
      'a signature of the future',
      'wrong-clock',
      'The signature is right, but its timestamp is more than 300 seconds away from serverTime.',
      (world) => world.receive(aWebhookRequest(text, { at: world.clock.now() + 301_000 })),
    ],
    [
      'broken bytes of GBK',
      'invalid-encoding',
      'The body is not valid UTF-8.',
      (world) => world.postBytes(gbk),
    ],
    [
      'a body cut off',
      'not-json',
      'The body cannot be parsed as JSON.',
      (world) => world.postBytes(text.slice(0, -1)),
    ],
    ['an empty body', 'not-json', 'The body cannot be parsed as JSON.', (world) => world.postBytes('')],
    [
      'JSON that is no event',
      'invalid-body',
      'The body is neither an event nor an object with 1 to 100 events.',
      (world) => world.post({ event: paid }),
    ],
    [
      'null',
      'invalid-body',
      'The body is neither an event nor an object with 1 to 100 events.',
      (world) => world.post(null),
    ],
    [
      '101 events',
      'too-many-events',
      'The body has more than 100 events.',
      (world) => world.post({ events: Array.from({ length: 101 }, () => paid) }),
    ],
    [
      'an older epoch',
      'wrong-epoch',
      'The epoch of an event is not the current one of this shop.',
      (world) => world.post({ events: [paid, snapshotEvent(anOrder().snapshot(), { epoch: 'e-2025-01' })] }),
    ],
    [
      'an epoch nobody knows',
      'wrong-epoch',
      'The epoch of an event is not the current one of this shop.',
      (world) => world.post(snapshotEvent(anOrder().snapshot(), { epoch: 'e-2027-01' })),
    ],
    [
      'a wrong epoch on an event that is broken besides',
      'wrong-epoch',
      'The epoch of an event is not the current one of this shop.',
      (world) => world.post({ events: [paid, { type: 'order.snapshot', version: { epoch: 'e-2025-01' } }] }),
    ],
  ]

  it.each(cases)('for %s is told %s', async (_what, code, detail, post) => {
    const world = new World()
    const problem = expectProblem(await post(world), code)
    expect(problem.detail).toBe(detail)
    expect(problem.remedy).toBe(PROBLEMS[code].remedy)
    expect(world.drain()).toEqual([])
    expect(world.log.lines).toEqual([
      {
        level: 'warn',
        code: 'WEBHOOK_REFUSED',
        message: 'A request was refused as a whole.',
        fields: { code },
      },
    ])
  })

  it('for its clock is told the time and how far off it is', async () => {
    const world = new World()
    const answer = await world.receive(aWebhookRequest(text, { at: world.clock.now() - 3_600_000 }))
    expect(answer.body).toMatchObject({ serverTime: '2026-11-21T08:30:00.000Z', skewSeconds: -3600 })
  })

  it('tells an unknown shop nothing about the others, nor repeats its name', async () => {
    const answer = await new World().post({ events: [paid] }, { shop: 'Z9' })
    expect(JSON.stringify(answer.body)).not.toMatch(/A1|B2|Z9/)
  })
})

describe('an invalid event', () => {
  it.each(invalidExamples)(
    'like the example %s is told its code, field and sentence',
    async (_name, { expect: wanted, body }) => {
      const world = new World()
      const answer = await world.post(body)
      const { status, code, field, message } = wanted
      expect(answer.status).toBe(status)
      const told = status === 207 ? resultsOf(answer)[0] : ProblemSchema.parse(answer.body)
      expect(told).toMatchObject({
        code,
        ...(field && { field }),
        [status === 207 ? 'message' : 'detail']: message,
      })
      expect(told?.remedy).toMatch(/^\S.+\.$/)
      expect(world.drain()).toEqual([])
    },
  )

  it('with an id as JSON number is told to send a string, not the number', async () => {
    const order: Record<string, unknown> = { ...anOrder().snapshot(), order_id: 2 ** 53 }
    const answer = await new World().post({ events: [{ ...paid, snapshot: order }] })
    expect(resultsOf(answer)).toEqual([
      {
        index: 0,
        type: 'order.snapshot',
        result: 'invalid',
        code: 'invalid-id',
        field: 'snapshot.order_id',
        message: 'snapshot.order_id is not a decimal id in a string.',
        remedy: 'Send ids as JSON strings of digits ("10086"); JSON numbers lose digits beyond 2^53.',
      },
    ])
  })

  it('does not refuse its neighbours', async () => {
    const world = new World()
    const order = (id: string) => snapshotEvent(anOrder().with({ order_id: id }).snapshot())
    const answer = await world.post({
      events: [order('1'), { type: 'order.snapshot' }, { type: 'bridge.test' }, 7, order('2')],
    })
    expect(answer.status).toBe(207)
    expect(resultsOf(answer).map(({ index, result }) => [index, result])).toEqual([
      [0, 'accepted'],
      [1, 'invalid'],
      [2, 'not-subscribed'],
      [3, 'invalid'],
      [4, 'accepted'],
    ])
    expect(world.queues.drain('erp')).toHaveLength(2)
  })

  it('never has its values repeated, in the answer or in the log', async () => {
    const world = new World()
    const secretive = {
      ...anOrder().snapshot(),
      consignee: '样例收货人',
      mobile: 13_000_000_000,
      address: ['样例路 1 号'],
    }
    const answer = await world.post({ events: [{ ...paid, snapshot: secretive }, { type: '样例收货人' }] })
    expect(JSON.stringify([answer, world.log.lines])).not.toMatch(/样例|13000000000|10000000000/)
  })

  it('is logged by index, id, code and field', async () => {
    const world = new World()
    await world.post({ events: [{ ...paid, hash: 'no' }] })
    expect(world.log.lines.slice(1)).toEqual([
      {
        level: 'warn',
        code: 'EVENT_INVALID',
        message: 'An event does not fit the contract.',
        fields: { shop: 'A1', index: 0, id: '10086', code: 'invalid-value', field: 'hash' },
      },
    ])
  })

  it('nested too deeply is refused by itself, however deep', async () => {
    const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`
    const bodyWith = (levels: number) =>
      JSON.stringify({
        events: [paid, { ...paid, snapshot: { ...(paid.snapshot as object), odd: 0 } }],
      }).replace('"odd":0', `"odd":${nested(levels)}`)
    // snapshot and event are two levels already, and an empty list is one.
    expect((await new World().postBytes(bodyWith(30))).status).toBe(202)
    for (const levels of [31, 100_000]) {
      const answer = await new World().postBytes(bodyWith(levels))
      expect(resultsOf(answer)).toMatchObject([
        { result: 'accepted' },
        { result: 'invalid', code: 'too-deep', message: 'The event is nested more than 32 levels deep.' },
      ])
    }
  })

  it('with a price times a quantity beyond all amounts is refused by itself', async () => {
    const world = new World()
    const dear = anOrder()
      .withLine({ goods_price: '999999999999.99', goods_number: 2 })
      .with({ goods_amount: '1.00' })
    const answer = await world.post({ events: [snapshotEvent(dear.snapshot()), paid] })
    expect(resultsOf(answer)).toMatchObject([
      {
        result: 'invalid',
        code: 'amount-out-of-range',
        field: 'snapshot',
        message: 'snapshot has amounts beyond 999999999999.99 once multiplied and added up.',
      },
      { result: 'accepted' },
    ])
    expect(world.queues.drain('erp')).toHaveLength(1)
  })

  it('with a member whose price times its number is beyond all amounts is still shared out', async () => {
    const world = new World()
    const member = aMember({ goods_price: '999999999999.99', goods_number: Number.MAX_SAFE_INTEGER })
    const order = anOrder().withPackage([member, aMember()], { goods_price: '40.00', goods_number: 0 })
    expect((await world.post({ events: [snapshotEvent(order.snapshot())] })).status).toBe(202)
  })

  it('whose message no queue takes is refused by itself', async () => {
    const world = new World()
    // The shorter its texts, the more a line grows on its way: 3,700 of them make a body within the limit, and no message.
    const line = { goods_name: '', goods_sn: '', product_sn: '', goods_attr: '', goods_attr_id: '' }
    const order = anOrder().withLines(Array.from({ length: 3_700 }, () => line))
    const answer = await world.post({ events: [snapshotEvent(order.snapshot())] })
    expect(answer.status).toBe(207)
    expect(resultsOf(answer)).toEqual([
      {
        index: 0,
        type: 'order.snapshot',
        id: '10086',
        result: 'invalid',
        code: 'too-large',
        message: 'The event makes a message of more than 1,048,576 bytes, the most that a queue takes.',
        remedy: 'Split the order in the shop or enter it in the ERP by hand.',
      },
    ])
  })
})

describe('a queue that does not take everything', () => {
  const answering = (answers: Record<string, Enqueued>): DeliveryQueue => ({
    enqueue: async (messages) => messages.map(({ message }) => answers[message.target] ?? 'queued'),
  })

  it.each<[string, Record<string, Enqueued>]>([
    ['no target', { erp: 'failed', wms: 'failed' }],
    ['only one of two targets', { wms: 'failed' }],
  ])('makes the event one to retry when it takes it for %s', async (_what, answers) => {
    const world = new World()
    world.queue = answering(answers)
    const answer = await world.post({ events: [paid] })
    expect(answer.status).toBe(207)
    expect(resultsOf(answer)).toEqual([
      {
        index: 0,
        type: 'order.snapshot',
        id: '10086',
        result: 'retry',
        code: 'queue-unavailable',
        message: 'The event could not be queued for every target.',
        remedy: 'Keep the event and send it again later.',
      },
    ])
    expect(world.log.lines.at(-1)).toMatchObject({ level: 'error', code: 'EVENT_NOT_QUEUED' })
  })

  it('does not make an event one to retry that is too large for another queue', async () => {
    const world = new World()
    world.queue = answering({ erp: 'failed', wms: 'too-large' })
    expect(resultsOf(await world.post({ events: [paid] }))).toMatchObject([
      { result: 'invalid', code: 'too-large' },
    ])
  })

  it('counts a missing answer as failed', async () => {
    const world = new World()
    world.queue = { enqueue: async () => ['queued'] }
    expect(resultsOf(await world.post({ events: [paid] }))).toMatchObject([{ result: 'retry' }])
  })

  it('is asked once for a whole request, and not at all for nothing', async () => {
    const calls: number[] = []
    const world = new World()
    world.queue = {
      enqueue: async (messages) => {
        calls.push(messages.length)
        return messages.map(() => 'queued')
      },
    }
    await world.post({ events: [paid, paid] })
    await world.post({ events: [{ type: 'ticket.snapshot' }] })
    expect(calls).toEqual([4])
  })
})
