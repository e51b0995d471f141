import * as z from 'zod'
import { MillisecondsSchema, parseEnv } from '#runtime/env.ts'

export const AftersalePullEnvSchema = z.object({
  STAGE: z.string().min(1),
  CONFIG_DIR: z.string().min(1).describe('relative to the bundle'),
  SECRET_PREFIX: z.string().min(1),
  TABLE_NAME: z.string().min(1),
  WRITEBACK_QUEUE_URL: z.url(),
  CALL_DEADLINE_MS: MillisecondsSchema,
  LEASE_MS: MillisecondsSchema,
  RETRY_FLOOR_MS: MillisecondsSchema,
})

export const readEnv = () => parseEnv(AftersalePullEnvSchema, process.env)
