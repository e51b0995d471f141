import * as z from 'zod'
import { TargetNameSchema } from '#contracts/scalars.ts'
import { jsonOf, parseEnv } from '#runtime/env.ts'

export const ShopWebhookEnvSchema = z.object({
  STAGE: z.string().min(1),
  CONFIG_DIR: z.string().min(1).describe('relative to the bundle'),
  QUEUE_URLS: jsonOf(z.record(TargetNameSchema, z.url())),
  SECRET_PREFIX: z.string().min(1),
})

export const readEnv = () => parseEnv(ShopWebhookEnvSchema, process.env)
