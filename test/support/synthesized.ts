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

/** Two shops and two targets, one of them with settings of its own. */
export const topology: Topology = {
  shops: { ec: { targets: ['alpha'] }, EC2: { targets: ['alpha', 'beta-erp'] } },
  targets: {
    alpha: { rate: { perMinute: 60, slots: 1 } },
    'beta-erp': { rate: { perMinute: 60, slots: 7 }, settleSeconds: 0 },
  },
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
  for (const name of ['shop-webhook', 'erp-deliver']) {
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
