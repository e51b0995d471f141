import * as z from 'zod'
import { OdooTargetSchema } from './odoo-target.ts'
import { OwnersSchema } from './owners.ts'
import { DisclosuresSchema, RetentionSchema } from './privacy.ts'
import { WarrantyRuleSchema } from './purchase.ts'
import { RestTargetSchema } from './rest-target.ts'
import { DocumentKindSchema, ShopIdSchema, TargetNameSchema, TimeZoneSchema } from './scalars.ts'
import { PoolNameSchema, PoolSchema } from './stock.ts'
import { WebhookTargetSchema } from './webhook-target.ts'

export const ShopConfigSchema = z.strictObject({
  timeZone: TimeZoneSchema.default('Asia/Shanghai').describe('dates for an ERP are taken in this zone'),
  couponsAre: z.enum(['discount', 'tender']).default('discount'),
  pointsAre: z.enum(['discount', 'tender']).default('discount'),
  targets: z.array(TargetNameSchema).min(1).describe('where this shop’s events go'),
  sweepMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(5)
    .describe('how often what no webhook told is fetched from the shop’s bridge; 0 = never'),
  rate: z
    .strictObject({
      perMinute: z.int().positive().default(300),
      slots: z.int().positive().max(10).default(2).describe('concurrent calls'),
    })
    .prefault({})
    .describe('what the shop’s bridge may be asked'),
})
export type ShopConfig = z.infer<typeof ShopConfigSchema>

/** What a target wants to see, and when. */
export const RulesSchema = z.strictObject({
  unpaid: z.enum(['hold', 'place']).default('hold'),
  paying: z
    .enum(['as-paid', 'as-unpaid'])
    .default('as-paid')
    .describe('pay_status 1; ECShop itself ships such orders (await_ship, lib_order.php)'),
  cod: z
    .enum(['placed', 'confirmed'])
    .default('placed')
    .describe('when a cash-on-delivery order goes to the ERP'),
  latePayment: z
    .enum(['park', 'place'])
    .default('park')
    .describe('a payment that revives a cancelled order, whose stock and coupon were already given back'),
  missingSku: z.enum(['park', 'send']).default('park'),
  residualTolerance: z
    .int()
    .nonnegative()
    .default(0)
    .describe('minor units by which goods_amount may differ from its lines'),
  tombstonesPerHour: z
    .int()
    .positive()
    .default(20)
    .describe('more cancels by deletion than this in an hour are parked'),
})
export type Rules = z.infer<typeof RulesSchema>

export const ShipmentsConfigSchema = z.strictObject({
  everyMinutes: z.int().min(1).max(1440).default(5),
  carriers: z
    .record(
      z.string().min(1),
      z.strictObject({
        shippingCode: z.string().max(30).optional().describe('ECShop’s shipping_code'),
        name: z.string().min(1).max(60),
      }),
    )
    .default({})
    .describe('the ERP’s carrier code → the shop’s; one that is not named goes by the ERP’s name for it'),
})
export type ShipmentsConfig = z.infer<typeof ShipmentsConfigSchema>

export const AftersalesConfigSchema = z.strictObject({
  everyMinutes: z.int().min(1).max(1440).default(5),
})
export type AftersalesConfig = z.infer<typeof AftersalesConfigSchema>

const TargetCommon = {
  kinds: z
    .array(DocumentKindSchema)
    .min(1)
    .default(['order'])
    .describe('what it takes of the shops that name it; each kind has rows of its own in the ledger'),
  privacy: DisclosuresSchema.prefault({}).describe('what of a person it gets to see'),
  rules: RulesSchema.prefault({}),
  rate: z
    .strictObject({
      perMinute: z.int().positive().default(60),
      slots: z.int().positive().max(50).default(2).describe('concurrent calls'),
    })
    .prefault({}),
  settleSeconds: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'how long after its deadline an unanswered call may still take effect; default of the stage: 300',
    ),
  shipments: ShipmentsConfigSchema.optional().describe(
    'brings shipments and tracking numbers back into the shops; absent: nobody asks for them',
  ),
  aftersales: AftersalesConfigSchema.optional().describe(
    'brings the progress of returns and tickets back into the shops; absent: nobody asks for it, and a callback still may tell',
  ),
}

