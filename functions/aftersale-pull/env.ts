import * as z from 'zod'
import { parseEnv, RunEnvSchema } from '#runtime/env.ts'

export const AftersalePullEnvSchema = RunEnvSchema.extend({ WRITEBACK_QUEUE_URL: z.url() })

export const readEnv = () => parseEnv(AftersalePullEnvSchema, process.env)
