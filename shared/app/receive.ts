import type { SyncConfig, TargetConfig } from '#contracts/config.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import { EventPeekSchema } from '#contracts/event-peek.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import { type ProblemCode, problem } from '#contracts/problems.ts'
import type { ShopSecret } from '#contracts/secrets.ts'
import {
  type EventResult,
  MAX_BODY_BYTES,
  type Problem,
  type WebhookAnswer,
  WebhookBodySchema,
} from '#contracts/webhook.ts'
import type { DeliveryQueue, Enqueued } from '#ports/delivery-queue.ts'
import type { Clock, Log } from '#ports/runtime.ts'
import type { Secrets } from '#ports/secrets.ts'
import { faultOf } from './event-fault.ts'
import { jsonBody } from './json-body.ts'
import { personHashFor } from './person-hash.ts'
import { type EventContext, type Reading, readEvent, type ToDeliver } from './read-event.ts'
import { signatureRefusal, verifyWebhook } from './standard-webhooks.ts'
import { targetsFor } from './targets-for.ts'

export interface ReceiveRequest {
  /** From the path; not checked yet. */
  readonly shop: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly rawBody: Uint8Array
  readonly correlationId: string
}

export interface ReceiveDeps {
  readonly config: {
    readonly shops: SyncConfig['shops']
    readonly targets: Readonly<Record<string, Pick<TargetConfig, 'kinds'>>>
  }
  readonly secrets: Secrets
  readonly queue: DeliveryQueue
  readonly clock: Clock
  readonly log: Log
}

export type ReceiveAnswer =
  | { readonly status: 202 | 207; readonly contentType: 'application/json'; readonly body: WebhookAnswer }
  | { readonly status: number; readonly contentType: 'application/problem+json'; readonly body: Problem }

/**
 * `POST /v1/shops/{shop}/events`: verifies, parses, maps and enqueues. An event is `accepted` once every target that takes
 * its kind has it in its queue. Business content is not judged here.
 */
export async function receive(request: ReceiveRequest, deps: ReceiveDeps): Promise<ReceiveAnswer> {
  const admitted = await admit(request, deps)
  if (!admitted.ok) {
    const { code, more } = admitted.refusal
    deps.log.warn('WEBHOOK_REFUSED', 'A request was refused as a whole.', { code })
    const body = problem(code, request.correlationId, more)
    return { status: body.status, contentType: 'application/problem+json', body }
  }

  const readings = admitted.events.map((event) => readEvent(event, admitted))
  const results = await enqueue(readings, request, deps)
  report(request.shop, results, deps.log)
  return {
    status: results.every(({ result }) => result === 'accepted') ? 202 : 207,
    contentType: 'application/json',
    body: { correlationId: request.correlationId, results },
  }
}

interface Admitted extends EventContext {
  readonly ok: true
  readonly events: readonly unknown[]
}

interface Refused {
  readonly ok: false
  readonly refusal: { readonly code: ProblemCode; readonly more?: Partial<Problem> }
}

const refuse = (code: ProblemCode, more: Partial<Problem> = {}): Refused => ({
  ok: false,
  refusal: { code, more },
})

async function admit(request: ReceiveRequest, deps: ReceiveDeps): Promise<Admitted | Refused> {
  if (request.rawBody.byteLength > MAX_BODY_BYTES) return refuse('body-too-large')
  const config = Object.hasOwn(deps.config.shops, request.shop) ? deps.config.shops[request.shop] : undefined
  if (!config) return refuse('unknown-shop')
  const secret = await deps.secrets.shop(request.shop)
  if (!secret) return refuse('shop-not-ready')

  const now = deps.clock.now()
  const refusal = signatureRefusal(verifyWebhook(request, secret.secrets, now), now)
  if (refusal) return refuse(refusal.code, refusal.more)

  const events = eventsOf(request.rawBody)
  if (typeof events === 'string') return refuse(events)
  const epoch = currentEpoch(secret)
  if (events.some((event) => (EventPeekSchema.parse(event).version?.epoch ?? epoch.name) !== epoch.name)) {
    return refuse('wrong-epoch')
  }
  return {
    ok: true,
    shop: { id: request.shop, config },
    targetsFor: targetsFor(config, deps.config.targets),
    personHash: await personHashFor(
      config.targets.map((target) => deps.config.targets[target]),
      deps.secrets,
    ),
    epochNo: epoch.no,
    events,
  }
}