export const TargetConfigSchema = z.discriminatedUnion('adapter', [
  z.strictObject({ adapter: z.literal('rest'), ...TargetCommon, rest: RestTargetSchema }),
  z.strictObject({ adapter: z.literal('odoo'), ...TargetCommon, odoo: OdooTargetSchema }),
  z.strictObject({ adapter: z.literal('webhook'), ...TargetCommon, webhook: WebhookTargetSchema }),
])
export type TargetConfig = z.infer<typeof TargetConfigSchema>

/** What a deployment to AWS may have of its merchant; the local cloud has no use for it. */
export const DeployConfigSchema = z.strictObject({
  alarmEmail: z
    .email()
    .optional()
    .describe('gets every alarm, once its owner has confirmed the subscription by mail; default: nobody'),
  customerKeyArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, {
      error: 'is not the ARN of a KMS key; an alias will not do',
    })
    .optional()
    .describe(
      'KMS key for the table, queues, secrets, logs and alarms; its policy must let them use it (docs/deploy.md); default: keys AWS owns',
    ),
  domain: z
    .strictObject({
      name: z.hostname().describe('e.g. "orders.example.com"'),
      certificateArn: z
        .string()
        .regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/, {
          error: 'is not the ARN of a certificate in AWS Certificate Manager',
        })
        .describe('for this name, in the region of the deployment'),
    })
    .optional()
    .describe('a name of your own for the webhook, beside the one AWS gives it'),
})
export type DeployConfig = z.infer<typeof DeployConfigSchema>

export const SyncConfigSchema = z
  .strictObject({
    $schema: z.string().optional(),
    version: z.literal(1),
    shops: z.record(ShopIdSchema, ShopConfigSchema),
    targets: z.record(TargetNameSchema, TargetConfigSchema),
    pools: z
      .record(PoolNameSchema, PoolSchema)
      .default({})
      .describe('ERP stock that shops draw on; a shop in none keeps its own figures'),
    nightly: z
      .strictObject({
        at: z
          .string()
          .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'is not a time such as "03:30"' })
          .default('03:30'),
        timeZone: TimeZoneSchema.default('Asia/Shanghai'),
      })
      .prefault({})
      .describe('when stock is compared as a whole, and shop, ledger and ERP with each other'),
    owners: OwnersSchema.prefault({}).describe('whose word counts for each kind'),
    warranty: z
      .array(WarrantyRuleSchema)
      .default([])
      .describe('how long what was sold is under warranty; the first rule that fits decides'),
    retentionDays: RetentionSchema.prefault({}).describe('how long the stored state of things is kept'),
    deploy: DeployConfigSchema.optional(),
  })
  .superRefine((config, context) => {
    for (const [shop, { targets }] of Object.entries(config.shops)) {
      targets.forEach((target, index) => {
        if (!(target in config.targets)) {
          context.addIssue({
            code: 'custom',
            path: ['shops', shop, 'targets', index],
            message: `names the target "${target}", which is not under "targets"`,
          })
        }
      })
    }
    for (const [name, target] of Object.entries(config.targets)) {
      if (target.adapter !== 'rest') continue
      const { operations, kinds } = target.rest
      target.kinds.forEach((kind, index) => {
        if (kind === 'order' ? operations.place : kinds[kind]) return
        const where = kind === 'order' ? 'rest.operations.place' : `rest.kinds.${kind}`
        const path = ['targets', name, 'kinds', index]
        context.addIssue({
          code: 'custom',
          path,
          message: `is "${kind}", which "${where}" does not describe`,
        })
      })
    }
    const poolOf = new Map<string, string>()
    for (const [pool, { target, shops }] of Object.entries(config.pools)) {
      const objection = (message: string, ...path: string[]) =>
        context.addIssue({ code: 'custom', path: ['pools', pool, ...path], message })
      if (!(target in config.targets))
        objection(`names the target "${target}", which is not under "targets"`, 'target')
      for (const shop of Object.keys(shops)) {
        const other = poolOf.get(shop)
        poolOf.set(shop, pool)
        if (!config.shops[shop]) objection('is not under "shops"', 'shops', shop)
        else if (!config.shops[shop].targets.includes(target))
          objection(`draws on "${target}" without sending its orders there`, 'shops', shop)
        else if (other !== undefined)
          objection(`is in the pool "${other}" already: two runs would write the same figures`, 'shops', shop)
      }
    }
  })
export type SyncConfig = z.infer<typeof SyncConfigSchema>
