import * as z from 'zod'
import { ShopIdSchema, TargetNameSchema } from './scalars.ts'

/** A pool: ERP stock that one shop, or several, draw on (protocol §5). */

export const PoolNameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/)

export const SafetyRuleSchema = z
  .strictObject({
    sku: z.string().min(1).max(60).default('*').describe('pattern; "*" stands for any characters'),
    units: z.int().nonnegative().default(0),
    percent: z
      .number()
      .min(0)
      .max(100)
      .default(0)
      .describe('of the ERP’s figure, rounded up; added to units'),
    min: z.int().nonnegative().optional().describe('never less than this is kept back'),
    max: z.int().nonnegative().optional().describe('never more than this is kept back'),
  })
  .describe('Stock that is kept back; the first rule whose pattern fits decides')
export type SafetyRule = z.infer<typeof SafetyRuleSchema>

const Percent = z.number().min(0).max(100)

export const BrakeSchema = z
  .strictObject({
    zeroPercent: Percent.default(20).describe('of the pool’s SKUs that one run may set to 0'),
    movePercent: Percent.default(60).describe('of the pool’s SKUs that one run may change'),
    fromSkus: z.int().positive().default(20).describe('a run that zeroes or changes fewer never trips it'),
  })
  .describe('A run that would do more keeps its plan and waits for a person')
export type Brake = z.infer<typeof BrakeSchema>

export const PoolSchema = z.strictObject({
  target: TargetNameSchema.describe('the ERP that holds the stock'),
  warehouses: z
    .array(z.string().min(1).max(60))
    .default([])
    .describe('codes in the ERP, added up; none = whatever the ERP counts without being told'),
  shops: z
    .record(
      ShopIdSchema,
      z.strictObject({
        share: z.number().gt(0).max(1).default(1).describe('of what is free; all shares together at most 1'),
      }),
    )
    .refine((shops) => Object.keys(shops).length > 0, { error: 'names no shop' })
    .refine((shops) => Object.values(shops).reduce((sum, { share }) => sum + share, 0) <= 1 + 1e-9, {
      error: 'gives away more than there is: all shares together must be at most 1',
    }),
  safety: z.array(SafetyRuleSchema).default([]),
  brake: BrakeSchema.prefault({}),
  everyMinutes: z.int().min(1).max(1440).default(5).describe('how often changed SKUs are brought back'),
})
export type Pool = z.infer<typeof PoolSchema>
