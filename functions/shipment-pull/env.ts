import * as z from 'zod'
import { parseEnv, RunEnvSchema } from '#runtime/env.ts'

export const ShipmentPullEnvSchema = RunEnvSchema.extend({ WRITEBACK_QUEUE_URL: z.url() })

export const readEnv = () => parseEnv(ShipmentPullEnvSchema, process.env)
