import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { MemoryWritebackQueue } from '#adapters/memory/memory-writeback-queue.ts'
import { type CallbackAnswer, receiveProgress } from '#app/receive-progress.ts'
import {
  CALLBACK_PROBLEMS,
  type CallbackProblemCode,
  MAX_CALLBACK_BYTES,
  ProgressAnswerSchema,
} from '#contracts/progress-callback.ts'
import { ProblemSchema } from '#contracts/webhook.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'
import { aReturnStep, aTicketStep } from '../../support/a-step.ts'
import { SECRET } from '../../support/a-webhook-request.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLog } from '../../support/recording-log.ts'

const OTHER = `whsec_${Buffer.from('b secret of 32 bytes for testing').toString('base64')}`

class World {
  readonly clock = new ManualClock()
  readonly log = new RecordingLog()
  readonly secrets = new MemorySecrets()
  readonly queued = new MemoryWritebackQueue({ clock: this.clock })
  queue: WritebackQueue = this.queued

  constructor(callback: string | undefined = SECRET) {
    this.secrets.putTarget('desk', { signing: OTHER, ...(callback === undefined ? {} : { callback }) })
    this.secrets.putTarget('wms', { callback: OTHER })
  }

  /** Signed by the library of Standard Webhooks, as a target does it. */
  post(
    body: unknown,
    { target = 'desk', secret = SECRET, at = this.clock.now(), sent }: Sending = {},
  ): Promise<CallbackAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', new Date(at), text),
    }
    return this.receive({ target, headers, rawBody: sent ?? Buffer.from(text) })
  }

  receive(request: {
    target: string
    headers: Record<string, string>
    rawBody: Uint8Array
  }): Promise<CallbackAnswer> {
    const { clock, log, secrets, queue } = this
    return receiveProgress(
      { ...request, correlationId: 'corr-0001' },
      {
        config: {
          shops: { A1: { targets: ['desk', 'wms'] }, B2: { targets: ['wms'] } },
          targets: { desk: {}, wms: {} },
        },
        clock,
        log,
        secrets,
        queue,
      },
    )
  }

  drain() {
    return this.queued.drain().map(({ message }) => message)
  }
}

interface Sending {
  readonly target?: string
  readonly secret?: string
  readonly at?: number
  /** What is sent, where it is not what was signed. */
  readonly sent?: Uint8Array
}

const resultsOf = (answer: CallbackAnswer) => ProgressAnswerSchema.parse(answer.body).results

function expectProblem(answer: CallbackAnswer, code: CallbackProblemCode) {
  expect(answer).toMatchObject({
    status: CALLBACK_PROBLEMS[code].status,
    contentType: 'application/problem+json',
    body: { code, correlationId: 'corr-0001', type: `progress-v1.md#${code}` },
  })
  return ProblemSchema.parse(answer.body)
}

const steps = (...of: unknown[]) => ({ steps: of })

