import { describeTarget } from '#adapters/erp/describe-target.ts'
import { ID_TO_COME, type Plan } from '#app/plan-delivery.ts'
import type { TargetConfig } from '#contracts/config.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Format } from './format.ts'

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
export function showRequest(request: ErpRequest, target: TargetConfig, body: boolean): ShownRequest {
  const { op, step } = request
  const call = describeTarget(target).showRequest(request)
  return {
    op,
    step,
    method: call.method,
    url: call.url.replaceAll(encodeURIComponent(ID_TO_COME), ID_TO_COME),
    headers: call.headers,
    addedHeaders: [...call.credentialHeaders, 'x-correlation-id'],
    ...(body && call.body !== undefined ? { body: call.body } : {}),
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
