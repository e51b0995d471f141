import * as z from 'zod'
import { PROBLEMS } from './problems.ts'
import { ProgressSchema } from './progress.ts'
import { SCALAR_RULES } from './scalars.ts'
import { MAX_BODY_BYTES, type Problem } from './webhook.ts'

/**
 * Callback contract v1: what a target posts to `POST /v1/targets/{target}/progress`, signed by Standard Webhooks with the
 * target's secret `callback`. The whole of it: docs/contracts/progress-v1.md.
 */

export const MAX_STEPS = 100
export const MAX_CALLBACK_BYTES = MAX_BODY_BYTES

/** The outer shape only: each step is parsed on its own, so that one bad step does not refuse its neighbours. */
export const ProgressBodySchema = z.looseObject({ steps: z.array(z.unknown()).min(1).max(MAX_STEPS) })

/** What is told of a step however it is malformed. */
export const StepPeekSchema = z
  .object({ id: ProgressSchema.options[0].shape.id.optional().catch(undefined) })
  .catch({})

/** The whole of it, for the published schema. */
export const ProgressRequestSchema = z
  .looseObject({ steps: z.array(ProgressSchema).min(1).max(MAX_STEPS) })
  .describe('Steps of tickets and returns, in any order.')

export const StepResultSchema = z.object({
  index: z.int().nonnegative(),
  id: z.string().optional().describe('of the step, when it could be read'),
  result: z.enum(['accepted', 'invalid', 'retry']),
  code: z.string().optional(),
  field: z.string().optional(),
  message: z.string().optional(),
  remedy: z.string().optional(),
})
export type StepResult = z.infer<typeof StepResultSchema>

/** 202 when every step is `accepted`, 207 otherwise. */
export const ProgressAnswerSchema = z.object({
  correlationId: z.string(),
  results: z.array(StepResultSchema),
})
export type ProgressAnswer = z.infer<typeof ProgressAnswerSchema>

const { 'missing-signature': missing, 'wrong-clock': clock, 'not-json': notJson } = PROBLEMS

/** Why a whole request is refused. Nothing of it was queued. */
export const CALLBACK_PROBLEMS = {
  'body-too-large': { ...PROBLEMS['body-too-large'], remedy: 'Send fewer steps per request.' },
  'unknown-target': {
    status: 404,
    title: 'Unknown target',
    detail: 'No target of this name is configured here.',
    remedy: 'Compare the name in the URL with the keys under "targets" in sync.config.json.',
  },
  'target-not-ready': {
    status: 503,
    title: 'Target not ready',
    detail: 'The secret "callback" of this target has not been put yet, or is no whsec_….',
    remedy: 'Put it with `npm run sync -- secret put`, then send again.',
  },
  'missing-signature': missing,
  'wrong-clock': clock,
  'bad-signature': {
    status: 401,
    title: 'Signature wrong',
    detail: 'No signature in webhook-signature fits this body and the secret "callback" of this target.',
    remedy: 'Sign the exact bytes of the body with that secret, not with "signing".',
  },
  'invalid-encoding': { ...PROBLEMS['invalid-encoding'], remedy: 'Send JSON in UTF-8.' },
  'not-json': notJson,
  'invalid-body': {
    status: 400,
    title: 'No steps',
    detail: 'The body is not an object with 1 to 100 "steps".',
    remedy: 'Send {"steps": [...]}.',
  },
  'too-many-steps': {
    status: 413,
    title: 'Too many steps',
    detail: 'The body has more than 100 steps.',
    remedy: 'Send at most 100 steps per request.',
  },
  'internal-error': {
    ...PROBLEMS['internal-error'],
    remedy: 'Send the same steps again later.',
  },
} as const
export type CallbackProblemCode = keyof typeof CALLBACK_PROBLEMS

export function callbackProblem(
  code: CallbackProblemCode,
  correlationId: string,
  more: Partial<Problem> = {},
): Problem {
  return { type: `progress-v1.md#${code}`, ...CALLBACK_PROBLEMS[code], code, correlationId, ...more }
}

/** Why a single step was not accepted. The sentence told is its field, or "The step", followed by `message`. */
export const STEP_PROBLEMS = {
  'missing-field': {
    message: 'is missing',
    remedy: 'Send what progress-v1.schema.json requires of a step of this kind.',
  },
  'wrong-type': {
    message: 'has another JSON type than the contract names',
    remedy: 'Compare the field with progress-v1.schema.json.',
  },
  'invalid-value': {
    message: 'is outside the values the contract allows',
    remedy: 'Compare the field with progress-v1.schema.json.',
  },
  'invalid-money': SCALAR_RULES.money,
  'invalid-instant': {
    message: SCALAR_RULES.instant.message,
    remedy: 'Send instants as "2026-11-21T08:30:00Z".',
  },
  'invalid-text': {
    message: SCALAR_RULES.text.message,
    remedy: 'Send well-formed Unicode; unpaired surrogates are refused.',
  },
  'unknown-reference': {
    message: 'is no reference of a ticket or return that this installation gave this target',
    remedy: 'Send back "data.reference" of the message that told of the ticket or return, unchanged.',
  },
  'too-large': {
    message: 'makes a message of more than 1,048,576 bytes, the most that a queue takes',
    remedy: 'Shorten its texts.',
  },
  'queue-unavailable': {
    message: 'could not be queued',
    remedy: 'Keep the step and send it again later.',
  },
} as const satisfies Record<string, { readonly message: string; readonly remedy: string }>
export type StepProblemCode = keyof typeof STEP_PROBLEMS
