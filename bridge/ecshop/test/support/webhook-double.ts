import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import * as z from 'zod'
import { verifyWebhook } from '#app/standard-webhooks.ts'

const BodySchema = z.object({ events: z.array(z.looseObject({ type: z.string() })) })

export interface Delivery {
  readonly headers: IncomingHttpHeaders
  readonly rawBody: Buffer
  /** Empty if the body is none of the contract's. */
  readonly events: readonly Readonly<Record<string, unknown>>[]
  /** Under one of the double's secrets, by the double's clock. */
  readonly signature: ReturnType<typeof verifyWebhook>['is']
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** What the service answers where nothing else is said: every event under a right signature is accepted. */
export function accepts({ events, signature }: Delivery): Answer {
  if (signature !== 'ok') return problem(401, signature === 'clock' ? 'wrong-clock' : signature)
  const results = events.map(({ type }, index) => ({
    index,
    type,
    result: type === 'bridge.test' ? 'not-subscribed' : 'accepted',
  }))
  const status = results.every(({ result }) => result === 'accepted') ? 202 : 207
  return { status, body: JSON.stringify({ correlationId: 'c-double', results }) }
}

/** A refusal of the whole body, as RFC 9457 problem details. */
export const problem = (status: number, code: string): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({
    type: `webhook-v1.md#${code}`,
    title: code,
    status,
    detail: `The double refuses: ${code}.`,
    code,
    remedy: 'None: this is a test.',
    correlationId: 'c-double',
    serverTime: new Date().toISOString(),
  }),
})

/** The service's end of the webhook, on loopback. */
export interface WebhookDouble {
  /** For `webhookUrl`. */
  readonly url: string
  readonly deliveries: Delivery[]
  /** Secrets that it takes; those of a shop are known once the shop is installed. */
  secrets: string[]
  /** Answers from now on; undefined = hangs up without a word. */
  answer: (delivery: Delivery) => Answer | undefined | Promise<Answer | undefined>
  /** Every event that arrived under a right signature, in order. */
  readonly events: Readonly<Record<string, unknown>>[]
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function aWebhookDouble(): Promise<WebhookDouble> {
  const deliveries: Delivery[] = []
  const server = createServer((request, response) => {
    buffer(request)
      .then(async (rawBody) => {
        const headers: Record<string, string | undefined> = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        )
        const delivery: Delivery = {
          headers: request.headers,
          rawBody,
          events: eventsOf(rawBody),
          signature: verifyWebhook({ headers, rawBody }, double.secrets, Date.now()).is,
        }
        deliveries.push(delivery)
        const answer = await double.answer(delivery)
        if (answer === undefined) {
          response.destroy()
          return
        }
        response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
        response.end(answer.body)
      })
      .catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the double has no port')
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const double: WebhookDouble = {
    url: `http://127.0.0.1:${address.port}/v1/shops/A1/events`,
    deliveries,
    secrets: [],
    answer: accepts,
    get events() {
      return deliveries.flatMap(({ events, signature }) => (signature === 'ok' ? events : []))
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
  return double
}

function eventsOf(rawBody: Buffer): Delivery['events'] {
  try {
    const body = BodySchema.safeParse(JSON.parse(rawBody.toString('utf8')))
    return body.success ? body.data.events : []
  } catch {
    return []
  }
}
