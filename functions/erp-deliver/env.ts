import * as z from 'zod'
import { TargetNameSchema } from '#contracts/scalars.ts'
import { MillisecondsSchema, parseEnv } from '#runtime/env.ts'

export const ErpDeliverEnvSchema = z.object({
  STAGE: z.string().min(1),
  TARGET: TargetNameSchema,
  CONFIG_DIR: z.string().min(1).describe('relative to the bundle'),
  SECRET_PREFIX: z.string().min(1),
  TABLE_NAME: z.string().min(1),
  QUEUE_URL: z.url(),
  DLQ_URL: z.url(),
  CALL_DEADLINE_MS: MillisecondsSchema,
  SETTLE_MS: MillisecondsSchema,
  LEASE_MS: MillisecondsSchema,
  RETRY_FLOOR_MS: MillisecondsSchema,
})

export const readEnv = () => parseEnv(ErpDeliverEnvSchema, process.env)

/** The SDK's own variable, set by an emulator: the queue URLs it hands out name a host that does not resolve. */
export function readSqsEndpoint(): { readonly endpoint?: string } {
  const endpoint = process.env['AWS_ENDPOINT_URL_SQS']
  return endpoint === undefined ? {} : { endpoint }
}
