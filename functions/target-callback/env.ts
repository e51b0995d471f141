import * as z from 'zod'
import { parseEnv } from '#runtime/env.ts'

export const TargetCallbackEnvSchema = z.object({
  STAGE: z.string().min(1),
  CONFIG_DIR: z.string().min(1).describe('relative to the bundle'),
  SECRET_PREFIX: z.string().min(1),
  WRITEBACK_QUEUE_URL: z.url(),
})

export const readEnv = () => parseEnv(TargetCallbackEnvSchema, process.env)
