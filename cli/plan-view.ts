import * as z from 'zod'
import { ID_TO_COME, type Plan } from '#app/plan-delivery.ts'
import type { TargetConfig } from '#contracts/config.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Format } from './format.ts'
import { credentialHeaders } from './target-gateway.ts'

/** The stored form of a request of the `rest` adapter. */
const BytesSchema = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown().optional(),
})

export interface ShownRequest {
  readonly op: string
  readonly step: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Added when it leaves; their values are secrets, or new for each call. */
  readonly addedHeaders: readonly string[]
  readonly body?: unknown
}

/** A request as it would leave, but for credentials. @param body whether to show it: it is about people */
export function showRequest(
  { op, step, bytes }: ErpRequest,
  target: TargetConfig,
  body: boolean,
): ShownRequest {
  const request = BytesSchema.parse(JSON.parse(bytes))
  const url = `${target.rest.baseUrl.replace(/\/+$/, '')}${request.url}`
  return {
    op,
    step,
    method: request.method,
    url: url.replaceAll(encodeURIComponent(ID_TO_COME), ID_TO_COME),
    headers: request.headers,
    addedHeaders: [...credentialHeaders(target), 'x-correlation-id'],
    ...(body && request.body !== undefined ? { body: request.body } : {}),
  }
}

/** A plan as data and as text. */
export function showPlan(
  plan: Plan,
  about: {
    readonly reference: string
    readonly targetName: string
    readonly target: TargetConfig
    readonly body: boolean
  },
  { t, colors, fields, at }: Format,
): { json: object; text: string } {
  const { reference, targetName, target, body } = about
  const requests = plan.calls.map((call) => showRequest(call, target, body))
  const { action, because, looksUp, reason, failure, outcome } = plan
  const told = reason && t.reason(reason)
  const json = {
    reference,
    target: targetName,
    action,
    because,
    looksUp,
    ...(reason ? { reason } : {}),
    ...(failure ? { failure } : {}),
    outcome,
    requests,
  }
  const head = fields([
    [t.words.reference, reference],
    [t.words.target, targetName],
    [
      t.plan.decision,
      `${colors.bold(t.plan.actions[action])} — ${told?.message ?? t.plan.becauses[because]}`,
    ],
    [t.words.remedy, told?.remedy],
    [t.plan.failure, failure && `${failure.class}: ${failure.message}`],
    [t.plan.before, plan.row && `${t.statuses[plan.row.status]}, ${at(plan.row.updatedAt)}`],
    [t.plan.first, looksUp ? t.plan.looksUp : undefined],
  ])
  return {
    json,
    text: [head, ...requests.map((request, index) => requestText(request, index, body, t))].join('\n\n'),
  }
}

function requestText(request: ShownRequest, index: number, body: boolean, t: Format['t']): string {
  const { method, url, headers, addedHeaders } = request
  const lines = [
    ...(index > 0 ? [t.plan.then] : []),
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...addedHeaders.map(
      (name) => `${name}: ${name === 'x-correlation-id' ? t.plan.newEachTime : t.plan.secret}`,
    ),
  ]
  const content = body ? request.body : undefined
  return [lines.join('\n'), ...(content === undefined ? [] : [JSON.stringify(content, null, 2)])].join('\n\n')
}
