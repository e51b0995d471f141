import * as z from 'zod'
import { TargetNameSchema } from '#contracts/scalars.ts'
import { jsonOf, MillisecondsSchema, parseEnv } from '#runtime/env.ts'

export const ShopWritebackEnvSchema = z.object({
  STAGE: z.string().min(1),
  CONFIG_DIR: z.string().min(1).describe('relative to the bundle'),
  SECRET_PREFIX: z.string().min(1),
  TABLE_NAME: z.string().min(1),
  QUEUE_URL: z.url(),
  DLQ_URL: z.url(),
  QUEUE_URLS: jsonOf(z.record(TargetNameSchema, z.url()))
    .exactOptional()
    .describe(
      'of the deliveries, by target: those that take spare parts, and the service desks that ask for them',
    ),
  CALL_DEADLINE_MS: MillisecondsSchema,
  LEASE_MS: MillisecondsSchema,
  RETRY_FLOOR_MS: MillisecondsSchema,
})

export const readEnv = () => parseEnv(ShopWritebackEnvSchema, process.env)
