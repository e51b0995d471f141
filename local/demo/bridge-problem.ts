import type * as z from 'zod'
import { BRIDGE_PROBLEMS, type BridgeProblem, type BridgeProblemCode } from '#contracts/bridge.ts'

/** What the demo’s bridge answers. */
export interface BridgeAnswer {
  readonly status: number
  readonly body: object
}

export const ok = (body: object): BridgeAnswer => ({ status: 200, body })

/** A refusal: nothing was changed. */
export function refuse(
  code: BridgeProblemCode,
  message: string,
  remedy: string,
  more: Partial<BridgeProblem> = {},
): BridgeAnswer {
  return { status: BRIDGE_PROBLEMS[code].status, body: { code, message, remedy, ...more } }
}

/** Tells of the first thing that does not fit, by its field. */
export function refuseFields(error: z.ZodError): BridgeAnswer {
  const [issue] = error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = [...(issue?.path ?? []), ...unknown].map(String).join('.')
  return refuse(
    'invalid-field',
    `${field || 'The body'} does not fit.`,
    'Compare the call with the bridge contract.',
    {
      field,
    },
  )
}