describe('an accepted step', () => {
  it('lies in the queue of write-backs as a command for its shop', async () => {
    const world = new World()
    const answer = await world.post(steps(aTicketStep()))
    expect(answer).toEqual({
      status: 202,
      contentType: 'application/json',
      body: { correlationId: 'corr-0001', results: [{ index: 0, id: 'step-1', result: 'accepted' }] },
    })
    expect(world.drain()).toMatchObject([
      {
        shop: 'A1',
        target: 'desk',
        id: 'step-1',
        correlationId: 'corr-0001',
        firstSeenAt: new Date(world.clock.now()).toISOString(),
        command: { is: 'progress', ref: 'ECA1-T61', progress: { step: 'repairing', person: '王师傅' } },
      },
    ])
  })

  it.each([
    ['a return', aReturnStep(), 'ECA1-R41'],
    ['a refund', aReturnStep({ reference: 'ECA1-F77', step: 'refunded' }), 'ECA1-F77'],
    ['a document of a later generation', aTicketStep({ reference: 'ECA1-T61-2' }), 'ECA1-T61'],
  ])('may be of %s', async (_what, step, ref) => {
    const world = new World()
    expect((await world.post(steps(step))).status).toBe(202)
    expect(world.drain()).toMatchObject([{ command: { ref, progress: { reference: ref } } }])
  })

  it('keeps its place beside steps that are refused', async () => {
    const world = new World()
    const answer = await world.post(
      steps(aTicketStep(), { ...aTicketStep({ id: 'b' }), step: 'thinking' }, aReturnStep(), 'nonsense'),
    )
    expect(answer.status).toBe(207)
    expect(resultsOf(answer)).toMatchObject([
      { index: 0, id: 'step-1', result: 'accepted' },
      { index: 1, id: 'b', result: 'invalid', code: 'invalid-value', field: 'step' },
      { index: 2, id: 'step-2', result: 'accepted' },
      { index: 3, result: 'invalid', code: 'wrong-type' },
    ])
    expect(world.drain().map(({ id }) => id)).toEqual(['step-1', 'step-2'])
  })

  it('may be signed with either of two secrets while one replaces the other', async () => {
    for (const separator of [' ', ',', ', ', '\n']) {
      const world = new World(`${OTHER}${separator}${SECRET}`)
      expect((await world.post(steps(aTicketStep()))).status).toBe(202)
      expect((await world.post(steps(aTicketStep()), { secret: OTHER })).status).toBe(202)
    }
  })

  it('that is told again is queued once', async () => {
    const world = new World()
    await world.post(steps(aTicketStep()))
    expect((await world.post(steps(aTicketStep()))).status).toBe(202)
    expect(world.drain()).toHaveLength(1)
  })
})

describe('a step that is refused', () => {
  const { note: _note, at: _at, ...dateless } = aTicketStep()
  it.each<[what: string, step: unknown, code: string, field: string | undefined]>([
    ['has no time', dateless, 'missing-field', 'at'],
    ['has no kind', { ...aTicketStep(), of: undefined }, 'missing-field', 'of'],
    ['is of another kind', { ...aTicketStep(), of: 'order' }, 'invalid-value', 'of'],
    ['has a time of its own zone', aTicketStep({ at: '2026-11-21 11:00' }), 'invalid-instant', 'at'],
    ['has a number for its id', { ...aTicketStep(), id: 7 }, 'wrong-type', 'id'],
    [
      'has money as a number',
      { ...aTicketStep(), fee: { amount: 5, currency: 'CNY' } },
      'invalid-money',
      'fee.amount',
    ],
    ['has text that is none', aTicketStep({ note: 'x\ud800' }), 'invalid-text', 'note'],
    [
      'asks for a part that no text names',
      aTicketStep({ parts: [{ sku: 'M\udfff', quantity: 1 }] }),
      'invalid-text',
      'parts[0].sku',
    ],
    [
      'asks for no part',
      aTicketStep({ parts: [{ sku: 'M-1', quantity: 0 }] }),
      'invalid-value',
      'parts[0].quantity',
    ],
    ['is of an order', aTicketStep({ reference: 'ECA1-2026112001001-rt' }), 'unknown-reference', 'reference'],
    [
      'is of a return and says a ticket',
      aTicketStep({ reference: 'ECA1-R41' }),
      'unknown-reference',
      'reference',
    ],
    [
      'is of a ticket and says a return',
      aReturnStep({ reference: 'ECA1-T61' }),
      'unknown-reference',
      'reference',
    ],
    [
      'is of a shop that is not here',
      aTicketStep({ reference: 'ECZ9-T61' }),
      'unknown-reference',
      'reference',
    ],
    [
      'is of a shop that the target is not of',
      aTicketStep({ reference: 'ECB2-T61' }),
      'unknown-reference',
      'reference',
    ],
    [
      'names a member of every object',
      aTicketStep({ reference: 'ECtoS-T1' }),
      'unknown-reference',
      'reference',
    ],
    ['is null', null, 'wrong-type', undefined],
  ])('%s', async (_what, step, code, field) => {
    const world = new World()
    const answer = await world.post(steps(step))
    expect(answer.status).toBe(207)
    const [result] = resultsOf(answer)
    expect(result).toMatchObject({ result: 'invalid', code })
    expect(result?.field).toBe(field)
    expect(result?.message).toMatch(field === undefined ? /^The step / : new RegExp(`^${escaped(field)} `))
    expect(result?.remedy).not.toBe('')
    expect(world.drain()).toEqual([])
  })

  it('is not repeated in the answer or the log', async () => {
    const world = new World()
    const answer = await world.post(steps({ ...aTicketStep({ note: '样例地址 10000000000' }), step: 'x' }))
    const told = JSON.stringify([answer, world.log])
    expect(told).not.toContain('样例地址')
    expect(told).not.toContain('王师傅')
  })
})

