import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { receiveProgress } from '#app/receive-progress.ts'
import { signWebhook } from '#app/standard-webhooks.ts'
import { ProgressAnswerSchema } from '#contracts/progress-callback.ts'
import { WritebackMessageSchema } from '#contracts/writeback.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import { aReturnStep, aTicketStep } from '../support/a-step.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { RecordingLog } from '../support/recording-log.ts'

const clock = new ManualClock()
const secrets = new MemorySecrets()
secrets.putTarget('desk', { callback: SECRET })

const anyStep = fc.oneof(
  fc.constantFrom<unknown>(aTicketStep(), aReturnStep(), aTicketStep({ reference: 'ECZ9-T61' })),
  // One field of a good step replaced by anything, or a key of it lost.
  fc
    .tuple(fc.constantFrom(...Object.keys(aTicketStep()), 'fee', 'parcels', 'parts'), fc.jsonValue())
    .map(([key, value]) => ({ ...aTicketStep(), [key]: value })),
  fc.constantFrom(...Object.keys(aTicketStep())).map((key) => ({ ...aTicketStep(), [key]: undefined })),
  fc.jsonValue({ maxDepth: 4 }),
)

async function post(text: string, taken: readonly Enqueued[], tamper = (bytes: Buffer) => bytes) {
  const queued: unknown[] = []
  const timestamp = Math.floor(clock.now() / 1000)
  const signature = signWebhook(SECRET, 'msg_1', timestamp, text)
  const answer = await receiveProgress(
    {
      target: 'desk',
      correlationId: 'corr-0001',
      rawBody: tamper(Buffer.from(text)),
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature,
      },
    },
    {
      config: { shops: { A1: { targets: ['desk'] } }, targets: { desk: {} } },
      secrets,
      clock,
      log: new RecordingLog(),
      queue: {
        enqueue: async (messages) =>
          messages.map((message, index) => {
            const end = taken[index % taken.length] ?? 'failed'
            if (end === 'queued') queued.push(WritebackMessageSchema.parse(message))
            return end
          }),
      },
    },
  )
  return { answer, queued }
}

describe('a callback', () => {
  it('answers every step in its place, and accepts exactly what is queued', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 1, maxLength: 20 }),
        fc.array(fc.constantFrom<Enqueued>('queued', 'failed', 'too-large'), { minLength: 1, maxLength: 5 }),
        async (steps, taken) => {
          const { answer, queued } = await post(JSON.stringify({ steps }), taken)
          const { results } = ProgressAnswerSchema.parse(answer.body)
          expect(results.map(({ index }) => index)).toEqual(steps.map((_step, index) => index))
          const accepted = results.filter(({ result }) => result === 'accepted')
          expect(accepted).toHaveLength(queued.length)
          expect(answer.status).toBe(accepted.length === steps.length ? 202 : 207)
          for (const { result, code, message, remedy } of results)
            expect(result === 'accepted' || Boolean(code && message && remedy)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('takes nothing of a body of which one bit was changed on the way', { timeout: 120_000 }, async () => {
    const text = JSON.stringify({ steps: [aTicketStep(), aReturnStep()] })
    const bits = Buffer.byteLength(text) * 8
    await fc.assert(
      fc.asyncProperty(fc.nat(bits - 1), async (bit) => {
        const { answer, queued } = await post(text, ['queued'], (bytes) => {
          const changed = Buffer.from(bytes)
          changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          return changed
        })
        expect(answer.status).toBe(401)
        expect(queued).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