/** Epochs are listed oldest first; only the last may post (protocol §1). */
function currentEpoch({ epochs }: ShopSecret): { name: string; no: number } {
  const no = epochs.length - 1
  const name = epochs[no]
  if (name === undefined) throw new Error('The contract lets a shop secret pass that has no epoch.')
  return { name, no }
}

function eventsOf(rawBody: Uint8Array): readonly unknown[] | ProblemCode {
  const json = jsonBody(rawBody)
  if (json.is !== 'json') return json.is
  const body = WebhookBodySchema.safeParse(json.value)
  if (body.success) return isBatch(body.data) ? body.data.events : [body.data]
  const tooMany = body.error.issues.some(
    (issue) => issue.code === 'invalid_union' && issue.errors.flat().some(({ code }) => code === 'too_big'),
  )
  return tooMany ? 'too-many-events' : 'invalid-body'
}

const isBatch = (body: Record<string, unknown>): body is { events: unknown[] } =>
  Array.isArray(body['events'])

async function enqueue(
  readings: readonly Reading[],
  request: ReceiveRequest,
  deps: ReceiveDeps,
): Promise<EventResult[]> {
  const firstSeenAt = EpochMsSchema.encode(deps.clock.now())
  const entries = readings.flatMap((reading, index) =>
    reading.is === 'subject'
      ? reading.deliveries.flatMap((one) =>
          one.targets.map((target) => ({ index, message: messageOf(reading, one, target) })),
        )
      : [],
  )
  function messageOf(
    { version, wireHash }: Extract<Reading, { is: 'subject' }>,
    { kind, subject, bornAt }: ToDeliver,
    target: string,
  ): DeliveryMessage {
    const { shop, correlationId } = request
    return {
      v: 1,
      shop,
      target,
      kind,
      cause: 'event',
      firstSeenAt,
      correlationId,
      version,
      wireHash,
      ...(bornAt === undefined ? {} : { bornAt }),
      subject,
    }
  }

  const answers =
    entries.length > 0 ? await deps.queue.enqueue(entries.map(({ message }) => ({ message }))) : []
  const answersOf = (index: number) =>
    entries.flatMap((entry, at) => (entry.index === index ? [answers[at] ?? 'failed'] : []))
  return readings.map((reading, index) => resultOf(reading, index, answersOf(index)))
}

function resultOf(reading: Reading, index: number, enqueued: readonly Enqueued[]): EventResult {
  const { type, id } = reading
  const told = { index, ...(type && { type }), ...(id && { id }) }
  switch (reading.is) {
    case 'not-subscribed':
      return { ...told, result: 'not-subscribed' }
    case 'invalid':
      return { ...told, result: 'invalid', ...reading.fault }
    case 'subject':
      // Too large stays too large, whatever the other queues say.
      if (enqueued.includes('too-large')) return { ...told, result: 'invalid', ...faultOf('too-large') }
      if (enqueued.includes('failed')) return { ...told, result: 'retry', ...faultOf('queue-unavailable') }
      return { ...told, result: 'accepted' }
  }
}

function report(shop: string, results: readonly EventResult[], log: Log): void {
  const count = (wanted: EventResult['result']) => results.filter(({ result }) => result === wanted).length
  log.info('WEBHOOK_RECEIVED', 'A request was answered event by event.', {
    shop,
    accepted: count('accepted'),
    notSubscribed: count('not-subscribed'),
    invalid: count('invalid'),
    retry: count('retry'),
  })
  for (const { result, index, id, code, field } of results) {
    if (result === 'invalid')
      log.warn('EVENT_INVALID', 'An event does not fit the contract.', { shop, index, id, code, field })
    if (result === 'retry')
      log.error('EVENT_NOT_QUEUED', 'An event could not be queued for every target.', { shop, index, id })
  }
}
