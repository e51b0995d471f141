import type { ShopConfig } from '#contracts/config.ts'
import { type Progress, ProgressSchema } from '#contracts/progress.ts'
import {
  type CallbackProblemCode,
  callbackProblem,
  MAX_CALLBACK_BYTES,
  type ProgressAnswer,
  ProgressBodySchema,
  StepPeekSchema,
  type StepResult,
} from '#contracts/progress-callback.ts'
import type { Problem } from '#contracts/webhook.ts'
import { WebhookKeysSchema } from '#contracts/webhook-keys.ts'
import { aftersaleIn } from '#domain/reference.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { Clock, Log } from '#ports/runtime.ts'
import type { Secrets } from '#ports/secrets.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'
import { jsonBody } from './json-body.ts'
import { progressMessage } from './progress-message.ts'
import { signatureRefusal, verifyWebhook } from './standard-webhooks.ts'
import { stepFault, stepFaultOfIssue } from './step-fault.ts'

export interface CallbackRequest {
  /** From the path; not checked yet. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly rawBody: Uint8Array
  readonly correlationId: string
}

export interface ReceiveProgressDeps {
  readonly config: {
    readonly shops: Readonly<Record<string, Pick<ShopConfig, 'targets'>>>
    readonly targets: Readonly<Record<string, unknown>>
  }
  readonly secrets: Pick<Secrets, 'target'>
  readonly queue: WritebackQueue
  readonly clock: Clock
  readonly log: Log
}

export type CallbackAnswer =
  | { readonly status: 202 | 207; readonly contentType: 'application/json'; readonly body: ProgressAnswer }
  | { readonly status: number; readonly contentType: 'application/problem+json'; readonly body: Problem }

/**
 * `POST /v1/targets/{target}/progress`: verifies, parses and enqueues. A step is `accepted` once it lies in the queue of
 * write-backs. Whether the ledger knows its ticket or return is judged there.
 */
export async function receiveProgress(
  request: CallbackRequest,
  deps: ReceiveProgressDeps,
): Promise<CallbackAnswer> {
  const { target, correlationId } = request
  const admitted = await admit(request, deps)
  if (!admitted.ok) {
    const { code, more } = admitted
    deps.log.warn('CALLBACK_REFUSED', 'A callback was refused as a whole.', { code })
    const body = callbackProblem(code, correlationId, more)
    return { status: body.status, contentType: 'application/problem+json', body }
  }

  const readings = admitted.steps.map((step) => readStep(step, target, deps.config.shops))
  const results = await enqueue(readings, request, deps)
  report(target, results, deps.log)
  return {
    status: results.every(({ result }) => result === 'accepted') ? 202 : 207,
    contentType: 'application/json',
    body: { correlationId, results },
  }
}

interface Refused {
  readonly ok: false
  readonly code: CallbackProblemCode
  readonly more?: Partial<Problem>
}

const refuse = (code: CallbackProblemCode, more?: Partial<Problem>): Refused => ({
  ok: false,
  code,
  ...(more ? { more } : {}),
})

async function admit(
  request: CallbackRequest,
  { config, secrets, clock }: ReceiveProgressDeps,
): Promise<{ readonly ok: true; readonly steps: readonly unknown[] } | Refused> {
  if (request.rawBody.byteLength > MAX_CALLBACK_BYTES) return refuse('body-too-large')
  if (!Object.hasOwn(config.targets, request.target)) return refuse('unknown-target')
  const secret = await secrets.target(request.target)
  const keys = WebhookKeysSchema.safeParse(secret?.['callback']).data
  if (!keys) return refuse('target-not-ready')

  const now = clock.now()
  const refusal = signatureRefusal(verifyWebhook(request, keys, now), now)
  if (refusal) return refuse(refusal.code, refusal.more)

  const json = jsonBody(request.rawBody)
  if (json.is !== 'json') return refuse(json.is)
  const body = ProgressBodySchema.safeParse(json.value)
  if (body.success) return { ok: true, steps: body.data.steps }
  return refuse(body.error.issues.some(({ code }) => code === 'too_big') ? 'too-many-steps' : 'invalid-body')
}

type Reading = { readonly id?: string } & (
  | { readonly is: 'step'; readonly shop: string; readonly progress: Progress }
  | { readonly is: 'invalid'; readonly fault: ReturnType<typeof stepFault> }
)

function readStep(step: unknown, target: string, shops: ReceiveProgressDeps['config']['shops']): Reading {
  const { id } = StepPeekSchema.parse(step)
  const told = id === undefined ? {} : { id }
  const parsed = ProgressSchema.safeParse(step)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return {
      ...told,
      is: 'invalid',
      fault: issue ? stepFaultOfIssue(issue, step) : stepFault('invalid-value'),
    }
  }
  const progress = parsed.data
  const thing = aftersaleIn(progress.reference)
  const shop = thing && Object.hasOwn(shops, thing.shop) ? shops[thing.shop] : undefined
  // What another installation, or another target, was given is nothing that this target may speak of.
  if (!thing || thing.kind !== progress.of || !shop?.targets.includes(target))
    return { ...told, is: 'invalid', fault: stepFault('unknown-reference', 'reference') }
  return { ...told, is: 'step', shop: thing.shop, progress: { ...progress, reference: thing.reference } }
}

async function enqueue(
  readings: readonly Reading[],
  { target, correlationId }: CallbackRequest,
  { queue, clock }: ReceiveProgressDeps,
): Promise<StepResult[]> {
  const now = clock.now()
  const messages = readings.flatMap((reading) =>
    reading.is === 'step'
      ? [progressMessage(reading.progress, { shop: reading.shop, target, correlationId }, now)]
      : [],
  )
  const answers = messages.length > 0 ? (await queue.enqueue(messages)).values() : [].values()
  return readings.map((reading, index) => {
    const told = { index, ...(reading.id === undefined ? {} : { id: reading.id }) }
    return reading.is === 'invalid'
      ? { ...told, result: 'invalid', ...reading.fault }
      : { ...told, ...resultOf(answers.next().value ?? 'failed') }
  })
}

function resultOf(queued: Enqueued): Omit<StepResult, 'index' | 'id'> {
  switch (queued) {
    case 'queued':
      return { result: 'accepted' }
    case 'failed':
      return { result: 'retry', ...stepFault('queue-unavailable') }
    case 'too-large':
      return { result: 'invalid', ...stepFault('too-large') }
  }
}

function report(target: string, results: readonly StepResult[], log: Log): void {
  const count = (wanted: StepResult['result']) => results.filter(({ result }) => result === wanted).length
  log.info('CALLBACK_RECEIVED', 'A callback was answered step by step.', {
    target,
    accepted: count('accepted'),
    invalid: count('invalid'),
    retry: count('retry'),
  })
  for (const { result, index, id, code, field } of results) {
    if (result === 'invalid')
      log.warn('STEP_INVALID', 'A step does not fit the contract.', { target, index, id, code, field })
    if (result === 'retry') log.error('STEP_NOT_QUEUED', 'A step could not be queued.', { target, index, id })
  }
}
