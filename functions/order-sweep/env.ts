import * as z from 'zod'
import { TargetNameSchema } from '#contracts/scalars.ts'
import { jsonOf, parseEnv, RunEnvSchema } from '#runtime/env.ts'

export const OrderSweepEnvSchema = RunEnvSchema.extend({
  QUEUE_URLS: jsonOf(z.record(TargetNameSchema, z.url())).describe('of the deliveries, by target'),
})

export const readEnv = () => parseEnv(OrderSweepEnvSchema, process.env)