const escaped = (text: string) => text.replace(/[.[\]]/g, '\\$&')

describe('a request that is refused as a whole', () => {
  const body = steps(aTicketStep())

  it.each<[CallbackProblemCode, (world: World) => Promise<CallbackAnswer>]>([
    ['unknown-target', (world) => world.post(body, { target: 'nobody' })],
    ['unknown-target', (world) => world.post(body, { target: 'constructor' })],
    ['bad-signature', (world) => world.post(body, { secret: OTHER })],
    ['bad-signature', (world) => world.post(body, { target: 'wms' })],
    ['bad-signature', (world) => world.post(body, { sent: Buffer.from('{"steps":[]}') })],
    [
      'missing-signature',
      (world) => world.receive({ target: 'desk', headers: {}, rawBody: Buffer.from('{}') }),
    ],
    ['invalid-body', (world) => world.post({ steps: [] })],
    ['invalid-body', (world) => world.post([aTicketStep()])],
    ['too-many-steps', (world) => world.post({ steps: Array.from({ length: 101 }, () => aTicketStep()) })],
    ['not-json', (world) => world.post('{"steps":[')],
    ['body-too-large', (world) => world.post(' '.repeat(MAX_CALLBACK_BYTES + 1))],
  ])('%s', async (code, post) => {
    const world = new World()
    expectProblem(await post(world), code)
    expect(world.drain()).toEqual([])
  })

  it('has bytes that are no UTF-8, rightly signed', async () => {
    const world = new World()
    const rawBody = Buffer.concat([Buffer.from('{"steps":["'), Buffer.from([0xff]), Buffer.from('"]}')])
    const id = 'msg_1'
    const timestamp = String(Math.floor(world.clock.now() / 1000))
    const mac = createHmac('sha256', Buffer.from(SECRET.slice('whsec_'.length), 'base64'))
      .update(`${id}.${timestamp}.`)
      .update(rawBody)
      .digest('base64')
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` }
    const answer = await world.receive({ target: 'desk', headers, rawBody })
    expect(expectProblem(answer, 'invalid-encoding').remedy).toContain('UTF-8')
  })

  it.each([-301, 301])('comes from a clock that is %i seconds off, and is told ours', async (seconds) => {
    const world = new World()
    const answer = await world.post(body, { at: world.clock.now() + seconds * 1000 })
    expect(expectProblem(answer, 'wrong-clock')).toMatchObject({
      skewSeconds: seconds,
      serverTime: new Date(world.clock.now()).toISOString(),
    })
  })

  it.each([undefined, 'secret', `${SECRET} ${OTHER} ${SECRET}`])(
    'waits for a usable secret: %s',
    async (put) => {
      const world = new World()
      world.secrets.putTarget('desk', { signing: SECRET, ...(put === undefined ? {} : { callback: put }) })
      expect(expectProblem(await world.post(body), 'target-not-ready').status).toBe(503)
    },
  )
})

describe('durability', () => {
  it('says retry, and no 202, for what the queue did not take', async () => {
    const world = new World()
    const taken: Enqueued[] = ['queued', 'failed', 'too-large']
    world.queue = { enqueue: async (messages) => messages.map((_message, index) => taken[index] ?? 'queued') }
    const answer = await world.post(
      steps(
        aTicketStep({ id: 'a' }),
        5,
        aTicketStep({ id: 'b' }),
        aTicketStep({ id: 'c' }),
        aTicketStep({ id: 'd' }),
      ),
    )
    expect(answer.status).toBe(207)
    expect(resultsOf(answer).map(({ result, code }) => code ?? result)).toEqual([
      'accepted',
      'wrong-type',
      'queue-unavailable',
      'too-large',
      'accepted',
    ])
  })

  it('asks the queue for nothing when no step is left', async () => {
    const world = new World()
    world.queue = { enqueue: () => Promise.reject(new Error('not to be asked')) }
    expect((await world.post(steps(5))).status).toBe(207)
  })
})
