import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { addStacks, createApp } from '../../infra/app.ts'
import { type Stage, stageNamed } from '../../infra/stages.ts'
import type { Topology } from '../../infra/topology.ts'

const ResourceSchema = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
})
const TemplateSchema = z.looseObject({
  Resources: z.record(z.string(), ResourceSchema),
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })).default({}),
})

export type Template = z.infer<typeof TemplateSchema>
export type Resource = z.infer<typeof ResourceSchema>

/** Two shops, two targets and two pools; one of each with settings of its own. */
export const topology: Topology = {
  shops: {
    ec: { targets: ['alpha'], sweepMinutes: 5, rate: { slots: 2 } },
    EC2: { targets: ['alpha', 'beta-erp'], sweepMinutes: 0, rate: { slots: 3 } },
  },
  targets: {
    alpha: { kinds: ['order'], rate: { perMinute: 60, slots: 1 } },
    'beta-erp': {
      kinds: ['order', 'customer', 'return'],
      aftersales: { everyMinutes: 5 },
      rate: { perMinute: 60, slots: 7 },
      settleSeconds: 0,
      shipments: { everyMinutes: 60 },
    },
  },
  pools: {
    main: { target: 'alpha', shops: { ec: {} }, everyMinutes: 5 },
    'beta-stock': { target: 'beta-erp', shops: { EC2: {} }, everyMinutes: 30 },
  },
}

/** One shop and one target, and nothing that comes back. */
export const oneWay: Topology = {
  shops: { s1: { targets: ['erp'], sweepMinutes: 0, rate: { slots: 2 } } },
  targets: { erp: { kinds: ['order'], rate: { perMinute: 60, slots: 2 } } },
  pools: {},
}

/** All a `deploy` section can hold, for a region in China. */
export const deploySection: NonNullable<Topology['deploy']> = {
  alarmEmail: 'operations@shop.example',
  customerKeyArn: 'arn:aws-cn:kms:cn-north-1:111122223333:key/1a2b3c4d-0000-4000-8000-000000000001',
  domain: {
    name: 'orders.shop.example',
    certificateArn: 'arn:aws-cn:acm:cn-north-1:111122223333:certificate/1a2b3c4d-0000-4000-8000-000000000002',
  },
}

const FUNCTIONS = [
  'aftersale-pull',
  'erp-deliver',
  'order-sweep',
  'shipment-pull',
  'shop-webhook',
  'shop-writeback',
  'stock-reconcile',
  'target-callback',
]

/** Synthesizes into `dir`/out. The bundles are stand-ins: nothing runs them. */
export function synthesizeInto(dir: string, stage: Stage, config: Topology) {
  const { app, out, stateful, sync, ops } = appIn(dir, stage, config)
  app.synth()
  return {
    out,
    stateful: join(out, stateful.templateFile),
    sync: join(out, sync.templateFile),
    ops: join(out, ops.templateFile),
  }
}

/** The same before synthesis. */
export function appIn(dir: string, stage: Stage, config: Topology) {
  for (const name of FUNCTIONS) {
    mkdirSync(join(dir, 'build', name), { recursive: true })
    writeFileSync(join(dir, 'build', name, 'index.mjs'), `export const handler = '${name}'\n`)
  }
  const out = join(dir, 'out')
  const app = createApp(out)
  return { app, out, ...addStacks(app, { stage, config, buildDir: join(dir, 'build') }) }
}

/** The templates of a stage as CloudFormation would get them. */
export function synthesized(stage: Stage = stageNamed('prod'), config: Topology = topology) {
  const dir = mkdtempSync(join(tmpdir(), 'synth-'))
  try {
    const files = synthesizeInto(dir, stage, config)
    const read = (file: string) => TemplateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    return { stateful: read(files.stateful), sync: read(files.sync), ops: read(files.ops) }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

export const resourcesOf = (template: Template, type: string): [id: string, resource: Resource][] =>
  Object.entries(template.Resources).filter(([, resource]) => resource.Type === type)
